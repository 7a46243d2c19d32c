/**
 * The clearing log: what has happened at the venue, as a gapless sequence of facts. Positions, cash, prices and the
 * product's own state are all folds over these events; nothing else moves a lot or a cent. Events are small: the fills
 * of an auction stand in items of their own, named here by one hash a shard, so an event does not grow with the book.
 */

import type { MonthResult } from '../auction/book.ts';
import type { BusinessDate } from '../contract/calendar.ts';
import type { ContractMonth } from '../contract/months.ts';
import type { ForwardCurve, ProductParameters } from '../contract/product.ts';
import type { Cents, Ticks } from '../contract/units.ts';
import type { Call } from './calls.ts';

/**
 * What is too large for an event, as it was spread over shards when it was written: the venue may have another number of them by
 * now, and no event is ever changed. A reader that looks for an account's part takes the number from here.
 */
export interface References {
  readonly shards: number;
  /** By shard, a hash that stands for all of it. A shard that has none of it is absent. */
  readonly roots: Readonly<Record<number, string>>;
}

/** Of a product that has had no auction yet. */
export const NO_REFERENCES: References = { shards: 1, roots: {} };

/**
 * Accounts or movements in one event at most: a transaction of the table writes 100 items, and there are the event, a mark for each
 * thing that is done once, and what was held until it was approved.
 */
export const LISTED_MAX = 98;

/** The second of two operators who agreed to an event, and under which id it was held until then. */
export interface Approval {
  readonly by: string;
  readonly held: string;
}

export interface Opening {
  readonly account: string;
  readonly name: string;
  /** The product that its cash stands behind; absent: the first that the venue listed, or will list. */
  readonly product?: string;
}

/** Accounts opened together, one to `LISTED_MAX`, none of them twice. */
export interface AccountsOpened {
  readonly kind: 'accounts-opened';
  readonly accounts: readonly Opening[];
  /** The operator who did it, or who proposed it. */
  readonly by: string;
  /** Absent from what one operator did alone. */
  readonly approval?: Approval;
  readonly at: string;
}

/** Cash into (positive) or out of an account, against the venue's bank. */
export interface Movement {
  readonly account: string;
  readonly cents: Cents;
  readonly reference: string;
}

/** Cash moved together: one movement of each of one to `LISTED_MAX` accounts, and the sum of them of the bank. */
export interface CashMoved {
  readonly kind: 'cash-moved';
  readonly movements: readonly Movement[];
  /** The operator who did it, or who proposed it. */
  readonly by: string;
  /** Absent from what one operator did alone. */
  readonly approval?: Approval;
  readonly at: string;
}

export interface ParametersChanged {
  readonly kind: 'parameters-changed';
  readonly product: string;
  readonly version: number;
  readonly parameters: ProductParameters;
  /** Only when the product is new: the day before its first trading day, and the prices its months start from. */
  readonly listing?: { readonly date: BusinessDate; readonly curve: ForwardCurve };
  /** The operator who did it, or who proposed it. */
  readonly by: string;
  /** Absent from what one operator did alone. */
  readonly approval?: Approval;
  readonly at: string;
}

export interface AuctionCleared {
  readonly kind: 'auction-cleared';
  readonly product: string;
  readonly auction: number;
  /** The instant the auction was scheduled for, ISO 8601 in UTC: its public name. */
  readonly slot: string;
  /** The business day that the slot falls on. */
  readonly date: BusinessDate;
  /** The business day whose books are open when it clears: an earlier one while that day's settlement is held. */
  readonly books: BusinessDate;
  readonly closing: boolean;
  /** The marks the auction's fills are settled against: the settlement prices before it. */
  readonly marks: ForwardCurve;
  readonly months: Readonly<Record<number, MonthResult>>;
  /** Orders that traded or lapsed, in whole or in part. */
  readonly orders: number;
  readonly fills: References;
  readonly carried: References;
  /** Hash that stands for the published depth; `null` when nothing traded or lapsed. */
  readonly depth: string | null;
  /** Surplus in ticks x lots, as decimal text. */
  readonly surplus: string;
}

export interface PricesSettled {
  readonly kind: 'prices-settled';
  readonly product: string;
  readonly date: BusinessDate;
  readonly auction: number;
  readonly previous: ForwardCurve;
  readonly settled: ForwardCurve;
  /** The month whose roll window opens on the next business day: positions in it are noted now. */
  readonly rollOpens: ContractMonth | null;
  readonly approvedBy: readonly string[];
}

export interface MonthExpired {
  readonly kind: 'month-expired';
  readonly product: string;
  readonly date: BusinessDate;
  readonly month: ContractMonth;
  readonly mark: Ticks;
  readonly finalPrice: Ticks;
  /** The published index values that the final price is computed from, by date, in millionths of a dollar as text. */
  readonly index: Readonly<Record<string, string>>;
  readonly listed: ContractMonth;
  readonly listedAt: Ticks;
  readonly approvedBy: readonly string[];
}

/** The books of a day are closed: every shard writes its accounts' statements. Moves nothing. */
export interface DayClosed {
  readonly kind: 'day-closed';
  readonly product: string;
  readonly date: BusinessDate;
  /** Number of the event that closed the product's books before; 0 for the first day. What is behind it is in these books. */
  readonly after: number;
}

/** Trading in a product is stopped: no order comes in, and those that are there are taken out by the next auctions, which match nothing. */
export interface TradingStopped {
  readonly kind: 'trading-stopped';
  readonly product: string;
  readonly reason: string;
  readonly by: string;
  readonly at: string;
}

/** Orders come in again, for the auctions after this one: into it, and those before it, orders may have come before the stop. */
export interface TradingResumed extends Omit<TradingStopped, 'kind'> {
  readonly kind: 'trading-resumed';
  /** Number of the last auction that matches nothing. */
  readonly through: number;
}

/**
 * Accounts are called for what their requirement was beyond their cover when the books of `date` closed: in order of id, behind those
 * that an event before it has called for that day. Moves nothing.
 */
export interface MarginCalled {
  readonly kind: 'margin-called';
  readonly product: string;
  readonly date: BusinessDate;
  /** The instant by which each must have met its call, ISO 8601 in UTC; a call that was open before keeps its own. */
  readonly due: string;
  readonly calls: readonly Call[];
}

/** Requirement and cover of these accounts, as posted up to the event before, say that their calls are met. Moves nothing. */
export interface CallsMet {
  readonly kind: 'calls-met';
  readonly product: string;
  readonly accounts: readonly string[];
}

/** At the instant `at`, ISO 8601 in UTC, the calls of these accounts were due and not met. Moves nothing. */
export interface CallsOverdue {
  readonly kind: 'calls-overdue';
  readonly product: string;
  readonly at: string;
  readonly accounts: readonly string[];
}

export type ClearingEvent =
  | AccountsOpened
  | CashMoved
  | ParametersChanged
  | AuctionCleared
  | PricesSettled
  | MonthExpired
  | DayClosed
  | TradingStopped
  | TradingResumed
  | MarginCalled
  | CallsMet
  | CallsOverdue;

/** The venue's own account: the other side of every deposit and withdrawal. */
export const BANK = '@bank';

/** How an event opens an account; `undefined` when it does not. */
export const openingIn = (event: ClearingEvent | undefined, account: string): Opening | undefined =>
  event?.kind === 'accounts-opened' ? event.accounts.find((opening) => opening.account === account) : undefined;

/** How an event moves cash of an account other than the bank; `undefined` when it does not. */
export const movementIn = (event: ClearingEvent | undefined, account: string): Movement | undefined =>
  event?.kind === 'cash-moved' ? event.movements.find((movement) => movement.account === account) : undefined;

/** How an event calls an account; `undefined` when it does not. */
export const callIn = ({ calls }: MarginCalled, account: string): Call | undefined =>
  calls.find((call) => call.account === account);
