/** The whole book of a closed auction, as it was frozen: read here to clear it, and again to check that it was cleared right. */
import type { BookOrder } from '../domain/auction/book.ts';
import { frozenBook } from '../domain/auction/open-orders.ts';
import type { ProductState } from '../domain/clearing/venue.ts';
import type { Auction } from './auctions.ts';
import { readCarried } from './results.ts';
import { rollOrders } from './roll-orders.ts';
import { submissionsInto } from './submissions.ts';
import type { Rows } from './table.ts';

/** `state` is the product's as the auction before this one left it. */
export async function readAuctionBook(
  table: Rows,
  { product, auction, closed }: Auction,
  { lastAuction, carried }: ProductState,
  shards: number,
): Promise<BookOrder[]> {
  // Joined, not pushed by spreading: a shard may hold more orders than a call can have arguments.
  const books: BookOrder[][] = [];
  for (let shard = 0; shard < shards; shard++) {
    const left = lastAuction > 0 ? await readCarried(table, product, lastAuction, shard, carried) : [];
    const submissions = await submissionsInto(table, product, shard, auction, closed.get(shard) ?? []);
    books.push(frozenBook(left, submissions, await rollOrders(table, product, shard, auction)));
  }
  return books.flat();
}
