import { describe, expect, test } from 'vitest';
import type { MonthResult } from '../../../lib/domain/auction/book.ts';
import {
  decideCurve,
  decideFinalPrice,
  expiringMonth,
  indexOf,
  judgeIndexValue,
  nextListing,
  settlementCurve,
} from '../../../lib/domain/clearing/settlement.ts';
import { addDays, type BusinessDate, businessDays } from '../../../lib/domain/contract/calendar.ts';
import {
  contractMonth,
  firstDay,
  lastTradingDay,
  listedMonths,
  monthAfter,
  monthText,
} from '../../../lib/domain/contract/months.ts';
import { type ForwardCurve, parseIndex } from '../../../lib/domain/contract/product.ts';
import { lots, type Micros, ticks } from '../../../lib/domain/contract/units.ts';
import { H100, month, on, PRODUCT } from '../../venue/h100.ts';

const NOV = month('2025-11');
const FIRST = contractMonth(2025, 11);
const curve = (...prices: number[]): ForwardCurve =>
  Object.fromEntries(prices.map((price, at) => [monthAfter(FIRST, at), ticks(price)]));

/** A month of a closing auction: a number is its price, an array is the bid and offer left, sealed, in a month that did not trade. */
type Cell = number | [bid: number | null, offer: number | null];
const auction = (...cells: Cell[]): Record<number, MonthResult> =>
  Object.fromEntries(
    cells.map((cell, at): [number, MonthResult] => {
      const traded = typeof cell === 'number';
      const [bid, offer] = traded ? [null, null] : cell.map((price) => (price === null ? null : ticks(price)));
      // A month that did not trade has a price all the same, its reference; it must not be looked at.
      return [
        monthAfter(FIRST, at),
        {
          price: ticks(traded ? cell : 9999),
          traded,
          volume: lots(traded ? 5 : 0),
          bid: null,
          offer: null,
          sealedBid: bid ?? null,
          sealedOffer: offer ?? null,
        },
      ];
    }),
  );
const NONE: Cell = [null, null];

describe('a month that was locked', () => {
  const locked = { side: 'bid', crowd: lots(40), kept: lots(0) } as const;
  const of = (bid: number): Record<number, MonthResult> => {
    const months = auction(NONE, [bid, null], NONE);
    const own = monthAfter(FIRST, 1);
    return { ...months, [own]: { ...months[own]!, price: ticks(2030), locked } };
  };

  test('settles at the edge of its band, also when nothing traded and more is bid beyond it, and moves no other', () => {
    expect(settlementCurve(curve(2000, 2010, 2020), of(2500))).toEqual(curve(2000, 2030, 2020));
  });

  test('holds the settlement for two operators, with its figures, whatever the daily limit', () => {
    const parameters = { ...H100, dailyLimitTicks: ticks(1000) };
    const { holds } = decideCurve(PRODUCT, parameters, on('2025-11-03'), curve(2000, 2010, 2020), of(2500), on('2025-11-03'));
    const detail = `${PRODUCT}-2025-12 is limit bid at 2030 ticks: 0 of 40 lots were let in`;
    expect(holds).toEqual([{ reason: 'month-locked', detail }]);
  });
});

describe('the closing prices are the curve, and a month that did not trade keeps its spread to the nearest that did', () => {
  test.each<[rule: string, previous: number[], closing: Cell[], settles: number[]]>([
    ['all traded: the auction’s own prices', [2000, 2010, 2020], [1990, 2005, 2030], [1990, 2005, 2030]],
    ['none traded: yesterday’s curve', [2000, 2010, 2020], [NONE, NONE, NONE], [2000, 2010, 2020]],
    ['the month before traded', [2000, 2010, 2020], [2005, NONE, NONE], [2005, 2015, 2025]],
    ['the month after traded', [2000, 2010, 2020], [NONE, NONE, 2012], [1992, 2002, 2012]],
    ['a falling curve stays falling', [2000, 1900, 1850], [2050, NONE, NONE], [2050, 1950, 1900]],
    ['the nearer of two', [2000, 2010, 2020, 2030], [2100, NONE, NONE, 2000], [2100, 2110, 1990, 2000]],
    ['of two equally near, the earlier', [2000, 2010, 2020], [2100, NONE, 1900], [2100, 2110, 1900]],
    ['a bid lifts it', [2000, 2010, 2020], [2005, [2018, null], NONE], [2005, 2018, 2025]],
    ['an offer lowers it', [2000, 2010, 2020], [2005, [null, 2011], NONE], [2005, 2011, 2025]],
    ['a bid below it does nothing', [2000, 2010, 2020], [2005, [2015, null], NONE], [2005, 2015, 2025]],
    ['an offer above it does nothing', [2000, 2010, 2020], [2005, [2000, 2015], NONE], [2005, 2015, 2025]],
    ['between bid and offer it stays', [2000, 2010, 2020], [2005, [2014, 2016], NONE], [2005, 2015, 2025]],
    ['bid and offer that meet decide', [2000, 2010, 2020], [2005, [2030, 2030], NONE], [2005, 2030, 2025]],
    ['none traded, but a bid stands above yesterday', [2000, 2010], [[2040, 2060], NONE], [2040, 2010]],
    ['a month that a bid lifted moves no other', [2000, 2010, 2020], [NONE, [2100, null], 2020], [2000, 2100, 2020]],
    [
      'twelve months, one trade',
      Array.from({ length: 12 }, (_, at) => 2000 + at),
      [...Array<Cell>(5).fill(NONE), 2015, ...Array<Cell>(6).fill(NONE)],
      Array.from({ length: 12 }, (_, at) => 2010 + at),
    ],
  ])('%s', (_, previous, closing, settles) => {
    expect(settlementCurve(curve(...previous), auction(...closing))).toEqual(curve(...settles));
  });

  test('a month that the auction knows nothing of counts as not traded', () => {
    expect(settlementCurve(curve(2000, 2010), { [FIRST]: auction(2005)[FIRST]! })).toEqual(curve(2005, 2015));
  });
});

describe('a curve outside the sanity bounds is held, and says why', () => {
  const DAY = on('2025-11-10');
  const decide = (previous: number[], closing: Cell[], newestIndex: BusinessDate | undefined = DAY) =>
    decideCurve(PRODUCT, H100, DAY, curve(...previous), auction(...closing), newestIndex);

  test.each<[rule: string, previous: number, closing: Cell, reasons: string[]]>([
    ['a move inside the daily limit', 2000, 2249, []],
    ['a move of the daily limit', 2000, 2250, []],
    ['a fall of the daily limit', 2000, 1750, []],
    ['a move beyond it', 2000, 2251, ['moved-beyond-daily-limit']],
    ['a fall beyond it', 2000, 1749, ['moved-beyond-daily-limit']],
    ['a bid far above yesterday’s price, without a trade', 2000, [2300, null], ['moved-beyond-daily-limit']],
    ['one tick', 200, 1, []],
    ['a price of zero', 200, 0, ['price-not-positive']],
    ['a price below zero', 200, -1, ['price-not-positive']],
    ['both at once', 300, -1, ['price-not-positive', 'moved-beyond-daily-limit']],
  ])('%s', (_, previous, closing, reasons) => {
    const { holds, value } = decide([previous], [closing]);
    expect(holds.map(({ reason }) => reason)).toEqual(reasons);
    expect(value[FIRST]).toBe(typeof closing === 'number' ? closing : closing[0]);
  });

  test('each month is judged, in order, and named', () => {
    expect(decide([2000, 2010, 2020], [2251, 2010, 1700]).holds).toEqual([
      { reason: 'moved-beyond-daily-limit', detail: 'H100-SXM-2025-11 would move from 2000 to 2251 ticks' },
      { reason: 'moved-beyond-daily-limit', detail: 'H100-SXM-2026-01 would move from 2020 to 1700 ticks' },
    ]);
  });

  test.each<[newest: string | undefined, stale: boolean]>([
    ['2025-11-10', false],
    ['2025-11-06', false],
    ['2025-11-05', true],
    [undefined, true],
  ])('with the newest index value of %s on 10 November, the index is stale: %s', (newest, stale) => {
    const { holds } = decideCurve(PRODUCT, H100, DAY, curve(2000), auction(2000), (newest && on(newest)) || undefined);
    const detail = `the newest index value is of ${newest ?? 'no day'}`;
    expect(holds).toEqual(stale ? [{ reason: 'index-stale', detail }] : []);
  });

  test('what is held says which contract and which price', () => {
    expect(decide([200], [0]).holds).toEqual([
      { reason: 'price-not-positive', detail: 'H100-SXM-2025-11 would settle at 0 ticks' },
    ]);
  });
});

describe('the final settlement price is the mean of the index over the delivery month, half-even to the tick', () => {
  const index = (values: Record<string, string>): Map<BusinessDate, Micros> =>
    new Map(Object.entries(values).map(([day, value]) => [on(day), parseIndex(value)!]));
  const days = businessDays('NYSE', firstDay(NOV), lastTradingDay('NYSE', NOV));
  const whole = (value: (at: number) => string): Map<BusinessDate, Micros> =>
    new Map(days.map((day, at) => [day, parseIndex(value(at))!]));
  const decide = (values: Map<BusinessDate, Micros>, indexValuesMin = 2) =>
    decideFinalPrice(PRODUCT, { ...H100, indexValuesMin }, NOV, values, ticks(2222));

  test.each<[rule: string, values: [string, string], price: number]>([
    ['a mean on the grid', ['2.340', '2.360'], 2350],
    ['below a half, down', ['2.350998', '2.350000'], 2350],
    ['a half goes to the even tick below', ['2.350', '2.351'], 2350],
    ['a half goes to the even tick above', ['2.351', '2.352'], 2352],
    ['a millionth beyond the half, up', ['2.350001', '2.351000'], 2351],
    ['a half of the index’s own last place is not lost', ['2.350000', '2.351001'], 2351],
  ])('%s', (_, [first, last], price) => {
    expect(decide(index({ '2025-11-03': first, '2025-11-28': last }))).toEqual({ value: price, holds: [] });
  });

  test('a whole month: nineteen business days of November 2025', () => {
    expect(days).toHaveLength(19);
    // 2.300, 2.310, ... 2.480: the mean is 2.390.
    expect(
      decide(
        whole((at) => `2.${300 + at * 10}`),
        18,
      ),
    ).toEqual({ value: 2390, holds: [] });
  });

  test('values of other months do not count, nor those after the last trading day', () => {
    const values = index({
      '2025-10-31': '9',
      '2025-11-03': '2.340',
      '2025-11-28': '2.360',
      '2025-11-29': '9',
      '2025-12-01': '9',
    });
    expect(decide(values)).toEqual({ value: 2350, holds: [] });
    expect(indexOf(H100, NOV, values).size).toBe(2);
  });

  test('the first day of the month and its last trading day count, and the days beside them do not', () => {
    const DEC = month('2025-12');
    const values = index({
      '2025-11-30': '9',
      '2025-12-01': '2.340',
      '2025-12-31': '2.360',
      '2026-01-01': '9',
      '2026-01-02': '9',
    });
    expect(decideFinalPrice(PRODUCT, { ...H100, indexValuesMin: 2 }, DEC, values, ticks(2222))).toEqual({
      value: 2350,
      holds: [],
    });
    expect(indexOf(H100, DEC, values).size).toBe(2);
    const last = index({ '2025-11-28': '2.340', '2025-11-29': '9', '2025-11-30': '9' });
    expect(indexOf(H100, NOV, last).size).toBe(1);
  });

  test('a price of one tick is a price', () => {
    expect(decide(index({ '2025-11-03': '0.001', '2025-11-28': '0.001' }))).toEqual({ value: 1, holds: [] });
  });

  test('what is held says which contract, which day and which figures', () => {
    expect(decide(new Map(), 18).holds).toEqual([
      { reason: 'index-values-too-few', detail: 'H100-SXM-2025-11 has 0 index values of the 18 it needs' },
      { reason: 'index-stale', detail: 'H100-SXM-2025-11 has no index value for its last trading day 2025-11-28' },
    ]);
    expect(decide(index({ '2025-11-03': '-3', '2025-11-28': '1' })).holds).toEqual([
      { reason: 'price-not-positive', detail: 'H100-SXM-2025-11 would settle finally at -1000 ticks' },
    ]);
  });

  test('the order in which values came makes no difference', () => {
    const values = whole((at) => `2.${300 + ((at * 7) % 19)}`);
    expect(decide(new Map([...values].reverse()))).toEqual(decide(values));
  });

  test.each<[rule: string, values: Map<BusinessDate, Micros>, min: number, price: number, reasons: string[]]>([
    ['as many values as it needs', whole(() => '2.35'), 19, 2350, []],
    ['a value too few', whole(() => '2.35'), 20, 2350, ['index-values-too-few']],
    ['the last trading day’s own is missing', index({ '2025-11-03': '2.35', '2025-11-26': '2.35' }), 2, 2350, ['index-stale']],
    ['none at all, and the mark stands in', new Map(), 2, 2222, ['index-values-too-few', 'index-stale']],
    ['a mean that rounds to nothing', index({ '2025-11-03': '0.0004', '2025-11-28': '0.0005' }), 2, 0, ['price-not-positive']],
    ['a mean below zero', index({ '2025-11-03': '-3', '2025-11-28': '1' }), 2, -1000, ['price-not-positive']],
  ])('%s', (_, values, min, price, reasons) => {
    const { value, holds } = decide(values, min);
    expect(value).toBe(price);
    expect(holds.map(({ reason }) => reason)).toEqual(reasons);
  });
});

describe('an index value is published unseen when it is positive and no jump', () => {
  test.each<[rule: string, value: string, before: string | undefined, reason: string | undefined]>([
    ['the same again', '2.350', '2.350', undefined],
    ['up by the limit of a quarter', '2.500', '2.000', undefined],
    ['up by a millionth more', '2.500001', '2.000', 'index-moved-beyond-limit'],
    ['down by the limit', '1.500', '2.000', undefined],
    ['down by a millionth more', '1.499999', '2.000', 'index-moved-beyond-limit'],
    ['a hundred times the last', '235', '2.350', 'index-moved-beyond-limit'],
    ['a hundredth of the last', '0.0235', '2.350', 'index-moved-beyond-limit'],
    ['zero', '0', '2.350', 'index-not-positive'],
    ['below zero', '-2.350', '2.350', 'index-not-positive'],
    ['zero, though the last was', '0', '0', 'index-not-positive'],
    ['anything after zero', '2.350', '0', 'index-moved-beyond-limit'],
    ['the first there ever was', '2.350', undefined, undefined],
  ])('%s: %s after %s', (_, value, before, reason) => {
    const holds = judgeIndexValue(
      H100,
      on('2025-11-10'),
      parseIndex(value)!,
      before === undefined ? undefined : parseIndex(before)!,
    );
    expect(holds.map((hold) => hold.reason)).toEqual(reason ? [reason] : []);
    const details = {
      'index-not-positive': `the value of 2025-11-10 is ${parseIndex(value)} millionths of a dollar`,
      'index-moved-beyond-limit': `the value of 2025-11-10 moves from ${before && parseIndex(before)} to ${parseIndex(value)} millionths of a dollar`,
    };
    expect(holds.map((hold) => hold.detail)).toEqual(reason ? [details[reason as keyof typeof details]] : []);
  });
});

describe('a month expires with the settlement of its last trading day', () => {
  test.each<[day: string, expires: string | undefined]>([
    ['2025-10-30', undefined],
    ['2025-10-31', '2025-10'],
    ['2025-11-03', undefined],
    ['2025-11-28', '2025-11'],
    ['2025-12-31', '2025-12'],
    ['2027-05-28', '2027-05'],
    ['2028-02-28', undefined],
    ['2028-02-29', '2028-02'],
    ['2028-12-28', undefined],
    ['2028-12-29', '2028-12'],
  ])('on %s: %s', (day, expires) => {
    const found = expiringMonth('NYSE', listedMonths('NYSE', on(day), 12), on(day));
    expect(found && monthText(found)).toBe(expires);
  });

  test('each month of five years expires once', () => {
    const expired: string[] = [];
    for (let day = on('2024-01-01'); day <= '2028-12-31'; day = addDays(day, 1)) {
      const found = expiringMonth('NYSE', listedMonths('NYSE', day, 12), day);
      if (found) expired.push(monthText(found));
    }
    expect(expired).toHaveLength(60);
    expect(new Set(expired).size).toBe(60);
  });

  test('and one is listed at the far end, at the far month’s mark', () => {
    const marks = curve(2000, 2010, 2020);
    expect(
      nextListing(
        [0, 1, 2].map((at) => monthAfter(FIRST, at)),
        marks,
      ),
    ).toEqual({ month: month('2026-02'), price: 2020 });
  });
});
