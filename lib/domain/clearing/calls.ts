/**
 * Margin calls. When the books of a day close, every account whose requirement is beyond its cover is called for what it lacks. It
 * has until a stated time of the next business day. The call is met as soon as requirement and cover, as posted, say so: by cash
 * or by less risk, whichever comes. One that is not met when its time has passed is overdue, until it is met.
 *
 * An account has one open call at most. If it lacks more, or less, when the books close again, the amount follows; the time it is due stays that of
 * the first: a call is due before the next books close, so what is still open then is late already, and an account that falls further gains
 * no time by it. Nothing here moves a lot or a cent.
 */
import { type BusinessDate, instantOf, localDate, nextBusinessDay } from '../contract/calendar.ts';
import type { ProductParameters } from '../contract/product.ts';
import { type Cents, cents } from '../contract/units.ts';

/** An account's open call. */
export interface OpenCall {
  /** The day at whose close the account was called first, and the instant by which it must have met that, ISO 8601 in UTC. */
  readonly date: BusinessDate;
  readonly due: string;
  /** What it lacked when the books closed last. */
  readonly cents: Cents;
  readonly overdue: boolean;
}

/** What an account needs, and what it has for that: cash and credit. */
export interface Margin {
  readonly requirement: Cents;
  readonly cover: Cents;
}

/** What an account has beyond its requirement; negative when it lacks as much. */
export const excessOf = ({ requirement, cover }: Margin): Cents => cents(cover - requirement);

/** An account that is to be called, and what it lacks. */
export interface Call {
  readonly account: string;
  readonly cents: Cents;
}

/**
 * When the calls of a day are due. `askedAt` is when the day run was told to make them, milliseconds since 1970: where prices were held
 * over night, the next business day is counted from the day on which they were released.
 */
export function dueTime(
  { calendar, timeZone, callDueTime }: Pick<ProductParameters, 'calendar' | 'timeZone' | 'callDueTime'>,
  date: BusinessDate,
  askedAt: number,
): string {
  const called = localDate(askedAt, timeZone);
  return new Date(instantOf(nextBusinessDay(calendar, called > date ? called : date), callDueTime, timeZone)).toISOString();
}

/** What becomes of an open call at an instant, milliseconds since 1970. */
export function decideCall({ due, overdue }: OpenCall, margin: Margin, at: number): 'met' | 'overdue' | 'stands' {
  if (excessOf(margin) >= 0n) return 'met';
  return !overdue && at >= Date.parse(due) ? 'overdue' : 'stands';
}
