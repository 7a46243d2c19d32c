// The sealed book of one product as columns, and the check that every row of it can be cleared.
//
// Cash is node 0 and the listed months are nodes 1..months. Row i is an edge "sell node sell[i], buy node buy[i]" with
// a limit, in ticks, on price[buy] - price[sell], where cash has price 0. An outright bid buys a month and sells cash;
// an outright offer buys cash and sells a month, its limit being minus the ask; a calendar spread names two months.

import type { BookHash } from './lottery.ts';

export interface AuctionBook {
  /** Number of listed months, 1 to 254. */
  readonly months: number;
  /** Reference price of month k + 1 in ticks: its prior settlement price. */
  readonly reference: Int32Array;
  readonly buy: Uint8Array;
  readonly sell: Uint8Array;
  /** Ticks, the most that may be paid for price[buy] - price[sell]. */
  readonly limit: Int32Array;
  readonly lots: Int32Array;
  /** A number for each owner, alike for all rows of one. */
  readonly owner: Uint32Array;
  /** What the last lots at a price are drawn from. */
  readonly hash: BookHash;
}

export type AuctionBookErrorCode =
  | 'months-out-of-range'
  | 'column-type'
  | 'column-length'
  | 'node-out-of-range'
  | 'node-with-itself'
  | 'lots-not-positive'
  | 'too-many-lots'
  | 'price-out-of-range';

/**
 * A book that cannot be cleared. `index` is the row at fault; for `price-out-of-range` it is the month's place in
 * `reference`; null when the fault is the book's as a whole.
 */
export class AuctionBookError extends Error {
  readonly code: AuctionBookErrorCode;
  readonly index: number | null;

  constructor(code: AuctionBookErrorCode, index: number | null, rule: string) {
    super(index === null ? rule : `${rule} (at ${index})`);
    this.name = 'AuctionBookError';
    this.code = code;
    this.index = index;
  }
}

const MONTHS_MAX = 254;

/** Sums of lots, and three of them added up, stay exact in a double (2^53). A million rows of 2^31 - 1 lots fit. */
export const BOOK_LOTS_MAX = 2 ** 51;

/** A book that has been checked, each row named by its pair: sell * nodes + buy. */
export interface CheckedBook extends AuctionBook {
  /** Cash and the months. */
  readonly nodes: number;
  readonly pair: Uint16Array;
}

/** Throws AuctionBookError unless the columns are of the right types, lengths and ranges. */
export function checkBook(book: AuctionBook): CheckedBook {
  const { months, reference, buy, sell, limit, lots, owner, hash } = book;
  if (!Number.isInteger(months) || months < 1 || months > MONTHS_MAX) {
    throw new AuctionBookError('months-out-of-range', null, `months must be an integer from 1 to ${MONTHS_MAX}`);
  }
  if (!(buy instanceof Uint8Array) || !(sell instanceof Uint8Array)) {
    throw new AuctionBookError('column-type', null, 'buy and sell must be Uint8Array');
  }
  if (!(reference instanceof Int32Array) || !(limit instanceof Int32Array) || !(lots instanceof Int32Array)) {
    throw new AuctionBookError('column-type', null, 'reference, limit and lots must be Int32Array');
  }
  if (!(owner instanceof Uint32Array)) throw new AuctionBookError('column-type', null, 'owner must be Uint32Array');
  if (reference.length !== months) {
    throw new AuctionBookError('column-length', null, 'reference must hold one price per month');
  }
  if ([sell, limit, lots, owner].some((column) => column.length !== buy.length)) {
    throw new AuctionBookError('column-length', null, 'buy, sell, limit, lots and owner must have one length');
  }
  return { months, reference, buy, sell, limit, lots, owner, hash, nodes: months + 1, pair: pairOfRows(book) };
}

function pairOfRows({ months, buy, sell, lots }: AuctionBook): Uint16Array {
  const nodes = months + 1;
  const pair = new Uint16Array(buy.length);
  let total = 0;
  for (let row = 0; row < pair.length; row++) {
    const bought = buy[row]!;
    const sold = sell[row]!;
    const size = lots[row]!;
    if (bought > months || sold > months || bought === sold || size < 1) throw errorOfRow(row, months, bought, sold);
    total += size;
    pair[row] = sold * nodes + bought;
  }
  if (total > BOOK_LOTS_MAX) throw new AuctionBookError('too-many-lots', null, `a book holds at most ${BOOK_LOTS_MAX} lots`);
  return pair;
}

function errorOfRow(row: number, months: number, bought: number, sold: number): AuctionBookError {
  if (bought > months || sold > months) {
    return new AuctionBookError('node-out-of-range', row, `buy and sell must be nodes 0 to ${months}`);
  }
  if (bought === sold) return new AuctionBookError('node-with-itself', row, 'buy and sell must differ');
  return new AuctionBookError('lots-not-positive', row, 'lots must be at least 1');
}
