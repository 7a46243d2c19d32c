/** The plan of a run: which days, when what is published, when auctions are due. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Hours, planDays } from '../../lib/simulation/days.ts';
import { readSpot } from '../../lib/simulation/prices.ts';
import { on } from '../venue/h100.ts';

const FILE = join(import.meta.dirname, '..', '..', 'data', 'gpu-spot-daily.csv');
const SPOT = readSpot(readFileSync(FILE, 'utf8'), 'spot', 'H100-SXM');
const HOURS: Hours = { timeZone: 'America/New_York', calendar: 'NYSE', auctions: ['10:00', '13:00', '16:00'] };
const utc = (instant: number): string => new Date(instant).toISOString().slice(0, 16);

test('the prices of the repository cover twenty trading days with sixty auctions', () => {
  const { days, listedOn, startsAt } = planDays(SPOT, HOURS);
  expect([days.length, days[0]!.date, days.at(-1)!.date]).toEqual([20, '2025-10-20', '2025-11-14']);
  expect(days.flatMap(({ rounds }) => rounds)).toHaveLength(60);
  expect(listedOn).toBe('2025-10-17');
  expect(utc(startsAt)).toBe('2025-10-19T13:00');
});

test('every value is published once, on its own morning, weekends among them', () => {
  const { firstIndex, days } = planDays(SPOT, HOURS);
  const published = [firstIndex, ...days.flatMap(({ publications }) => publications)];
  expect(published.map(({ date }) => date)).toEqual([...SPOT.keys()].filter((date) => date <= '2025-11-14'));
  expect(days[5]!.publications.map(({ date }) => date)).toEqual(['2025-10-25', '2025-10-26', '2025-10-27']);
});

test('auctions keep New York hours when daylight saving ends', () => {
  const { days } = planDays(SPOT, HOURS);
  const due = (date: string): string[] => days.find((day) => day.date === date)!.rounds.map((round) => utc(round.due).slice(11));
  expect(due('2025-10-31')).toEqual(['14:00', '17:00', '20:00']);
  expect(due('2025-11-03')).toEqual(['15:00', '18:00', '21:00']);
});

test('orders go out before their auction and after the one before it', () => {
  const rounds = planDays(SPOT, HOURS).days.flatMap((day) => day.rounds);
  rounds.forEach((round, index) => {
    expect(round.ordersAt).toBeLessThan(round.due);
    expect(round.ordersAt).toBeGreaterThan(rounds[index - 1]?.due ?? 0);
  });
  expect(rounds.filter(({ closing }) => closing)).toHaveLength(20);
});

test('fewer days can be asked for, more than the prices cover cannot', () => {
  expect(planDays(SPOT, HOURS, 3).days).toHaveLength(3);
  expect(() => planDays(SPOT, HOURS, 21)).toThrow('the spot prices, 2025-10-19 to 2025-11-16, cover 20 trading days');
});

test('a day missing among the prices is named', () => {
  const gap = new Map([...SPOT].filter(([date]) => date !== on('2025-10-25')));
  expect(() => planDays(gap, HOURS)).toThrow('the spot prices lack 2025-10-25');
});
