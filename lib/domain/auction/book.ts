/**
 * An auction's book, from orders to result: months become nodes, the joint auction clears the rows of the book, and what is left
 * of each is carried or lapses. The rows stand in an order of their own (account, then name); arrival plays no part anywhere.
 */

import type { ContractMonth } from '../contract/months.ts';
import { CASH } from '../contract/months.ts';
import { ownerOf } from '../contract/owner.ts';
import type { ForwardCurve } from '../contract/product.ts';
import { type Lots, lots, type Ticks, ticks } from '../contract/units.ts';
import {
  type AuctionBook,
  type AuctionResult,
  bestUnfilled,
  type LotsByLimit,
  lotsByLimit,
  type UnfilledQuotes,
} from './auction.ts';
import { type BookColumns, type BookOrder, nameAt, orderAt, ROLLS_BIT, senderAt, TIME_IN_FORCE_BITS } from './book-columns.ts';
import type { BookHash } from './lottery.ts';
import { TIMES_IN_FORCE } from './orders.ts';

export type { BookOrder };

/** All that an auction clears. */
export interface FrozenBook {
  readonly orders: BookColumns;
  /** Of everything that the book is made of: what the lottery for the last lots at a price draws from. */
  readonly hash: BookHash;
}

/** A month that would have cleared beyond its band, and was held at its edge: more was bid, or offered, than there was. */
export interface Locked {
  readonly side: 'bid' | 'offered';
  /** Lots of all orders on that side, and of them those that were let into the auction. */
  readonly crowd: Lots;
  readonly kept: Lots;
}

/**
 * What an auction came to in one month. The price of a month that did not trade is its mark: where its unfilled orders would
 * have it is theirs to know. That of a locked month is the edge of its band, also when nothing traded there.
 */
export interface MonthResult {
  readonly price: Ticks;
  readonly traded: boolean;
  /** Lots bought, which are the lots sold. */
  readonly volume: Lots;
  /** Best outright bid and offer of what lapsed unfilled. */
  readonly bid: Ticks | null;
  readonly offer: Ticks | null;
  /** Best outright bid and offer of all that is unfilled, carried orders included: settlement needs them, no answer may show them. */
  readonly sealedBid: Ticks | null;
  readonly sealedOffer: Ticks | null;
  /** Absent when the month was not locked. */
  readonly locked?: Locked;
}

/**
 * What an auction did with an order: what it bought and sold, and what self-match prevention took out of it. `rolls` marks the
 * order as one of the day run's.
 */
export interface Fill {
  readonly account: string;
  /** The operator id of the person or system that sent the order. */
  readonly sender: string;
  readonly clientOrderId: string;
  readonly buy: ContractMonth;
  readonly sell: ContractMonth;
  /** Lots that traded; none when all that happened to the order is that lots were taken out of it. */
  readonly lots: Lots;
  readonly rolls: boolean;
  /** Lots that would have traded with its owner's other orders, and were taken out before the auction; absent when none were. */
  readonly selfMatched?: Lots;
}

/**
 * What became of the lots at one limit of one pair of months: what is published of a book once it has cleared. What is
 * carried is not in it, so that an order is sealed until it trades or lapses.
 */
export interface DepthLevel {
  readonly buy: ContractMonth;
  readonly sell: ContractMonth;
  /** As in an order: on price bought minus price sold. */
  readonly limit: Ticks;
  readonly traded: Lots;
  readonly lapsed: Lots;
}

/** Levels as columns, in the order in which they are published: by month sold, month bought, and the best limit first. */
export interface DepthColumns {
  readonly buy: Int32Array;
  readonly sell: Int32Array;
  readonly limit: Int32Array;
  /** Lots, which over many orders may be more than an Int32Array holds. */
  readonly traded: Float64Array;
  readonly lapsed: Float64Array;
}

export interface ClearedBook {
  readonly months: Readonly<Record<number, MonthResult>>;
  /** Lots that each row of the book has traded, lots of it that are carried on, and lots that were taken out as self-matched. */
  readonly filled: Int32Array;
  readonly carried: Int32Array;
  readonly selfMatched: Int32Array;
  readonly depth: DepthColumns;
  readonly surplus: bigint;
  /** Orders that traded or lapsed, in whole or in part. */
  readonly orders: number;
}

/** The months of an auction, their marks, and whether it closes the day. */
export interface AuctionTerms {
  /** In order. */
  readonly listed: readonly ContractMonth[];
  readonly marks: ForwardCurve;
  /** How far from its mark each month may clear, in ticks. */
  readonly widths: Readonly<Record<number, number>>;
  readonly closing: boolean;
}

/**
 * What a result makes of the rows of a book that it is of; rows that are not among `columns` neither trade nor are carried. Orders of
 * months no longer listed lapse. After a closing auction orders for the day lapse too; orders for one auction always do.
 */
export function clearedBook(
  { orders }: FrozenBook,
  columns: BookOfRows,
  result: AuctionResult & { readonly locked: readonly (Locked & { readonly place: number })[] },
  { listed, marks, closing }: AuctionTerms,
): Omit<ClearedBook, 'selfMatched'> {
  const nodes = [CASH, ...listed];
  const { rows } = columns;
  const stays = TIMES_IN_FORCE.map((time) => time === 'gtc' || (time === 'day' && !closing));
  const lapsed = new Int32Array(rows.length);
  const [filledOf, carriedOf] = [new Int32Array(orders.count), new Int32Array(orders.count)];
  const volume = new Float64Array(nodes.length);
  let endedOrders = 0;
  for (let row = 0; row < rows.length; row++) {
    const own = rows[row]!;
    const filled = result.filled[row]!;
    const left = columns.lots[row]! - filled;
    const isCarried = stays[orders.terms[own]! & TIME_IN_FORCE_BITS]!;
    filledOf[own] = filled;
    volume[columns.buy[row]!]! += filled;
    if (isCarried) carriedOf[own] = left;
    else lapsed[row] = left;
    if (filled > 0 || !isCarried) endedOrders += 1;
  }
  const unfilled = bestUnfilled(columns, result);
  const levels = lotsByLimit(columns, result.filled, lapsed);
  const gone = bestLapsed(levels, listed.length);
  const lockedAt = new Map(result.locked.map(({ place, ...locked }) => [place, locked]));
  const months = Object.fromEntries(
    listed.map((month, index): [number, MonthResult] => {
      const traded = result.traded[index]!;
      const locked = lockedAt.get(index);
      return [
        month,
        {
          price: traded || locked ? ticks(result.prices[index]!) : marks[month]!,
          traded,
          volume: lots(volume[index + 1]!),
          bid: inTicks(gone[index]!.bid),
          offer: inTicks(gone[index]!.ask),
          sealedBid: inTicks(unfilled[index]!.bid),
          sealedOffer: inTicks(unfilled[index]!.ask),
          ...(locked ? { locked } : {}),
        },
      ];
    }),
  );
  const depth = {
    buy: Int32Array.from(levels.buy, (node) => nodes[node]!),
    sell: Int32Array.from(levels.sell, (node) => nodes[node]!),
    limit: levels.limit,
    traded: levels.one,
    lapsed: levels.other,
  };
  return { months, filled: filledOf, carried: carriedOf, depth, surplus: result.surplus, orders: endedOrders };
}

/** The best outright bid and offer of what lapsed, of each month; levels come with the best limit of a pair first. */
function bestLapsed({ buy, sell, limit, other: lapsed }: LotsByLimit, months: number): UnfilledQuotes[] {
  const quotes = Array.from({ length: months }, (): { bid: number | null; ask: number | null } => ({ bid: null, ask: null }));
  for (let level = 0; level < limit.length; level++) {
    if (lapsed[level] === 0) continue;
    if (sell[level] === 0) quotes[buy[level]! - 1]!.bid ??= limit[level]!;
    else if (buy[level] === 0) quotes[sell[level]! - 1]!.ask ??= -limit[level]!;
  }
  return quotes;
}

const inTicks = (price: number | null): Ticks | null => (price === null ? null : ticks(price));

/** Rows of a book as the auction takes them; `rows` are their places in the book. */
export interface BookOfRows extends AuctionBook {
  readonly rows: Uint32Array;
}

/** The rows of a book whose months are listed. */
export function auctionBook({ orders, hash }: FrozenBook, { listed, marks }: Pick<AuctionTerms, 'listed' | 'marks'>): BookOfRows {
  const nodes = [CASH, ...listed];
  const last = Math.max(...nodes);
  const nodeOf = new Uint8Array(last + 1).fill(NOT_LISTED);
  for (const [node, month] of nodes.entries()) nodeOf[month] = node;
  const rows = new Uint32Array(orders.count);
  const [buy, sell] = [new Uint8Array(orders.count), new Uint8Array(orders.count)];
  let count = 0;
  for (let row = 0; row < orders.count; row++) {
    const [bought, sold] = [orders.buy[row]!, orders.sell[row]!];
    const to = bought > last ? NOT_LISTED : nodeOf[bought]!;
    const from = sold > last ? NOT_LISTED : nodeOf[sold]!;
    buy[count] = to;
    sell[count] = from;
    rows[count] = row;
    count += Number(to !== NOT_LISTED && from !== NOT_LISTED);
  }
  const owner = ownersOf(orders);
  const common = { months: nodes.length - 1, reference: Int32Array.from(nodes.slice(1), (month) => marks[month]!), hash, rows };
  if (count === orders.count) return { ...common, buy, sell, limit: orders.limit, lots: orders.lots, owner };
  const kept = rows.subarray(0, count);
  return {
    ...common,
    rows: kept,
    buy: buy.subarray(0, count),
    sell: sell.subarray(0, count),
    limit: Int32Array.from(kept, (row) => orders.limit[row]!),
    lots: Int32Array.from(kept, (row) => orders.lots[row]!),
    owner: Uint32Array.from(kept, (row) => owner[row]!),
  };
}

/** No node: a book has 254 months at most. */
const NOT_LISTED = 255;

/** Each row's owner as a number, counted from 0 in the order in which owners come. */
function ownersOf({ accounts, firstRow, count }: BookColumns): Uint32Array {
  const numbers = new Map<string, number>();
  const owners = new Uint32Array(count);
  for (let at = 0; at < accounts.length; at++) {
    const owner = ownerOf(accounts[at]!);
    const number = numbers.get(owner) ?? numbers.size;
    numbers.set(owner, number);
    for (let row = firstRow[at]!; row < firstRow[at + 1]!; row++) owners[row] = number;
  }
  return owners;
}

/** The fills of a cleared book, in its order, as objects: for those who look at some. */
export function* fillsOf({ orders }: FrozenBook, { filled, selfMatched }: ClearedBook): Generator<Fill> {
  for (const [account, row] of rowsOf(orders))
    if (filled[row]! > 0 || selfMatched[row]! > 0)
      yield {
        account,
        sender: senderAt(orders, row),
        clientOrderId: nameAt(orders, row),
        buy: orders.buy[row]! as ContractMonth,
        sell: orders.sell[row]! as ContractMonth,
        lots: lots(filled[row]!),
        rolls: (orders.terms[row]! & ROLLS_BIT) !== 0,
        ...(selfMatched[row]! > 0 ? { selfMatched: lots(selfMatched[row]!) } : {}),
      };
}

/** What a cleared book carries on, likewise. */
export function* carriedOf({ orders }: FrozenBook, { filled, carried }: ClearedBook): Generator<BookOrder> {
  for (const [account, row] of rowsOf(orders))
    if (carried[row]! > 0) yield { ...orderAt(orders, account, row), lots: lots(carried[row]!), partlyFilled: filled[row]! > 0 };
}

function* rowsOf({ accounts, firstRow }: BookColumns): Generator<[account: string, row: number]> {
  for (const [at, account] of accounts.entries())
    for (let row = firstRow[at]!; row < firstRow[at + 1]!; row++) yield [account, row];
}

/** Levels as objects. */
export const levelsOf = ({ buy, sell, limit, traded, lapsed }: DepthColumns): DepthLevel[] =>
  Array.from(limit, (at, level) => ({
    buy: buy[level]! as ContractMonth,
    sell: sell[level]! as ContractMonth,
    limit: ticks(at),
    traded: lots(traded[level]!),
    lapsed: lots(lapsed[level]!),
  }));
