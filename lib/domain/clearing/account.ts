/**
 * An account as a fold over the clearing log. Positions are lots and stand at the mark; cash is cents. Every event is
 * applied once, in order; the entry it leaves in the journal says what moved. Over all accounts an event moves no lots
 * and no cents: each fill has its opposite, each revaluation its mirror, each deposit the bank.
 */

import type { Fill } from '../auction/book.ts';
import type { BusinessDate } from '../contract/calendar.ts';
import type { ContractMonth } from '../contract/months.ts';
import { CASH } from '../contract/months.ts';
import { addCents, addLots, type Cents, gain, type Lots, lots, minusTicks, NO_CENTS, type Ticks } from '../contract/units.ts';
import type { OpenCall } from './calls.ts';
import { entryCostAfter } from './entry-cost.ts';
import {
  type AuctionCleared,
  BANK,
  type CashMoved,
  type ClearingEvent,
  callIn,
  type MarginCalled,
  type MonthExpired,
  movementIn,
  openingIn,
  type PricesSettled,
} from './events.ts';
import { type RollProgress, rollCost } from './roll.ts';

/** What happened to one account in one product since its books were closed before, for its statement. */
export interface DayTotals {
  /** The day whose books it goes into. */
  readonly date: BusinessDate;
  readonly variation: Cents;
  readonly rolledLots: Lots;
  readonly rollCost: Cents;
}

export interface ProductHolding {
  /** Signed lots by contract month; a month with none is absent. */
  readonly lots: Readonly<Record<number, Lots>>;
  /** What these cost to enter, by contract month; absent when there are none. */
  readonly entryCost?: Readonly<Record<number, Cents>>;
  /** Net lots over all months at the last settlement, absent when there were none: what an owner's size is taken from. */
  readonly settledLots?: Lots;
  readonly roll?: RollProgress;
  readonly day?: DayTotals;
}

export interface AccountState {
  readonly account: string;
  readonly name: string;
  /** The product that its cash stands behind, as it was opened for; absent: the first that the venue has listed. */
  readonly product?: string;
  /** Number of the last event applied; an event at or below it is never applied again. */
  readonly applied: number;
  readonly cash: Cents;
  /** All cash ever moved in, less what was moved out: the rest of its cash is what its positions brought. */
  readonly deposited: Cents;
  /** Number of the last event that moved cash in or out; 0 when none has. */
  readonly depositedBy: number;
  readonly products: Readonly<Record<string, ProductHolding>>;
  /** While the account lacks margin and has been called for it. */
  readonly call?: OpenCall;
}

/** An event that can touch an account. */
type TouchingEvent = Exclude<
  ClearingEvent,
  { readonly kind: 'parameters-changed' | 'day-closed' | 'trading-stopped' | 'trading-resumed' }
>;

/** What one event did to one account. */
export interface JournalEntry {
  readonly account: string;
  readonly seq: number;
  readonly kind: TouchingEvent['kind'];
  readonly product?: string;
  readonly date?: BusinessDate;
  readonly cents: Cents;
  readonly balance: Cents;
  /** Change of position by month. */
  readonly lots: Readonly<Record<number, Lots>>;
  /** How many of its orders the auction filled, or took lots out of. They stand with the auction, in the run that its event names. */
  readonly fills?: number;
  readonly reference?: string;
  /** Of the event that called the account. */
  readonly call?: Pick<OpenCall, 'due' | 'cents'>;
}

/**
 * Fills of one account in one auction that trade the same: what posting needs of them, however many they are. Lots taken out of an
 * order as self-matched move nothing; its row is counted, so that the journal says which auctions have rows for the account.
 */
export interface Traded {
  readonly buy: ContractMonth;
  readonly sell: ContractMonth;
  readonly rolls: boolean;
  readonly lots: Lots;
  readonly fills: number;
}

/** Adds fills of an account to what is known of it; what comes out has at most a line for every two months, however many fills. */
export function addFills(
  known: readonly Traded[],
  fills: readonly Pick<Fill, 'buy' | 'sell' | 'rolls' | 'lots'>[],
): readonly Traded[] {
  const lines = new Map(known.map((line) => [lineOf(line), line]));
  for (const { buy, sell, rolls, lots: filled } of fills) {
    const key = lineOf({ buy, sell, rolls });
    const line = lines.get(key);
    lines.set(key, { buy, sell, rolls, lots: addLots(line?.lots ?? lots(0), filled), fills: (line?.fills ?? 0) + 1 });
  }
  return [...lines.values()];
}

const lineOf = ({ buy, sell, rolls }: Pick<Traded, 'buy' | 'sell' | 'rolls'>): string => `${buy} ${sell} ${rolls}`;

/** An account before its first event: no name, no cash, no positions. */
export const emptyAccount = (account: string): AccountState => ({
  account,
  name: '',
  applied: 0,
  cash: NO_CENTS,
  deposited: NO_CENTS,
  depositedBy: 0,
  products: {},
});

/**
 * Applies event `seq` to an account and gives its new state with the journal entry; `undefined` when the event does not
 * touch the account. `traded` is this account's alone, `centsPerTick` is the value of one tick on one lot by product.
 * Throws when the event has been applied already.
 */
export function applyEvent(
  state: AccountState,
  seq: number,
  event: ClearingEvent,
  traded: readonly Traded[],
  centsPerTick: (product: string) => bigint,
): { state: AccountState; entry: JournalEntry } | undefined {
  if (seq <= state.applied)
    throw new Error(`event ${seq} is already in account ${state.account}, which stands at ${state.applied}`);
  switch (event.kind) {
    case 'accounts-opened': {
      const opening = openingIn(event, state.account);
      const { name, product } = opening ?? {};
      return opening && post({ ...state, name: name!, ...(product === undefined ? {} : { product }) }, seq, event, {});
    }
    case 'cash-moved':
      return moveCash(state, seq, event);
    case 'auction-cleared':
      return traded.length === 0 ? undefined : applyFills(state, seq, event, traded, centsPerTick(event.product));
    case 'prices-settled':
      return revalue(state, seq, event, centsPerTick(event.product));
    case 'month-expired':
      return expire(state, seq, event, centsPerTick(event.product));
    case 'margin-called':
      return call(state, seq, event);
    case 'calls-met':
      return event.accounts.includes(state.account) ? post(withoutCall(state), seq, event, {}) : undefined;
    case 'calls-overdue':
      return event.accounts.includes(state.account) ? post(overdue(state), seq, event, {}) : undefined;
    case 'parameters-changed':
    case 'trading-stopped':
    case 'trading-resumed':
    case 'day-closed':
      return undefined;
  }
}

/** The bank pays all of it together; the references stand with the accounts. */
function moveCash(state: AccountState, seq: number, event: CashMoved) {
  const movement = movementIn(event, state.account);
  if (!movement && state.account !== BANK) return undefined;
  const all = event.movements.reduce((sum, { cents }) => addCents(sum, cents), NO_CENTS);
  const cents = movement?.cents ?? (-all as Cents);
  const next = { ...state, deposited: addCents(state.deposited, cents), depositedBy: seq };
  return post(next, seq, event, { cents, ...(movement ? { reference: movement.reference } : {}) });
}

/** A fill of q lots at p pays q x (mark - p), so that afterwards the position stands at the mark. */
function applyFills(state: AccountState, seq: number, event: AuctionCleared, traded: readonly Traded[], centsPerTick: bigint) {
  const moved: Record<number, Lots> = {};
  let cash = NO_CENTS;
  let rolled = lots(0);
  let cost = NO_CENTS;
  const price = (month: ContractMonth): Ticks => event.months[month]!.price;
  const trade = (month: ContractMonth, quantity: Lots): void => {
    if (month === CASH) return;
    moved[month] = addLots(moved[month] ?? lots(0), quantity);
    cash = addCents(cash, gain(quantity, minusTicks(event.marks[month]!, price(month)), centsPerTick));
  };
  const holding = state.products[event.product] ?? { lots: {} };
  for (const fill of traded.filter((line) => line.lots > 0)) {
    trade(fill.buy, fill.lots);
    trade(fill.sell, lots(-fill.lots));
    if (fill.rolls) {
      const long = fill.sell === holding.roll?.near;
      const [far, near] = long ? [fill.buy, fill.sell] : [fill.sell, fill.buy];
      const signed = lots(long ? fill.lots : -fill.lots);
      rolled = addLots(rolled, signed);
      cost = addCents(cost, rollCost(signed, price(far), price(near), centsPerTick));
    }
  }
  const fills = traded.reduce((sum, line) => sum + line.fills, 0);
  if (Object.keys(moved).length === 0) return post(state, seq, event, { fills });
  const next: ProductHolding = {
    ...addPositions(holding, moved, price, centsPerTick),
    ...(holding.roll && rolled !== 0 ? { roll: { ...holding.roll, rolled: addLots(holding.roll.rolled, rolled) } } : {}),
    day: addDay(holding.day, event.books, cash, rolled, cost),
  };
  return post(withHolding(state, event.product, next), seq, event, { cents: cash, lots: moved, fills });
}

/** A new settlement price pays every lot its change; positions in a month about to roll are noted. */
function revalue(state: AccountState, seq: number, event: PricesSettled, centsPerTick: bigint) {
  const holding = state.products[event.product];
  if (!holding || (Object.keys(holding.lots).length === 0 && !holding.settledLots)) return undefined;
  let cash = NO_CENTS;
  let net = lots(0);
  for (const [month, quantity] of positions(holding)) {
    net = addLots(net, quantity);
    cash = addCents(cash, gain(quantity, minusTicks(event.settled[month]!, event.previous[month]!), centsPerTick));
  }
  const opening = event.rollOpens === null ? undefined : holding.lots[event.rollOpens];
  const { settledLots: _, ...rest } = holding;
  const next: ProductHolding = {
    ...rest,
    ...(net === 0 ? {} : { settledLots: net }),
    ...(opening ? { roll: { near: event.rollOpens!, held: opening, rolled: lots(0) } } : {}),
    day: addDay(holding.day, event.date, cash, lots(0), NO_CENTS),
  };
  return post(withHolding(state, event.product, next), seq, event, { cents: cash });
}

/** Expiry pays the last change, from the mark to the final settlement price, and the position is gone. */
function expire(state: AccountState, seq: number, event: MonthExpired, centsPerTick: bigint) {
  const holding = state.products[event.product];
  const quantity = holding?.lots[event.month];
  if (!holding || !quantity) return undefined;
  const cash = gain(quantity, minusTicks(event.finalPrice, event.mark), centsPerTick);
  const moved = { [event.month]: lots(-quantity) };
  const next: ProductHolding = {
    ...addPositions(holding, moved, () => event.finalPrice, centsPerTick),
    day: addDay(holding.day, event.date, cash, lots(0), NO_CENTS),
  };
  return post(withHolding(state, event.product, next), seq, event, { cents: cash, lots: moved });
}

/** A call that is open keeps the time it is due; the amount follows what the account lacks. */
function call(state: AccountState, seq: number, event: MarginCalled) {
  const called = callIn(event, state.account);
  if (!called) return undefined;
  const first: OpenCall = { date: event.date, due: event.due, cents: called.cents, overdue: false };
  const next: OpenCall = state.call ? { ...state.call, cents: called.cents } : first;
  return post({ ...state, call: next }, seq, event, { call: { due: next.due, cents: next.cents } });
}

const withoutCall = ({ call: _, ...state }: AccountState): AccountState => state;
const overdue = (state: AccountState): AccountState =>
  state.call ? { ...state, call: { ...state.call, overdue: true } } : state;

function post(
  state: AccountState,
  seq: number,
  event: TouchingEvent,
  moved: Partial<Pick<JournalEntry, 'cents' | 'lots' | 'fills' | 'reference' | 'call'>>,
): { state: AccountState; entry: JournalEntry } {
  const balance = addCents(state.cash, moved.cents ?? NO_CENTS);
  const entry: JournalEntry = {
    account: state.account,
    seq,
    kind: event.kind,
    ...('product' in event ? { product: event.product } : {}),
    ...('date' in event ? { date: event.date } : {}),
    cents: moved.cents ?? NO_CENTS,
    balance,
    lots: moved.lots ?? {},
    ...(moved.fills ? { fills: moved.fills } : {}),
    ...(moved.reference ? { reference: moved.reference } : {}),
    ...(moved.call ? { call: moved.call } : {}),
  };
  return { state: { ...state, applied: seq, cash: balance }, entry };
}

/** Positions as (month, lots), in order of month. */
export const positions = (holding: ProductHolding): [ContractMonth, Lots][] =>
  Object.entries(holding.lots).map(([month, quantity]) => [Number(month) as ContractMonth, quantity]);

const withHolding = (state: AccountState, product: string, holding: ProductHolding): AccountState => ({
  ...state,
  products: { ...state.products, [product]: holding },
});

/** A holding once `moved` lots a month were traded, each month's at one price. */
function addPositions(
  { entryCost = {}, ...holding }: ProductHolding,
  moved: Readonly<Record<number, Lots>>,
  price: (month: ContractMonth) => Ticks,
  centsPerTick: bigint,
): ProductHolding {
  const sum: Record<number, Lots> = { ...holding.lots };
  const cost: Record<number, Cents> = { ...entryCost };
  for (const [key, quantity] of Object.entries(moved)) {
    const month = Number(key) as ContractMonth;
    const held = sum[month] ?? lots(0);
    const total = addLots(held, quantity);
    if (total === 0) {
      delete sum[month];
      delete cost[month];
    } else {
      sum[month] = total;
      cost[month] = entryCostAfter(held, cost[month] ?? NO_CENTS, quantity, price(month), centsPerTick);
    }
  }
  return { ...holding, lots: sum, ...(Object.keys(cost).length ? { entryCost: cost } : {}) };
}

/** The settlement and the expiry of a day always go into its own books; an auction may be of a later day. */
const addDay = (day: DayTotals | undefined, date: BusinessDate, variation: Cents, rolled: Lots, cost: Cents): DayTotals =>
  day?.date === date
    ? {
        date,
        variation: addCents(day.variation, variation),
        rolledLots: addLots(day.rolledLots, rolled),
        rollCost: addCents(day.rollCost, cost),
      }
    : { date, variation, rolledLots: rolled, rollCost: cost };
