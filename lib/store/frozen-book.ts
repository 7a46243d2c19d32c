/**
 * The whole book of a closed auction, as it was frozen: what was carried into it, changed by what was submitted since, and
 * the orders of the roll. clear-auction reads it here, and so do the audit and the release gate, which clear it again.
 */
import type { BookOrder } from '../domain/auction/book.ts';
import type { ProductState } from '../domain/clearing/venue.ts';
import type { Auction } from './auctions.ts';
import { readCarried } from './results.ts';
import { frozenBook, liveOrders, rollOrders } from './submissions.ts';
import type { Rows } from './table.ts';

/**
 * The orders of a closed auction, shard by shard and in no order that matters. `state` is the product's as the auction
 * before this one left it. Throws when carried orders that the log points at are gone.
 */
export async function readAuctionBook(table: Rows, auction: Auction, state: ProductState, shards: number): Promise<BookOrder[]> {
  // Joined, not pushed by spreading: a shard may hold more orders than a call can have arguments.
  const books: BookOrder[][] = [];
  for (let shard = 0; shard < shards; shard++) books.push(await readShard(table, auction, shard, state));
  return books.flat();
}

async function readShard(
  table: Rows,
  { product, auction, closed }: Auction,
  shard: number,
  state: ProductState,
): Promise<BookOrder[]> {
  const carried = state.lastAuction > 0 ? await readCarried(table, product, state.lastAuction, shard, state.carried) : [];
  const submissions = await frozenBook(table, product, shard, auction, closed.get(shard) ?? []);
  const carriedBy = Map.groupBy(carried, ({ account }) => account);
  const submittedBy = Map.groupBy(submissions, ({ account }) => account);
  const book: BookOrder[] = [];
  for (const account of new Set([...carriedBy.keys(), ...submittedBy.keys()]))
    for (const order of liveOrders(carriedBy.get(account) ?? [], submittedBy.get(account) ?? []).values())
      book.push({ ...order, account, rolls: false, partlyFilled: false });
  return book.concat(await rollOrders(table, product, shard, auction));
}
