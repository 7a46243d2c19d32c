// Prices of a joint auction: the integer node prices p, p[0] = 0, that minimise
//
//   D(p) = sum over orders of lots x max(0, limit - (p[buy] - p[sell])).
//
// D is L-natural-convex, so a point that no step of +1 or -1 on any set of months improves is a global minimum, and a
// step that improves most is a minimum cut on the nodes (K. Murota, Discrete Convex Analysis, SIAM 2003, chapters 7 and
// 10; for auctions, Murota, Shioura and Yang 2013). The best step is also the answer to a plain question: if every
// order better than the prices must trade and every order at them may, can each month's purchases equal its sales? If
// so the prices clear. If not, some set of months is bid for beyond what it is offered, and its prices must rise
// together (or, if cash is in the set, all other months must fall). That is Hoffman's circulation theorem.
//
// Large distances are crossed by scaling: with limits rounded down to a coarse grid through the reference prices the
// problem is the same one, its answer lies within a step per node of the finer grid's, and its cuts still are exact
// sums of lots. So the work depends on the number of nodes and on the digits of the price range, not on the number of
// orders.

import { BOOK_LOTS_MAX } from './columns.ts';
import type { Demand, LimitDemand } from './demand.ts';

/** Where a price may be, by node, the first and the last included. Cash is at 0 and never asked. */
export interface PriceRange {
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

/** What an Int32Array holds. */
const anyPrice = (nodes: number): PriceRange => ({
  low: new Float64Array(nodes).fill(-(2 ** 31)),
  high: new Float64Array(nodes).fill(2 ** 31 - 1),
});

/** More than any set of orders can outweigh, so that a step across such an arc is never taken. */
const BARRED = BOOK_LOTS_MAX;

/**
 * The clearing prices in ticks, by node, cash (0) first.
 *
 * Of all minimisers of D within `range`, in which the reference must lie, the one with the least sum of |p[k] - reference[k]|; of those, the
 * lowest month by month (the minimisers are a lattice, so one of them is lowest in every month at once). Months that
 * only spreads reach, and months without orders, are placed by the same rule. If D has no minimiser in that range that is one
 * without it, then the prices returned do not clear, which `roomAt` and `circulate` tell. Where the range is all that an Int32Array holds,
 * there always is one when months x (the largest
 * |limit| or |reference|) is below 2^31, since a month's price is then pinned through at most `months` limits; and when
 * there are no spreads, since a month's price is then its reference or lies between its own limits.
 */
export function clearingPrices(
  demands: readonly LimitDemand[],
  reference: Int32Array,
  range: PriceRange = anyPrice(reference.length + 1),
): Float64Array {
  const prices = new Float64Array(reference.length + 1);
  prices.set(reference, 1);
  const reach = demands.reduce((most, demand) => Math.max(most, demand.reach(prices[demand.buy]! - prices[demand.sell]!)), 0);
  return descend(demands, prices, reach, { nearest: prices.slice(), range });
}

/** Which of several minimisers: within a range, the nearest to these prices. */
interface PriceTie {
  readonly nearest: Float64Array;
  readonly range: PriceRange;
}

/**
 * Node prices minimising D over the given demands, by scaled steepest descent from `start` (which it moves and
 * returns). `reach` is the largest distance of a limit from the start. With `tie`, prices stay in its range
 * and ties go to the least distance from the nearest, then to the lowest; without, any minimiser is returned, the same one for
 * the same demands.
 */
export function descend(demands: readonly Demand[], start: Float64Array, reach: number, tie?: PriceTie): Float64Array {
  const prices = start;
  for (let stride = powerOfTwoFrom(reach + 1); stride >= 1; stride /= 2) {
    for (;;) {
      const rising = improvingSet(demands, prices, stride, tie);
      if (rising === null) break;
      shift(prices, rising, stride);
    }
  }
  return prices;
}

/** The set of nodes whose joint rise by `stride` lowers D most, or breaks a tie; null when no set does. */
function improvingSet(
  demands: readonly Demand[],
  prices: Float64Array,
  stride: number,
  tie: PriceTie | undefined,
): Uint8Array | null {
  const { room, excess } = roomAt(demands, prices, stride);
  if (tie === undefined) return circulate(room, excess);
  barRange(room, prices, stride, tie.range);
  const rising = circulate(room, excess);
  if (rising !== null) return rising;
  const house = houseOrders(room, prices, stride, tie.nearest);
  return circulate(house.room, house.excess);
}

/**
 * What trades at these prices: `excess` is what each node gains from the lots that must trade, and `room[u * nodes +
 * v]` the lots that may trade on top, selling u and buying v. On a grid of `stride` ticks an order is at the price if
 * its limit is less than a stride above it.
 */
export function roomAt(
  demands: readonly Demand[],
  prices: Float64Array,
  stride: number,
): { room: Float64Array; excess: Float64Array } {
  const nodes = prices.length;
  const room = new Float64Array(nodes * nodes);
  const excess = new Float64Array(nodes);
  for (const demand of demands) {
    const { sell, buy } = demand;
    const spread = prices[buy]! - prices[sell]!;
    const must = demand.lotsFrom(spread + stride);
    room[sell * nodes + buy] = demand.lotsFrom(spread) - must;
    excess[buy]! += must;
    excess[sell]! -= must;
  }
  return { room, excess };
}

function barRange(room: Float64Array, prices: Float64Array, stride: number, { low, high }: PriceRange): void {
  const nodes = prices.length;
  for (let month = 1; month < nodes; month++) {
    if (prices[month]! + stride > high[month]!) room[month * nodes]! += BARRED;
    if (prices[month]! - stride < low[month]!) room[month]! += BARRED;
  }
}

/**
 * The tie rules, as orders too small to move any real lot: in every month the house bids and offers months + 1 units at
 * the nearest price (each tick of distance costs it that many), and offers one unit at any price (each tick of price
 * costs it one, which over all months is less than one tick of distance). They count only where real lots are
 * indifferent: wherever the real circulation leaves room either way, the house's units move freely.
 */
function houseOrders(room: Float64Array, prices: Float64Array, stride: number, nearest: Float64Array) {
  const nodes = prices.length;
  const house = { room: room.map((lots) => (lots > 0 ? BARRED : 0)), excess: new Float64Array(nodes) };
  for (let month = 1; month < nodes; month++) {
    const above = prices[month]! - nearest[month]!;
    let gained = -1;
    if (above <= -stride) gained += nodes;
    else if (above <= 0) house.room[month]! += nodes;
    if (above >= stride) gained -= nodes;
    else if (above >= 0) house.room[month * nodes]! += nodes;
    house.excess[month] = gained;
    house.excess[0]! -= gained;
  }
  return house;
}

/**
 * Carries every node's excess to the nodes that lack, along shortest paths with room, until none is left (null) or none
 * can move: then the nodes it can still reach, the source side of a minimum cut. Changes both arguments: `room` becomes
 * what is left. Shortest paths bound the number of rounds by the nodes and arcs alone (Edmonds and Karp 1972).
 */
export function circulate(room: Float64Array, excess: Float64Array): Uint8Array | null {
  const nodes = excess.length;
  const queue = new Int32Array(nodes);
  const parent = new Int32Array(nodes);
  for (;;) {
    const end = nearestLack(room, excess, queue, parent);
    if (end === NONE_LEFT) return null;
    if (end === NONE_REACHED) return Uint8Array.from(parent, (node) => (node >= 0 ? 1 : 0));
    let amount = -excess[end]!;
    let node = end;
    for (; parent[node] !== node; node = parent[node]!) amount = Math.min(amount, room[parent[node]! * nodes + node]!);
    amount = Math.min(amount, excess[node]!);
    excess[node]! -= amount;
    excess[end]! += amount;
    for (node = end; parent[node] !== node; node = parent[node]!) {
      room[parent[node]! * nodes + node]! -= amount;
      room[node * nodes + parent[node]!]! += amount;
    }
  }
}

const NONE_LEFT = -1;
const NONE_REACHED = -2;

/** Breadth first from all nodes with excess to the nearest that lacks; `parent` is -1 where it did not come. */
function nearestLack(room: Float64Array, excess: Float64Array, queue: Int32Array, parent: Int32Array): number {
  const nodes = excess.length;
  parent.fill(-1);
  let tail = 0;
  for (let node = 0; node < nodes; node++) {
    if (excess[node]! > 0) {
      parent[node] = node;
      queue[tail++] = node;
    }
  }
  if (tail === 0) return NONE_LEFT;
  for (let head = 0; head < tail; head++) {
    const from = queue[head]!;
    for (let to = 0; to < nodes; to++) {
      if (parent[to]! >= 0 || room[from * nodes + to]! <= 0) continue;
      parent[to] = from;
      if (excess[to]! < 0) return to;
      queue[tail++] = to;
    }
  }
  return NONE_REACHED;
}

/** Only differences matter: when cash itself would rise, every month outside the set falls instead. */
function shift(prices: Float64Array, rising: Uint8Array, stride: number): void {
  for (let month = 1; month < prices.length; month++) prices[month]! += (rising[month]! - rising[0]!) * stride;
}

function powerOfTwoFrom(least: number): number {
  let power = 1;
  while (power < least) power *= 2;
  return power;
}
