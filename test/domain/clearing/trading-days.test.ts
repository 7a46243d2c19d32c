import { describe, expect, test } from 'vitest';
import { type NumberedAuction, nextAuction } from '../../../lib/domain/clearing/next-auction.ts';
import { auctionsAround, tradingDays } from '../../../lib/domain/clearing/trading-days.ts';
import type { ProductState } from '../../../lib/domain/clearing/venue.ts';
import { DEC, H100, newYork, newYorkMs, OCT, on } from '../../venue/h100.ts';
import { ON_MONDAY } from '../../venue/product-state.ts';

const TIMES = ['13:00', '10:00'];

describe('the days ahead', () => {
  test('are business days, each with its auctions in order of time, by the clock of the product’s zone', () => {
    const days = tradingDays(H100, TIMES, on('2025-10-31'), 2);
    expect(days.map(({ date }) => date)).toEqual(['2025-10-31', '2025-11-03']);
    expect(days.map(({ auctions }) => auctions.map(({ slot, closing }) => [new Date(slot).toISOString(), closing]))).toEqual([
      [
        ['2025-10-31T14:00:00.000Z', false],
        ['2025-10-31T17:00:00.000Z', false],
        ['2025-10-31T20:00:00.000Z', true],
      ],
      // Clocks have gone back over the weekend.
      [
        ['2025-11-03T15:00:00.000Z', false],
        ['2025-11-03T18:00:00.000Z', false],
        ['2025-11-03T21:00:00.000Z', true],
      ],
    ]);
    expect(days.map(({ lastTradingOf }) => lastTradingOf)).toEqual([OCT, undefined]);
  });

  test('name the roll and its day', () => {
    const rolls = tradingDays(H100, TIMES, on('2025-11-06'), 7).map(({ date, roll }) => [date, roll?.near, roll?.day]);
    expect(rolls).toEqual([
      ['2025-11-06', undefined, undefined],
      ['2025-11-07', DEC, 1],
      ['2025-11-10', DEC, 2],
      ['2025-11-11', DEC, 3],
      ['2025-11-12', DEC, 4],
      ['2025-11-13', DEC, 5],
      ['2025-11-14', undefined, undefined],
    ]);
  });

  test('leave out an intraday auction that the day run comes before', () => {
    const [day] = tradingDays({ ...H100, dayRunTime: '12:00' }, TIMES, on('2025-10-20'), 1);
    expect(day?.auctions.map(({ slot }) => slot)).toEqual([newYorkMs('2025-10-20', '10:00'), newYorkMs('2025-10-20', '12:00')]);
  });

  test('end where the calendar’s data does', () => {
    expect(tradingDays(H100, TIMES, on('2028-12-28'), 100).map(({ date }) => date)).toEqual(['2028-12-28', '2028-12-29']);
    expect(tradingDays(H100, TIMES, on('2031-01-02'), 100)).toEqual([]);
    expect(tradingDays(H100, TIMES, on('1999-01-02'), 100)).toEqual([]);
  });
});

test('around an instant lie the auction that was due last, that instant’s own included, and the one that is due next', () => {
  const around = (date: string, time: string): (string | undefined)[] => {
    const { last, next } = auctionsAround(H100, TIMES, newYorkMs(date, time));
    return [last, next].map((due) => due && new Date(due.slot).toISOString());
  };
  expect(around('2025-10-20', '09:59')).toEqual([newYork('2025-10-17', '16:00'), newYork('2025-10-20', '10:00')]);
  expect(around('2025-10-20', '10:00')).toEqual([newYork('2025-10-20', '10:00'), newYork('2025-10-20', '13:00')]);
  expect(around('2025-10-18', '12:00')).toEqual([newYork('2025-10-17', '16:00'), newYork('2025-10-20', '10:00')]);
  expect(around('2028-12-29', '17:00')).toEqual([newYork('2028-12-29', '16:00'), undefined]);
  expect(around('2031-01-02', '10:00')).toEqual([undefined, undefined]);
});

describe('the next auction', () => {
  const FOURTH: NumberedAuction = {
    auction: 4,
    slot: newYork('2025-10-20', '10:00'),
    date: on('2025-10-20'),
    closing: false,
    marked: true,
  };
  const CLOSED: NumberedAuction = { ...FOURTH, auction: 6, slot: newYork('2025-10-20', '16:00'), closing: true };
  const CLEARED = { date: on('2025-10-20'), clearedBy: 9, settledBy: null, expiredBy: null };

  test.each<
    [
      rule: string,
      newest: NumberedAuction | undefined,
      change: Partial<ProductState>,
      at: string,
      next: [number, string, boolean],
    ]
  >([
    ['is the first that is due', FOURTH, {}, '2025-10-20 10:01', [5, '2025-10-20 13:00', false]],
    [
      'is the closing one after the last of the day',
      { ...FOURTH, slot: newYork('2025-10-20', '13:00') },
      {},
      '2025-10-20 13:01',
      [5, '2025-10-20 16:00', true],
    ],
    ['is the next day’s after the closing one', CLOSED, {}, '2025-10-20 16:01', [7, '2025-10-21 10:00', false]],
    [
      'is the next day’s too while its day is not settled',
      CLOSED,
      { lastDay: CLEARED },
      '2025-10-20 18:00',
      [7, '2025-10-21 10:00', false],
    ],
    [
      'is the first of the first trading day before any',
      undefined,
      { lastAuction: 0 },
      '2025-10-17 18:00',
      [1, '2025-10-20 10:00', false],
    ],
    [
      'is the one that is being cut until its markers are sent',
      { ...FOURTH, marked: false },
      {},
      '2025-10-20 10:00',
      [4, '2025-10-20 10:00', false],
    ],
    ['is one that is due and has no number yet', FOURTH, {}, '2025-10-20 13:00', [5, '2025-10-20 13:00', false]],
    ['is the closing one while that is late', FOURTH, {}, '2025-10-20 16:00', [5, '2025-10-20 16:00', true]],
    ['is still that on the next day, before which none may come', FOURTH, {}, '2025-10-21 11:00', [5, '2025-10-20 16:00', true]],
    [
      'is no auction of a day whose books are closed',
      CLOSED,
      { closedOn: on('2025-10-20'), lastDay: CLEARED },
      '2025-10-20 15:00',
      [7, '2025-10-20 16:00', true],
    ],
  ])('%s', (_, newest, change, at, [auction, slot, closing]) => {
    const [date, time] = at.split(' ') as [string, string];
    const next = nextAuction({ ...ON_MONDAY, ...change }, TIMES, newest, newYorkMs(date, time));
    expect(next && [next.auction, new Date(next.slot).toISOString(), next.closing]).toEqual([
      auction,
      newYork(...(slot.split(' ') as [string, string])),
      closing,
    ]);
  });
});
