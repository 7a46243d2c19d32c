/** Auctions within bands: where prices end up, who is cut back and by how much, and that others are not. */
import { describe, expect, it } from 'vitest';
import { type AuctionBook, clearAuction, openBook, pricesWithin } from '../../../lib/domain/auction/auction.ts';
import { ticks } from '../../../lib/domain/contract/units.ts';
import { type BandedResult, bandWidth, clearWithin, type PriceBands } from '../../../lib/domain/risk/price-bands.ts';
import { without } from '../../../lib/domain/risk/self-match.ts';
import { greatestSurplus, greatestVolume, loadHighs } from '../../properties/auction-lp.ts';
import { bookOf, mulberry32, type Row, randomBook } from '../auction/books.ts';

const around = ({ reference }: AuctionBook, width: number): PriceBands => ({
  low: reference.map((mark) => mark - width),
  high: reference.map((mark) => mark + width),
});
const cleared = (reference: number[], rows: readonly Row[], width: number, owners?: readonly number[]): BandedResult => {
  const book = bookOf(reference, rows, owners);
  return clearWithin(book, around(book, width));
};

describe('a month whose book clears within its band', () => {
  it('is not locked, and its auction is the same as without bands', () => {
    const rows: Row[] = [
      ['buy', 1, 2010, 10],
      ['sell', 1, 1990, 6],
    ];
    const { locked, sizes, ...result } = cleared([2000], rows, 20);
    expect(result).toEqual(clearAuction(bookOf([2000], rows)));
    expect(locked).toEqual([]);
    expect([...sizes]).toEqual([10, 6]);
  });

  it('may clear at the edge itself', () => {
    const { prices, locked } = cleared(
      [2000],
      [
        ['sell', 1, 2020, 5],
        ['buy', 1, 2030, 5],
      ],
      20,
    );
    expect(prices[0]).toBe(2020);
    expect(locked).toEqual([]);
  });
});

describe('a month that clears nowhere in its band', () => {
  it('is limit bid at the top: its buyers share what is offered there by size', () => {
    const rows: Row[] = [
      ['buy', 1, 2500, 300],
      ['buy', 1, 2400, 100],
      ['sell', 1, 2005, 40],
    ];
    const { prices, filled, locked } = cleared([2000], rows, 20);
    expect(prices[0]).toBe(2020);
    expect([...filled]).toEqual([30, 10, 40]);
    expect(locked).toEqual([{ place: 0, side: 'bid', crowd: 400, kept: 40 }]);
  });

  it('is limit offered at the bottom: no order sells below it', () => {
    const rows: Row[] = [
      ['sell', 1, 1500, 300],
      ['sell', 1, 1600, 100],
      ['buy', 1, 1995, 40],
    ];
    const { prices, filled, locked } = cleared([2000], rows, 20);
    expect(prices[0]).toBe(1980);
    expect([...filled]).toEqual([30, 10, 40]);
    expect(locked).toEqual([{ place: 0, side: 'offered', crowd: 400, kept: 40 }]);
  });

  it('trades nothing and stands at the edge when no order is on the other side', () => {
    // A bid alone does not press: there is no price at which it must trade.
    const { prices, filled, locked } = cleared([2000], [['buy', 1, 2500, 300]], 20);
    expect([prices[0], [...filled], locked]).toEqual([2020, [0], [{ place: 0, side: 'bid', crowd: 300, kept: 0 }]]);
  });

  it('cuts the spreads that buy it alike, and leaves the other month its price', () => {
    const rows: Row[] = [
      ['buy', 2, 2600, 50],
      ['spread', 2, 1, 500, 50],
      ['sell', 2, 2100, 20],
      ['buy', 1, 2003, 30],
      ['sell', 1, 2001, 30],
    ];
    const { prices, filled, sizes, locked } = cleared([2000, 2100], rows, 20);
    expect(prices[1]).toBe(2120);
    expect(prices[0]).toBeGreaterThanOrEqual(1980);
    expect(prices[0]).toBeLessThanOrEqual(2020);
    expect(filled[0]! + filled[1]!).toBe(20);
    expect(Math.abs(sizes[0]! - sizes[1]!)).toBeLessThanOrEqual(1);
    expect([...sizes.slice(2)]).toEqual([20, 30, 30]);
    expect(locked).toMatchObject([{ place: 1, side: 'bid' }]);
  });
});

it('a band widens with every auction in a row that was locked, up to its stop', () => {
  const steps = [100, 200, 400].map(ticks);
  expect([0, 1, 2, 3, 99].map((count) => bandWidth(steps, count))).toEqual([100, 200, 400, 400, 400]);
});

it('a mark outside its own band is refused', () => {
  const book = bookOf([2000], []);
  expect(() => clearWithin(book, { low: Int32Array.of(2001), high: Int32Array.of(2010) })).toThrow(RangeError);
});

/** Books whose orders are often far from the marks, on one side in some months. */
function pressedBook(seed: number): AuctionBook {
  const random = mulberry32(seed * 104_729);
  const months = 1 + Math.floor(random() * 5);
  const shape = {
    orders: 5 + Math.floor(random() * 80),
    months,
    spreads: 0.4 * random(),
    width: 60,
    tick: 1,
    lots_max: 30,
    first: 1000,
    step: 25,
  };
  const book = randomBook({ ...shape, buys: 0.2 + 0.6 * random() }, seed);
  const push = Array.from({ length: months }, () => Math.round((random() - 0.5) * 120));
  return {
    ...book,
    limit: book.limit.map((limit, row) => limit + (push[book.buy[row]! - 1] ?? 0) - (push[book.sell[row]! - 1] ?? 0)),
    owner: Uint32Array.from(book.owner, (_, row) => row),
  };
}

describe('on random books under pressure', () => {
  const SEEDS = Array.from({ length: 400 }, (_, seed) => seed + 1);
  const runs = SEEDS.map((seed) => {
    const book = pressedBook(seed);
    const bands = around(book, 25);
    return { seed, book, bands, result: clearWithin(book, bands) };
  });
  const lockedRuns = runs.filter(({ result }) => result.locked.length > 0);

  it('prices stay within their bands, and a locked month stands at its edge', () => {
    expect(lockedRuns.length).toBeGreaterThan(150);
    for (const { seed, bands, result } of runs) {
      for (const [place, price] of result.prices.entries()) {
        expect(price, `seed ${seed}`).toBeGreaterThanOrEqual(bands.low[place]!);
        expect(price, `seed ${seed}`).toBeLessThanOrEqual(bands.high[place]!);
      }
      for (const { place, side, crowd, kept } of result.locked) {
        expect(result.prices[place], `seed ${seed}`).toBe((side === 'bid' ? bands.high : bands.low)[place]);
        expect(kept).toBeLessThan(crowd);
      }
    }
  });

  const inCrowd = (book: AuctionBook, row: number, { place, side }: BandedResult['locked'][number]): boolean =>
    (side === 'bid' ? book.buy : book.sell)[row] === place + 1;

  it('of all that is cut, less than a fiftieth is of months that end inside their bands', () => {
    let [all, eased] = [0, 0];
    for (const { book, result } of runs)
      for (const [row, lots] of book.lots.entries()) {
        all += lots - result.sizes[row]!;
        if (!result.locked.some((month) => inCrowd(book, row, month))) eased += lots - result.sizes[row]!;
      }
    expect(all).toBeGreaterThan(10_000);
    expect(eased / all).toBeLessThan(0.02);
  });

  it('a row is cut by the smallest factor of its crowds, to a lot', () => {
    let checked = 0;
    for (const { seed, book, result } of lockedRuns) {
      const rows = [...book.lots.keys()];
      // Of a month the factor is that of the rows that are in no other crowd.
      const factors = result.locked.map((month) => {
        const own = rows.filter(
          (row) => inCrowd(book, row, month) && !result.locked.some((each) => each !== month && inCrowd(book, row, each)),
        );
        const sum = (of: ArrayLike<number>): number => own.reduce((total, row) => total + of[row]!, 0);
        return { month, own, factor: sum(result.sizes) / sum(book.lots) };
      });
      const isOther = rows.some(
        (row) => result.sizes[row]! < book.lots[row]! && !result.locked.some((each) => inCrowd(book, row, each)),
      );
      if (isOther) continue;
      for (const { own, factor } of factors)
        for (const row of own) {
          expect(Math.abs(result.sizes[row]! - book.lots[row]! * factor), `seed ${seed}`).toBeLessThan(2);
          checked++;
        }
    }
    expect(checked).toBeGreaterThan(1000);
  });

  it('with one lot more of the crowd, nothing within the band would clear', () => {
    let checked = 0;
    for (const { seed, book, bands, result } of lockedRuns) {
      // Without spreads, so that every cut order which is better than the edge presses alike.
      if (book.sell.some((sold, row) => sold !== 0 && book.buy[row] !== 0)) continue;
      for (const month of result.locked) {
        const edge = (month.side === 'bid' ? 1 : -1) * result.prices[month.place]!;
        const row = [...book.lots.keys()].find(
          (each) => inCrowd(book, each, month) && book.limit[each]! > edge && result.sizes[each]! < book.lots[each]!,
        );
        if (row === undefined) continue;
        const sizes = result.sizes.slice();
        sizes[row]! += 1;
        const { book: more } = without(
          book,
          book.lots.map((lots, each) => lots - sizes[each]!),
        );
        const range = { low: Float64Array.of(0, ...bands.low), high: Float64Array.of(0, ...bands.high) };
        expect(pricesWithin(openBook(more).demands, more.reference, range), `seed ${seed}`).toBeUndefined();
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(20);
  });

  it('it is the same again', () => {
    for (const { book, bands, result } of lockedRuns.slice(0, 100)) expect(clearWithin(book, bands)).toEqual(result);
  });

  it('what trades of the sizes left is of greatest surplus and volume, by another solver', async () => {
    const highs = await loadHighs();
    for (const { book, result } of lockedRuns.slice(0, 80)) {
      const rows = [...book.lots.keys()].filter((row) => result.sizes[row]! > 0);
      const left: AuctionBook = {
        ...book,
        buy: Uint8Array.from(rows, (row) => book.buy[row]!),
        sell: Uint8Array.from(rows, (row) => book.sell[row]!),
        limit: Int32Array.from(rows, (row) => book.limit[row]!),
        lots: Int32Array.from(rows, (row) => result.sizes[row]!),
        owner: Uint32Array.from(rows),
      };
      expect(result.surplus).toBe(greatestSurplus(highs, left));
      expect(BigInt(result.filled.reduce((sum, lots) => sum + lots, 0))).toBe(greatestVolume(highs, left, result.prices));
    }
  });
});

it('months that press each other are done with after a bounded number of cuts', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = mulberry32(seed * 104_729);
    const shape = {
      orders: 300,
      months: 12,
      spreads: 0.6 * random(),
      width: 60,
      tick: 1,
      lots_max: 100_000,
      first: 1000,
      step: 25,
    };
    const flat = randomBook({ ...shape, buys: 0.2 + 0.6 * random() }, seed);
    const push = Array.from({ length: 12 }, () => Math.round((random() - 0.5) * 160));
    const book = {
      ...flat,
      limit: flat.limit.map((limit, row) => limit + (push[flat.buy[row]! - 1] ?? 0) - (push[flat.sell[row]! - 1] ?? 0)),
    };
    const bands = around(book, 25);
    const { prices, locked } = clearWithin(book, bands);
    expect(locked.length).toBeGreaterThan(2);
    expect(prices.every((price, place) => price >= bands.low[place]! && price <= bands.high[place]!)).toBe(true);
  }
}, 60_000);
