/** The whole book of a closed auction, as it was frozen: read here to clear it, and again to check that it was cleared right. */
import { createHash } from 'node:crypto';
import { type BookOrder, byAccountAndName, type FrozenBook } from '../domain/auction/book.ts';
import type { BookHash } from '../domain/auction/lottery.ts';
import { frozenOrders } from '../domain/auction/open-orders.ts';
import type { ProductState } from '../domain/clearing/venue.ts';
import type { Auction } from './auctions.ts';
import { shardOf } from './keys.ts';
import { readCarried, readCarriedIn, type StandingChunks } from './results.ts';
import { rollOrders } from './roll-orders.ts';
import { submissionsInto } from './submissions.ts';
import type { Rows } from './table.ts';

/** `state` is the product's as the auction before this one left it. `standing` notes the chunks of carried orders that were read. */
export async function readAuctionBook(
  table: Rows,
  { product, auction, shards, closed }: Auction,
  { carried }: Pick<ProductState, 'carried'>,
  standing?: StandingChunks,
): Promise<FrozenBook> {
  const books: BookOrder[][] = [];
  const sent: string[][] = [];
  // Carried orders lie as they were carried, until an auction carries them on: the venue may have moved into other shards since.
  const moved =
    carried.shards === shards
      ? undefined
      : Map.groupBy(await readCarried(table, product, carried, standing), ({ account }) => shardOf(account, shards));
  for (let shard = 0; shard < shards; shard++) {
    const left = moved ? (moved.get(shard) ?? []) : await readCarriedIn(table, product, carried, shard, standing);
    const submissions = await submissionsInto(table, product, shard, auction, closed.get(shard) ?? []);
    books.push(frozenOrders(left, submissions, await rollOrders(table, product, shard, auction)));
    sent.push(submissions.map(({ account, key }) => `${account} ${key}`));
  }
  // Joined, not pushed by spreading: a shard may hold more orders than a call can have arguments.
  const orders = books.flat().sort(byAccountAndName);
  return { orders, hash: hashOf(sent.flat().sort(), orders) };
}

/** Characters given to the hash at once. */
const HASHED_TOGETHER = 65_536;

/**
 * The first 128 bits of SHA-256 over the submissions' accounts and keys and the orders' accounts, names and terms, one line
 * each, both in order of their names: neither arrival nor shards nor how rows are packed play a part, so the same book has
 * the same hash for ever. No name has a space or a line break in it.
 */
function hashOf(submissions: readonly string[], orders: readonly BookOrder[]): BookHash {
  const sha256 = createHash('sha256');
  let text = '';
  const add = (line: string): void => {
    text += `${line}\n`;
    if (text.length < HASHED_TOGETHER) return;
    sha256.update(text);
    text = '';
  };
  for (const submission of submissions) add(submission);
  for (const { account, clientOrderId, buy, sell, limit, lots } of orders)
    add(`${account} ${clientOrderId} ${buy} ${sell} ${limit} ${lots}`);
  const digest = sha256.update(text).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)];
}
