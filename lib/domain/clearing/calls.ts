/**
 * Margin calls. When the books of a day close, every account whose requirement is beyond its cover is called for what it lacks. It
 * has until a stated time of the next business day. The call is met as soon as requirement and cover, as posted, say so: by cash
 * or by less risk, whichever comes. One that is not met when its time has passed is overdue, until it is met.
 *
 * An account has one open call at most. If it lacks more, or less, when the books close again, the amount follows; the time it is due stays that of
 * the first: a call is due before the next books close, so what is still open then is late already, and an account that falls further gains
 * no time by it. Nothing here moves a lot or a cent.
 */
import { type BusinessDate, instantOf, nextBusinessDay } from '../contract/calendar.ts';
import type { ProductParameters } from '../contract/product.ts';
import type { Cents } from '../contract/units.ts';

/** An account's open call. */
export interface OpenCall {
  /** The day at whose close the account was called first, and the instant by which it must have met that, ISO 8601 in UTC. */
  readonly date: BusinessDate;
  readonly due: string;
  /** What it lacked when the books closed last. */
  readonly cents: Cents;
  readonly overdue: boolean;
}

/** An account that is to be called, and what it lacks. */
export interface Call {
  readonly account: string;
  readonly cents: Cents;
}

/**
 * When calls for what was lacking as the books of `date` closed are due: on the next business day. `tradedOn` is the day of the product's newest
 * auction: while prices were held it may have come further than `date`, and then its next business day counts.
 */
export function dueTime(
  { calendar, timeZone, callDueTime }: Pick<ProductParameters, 'calendar' | 'timeZone' | 'callDueTime'>,
  date: BusinessDate,
  tradedOn: BusinessDate = date,
): string {
  const called = tradedOn > date ? tradedOn : date;
  return new Date(instantOf(nextBusinessDay(calendar, called), callDueTime, timeZone)).toISOString();
}

/** What becomes of an open call at an instant, milliseconds since 1970, by what the account has beyond its requirement. */
export function decideCall({ due, overdue }: OpenCall, excess: Cents, at: number): 'met' | 'overdue' | 'stands' {
  if (excess >= 0n) return 'met';
  return !overdue && at >= Date.parse(due) ? 'overdue' : 'stands';
}
