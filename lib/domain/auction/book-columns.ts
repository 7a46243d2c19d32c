/**
 * A book as columns: a million orders are a dozen arrays, in which no account is named twice and no order is an object. Rows
 * stand in order of account and then of name, which is the order of everything that comes of them.
 */
import type { ContractMonth } from '../contract/months.ts';
import { lots, ticks } from '../contract/units.ts';
import { countedBegin, countedEnd, textOf } from './bytes.ts';
import { type Order, TIMES_IN_FORCE } from './orders.ts';

/** An order in an auction's book. */
export interface BookOrder extends Order {
  readonly account: string;
  /** The operator id of the person or system that sent it. */
  readonly sender: string;
  /** Made by the day run, not by the participant. */
  readonly rolls: boolean;
  /** Filled in part by the auction that carried it here. */
  readonly partlyFilled: boolean;
}

/** The sender of what the venue itself sends: orders of the roll, and cancels at a stop by its operator. No token is of it. */
export const VENUE_SENDER = 'venue';

/** What a row says besides its numbers: a time in force, by its place in TIMES_IN_FORCE, and whether it is the roll's. */
export const TIME_IN_FORCE_BITS = 3;
export const ROLLS_BIT = 4;

/** What every row says but its name. */
interface RowColumns {
  /** Months, or cash. */
  readonly buy: Int32Array;
  readonly sell: Int32Array;
  /** Ticks. */
  readonly limit: Int32Array;
  readonly lots: Int32Array;
  readonly terms: Uint8Array;
  /** Where each row was read from, as its reader counts: a check of the row looks there. */
  readonly source: Uint32Array;
  /** Where the sender of each row stands behind its length, in the bytes that rows were read from. */
  readonly sender: Uint32Array;
}

export interface BookColumns extends RowColumns {
  readonly count: number;
  /** Those that have rows, in order. */
  readonly accounts: readonly string[];
  /** Where the rows of each account begin, and at last where those of the last one end. */
  readonly firstRow: Uint32Array;
  /** The bytes that the rows were read from: of use for their senders alone. */
  readonly senders: Uint8Array;
  /** The names of all rows, one behind the other. */
  readonly names: Uint8Array;
  /** Where the name of each row begins, and at last where that of the last one ends. */
  readonly nameFrom: Uint32Array;
}

/** Rows of one account, in any order, whose names are stretches of `bytes`. */
export interface LooseRows extends RowColumns {
  readonly bytes: Uint8Array;
  readonly nameAt: Uint32Array;
  readonly nameLength: Uint32Array;
}

/** A book that is written account by account. */
export class BookWriter {
  readonly #columns: Omit<BookColumns, 'count' | 'accounts' | 'senders'>;
  readonly #accounts: string[] = [];
  #senders = new Uint8Array(0) as Uint8Array;
  #count = 0;
  #named = 0;

  /** Room for as many rows, accounts and bytes of names at most. */
  constructor(rowsMost: number, accountsMost: number, nameBytesMost: number) {
    this.#columns = {
      firstRow: new Uint32Array(accountsMost + 1),
      names: new Uint8Array(nameBytesMost),
      nameFrom: new Uint32Array(rowsMost + 1),
      buy: new Int32Array(rowsMost),
      sell: new Int32Array(rowsMost),
      limit: new Int32Array(rowsMost),
      lots: new Int32Array(rowsMost),
      terms: new Uint8Array(rowsMost),
      source: new Uint32Array(rowsMost),
      sender: new Uint32Array(rowsMost),
    };
  }

  /**
   * Writes the rows of the next account, in order of account: the first `count` of `picked`, which are in order of name. The bytes of
   * all of them are the same.
   */
  account(account: string, rows: LooseRows, picked: Uint32Array, count: number): void {
    if (count === 0) return;
    const { names, nameFrom, buy, sell, limit, lots, terms, source, sender } = this.#columns;
    const { bytes } = rows;
    this.#senders = bytes;
    let [at, end] = [this.#count, this.#named];
    for (let place = 0; place < count; place++, at++) {
      const row = picked[place]!;
      const from = rows.nameAt[row]!;
      const length = rows.nameLength[row]!;
      for (let each = 0; each < length; each++) names[end + each] = bytes[from + each]!;
      end += length;
      nameFrom[at + 1] = end;
      buy[at] = rows.buy[row]!;
      sell[at] = rows.sell[row]!;
      limit[at] = rows.limit[row]!;
      lots[at] = rows.lots[row]!;
      terms[at] = rows.terms[row]!;
      source[at] = rows.source[row]!;
      sender[at] = rows.sender[row]!;
    }
    [this.#count, this.#named] = [at, end];
    this.#accounts.push(account);
    this.#columns.firstRow[this.#accounts.length] = at;
  }

  done(): BookColumns {
    const { firstRow, names, nameFrom, buy, sell, limit, lots, terms, source, sender } = this.#columns;
    const count = this.#count;
    return {
      count,
      accounts: this.#accounts,
      firstRow: firstRow.subarray(0, this.#accounts.length + 1),
      names: names.subarray(0, this.#named),
      nameFrom: nameFrom.subarray(0, count + 1),
      buy: buy.subarray(0, count),
      sell: sell.subarray(0, count),
      limit: limit.subarray(0, count),
      lots: lots.subarray(0, count),
      terms: terms.subarray(0, count),
      source: source.subarray(0, count),
      sender: sender.subarray(0, count),
      senders: this.#senders,
    };
  }
}

/** The name of a row. */
export const nameAt = ({ names, nameFrom }: BookColumns, row: number): string =>
  textOf(names, nameFrom[row]!, nameFrom[row + 1]!);

/** The sender of a row. */
export const senderAt = ({ senders, sender }: BookColumns, row: number): string =>
  textOf(senders, countedBegin(senders, sender[row]!), countedEnd(senders, sender[row]!));

/** A row as an object, which a book of a million has no room for: for those who look at some. */
export const orderAt = (book: BookColumns, account: string, row: number): BookOrder => ({
  account,
  sender: senderAt(book, row),
  clientOrderId: nameAt(book, row),
  buy: book.buy[row]! as ContractMonth,
  sell: book.sell[row]! as ContractMonth,
  limit: ticks(book.limit[row]!),
  lots: lots(book.lots[row]!),
  timeInForce: TIMES_IN_FORCE[book.terms[row]! & TIME_IN_FORCE_BITS]!,
  rolls: (book.terms[row]! & ROLLS_BIT) !== 0,
  partlyFilled: false,
});
