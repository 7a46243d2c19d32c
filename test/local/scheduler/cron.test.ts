/** When schedules are due, around the days on which calendars are odd. */
import { describe, expect, test } from 'vitest';
import { nextDue } from '../../../lib/local/scheduler/cron.ts';

const NEW_YORK = 'America/New_York';

function due(
  expression: string,
  timeZone: string,
  after: string,
  count: number,
  window: { startMs?: number; endMs?: number } = {},
): string[] {
  const next = nextDue(
    { name: 's', expression, timeZone, startMs: window.startMs, endMs: window.endMs },
    Date.parse('2025-01-01T00:00:00Z'),
  );
  const instants: string[] = [];
  for (let at = next(Date.parse(after)); at !== undefined && instants.length < count; at = next(at))
    instants.push(new Date(at).toISOString());
  return instants;
}

describe('cron', () => {
  test.each([
    [
      'keeps its local time when summer time ends',
      'cron(0 10 ? * MON-FRI *)',
      '2025-10-31T00:00:00Z',
      ['2025-10-31T14:00:00.000Z', '2025-11-03T15:00:00.000Z'],
    ],
    [
      'keeps its local time when summer time begins',
      'cron(0 16 ? * MON-FRI *)',
      '2025-03-07T00:00:00Z',
      ['2025-03-07T21:00:00.000Z', '2025-03-10T20:00:00.000Z'],
    ],
    [
      'skips a time that does not exist',
      'cron(30 2 * * ? *)',
      '2025-03-08T00:00:00Z',
      ['2025-03-08T07:30:00.000Z', '2025-03-10T06:30:00.000Z'],
    ],
    [
      'runs once at a time that comes twice',
      'cron(30 1 * * ? *)',
      '2025-11-01T12:00:00Z',
      ['2025-11-02T05:30:00.000Z', '2025-11-03T06:30:00.000Z'],
    ],
    [
      'waits for the next leap day',
      'cron(0 12 29 2 ? *)',
      '2025-01-01T00:00:00Z',
      ['2028-02-29T17:00:00.000Z', '2032-02-29T17:00:00.000Z'],
    ],
    [
      'steps from a start within a range of hours',
      'cron(0/15 8-19 ? * MON-FRI *)',
      '2025-10-17T23:20:00Z',
      ['2025-10-17T23:30:00.000Z', '2025-10-17T23:45:00.000Z', '2025-10-20T12:00:00.000Z'],
    ],
    ['counts weekdays from Sunday', 'cron(0 0 ? * 2 *)', '2025-10-18T00:00:00Z', ['2025-10-20T04:00:00.000Z']],
    ['knows the last day of a month', 'cron(0 12 L * ? *)', '2024-02-01T00:00:00Z', ['2024-02-29T17:00:00.000Z']],
    ['ends with its year', 'cron(0 12 1 1 ? 2026)', '2025-12-01T00:00:00Z', ['2026-01-01T17:00:00.000Z']],
  ])('%s', (_title, expression, after, expected) => {
    expect(due(expression, NEW_YORK, after, expected.length)).toEqual(expected);
  });

  test('is due neither before its start nor after its end', () => {
    const window = { startMs: Date.parse('2025-10-20T12:00:00Z'), endMs: Date.parse('2025-10-21T12:00:00Z') };
    expect(due('cron(0 12 * * ? *)', 'UTC', '2025-10-01T00:00:00Z', 5, window)).toEqual([
      '2025-10-20T12:00:00.000Z',
      '2025-10-21T12:00:00.000Z',
    ]);
  });
});

test('a rate counts from its start', () => {
  const startMs = Date.parse('2025-10-20T00:10:00Z');
  expect(due('rate(5 minutes)', 'UTC', '2025-10-20T00:17:00Z', 2, { startMs })).toEqual([
    '2025-10-20T00:20:00.000Z',
    '2025-10-20T00:25:00.000Z',
  ]);
});

test('at is due once, in its time zone', () => {
  expect(due('at(2025-07-01T09:30:00)', NEW_YORK, '2025-01-01T00:00:00Z', 5)).toEqual(['2025-07-01T13:30:00.000Z']);
});

test.each([
  'cron(0 10 * * *)',
  'cron(0 10 * * * *)',
  'cron(0 10 ? * ? *)',
  'cron(0 25 * * ? *)',
  'rate(0 minutes)',
  'rate(5 fortnights)',
  'every day',
])('refuses %s', (expression) => {
  expect(() => due(expression, 'UTC', '2025-01-01T00:00:00Z', 1)).toThrow("can't be understood");
});
