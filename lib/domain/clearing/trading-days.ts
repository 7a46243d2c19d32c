/**
 * The calendar of a product ahead: which auctions are due on which business day, which roll window the day is in, and which month trades
 * for the last time. It follows from the calendar, the product's parameters and the deployment's auction times alone, so it ends where the
 * calendar's data does.
 */
import {
  addDays,
  type BusinessDate,
  CalendarEndError,
  type CalendarName,
  instantOf,
  isBusinessDay,
  localDate,
  nextBusinessDay,
} from '../contract/calendar.ts';
import { type ContractMonth, lastTradingDay, monthOf } from '../contract/months.ts';
import type { ProductParameters } from '../contract/product.ts';
import { rollDay } from './roll.ts';

type Terms = Pick<ProductParameters, 'calendar' | 'timeZone' | 'dayRunTime'>;

/** An auction as it is due. */
export interface DueAuction {
  /** Milliseconds since 1970. */
  readonly slot: number;
  readonly date: BusinessDate;
  readonly closing: boolean;
}

export interface TradingDay {
  readonly date: BusinessDate;
  /** In order of time, the closing one last. */
  readonly auctions: readonly DueAuction[];
  readonly roll: ReturnType<typeof rollDay>;
  /** The month that trades for the last time. */
  readonly lastTradingOf: ContractMonth | undefined;
}

/** At most `count` business days from a date on, in order; fewer where the calendar's data ends. */
export function tradingDays(terms: Terms, auctionTimes: readonly string[], from: BusinessDate, count: number): TradingDay[] {
  const { calendar } = terms;
  const days: TradingDay[] = [];
  try {
    let date = isBusinessDay(calendar, from) ? from : nextBusinessDay(calendar, from);
    while (days.length < count) {
      days.push({
        date,
        auctions: auctionsOf(terms, auctionTimes, date),
        roll: rollDay(calendar, date),
        lastTradingOf: lastTradingDay(calendar, monthOf(date)) === date ? monthOf(date) : undefined,
      });
      date = nextBusinessDay(calendar, date);
    }
  } catch (error) {
    if (!(error instanceof CalendarEndError)) throw error;
  }
  return days;
}

/** The auctions of a business day. An intraday one that is not before the day run is never held. */
function auctionsOf({ timeZone, dayRunTime }: Terms, auctionTimes: readonly string[], date: BusinessDate): DueAuction[] {
  const intraday = auctionTimes.filter((time) => time < dayRunTime).toSorted();
  return [
    ...intraday.map((time) => ({ slot: instantOf(date, time, timeZone), date, closing: false })),
    { slot: instantOf(date, dayRunTime, timeZone), date, closing: true },
  ];
}

/** The last auction that was due by an instant, and the first that is due after it; `undefined` where the calendar's data ends. */
export function auctionsAround(
  terms: Terms,
  auctionTimes: readonly string[],
  at: number,
): { readonly last: DueAuction | undefined; readonly next: DueAuction | undefined } {
  const today = localDate(at, terms.timeZone);
  const before = lastBusinessDay(terms.calendar, addDays(today, -1));
  const near = before === undefined ? [] : tradingDays(terms, auctionTimes, before, 3);
  const due = near.flatMap(({ auctions }) => auctions);
  return { last: due.findLast(({ slot }) => slot <= at), next: due.find(({ slot }) => slot > at) };
}

/** More days than markets are ever closed in a row. */
const CLOSED_DAYS_MAX = 10;

/** The newest business day up to a date. */
function lastBusinessDay(calendar: CalendarName, until: BusinessDate): BusinessDate | undefined {
  try {
    for (let back = 0; back < CLOSED_DAYS_MAX; back++)
      if (isBusinessDay(calendar, addDays(until, -back))) return addDays(until, -back);
  } catch (error) {
    if (!(error instanceof CalendarEndError)) throw error;
  }
  return undefined;
}
