/**
 * The days of a run: which index values are published when, when participants send their orders, when each auction is
 * due. All of it follows from the spot prices and the product's calendar; the clock then moves from one to the next.
 */
import {
  addDays,
  type BusinessDate,
  businessDays,
  type CalendarName,
  instantOf,
  nextBusinessDay,
} from '../domain/contract/calendar.ts';
import type { Micros } from '../domain/contract/units.ts';
import { PricesError, type Spot } from './prices.ts';

export interface Publication {
  readonly date: BusinessDate;
  readonly value: Micros;
  /** When the operator publishes it, milliseconds. */
  readonly at: number;
}

export interface Round {
  /** When participants have sent their orders for this auction, milliseconds. */
  readonly ordersAt: number;
  /** When it is due. */
  readonly due: number;
  /** The closing auction, which the day run starts. */
  readonly closing: boolean;
}

export interface TradingDay {
  readonly date: BusinessDate;
  /** This day's value last, after those of the days without trading before it. */
  readonly publications: readonly Publication[];
  readonly rounds: readonly Round[];
}

export interface Plan {
  /** The business day before the first trading day: the product is listed as of it. */
  readonly listedOn: BusinessDate;
  /** When the venue is set up, milliseconds: the morning of the first spot price. */
  readonly startsAt: number;
  /** Published while the venue is set up. */
  readonly firstIndex: Publication;
  readonly days: readonly TradingDay[];
}

export interface Hours {
  readonly timeZone: string;
  readonly calendar: CalendarName;
  /** Intraday auctions and the closing one, "HH:MM", in order. */
  readonly auctions: readonly string[];
}

const PUBLISHED = '09:00';
const ORDERS_BEFORE_MINUTES = 25;

/** The first `count` business days after the first spot price; all that the prices cover without it. Throws PricesError. */
export function planDays(spot: Spot, hours: Hours, count?: number): Plan {
  const dates = [...spot.keys()].sort();
  const [first, last] = [dates[0]!, dates.at(-1)!];
  const missing = calendarDays(first, last).filter((date) => !spot.has(date));
  if (missing.length > 0) throw new PricesError(`the spot prices lack ${missing.join(', ')}`);
  const covered = businessDays(hours.calendar, addDays(first, 1), last);
  if (covered.length === 0 || covered.length < (count ?? 1))
    throw new PricesError(
      `the spot prices, ${first} to ${last}, cover ${covered.length} trading days`,
      'Take fewer days, or other prices.',
    );
  const publication = (date: BusinessDate): Publication => ({
    date,
    value: spot.get(date)!,
    at: instantOf(date, PUBLISHED, hours.timeZone),
  });
  const days = covered.slice(0, count).map((date, index): TradingDay => {
    const before = covered[index - 1] ?? first;
    return {
      date,
      publications: calendarDays(addDays(before, 1), date).map(publication),
      rounds: roundsOf(date, hours.auctions, hours.timeZone),
    };
  });
  return {
    listedOn: dayBefore(hours.calendar, days[0]!.date),
    startsAt: publication(first).at,
    firstIndex: publication(first),
    days,
  };
}

/** The auctions of a day at these times, the closing one last. */
export const roundsOf = (date: BusinessDate, times: readonly string[], timeZone: string): Round[] =>
  times.map((time, at) => {
    const due = instantOf(date, time, timeZone);
    return { due, ordersAt: due - ORDERS_BEFORE_MINUTES * 60_000, closing: at === times.length - 1 };
  });

function dayBefore(calendar: CalendarName, date: BusinessDate): BusinessDate {
  let day = addDays(date, -1);
  while (nextBusinessDay(calendar, addDays(day, -1)) !== day) day = addDays(day, -1);
  return day;
}

function calendarDays(first: BusinessDate, last: BusinessDate): BusinessDate[] {
  const days: BusinessDate[] = [];
  for (let day = first; day <= last; day = addDays(day, 1)) days.push(day);
  return days;
}
