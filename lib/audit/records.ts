/**
 * The records that the pipeline steers by, held against the log: numbers given to slots, intakes, done-once marks, day runs
 * with their reports, and what two operators approved. They decide nothing that has been committed; a wrong one misleads its
 * readers, or the next step.
 */

import { heldId } from '../domain/clearing/approval.ts';
import { sumByKey } from '../domain/clearing/control-totals.ts';
import type { ClearingEvent } from '../domain/clearing/events.ts';
import { parseContractCode } from '../domain/contract/months.ts';
import { formatPrice } from '../domain/contract/product.ts';
import { addCents, formatCents, NO_CENTS } from '../domain/contract/units.ts';
import { decodeTotals } from '../store/control-totals.ts';
import { DAY_STEPS } from '../store/days.ts';
import { decodeHeld } from '../store/held.ts';
import { auctionKey, heldKey, logKey, slotKey } from '../store/keys.ts';
import type { Attributes } from '../store/table.ts';
import { canonical } from './canonical.ts';
import type { Finding } from './finding.ts';
import type { Replay } from './replay.ts';
import { rowName, type VenueRows } from './rows.ts';

/** How many of these records there are, and what is wrong with them. */
export async function recordFindings(rows: VenueRows, replayed: Replay): Promise<{ checked: number; faults: Finding[] }> {
  const kinds = ['SLOT', 'INTAKE', 'ONCE', 'DAY', 'HELD'] as const;
  const checked = kinds.reduce((sum, kind) => sum + rows.ofKind(kind).length, 0);
  const faults = [
    ...(await slotFindings(rows)),
    ...(await intakeFindings(rows)),
    ...onceFindings(rows, replayed.events),
    ...dayFindings(rows, replayed),
    ...(await approvalFindings(rows, replayed.events)),
  ];
  return { checked, faults };
}

const nameOf = ({ pk, sk }: { pk: string; sk: string }): string => `${pk} ${sk}`;
const productIn = (item: Attributes): string => item.pk!.S!.slice(item.pk!.S!.indexOf('#') + 1);

/** Every slot names the auction that names it, and the other way about. */
async function slotFindings(rows: VenueRows): Promise<Finding[]> {
  const faults: Finding[] = [];
  for (const item of rows.ofKind('SLOT')) {
    const auction = await rows.get(auctionKey(productIn(item), Number(item.auction?.N)));
    if (auction?.slot?.S !== item.sk!.S)
      faults.push({ row: rowName(item), what: `is not the slot of auction ${item.auction?.N}` });
  }
  for (const item of rows.ofKind('AUCTION')) {
    const key = slotKey(productIn(item), item.slot?.S ?? '');
    if (!(await rows.get(key))) faults.push({ row: nameOf(key), what: `is missing: auction ${Number(item.sk!.S)} has it` });
  }
  return faults;
}

/** A shard's intake is behind every auction that the shard has closed, and has passed each with the dates it was closed with. */
async function intakeFindings(rows: VenueRows): Promise<Finding[]> {
  const faults: Finding[] = [];
  for (const intake of rows.ofKind('INTAKE')) {
    const [row, shard, open] = [rowName(intake), intake.sk!.S!, Number(intake.open?.N)];
    for (const item of rows.ofKind('AUCTION').filter((auction) => productIn(auction) === productIn(intake))) {
      const [auction, dates] = [Number(item.sk!.S), item.closed?.M?.[shard]?.L];
      if (!dates) continue;
      if (auction >= open) faults.push({ row, what: `has auction ${open} open, and its shard has closed ${auction}` });
      const passed = intake[`passed#${auction}`]?.L;
      if (passed && canonical(passed) !== canonical(dates))
        faults.push({ row, what: `has passed auction ${auction} with other dates than it was closed with` });
    }
    const dates = new Set(intake.dates?.SS ?? []);
    for (const item of rows.ofKind('BOOK')) {
      const [, product, own, date] = item.pk!.S!.split('#');
      if (product === productIn(intake) && own === shard && Number(item.auction?.N) === open && !dates.has(date!))
        faults.push({ row, what: `does not know of ${rowName(item)}` });
    }
  }
  return faults;
}

const OPERATORS_OWN: ReadonlySet<ClearingEvent['kind']> = new Set(['account-opened', 'cash-moved', 'parameters-changed']);

/** A mark names an operator's event, and no two the same. */
function onceFindings(rows: VenueRows, events: readonly ClearingEvent[]): Finding[] {
  const claimed = new Set<number>();
  return rows.ofKind('ONCE').flatMap((item) => {
    const seq = Number(item.seq?.N);
    const event = events[seq - 1];
    const isFirst = !claimed.has(seq);
    claimed.add(seq);
    if (event && isFirst && OPERATORS_OWN.has(event.kind)) return [];
    return [{ row: rowName(item), what: `does not stand for event ${seq}` }];
  });
}

const ENDS_WITH = {
  clear: 'auction-cleared',
  settle: 'prices-settled',
  expire: 'month-expired',
  report: 'day-closed',
} as const;

/** A day has come as far as the log says, by the log's events, and reports what they say. */
function dayFindings(rows: VenueRows, replayed: Replay): Finding[] {
  const { events } = replayed;
  const closed = new Map<string, number>(
    events.flatMap((event, at) =>
      event.kind === 'day-closed' ? [[`DAY#${event.product} ${event.date}`, at + 1] as [string, number]] : [],
    ),
  );
  const faults: Finding[] = [];
  for (const item of rows.ofKind('DAY')) {
    const [row, product, date] = [rowName(item), productIn(item), item.sk!.S!];
    for (const [step, kind] of Object.entries(ENDS_WITH)) {
      const seq = Number(item[`event#${step}`]?.N ?? 0);
      const event = seq > 0 ? events[seq - 1] : undefined;
      const isIt = event && event.kind === kind && event.product === product && event.date === date;
      if (seq > 0 && !isIt)
        faults.push({ row, what: `says that ${step} ended with event ${seq}, which is not ${kind} of that day` });
    }
    const seq = closed.get(row);
    closed.delete(row);
    const isDone = item.step?.S === DAY_STEPS.at(-1);
    if (isDone && seq === undefined) faults.push({ row, what: 'is done, and its books are not closed in the log' });
    else if (isDone) for (const what of reportFaults(item, replayed, seq!)) faults.push({ row, what });
  }
  for (const row of closed.keys()) faults.push({ row, what: 'is missing: its books are closed in the log' });
  return faults;
}

/** What a report says of prices, volumes, open interest and money, against the log and the replayed totals. */
function reportFaults(item: Attributes, { events, totals, venues }: Replay, seq: number): string[] {
  const report = JSON.parse(item.report?.S ?? '{}') as Record<string, unknown>;
  const [product, date] = [productIn(item), item.sk!.S!];
  const { parameters } = venues[seq - 1]!.products[product]!;
  const ofDay = events.slice(0, seq).filter((event) => 'date' in event && event.product === product && event.date === date);
  const settled = ofDay.find((event) => event.kind === 'prices-settled')!;
  const cleared = ofDay.filter((event) => event.kind === 'auction-cleared');
  const shards = [...decodeTotals(seq, totals[seq - 1]!.attributes).shards.values()];
  const collected = formatCents(shards.reduce((sum, { day }) => addCents(sum, day?.collected ?? NO_CENTS), NO_CENTS));
  const prices = Object.fromEntries(
    Object.entries(settled.settled).map(([month, price]) => [month, formatPrice(price, parameters)]),
  );
  const volumes = cleared.map(({ months }) =>
    Object.fromEntries(Object.entries(months).map(([month, { volume }]) => [month, volume])),
  );
  const due: Record<string, unknown> = {
    auction: cleared.find(({ closing }) => closing)?.auction,
    settled: prices,
    volume: sumByKey(volumes),
    openInterest: sumByKey(shards.map(({ held }) => held?.long ?? {})),
    variation: { collected, paid: collected },
  };
  const byMonth = (value: unknown): unknown =>
    value !== null && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([name, of]) => [parseContractCode(name)?.month ?? name, of]))
      : value;
  return Object.entries(due)
    .filter(([name, value]) => canonical(byMonth(report[name])) !== canonical(value))
    .map(([name, value]) => `reports ${name} ${canonical(report[name])}, the log gives ${canonical(value)}`);
}

/** What was settled on approval is what was held, approved by the same operators. */
async function approvalFindings(rows: VenueRows, events: readonly ClearingEvent[]): Promise<Finding[]> {
  const faults: Finding[] = [];
  for (const [at, event] of events.entries()) {
    if ((event.kind !== 'prices-settled' && event.kind !== 'month-expired') || event.approvedBy.length === 0) continue;
    const key = heldKey(heldId(event.kind === 'prices-settled' ? 'settlement' : 'final-price', event.product, event.date));
    const item = await rows.get(key);
    const held = item && decodeHeld(item);
    const value = event.kind === 'prices-settled' ? event.settled : event.finalPrice;
    const proposed =
      held?.proposal.kind === 'settlement' ? held.proposal.curve : held?.proposal.kind === 'final-price' && held.proposal.price;
    if (!held) faults.push({ row: nameOf(key), what: `is missing: ${nameOf(logKey(at + 1))} was approved` });
    else if (canonical(held.approvals) !== canonical(event.approvedBy) || canonical(proposed) !== canonical(value))
      faults.push({ row: nameOf(key), what: `is not what ${nameOf(logKey(at + 1))} was approved as` });
  }
  return faults;
}
