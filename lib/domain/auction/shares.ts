// How the lots that trade at a price are shared among the orders of one pair that stand exactly there.
//
//  1. Between owners, in proportion to what each has there in all. Every owner gets the whole lots of its proportional
//     share, and the part of a lot that is left is its chance of one more. So an owner's total is its share rounded down or
//     up, and its expectation is its share exactly, whatever the number, the sizes and the names of its orders.
//  2. Among an owner's own orders, in proportion to size by largest remainder; of equal remainders the lottery chooses.
//
// The chances of the first step add up to the lots that are left, and exactly that many are drawn: the owners' parts are
// laid end to end in a drawn order, on a line marked once a lot from a drawn beginning, and an owner on whose part a mark
// falls gets a lot. A part is shorter than a lot, so it holds one mark at most, and it holds one with a chance of its own
// length (systematic sampling: Madow and Madow, Annals of Mathematical Statistics 15, 1944; with unequal chances Madow,
// ibid. 20, 1949).

import type { Lottery } from './lottery.ts';

/** The orders of one pair exactly at the price. Some of their lots trade, and not all. */
export interface SharedMargin {
  readonly lots: number;
  readonly filled: number;
  /** The pair's rows at the price. */
  readonly rows: number[];
}

interface Columns {
  /** Alike for the rows of one owner. */
  readonly owner: Uint32Array;
  readonly lots: Int32Array;
}

/** Shares out one pair's lots at the price, into `filled`. */
export function shareOut(margin: SharedMargin, columns: Columns, filled: Int32Array, lottery: Lottery): void {
  const { owner, lots } = columns;
  const rows = byOwner(margin.rows, owner);
  const ends: number[] = [];
  const held: number[] = [];
  for (let place = 0; place < rows.length; ) {
    const own = owner[rows[place]!]!;
    let sum = 0;
    for (; place < rows.length && owner[rows[place]!] === own; place++) sum += lots[rows[place]!]!;
    ends.push(place);
    held.push(sum);
  }
  // All owners draw before any order does, so that how an owner cuts its orders changes no draw of an owner.
  const shares = sharesOfOwners(held, margin, lottery);
  let start = 0;
  for (let at = 0; at < ends.length; at++) {
    const end = ends[at]!;
    if (end === start + 1) filled[rows[start]!] = shares[at]!;
    else shareBySize(rows.subarray(start, end), held[at]!, shares[at]!, lots, filled, lottery);
    start = end;
  }
}

/** The rows, those of an owner together, by owner and then by place. A book mostly comes so, and then nothing is moved. */
function byOwner(rows: readonly number[], owner: Uint32Array): Int32Array {
  const ordered = rows.every((row, place) => place === 0 || owner[rows[place - 1]!]! <= owner[row]!);
  return Int32Array.from(ordered ? rows : rows.toSorted((a, b) => owner[a]! - owner[b]! || a - b));
}

/** Lots for each owner, of those that trade: its proportional share, rounded down or up by lot. */
function sharesOfOwners(held: readonly number[], { lots, filled }: SharedMargin, lottery: Lottery): Float64Array {
  const shares = new Float64Array(held.length);
  /** In units of 1 / lots of a lot. */
  const parts = new Float64Array(held.length);
  const drawing: number[] = [];
  for (let owner = 0; owner < held.length; owner++) {
    shares[owner] = wholeLots(held[owner]!, filled, lots);
    parts[owner] = partOfLot(held[owner]!, filled, lots, shares[owner]!);
    if (parts[owner]! > 0) drawing.push(owner);
  }
  lottery.shuffle(drawing);
  /** How far the line has come since the last mark. */
  let past = lottery.below(lots);
  for (const owner of drawing) {
    past += parts[owner]!;
    if (past < lots) continue;
    past -= lots;
    shares[owner]!++;
  }
  return shares;
}

/** Largest remainder (Hamilton) among one owner's rows, which hold `held` lots. Equal remainders draw for what is left. */
function shareBySize(
  rows: Int32Array,
  held: number,
  share: number,
  lots: Int32Array,
  filled: Int32Array,
  lottery: Lottery,
): void {
  const parts = new Float64Array(rows.length);
  let left = share;
  for (let at = 0; at < rows.length; at++) {
    const size = lots[rows[at]!]!;
    const whole = wholeLots(size, share, held);
    parts[at] = partOfLot(size, share, held, whole);
    filled[rows[at]!] = whole;
    left -= whole;
  }
  if (left === 0) return;
  const last = parts.toSorted()[rows.length - left]!;
  let alike = 0;
  for (let at = 0; at < rows.length; at++) {
    if (parts[at] === last) alike++;
    else if (parts[at]! > last) {
      filled[rows[at]!]!++;
      left--;
    }
  }
  // Each is chosen with the chance of what is left over what is still to come (Knuth, volume 2, algorithm 3.4.2 S).
  for (let at = 0; left > 0; at++) {
    if (parts[at] !== last || lottery.below(alike--) >= left) continue;
    filled[rows[at]!]!++;
    left--;
  }
}

/** size x filled / lots, rounded down. */
function wholeLots(size: number, filled: number, lots: number): number {
  const product = size * filled;
  if (product > Number.MAX_SAFE_INTEGER) return Number((BigInt(size) * BigInt(filled)) / BigInt(lots));
  // A quotient that is hardly less than a whole number may have been rounded up to it.
  const whole = Math.floor(product / lots);
  return whole * lots > product ? whole - 1 : whole;
}

/** What a share leaves over of its last lot, exactly, in units of 1 / lots: size x filled less the whole lots of it. */
function partOfLot(size: number, filled: number, lots: number, whole: number): number {
  const product = size * filled;
  if (product > Number.MAX_SAFE_INTEGER) return Number(BigInt(size) * BigInt(filled) - BigInt(whole) * BigInt(lots));
  return product - whole * lots;
}
