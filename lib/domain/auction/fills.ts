// Fills at given clearing prices. An order better than its price fills whole. Orders exactly at the price share what is
// left, never by time:
//
//  - between pairs of months, so that the greatest number of lots trades and every month balances; where several ways
//    trade the same number, pairs that compete for the same lots get equal shares of what they have at the price;
//  - within one pair, between owners and then among each owner's orders, in proportion to lots: see shares.ts.
//
// The first part is itself an auction, much smaller: see MarginalDemand.

import { AuctionBookError, type CheckedBook } from './columns.ts';
import type { Demand, LimitDemand } from './demand.ts';
import { Lottery } from './lottery.ts';
import { circulate, descend, roomAt } from './prices.ts';
import { type SharedMargin, shareOut } from './shares.ts';

/** Shares are equal to within one part in this many (and one lot). A power of two, so that scaling by it is exact. */
const SHARE_STEPS = 2 ** 16;

/** Lots filled per order, at clearing prices by node. Throws `price-out-of-range` if the prices do not clear the book. */
export function fillOrders(book: CheckedBook, demands: readonly LimitDemand[], prices: Float64Array): Int32Array {
  const { nodes, pair, limit, lots } = book;
  const spread = new Float64Array(nodes * nodes);
  const whole = new Uint8Array(nodes * nodes);
  const shared: (SharedMargin | undefined)[] = new Array(nodes * nodes).fill(undefined);
  for (const margin of marginalFills(demands, prices)) {
    const at = margin.sell * nodes + margin.buy;
    spread[at] = prices[margin.buy]! - prices[margin.sell]!;
    if (margin.filled === margin.lots) whole[at] = 1;
    else if (margin.filled > 0) shared[at] = { lots: margin.lots, filled: margin.filled, rows: [] };
  }
  const filled = new Int32Array(limit.length);
  for (let row = 0; row < limit.length; row++) {
    const at = pair[row]!;
    const better = limit[row]! - spread[at]!;
    // Whether an order is better than the price is a coin toss to the processor, so it is multiplied, not branched on.
    filled[row] = lots[row]! * Number(better > 0);
    if (better !== 0) continue;
    if (whole[at] === 1) filled[row] = lots[row]!;
    else shared[at]?.rows.push(row);
  }
  shared.forEach((margin, at) => {
    if (margin !== undefined) shareOut(margin, book, filled, new Lottery(book.hash, at));
  });
  return filled;
}

interface MarginalFill {
  readonly sell: number;
  readonly buy: number;
  /** Lots at the price, and how many of them trade. */
  readonly lots: number;
  readonly filled: number;
}

function marginalFills(demands: readonly LimitDemand[], prices: Float64Array): MarginalFill[] {
  const nodes = prices.length;
  refuseIfNotClearing(demands, prices);
  const margins = demands.map((demand) => new MarginalDemand(demand, prices[demand.buy]! - prices[demand.sell]!, nodes));
  const bonuses = descend(margins, new Float64Array(nodes), bonusMost(nodes));
  const { room, excess } = roomAt(margins, bonuses, 1);
  const before = room.slice();
  circulate(room, excess);
  return margins.map((margin) => {
    const { sell, buy, must, atPrice } = margin;
    // Of two opposite pairs only one has room here, or trading one lot of both would still add volume.
    const flow = Math.max(0, before[sell * nodes + buy]! - room[sell * nodes + buy]!);
    const filled = margin.lotsFrom(bonuses[buy]! - bonuses[sell]! + 1) + flow - must;
    return { sell, buy, lots: atPrice, filled };
  });
}

function refuseIfNotClearing(demands: readonly LimitDemand[], prices: Float64Array): void {
  const { room, excess } = roomAt(demands, prices, 1);
  const rising = circulate(room, excess);
  if (rising === null) return;
  const month = prices.findIndex((_, node) => node > 0 && rising[node] !== rising[0]);
  throw new AuctionBookError('price-out-of-range', month - 1, 'no clearing price fits 32 bits');
}

/**
 * One pair's orders in the auction for what trades at the price. Its lots better than the price trade at any bonus. Its
 * lots at the price bid bonuses spread evenly over a narrow range. Even the least bonus is more than the range can
 * outweigh along any path of nodes, so the greatest sum of bonuses has the greatest volume. Within the range a pair that
 * has more of its lots filled bids less for the next, so those that compete meet at equal shares: of the circulations of
 * greatest volume it is the one with the least sum of filled^2 / lots, to the precision of SHARE_STEPS. What that leaves
 * open, a single lot, goes by the order of the nodes.
 */
class MarginalDemand implements Demand {
  readonly sell: number;
  readonly buy: number;
  readonly must: number;
  readonly atPrice: number;
  private readonly bonusTop: number;

  constructor(demand: LimitDemand, spread: number, nodes: number) {
    this.sell = demand.sell;
    this.buy = demand.buy;
    this.must = demand.lotsFrom(spread + 1);
    this.atPrice = demand.lotsFrom(spread) - this.must;
    this.bonusTop = bonusMost(nodes);
  }

  lotsFrom(bonus: number): number {
    const steps = Math.min(Math.max(this.bonusTop - bonus, 0), SHARE_STEPS);
    return this.must + Math.round((this.atPrice * steps) / SHARE_STEPS);
  }
}

/** A path visits each node once, so its bonuses differ by less than nodes ranges: the least bonus is above that. */
function bonusMost(nodes: number): number {
  return (nodes + 2) * SHARE_STEPS;
}
