/**
 * The records that the pipeline steers by, held against the log: numbers given to slots, intakes, done-once marks, day runs
 * with their reports, and what two operators approved. They decide nothing that has been committed; a wrong one misleads its
 * readers, or the next step.
 */

import { heldId, isEnough } from '../domain/clearing/approval.ts';
import type { ClearingEvent } from '../domain/clearing/events.ts';
import { onceNames } from '../domain/clearing/once.ts';
import { nameKey, readAuction } from '../store/auctions.ts';
import { decodeHeld, isAct, readAnyHeld } from '../store/held.ts';
import { heldKey, logKey, onceKey } from '../store/keys.ts';
import type { Attributes } from '../store/table.ts';
import { canonical } from './canonical.ts';
import { dayFindings } from './days.ts';
import type { Finding } from './finding.ts';
import type { Replay } from './replay.ts';
import { rowName, type VenueRows } from './rows.ts';

/** How many of these records there are, and what is wrong with them. */
export async function recordFindings(rows: VenueRows, replayed: Replay): Promise<{ checked: number; faults: Finding[] }> {
  const kinds = ['SLOT', 'CLOSING', 'INTAKE', 'ONCE', 'DAY', 'HELD'] as const;
  const checked = kinds.reduce((sum, kind) => sum + rows.ofKind(kind).length, 0);
  const faults = [
    ...(await slotFindings(rows)),
    ...(await intakeFindings(rows)),
    ...onceFindings(rows, replayed.events),
    ...dayFindings(rows, replayed),
    ...(await approvalFindings(rows, replayed.events)),
    ...(await actFindings(rows, replayed.events)),
  ];
  return { checked, faults };
}

const nameOf = ({ pk, sk }: { pk: string; sk: string }): string => `${pk} ${sk}`;
const productIn = (item: Attributes): string => item.pk!.S!.slice(item.pk!.S!.indexOf('#') + 1);

/** Every slot, and every day's closing, names the auction that is found by it, and the other way about. */
async function slotFindings(rows: VenueRows): Promise<Finding[]> {
  const faults: Finding[] = [];
  for (const item of [...rows.ofKind('SLOT'), ...rows.ofKind('CLOSING')]) {
    const auction = await readAuction(rows, productIn(item), Number(item.auction?.N));
    if (!auction || nameOf(nameKey(auction)) !== rowName(item))
      faults.push({ row: rowName(item), what: `is not that of auction ${item.auction?.N}` });
  }
  for (const item of rows.ofKind('AUCTION')) {
    const auction = (await readAuction(rows, productIn(item), Number(item.sk!.S)))!;
    const key = nameKey(auction);
    if (!(await rows.get(key))) faults.push({ row: nameOf(key), what: `is missing: auction ${auction.auction} has it` });
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

/** Every name that an event claims has its mark, and no other event claims it; there is no mark besides. */
function onceFindings(rows: VenueRows, events: readonly ClearingEvent[]): Finding[] {
  const marks = new Map(rows.ofKind('ONCE').map((item) => [rowName(item), Number(item.seq?.N)]));
  const faults: Finding[] = [];
  for (const [at, event] of events.entries())
    for (const name of onceNames(event)) {
      const row = nameOf(onceKey(name));
      const seq = marks.get(row);
      if (seq === undefined) faults.push({ row, what: `is missing, or stands for two: event ${at + 1} claims it` });
      else if (seq !== at + 1) faults.push({ row, what: `does not stand for event ${seq}` });
      marks.delete(row);
    }
  for (const [row, seq] of marks) faults.push({ row, what: `does not stand for event ${seq}` });
  return faults;
}

/** What two operators did is what one proposed and another approved; parameters are changed by two alone. */
async function actFindings(rows: VenueRows, events: readonly ClearingEvent[]): Promise<Finding[]> {
  const faults: Finding[] = [];
  for (const [at, event] of events.entries()) {
    if (event.kind !== 'accounts-opened' && event.kind !== 'cash-moved' && event.kind !== 'parameters-changed') continue;
    const { by, approval, at: _, ...act } = event;
    if (!approval) {
      if (event.kind === 'parameters-changed') faults.push({ row: nameOf(logKey(at + 1)), what: `was changed by ${by} alone` });
      continue;
    }
    const held = await readAnyHeld(rows, approval.held);
    const isSame =
      held !== undefined &&
      isAct(held) &&
      canonical(held.approvals) === canonical([by, approval.by]) &&
      isEnough(held.approvals) &&
      canonical(held.proposal) === canonical(act) &&
      held.ended?.kind === 'committed' &&
      held.ended.seq === at + 1;
    if (!isSame) faults.push({ row: nameOf(heldKey(approval.held)), what: `is not what event ${at + 1} was approved as` });
  }
  return faults;
}

/** What was settled on approval is what was held, approved by the same operators, and rests on what they were shown. */
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
    else if (
      canonical(held.approvals) !== canonical(event.approvedBy) ||
      canonical(proposed) !== canonical(value) ||
      (event.kind === 'month-expired' && canonical(held.basis?.index) !== canonical(event.index))
    )
      faults.push({ row: nameOf(key), what: `is not what ${nameOf(logKey(at + 1))} was approved as` });
  }
  return faults;
}
