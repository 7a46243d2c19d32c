/**
 * An auction's book, from orders to result: months become nodes, orders become rows in an order of their own (account,
 * then name), the joint auction clears them, and what is left is carried or lapses. Arrival plays no part anywhere.
 */

import type { ContractMonth } from '../contract/months.ts';
import { CASH } from '../contract/months.ts';
import { ownerOf } from '../contract/owner.ts';
import type { ForwardCurve } from '../contract/product.ts';
import { type Lots, lots, type Ticks, ticks } from '../contract/units.ts';
import { type AuctionBook, aggregateDemand, bestUnfilled, clearAuction } from './auction.ts';
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

/** What an auction came to in one month. */
export interface MonthResult {
  readonly price: Ticks;
  readonly traded: boolean;
  /** Lots bought, which are the lots sold. */
  readonly volume: Lots;
  /** Best outright bid and offer left unfilled. */
  readonly bid: Ticks | null;
  readonly offer: Ticks | null;
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

/** The lots bid and offered at each price: what is published of a book once it has cleared. */
export interface Depth {
  readonly outrights: readonly {
    readonly month: ContractMonth;
    readonly side: 'buy' | 'sell';
    readonly price: Ticks;
    readonly lots: Lots;
  }[];
  readonly spreads: readonly {
    readonly buy: ContractMonth;
    readonly sell: ContractMonth;
    readonly price: Ticks;
    readonly lots: Lots;
  }[];
}

export interface ClearedBook {
  readonly months: Readonly<Record<number, MonthResult>>;
  readonly fills: readonly Fill[];
  readonly carried: readonly BookOrder[];
  readonly depth: Depth;
  readonly surplus: bigint;
  /** Orders that took part. */
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
  const unfilled = bestUnfilled(columns, result);

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
  });
  const months = Object.fromEntries(
    listed.map((month, index): [number, MonthResult] => {
      const { bid, ask } = unfilled[index]!;
      return [
        month,
        {
          price: ticks(result.prices[index]!),
          traded: result.traded[index]!,
          volume: lots(volume.get(month) ?? 0),
          bid: bid === null ? null : ticks(bid),
          offer: ask === null ? null : ticks(ask),
        },
      ];
    }),
  );
  return { months, fills, carried, depth: publish(columns, [CASH, ...listed]), surplus: result.surplus, orders: orders.length };
}

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

function publish(columns: AuctionBook, nodes: readonly ContractMonth[]): Depth {
  const outrights: Depth['outrights'][number][] = [];
  const spreads: Depth['spreads'][number][] = [];
  for (const { buy, sell, limits, lots: sizes } of aggregateDemand(columns))
    limits.forEach((limit, at) => {
      const size = lots(sizes[at]!);
      const [bought, sold] = [nodes[buy]!, nodes[sell]!];
      if (sold === CASH) outrights.push({ month: bought, side: 'buy', price: ticks(limit), lots: size });
      else if (bought === CASH) outrights.push({ month: sold, side: 'sell', price: ticks(-limit), lots: size });
      else spreads.push({ buy: bought, sell: sold, price: ticks(limit), lots: size });
    });
  return { outrights, spreads };
}

/** The order of a book, whole: an account's live orders have different names. Code units, so every machine sorts alike. */
export function byAccountAndName(a: BookOrder, b: BookOrder): number {
  if (a.account !== b.account) return a.account < b.account ? -1 : 1;
  return a.clientOrderId < b.clientOrderId ? -1 : 1;
}
