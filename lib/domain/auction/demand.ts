// Everything the auction needs to know about prices, whatever the number of orders: for each pair of nodes, how many
// lots bid a limit or better. Built in one pass to find each pair's range of limits and one to add the lots up. A pair
// whose limits lie close together gets a cell per tick; one whose limits are far apart keeps only the ticks that occur.

import type { CheckedBook } from './columns.ts';
import type { ExactSum } from './exact-sum.ts';

/** The orders that sell one node and buy another, seen from prices: how many lots have at least a given limit. */
export interface Demand {
  readonly sell: number;
  readonly buy: number;
  lotsFrom(limit: number): number;
}

/** Demand by limit, read in constant or logarithmic time: the suffix sums of one pair of nodes. */
export class LimitDemand implements Demand {
  readonly sell: number;
  readonly buy: number;
  /** The ticks that occur, ascending; null when there is a cell for every tick from `lowest` on. */
  private readonly ticks: Int32Array | null;
  private readonly lowest: number;
  /** Cell j: lots with at least the limit of cell j. One more cell than ticks, the last being 0. */
  private readonly from: Float64Array;

  /** `lots` holds the lots at each tick, and a last cell of 0; it becomes this demand's own. */
  constructor(sell: number, buy: number, lowest: number, ticks: Int32Array | null, lots: Float64Array) {
    this.sell = sell;
    this.buy = buy;
    this.lowest = lowest;
    this.ticks = ticks;
    for (let cell = lots.length - 2; cell >= 0; cell--) lots[cell]! += lots[cell + 1]!;
    this.from = lots;
  }

  lotsFrom(limit: number): number {
    return this.from[this.cellFrom(limit)]!;
  }

  /** The largest distance, in ticks, of a limit from `spread`. */
  reach(spread: number): number {
    return Math.max(Math.abs(this.limitOf(0) - spread), Math.abs(this.limitOf(this.from.length - 2) - spread));
  }

  /** Adds lots x (limit - spread) over the limits above `spread`. */
  addSurplus(spread: number, surplus: ExactSum): void {
    for (let cell = this.cellFrom(spread + 1); cell < this.from.length - 1; cell++) {
      surplus.add(this.from[cell]! - this.from[cell + 1]!, this.limitOf(cell) - spread);
    }
  }

  private limitOf(cell: number): number {
    return this.ticks === null ? this.lowest + cell : this.ticks[cell]!;
  }

  private cellFrom(limit: number): number {
    if (this.ticks !== null) return firstAtLeast(this.ticks, limit);
    return Math.min(Math.max(limit - this.lowest, 0), this.from.length - 1);
  }
}

/** What demand is made of: a row that has no lots adds nothing to it. */
export type DemandRows = Pick<CheckedBook, 'nodes' | 'pair' | 'limit' | 'lots'>;

/** One demand per pair of nodes that has orders, by node sold, then node bought. */
export function limitDemands(book: DemandRows): LimitDemand[] {
  const ranges = limitRanges(book);
  const cells = layOut(ranges);
  const lots = sumCells(book, cells);
  const rowsOf = sparseRows(book, ranges, cells);
  const demands: LimitDemand[] = [];
  for (let pair = 0; pair < ranges.orders.length; pair++) {
    if (ranges.orders[pair] === 0) continue;
    const sell = Math.floor(pair / book.nodes);
    const buy = pair % book.nodes;
    const rows = rowsOf.get(pair);
    const lowest = ranges.lowest[pair]!;
    if (rows !== undefined) demands.push(sparseDemand(book, sell, buy, rows));
    else {
      const start = (cells.base[pair]! + lowest) | 0;
      const end = start + (ranges.highest[pair]! - lowest) + 2;
      demands.push(new LimitDemand(sell, buy, lowest, null, lots.subarray(start, end)));
    }
  }
  return demands;
}

interface LimitRanges {
  readonly lowest: Int32Array;
  readonly highest: Int32Array;
  readonly orders: Int32Array;
}

function limitRanges({ nodes, pair, limit }: DemandRows): LimitRanges {
  const lowest = new Int32Array(nodes * nodes).fill(2 ** 31 - 1);
  const highest = new Int32Array(nodes * nodes).fill(-(2 ** 31));
  const orders = new Int32Array(nodes * nodes);
  for (let row = 0; row < pair.length; row++) {
    const at = pair[row]!;
    const tick = limit[row]!;
    if (tick < lowest[at]!) lowest[at] = tick;
    if (tick > highest[at]!) highest[at] = tick;
    orders[at]!++;
  }
  return { lowest, highest, orders };
}

/** A limit's cell is base + (limit & mask): a cell per tick where the mask is -1, one for all where it is 0. */
interface Cells {
  readonly base: Int32Array;
  readonly mask: Int32Array;
  readonly total: number;
}

function layOut({ lowest, highest, orders }: LimitRanges): Cells {
  const base = new Int32Array(orders.length);
  const mask = new Int32Array(orders.length);
  let total = 0;
  for (let pair = 0; pair < orders.length; pair++) {
    if (orders[pair] === 0) continue;
    const width = highest[pair]! - lowest[pair]! + 1;
    const close = width <= 4 * orders[pair]! + 64;
    mask[pair] = close ? -1 : 0;
    base[pair] = close ? total - lowest[pair]! : total;
    total += close ? width + 1 : 1;
  }
  return { base, mask, total };
}

function sumCells({ pair, limit, lots }: DemandRows, { base, mask, total }: Cells): Float64Array {
  const sums = new Float64Array(total);
  // A base below the int32 range has wrapped round, and the sum wraps it back.
  for (let row = 0; row < pair.length; row++) {
    const at = pair[row]!;
    sums[(base[at]! + (limit[row]! & mask[at]!)) | 0]! += lots[row]!;
  }
  return sums;
}

/** The rows of each pair whose limits lie too far apart for a cell per tick. */
function sparseRows({ pair }: DemandRows, { orders }: LimitRanges, { mask }: Cells): Map<number, Int32Array> {
  const rowsOf = new Map<number, Int32Array>();
  for (let at = 0; at < orders.length; at++) {
    if (orders[at]! > 0 && mask[at] === 0) rowsOf.set(at, new Int32Array(orders[at]!));
  }
  if (rowsOf.size === 0) return rowsOf;
  const listed = new Int32Array(orders.length);
  for (let row = 0; row < pair.length; row++) {
    const at = pair[row]!;
    if (mask[at] === 0) rowsOf.get(at)![listed[at]!++] = row;
  }
  return rowsOf;
}

function sparseDemand({ limit, lots }: DemandRows, sell: number, buy: number, rows: Int32Array): LimitDemand {
  const { ticks, sums } = sumTicks(limit, rows, [lots]);
  return new LimitDemand(sell, buy, ticks[0]!, ticks, sums[0]!);
}

/** Two columns of lots by pair of nodes and limit, where either has any: by node sold, then node bought, the best limit first. */
export function limitSums(book: CheckedBook, one: Int32Array, other: Int32Array) {
  const ranges = limitRanges(book);
  const cells = layOut(ranges);
  const [ones, others] = [sumCells({ ...book, lots: one }, cells), sumCells({ ...book, lots: other }, cells)];
  const rowsOf = sparseRows(book, ranges, cells);
  const found = { sell: [] as number[], buy: [] as number[], limit: [] as number[], one: [] as number[], other: [] as number[] };
  const add = (pair: number, limit: number, first: number, second: number): void => {
    if (first === 0 && second === 0) return;
    found.sell.push(Math.floor(pair / book.nodes));
    found.buy.push(pair % book.nodes);
    found.limit.push(limit);
    found.one.push(first);
    found.other.push(second);
  };
  for (let pair = 0; pair < ranges.orders.length; pair++) {
    if (ranges.orders[pair] === 0) continue;
    const [rows, lowest, base] = [rowsOf.get(pair), ranges.lowest[pair]!, cells.base[pair]!];
    if (rows === undefined) {
      for (let limit = ranges.highest[pair]!; limit >= lowest; limit--) {
        const cell = (base + limit) | 0;
        add(pair, limit, ones[cell]!, others[cell]!);
      }
      continue;
    }
    const { ticks, sums } = sumTicks(book.limit, rows, [one, other]);
    for (let at = ticks.length - 1; at >= 0; at--) add(pair, ticks[at]!, sums[0]![at]!, sums[1]![at]!);
  }
  return {
    sell: Uint8Array.from(found.sell),
    buy: Uint8Array.from(found.buy),
    limit: Int32Array.from(found.limit),
    one: Float64Array.from(found.one),
    other: Float64Array.from(found.other),
  };
}

/** The limits that occur in some rows, ascending, and columns of lots added up at each; one more cell than limits, the last being 0. */
function sumTicks(
  limit: Int32Array,
  rows: Int32Array,
  columns: readonly Int32Array[],
): { ticks: Int32Array; sums: Float64Array[] } {
  const sorted = rows.map((row) => limit[row]!).sort();
  const ticks = sorted.filter((tick, place) => place === 0 || tick !== sorted[place - 1]);
  const sums = columns.map(() => new Float64Array(ticks.length + 1));
  for (const row of rows) {
    const cell = firstAtLeast(ticks, limit[row]!);
    for (let each = 0; each < columns.length; each++) sums[each]![cell]! += columns[each]![row]!;
  }
  return { ticks, sums };
}

/** Place of the first of the ascending ticks that is at least `limit`, or their number. */
function firstAtLeast(ticks: Int32Array, limit: number): number {
  let low = 0;
  let high = ticks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ticks[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
