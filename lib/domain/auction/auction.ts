// The joint batch auction: every outright and every calendar spread of one product clears together, at one price per
// month, so a spread always trades at exactly the difference of its two months' prices.
//
// With cash as a node and the months as nodes, an order is an edge with a limit and a capacity, clearing is the
// circulation of greatest surplus, and its prices are the node potentials. The matrix is a network, so integer limits
// and lots give integer prices and fills, and nothing is rounded (the Futures Opening Auction Problem, arXiv
// 1404.6546).
//
// What makes it fair: all orders of a batch meet at once and arrival time does not count, no order trades beyond its
// limit, all trades of a month are at the same price, orders better than the price fill whole, and owners share what
// trades at it by what they have there. Splitting an order moves no price and no owner's share. Among equally good prices
// the auction takes the nearest to the prior settlement.

import { type AuctionBook, AuctionBookError, type AuctionBookErrorCode, type CheckedBook, checkBook } from './columns.ts';
import { type LimitDemand, limitDemands, limitSums } from './demand.ts';
import { ExactSum } from './exact-sum.ts';
import { fillOrders } from './fills.ts';
import { circulate, clearingPrices, type PriceRange, roomAt } from './prices.ts';

export { type AuctionBook, AuctionBookError, type AuctionBookErrorCode };

export interface AuctionResult {
  /** Ticks, month k + 1 at place k. */
  readonly prices: Int32Array;
  /** Lots filled, by row of the book. */
  readonly filled: Int32Array;
  /** Ticks x lots, summed over fills: what traders gained against their limits. No other fills could gain more. */
  readonly surplus: bigint;
  /** Whether any lot of the month traded, month k + 1 at place k. */
  readonly traded: boolean[];
}

/** The auction broke one of its own rules: a bug, never a property of the book. Nothing of its result may be used. */
export class AuctionInvariantError extends Error {
  constructor(rule: string) {
    super(rule);
    this.name = 'AuctionInvariantError';
  }
}

/**
 * Clears a book.
 *
 * Prices have the greatest surplus; of those, the least sum of |price - reference|; of those, the lowest in every
 * month. A month without orders keeps its reference. Rows at the price fill so that most lots trade, pairs of months
 * that compete getting equal shares, owners of a pair shares by what they have there, an owner's rows shares by size; the
 * book's lottery gives the last lots. The draw for an owner looks at its number and not at its rows, one between an
 * owner's own rows at their places: callers number owners and order rows by names, and arrival plays no part.
 *
 * Throws AuctionBookError on a malformed book and on one no int32 prices clear (that takes limits so large that
 * months x the largest is at least 2^31), AuctionInvariantError on a bug.
 */
export function clearAuction(book: AuctionBook): AuctionResult {
  const open = openBook(book);
  return clearAt(open, clearingPrices(open.demands, book.reference));
}

/** A checked book, and what it demands at any prices. */
export interface OpenBook {
  readonly book: CheckedBook;
  readonly demands: readonly LimitDemand[];
}

/** Throws AuctionBookError on a malformed book. */
export function openBook(book: AuctionBook): OpenBook {
  const checked = checkBook(book);
  return { book: checked, demands: limitDemands(checked) };
}

/** The prices within a range, by node, nearest to the reference, that clear some demands; `undefined` when none in the range do. The reference must lie in the range. */
export function pricesWithin(
  demands: readonly LimitDemand[],
  reference: Int32Array,
  range: PriceRange,
): Float64Array | undefined {
  const prices = clearingPrices(demands, reference, range);
  const { room, excess } = roomAt(demands, prices, 1);
  return circulate(room, excess) === null ? prices : undefined;
}

/** The result of a book at prices, by node, that clear it. Throws AuctionBookError `price-out-of-range` when they don't. */
export function clearAt({ book: checked, demands }: OpenBook, prices: Float64Array): AuctionResult {
  const filled = fillOrders(checked, demands, prices);
  const { net, traded, surplus } = tally(checked, prices, filled);
  if (net.some((lots) => lots !== 0)) throw new AuctionInvariantError('lots bought and sold differ in a month');
  if (surplus !== surplusBound(demands, prices))
    throw new AuctionInvariantError('the fills do not earn the surplus of the prices');
  return { prices: Int32Array.from(prices.subarray(1)), filled, surplus, traded };
}

/** One pass over the finished fills, sharing no step with what made them: limits, sizes, balance and surplus. */
function tally({ nodes, pair, limit, lots }: CheckedBook, prices: Float64Array, filled: Int32Array) {
  const spread = Float64Array.from({ length: nodes * nodes }, (_, at) => prices[at % nodes]! - prices[Math.floor(at / nodes)]!);
  const volume = new Float64Array(nodes * nodes);
  const surplus = new ExactSum();
  for (let row = 0; row < filled.length; row++) {
    const at = pair[row]!;
    const better = limit[row]! - spread[at]!;
    const fill = filled[row]!;
    const rest = lots[row]! - fill;
    if (fill < 0 || rest < 0 || fill * better < 0 || rest * better > 0) {
      throw new AuctionInvariantError(
        `row ${row}, ${better} ticks better than the price, has ${fill} of ${lots[row]} lots filled`,
      );
    }
    volume[at]! += fill;
    surplus.add(fill, better);
  }
  const net = new Float64Array(nodes);
  const touched = new Array<boolean>(nodes).fill(false);
  for (let at = 0; at < volume.length; at++) {
    if (volume[at] === 0) continue;
    const sold = Math.floor(at / nodes);
    const bought = at % nodes;
    net[bought]! += volume[at]!;
    net[sold]! -= volume[at]!;
    touched[bought] = true;
    touched[sold] = true;
  }
  return { net, traded: touched.slice(1), surplus: surplus.total() };
}

/** D at the prices: no fills of any kind can earn more than this (weak duality), so fills that earn it are best. */
function surplusBound(demands: readonly LimitDemand[], prices: Float64Array): bigint {
  const bound = new ExactSum();
  for (const demand of demands) demand.addSurplus(prices[demand.buy]! - prices[demand.sell]!, bound);
  return bound.total();
}

/** Lots per pair of nodes and limit, of two columns at once: what is published of a book after its auction. */
export interface LotsByLimit {
  /** Nodes. */
  readonly sell: Uint8Array;
  readonly buy: Uint8Array;
  /** Ticks. */
  readonly limit: Int32Array;
  readonly one: Float64Array;
  readonly other: Float64Array;
}

/**
 * Adds up two columns of lots, where either has any: by node sold, then node bought, the best (highest) limit first. Throws
 * AuctionBookError on a malformed book.
 */
export const lotsByLimit = (book: AuctionBook, one: Int32Array, other: Int32Array): LotsByLimit =>
  limitSums(checkBook(book), one, other);

export interface UnfilledQuotes {
  /** Ticks; null when every outright order of that side filled whole, or there was none. */
  readonly bid: number | null;
  readonly ask: number | null;
}

/** The best outright bid and offer of each month that the auction left unfilled, wholly or in part. */
export function bestUnfilled(book: AuctionBook, result: Pick<AuctionResult, 'filled'>): UnfilledQuotes[] {
  const { months, buy, sell, limit, lots } = book;
  const { filled } = result;
  const bids = new Float64Array(months + 1).fill(Number.NEGATIVE_INFINITY);
  const asks = new Float64Array(months + 1).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < limit.length; row++) {
    if (filled[row] === lots[row]) continue;
    if (sell[row] === 0) {
      if (limit[row]! > bids[buy[row]!]!) bids[buy[row]!] = limit[row]!;
    } else if (buy[row] === 0 && limit[row]! > asks[sell[row]!]!) asks[sell[row]!] = limit[row]!;
  }
  const quote = (best: number): number | null => (best === Number.NEGATIVE_INFINITY ? null : best);
  return Array.from({ length: months }, (_, month) => {
    const ask = quote(asks[month + 1]!);
    return { bid: quote(bids[month + 1]!), ask: ask === null ? null : -ask };
  });
}
