/**
 * An auction's book, from orders to result: months become nodes, orders become rows in an order of their own (account,
 * then name), the joint auction clears them, and what is left is carried or lapses. Arrival plays no part anywhere.
 */

import type { ContractMonth } from '../contract/months.ts';
import { CASH } from '../contract/months.ts';
import { ownerOf } from '../contract/owner.ts';
import type { ForwardCurve } from '../contract/product.ts';
import { type Lots, lots, type Ticks, ticks } from '../contract/units.ts';
import { type AggregateDemand, type AuctionBook, aggregateDemand, bestUnfilled, clearAuction } from './auction.ts';
import type { BookHash } from './lottery.ts';
import type { Order } from './orders.ts';

/** An order in an auction's book. */
export interface BookOrder extends Order {
  readonly account: string;
  /** Made by the day run, not by the participant. */
  readonly rolls: boolean;
  /** Filled in part by the auction that carried it here. */
  readonly partlyFilled: boolean;
}

/** All that an auction clears. */
export interface FrozenBook {
  readonly orders: readonly BookOrder[];
  /** Of everything that the book is made of: what the lottery for the last lots at a price draws from. */
  readonly hash: BookHash;
}

/**
 * What an auction came to in one month. The price of a month that did not trade is its mark: where its unfilled orders would
 * have it is theirs to know.
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
}

/** What an account bought and sold in one auction. `rolls` marks the order as one of the day run's. */
export interface Fill {
  readonly account: string;
  readonly clientOrderId: string;
  readonly buy: ContractMonth;
  readonly sell: ContractMonth;
  readonly lots: Lots;
  readonly rolls: boolean;
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

export interface ClearedBook {
  readonly months: Readonly<Record<number, MonthResult>>;
  readonly fills: readonly Fill[];
  readonly carried: readonly BookOrder[];
  /** By month sold, then month bought, cash before the months, the best limit first. */
  readonly depth: readonly DepthLevel[];
  readonly surplus: bigint;
  /** Orders that traded or lapsed, in whole or in part. */
  readonly orders: number;
}

/**
 * Clears a book at the marks of its listed months. Orders of months no longer listed lapse. After a closing auction
 * orders for the day lapse too; orders for one auction always do.
 */
export function clearBook(
  book: FrozenBook,
  listed: readonly ContractMonth[],
  marks: ForwardCurve,
  closing: boolean,
): ClearedBook {
  const node = new Map<ContractMonth, number>([
    [CASH, 0],
    ...listed.map((month, index): [ContractMonth, number] => [month, index + 1]),
  ]);
  const orders = book.orders.filter(({ buy, sell }) => node.has(buy) && node.has(sell)).sort(byAccountAndName);
  const columns: AuctionBook = {
    months: listed.length,
    reference: Int32Array.from(listed, (month) => marks[month]!),
    buy: Uint8Array.from(orders, ({ buy }) => node.get(buy)!),
    sell: Uint8Array.from(orders, ({ sell }) => node.get(sell)!),
    limit: Int32Array.from(orders, ({ limit }) => limit),
    lots: Int32Array.from(orders, (order) => order.lots),
    owner: numberOwners(orders),
    hash: book.hash,
  };
  const result = clearAuction(columns);
  const lapsed = new Int32Array(orders.length);
  let endedOrders = 0;
  const fills: Fill[] = [];
  const carried: BookOrder[] = [];
  const volume = new Map<ContractMonth, number>();
  orders.forEach((order, row) => {
    const filled = result.filled[row]!;
    const { account, clientOrderId, buy, sell, rolls } = order;
    if (filled > 0) {
      fills.push({ account, clientOrderId, buy, sell, lots: lots(filled), rolls });
      volume.set(buy, (volume.get(buy) ?? 0) + filled);
    }
    const left = order.lots - filled;
    const stays = order.timeInForce === 'gtc' || (order.timeInForce === 'day' && !closing);
    if (left > 0 && stays) carried.push({ ...order, lots: lots(left), partlyFilled: filled > 0 });
    else lapsed[row] = left;
    if (filled > 0 || !stays) endedOrders += 1;
  });
  const unfilled = bestUnfilled(columns, result);
  const gone = bestUnfilled(columns, { filled: columns.lots.map((size, row) => size - lapsed[row]!) });
  const months = Object.fromEntries(
    listed.map((month, index): [number, MonthResult] => {
      const traded = result.traded[index]!;
      return [
        month,
        {
          price: traded ? ticks(result.prices[index]!) : marks[month]!,
          traded,
          volume: lots(volume.get(month) ?? 0),
          bid: inTicks(gone[index]!.bid),
          offer: inTicks(gone[index]!.ask),
          sealedBid: inTicks(unfilled[index]!.bid),
          sealedOffer: inTicks(unfilled[index]!.ask),
        },
      ];
    }),
  );
  const depth = depthOf(columns, result.filled, lapsed, [CASH, ...listed]);
  return { months, fills, carried, depth, surplus: result.surplus, orders: endedOrders };
}

const inTicks = (price: number | null): Ticks | null => (price === null ? null : ticks(price));

/** Each order's owner as a number, counted from 0 in the order in which owners come. */
function numberOwners(orders: readonly BookOrder[]): Uint32Array {
  const numbers = new Map<string, number>();
  return Uint32Array.from(orders, ({ account }) => {
    const owner = ownerOf(account);
    const number = numbers.get(owner) ?? numbers.size;
    numbers.set(owner, number);
    return number;
  });
}

/** What traded and what lapsed, by row, added up by pair of months and limit. */
function depthOf(book: AuctionBook, traded: Int32Array, lapsed: Int32Array, nodes: readonly ContractMonth[]): DepthLevel[] {
  const [sold, gone] = [byPair(book, traded), byPair(book, lapsed)];
  const levels: DepthLevel[] = [];
  for (const pair of [...new Set([...sold.keys(), ...gone.keys()])].sort((a, b) => a - b)) {
    const [one, other] = [sold.get(pair), gone.get(pair)];
    const { buy, sell } = (one ?? other)!;
    const months = { buy: nodes[buy]!, sell: nodes[sell]! };
    for (let [at, to] = [0, 0]; at < (one?.limits.length ?? 0) || to < (other?.limits.length ?? 0); ) {
      const limit = Math.max(one?.limits[at] ?? Number.NEGATIVE_INFINITY, other?.limits[to] ?? Number.NEGATIVE_INFINITY);
      levels.push({
        ...months,
        limit: ticks(limit),
        traded: lots(one?.limits[at] === limit ? one.lots[at++]! : 0),
        lapsed: lots(other?.limits[to] === limit ? other.lots[to++]! : 0),
      });
    }
  }
  return levels;
}

/** Lots by limit of each pair of nodes, of the rows that have some. By node sold, then node bought. */
function byPair(book: AuctionBook, size: Int32Array): Map<number, AggregateDemand> {
  const count = size.reduce((rows, lots) => rows + Number(lots > 0), 0);
  const part = {
    ...book,
    buy: new Uint8Array(count),
    sell: new Uint8Array(count),
    limit: new Int32Array(count),
    lots: new Int32Array(count),
    owner: new Uint32Array(count),
  };
  for (let row = 0, at = 0; row < size.length; row++) {
    if (size[row] === 0) continue;
    part.buy[at] = book.buy[row]!;
    part.sell[at] = book.sell[row]!;
    part.limit[at] = book.limit[row]!;
    part.lots[at++] = size[row]!;
  }
  const demands = aggregateDemand(part);
  return new Map(demands.map((demand) => [demand.sell * (book.months + 1) + demand.buy, demand]));
}

/** The order of a book, whole: an account's live orders have different names. Code units, so every machine sorts alike. */
export function byAccountAndName(a: BookOrder, b: BookOrder): number {
  if (a.account !== b.account) return a.account < b.account ? -1 : 1;
  return a.clientOrderId < b.clientOrderId ? -1 : 1;
}
