import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuctionBook, AuctionBookError, type AuctionResult, clearAuction } from '../../lib/domain/auction/auction.ts';
import { bookOf, hashOf, mulberry32, pickRows, type Row, randomBook } from '../domain/auction/books.ts';

/** Small enough to try every price and every fill, dense enough that most books have ties of every kind. */
function tinyBook(shape: { months: number; ticks: number; rows: number }): fc.Arbitrary<AuctionBook> {
  return fc.integer({ min: 1, max: shape.months }).chain((months) => {
    const tick = fc.integer({ min: -shape.ticks, max: shape.ticks });
    const month = fc.integer({ min: 1, max: months });
    const lots = fc.integer({ min: 1, max: 4 });
    const outright: fc.Arbitrary<Row> = fc.tuple(fc.constantFrom('buy', 'sell'), month, tick, lots);
    const spread: fc.Arbitrary<Row> = fc
      .tuple(fc.constant('spread' as const), month, fc.integer({ min: 1, max: Math.max(1, months - 1) }), tick, lots)
      .map(([kind, bought, on, limit, size]) => [kind, bought, ((bought + on - 1) % months) + 1, limit, size]);
    const row = months === 1 ? outright : fc.oneof(outright, spread);
    const owned = fc.tuple(row, fc.nat({ max: 3 }));
    return fc
      .tuple(fc.array(tick, { minLength: months, maxLength: months }), fc.array(owned, { maxLength: shape.rows }), fc.nat())
      .map(([reference, rows, number]) => {
        const owners = rows.map(([, owner]) => owner);
        return bookOf(
          reference,
          rows.map(([order]) => order),
          owners,
          hashOf(number),
        );
      });
  });
}

const tiny = tinyBook({ months: 3, ticks: 5, rows: 12 });

describe('any book', () => {
  it('leaves every month in balance, and no order filled beyond its limit or its lots', () => {
    fc.assert(
      fc.property(tiny, (book) => {
        const { prices, filled, surplus, traded } = clearAuction(book);
        const net = new Array<number>(book.months + 1).fill(0);
        let gained = 0n;
        filled.forEach((lots, row) => {
          const better = betterBy(book, prices, row);
          expect(lots).toBeGreaterThanOrEqual(better > 0 ? book.lots[row]! : 0);
          expect(lots).toBeLessThanOrEqual(better < 0 ? 0 : book.lots[row]!);
          net[book.buy[row]!]! += lots;
          net[book.sell[row]!]! -= lots;
          gained += BigInt(lots) * BigInt(better);
        });
        expect(net).toEqual(net.map(() => 0));
        expect(gained).toBe(surplus);
        const touched = (month: number) =>
          filled.some((lots, row) => lots > 0 && (book.buy[row] === month || book.sell[row] === month));
        expect(traded).toEqual(Array.from(prices, (_, month) => touched(month + 1)));
      }),
      { numRuns: 2000 },
    );
  });

  it('gets the prices of greatest surplus, nearest the reference, then lowest in every month', () => {
    fc.assert(
      fc.property(tinyBook({ months: 3, ticks: 3, rows: 8 }), (book) => {
        const { prices, surplus } = clearAuction(book);
        const best = bestPricesByTrial(book, 9);
        expect(surplus).toBe(best.surplus);
        for (const month of prices.keys()) {
          expect(prices[month]).toBe(Math.min(...best.prices.map((candidate) => candidate[month]!)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has prices no move of any months improves, however many months and whatever the scale', () => {
    const random = mulberry32(11);
    for (let trial = 0; trial < 120; trial++) {
      const book = randomBook(
        {
          orders: Math.ceil(random() * 60),
          months: 1 + Math.floor(random() * 6),
          spreads: random(),
          width: 10 ** Math.floor(random() * 8),
          tick: 1,
          lots_max: 10 ** Math.floor(random() * 9),
          first: Math.round((random() - 0.5) * 1e6),
          step: Math.round((random() - 0.5) * 1e5),
          buys: random(),
        },
        trial,
      );
      expectNoBetterMove(book, clearAuction(book).prices);
    }
  });

  it('gets the same prices, and owners the same fills, in any order of its rows', () => {
    fc.assert(
      fc.property(tiny, fc.integer(), (book, seed) => {
        const shuffled = pickRows(book, shuffle(Array.from(book.lots.keys()), mulberry32(seed)));
        const before = clearAuction(book);
        const after = clearAuction(shuffled);
        expect(after.prices).toEqual(before.prices);
        expect(after.surplus).toBe(before.surplus);
        expect(fillsByOwner(shuffled, after)).toEqual(fillsByOwner(book, before));
      }),
      { numRuns: 1000 },
    );
  });

  it('gets the same prices, and every owner the same fills, when an order is split in two', () => {
    fc.assert(
      fc.property(tiny, fc.nat(), fc.nat(), (book, chosen, cut) => {
        const rows = book.lots.length;
        const row = chosen % Math.max(1, rows);
        fc.pre(rows > 0 && book.lots[row]! > 1);
        const split = pickRows(book, [...book.lots.keys(), row]);
        split.lots[rows] = 1 + (cut % (book.lots[row]! - 1));
        split.lots[row]! -= split.lots[rows]!;
        const before = clearAuction(book);
        const after = clearAuction(split);
        expect(after.prices).toEqual(before.prices);
        expect(after.surplus).toBe(before.surplus);
        expect(fillsByOwner(split, after)).toEqual(fillsByOwner(book, before));
      }),
      { numRuns: 1000 },
    );
  });

  it('never loses surplus when an order is added', () => {
    fc.assert(
      fc.property(tiny, (book) => {
        fc.pre(book.lots.length > 0);
        const fewer = pickRows(book, Array.from(book.lots.keys()).slice(1));
        expect(clearAuction(book).surplus).toBeGreaterThanOrEqual(clearAuction(fewer).surplus);
      }),
      { numRuns: 1000 },
    );
  });

  it('moves its prices with its limits and reference when they all move alike', () => {
    fc.assert(
      fc.property(tiny, fc.integer({ min: -1e6, max: 1e6 }), (book, shift) => {
        const moved = {
          ...book,
          reference: book.reference.map((tick) => tick + shift),
          limit: book.limit.map((tick, row) => tick + (book.sell[row] === 0 ? shift : book.buy[row] === 0 ? -shift : 0)),
        };
        const before = clearAuction(book);
        const after = clearAuction(moved);
        expect(after.prices).toEqual(before.prices.map((tick) => tick + shift));
        expect(after.filled).toEqual(before.filled);
      }),
      { numRuns: 500 },
    );
  });
});

describe('orders at the price', () => {
  it('trade the most lots that balance, and of those ways the one that shares most evenly', () => {
    fc.assert(
      fc.property(fc.oneof(tinyBook({ months: 2, ticks: 1, rows: 7 }), tinyBook({ months: 3, ticks: 0, rows: 8 })), (book) => {
        const result = clearAuction(book);
        const margins = marginsOf(book, result);
        fc.pre(margins.reduce((ways, { lots }) => ways * (lots + 1), 1) <= 20_000);
        const best = bestSharingByTrial(book, margins);
        expect(margins.reduce((sum, { filled }) => sum + filled, 0)).toBe(best.volume);
        expect(uneven(margins, (margin) => margin.filled)).toBeLessThanOrEqual(best.uneven + 1e-3);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('limits and lots at the ends of their range', () => {
  const edge = fc.constantFrom(-(2 ** 31), -(2 ** 31) + 1, -1, 0, 1, 2 ** 31 - 2, 2 ** 31 - 1);
  const size = fc.constantFrom(1, 2, 2 ** 31 - 2, 2 ** 31 - 1);
  const months = 3;
  const node = fc.integer({ min: 0, max: months });
  const extreme = (spreads: boolean): fc.Arbitrary<AuctionBook> => {
    const row = fc
      .record({ buy: node, sell: node, limit: edge, lots: size, owner: fc.nat({ max: 2 }) })
      .filter(({ buy, sell }) => buy !== sell && (spreads || buy === 0 || sell === 0));
    return fc.tuple(fc.array(edge, { minLength: months, maxLength: months }), fc.array(row, { maxLength: 10 })).map(
      ([reference, rows]): AuctionBook => ({
        months,
        reference: Int32Array.from(reference),
        buy: Uint8Array.from(rows, (one) => one.buy),
        sell: Uint8Array.from(rows, (one) => one.sell),
        limit: Int32Array.from(rows, (one) => one.limit),
        lots: Int32Array.from(rows, (one) => one.lots),
        owner: Uint32Array.from(rows, (one) => one.owner),
        hash: hashOf(rows.length),
      }),
    );
  };

  it('clear exactly, to the last bit of the surplus, when all orders are outright', () => {
    fc.assert(
      fc.property(extreme(false), (book) => {
        const { prices, surplus } = clearAuction(book);
        expect(surplus).toBe(surplusAt(book, prices));
        expectNoBetterMove(book, prices);
      }),
      { numRuns: 1000 },
    );
  });

  it('clear as exactly with spreads, or are refused where no 32-bit prices clear', () => {
    let refused = 0;
    fc.assert(
      fc.property(extreme(true), (book) => {
        try {
          const { prices, surplus } = clearAuction(book);
          expect(surplus).toBe(surplusAt(book, prices));
          expectNoBetterMove(book, prices);
        } catch (error) {
          if (!(error instanceof AuctionBookError)) throw error;
          expect(error.code).toBe('price-out-of-range');
          refused++;
        }
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeLessThan(400);
  });
});

function betterBy(book: AuctionBook, prices: ArrayLike<number>, row: number): number {
  const price = (node: number) => (node === 0 ? 0 : prices[node - 1]!);
  return book.limit[row]! - (price(book.buy[row]!) - price(book.sell[row]!));
}

function surplusAt(book: AuctionBook, prices: ArrayLike<number>): bigint {
  let sum = 0n;
  for (const row of book.lots.keys()) sum += BigInt(book.lots[row]!) * BigInt(Math.max(0, betterBy(book, prices, row)));
  return sum;
}

const distance = (book: AuctionBook, prices: ArrayLike<number>): number =>
  book.reference.reduce((sum, tick, month) => sum + Math.abs(prices[month]! - tick), 0);

/** All prices of least D and, among them, of least distance, by trying every vector of ticks up to `bound`. */
function bestPricesByTrial(book: AuctionBook, bound: number): { surplus: bigint; prices: number[][] } {
  const ticks = Array.from({ length: 2 * bound + 1 }, (_, place) => place - bound);
  let vectors: number[][] = [[]];
  for (let month = 0; month < book.months; month++) vectors = vectors.flatMap((prices) => ticks.map((tick) => [...prices, tick]));
  const rows = Array.from(book.lots.keys());
  const worth = vectors.map((prices) =>
    rows.reduce((sum, row) => sum + book.lots[row]! * Math.max(0, betterBy(book, prices, row)), 0),
  );
  const least = worth.reduce((a, b) => Math.min(a, b));
  const clearing = vectors.filter((_, place) => worth[place] === least);
  const nearest = Math.min(...clearing.map((prices) => distance(book, prices)));
  return { surplus: BigInt(least), prices: clearing.filter((prices) => distance(book, prices) === nearest) };
}

/**
 * An L-natural-convex function is least where no set of coordinates can rise or fall by one (Murota, Discrete Convex
 * Analysis, theorem 7.14). The surplus, then the distance to the reference, then the sum of prices is one, so this is a
 * whole proof.
 */
function expectNoBetterMove(book: AuctionBook, prices: Int32Array): void {
  const here = [surplusAt(book, prices), BigInt(distance(book, prices)), BigInt(prices.reduce((sum, tick) => sum + tick, 0))];
  for (let set = 1; set < 2 ** book.months; set++) {
    for (const step of [-1, 1]) {
      const moved = Array.from(prices, (tick, month) => tick + ((set >> month) & 1) * step);
      if (moved.some((tick) => tick !== (tick | 0))) continue;
      const there = [surplusAt(book, moved), BigInt(distance(book, moved)), BigInt(moved.reduce((sum, tick) => sum + tick, 0))];
      const differs = here.findIndex((value, rank) => value !== there[rank]);
      expect(here[differs], `${prices} against ${moved}`).toBeLessThan(there[differs]!);
    }
  }
}

function shuffle<T>(items: T[], random: () => number): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}

/** What each owner fills of each pair at each limit: what neither an order of the rows nor a split may change. */
function fillsByOwner(book: AuctionBook, { filled }: AuctionResult): Record<string, number> {
  const fills: Record<string, number> = {};
  filled.forEach((lots, row) => {
    const kind = `owner ${book.owner[row]} buys ${book.buy[row]}, sells ${book.sell[row]} at ${book.limit[row]}`;
    fills[kind] = (fills[kind] ?? 0) + lots;
  });
  return fills;
}

interface Margin {
  readonly sell: number;
  readonly buy: number;
  lots: number;
  filled: number;
}

/** What each pair has at the price, and how much of it is filled. */
function marginsOf(book: AuctionBook, { prices, filled }: AuctionResult): Margin[] {
  const margins = new Map<number, Margin>();
  filled.forEach((fill, row) => {
    if (betterBy(book, prices, row) !== 0) return;
    const { sell, buy } = { sell: book.sell[row]!, buy: book.buy[row]! };
    const margin = margins.get(sell * 16 + buy) ?? { sell, buy, lots: 0, filled: 0 };
    margin.lots += book.lots[row]!;
    margin.filled += fill;
    margins.set(sell * 16 + buy, margin);
  });
  return [...margins.values()];
}

const uneven = (margins: Margin[], fill: (margin: Margin, place: number) => number): number =>
  margins.reduce((sum, margin, place) => sum + fill(margin, place) ** 2 / margin.lots, 0);

/** The greatest volume, and the least sum of filled^2 / lots that has it, by trying every fill of every pair. */
function bestSharingByTrial(book: AuctionBook, margins: Margin[]): { volume: number; uneven: number } {
  const needed = new Array<number>(book.months + 1).fill(0);
  for (const { sell, buy, filled } of margins) {
    needed[buy]! += filled;
    needed[sell]! -= filled;
  }
  let best = { volume: -1, uneven: 0 };
  const fills = margins.map(() => 0);
  const tryFrom = (place: number, net: number[], volume: number): void => {
    if (place === margins.length) {
      if (net.some((lots, node) => lots !== needed[node]) || volume < best.volume) return;
      const spread = uneven(margins, (_, at) => fills[at]!);
      if (volume > best.volume || spread < best.uneven) best = { volume, uneven: spread };
      return;
    }
    const { sell, buy, lots } = margins[place]!;
    for (let fill = 0; fill <= lots; fill++) {
      fills[place] = fill;
      const after = [...net];
      after[buy]! += fill;
      after[sell]! -= fill;
      tryFrom(place + 1, after, volume + fill);
    }
  };
  tryFrom(0, new Array<number>(book.months + 1).fill(0), 0);
  return best;
}
