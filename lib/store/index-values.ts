/** Index values in the table: one row a product and date, which stays as it was published. */
import { type Held, isApproved } from '../domain/clearing/approval.ts';
import { openBooks, type ProductState } from '../domain/clearing/venue.ts';
import { addDays, type BusinessDate } from '../domain/contract/calendar.ts';
import { firstDay, monthAfter, monthOf } from '../domain/contract/months.ts';
import type { Micros } from '../domain/contract/units.ts';
import { heldSince, LAST_DATE } from './held.ts';
import { indexKey } from './keys.ts';
import { type Attributes, json, type Rows, S, type Table, text } from './table.ts';

export interface IndexValue {
  readonly date: BusinessDate;
  readonly value: Micros;
  /** The operators who published it. */
  readonly by: readonly string[];
}

/** Index values of a product by date, from one date to another, both included. */
export async function readIndex(
  table: Rows,
  product: string,
  from: BusinessDate,
  to: BusinessDate,
): Promise<Map<BusinessDate, Micros>> {
  const items = await table.queryAll(`INDEX#${product}`, { from, to });
  return new Map(items.map((item) => [dateOf(item), microsOf(item)]));
}

/** Published values, the newest first, those before `before`. */
export async function listIndex(table: Table, product: string, limit: number, before?: BusinessDate): Promise<IndexValue[]> {
  const range = before === undefined ? {} : { to: addDays(before, -1) };
  const items = await table.queryAll(`INDEX#${product}`, { newestFirst: true, limit, ...range });
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
): Promise<Pick<IndexValue, 'date' | 'value'> | undefined> {
  const [item] = await table.queryAll(`INDEX#${product}`, { to: until, newestFirst: true, limit: 1 });
  return item && { date: dateOf(item), value: microsOf(item) };
}

/** What was held of a product and may still matter: in the month whose books are open, the one before it, or later. */
export const heldOf = (table: Rows, state: ProductState): Promise<Held[]> => heldSince(table, state.product, heldFrom(state));

const heldFrom = (state: ProductState): BusinessDate => firstDay(monthAfter(monthOf(openBooks(state)), -1));

/** Of what was held, the approved index values that are not published: a later approval of them can't publish others. */
export async function unpublishedIndex(table: Rows, state: ProductState, held: readonly Held[]): Promise<IndexValue[]> {
  const from = heldFrom(state);
  const approved = held.filter((each) => each.proposal.kind === 'index' && isApproved(each));
  if (approved.length === 0) return [];
  const published = await readIndex(table, state.product, from, LAST_DATE);
  return approved.flatMap(({ date, proposal, approvals }) =>
    proposal.kind === 'index' && !published.has(date) ? [{ date, value: BigInt(proposal.micros) as Micros, by: approvals }] : [],
  );
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

const dateOf = (item: Attributes): BusinessDate => text(item, 'sk') as BusinessDate;
const microsOf = (item: Attributes): Micros => BigInt(text(item, 'micros')) as Micros;
const decodeIndexValue = (item: Attributes): IndexValue => ({
  date: dateOf(item),
  value: microsOf(item),
  by: JSON.parse(text(item, 'by')),
});
