/** How far each shard has posted the clearing log. */

import { cursorKey } from './keys.ts';
import { type Item, integer, N, type Table } from './table.ts';

export async function readCursor(table: Table, shard: number): Promise<number> {
  const item = await table.get(cursorKey(shard));
  return item ? integer(item, 'seq') : 0;
}

export async function moveCursor(table: Table, shard: number, seq: number): Promise<void> {
  await table.putIf(cursorItem(shard, seq), 'attribute_not_exists(pk) OR seq < :seq', { ':seq': N(seq) });
}

export const cursorItem = (shard: number, seq: number): Item => ({ ...cursorKey(shard), attributes: { seq: N(seq) } });
