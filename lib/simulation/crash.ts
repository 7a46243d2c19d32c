/**
 * A crash in the month of real prices: from a day on, everything is worth a tenth of its price less on each of three days, and stays so. What
 * rents and offers cost falls with it; the days before are as they were.
 */
import { type BusinessDate, type CalendarName, nextBusinessDay } from '../domain/contract/calendar.ts';
import type { Micros } from '../domain/contract/units.ts';
import { ticks } from '../domain/contract/units.ts';
import type { OffersByDay, Spot } from './prices.ts';

const TENTHS_LEFT = [9n, 8n, 7n];

/** By how many tenths of it a day's price stands. */
export type TenthsOn = (date: BusinessDate) => bigint;

/** Nothing falls. */
export const NO_CRASH: TenthsOn = () => 10n;

/** Falls on `first` and the two business days after it. */
export function crashFrom(calendar: CalendarName, first: BusinessDate): TenthsOn {
  const second = nextBusinessDay(calendar, first);
  const third = nextBusinessDay(calendar, second);
  return (date) => (date < first ? 10n : date < second ? TENTHS_LEFT[0]! : date < third ? TENTHS_LEFT[1]! : TENTHS_LEFT[2]!);
}

export const fallenSpot = (spot: Spot, tenths: TenthsOn): Spot =>
  new Map([...spot].map(([date, value]) => [date, ((value * tenths(date)) / 10n) as Micros]));

export const fallenOffers = (offers: OffersByDay, tenths: TenthsOn): OffersByDay =>
  new Map(
    [...offers].map(([date, rows]) => [
      date,
      rows.map((row) => ({ ...row, average: ticks(Math.trunc((row.average * Number(tenths(date))) / 10)) })),
    ]),
  );
