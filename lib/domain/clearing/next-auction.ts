/**
 * The auction that takes orders now: its number, since when, and when it is cut. By the schedule and by the numbers that were given so far;
 * nothing of what is in it goes into this.
 */
import { type BusinessDate, instantOf } from '../contract/calendar.ts';
import { auctionsAround, type DueAuction } from './trading-days.ts';
import { openBooks, type ProductState } from './venue.ts';

/** The product's newest auction that has a number. */
export interface NumberedAuction {
  readonly auction: number;
  readonly slot: string;
  readonly date: BusinessDate;
  readonly closing: boolean;
  /** Its markers have been sent to every shard. */
  readonly marked: boolean;
}

export interface NextAuction extends DueAuction {
  readonly auction: number;
}

/**
 * A slot in the past is one that is late. An intraday auction that is late may still be missed: then the number is the next one's.
 * `undefined` where the calendar's data ends.
 */
export function nextAuction(
  state: ProductState,
  auctionTimes: readonly string[],
  newest: NumberedAuction | undefined,
  at: number,
): NextAuction | undefined {
  const { parameters, closedOn, lastDay } = state;
  if (newest && !newest.marked) return { ...newest, slot: Date.parse(newest.slot) };
  const auction = (newest?.auction ?? 0) + 1;
  const books = openBooks(state);
  const closing = { slot: instantOf(books, parameters.dayRunTime, parameters.timeZone), date: books, closing: true };
  const isClosed = (date: BusinessDate): boolean =>
    date <= closedOn || lastDay?.date === date || (newest?.closing === true && newest.date === date);
  // No auction comes before the closing one of an earlier day.
  if (!isClosed(books) && closing.slot <= at) return { auction, ...closing };
  const { last, next } = auctionsAround(parameters, auctionTimes, at);
  const isMissing = last && !last.closing && !isClosed(last.date) && (!newest || Date.parse(newest.slot) < last.slot);
  const due = isMissing ? last : next;
  return due && { auction, ...due };
}
