/** The whole book of a closed auction, as it was frozen: read here to clear it, and again to check that it was cleared right. */
import { createHash } from 'node:crypto';
import type { FrozenBook } from '../domain/auction/book.ts';
import type { BookColumns } from '../domain/auction/book-columns.ts';
import type { BookHash } from '../domain/auction/lottery.ts';
import { isTradingStopped, type ProductState } from '../domain/clearing/venue.ts';
import type { Auction } from './auctions.ts';
import { Writer } from './packed-bytes.ts';
import { carriedLeaves, type StandingChunks } from './results.ts';
import { packedRollOrders } from './roll-orders.ts';
import { StoredBook } from './stored-book.ts';
import { sentInto } from './submissions.ts';
import type { Rows } from './table.ts';

/** `state` is the product's as the auction before this one left it. `standing` notes the chunks of carried orders that were read. */
export async function readAuctionBook(
  table: Rows,
  auction: Auction,
  state: Pick<ProductState, 'carried' | 'stop'>,
  standing?: StandingChunks,
): Promise<FrozenBook> {
  return frozenBook(await readStoredBook(table, auction, state, standing));
}

/** The bytes of that book. While trading is stopped it is empty: nothing that was sent or carried to the auction is matched or carried on. */
export async function readStoredBook(
  table: Rows,
  { product, auction, shards, closed }: Auction,
  state: Pick<ProductState, 'carried' | 'stop'>,
  standing?: StandingChunks,
): Promise<StoredBook> {
  const stored = new StoredBook();
  if (isTradingStopped(state, auction)) return stored;
  const { carried } = state;
  // Carried orders lie as they were carried, until an auction carries them on: the venue may have moved into other shards since.
  for (let shard = 0; shard < carried.shards; shard++)
    for await (const leaf of carriedLeaves(table, product, carried, shard, standing)) stored.addCarried(leaf.rest());
  for (let shard = 0; shard < shards; shard++) {
    await sentInto(table, product, shard, auction, closed.get(shard) ?? [], (sent) => stored.addSubmission(sent));
    for (const packed of await packedRollOrders(table, product, shard, auction)) stored.addRolls(packed);
  }
  return stored;
}

/** The orders in stored bytes, and their hash. */
export function frozenBook(stored: StoredBook): FrozenBook {
  const orders = stored.columns();
  return { orders, hash: hashOf(stored, orders) };
}

/**
 * The first 128 bits of SHA-256 over the submissions' accounts and keys, a line each; over the accounts that have orders and how
 * many; and over the orders' names and terms, column by column. All in order of their names: neither arrival nor shards nor how
 * rows are packed play a part, so the same book has the same hash for ever. No name has a space or a line break in it, and every
 * machine that this runs on has the least byte of a number first.
 */
export function hashOf(
  stored: StoredBook,
  { accounts, firstRow, names, nameFrom, buy, sell, limit, lots }: BookColumns,
): BookHash {
  const sha256 = createHash('sha256');
  const keys = new Writer();
  stored.eachKey((account, bytes, at, end) => {
    keys.text(account);
    keys.stretch(bytes, at, end);
  });
  keys.text('');
  for (const [at, account] of accounts.entries()) {
    keys.text(account);
    keys.number(firstRow[at + 1]! - firstRow[at]!);
  }
  sha256.update(keys.done());
  for (const column of [nameFrom, names, buy, sell, limit, lots])
    sha256.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  const digest = sha256.digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)];
}
