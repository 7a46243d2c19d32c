/**
 * Whether an intraday auction may be held, and the number that it gets. Auctions of a product are numbered without gaps, the
 * intraday ones in the order of their slots; the closing ones are numbered by their day's roll, which no auction may come
 * between. A day whose closing auction has cleared does not stop the auctions of the days after it, however long its settlement
 * is held: they clear against the last settled marks (docs/decisions/0013).
 */
import { type BusinessDate, CalendarEndError, isBusinessDay, localDate } from '../contract/calendar.ts';
import { openBooks, type ProductState } from './venue.ts';

/** What else than the product's state it is decided on. */
export interface IntradaySeen {
  /** When the message that asks for it was sent, milliseconds since 1970. */
  readonly askedAt: number;
  readonly halted: boolean;
  /** The product's newest auction that has a number. */
  readonly newest:
    | {
        readonly auction: number;
        readonly closing: boolean;
        /** Its markers have been sent to every shard. */
        readonly marked: boolean;
      }
    | undefined;
  /** The latest slot that an intraday auction was given a number for. */
  readonly latestSlot: string | undefined;
  /** Whether the day run of the slot's date has been planned. */
  readonly dayBegun: boolean;
}

export type IntradayDecision =
  /** The number, and the business day that its slot falls on. */
  | { readonly kind: 'number'; readonly auction: number; readonly date: BusinessDate }
  /** Numbered since it was looked for, by another worker with the same message. */
  | { readonly kind: 'look-again' }
  /** Not to be held; `why` as a log line says it. */
  | { readonly kind: 'refuse'; readonly why: string };

/** @param slot the instant the auction is due, ISO 8601 in UTC; it had no number when it was looked for */
export function decideIntraday(state: ProductState, slot: string, seen: IntradaySeen): IntradayDecision {
  const { newest, latestSlot } = seen;
  if (latestSlot === slot) return { kind: 'look-again' };
  const date = localDate(Date.parse(slot), state.parameters.timeZone);
  const why = dayRefusal(state, date, seen.askedAt) ?? turnRefusal(state, date, slot, seen);
  return why === undefined ? { kind: 'number', auction: (newest?.auction ?? 0) + 1, date } : { kind: 'refuse', why };
}

/** Trades of a closed day would be in no statement and no report. */
function dayRefusal(
  { parameters: { calendar, timeZone }, closedOn }: ProductState,
  date: BusinessDate,
  askedAt: number,
): string | undefined {
  if (date <= closedOn) return 'its day is closed, or before the first trading day';
  if (date > localDate(askedAt, timeZone)) return 'its day has not come';
  try {
    return isBusinessDay(calendar, date) ? undefined : 'it is no business day';
  } catch (error) {
    if (error instanceof CalendarEndError) return 'the calendar has no data for its day';
    throw error;
  }
}

function turnRefusal(
  state: ProductState,
  date: BusinessDate,
  slot: string,
  { halted, newest, latestSlot, dayBegun }: IntradaySeen,
): string | undefined {
  const books = openBooks(state);
  return (
    (latestSlot !== undefined && latestSlot > slot && 'a later auction has been opened') ||
    (newest?.closing && !newest.marked && 'the closing auction before it is not closed') ||
    (dayBegun && 'the day run of its day has begun') ||
    // It would take the orders of that day's closing auction, and its trades would be settled by it.
    (books < date && state.lastDay?.date !== books && 'the business day before it has had no closing auction') ||
    // One is enough: it is closed when the venue resumes, with every order sent until then.
    (halted && newest && !newest.marked && 'another auction waits until the venue resumes') ||
    undefined
  );
}
