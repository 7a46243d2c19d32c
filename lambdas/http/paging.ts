/** Lists, a page at a time: `limit` items and, when there are more, the cursor that the next page starts from. */
import { cursorAt } from '../../lib/api/written.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

/** A page from up to one row more than the limit: the extra row shows that there is more. `placeOf` says where in the list a row stands. */
export function listPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  placeOf: (row: Row) => string | number,
  itemOf: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return nextFrom({ items: shown.map(itemOf), ...(last === undefined ? {} : { next: `${placeOf(last)}` }) });
}

/** A page whose `next` is a place, with a cursor instead. */
export const nextFrom = <Item>({ items, next }: Page<Item>): Page<Item> => ({
  items,
  ...(next === undefined ? {} : { next: cursorAt(next) }),
});
