/**
 * The orders of the roll, beside the book of the closing auction they are meant for. They stand in chunks that, once written,
 * say for good which accounts they cover, so a worker that goes on after another never gives an account a second order.
 */
import type { BookOrder } from '../domain/auction/book.ts';
import { rollChunkIn, rollChunkKey, rollChunkPrefix, rollPartition } from './keys.ts';
import { packOrders, unpackOrders } from './packing.ts';
import { type Attributes, B, bytes, type Item, type Rows, S, type Table, text } from './table.ts';

/** Writes the next chunk of a shard's roll orders, or returns the one that already stands there. */
export async function claimRollChunk(
  table: Table,
  product: string,
  shard: number,
  auction: number,
  chunk: number,
  plan: RollChunk,
): Promise<RollChunk> {
  const item = rollChunkItem(product, shard, auction, chunk, plan);
  if (await table.create(item)) return plan;
  return decodeRollChunk((await table.get(item))!);
}

/** The newest chunk of a shard's roll orders that stands, by its number, without its orders; `undefined` before the first. */
export async function newestRollChunk(
  table: Table,
  product: string,
  shard: number,
  auction: number,
): Promise<(Omit<RollChunk, 'orders'> & { readonly chunk: number }) | undefined> {
  const range = { prefix: rollChunkPrefix(auction), newestFirst: true, limit: 1 };
  const [item] = await table.queryAll(rollPartition(product, shard), range);
  if (!item) return undefined;
  return { ...coverageOf(item), chunk: rollChunkIn(text(item, 'sk')) };
}

export const rollChunkItem = (product: string, shard: number, auction: number, chunk: number, plan: RollChunk): Item => ({
  ...rollChunkKey(product, shard, auction, chunk),
  attributes: { orders: B(packOrders(plan.orders)), through: S(plan.through), last: { BOOL: plan.last } },
});

/** Roll orders of the accounts up to and including `through`; the `last` chunk covers all that follow. */
export interface RollChunk {
  readonly orders: readonly BookOrder[];
  readonly through: string;
  readonly last: boolean;
}

export async function rollOrders(table: Rows, product: string, shard: number, auction: number): Promise<BookOrder[]> {
  return (await packedRollOrders(table, product, shard, auction)).flatMap(unpackOrders);
}

/** The same as they are stored, a chunk each. */
export async function packedRollOrders(table: Rows, product: string, shard: number, auction: number): Promise<Uint8Array[]> {
  const items = await table.queryAll(rollPartition(product, shard), { prefix: rollChunkPrefix(auction) });
  return items.map((item) => bytes(item, 'orders'));
}

const decodeRollChunk = (item: Attributes): RollChunk => ({ orders: unpackOrders(bytes(item, 'orders')), ...coverageOf(item) });

const coverageOf = (item: Attributes): Omit<RollChunk, 'orders'> => ({
  through: text(item, 'through'),
  last: item.last?.BOOL === true,
});
