/**
 * The venue as a fold over the clearing log: what each product lists, at which marks, which auction it cleared last and
 * how far its day has come. Workers decide on this state and append the next event behind it, so two of them can never
 * both act on the same past.
 */
import type { AuctionTerms } from '../auction/book.ts';
import type { BusinessDate } from '../contract/calendar.ts';
import { isBusinessDay, localDate, nextBusinessDay } from '../contract/calendar.ts';
import { type ContractMonth, listedMonths, tradedOn } from '../contract/months.ts';
import { type ForwardCurve, isSameCurve, type ProductParameters } from '../contract/product.ts';
import { sentence } from '../contract/violation.ts';
import { bandWidth } from '../risk/price-bands.ts';
import {
  type AuctionCleared,
  BANK,
  type CallsMet,
  type CallsOverdue,
  type ClearingEvent,
  LISTED_MAX,
  type MarginCalled,
  NO_REFERENCES,
  type References,
  type TradingResumed,
  type TradingStopped,
} from './events.ts';
import { countMoved, type MovedAlone, NOTHING_MOVED } from './operator-acts.ts';
import { changeErrors } from './product-change.ts';

export interface ProductState {
  readonly product: string;
  readonly version: number;
  readonly parameters: ProductParameters;
  /** In order of delivery. */
  readonly listed: readonly ContractMonth[];
  /** Settlement prices: the mark of every position, and the reference of the next auction. */
  readonly marks: ForwardCurve;
  /** Number of the last auction cleared; zero before the first. */
  readonly lastAuction: number;
  /** The business day of that auction; absent before the first. */
  readonly tradedOn?: BusinessDate;
  /** Auctions in a row up to the last one in which a month was locked, by month; a month that was not is absent. */
  readonly lockedInARow: Readonly<Record<number, number>>;
  /** Orders that the last auction carried to the next. */
  readonly carried: References;
  /** The closing auction that has not been settled yet. Auctions of the days after it may clear meanwhile. */
  readonly toSettle: Pick<AuctionCleared, 'auction' | 'date' | 'months'> | null;
  /** The newest day whose closing auction has cleared; `null` before the first. */
  readonly lastDay: DayInLog | null;
  /** The last business day settled; at listing, the day before the first. */
  readonly settledOn: BusinessDate;
  /** The last business day whose books are closed. */
  readonly closedOn: BusinessDate;
  /** Number of the event that closed them; 0 before the first. */
  readonly closedBy: number;
  /** The stop of trading that stands; `null` while orders trade. */
  readonly stop: TradingStop | null;
  /** The margin calls made since, for what accounts lacked then; absent when there are none. */
  readonly called?: Called;
  /** Number of the last event of this product that moves lots or cents or closes a day. */
  readonly lastEvent: number;
}

export interface TradingStop {
  readonly reason: string;
  readonly by: string;
  readonly at: string;
  /** Number of the last auction that matches nothing; `null` until trading is resumed. */
  readonly through: number | null;
}

/** Whether an auction takes no orders and matches none, because trading is stopped. */
export const isTradingStopped = ({ stop }: Pick<ProductState, 'stop'>, auction: number): boolean =>
  stop !== null && (stop.through === null || auction <= stop.through);

/** Margin calls of a day: made in order of id, up to an account; cents as text. */
export interface Called {
  readonly through: string;
  readonly accounts: number;
  readonly cents: string;
}
/** Before the first. */
export const NONE_CALLED: Called = { through: '', accounts: 0, cents: '0' };

/** A day by the events that have moved it on, each by its number. */
export interface DayInLog {
  readonly date: BusinessDate;
  readonly clearedBy: number;
  /** `null` until its prices are settled. */
  readonly settledBy: number | null;
  /** `null` until a month has expired on it. */
  readonly expiredBy: number | null;
}

/** The day whose books are open: everything that is posted until its day-closed event goes into them. */
export const openBooks = ({ parameters, closedOn }: Pick<ProductState, 'parameters' | 'closedOn'>): BusinessDate =>
  nextBusinessDay(parameters.calendar, closedOn);

/** The months that trade at an instant, milliseconds since 1970. One whose final price is held is listed and trades no more. */
export const tradedAt = ({ parameters: { calendar, timeZone }, listed }: ProductState, at: number): ContractMonth[] =>
  tradedOn(calendar, listed, localDate(at, timeZone));

/** How far from its mark a month may clear in the next auction, in ticks: further, the more auctions in a row it has been locked in. */
export const widthOf = (
  { parameters, lockedInARow }: Pick<ProductState, 'parameters' | 'lockedInARow'>,
  month: ContractMonth,
): number => bandWidth(parameters.bandTicks, lockedInARow[month] ?? 0);

/** How many months the last auction locked in the widest band there is, so that it widens no more. */
export const lockedAtStop = ({ parameters, lockedInARow }: Pick<ProductState, 'parameters' | 'lockedInARow'>): number =>
  Object.values(lockedInARow).filter((inARow) => inARow >= parameters.bandTicks.length).length;

/** What an auction of a business day clears by. */
export function auctionTerms(state: ProductState, date: BusinessDate, closing: boolean): AuctionTerms {
  const listed = tradedOn(state.parameters.calendar, state.listed, date);
  const widths = Object.fromEntries(listed.map((month) => [month, widthOf(state, month)]));
  return { listed, marks: state.marks, widths, closing };
}

export interface VenueState {
  /** Number of the last event folded in. */
  readonly seq: number;
  /** Hash of that event, chained over all before it. */
  readonly hash: string;
  readonly products: Readonly<Record<string, ProductState>>;
  readonly movedAlone: MovedAlone;
}

/** The venue before the first event. */
export const EMPTY_VENUE: VenueState = { seq: 0, hash: '', products: {}, movedAlone: NOTHING_MOVED };

/** An event that can't follow from the state it is applied to: the log is not what the rules would have written. */
export class LogOrderError extends Error {
  override name = 'LogOrderError';
}

/**
 * Folds event `seq` into the venue; `hash` is its chained hash. Throws LogOrderError when the event can't follow from the
 * state, so that no reader of the log goes on from a past that the rules would not have written.
 */
export function evolveVenue(state: VenueState, seq: number, hash: string, event: ClearingEvent): VenueState {
  if (seq !== state.seq + 1) throw new LogOrderError(`event ${seq} can't follow event ${state.seq}`);
  if (event.kind === 'accounts-opened' || event.kind === 'cash-moved') {
    checkListed(seq, event.kind === 'accounts-opened' ? event.accounts : event.movements);
    const movedAlone = event.kind === 'cash-moved' ? countMoved(state.movedAlone, event) : state.movedAlone;
    return { ...state, seq, hash, movedAlone };
  }
  const product = evolveProduct(state.products[event.product], seq, event);
  return { ...state, seq, hash, products: { ...state.products, [event.product]: product } };
}

function evolveProduct(
  state: ProductState | undefined,
  seq: number,
  event: Exclude<ClearingEvent, { kind: 'accounts-opened' | 'cash-moved' }>,
): ProductState {
  if (event.kind === 'parameters-changed') {
    const errors = changeErrors(state, event);
    if (errors.length)
      throw new LogOrderError(`parameters ${event.version} of ${event.product}: ${errors.map(sentence).join('; ')}`);
    return state ? { ...state, version: event.version, parameters: event.parameters } : list(event);
  }
  if (!state) throw new LogOrderError(`event ${seq} is of a product that is not listed: ${event.product}`);
  switch (event.kind) {
    case 'auction-cleared':
      checkAuction(state, event);
      return afterAuction(state, seq, event);
    case 'prices-settled':
      if (state.toSettle?.date !== event.date) throw new LogOrderError(`${event.date} is settled without its closing auction`);
      checkMarks(state.marks, event.previous, `the settlement of ${event.date}`);
      return {
        ...state,
        marks: event.settled,
        toSettle: null,
        settledOn: event.date,
        lastDay: state.lastDay && { ...state.lastDay, settledBy: seq },
        lastEvent: seq,
      };
    case 'month-expired': {
      if (state.listed[0] !== event.month) throw new LogOrderError(`month ${event.month} is not the first listed`);
      if (state.settledOn < event.date)
        throw new LogOrderError(`month ${event.month} can't expire on ${event.date} before it is settled`);
      if (state.marks[event.month] !== event.mark) throw new LogOrderError(`month ${event.month} does not expire from its mark`);
      const { [event.month]: _, ...rest } = state.marks;
      const listed = [...state.listed.slice(1), event.listed];
      const marks = { ...rest, [event.listed]: event.listedAt };
      return { ...state, listed, marks, lastDay: state.lastDay && { ...state.lastDay, expiredBy: seq }, lastEvent: seq };
    }
    case 'trading-stopped':
    case 'trading-resumed':
      return { ...state, stop: evolveStop(state, event) };
    case 'day-closed':
      if (state.settledOn !== event.date) throw new LogOrderError(`${event.date} is closed before it is settled`);
      if (state.closedOn === event.date) throw new LogOrderError(`${event.date} is closed already`);
      if (event.after !== state.closedBy) throw new LogOrderError(`the books of ${event.date} are open since ${state.closedBy}`);
      return { ...withoutCalled(state), closedOn: event.date, closedBy: seq, lastEvent: seq };
    case 'margin-called':
      return { ...state, called: addCalls(state, seq, event) };
    case 'calls-met':
    case 'calls-overdue':
      return unmoved(state, seq, event);
  }
}

/** What becomes of calls stands with the accounts. */
function unmoved(state: ProductState, seq: number, { accounts }: CallsMet | CallsOverdue): ProductState {
  checkListed(seq, accounts);
  return state;
}

const withoutCalled = ({ called: _, ...state }: ProductState): ProductState => state;

/** Each account is called once for a day: calls come in order of id, and what is behind is behind. */
function addCalls(
  { product, closedOn, closedBy, called = NONE_CALLED }: ProductState,
  seq: number,
  { date, due, calls }: MarginCalled,
): Called {
  checkListed(seq, calls);
  if (closedBy === 0 || date !== closedOn)
    throw new LogOrderError(`event ${seq} calls for ${date}, and the books of ${product} were closed last on ${closedOn}`);
  if (!(Date.parse(due) > Date.parse(date))) throw new LogOrderError(`event ${seq} calls for ${date}, due ${due}`);
  let [through, sum] = [called.through, BigInt(called.cents)];
  for (const { account, cents } of calls) {
    if (account <= through) throw new LogOrderError(`event ${seq} calls ${account} behind ${through}`);
    if (cents <= 0n) throw new LogOrderError(`event ${seq} calls ${account} for ${cents} cents`);
    [through, sum] = [account, sum + cents];
  }
  return { through, accounts: called.accounts + calls.length, cents: `${sum}` };
}

function afterAuction(
  state: ProductState,
  seq: number,
  { auction, date, months, carried, closing }: AuctionCleared,
): ProductState {
  const lockedInARow = lockedAgain(state, months);
  // What could have come before the stop is gone with the last auction that matched nothing.
  const stop = isTradingStopped(state, auction + 1) ? state.stop : null;
  const cleared = { ...state, lastAuction: auction, tradedOn: date, lockedInARow, carried, stop, lastEvent: seq };
  if (!closing) return cleared;
  return {
    ...cleared,
    toSettle: { auction, date, months },
    lastDay: { date, clearedBy: seq, settledBy: null, expiredBy: null },
  };
}

/** What of a stop stands behind an event that makes or ends it. */
function evolveStop({ product, stop, lastAuction }: ProductState, event: TradingStopped | TradingResumed): TradingStop | null {
  const stands = stop?.through === null;
  if (event.kind === 'trading-stopped') {
    if (stands) throw new LogOrderError(`trading in ${product} is stopped already`);
    const { reason, by, at } = event;
    return { reason, by, at, through: null };
  }
  const { through } = event;
  if (!stands) throw new LogOrderError(`trading in ${product} is not stopped`);
  if (!Number.isSafeInteger(through) || through < lastAuction)
    throw new LogOrderError(`trading in ${product} can't resume behind auction ${through}`);
  return through > lastAuction ? { ...stop, through } : null;
}

const lockedAgain = ({ lockedInARow }: ProductState, months: AuctionCleared['months']): Record<number, number> =>
  Object.fromEntries(
    Object.entries(months).flatMap(([month, { locked }]) => (locked ? [[month, (lockedInARow[Number(month)] ?? 0) + 1]] : [])),
  );

function checkAuction(state: ProductState, event: AuctionCleared): void {
  const { auction, date, books, closing } = event;
  if (auction !== state.lastAuction + 1) throw new LogOrderError(`auction ${auction} can't follow ${state.lastAuction}`);
  checkMarks(state.marks, event.marks, `auction ${auction}`);
  if (!isCount(event.fills.shards) || event.fills.shards !== event.carried.shards)
    throw new LogOrderError(`auction ${auction} does not say into how many shards it was split`);
  if (closing && state.toSettle)
    throw new LogOrderError(`the closing auction of ${state.toSettle.date} must be settled before that of ${date}`);
  if (closing && date <= state.settledOn) throw new LogOrderError(`${date} can't close again: ${state.settledOn} is settled`);
  if (date <= state.closedOn) throw new LogOrderError(`auction ${auction} is of ${date}, whose books are closed`);
  if (!isBusinessDay(state.parameters.calendar, date))
    throw new LogOrderError(`auction ${auction} is of ${date}, no business day`);
  if (books !== openBooks(state) || (closing && date !== books))
    throw new LogOrderError(`auction ${auction} can't go into the books of ${books}: those of ${openBooks(state)} are open`);
}

/** Each account is moved by its event once, as its journal says it, and the bank by their sum alone. */
function checkListed(seq: number, items: readonly (string | { readonly account: string })[]): void {
  const accounts = new Set(items.map((item) => (typeof item === 'string' ? item : item.account)));
  if (items.length === 0 || items.length > LISTED_MAX)
    throw new LogOrderError(`event ${seq} lists ${items.length}, not 1 to ${LISTED_MAX}`);
  if (accounts.size < items.length) throw new LogOrderError(`event ${seq} lists an account twice`);
  if (accounts.has(BANK)) throw new LogOrderError(`event ${seq} lists the bank`);
}

const isCount = (shards: number): boolean => Number.isSafeInteger(shards) && shards > 0;

/** Every position stands at the marks, so an event must start from them: from others its cents would sum to zero and be wrong. */
function checkMarks(marks: ForwardCurve, from: ForwardCurve, what: string): void {
  if (!isSameCurve(marks, from)) throw new LogOrderError(`${what} does not start from the marks`);
}

function list(event: Extract<ClearingEvent, { kind: 'parameters-changed' }>): ProductState {
  const { date, curve } = event.listing!;
  const { parameters } = event;
  return {
    product: event.product,
    version: event.version,
    parameters,
    listed: listedMonths(parameters.calendar, nextBusinessDay(parameters.calendar, date), parameters.listedMonths),
    marks: curve,
    lastAuction: 0,
    lockedInARow: {},
    carried: NO_REFERENCES,
    toSettle: null,
    lastDay: null,
    stop: null,
    settledOn: date,
    closedOn: date,
    closedBy: 0,
    lastEvent: 0,
  };
}
