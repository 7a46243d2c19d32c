/**
 * The whole book of a closed auction, as it was frozen: what was carried into it, changed by what was submitted since, and
 * the orders of the roll. Clearing reads it here, and so does the audit, which proves afterwards that it was cleared right.
 */
import { createHash } from 'node:crypto';
import { type BookOrder, byAccountAndName, type FrozenBook } from '../domain/auction/book.ts';
import type { BookHash } from '../domain/auction/lottery.ts';
import type { ProductState } from '../domain/clearing/venue.ts';
import type { Auction } from './auctions.ts';
import { readCarried } from './results.ts';
import { frozenBook, liveOrders, rollOrders } from './submissions.ts';
import type { Rows } from './table.ts';

/** `state` is the product's as the auction before this one left it. */
export async function readAuctionBook(table: Rows, auction: Auction, state: ProductState, shards: number): Promise<FrozenBook> {
  const books: BookOrder[][] = [];
  const submitted: string[][] = [];
  for (let shard = 0; shard < shards; shard++) {
    const { orders, keys } = await readShard(table, auction, shard, state);
    books.push(orders);
    submitted.push(keys);
  }
  // Joined, not pushed by spreading: a shard may hold more orders than a call can have arguments.
  const orders = books.flat().sort(byAccountAndName);
  return { orders, hash: hashOf(submitted.flat().sort(), orders) };
}

/** The orders of one shard, and of each submission to it the account and the idempotency key. */
async function readShard(
  table: Rows,
  { product, auction, closed }: Auction,
  shard: number,
  state: ProductState,
): Promise<{ orders: BookOrder[]; keys: string[] }> {
  const carried = state.lastAuction > 0 ? await readCarried(table, product, state.lastAuction, shard, state.carried) : [];
  const submissions = await frozenBook(table, product, shard, auction, closed.get(shard) ?? []);
  const carriedBy = Map.groupBy(carried, ({ account }) => account);
  const submittedBy = Map.groupBy(submissions, ({ account }) => account);
  const book: BookOrder[] = [];
  for (const account of new Set([...carriedBy.keys(), ...submittedBy.keys()]))
    for (const order of liveOrders(carriedBy.get(account) ?? [], submittedBy.get(account) ?? []).values())
      book.push({ ...order, account, rolls: false, partlyFilled: false });
  return {
    orders: book.concat(await rollOrders(table, product, shard, auction)),
    keys: submissions.map(({ account, key }) => `${account} ${key}`),
  };
}

/** Characters given to the hash at once. */
const HASHED_TOGETHER = 65_536;

/**
 * The first 128 bits of SHA-256 over the submissions' accounts and keys and the orders' accounts, names and terms, one line
 * each, both in order of their names: neither arrival nor shards nor how rows are packed play a part, so the same book has
 * the same hash for ever. No name has a space or a line break in it.
 */
function hashOf(keys: readonly string[], orders: readonly BookOrder[]): BookHash {
  const sha256 = createHash('sha256');
  let text = '';
  const add = (line: string): void => {
    text += `${line}\n`;
    if (text.length < HASHED_TOGETHER) return;
    sha256.update(text);
    text = '';
  };
  for (const key of keys) add(key);
  for (const { account, clientOrderId, buy, sell, limit, lots } of orders)
    add(`${account} ${clientOrderId} ${buy} ${sell} ${limit} ${lots}`);
  const digest = sha256.update(text).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)];
}
