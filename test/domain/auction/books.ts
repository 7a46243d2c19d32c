// Ways to write down a book for a test: row by row as traders would say it, or at random from a seed.

import type { AuctionBook } from '../../../lib/domain/auction/auction.ts';
import type { BookHash } from '../../../lib/domain/auction/lottery.ts';

/** `['buy', month, bid, lots]`, `['sell', month, ask, lots]`, or `['spread', bought, sold, limit, lots]`. Months from 1. */
export type Row = ['buy' | 'sell', number, number, number] | ['spread', number, number, number, number];

/** A row belongs to the owner at its place in `owners`, or without them to one of its own. */
export function bookOf(reference: number[], rows: readonly Row[], owners?: readonly number[], hash = HASH): AuctionBook {
  const edges = rows.map((row) => {
    if (row[0] === 'spread') return { buy: row[1], sell: row[2], limit: row[3], lots: row[4] };
    if (row[0] === 'buy') return { buy: row[1], sell: 0, limit: row[2], lots: row[3] };
    return { buy: 0, sell: row[1], limit: -row[2], lots: row[3] };
  });
  return {
    months: reference.length,
    reference: Int32Array.from(reference),
    buy: Uint8Array.from(edges, (edge) => edge.buy),
    sell: Uint8Array.from(edges, (edge) => edge.sell),
    limit: Int32Array.from(edges, (edge) => edge.limit),
    lots: Int32Array.from(edges, (edge) => edge.lots),
    owner: Uint32Array.from(rows, (_, row) => owners?.[row] ?? row),
    hash,
  };
}

/** The hash of a book where a test does not care for one. */
const HASH: BookHash = [1, 2, 3, 4];

/** Another hash for each number, as different books have. */
export function hashOf(number: number): BookHash {
  const random = mulberry32(number);
  const word = (): number => Math.floor(random() * 2 ** 32);
  return [word(), word(), word(), word()];
}

/** The rows of `book` named by `rows`, in that order. */
export function pickRows(book: AuctionBook, rows: readonly number[]): AuctionBook {
  return {
    ...book,
    buy: Uint8Array.from(rows, (row) => book.buy[row]!),
    sell: Uint8Array.from(rows, (row) => book.sell[row]!),
    limit: Int32Array.from(rows, (row) => book.limit[row]!),
    lots: Int32Array.from(rows, (row) => book.lots[row]!),
    owner: Uint32Array.from(rows, (row) => book.owner[row]!),
  };
}

export interface Shape {
  readonly orders: number;
  readonly months: number;
  /** Share of the orders that are calendar spreads. */
  readonly spreads: number;
  /** Ticks either side of the curve that limits reach; 0 puts every limit at it. */
  readonly width: number;
  /** Limits are multiples of this many ticks. */
  readonly tick: number;
  readonly lots_max: number;
  /** Price of the first month, and the step from one month to the next. */
  readonly first: number;
  readonly step: number;
  /** Share of the outrights that buy. */
  readonly buys: number;
}

export function randomBook(shape: Shape, seed: number): AuctionBook {
  const random = mulberry32(seed);
  const { orders, months } = shape;
  const curve = Array.from({ length: months }, (_, month) => shape.first + shape.step * month);
  const near = (price: number) =>
    Math.round((price + (random() + random() + random() - 1.5) * (shape.width / 1.5)) / shape.tick) * shape.tick;
  const rows = Array.from({ length: orders }, (): Row => {
    const lots = 1 + Math.floor(random() * shape.lots_max);
    const bought = Math.floor(random() * months);
    if (months > 1 && random() < shape.spreads) {
      const sold = (bought + 1 + Math.floor(random() * (months - 1))) % months;
      return ['spread', bought + 1, sold + 1, near(curve[bought]! - curve[sold]!), lots];
    }
    return [random() < shape.buys ? 'buy' : 'sell', bought + 1, near(curve[bought]!), lots];
  });
  return bookOf(
    curve.map((price) => near(price)),
    rows,
  );
}

/** A small generator that is the same on every machine: T. Ettinger's mulberry32. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
