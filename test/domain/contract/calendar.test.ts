import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addDays,
  type BusinessDate,
  businessDays,
  CalendarEndError,
  daysBetween,
  instantOf,
  isBusinessDay,
  localDate,
  nextBusinessDay,
  parseDate,
} from '../../../lib/domain/contract/calendar.ts';
import { on } from '../../venue/h100.ts';

const NEW_YORK = 'America/New_York';

describe('business days are the days that the New York Stock Exchange trades', () => {
  test.each<[day: string, open: boolean, why: string]>([
    ['2025-11-10', true, 'a Monday'],
    ['2025-11-08', false, 'a Saturday'],
    ['2025-11-09', false, 'a Sunday'],
    ['2025-11-11', true, 'Veterans Day, when banks close and the exchange does not'],
    ['2025-10-13', true, 'Columbus Day likewise'],
    ['2025-11-27', false, 'Thanksgiving'],
    ['2025-11-28', true, 'the short day after it'],
    ['2025-12-24', true, 'Christmas Eve, a short day'],
    ['2025-12-25', false, 'Christmas'],
    ['2025-12-31', true, 'the last day of the year'],
    ['2026-01-01', false, 'New Year'],
    ['2025-01-09', false, 'the day of mourning for President Carter'],
    ['2026-07-03', false, 'Independence Day on a Saturday, kept on Friday'],
    ['2027-07-05', false, 'Independence Day on a Sunday, kept on Monday'],
    ['2027-12-24', false, 'Christmas on a Saturday, kept on Friday'],
    ['2027-12-31', true, 'New Year on a Saturday, kept on no day'],
    ['2028-02-29', true, 'a leap day'],
    ['2026-04-03', false, 'Good Friday'],
  ])('%s: %s (%s)', (day, open) => expect(isBusinessDay('NYSE', on(day))).toBe(open));

  test.each([2024, 2025, 2026, 2027, 2028])('the holidays of %i are those of the exchange’s rule 7.2', (year) => {
    const open = new Set(businessDays('NYSE', on(`${year}-01-01`), on(`${year}-12-31`)));
    const closed: string[] = [];
    for (let day = on(`${year}-01-01`); day <= `${year}-12-31`; day = addDays(day, 1)) {
      if (![0, 6].includes(weekday(day)) && !open.has(day)) closed.push(day);
    }
    expect(closed).toEqual(holidaysByRule(year));
  });

  test.each([
    ['2023-12-29', 'before the data'],
    ['2029-01-02', 'after the data'],
  ])('%s, %s, is an error and no guess', (day) => {
    const error = { name: 'CalendarEndError', message: `calendar NYSE has no data for ${day}` };
    expect(() => isBusinessDay('NYSE', on(day))).toThrow(expect.objectContaining(error));
    expect(() => isBusinessDay('NYSE', on(day))).toThrow(CalendarEndError);
  });

  test.each([
    ['2025-11-07', '2025-11-10', 'over a weekend'],
    ['2025-11-26', '2025-11-28', 'over Thanksgiving'],
    ['2025-12-31', '2026-01-02', 'over the year end'],
    ['2026-07-02', '2026-07-06', 'over a long weekend'],
    ['2025-11-11', '2025-11-12', 'though it is a business day itself'],
    ['2025-11-08', '2025-11-10', 'from a Saturday'],
  ])('after %s comes %s, %s', (day, next) => expect(nextBusinessDay('NYSE', on(day))).toBe(next));

  test('the day after the last one of the data is an error', () => {
    expect(() => nextBusinessDay('NYSE', on('2028-12-29'))).toThrow(CalendarEndError);
  });

  test('both ends count, and an empty range has no day', () => {
    expect(businessDays('NYSE', on('2025-11-26'), on('2025-12-01'))).toEqual(['2025-11-26', '2025-11-28', '2025-12-01']);
    expect(businessDays('NYSE', on('2025-11-27'), on('2025-11-27'))).toEqual([]);
    expect(businessDays('NYSE', on('2025-12-01'), on('2025-11-26'))).toEqual([]);
  });
});

describe('dates', () => {
  test.each(['2025-12-31', '2028-02-29', '2024-02-29', '2000-02-29'])('%s is one', (text) => expect(parseDate(text)).toBe(text));

  test.each([
    '2025-02-29',
    '2100-02-29',
    '2025-02-30',
    '2025-04-31',
    '2025-13-01',
    '2025-00-10',
    '2025-01-00',
    '2025-1-5',
    '20251231',
    '2025-12-31T00:00:00Z',
    ' 2025-12-31',
    '2025-12-31\n',
    '+002025-12-31',
    '\u0662025-12-31',
    '',
  ])('%j is none', (text) => expect(parseDate(text)).toBeUndefined());

  test.each<[from: string, days: number, to: string]>([
    ['2028-02-28', 1, '2028-02-29'],
    ['2028-02-28', 2, '2028-03-01'],
    ['2027-02-28', 1, '2027-03-01'],
    ['2025-12-31', 1, '2026-01-01'],
    ['2026-01-01', -1, '2025-12-31'],
    ['2025-11-01', 2, '2025-11-03'],
    ['2027-12-31', 366, '2028-12-31'],
  ])('%s and %i days is %s, whatever the clocks do', (from, days, to) => {
    expect(addDays(on(from), days)).toBe(to);
    expect(daysBetween(on(from), on(to))).toBe(days);
  });
});

describe('a schedule keeps its wall-clock time through daylight saving', () => {
  test.each<[day: string, time: string, utc: string, why: string]>([
    ['2025-10-31', '16:00', '2025-10-31T20:00:00Z', 'summer time, a Friday'],
    ['2025-11-03', '16:00', '2025-11-03T21:00:00Z', 'winter time, the Monday after'],
    ['2026-03-06', '16:00', '2026-03-06T21:00:00Z', 'winter time, a Friday'],
    ['2026-03-09', '16:00', '2026-03-09T20:00:00Z', 'summer time, the Monday after'],
    ['2025-11-02', '00:30', '2025-11-02T04:30:00Z', 'before the autumn change'],
    ['2025-11-02', '01:30', '2025-11-02T05:30:00Z', 'shown twice: the first'],
    ['2025-11-02', '02:00', '2025-11-02T07:00:00Z', 'after the change'],
    ['2026-03-08', '01:59', '2026-03-08T06:59:00Z', 'before the spring change'],
    ['2026-03-08', '02:00', '2026-03-08T07:00:00Z', 'never shown: the change'],
    ['2026-03-08', '02:30', '2026-03-08T07:00:00Z', 'never shown: the change'],
    ['2026-03-08', '03:00', '2026-03-08T07:00:00Z', 'the change'],
    ['2026-03-08', '03:01', '2026-03-08T07:01:00Z', 'after the change'],
    ['2025-12-31', '23:59', '2026-01-01T04:59:00Z', 'the year ends later in London'],
    ['2028-02-29', '12:00', '2028-02-29T17:00:00Z', 'a leap day'],
  ])('%s %s in New York is %s (%s)', (day, time, utc) => {
    expect(new Date(instantOf(on(day), time, NEW_YORK)).toISOString()).toBe(utc.replace('Z', '.000Z'));
  });

  test.each<[zone: string, day: string, time: string, utc: string]>([
    ['UTC', '2025-11-02', '01:30', '2025-11-02T01:30:00.000Z'],
    ['Europe/London', '2026-03-29', '01:30', '2026-03-29T01:00:00.000Z'],
    ['Europe/Berlin', '2025-10-26', '02:30', '2025-10-26T00:30:00.000Z'],
    ['Asia/Kolkata', '2025-11-02', '16:00', '2025-11-02T10:30:00.000Z'],
    ['Asia/Kathmandu', '2025-11-02', '16:00', '2025-11-02T10:15:00.000Z'],
    ['Australia/Lord_Howe', '2026-04-05', '01:45', '2026-04-04T14:45:00.000Z'],
    ['Australia/Lord_Howe', '2025-10-05', '02:15', '2025-10-04T15:30:00.000Z'],
    ['Pacific/Kiritimati', '2025-11-02', '00:30', '2025-11-01T10:30:00.000Z'],
    ['Pacific/Niue', '2025-11-02', '23:30', '2025-11-03T10:30:00.000Z'],
    ['Pacific/Apia', '2011-12-30', '12:00', '2011-12-30T10:00:00.000Z'],
  ])('in %s, %s %s is %s', (zone, day, time, utc) => {
    expect(new Date(instantOf(on(day), time, zone)).toISOString()).toBe(utc);
  });

  test.each<[utc: string, zone: string, day: string]>([
    ['2025-11-02T03:59:59.999Z', NEW_YORK, '2025-11-01'],
    ['2025-11-02T04:00:00.000Z', NEW_YORK, '2025-11-02'],
    ['2025-11-03T04:59:59.999Z', NEW_YORK, '2025-11-02'],
    ['2025-11-03T05:00:00.000Z', NEW_YORK, '2025-11-03'],
    ['2026-03-08T04:59:59.999Z', NEW_YORK, '2026-03-07'],
    ['2026-03-09T03:59:59.999Z', NEW_YORK, '2026-03-08'],
    ['2026-01-01T04:59:59.999Z', NEW_YORK, '2025-12-31'],
    ['2028-02-29T23:00:00.000Z', 'Asia/Tokyo', '2028-03-01'],
    ['2025-11-02T00:30:00.000Z', 'UTC', '2025-11-02'],
    ['2025-11-02T00:00:00.500Z', 'UTC', '2025-11-02'],
    ['1969-12-31T00:00:00.500Z', 'UTC', '1969-12-31'],
    ['1969-12-31T23:59:59.999Z', 'UTC', '1969-12-31'],
  ])('at %s the date in %s is %s', (utc, zone, day) => expect(localDate(Date.parse(utc), zone)).toBe(day));

  const zones = Intl.supportedValuesOf('timeZone');
  const minute = fc.integer({ min: Date.parse('2024-01-01') / 60_000, max: Date.parse('2028-12-31') / 60_000 });

  test('in every zone, what the clock shows at an instant leads back to the first instant that shows it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), minute, (zone, at) => {
        const instant = at * 60_000;
        const shown = clock(instant, zone);
        const back = instantOf(shown.day, shown.time, zone);
        expect(localDate(instant, zone)).toBe(shown.day);
        expect(clock(back, zone)).toEqual(shown);
        expect(instant - back).toBeOneOf([0, 30 * 60_000, 60 * 60_000, 120 * 60_000]);
      }),
      { numRuns: 500 },
    );
  });

  test('in every zone, an instant shows the time asked for, or the end of what the clocks skipped, and days keep their order', () => {
    const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
    fc.assert(
      fc.property(fc.constantFrom(...zones), minute, time, (zone, at, [hour, past]) => {
        const day = localDate(at * 60_000, zone);
        const wanted = `${String(hour).padStart(2, '0')}:${String(past).padStart(2, '0')}`;
        const instant = instantOf(day, wanted, zone);
        const shown = clock(instant, zone);
        if (shown.day !== day || shown.time !== wanted) {
          const before = clock(instant - 60_000, zone);
          expect(`${before.day} ${before.time}` < `${day} ${wanted}`).toBe(true);
          expect(`${shown.day} ${shown.time}` > `${day} ${wanted}`).toBe(true);
        }
        expect(instantOf(addDays(day, 1), wanted, zone)).toBeGreaterThan(instant);
      }),
      { numRuns: 500 },
    );
  });

  test('around every change of New York’s clocks, minute by minute', () => {
    for (const [change, skipped] of [
      ['2025-11-02T06:00:00Z', -60],
      ['2026-03-08T07:00:00Z', 60],
    ] as const) {
      for (let past = -180; past <= 180; past++) {
        const instant = Date.parse(change) + past * 60_000;
        const { day, time } = clock(instant, NEW_YORK);
        const repeated = skipped < 0 && past >= 0 && past < 60;
        expect(instantOf(day, time, NEW_YORK)).toBe(repeated ? instant - 3_600_000 : instant);
      }
    }
  });
});

/** What a wall clock shows, by other means than the code under test. */
function clock(instant: number, timeZone: string): { day: BusinessDate; time: string } {
  const text = new Date(instant).toLocaleString('sv-SE', { timeZone });
  return { day: on(text.slice(0, 10)), time: text.slice(11, 16) };
}

const weekday = (day: string): number => new Date(`${day}T12:00:00Z`).getUTCDay();

/** NYSE rule 7.2: ten holidays; Saturday's is kept on Friday unless that ends a month's accounts, Sunday's on Monday. */
function holidaysByRule(year: number): string[] {
  const date = (month: number, day: number): BusinessDate =>
    on(`${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`);
  const nth = (month: number, which: number, on: number): BusinessDate =>
    addDays(date(month, 1), ((on - weekday(date(month, 1)) + 7) % 7) + 7 * (which - 1));
  const kept = (day: BusinessDate): BusinessDate => addDays(day, weekday(day) === 6 ? -1 : weekday(day) === 0 ? 1 : 0);
  const memorial = addDays(date(5, 31), -((weekday(date(5, 31)) + 6) % 7));
  const special = year === 2025 ? [date(1, 9)] : [];
  const newYear = weekday(date(1, 1)) === 6 ? [] : [kept(date(1, 1))];
  return [
    ...newYear,
    ...special,
    nth(1, 3, 1),
    nth(2, 3, 1),
    addDays(easter(year), -2),
    memorial,
    kept(date(6, 19)),
    kept(date(7, 4)),
    nth(9, 1, 1),
    nth(11, 4, 4),
    kept(date(12, 25)),
  ];
}

/** Easter Sunday by the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, chapter 8). */
function easter(year: number): BusinessDate {
  const a = year % 19;
  const [b, c] = [Math.floor(year / 100), year % 100];
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  const day = ((h + l - 7 * m + 114) % 31) + 1;
  return on(`${year}-0${month}-${String(day).padStart(2, '0')}`);
}
