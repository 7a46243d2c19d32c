/**
 * The sweep of one product: how late it is, and which wake-ups would move on what stands still. A wake-up can be lost with the
 * worker that was about to send it; the sweep is why none of them has to be certain. Sending one too many changes nothing.
 */
import { addDays, type BusinessDate, instantOf, isBusinessDay, localDate, nextBusinessDay } from '../contract/calendar.ts';
import type { ProductState } from './venue.ts';

/** A day run that has not begun this long after it was due is begun by the sweep: its schedule has failed. */
const DAY_RUN_GRACE_MS = 10 * 60_000;
/** How far back a day run that was due is looked for; more than any weekend with holidays. */
const DAYS_BACK_MAX = 10;

export interface PendingAuction {
  readonly auction: number;
  readonly slot: string;
  readonly date: BusinessDate;
  readonly closing: boolean;
  readonly closed: boolean;
}

/** What a sweep finds of a product. Slots are ISO 8601 in UTC. */
export interface SweepSeen {
  /** The auctions that have a number and have not cleared, the oldest first, and whether every shard has closed each. */
  readonly pending: readonly PendingAuction[];
  /** Of the auctions that have a number, the one with the latest slot. */
  readonly newest: { readonly slot: string } | undefined;
  /** The earliest day that is planned and not done. */
  readonly day: { readonly slot: string } | undefined;
  /** Whether an approved index value has not been published. */
  readonly toPublish: boolean;
  /** Whether accounts have been short of margin: their calls may be met, or overdue by now. */
  readonly hasShort: boolean;
  /** When the product's intraday auctions are due, "HH:MM" in its time zone. */
  readonly auctionTimes: readonly string[];
}

export type SweepWakeUp =
  /** An intraday auction is named by its slot, a closing one by its day. */
  | { readonly kind: 'close'; readonly of: { readonly slot: string } | { readonly date: BusinessDate } }
  | { readonly kind: 'clear'; readonly auction: number }
  | { readonly kind: 'roll'; readonly slot: string }
  | { readonly kind: 'settle' };

export interface Swept {
  readonly wakeUps: readonly SweepWakeUp[];
  /** Whole seconds; 0 when nothing is late. */
  readonly auctionLateSeconds: number;
  readonly dayRunLateSeconds: number;
}

/** @param at when the sweep was due, milliseconds since 1970 */
export function decideSweep(product: ProductState, at: number, seen: SweepSeen): Swept {
  const { pending, day } = seen;
  const [oldest] = pending;
  const unclosed = pending.find(({ closed }) => !closed);
  const due = lastDue(product, at);
  const isOpen = due !== undefined && due > product.closedOn;
  const since = isOpen ? (day ? Date.parse(day.slot) : slotOf(product, firstOpen(product))) : at;
  const wakeUps: SweepWakeUp[] = [];
  if (oldest?.closed) wakeUps.push({ kind: 'clear', auction: oldest.auction });
  // It may have been given its number and no markers, by a worker that crashed or was refused by a halt. It need not be the oldest:
  // one before it may have been closed when the venue was halted. Those after it are closed in their turn.
  if (unclosed) wakeUps.push({ kind: 'close', of: named(unclosed) });
  if (day || seen.toPublish || seen.hasShort) wakeUps.push({ kind: 'settle' });
  // For the newest that is due: the roll plans those before it.
  if (!day && isOpen && at - since > DAY_RUN_GRACE_MS)
    wakeUps.push({ kind: 'roll', slot: new Date(slotOf(product, due)).toISOString() });
  const auctionSince = Math.min(oldest ? Date.parse(oldest.slot) : at, missedSince(product, at, seen) ?? at);
  return {
    wakeUps,
    auctionLateSeconds: secondsBetween(auctionSince, at),
    dayRunLateSeconds: secondsBetween(since, at),
  };
}

const named = ({ closing, date, slot }: PendingAuction) => (closing ? { date } : { slot });

/**
 * When the day's newest intraday auction was due, if neither it nor a later one was ever given a number: its schedule did not
 * fire, or its closing was refused. It is not held by itself any more, so this ends with the next auction.
 */
function missedSince(
  { closedOn, parameters }: ProductState,
  at: number,
  { newest, auctionTimes }: SweepSeen,
): number | undefined {
  const { calendar, timeZone } = parameters;
  const date = localDate(at, timeZone);
  if (!isBusinessDay(calendar, date) || date <= closedOn) return undefined;
  const due = auctionTimes.map((time) => instantOf(date, time, timeZone)).filter((slot) => slot <= at);
  // A product without any auction may have been listed since.
  return newest && due.some((slot) => Date.parse(newest.slot) < slot) ? Math.max(...due) : undefined;
}

/** The newest business day whose day run was due by `at`. */
function lastDue(product: ProductState, at: number): BusinessDate | undefined {
  const { calendar, timeZone } = product.parameters;
  for (let back = 0, date = localDate(at, timeZone); back < DAYS_BACK_MAX; back++, date = addDays(date, -1))
    if (isBusinessDay(calendar, date) && slotOf(product, date) <= at) return date;
  return undefined;
}

const firstOpen = ({ parameters, closedOn }: ProductState): BusinessDate => nextBusinessDay(parameters.calendar, closedOn);
const slotOf = ({ parameters: { dayRunTime, timeZone } }: ProductState, date: BusinessDate): number =>
  instantOf(date, dayRunTime, timeZone);
const secondsBetween = (from: number, to: number): number => Math.max(0, Math.floor((to - from) / 1000));
