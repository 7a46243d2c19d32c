/** Prices that fall by a tenth of what they were on each of three business days, and stay so. */
import { expect, it } from 'vitest';
import { addDays } from '../../lib/domain/contract/calendar.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { ticks } from '../../lib/domain/contract/units.ts';
import { crashFrom, fallenOffers, fallenSpot, NO_CRASH } from '../../lib/simulation/crash.ts';
import { worthOf } from '../../lib/simulation/market.ts';
import { DEC, NOV, on } from '../venue/h100.ts';

/** A Thursday: the third day of the fall is a Monday. */
const FIRST = on('2025-10-23');
const tenths = crashFrom('NYSE', FIRST);
const days = Array.from({ length: 8 }, (_, at) => addDays(on('2025-10-21'), at));
const spot = new Map(days.map((day) => [day, 2_000_000n as Micros]));

it('stand at nine, eight and seven tenths, weekends as the day before them', () => {
  expect(days.map((day) => tenths(day))).toEqual([10n, 10n, 9n, 8n, 8n, 8n, 7n, 7n]);
  expect([...fallenSpot(spot, tenths).values()].at(-1)).toBe(1_400_000n);
  const offers = new Map([[FIRST, [{ provider: 'nimbus', offers: 3, average: ticks(2_345) }]]]);
  expect(fallenOffers(offers, tenths).get(FIRST)).toEqual([{ provider: 'nimbus', offers: 3, average: 2110 }]);
});

it('are believed at once: what a month is worth falls as far on the same day', () => {
  const fallen = fallenSpot(spot, tenths);
  const worth = (day: (typeof days)[number]) => worthOf(fallen, day, [NOV, DEC], { priceDecimals: 3 }, tenths);
  const before = worthOf(spot, FIRST, [NOV, DEC], { priceDecimals: 3 }, NO_CRASH);
  // Each is rounded to the tick on its own.
  for (const [month, price] of before) expect(Math.abs(worth(FIRST).get(month)! - (price * 9) / 10)).toBeLessThanOrEqual(1);
});
