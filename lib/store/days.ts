/**
 * The operator's side of the table: the record that a day run moves through, the index values it settles against, and
 * what waits for two operators to agree.
 */

import type { Hold } from '../domain/clearing/settlement.ts';
import { addDays, type BusinessDate } from '../domain/contract/calendar.ts';
import type { ForwardCurve } from '../domain/contract/product.ts';
import type { Micros, Ticks } from '../domain/contract/units.ts';
import { dayKey, HELD_PARTITION, heldKey, indexKey } from './keys.ts';
import { type Attributes, json, N, type Rows, S, type Table, text } from './table.ts';

/** The steps of a day, in order. A step starts when the one before it has been posted by every shard. */
export const DAY_STEPS = ['roll', 'close', 'clear', 'settle', 'expire', 'report', 'done'] as const;
const EVENT = 'event#';
export type DayStep = (typeof DAY_STEPS)[number];

export interface Day {
  readonly product: string;
  readonly date: BusinessDate;
  readonly slot: string;
  readonly step: DayStep;
  /** Number of its closing auction, from the roll on. */
  readonly auction: number | undefined;
  /** The log event with which each step it has left ended. */
  readonly events: Readonly<Partial<Record<DayStep, number>>>;
  /** Open interest, volume and roll of the day, once it is done. */
  readonly report: unknown;
}

/** Puts a day on the list of days to run; a day already there is left as it is. */
export async function planDay(table: Table, product: string, date: BusinessDate, slot: string): Promise<void> {
  await table.create({ ...dayKey(product, date), attributes: { slot: S(slot), step: S('roll'), v: N(1) } });
}

export async function readDay(table: Table, product: string, date: BusinessDate): Promise<Day | undefined> {
  const item = await table.get(dayKey(product, date));
  return item && decodeDay(product, item);
}

/** The earliest planned day after `closedOn` that is not done. */
export async function openDay(table: Table, product: string, closedOn: BusinessDate): Promise<Day | undefined> {
  for await (const item of table.query(dayKey(product, closedOn).pk, { from: closedOn })) {
    const day = decodeDay(product, item);
    if (day.step !== 'done') return day;
  }
  return undefined;
}

/** The newest first, those before `before`. */
export async function listDays(table: Table, product: string, limit: number, before?: BusinessDate): Promise<Day[]> {
  const items = await table.queryAll(`DAY#${product}`, { newestFirst: true, limit, ...earlierThan(before) });
  return items.map((item) => decodeDay(product, item));
}

/** Moves a day one step on. False when it has left `from` already: moving it again changes nothing. */
export async function moveDay(
  table: Table,
  day: Day,
  from: DayStep,
  to: DayStep,
  more: { auction?: number; event?: number; report?: unknown } = {},
): Promise<boolean> {
  if (DAY_STEPS.indexOf(to) !== DAY_STEPS.indexOf(from) + 1) throw new Error(`a day can't go from ${from} to ${to}`);
  const set = ['#step = :to', '#event = :event'];
  const values: Attributes = { ':to': S(to), ':from': S(from), ':event': N(more.event ?? 0) };
  if (more.auction !== undefined) {
    set.push('auction = :auction');
    values[':auction'] = N(more.auction);
  }
  if (more.report !== undefined) {
    set.push('report = :report');
    values[':report'] = json(more.report);
  }
  const moved = await table.update(dayKey(day.product, day.date), {
    expression: `SET ${set.join(', ')}`,
    names: { '#step': 'step', '#event': `${EVENT}${from}` },
    values,
    condition: '#step = :from',
  });
  return moved !== undefined;
}

/** Index values of a product by date, from one date to another. */
export async function readIndex(
  table: Rows,
  product: string,
  from: BusinessDate,
  to: BusinessDate,
): Promise<Map<BusinessDate, Micros>> {
  const items = await table.queryAll(`INDEX#${product}`, { from, to });
  return new Map(items.map((item) => [text(item, 'sk') as BusinessDate, BigInt(text(item, 'micros')) as Micros]));
}

export interface IndexValue {
  readonly date: BusinessDate;
  readonly value: Micros;
  /** The operators who published it. */
  readonly by: readonly string[];
}

/** Published values, the newest first, those before `before`. */
export async function listIndex(table: Table, product: string, limit: number, before?: BusinessDate): Promise<IndexValue[]> {
  const items = await table.queryAll(`INDEX#${product}`, { newestFirst: true, limit, ...earlierThan(before) });
  return items.map(decodeIndexValue);
}

export async function readIndexValue(table: Rows, product: string, date: BusinessDate): Promise<IndexValue | undefined> {
  const item = await table.get(indexKey(product, date));
  return item && decodeIndexValue(item);
}

/** The newest value at or before a date. */
export async function newestIndex(
  table: Rows,
  product: string,
  until: BusinessDate,
): Promise<{ date: BusinessDate; value: Micros } | undefined> {
  const [item] = await table.queryAll(`INDEX#${product}`, { to: until, newestFirst: true, limit: 1 });
  return item && { date: text(item, 'sk') as BusinessDate, value: BigInt(text(item, 'micros')) as Micros };
}

/** A value once published stays: false when the date has one. */
export async function publishIndex(
  table: Table,
  product: string,
  date: BusinessDate,
  value: Micros,
  by: readonly string[],
): Promise<boolean> {
  return table.create({ ...indexKey(product, date), attributes: { micros: S(`${value}`), by: json(by) } });
}

/** What can be held, with the value that would be posted. */
export type HeldProposal =
  | { readonly kind: 'settlement'; readonly curve: ForwardCurve }
  | { readonly kind: 'final-price'; readonly month: number; readonly price: Ticks }
  | { readonly kind: 'index'; readonly micros: string };

/** The system that proposes what no operator has proposed. */
export const SYSTEM = 'system';

/** Operators that must agree to what is held; one who proposed it counts as one of them. */
export const APPROVALS_NEEDED = 2;

export interface Held {
  readonly id: string;
  readonly product: string;
  readonly date: BusinessDate;
  readonly proposal: HeldProposal;
  readonly holds: readonly Hold[];
  readonly proposedBy: string;
  readonly approvals: readonly string[];
  /** Counts up with every change, so that nobody approves what they did not see. */
  readonly revision: number;
}

export const heldId = (kind: HeldProposal['kind'], product: string, date: BusinessDate): string => `${kind}.${product}.${date}`;
export const isApproved = ({ approvals }: Held): boolean => new Set(approvals).size >= APPROVALS_NEEDED;

/** Holds a proposal, unless something is held under that id already. */
export async function hold(table: Table, held: Omit<Held, 'approvals' | 'revision'>): Promise<boolean> {
  const approvals = held.proposedBy === SYSTEM ? [] : [held.proposedBy];
  return table.create({ ...heldKey(held.id), attributes: encodeHeld({ ...held, approvals, revision: 1 }) });
}

export async function readHeld(table: Table, id: string): Promise<Held | undefined> {
  const item = await table.get(heldKey(id));
  return item && decodeHeld(item);
}

export async function listHeld(table: Table): Promise<Held[]> {
  return (await table.queryAll(HELD_PARTITION)).map(decodeHeld);
}

/** Replaces what is held if it is still at the revision that was seen. */
export async function changeHeld(
  table: Table,
  seen: Held,
  change: Pick<Held, 'proposal' | 'proposedBy' | 'approvals'>,
): Promise<Held | undefined> {
  const next: Held = { ...seen, ...change, revision: seen.revision + 1 };
  const written = await table.putIf({ ...heldKey(seen.id), attributes: encodeHeld(next) }, 'revision = :seen', {
    ':seen': N(seen.revision),
  });
  return written ? next : undefined;
}

const earlierThan = (date: BusinessDate | undefined): { to?: string } => (date === undefined ? {} : { to: addDays(date, -1) });

const decodeIndexValue = (item: Attributes): IndexValue => ({
  date: text(item, 'sk') as BusinessDate,
  value: BigInt(text(item, 'micros')) as Micros,
  by: JSON.parse(text(item, 'by')),
});

const encodeHeld = (held: Held): Attributes => ({ data: json(held), revision: N(held.revision) });
const decodeHeld = (item: Attributes): Held => JSON.parse(text(item, 'data'));

const decodeDay = (product: string, item: Attributes): Day => ({
  product,
  date: text(item, 'sk') as BusinessDate,
  slot: text(item, 'slot'),
  step: text(item, 'step') as DayStep,
  auction: item.auction?.N === undefined ? undefined : Number(item.auction.N),
  events: Object.fromEntries(
    Object.entries(item)
      .filter(([name]) => name.startsWith(EVENT))
      .map(([name, value]) => [name.slice(EVENT.length), Number(value.N)]),
  ),
  report: item.report ? JSON.parse(text(item, 'report')) : undefined,
});
