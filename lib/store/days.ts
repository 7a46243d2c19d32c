/** Day runs in the table: one row a product and business day, which holds what the state that the day is in knows. */

import { heldId } from '../domain/clearing/approval.ts';
import type { Day, DayAt, DayStep, Seen } from '../domain/clearing/day.ts';
import { LISTED_MAX } from '../domain/clearing/events.ts';
import type { ProductState } from '../domain/clearing/venue.ts';
import { addDays, type BusinessDate } from '../domain/contract/calendar.ts';
import { firstDay, monthOf } from '../domain/contract/months.ts';
import { findClosing, isClosed, newestAuctions, readAuction } from './auctions.ts';
import { readHalt } from './halt.ts';
import { readHeld } from './held.ts';
import { newestIndex, readIndex } from './index-values.ts';
import { dayKey } from './keys.ts';
import { isPosted } from './posted.ts';
import { nextCalls } from './short.ts';
import { type Attributes, type Item, integer, json, N, S, type Table, text } from './table.ts';

/** Puts a day on the list of days to run; a day already there is left as it is. */
export async function planDay(table: Table, product: string, date: BusinessDate, slot: string): Promise<void> {
  await table.create(dayItem({ step: 'roll', product, date, slot }));
}

export async function readDay(table: Table, product: string, date: BusinessDate): Promise<Day | undefined> {
  const item = await table.get(dayKey(product, date));
  return item && decodeDay(product, item);
}

/** Days of a product by their dates, in no order; those that there are. */
export async function readDays(table: Table, product: string, dates: readonly BusinessDate[]): Promise<Day[]> {
  const items = await table.getMany(dates.map((date) => dayKey(product, date)));
  return items.map((item) => decodeDay(product, item));
}

/** The earliest planned day from `closedOn` on that is not done. */
export async function openDay(
  table: Table,
  product: string,
  closedOn: BusinessDate,
): Promise<Exclude<Day, DayAt<'done'>> | undefined> {
  for await (const item of table.query(dayKey(product, closedOn).pk, { from: closedOn })) {
    const day = decodeDay(product, item);
    if (day.step !== 'done') return day;
  }
  return undefined;
}

/** The newest first, those before `before`. */
export async function listDays(table: Table, product: string, limit: number, before?: BusinessDate): Promise<Day[]> {
  const range = before === undefined ? {} : { to: addDays(before, -1) };
  const items = await table.queryAll(`DAY#${product}`, { newestFirst: true, limit, ...range });
  return items.map((item) => decodeDay(product, item));
}

/** Puts a day's next state in the place of the one that was read. False when another worker has moved it on. */
export async function saveDay(table: Table, read: Day, next: Day): Promise<boolean> {
  const fields = Object.entries(encodeDay(next));
  const saved = await table.update(dayKey(read.product, read.date), {
    expression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(', ')}`,
    names: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
    values: { ...Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value])), ':read': S(read.step) },
    condition: '#step = :read',
  });
  return saved !== undefined;
}

/** Loads what a day's next step is decided on; `product` is the product's state as of the newest event. */
export async function lookAtDay(table: Table, day: Day, product: ProductState, shards: number): Promise<Seen> {
  const { date } = day;
  const name = product.product;
  const [halt, numbered, [newest], closing, posted, newestValue, index, settlement, finalPrice, short] = await Promise.all([
    readHalt(table),
    findClosing(table, name, date),
    newestAuctions(table, name, 1),
    'auction' in day ? readAuction(table, name, day.auction) : undefined,
    isPosted(table, product, shards),
    newestIndex(table, name, date),
    readIndex(table, name, firstDay(monthOf(date)), date),
    readHeld(table, heldId('settlement', name, date)),
    readHeld(table, heldId('final-price', name, date)),
    product.closedOn === date ? nextCalls(table, product, LISTED_MAX) : [],
  ]);
  return {
    halted: halt !== undefined,
    product,
    posted,
    numbered,
    newest,
    closed: closing !== undefined && isClosed(closing),
    newestIndex: newestValue?.date,
    index,
    held: { settlement, finalPrice },
    short,
  };
}

export const dayItem = (day: Day): Item => ({ ...dayKey(day.product, day.date), attributes: encodeDay(day) });

function encodeDay(day: Day): Attributes {
  return {
    step: S(day.step),
    slot: S(day.slot),
    ...('auction' in day ? { auction: N(day.auction) } : {}),
    ...('clearedBy' in day ? { clearedBy: N(day.clearedBy) } : {}),
    ...('settledBy' in day ? { settledBy: N(day.settledBy) } : {}),
    // Events are numbered from 1, so 0 names none.
    ...('expiredBy' in day ? { expiredBy: N(day.expiredBy ?? 0) } : {}),
    ...('closedBy' in day ? { closedBy: N(day.closedBy), report: json(day.report) } : {}),
    v: N(1),
  };
}

/** Throws TypeError when the row lacks what its step knows. */
export function decodeDay(product: string, item: Attributes): Day {
  const step = text(item, 'step') as DayStep;
  const planned = { product, date: text(item, 'sk') as BusinessDate, slot: text(item, 'slot') };
  if (step === 'roll') return { step, ...planned };
  const numbered = { ...planned, auction: integer(item, 'auction') };
  if (step === 'close' || step === 'clear') return { step, ...numbered };
  const cleared = { ...numbered, clearedBy: integer(item, 'clearedBy') };
  if (step === 'settle') return { step, ...cleared };
  const settled = { ...cleared, settledBy: integer(item, 'settledBy') };
  if (step === 'expire') return { step, ...settled };
  const expired = { ...settled, expiredBy: integer(item, 'expiredBy') || null };
  if (step === 'report') return { step, ...expired };
  return { step, ...expired, closedBy: integer(item, 'closedBy'), report: JSON.parse(text(item, 'report')) };
}
