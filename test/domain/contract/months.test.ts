import { describe, expect, test } from 'vitest';
import { addDays, CalendarEndError } from '../../../lib/domain/contract/calendar.ts';
import {
  CASH,
  contractCode,
  contractMonth,
  firstDay,
  lastDay,
  lastTradingDay,
  listedMonths,
  monthAfter,
  monthOf,
  monthText,
  nearMonth,
  parseContractCode,
  parseMonth,
  rollWindow,
} from '../../../lib/domain/contract/months.ts';
import { month, on } from '../../venue/h100.ts';

describe('a contract is named by its product and month', () => {
  test.each<[code: string, product: string, delivery: string]>([
    ['H100-SXM-2025-12', 'H100-SXM', '2025-12'],
    ['B200-2026-01', 'B200', '2026-01'],
    ['H100-SXM-2025-12-2026-01', 'H100-SXM-2025-12', '2026-01'],
  ])('%s is %s of %s', (code, product, delivery) => {
    expect(parseContractCode(code)).toEqual({ product, month: month(delivery) });
    expect(contractCode(product, month(delivery))).toBe(code);
  });

  test.each([
    'H100-SXM',
    'H100-SXM-2025-13',
    'H100-SXM-2025-00',
    'H100-SXM-2025-1',
    'H100-SXM-25-12',
    '-2025-12',
    '2025-12',
    'H100-SXM-2025-12 ',
    'H100-SXM-2025-12\n',
    'H100-SXM-\u0662025-12',
    '',
  ])('%j is no contract', (code) => expect(parseContractCode(code)).toBeUndefined());

  test('no month is mistaken for cash', () => {
    expect(contractMonth(0, 1)).toBe(CASH);
    expect(parseMonth('0000-01')).toBeUndefined();
    expect(parseContractCode('H100-SXM-0000-01')).toBeUndefined();
  });

  test.each(['2025-12x', 'x2025-12', '2025-120', '12025-12', '2025-13', '2025-1', '0999-12', ' 2025-12', '2025-12\n', ''])(
    '%j is no month',
    (text) => expect(parseMonth(text)).toBeUndefined(),
  );

  test('December is followed by January', () => {
    expect(monthText(monthAfter(month('2025-12')))).toBe('2026-01');
    expect(monthText(monthAfter(month('2026-01'), -1))).toBe('2025-12');
    expect(monthText(monthAfter(month('2025-12'), 13))).toBe('2027-01');
    expect(monthOf(on('2025-12-31'))).toBe(month('2025-12'));
  });

  test.each([
    ['2025-12', '2025-12-01', '2025-12-31'],
    ['2028-02', '2028-02-01', '2028-02-29'],
    ['2027-02', '2027-02-01', '2027-02-28'],
  ])('%s runs from %s to %s', (delivery, first, last) => {
    expect([firstDay(month(delivery)), lastDay(month(delivery))]).toEqual([first, last]);
  });
});

test.each([
  ['2025-10', '2025-10-31', 'a Friday'],
  ['2025-11', '2025-11-28', 'a short day, but a business day'],
  ['2025-12', '2025-12-31', 'the last day of the year'],
  ['2024-03', '2024-03-28', 'Good Friday is the 29th'],
  ['2026-01', '2026-01-30', 'the 31st is a Saturday'],
  ['2026-05', '2026-05-29', 'the 30th and 31st are a weekend'],
  ['2027-05', '2027-05-28', 'Memorial Day is the 31st, after a weekend'],
  ['2028-02', '2028-02-29', 'a leap day'],
])('the last trading day of %s is %s: %s', (delivery, day) => expect(lastTradingDay('NYSE', month(delivery))).toBe(day));

test.each<[delivery: string, days: string[]]>([
  ['2025-12', ['2025-11-07', '2025-11-10', '2025-11-11', '2025-11-12', '2025-11-13']],
  ['2025-11', ['2025-10-07', '2025-10-08', '2025-10-09', '2025-10-10', '2025-10-13']],
  ['2026-01', ['2025-12-05', '2025-12-08', '2025-12-09', '2025-12-10', '2025-12-11']],
  ['2026-02', ['2026-01-08', '2026-01-09', '2026-01-12', '2026-01-13', '2026-01-14']],
  ['2025-02', ['2025-01-08', '2025-01-10', '2025-01-13', '2025-01-14', '2025-01-15']],
  ['2026-08', ['2026-07-08', '2026-07-09', '2026-07-10', '2026-07-13', '2026-07-14']],
])('%s rolls on business days 5 to 9 of the month before it', (delivery, days) => {
  expect(rollWindow('NYSE', month(delivery))).toEqual(days);
});

describe('the near month is the first whose roll window has not passed', () => {
  test.each([
    ['2025-11-01', '2025-12', 'a Saturday before the window'],
    ['2025-11-06', '2025-12', 'the day before the window'],
    ['2025-11-07', '2025-12', 'the first day of the window'],
    ['2025-11-13', '2025-12', 'the last day of the window'],
    ['2025-11-14', '2026-01', 'the day after the window'],
    ['2025-11-30', '2026-01', 'until the month ends'],
    ['2025-12-01', '2026-01', 'and in the next, before its window'],
    ['2025-12-11', '2026-01', 'the last day of the window'],
    ['2025-12-12', '2026-02', 'across the year end'],
    ['2025-12-31', '2026-02', 'the last day of the year'],
    ['2026-01-01', '2026-02', 'the first day of the year'],
    ['2024-01-02', '2024-02', 'the first month of the calendar’s data'],
  ])('on %s it is %s: %s', (day, delivery) => expect(monthText(nearMonth('NYSE', on(day)))).toBe(delivery));

  test('every day of five years has one, at most two months ahead, and it never goes back', () => {
    let before = nearMonth('NYSE', on('2024-01-01'));
    for (let day = on('2024-01-01'); day <= '2028-11-30'; day = addDays(day, 1)) {
      const near = nearMonth('NYSE', day);
      expect([1, 2]).toContain(near - monthOf(day));
      expect([0, 1]).toContain(near - before);
      before = near;
    }
  });

  test('past the end of the calendar’s data there is none, and no guess', () => {
    expect(() => nearMonth('NYSE', on('2028-12-29'))).toThrow(CalendarEndError);
  });
});

describe('twelve months are listed, from the first whose last trading day has not passed', () => {
  test.each([
    ['2025-10-20', '2025-10', '2026-09'],
    ['2025-10-31', '2025-10', '2026-09'],
    ['2025-11-01', '2025-11', '2026-10'],
    ['2025-11-28', '2025-11', '2026-10'],
    ['2025-11-29', '2025-12', '2026-11'],
    ['2025-12-31', '2025-12', '2026-11'],
    ['2026-01-01', '2026-01', '2026-12'],
    ['2026-05-30', '2026-06', '2027-05'],
    ['2028-12-29', '2028-12', '2029-11'],
  ])('on %s: %s to %s', (day, first, last) => {
    const listed = listedMonths('NYSE', on(day), 12);
    expect(listed).toEqual(Array.from({ length: 12 }, (_, ahead) => monthAfter(month(first), ahead)));
    expect(listed.at(-1)).toBe(month(last));
  });
});
