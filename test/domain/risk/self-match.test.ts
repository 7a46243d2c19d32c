/** What is taken out of an owner's orders before the auction, and that nothing is left that could trade with itself. */
import { describe, expect, it } from 'vitest';
import { type AuctionBook, clearAuction } from '../../../lib/domain/auction/auction.ts';
import { selfMatches, without } from '../../../lib/domain/risk/self-match.ts';
import { greatestSurplus, greatestVolume, loadHighs } from '../../properties/auction-lp.ts';
import { bookOf, mulberry32, pickRows, type Row, randomBook } from '../auction/books.ts';

const CURVE = [2000, 2050, 2100];
const takenOf = (rows: readonly Row[], owners: readonly number[]) => {
  const taken = selfMatches(bookOf(CURVE, rows, owners));
  return taken && [...taken];
};

describe('of an owner that would trade with itself', () => {
  it('a bid and an offer lose what they cross, and keep the rest', () => {
    expect(
      takenOf(
        [
          ['buy', 1, 2010, 100],
          ['sell', 1, 1990, 30],
        ],
        [7, 7],
      ),
    ).toEqual([30, 30]);
  });

  it('a bid and an offer at the same price cross too', () => {
    expect(
      takenOf(
        [
          ['buy', 1, 2000, 1],
          ['sell', 1, 2000, 2],
        ],
        [7, 7],
      ),
    ).toEqual([1, 1]);
  });

  it('a spread crosses the two outrights that are its opposite', () => {
    expect(
      takenOf(
        [
          ['spread', 2, 1, 50, 9],
          ['buy', 1, 2000, 9],
          ['sell', 2, 2050, 4],
        ],
        [7, 7, 7],
      ),
    ).toEqual([4, 4, 4]);
  });

  it('three spreads around cross each other, though no two of them do', () => {
    expect(
      takenOf(
        [
          ['spread', 2, 1, 60, 5],
          ['spread', 3, 2, 60, 5],
          ['spread', 1, 3, -120, 5],
        ],
        [7, 7, 7],
      ),
    ).toEqual([5, 5, 5]);
    expect(
      takenOf(
        [
          ['spread', 2, 1, 60, 5],
          ['spread', 3, 2, 60, 5],
          ['spread', 1, 3, -121, 5],
        ],
        [7, 7, 7],
      ),
    ).toBeUndefined();
  });

  it('the orders that others would have traded with are theirs again', () => {
    const rows: Row[] = [
      ['buy', 1, 2100, 10],
      ['sell', 1, 1900, 10],
      ['buy', 1, 2000, 10],
      ['sell', 1, 2000, 10],
    ];
    const book = bookOf(CURVE, rows, [7, 7, 8, 9]);
    const { book: rest, rows: left } = without(book, selfMatches(book)!);
    expect([...left]).toEqual([2, 3]);
    expect([...clearAuction(rest).filled]).toEqual([10, 10]);
  });
});

describe('nothing is taken', () => {
  it.each<[string, Row[], number[]]>([
    [
      'of two owners that trade with each other',
      [
        ['buy', 1, 2010, 5],
        ['sell', 1, 1990, 5],
      ],
      [7, 8],
    ],
    [
      'of a maker whose bid is below its offer',
      [
        ['buy', 1, 1999, 5],
        ['sell', 1, 2000, 5],
      ],
      [7, 7],
    ],
    [
      'of one that only buys',
      [
        ['buy', 1, 2010, 5],
        ['buy', 2, 2010, 5],
        ['spread', 3, 1, 900, 5],
      ],
      [7, 7, 7],
    ],
    ['of an empty book', [], []],
  ])('%s', (_, rows, owners) => {
    expect(takenOf(rows, owners)).toBeUndefined();
  });
});

/** Books in which a handful of owners have orders all over the curve, so that most would trade with themselves. */
function crossedBook(seed: number): AuctionBook {
  const random = mulberry32(seed * 7919);
  const months = 1 + Math.floor(random() * 4);
  const shape = {
    orders: 4 + Math.floor(random() * 40),
    months,
    spreads: 0.4,
    width: 40,
    tick: 5,
    lots_max: 9,
    first: 500,
    step: 20,
  };
  const book = randomBook({ ...shape, buys: 0.5 }, seed);
  return { ...book, owner: Uint32Array.from(book.owner, () => Math.floor(random() * 4)) };
}
const SEEDS = Array.from({ length: 300 }, (_, seed) => seed + 1);

describe('on random books', () => {
  it('what is left of an owner closes no cycle of limits that sum to zero or more, by every cycle there is', () => {
    let crossed = 0;
    for (const seed of SEEDS) {
      const book = crossedBook(seed);
      const taken = selfMatches(book);
      if (taken) crossed++;
      const left = taken ? without(book, taken).book : book;
      for (const owner of new Set(left.owner)) expect(longestCycle(left, owner), `seed ${seed}`).toBeLessThan(0);
    }
    expect(crossed).toBeGreaterThan(200);
  });

  it('what is taken of an owner balances, and is what its own auction would trade, by another solver', async () => {
    const highs = await loadHighs();
    for (const seed of SEEDS.slice(0, 60)) {
      const book = crossedBook(seed);
      const taken = selfMatches(book) ?? new Int32Array(book.owner.length);
      for (const owner of new Set(book.owner)) {
        const rows = [...book.owner.keys()].filter((row) => book.owner[row] === owner);
        const own = pickRows(book, rows);
        const worth = rows.reduce((sum, row) => sum + BigInt(taken[row]!) * BigInt(book.limit[row]!), 0n);
        const volume = rows.reduce((sum, row) => sum + BigInt(taken[row]!), 0n);
        expect(worth).toBe(greatestSurplus(highs, own));
        expect(volume).toBe(greatestVolume(highs, own, clearAuction(own).prices));
        for (let month = 1; month <= book.months; month++)
          expect(
            rows.reduce(
              (sum, row) => sum + taken[row]! * (Number(book.buy[row] === month) - Number(book.sell[row] === month)),
              0,
            ),
          ).toBe(0);
      }
    }
  });

  it('taking out once is enough: of what is left nothing more is taken', () => {
    for (const seed of SEEDS) {
      const book = crossedBook(seed);
      const taken = selfMatches(book);
      if (taken) expect(selfMatches(without(book, taken).book)).toBeUndefined();
    }
  });

  it('the order of the rows decides nothing of an owner’s lots a side and month', () => {
    for (const seed of SEEDS.slice(0, 100)) {
      const book = crossedBook(seed);
      const rows = [...book.owner.keys()];
      const random = mulberry32(seed);
      const shuffled = rows.map((row) => ({ row, by: random() })).sort((a, b) => a.by - b.by);
      const order = shuffled.map(({ row }) => row);
      expect(totals(pickRows(book, order))).toEqual(totals(book));
    }
  });
});

/** Lots taken, by owner, pair of months and limit. */
function totals(book: AuctionBook): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [row, lots] of (selfMatches(book) ?? []).entries()) {
    const name = `${book.owner[row]} ${book.sell[row]} ${book.buy[row]} ${book.limit[row]}`;
    if (lots > 0) sums[name] = (sums[name] ?? 0) + lots;
  }
  return Object.fromEntries(Object.entries(sums).sort());
}

/** The greatest sum of limits around any simple cycle of an owner's orders, by going around all of them; -Infinity without one. */
function longestCycle(book: AuctionBook, owner: number): number {
  const best = new Map<string, number>();
  for (const [row, own] of book.owner.entries()) {
    const pair = `${book.sell[row]} ${book.buy[row]}`;
    if (own === owner) best.set(pair, Math.max(best.get(pair) ?? -Infinity, book.limit[row]!));
  }
  const nodes = Array.from({ length: book.months + 1 }, (_, node) => node);
  const around = (path: readonly number[], sum: number): number =>
    Math.max(
      ...nodes.map((node) => {
        const next = sum + (best.get(`${path.at(-1)} ${node}`) ?? -Infinity);
        if (node === path[0]) return next;
        return path.includes(node) || next === -Infinity ? -Infinity : around([...path, node], next);
      }),
    );
  return Math.max(...nodes.map((node) => around([node], 0)));
}
