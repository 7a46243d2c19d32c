/**
 * Clear, the rule of it: a frozen book in; what is taken out of it, what trades and what is left of it out. What each owner's orders would
 * trade with each other is taken out first, and the rest is cleared, within the bands, as if that had never been sent. So an owner can't press a
 * month out of its band with lots that it would sell to itself.
 */
import {
  type AuctionTerms,
  auctionBook,
  type BookOfRows,
  type ClearedBook,
  clearedBook,
  type FrozenBook,
} from '../auction/book.ts';
import { clearWithin, type PriceBands } from './price-bands.ts';
import { selfMatches, without } from './self-match.ts';

/** Clears a book. Throws as `clearWithin` does. */
export function clearBook(book: FrozenBook, terms: AuctionTerms): ClearedBook {
  const columns = auctionBook(book, terms);
  const taken = selfMatches(columns);
  const rest = taken ? restOf(columns, taken) : columns;
  const result = clearWithin(rest, bandsOf(terms));
  return { ...clearedBook(book, rest, result, terms), selfMatched: byRow(book, columns, taken) };
}

/** Around the marks of the listed months. */
function bandsOf({ listed, marks, widths }: AuctionTerms): PriceBands {
  return {
    low: Int32Array.from(listed, (month) => marks[month]! - widths[month]!),
    high: Int32Array.from(listed, (month) => marks[month]! + widths[month]!),
  };
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
