/**
 * Whether an intraday auction may be held, and the number that it gets. Auctions of a product are numbered without gaps in
 * the order of their slots; the closing ones are numbered by their day's roll, which no auction may come between.
 */
import { type BusinessDate, isBusinessDay, localDate, nextBusinessDay } from '../contract/calendar.ts';
import type { ProductState } from './venue.ts';

export interface NumberedAuction {
  readonly auction: number;
  readonly slot: string;
  readonly closing: boolean;
  /** Its markers have been sent to every shard. */
  readonly marked: boolean;
}

export type IntradayDecision =
  /** The number, and the business day that its trades belong to. */
  | { readonly kind: 'number'; readonly auction: number; readonly date: BusinessDate }
  /** Numbered since it was looked for, by another worker with the same message. */
  | { readonly kind: 'look-again' }
  /** Not to be held; `why` as a log line says it. */
  | { readonly kind: 'refuse'; readonly why: string };

/**
 * @param slot the instant the auction is due, ISO 8601 in UTC; it had no number when it was looked for
 * @param newest the product's newest auction that has a number
 * @param isDayOpen whether a day of the product is planned that is not done
 */
export function decideIntraday(
  { parameters: { calendar, timeZone }, closedOn }: ProductState,
  slot: string,
  newest: NumberedAuction | undefined,
  isDayOpen: boolean,
): IntradayDecision {
  if (newest?.slot === slot) return { kind: 'look-again' };
  const date = localDate(Date.parse(slot), timeZone);
  const why =
    (!isBusinessDay(calendar, date) && 'it is no business day') ||
    (newest && newest.slot > slot && 'a later auction has been opened') ||
    (newest?.closing && !newest.marked && 'the closing auction before it is not closed') ||
    (isDayOpen && 'a day run is under way') ||
    // Its trades would fall into the day before it, whose statement and expiry are still to come.
    (nextBusinessDay(calendar, closedOn) < date && 'the business day before it is not closed');
  return why ? { kind: 'refuse', why } : { kind: 'number', auction: (newest?.auction ?? 0) + 1, date };
}
