/**
 * The day run of a product and business day, as one state machine: roll, close, clear, settle, expire, report, done. A state
 * holds what its step knows. `decideDay` says what may happen now, from what was loaded; `evolveDay` says what the day is once
 * it has happened. A step starts when every shard has posted the one before it, can be taken any number of times, and waits
 * when it comes too early. Nothing here reads, writes or sends: three workers do that, each what is its own.
 */
import { type BusinessDate, businessDays, instantOf, isBusinessDay, localDate, nextBusinessDay } from '../contract/calendar.ts';
import type { ContractMonth } from '../contract/months.ts';
import type { Micros } from '../contract/units.ts';
import { type Basis, type Held, type HeldProposal, indexText, isApproved, revise } from './approval.ts';
import { type Call, dueTime } from './calls.ts';
import type { DayReport } from './day-report.ts';
import type { DayClosed, MarginCalled, MonthExpired, PricesSettled } from './events.ts';
import { rollOpening } from './roll.ts';
import { decideCurve, decideFinalPrice, expiringMonth, type Hold, indexOf, nextListing } from './settlement.ts';
import { openBooks, type ProductState } from './venue.ts';

/** The steps of a day, in order. */
export const DAY_STEPS = ['roll', 'close', 'clear', 'settle', 'expire', 'report', 'done'] as const;
export type DayStep = (typeof DAY_STEPS)[number];

interface Planned {
  readonly product: string;
  readonly date: BusinessDate;
  /** When its closing auction is due, ISO 8601 in UTC: what the auction is shown under. It is found by the day, not by this. */
  readonly slot: string;
}
interface Numbered extends Planned {
  /** Number of its closing auction. */
  readonly auction: number;
}
interface Cleared extends Numbered {
  /** Number of the log event that cleared that auction. */
  readonly clearedBy: number;
}
interface Settled extends Cleared {
  /** Number of the log event that settled the day's prices. */
  readonly settledBy: number;
}
interface Expired extends Settled {
  /** Number of the log event that expired a month; `null` on a day on which none expires. */
  readonly expiredBy: number | null;
}
interface Closed extends Expired {
  /** Number of the log event that closed the day's books. */
  readonly closedBy: number;
  readonly report: DayReport;
}

/** A day by the step that comes next. */
export type Day =
  | ({ readonly step: 'roll' } & Planned)
  | ({ readonly step: 'close' } & Numbered)
  | ({ readonly step: 'clear' } & Numbered)
  | ({ readonly step: 'settle' } & Cleared)
  | ({ readonly step: 'expire' } & Settled)
  | ({ readonly step: 'report' } & Expired)
  | ({ readonly step: 'done' } & Closed);
export type DayAt<Step extends DayStep> = Extract<Day, { step: Step }>;

/** What has happened to a day, with what its next state needs to know of it. Events are numbers in the log. */
export type DayMoved =
  | { readonly kind: 'rolled'; readonly auction: number }
  | { readonly kind: 'closed' }
  | { readonly kind: 'cleared'; readonly event: number }
  | { readonly kind: 'settled'; readonly event: number }
  | { readonly kind: 'expired'; readonly event: number | null }
  | { readonly kind: 'reported'; readonly event: number; readonly report: DayReport };

/** Something can't have happened to a day that stands where it stands: the caller's bug. */
export class DayOrderError extends Error {
  override name = 'DayOrderError';
}

/** The day's next state. Throws DayOrderError when `moved` does not end the step that the day is at. */
export function evolveDay(day: Day, moved: DayMoved): Day {
  if (day.step === 'roll' && moved.kind === 'rolled') return { ...day, step: 'close', auction: moved.auction };
  if (day.step === 'close' && moved.kind === 'closed') return { ...day, step: 'clear' };
  if (day.step === 'clear' && moved.kind === 'cleared') return { ...day, step: 'settle', clearedBy: moved.event };
  if (day.step === 'settle' && moved.kind === 'settled') return { ...day, step: 'expire', settledBy: moved.event };
  if (day.step === 'expire' && moved.kind === 'expired') return { ...day, step: 'report', expiredBy: moved.event };
  if (day.step === 'report' && moved.kind === 'reported')
    return { ...day, step: 'done', closedBy: moved.event, report: moved.report };
  throw new DayOrderError(`a day at ${day.step} can't have ${moved.kind}`);
}

/**
 * The days to plan when a day run is due at `slot`, in order of date: every business day since the last whose books are closed,
 * so that days which never ran come first. None when the slot falls on no business day, or on a day that has not come: `askedAt` is
 * when the message was sent, milliseconds since 1970.
 */
export function daysDue(
  { parameters, closedOn }: ProductState,
  slot: string,
  askedAt: number,
): { date: BusinessDate; slot: string }[] {
  const { calendar, timeZone, dayRunTime } = parameters;
  const due = localDate(Date.parse(slot), timeZone);
  // One for a day to come would run every day until then, each without its orders.
  if (due > localDate(askedAt, timeZone) || !isBusinessDay(calendar, due)) return [];
  return businessDays(calendar, nextBusinessDay(calendar, closedOn), due).map((date) => ({
    date,
    slot: date === due ? slot : new Date(instantOf(date, dayRunTime, timeZone)).toISOString(),
  }));
}

/** What a day's next step is decided on. */
export interface Seen {
  readonly halted: boolean;
  /** The product, as of the newest event. */
  readonly product: ProductState;
  /** Whether every shard has posted the product's last event. */
  readonly posted: boolean;
  /** The number of the day's closing auction; `undefined` when it has none. */
  readonly numbered: number | undefined;
  /** The product's newest auction that has a number. */
  readonly newest: { readonly auction: number; readonly date: BusinessDate; readonly closing: boolean } | undefined;
  /** Whether every shard has closed the day's closing auction. */
  readonly closed: boolean;
  /** The date of the newest index value, up to the day. */
  readonly newestIndex: BusinessDate | undefined;
  /** Index values of the calendar month that the day is in, up to the day. */
  readonly index: ReadonlyMap<BusinessDate, Micros>;
  /** What is held of the day's prices, approved or not. */
  readonly held: { readonly settlement: Held | undefined; readonly finalPrice: Held | undefined };
  /** Once the day's books are closed: the next accounts to be called, in order of id, at most as many as an event lists. */
  readonly short: readonly Call[];
}

/** The events by which a day run itself goes on. */
export type DayEvent = PricesSettled | MonthExpired | DayClosed | MarginCalled;

/** What a day waits for, as a log line says it. */
export const WAITS = {
  resume: 'the venue is halted',
  'earlier-day': 'the books of a business day before it are not closed',
  'earlier-auction': 'an auction before it has not been posted',
  shards: 'not every shard has closed its closing auction',
  approval: 'two operators must agree to what is held',
  nothing: 'it is done',
} as const;

/**
 * What may happen now. `number`, `roll`, `close` and `clear` are for the worker of that step to do; `post` is for the shards, which
 * may have missed their wake-up.
 */
export type DayDecision =
  | { readonly kind: 'wait'; readonly for: keyof typeof WAITS }
  /** The reads contradict each other, because another worker acted between them: load everything again. */
  | { readonly kind: 'look-again' }
  /** Give the closing auction this number, then look again. */
  | { readonly kind: 'number'; readonly auction: number }
  /** Write the roll orders into the book of the closing auction. */
  | { readonly kind: 'roll'; readonly auction: number }
  | { readonly kind: 'close'; readonly auction: number }
  | { readonly kind: 'clear'; readonly auction: number }
  | { readonly kind: 'post' }
  /** Two operators must agree to what the basis proposes before it can be an event. */
  | { readonly kind: 'hold'; readonly basis: Basis; readonly holds: readonly Hold[] }
  /** What is held rests on something else by now: `next` takes the place of what was seen. */
  | { readonly kind: 'revise'; readonly held: Held; readonly next: Held }
  | { readonly kind: 'commit'; readonly event: DayEvent }
  | { readonly kind: 'move'; readonly moved: Exclude<DayMoved, { kind: 'reported' }> }
  /** Everything is posted, and every account that is short is called: make the report; `event` closed the books. */
  | { readonly kind: 'report'; readonly event: number };

export function decideDay(day: Day, seen: Seen): DayDecision {
  const { product, posted } = seen;
  const move = (moved: Exclude<DayMoved, { kind: 'reported' }>): DayDecision =>
    posted ? { kind: 'move', moved } : { kind: 'post' };
  if (seen.halted) return { kind: 'wait', for: 'resume' };
  if (day.step === 'done') return { kind: 'wait', for: 'nothing' };
  if (product.lastEvent < newestEventOf(day)) return { kind: 'look-again' };
  // Not the product's newest event: auctions of the days after it may clear while this day's settlement is held.
  const log = product.lastDay?.date === day.date ? product.lastDay : undefined;
  switch (day.step) {
    case 'roll':
      return decideRollStep(day, seen);
    case 'close':
      return { kind: 'close', auction: day.auction };
    case 'clear':
      if (log) return move({ kind: 'cleared', event: log.clearedBy });
      return seen.closed ? { kind: 'clear', auction: day.auction } : { kind: 'wait', for: 'shards' };
    case 'settle':
      if (product.settledOn < day.date) return decideSettleStep(day, seen);
      return move({ kind: 'settled', event: log!.settledBy! });
    case 'expire': {
      const month = expiringMonth(product.parameters.calendar, product.listed, day.date);
      if (month !== undefined) return decideExpireStep(day, seen, month);
      return move({ kind: 'expired', event: log!.expiredBy });
    }
    case 'report':
      if (product.closedOn < day.date)
        return { kind: 'commit', event: { kind: 'day-closed', product: day.product, date: day.date, after: product.closedBy } };
      if (!posted) return { kind: 'post' };
      return seen.short.length > 0 ? { kind: 'commit', event: callsOf(day, seen) } : { kind: 'report', event: product.closedBy };
  }
}

const callsOf = ({ product, date }: DayAt<'report'>, { product: own, short }: Seen): MarginCalled => ({
  kind: 'margin-called',
  product,
  date,
  due: dueTime(own.parameters, date, own.tradedOn),
  calls: short,
});

/** The newest event that the day knows of: a product that has not come so far was loaded before another worker moved the day. */
function newestEventOf(day: Exclude<Day, DayAt<'done'>>): number {
  if (day.step === 'settle') return day.clearedBy;
  if (day.step === 'expire') return day.settledBy;
  return day.step === 'report' ? (day.expiredBy ?? day.settledBy) : 0;
}

/** The closing auction is numbered once every auction before it has been posted, and rolls from what they have left. */
function decideRollStep({ date }: DayAt<'roll'>, { product, posted, numbered, newest }: Seen): DayDecision {
  if (openBooks(product) < date) return { kind: 'wait', for: 'earlier-day' };
  if (numbered !== undefined) return { kind: 'roll', auction: numbered };
  if (newest?.closing && newest.date === date) return { kind: 'look-again' };
  const last = newest?.auction ?? 0;
  if (last > product.lastAuction || !posted) return { kind: 'wait', for: 'earlier-auction' };
  return { kind: 'number', auction: last + 1 };
}

function decideSettleStep({ product, date }: DayAt<'settle'>, { product: own, newestIndex, held }: Seen): DayDecision {
  const { parameters, marks, toSettle } = own;
  if (!toSettle) throw new DayOrderError(`${product} has no closing auction to settle ${date} by`);
  const { value: curve, holds } = decideCurve(product, parameters, date, marks, toSettle.months, newestIndex);
  const basis = { proposal: { kind: 'settlement', curve }, index: {} } as const;
  return agreed(basis, holds, held.settlement, (proposal, approvedBy) => ({
    kind: 'prices-settled',
    product,
    date,
    auction: toSettle.auction,
    previous: marks,
    settled: proposal.curve,
    rollOpens: rollOpening(parameters.calendar, nextBusinessDay(parameters.calendar, date)) ?? null,
    approvedBy,
  }));
}

function decideExpireStep(
  { product, date }: DayAt<'expire'>,
  { product: own, index, held }: Seen,
  month: ContractMonth,
): DayDecision {
  const mark = own.marks[month]!;
  const { value: price, holds } = decideFinalPrice(product, own.parameters, month, index, mark);
  const next = nextListing(own.listed, own.marks);
  const used = indexText(indexOf(own.parameters, month, index));
  const basis = { proposal: { kind: 'final-price', month, price }, index: used } as const;
  return agreed(basis, holds, held.finalPrice, (proposal, approvedBy) => ({
    kind: 'month-expired',
    product,
    date,
    month,
    mark,
    finalPrice: proposal.price,
    index: used,
    listed: next.month,
    listedAt: next.price,
    approvedBy,
  }));
}

/**
 * What may be committed: the proposal itself when nothing speaks against it, or what two operators have approved, as long as
 * it rests on what they were shown. What is held stays held when its reason has gone: what an operator has seen does not take
 * effect by itself.
 */
function agreed<Proposal extends HeldProposal>(
  basis: Basis & { readonly proposal: Proposal },
  holds: readonly Hold[],
  held: Held | undefined,
  eventOf: (proposal: Proposal, approvedBy: readonly string[]) => DayEvent,
): DayDecision {
  if (!held) return holds.length > 0 ? { kind: 'hold', basis, holds } : { kind: 'commit', event: eventOf(basis.proposal, []) };
  const next = revise(held, basis, holds);
  if (next) return { kind: 'revise', held, next };
  if (!isApproved(held)) return { kind: 'wait', for: 'approval' };
  if (held.proposal.kind !== basis.proposal.kind) throw new DayOrderError(`${held.id} holds a proposal of another kind`);
  return { kind: 'commit', event: eventOf(held.proposal as Proposal, held.approvals) };
}
