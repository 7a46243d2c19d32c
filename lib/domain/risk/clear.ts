/**
 * Clear, the rule of it: a frozen book in; what is taken out of it, what trades and what is left of it out. What each owner's orders would
 * trade with each other is taken out first, and the rest is cleared as if that had never been sent.
 */
import { clearAuction } from '../auction/auction.ts';
import {
  type AuctionTerms,
  auctionBook,
  type BookOfRows,
  type ClearedBook,
  clearedBook,
  type FrozenBook,
} from '../auction/book.ts';
import { selfMatches, without } from './self-match.ts';

/** Clears a book. Throws as `clearAuction` does. */
export function clearBook(book: FrozenBook, terms: AuctionTerms): ClearedBook {
  const columns = auctionBook(book, terms);
  const taken = selfMatches(columns);
  const rest = taken ? restOf(columns, taken) : columns;
  return { ...clearedBook(book, rest, clearAuction(rest), terms), selfMatched: byRow(book, columns, taken) };
}

/** What is left of rows from which lots were taken. */
function restOf(columns: BookOfRows, taken: Int32Array): BookOfRows {
  const { book, rows } = without(columns, taken);
  return { ...book, rows: rows.map((row) => columns.rows[row]!) };
}

/** Lots taken, by row of the book. */
function byRow({ orders }: FrozenBook, { rows }: BookOfRows, taken: Int32Array | undefined): Int32Array {
  const lots = new Int32Array(orders.count);
  if (taken) for (let at = 0; at < taken.length; at++) lots[rows[at]!] = taken[at]!;
  return lots;
}
