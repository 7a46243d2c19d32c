/** Lists, a page at a time: `limit` items and, when there are more, the cursor that the next page starts from. */
import * as z from 'zod';
import { cursorAt, rule } from '../../lib/api/written.ts';

const LIMIT_MAX = 500;
const LIMIT_DEFAULT = 100;
const LIMIT_RULE = `must be 1 to ${LIMIT_MAX}`;

/** The `limit` parameter of every list. */
export const limitText = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, rule(LIMIT_RULE))
  .transform(Number)
  .refine((limit) => limit <= LIMIT_MAX, LIMIT_RULE)
  .default(LIMIT_DEFAULT);

/** A cursor that is a number of the venue's own: an event, an auction. */
export const numberText = z
  .string()
  .regex(/^[1-9]\d{0,11}$/, rule('must be a number from a cursor or an answer'))
  .transform(Number);

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

/** A page from up to one row more than the limit: the extra row shows that there is more. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => string | number,
  itemOf: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(itemOf), ...(rows.length > limit && last !== undefined ? { next: `${cursorOf(last)}` } : {}) };
}

/** The same for a list that is declared: its cursors say nothing to a caller. */
export function listPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  placeOf: (row: Row) => string | number,
  itemOf: (row: Row) => Item,
): Page<Item> {
  return nextFrom(pageOf(rows, limit, placeOf, itemOf));
}

/** A page whose `next` is a place, with a cursor instead. */
export const nextFrom = <Item>({ items, next }: Page<Item>): Page<Item> => ({
  items,
  ...(next === undefined ? {} : { next: cursorAt(next) }),
});
