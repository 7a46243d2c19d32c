import { describe, expect, it } from 'vitest';
import {
  type AuctionBook,
  AuctionBookError,
  bestUnfilled,
  clearAuction,
  lotsByLimit,
} from '../../../lib/domain/auction/auction.ts';
import { bookOf, hashOf, pickRows, type Row } from './books.ts';

interface Example {
  readonly title: string;
  readonly reference: number[];
  readonly rows: Row[];
  /** Of each row; without it every row has one of its own. */
  readonly owners?: number[];
  readonly prices: number[];
  readonly filled: number[];
  readonly surplus: bigint;
}

function proves(examples: Example[]): void {
  it.each(examples)('$title', ({ reference, rows, owners, prices, filled, surplus }) => {
    const result = clearAuction(bookOf(reference, rows, owners));
    expect(Array.from(result.prices)).toEqual(prices);
    expect(Array.from(result.filled)).toEqual(filled);
    expect(result.surplus).toBe(surplus);
  });
}

describe('one month', () => {
  proves([
    { title: 'without orders keeps its reference', reference: [2500], rows: [], prices: [2500], filled: [], surplus: 0n },
    {
      title: 'that crosses at a single price trades there',
      reference: [100],
      rows: [
        ['buy', 1, 105, 10],
        ['buy', 1, 102, 10],
        ['sell', 1, 95, 10],
        ['sell', 1, 102, 10],
      ],
      prices: [102],
      filled: [10, 10, 10, 10],
      surplus: 30n + 70n,
    },
    {
      title: 'whose best price is a range takes the reference inside it',
      reference: [103],
      rows: [
        ['buy', 1, 110, 10],
        ['sell', 1, 90, 10],
      ],
      prices: [103],
      filled: [10, 10],
      surplus: 200n,
    },
    {
      title: 'whose best price is a range takes its bottom for a reference below it',
      reference: [50],
      rows: [
        ['buy', 1, 110, 10],
        ['sell', 1, 90, 10],
      ],
      prices: [90],
      filled: [10, 10],
      surplus: 200n,
    },
    {
      title: 'whose best price is a range takes its top for a reference above it',
      reference: [150],
      rows: [
        ['buy', 1, 110, 10],
        ['sell', 1, 90, 10],
      ],
      prices: [110],
      filled: [10, 10],
      surplus: 200n,
    },
    {
      title: 'with more bought than sold rises to the bid that is rationed',
      reference: [100],
      rows: [
        ['buy', 1, 110, 30],
        ['buy', 1, 108, 30],
        ['sell', 1, 90, 40],
      ],
      prices: [108],
      filled: [30, 10, 40],
      surplus: 60n + 720n,
    },
    {
      title: 'with more sold than bought falls to the ask that is rationed',
      reference: [100],
      rows: [
        ['sell', 1, 90, 30],
        ['sell', 1, 92, 30],
        ['buy', 1, 110, 40],
      ],
      prices: [92],
      filled: [30, 10, 40],
      surplus: 60n + 720n,
    },
    {
      title: 'that does not cross trades nothing and stays at a reference between bid and ask',
      reference: [100],
      rows: [
        ['buy', 1, 99, 10],
        ['sell', 1, 101, 10],
      ],
      prices: [100],
      filled: [0, 0],
      surplus: 0n,
    },
    {
      title: 'that does not cross moves to the bid above its reference',
      reference: [90],
      rows: [
        ['buy', 1, 99, 10],
        ['sell', 1, 101, 10],
      ],
      prices: [99],
      filled: [0, 0],
      surplus: 0n,
    },
    {
      title: 'with bids alone trades nothing and stays at a reference no bid reaches',
      reference: [100],
      rows: [['buy', 1, 99, 10]],
      prices: [100],
      filled: [0],
      surplus: 0n,
    },
    {
      title: 'with offers alone trades nothing and falls to the best of them',
      reference: [100],
      rows: [
        ['sell', 1, 80, 10],
        ['sell', 1, 95, 10],
      ],
      prices: [80],
      filled: [0, 0],
      surplus: 0n,
    },
    {
      title: 'with all limits at one price trades all it can there, though no order gains',
      reference: [90],
      rows: [
        ['buy', 1, 100, 10],
        ['buy', 1, 100, 5],
        ['sell', 1, 100, 12],
      ],
      prices: [100],
      filled: [8, 4, 12],
      surplus: 0n,
    },
    {
      title: 'may have a negative price',
      reference: [5],
      rows: [
        ['sell', 1, -20, 10],
        ['buy', 1, -10, 10],
      ],
      prices: [-10],
      filled: [10, 10],
      surplus: 100n,
    },
    {
      title: "gives the lots that division leaves over to the largest remainders of an owner's own orders",
      reference: [100],
      rows: [
        ['sell', 1, 90, 10],
        ['buy', 1, 100, 7],
        ['buy', 1, 100, 5],
        ['buy', 1, 100, 3],
      ],
      owners: [0, 1, 1, 1],
      // 4.67, 3.33 and 2 of 10.
      prices: [100],
      filled: [10, 5, 3, 2],
      surplus: 100n,
    },
  ]);

  it.each([
    ['between two owners with equal parts of it, evenly', [1, 1], [1, 2], 1, [0.5, 0.5]],
    ['between owners by the parts of it that their shares leave over, whatever their sizes', [1, 3], [1, 2], 2, [0.5, 1.5]],
    ['between owners with unequal parts of it, by these', [1, 3, 4], [1, 2, 3], 1, [0.125, 0.375, 0.5]],
    ['between equal orders of one owner, evenly', [1, 1, 1], [1, 1, 1], 1, [1 / 3, 1 / 3, 1 / 3]],
    ['between orders of one owner with equal remainders, whatever their sizes', [1, 3], [1, 1], 2, [0.5, 1.5]],
  ])('draws for a left-over lot %s', (_, bids, owners, offered, shares) => {
    const rows: Row[] = [['sell', 1, 90, offered], ...bids.map((lots): Row => ['buy', 1, 100, lots])];
    const sums = bids.map(() => 0);
    const books = 4000;
    for (let number = 0; number < books; number++) {
      const { filled } = clearAuction(bookOf([100], rows, [0, ...owners], hashOf(number)));
      bids.forEach((__, bid) => {
        sums[bid]! += filled[bid + 1]!;
      });
    }
    // Five standard deviations of one lot drawn with a chance of a half.
    sums.forEach((sum, bid) => {
      expect(Math.abs(sum / books - shares[bid]!)).toBeLessThan((5 * 0.5) / Math.sqrt(books));
    });
  });
});

describe('several months', () => {
  proves([
    {
      title: 'clear a circle of three orders of which no two could trade (the example of the README)',
      reference: [2400, 2410],
      rows: [
        ['buy', 1, 2405, 10],
        ['sell', 2, 2408, 10],
        ['spread', 2, 1, 5, 10],
      ],
      prices: [2403, 2408],
      filled: [10, 10, 10],
      surplus: 20n,
    },
    {
      title: 'clear apart when no spread joins them, and a month without orders keeps its reference',
      reference: [100, 200, 300],
      rows: [
        ['buy', 1, 110, 5],
        ['sell', 1, 105, 5],
        ['buy', 3, 290, 5],
        ['sell', 3, 280, 5],
      ],
      prices: [105, 200, 290],
      filled: [5, 5, 5, 5],
      surplus: 25n + 50n,
    },
    {
      title: 'trade a bid in one against an offer in another through a spread',
      reference: [100, 120],
      rows: [
        ['sell', 1, 98, 10],
        ['spread', 1, 2, -15, 10],
        ['buy', 2, 121, 10],
      ],
      // The roller pays 15 less for month 1 than month 2 brings: 121 - 98 leaves 8 ticks to gain.
      prices: [100, 120],
      filled: [10, 10, 10],
      surplus: 80n,
    },
    {
      title: 'that only spreads reach move together as little as their references allow',
      reference: [100, 120, 140],
      rows: [
        ['spread', 2, 1, 30, 10],
        ['spread', 1, 2, -25, 10],
      ],
      prices: [95, 120, 140],
      filled: [10, 10],
      surplus: 50n,
    },
    {
      title: 'that only one spread reaches trade nothing',
      reference: [100, 120],
      rows: [['spread', 2, 1, 20, 10]],
      prices: [100, 120],
      filled: [0],
      surplus: 0n,
    },
    {
      title: 'trade a ring of spreads that leaves something to gain',
      reference: [100, 110, 130],
      rows: [
        ['spread', 1, 2, -5, 10],
        ['spread', 2, 3, -15, 8],
        ['spread', 3, 1, 30, 9],
      ],
      // The limits sum to 10: 8 lots go round, as many as the smallest, whose limit takes no less.
      prices: [100, 105, 130],
      filled: [8, 8, 8],
      surplus: 80n,
    },
    {
      title: 'trade a ring of spreads that leaves nothing to gain, because volume is greatest',
      reference: [0, 0, 0],
      rows: [
        ['spread', 1, 2, -5, 10],
        ['spread', 2, 3, -15, 8],
        ['spread', 3, 1, 20, 9],
      ],
      prices: [-5, 0, 15],
      filled: [8, 8, 8],
      surplus: 0n,
    },
    {
      title: 'do not trade a ring of spreads that would lose',
      reference: [100, 105, 120],
      rows: [
        ['spread', 1, 2, -6, 10],
        ['spread', 2, 3, -15, 10],
        ['spread', 3, 1, 20, 10],
      ],
      prices: [100, 105, 120],
      filled: [0, 0, 0],
      surplus: 0n,
    },
    {
      title: 'prefer the longer way round at the price, which trades more lots',
      reference: [100, 100],
      rows: [
        ['sell', 1, 100, 10],
        ['buy', 1, 100, 10],
        ['spread', 1, 2, 0, 4],
        ['buy', 2, 100, 10],
      ],
      prices: [100, 100],
      filled: [10, 6, 4, 4],
      surplus: 0n,
    },
    {
      title: 'give spreads that compete at the price equal shares of what they ask',
      reference: [100, 100, 100],
      rows: [
        ['sell', 1, 100, 30],
        ['spread', 1, 2, 0, 20],
        ['spread', 1, 3, 0, 40],
        ['buy', 2, 100, 20],
        ['buy', 3, 100, 40],
      ],
      prices: [100, 100, 100],
      filled: [30, 10, 20, 10, 20],
      surplus: 0n,
    },
    {
      title: 'round competing shares to the nearest lot',
      reference: [100, 100, 100],
      rows: [
        ['sell', 1, 100, 3],
        ['spread', 1, 2, 0, 1],
        ['spread', 1, 3, 0, 4],
        ['buy', 2, 100, 1],
        ['buy', 3, 100, 4],
      ],
      // 0.6 and 2.4 of 3.
      prices: [100, 100, 100],
      filled: [3, 1, 2, 1, 2],
      surplus: 0n,
    },
  ]);

  it('report which of them traded', () => {
    const book = bookOf(
      [100, 110, 120, 130],
      [
        ['buy', 1, 105, 5],
        ['sell', 1, 100, 5],
        ['buy', 2, 90, 5],
        ['spread', 3, 4, 0, 5],
        ['spread', 4, 3, 0, 5],
      ],
    );
    expect(clearAuction(book).traded).toEqual([true, false, true, true]);
  });
});

describe('a large book', () => {
  const orders = 100_000;
  const offers = Array.from({ length: orders }, (_, row): Row => ['sell', 1, 100, 1 + (row % 4)]);

  it('fills one order against a hundred thousand of one owner in proportion to their sizes', () => {
    const owners = [0, ...offers.map(() => 1)];
    const { prices, filled, surplus } = clearAuction(bookOf([90], [['buy', 1, 101, orders / 2], ...offers], owners));
    expect(prices[0]).toBe(100);
    expect(surplus).toBe(BigInt(orders / 2));
    expect(filled[0]).toBe(orders / 2);
    // A fifth of 250,000 lots: 0.2, 0.4, 0.6 and 0.8 of a lot each, the larger remainders first.
    expect(lotsOf(filled.subarray(1), (row) => row % 4 === 3)).toBe(orders / 4);
    expect(lotsOf(filled.subarray(1), (row) => row % 4 === 2)).toBe(orders / 4);
    expect(Math.max(...filled.subarray(1).filter((_, row) => row % 4 < 2))).toBe(0);
  });

  it('fills one order against a hundred thousand of as many owners, whose chances are in proportion to their sizes', () => {
    const { filled } = clearAuction(bookOf([90], [['buy', 1, 101, orders / 2], ...offers]));
    expect(filled[0]).toBe(orders / 2);
    expect(Math.max(...filled.subarray(1))).toBe(1);
    for (const size of [1, 2, 3, 4]) {
      const drawn = lotsOf(filled.subarray(1), (row) => 1 + (row % 4) === size);
      // Five standard deviations of that many draws apart, which these are not quite.
      expect(Math.abs(drawn - (size / 5) * (orders / 4))).toBeLessThan(5 * Math.sqrt((orders / 4) * 0.25));
    }
  });

  it('fills one order whole against a hundred thousand single lots below its limit, at the price of the last it needs', () => {
    const rows = Array.from({ length: orders }, (_, row): Row => ['sell', 1, row, 1]);
    const { prices, filled } = clearAuction(bookOf([0], [...rows, ['buy', 1, 2_000_000, 30_001]]));
    expect(prices[0]).toBe(30_000);
    expect(filled[orders]).toBe(30_001);
    expect(filled.indexOf(0)).toBe(30_001);
  });
});

describe('limits at the ends of 32 bits', () => {
  const highest = 2 ** 31 - 1;
  const whole = highest;

  proves([
    {
      title: 'trade across the whole range with an exact surplus',
      reference: [7],
      rows: [
        ['buy', 1, highest, whole],
        ['sell', 1, -highest, whole],
      ],
      prices: [7],
      filled: [whole, whole],
      surplus: BigInt(whole) * BigInt(2 * highest),
    },
    {
      title: 'set the price at the top end when only that clears',
      reference: [0],
      rows: [
        ['buy', 1, highest, 5],
        ['sell', 1, highest, 3],
      ],
      prices: [highest],
      filled: [3, 3],
      surplus: 0n,
    },
    {
      title: 'hold for an ask one tick above any price',
      reference: [0],
      rows: [
        ['buy', 1, highest, 5],
        ['sell', 1, 2 ** 31, 3],
      ],
      prices: [highest],
      filled: [0, 0],
      surplus: 0n,
    },
    {
      title: 'set the price at the bottom end when only that clears',
      reference: [0],
      rows: [
        ['buy', 1, -highest, 3],
        ['sell', 1, -highest, 5],
        ['buy', 1, -(2 ** 31), 9],
      ],
      prices: [-highest],
      filled: [3, 3, 0],
      surplus: 0n,
    },
    {
      title: 'find the nearest prices that fit when nearer ones would not',
      reference: [highest, highest, 0],
      rows: [
        ['spread', 3, 1, highest, 1],
        ['spread', 1, 3, -highest, 1],
        ['spread', 2, 1, 0, 1],
        ['spread', 1, 2, 0, 1],
      ],
      prices: [0, 0, highest],
      filled: [1, 1, 1, 1],
      surplus: 0n,
    },
  ]);

  proves([
    {
      title: 'find the nearest prices that fit at the bottom end too',
      reference: [-(2 ** 31), -(2 ** 31), 0],
      rows: [
        ['spread', 3, 1, -highest, 1],
        ['spread', 1, 3, highest, 1],
        ['spread', 2, 1, 0, 1],
        ['spread', 1, 2, 0, 1],
      ],
      prices: [-1, -1, -(2 ** 31)],
      filled: [1, 1, 1, 1],
      surplus: 0n,
    },
  ]);

  it.each([0, 1, 2])('refuse a book whose spreads pin a price beyond them, and say of which month: %i before it', (before) => {
    const month = before + 1;
    const book = bookOf(new Array<number>(before + 2).fill(0), [
      ['buy', month, highest, 1],
      ['sell', month, highest, 1],
      ['spread', month + 1, month, highest, 1],
      ['spread', month, month + 1, -highest, 1],
    ]);
    const error = { code: 'price-out-of-range', index: before, message: `no clearing price fits 32 bits (at ${before})` };
    expect(() => clearAuction(book)).toThrow(expect.objectContaining(error));
  });
});

describe('a malformed book is refused by name', () => {
  const good = bookOf(
    [100, 110],
    [
      ['buy', 1, 105, 5],
      ['sell', 2, 100, 5],
    ],
  );
  const cases: [string, number | null, Record<string, unknown>][] = [
    ['months-out-of-range', null, { months: 0 }],
    ['months-out-of-range', null, { months: 255 }],
    ['months-out-of-range', null, { months: 1.5 }],
    ['column-type', null, { buy: [1, 0] }],
    ['column-type', null, { limit: new Float64Array(2) }],
    ['column-type', null, { reference: [100, 110] }],
    ['column-type', null, { lots: undefined }],
    ['column-length', null, { reference: new Int32Array(3) }],
    ['column-length', null, { sell: new Uint8Array(1) }],
    ['column-length', null, { limit: new Int32Array(3) }],
    ['column-length', null, { lots: new Int32Array(0) }],
    ['column-type', null, { owner: [0, 1] }],
    ['column-length', null, { owner: new Uint32Array(1) }],
    ['node-out-of-range', 1, { sell: Uint8Array.of(0, 3) }],
    ['node-with-itself', 0, { sell: Uint8Array.of(1, 2) }],
    ['lots-not-positive', 1, { lots: Int32Array.of(5, 0) }],
    ['lots-not-positive', 0, { lots: Int32Array.of(-1, 5) }],
  ];

  it.each(cases)('%s at %s', (code, index, wrong) => {
    const book = { ...good, ...wrong } as AuctionBook;
    expect(() => clearAuction(book)).toThrow(AuctionBookError);
    expect(() => clearAuction(book)).toThrow(expect.objectContaining({ name: 'AuctionBookError', code, index }));
    expect(() => lotsByLimit(book, book.lots, book.lots)).toThrow(AuctionBookError);
  });

  it('too-many-lots, when sums of lots could lose a bit', () => {
    const rows = new Array<number>(2 ** 20 + 2).fill(0);
    const book = pickRows(bookOf([100], [['buy', 1, 105, 2 ** 31 - 1]]), rows);
    expect(() => clearAuction(book)).toThrow(expect.objectContaining({ code: 'too-many-lots' }));
  });
});

describe('what is published after the auction', () => {
  const book = bookOf(
    [100, 110],
    [
      ['buy', 1, 105, 5],
      ['buy', 1, 105, 6],
      ['buy', 1, 98, 3],
      ['sell', 1, 101, 8],
      ['sell', 1, 103, 2],
      ['sell', 1, 120, 7],
      ['spread', 2, 1, 2_000_000_000, 1],
      ['spread', 2, 1, -2_000_000_000, 4],
      ['sell', 2, 90, 9],
    ],
  );

  it('adds up the lots of each kind of order at each limit, best first', () => {
    const bought = book.lots.map((size, row) => (book.sell[row] === 0 ? size : 0));
    const sold = book.lots.map((size, row) => (book.sell[row] === 0 ? 0 : size));
    const { sell, buy, limit, one, other } = lotsByLimit(book, bought, sold);
    expect(Array.from(limit, (at, level) => [sell[level], buy[level], at, one[level], other[level]])).toEqual([
      [0, 1, 105, 11, 0],
      [0, 1, 98, 3, 0],
      [1, 0, -101, 0, 8],
      [1, 0, -103, 0, 2],
      [1, 0, -120, 0, 7],
      [1, 2, 2_000_000_000, 0, 1],
      [1, 2, -2_000_000_000, 0, 4],
      [2, 0, -90, 0, 9],
    ]);
    const some = lotsByLimit(book, bought.fill(0), sold.fill(0, 4));
    expect([...some.limit]).toEqual([-101]);
  });

  it('names the best outright bid and offer not filled whole, and null where there is none', () => {
    const quotes = bestUnfilled(book, clearAuction(book));
    expect(quotes).toEqual([
      { bid: 98, ask: 120 },
      { bid: null, ask: 90 },
    ]);
    const unmatched = bookOf(
      [100, 110, 120],
      [
        ['buy', 1, 88, 5],
        ['buy', 1, 90, 5],
        ['buy', 1, 85, 5],
        ['sell', 1, 104, 5],
        ['sell', 1, 103, 5],
        ['sell', 1, 107, 5],
      ],
    );
    expect(bestUnfilled(unmatched, clearAuction(unmatched))).toEqual([
      { bid: 90, ask: 103 },
      { bid: null, ask: null },
      { bid: null, ask: null },
    ]);
  });

  it('takes a spread for neither bid nor offer, and a price below zero for a price', () => {
    const book = bookOf(
      [100, 110],
      [
        ['spread', 2, 1, -500, 3],
        ['spread', 1, 2, -500, 3],
        ['buy', 1, -7, 5],
        ['buy', 1, -9, 5],
        ['sell', 2, 400, 1],
      ],
    );
    expect(bestUnfilled(book, clearAuction(book))).toEqual([
      { bid: -7, ask: null },
      { bid: null, ask: 400 },
    ]);
  });

  it('counts an order filled in part among the unfilled', () => {
    const partly = bookOf(
      [100],
      [
        ['buy', 1, 105, 10],
        ['sell', 1, 100, 4],
      ],
    );
    expect(bestUnfilled(partly, clearAuction(partly))).toEqual([{ bid: 105, ask: null }]);
  });
});

function lotsOf(filled: Int32Array, chosen: (row: number) => boolean): number {
  return filled.reduce((sum, lots, row) => sum + (chosen(row) ? lots : 0), 0);
}
