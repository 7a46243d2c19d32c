/**
 * Accept, the rule of it for an owner: nothing is taken that the account could not pay for, and nothing that would lead the owner beyond a
 * limit, whatever of its orders trades. It is decided on the accounts as of one event of the log, and on all orders that may still trade
 * behind that event: those that are open, and those that stand in an auction that is closed and has not cleared, whatever was said of
 * them since. Fills are in the one or in the other, so at no moment is one counted nowhere (docs/decisions/0019).
 *
 * The worst case is kept and brought up to date order by order, so that the next submission costs the same whether it is the second or the
 * ten thousandth. It is computed anew when an event has moved what it stands on: positions, marks, parameters.
 */
import type { AccountIntake, ArrivingSubmission, IntakeTerms } from '../auction/account-intake.ts';
import type { Alternatives, Exchange, Judge } from '../auction/open-orders.ts';
import type { Order, Outcome, Refusal } from '../auction/orders.ts';
import { businessDays } from '../contract/calendar.ts';
import { type ContractMonth, firstDay, monthOf } from '../contract/months.ts';
import { centsPerTick } from '../contract/product.ts';
import { type Cents, type Lots, lots } from '../contract/units.ts';
import { type MarginLines, marginCents } from '../risk/margin.ts';
import { deliveryLimited, WorstHoldings } from '../risk/position-limits.ts';
import { coveredLots, WorstCase } from '../risk/worst-case.ts';
import { type AccountState, type ProductHolding, positions } from './account.ts';
import { coverOf, marginLinesOf, ownerLotsOf, productOf, standingIn } from './account-risk.ts';
import type { RollOrder } from './roll.ts';
import { isTradingStopped, openBooks, type ProductState, tradedAt, type VenueState } from './venue.ts';

/** What an owner's submissions are decided on, as of one event. */
export interface OwnerState {
  readonly product: ProductState;
  /** The owner's accounts that trade the product, by name. */
  readonly accounts: ReadonlyMap<string, AccountState>;
}

/**
 * Those of an owner's accounts that count where one of them sends something: those that trade the product, and any other too where the product
 * gives credit. One that is not open trades whatever it is sent for.
 */
export function ownerStateOf(
  venue: VenueState,
  product: ProductState,
  states: Iterable<AccountState>,
  sender: string,
): OwnerState {
  const accounts = new Map<string, AccountState>();
  for (const state of states) {
    const isOpen = state.name !== '';
    const counts = isOpen
      ? productOf(state, venue) === product.product || product.parameters.creditUsd > 0
      : state.account === sender;
    if (counts) accounts.set(state.account, standingIn(state, product, venue));
  }
  return { product, accounts };
}

/**
 * What an account may do in the auction that is open, at a time, ISO. `openedAt` is when the one before it was cut, ISO; `stopped` says
 * whether a kill switch of the account stands.
 */
export function intakeTerms(
  product: ProductState,
  receivedAt: string,
  { open, openedAt, stopped }: { readonly open: number; readonly openedAt: string; readonly stopped: boolean },
): IntakeTerms {
  const { liveOrdersMax, submissionsMax } = product.parameters;
  const listed = new Set<number>(tradedAt(product, Date.parse(receivedAt)));
  return { listed, liveOrdersMax, submissionsMax, openedAt, stopped: stopped || isTradingStopped(product, open) };
}

/** By what figures an order was refused. */
export type Figures =
  | {
      readonly reason: 'margin';
      /** What the account's positions and orders may come to need without the order and with it, and what it has for that. */
      readonly before: Cents;
      readonly would: Cents;
      readonly cover: Cents;
    }
  | {
      readonly reason: 'order-too-large' | 'position-limit';
      /** Lots that are allowed, and that there would be at the worst. */
      readonly allowed: number;
      readonly would: number;
      /** Absent where the limit is on one order or over all months. */
      readonly month?: ContractMonth;
    };

export interface Decision {
  readonly outcomes: readonly Outcome[];
  /** Of those outcomes that have figures, in their order. */
  readonly figures: readonly Figures[];
  /** Net lots that the owner may come to hold, when the submission has led past the level that is reported. */
  readonly reported?: number;
}

/** Whether an outcome has figures. */
export const hasFigures = (outcome: Outcome): boolean => OF_FIGURES.has(outcome);
const OF_FIGURES: ReadonlySet<Outcome> = new Set<Figures['reason']>(['margin', 'order-too-large', 'position-limit']);

/** The most that a worst case may come to, ticks x lots: far enough below what a double holds exactly for marks to move. */
const WORST_TICKS_MAX = 2 ** 50;
/** Memory of a line of a worst case, in orders. */
const LINES_AN_ORDER = 14;

/** The intakes of an owner's accounts, for one product. */
export class OwnerIntake {
  readonly #intakes = new Map<string, AccountIntake>();
  #exposure: Exposure | undefined;

  intakeOf(account: string): AccountIntake | undefined {
    return this.#intakes.get(account);
  }

  /** Takes in the intake of an account, or what another worker has added to one that is here. */
  set(account: string, intake: AccountIntake): void {
    this.#intakes.set(account, intake);
    this.#exposure = undefined;
  }

  /** Orders and names held in memory, and what is as large as one. */
  get size(): number {
    let size = Math.ceil((this.#exposure?.lines ?? 0) / LINES_AN_ORDER);
    for (const intake of this.#intakes.values()) size += intake.size;
    return size;
  }

  get accounts(): number {
    return this.#intakes.size;
  }

  /**
   * Decides a submission of an account and takes it in. The intakes of all of the owner's accounts must be here. A caller that can't be
   * sure that it was then stored must let go of this owner intake.
   */
  take(account: string, submission: ArrivingSubmission, terms: IntakeTerms, owner: OwnerState): Decision {
    const intake = this.#intakes.get(account)!;
    const state = owner.accounts.get(account);
    if (!state) return { outcomes: intake.take(submission, terms, OTHER_PRODUCT), figures: [] };
    if (!this.#exposure?.standsOn(owner)) this.#exposure = new Exposure(owner, this.#intakes);
    const { holdings } = this.#exposure;
    const { reportedLots } = owner.product.parameters.limits;
    const net = holdings.net;
    const judge = new OrderJudge(owner, state, this.#exposure.worstOf(account), holdings);
    const outcomes = intake.take(submission, { ...terms, overdue: state.call?.overdue === true }, judge);
    const { figures } = judge;
    return net <= reportedLots && holdings.net > reportedLots
      ? { outcomes, figures, reported: holdings.net }
      : { outcomes, figures };
  }
}

/**
 * How many lots of a roll order its account could pay for, beside all else of it that may trade. A roll keeps an owner's lots, so no position
 * limit is asked.
 */
export function coveredRoll(
  product: ProductState,
  state: AccountState,
  ownerLots: number,
  mayTrade: Iterable<Alternatives>,
  order: RollOrder,
): Lots {
  const worst = new WorstCase(sharedLines(product, ownerLots), product.marks, positionsIn(state, product), mayTrade);
  const cover = coverOf(state, product);
  return lots(coveredLots(worst, order, (ticks) => marginCents(ticks, centsPerTick(product.parameters)) <= cover));
}

const OTHER_PRODUCT: Judge = { decide: () => 'other-product', leave: () => {} };

/** What an account's positions and orders may come to need, whatever of these trades. */
export function worstCaseOf(product: ProductState, state: AccountState, ownerLots: number, intake: AccountIntake): Cents {
  const worst = new WorstCase(sharedLines(product, ownerLots), product.marks, positionsIn(state, product), intake.mayTrade());
  return marginCents(worst.ticks, centsPerTick(product.parameters));
}

/** What an owner's positions and orders could come to, and what that was computed from. */
class Exposure {
  readonly holdings: WorstHoldings;
  readonly #owner: OwnerState;
  readonly #intakes: ReadonlyMap<string, AccountIntake>;
  readonly #margin: MarginLines;
  readonly #worst = new Map<string, WorstCase>();

  constructor(owner: OwnerState, intakes: ReadonlyMap<string, AccountIntake>) {
    const { product, accounts } = owner;
    this.#owner = owner;
    this.#intakes = intakes;
    this.#margin = sharedLines(product, ownerLotsOf(accounts.values(), product.product));
    const held = [...accounts.values()].flatMap((state) => positionsIn(state, product));
    this.holdings = new WorstHoldings(held);
    for (const account of accounts.keys()) for (const orders of this.#mayTrade(account)) this.holdings.add(orders);
  }

  /** Lines of all worst cases here. */
  get lines(): number {
    return this.#worst.size * this.#margin.lines.length;
  }

  /** Whether what it was computed from is what there is now. Cash may be another: it is not part of it. */
  standsOn({ product, accounts }: OwnerState): boolean {
    const before = this.#owner;
    if (product !== before.product || accounts.size !== before.accounts.size) return false;
    for (const [account, state] of accounts)
      if (holdingOf(state, product) !== holdingOf(before.accounts.get(account), product)) return false;
    return true;
  }

  worstOf(account: string): WorstCase {
    const known = this.#worst.get(account);
    if (known) return known;
    const { product, accounts } = this.#owner;
    const held = positionsIn(accounts.get(account)!, product);
    const worst = new WorstCase(this.#margin, product.marks, held, this.#mayTrade(account));
    this.#worst.set(account, worst);
    return worst;
  }

  #mayTrade(account: string): Iterable<Alternatives> {
    return this.#intakes.get(account)?.mayTrade() ?? [];
  }
}

const holdingOf = (state: AccountState | undefined, { product }: ProductState): ProductHolding | undefined =>
  state?.products[product];
const positionsIn = (state: AccountState, product: ProductState): ReturnType<typeof positions> =>
  positions(holdingOf(state, product) ?? { lots: {} });

/** What follows from a product's state alone, once for all owners: lines of a requirement, by tier, are larger than most accounts. */
interface Shared {
  readonly lines: Map<number, MarginLines>;
  readonly delivered: ContractMonth | undefined;
}
const shared = new WeakMap<ProductState, Shared>();

function sharedOf(product: ProductState): Shared {
  const known = shared.get(product) ?? { lines: new Map(), delivered: deliveredIn(product) };
  shared.set(product, known);
  return known;
}

function sharedLines(product: ProductState, ownerLots: number): MarginLines {
  const tier = product.parameters.margin.concentration.findLast(({ lots }) => ownerLots >= lots)?.lots ?? 0;
  const known = sharedOf(product).lines;
  const lines = known.get(tier) ?? marginLinesOf(product, tier);
  known.set(tier, lines);
  return lines;
}

/** Says of each order whether it may come in, with the figures of those that may not, and keeps count of what may. */
class OrderJudge implements Judge {
  readonly figures: Figures[] = [];
  readonly #owner: OwnerState;
  readonly #cover: Cents;
  /** Of an account whose call is overdue, only what does not raise the worst case is taken. */
  readonly #isOverdue: boolean;
  readonly #delivered: ContractMonth | undefined;
  readonly #worst: WorstCase;
  readonly #holdings: WorstHoldings;

  constructor(owner: OwnerState, state: AccountState, worst: WorstCase, holdings: WorstHoldings) {
    const { product } = owner;
    this.#owner = owner;
    this.#cover = coverOf(state, product);
    this.#isOverdue = state.call?.overdue === true;
    this.#delivered = sharedOf(product).delivered;
    this.#worst = worst;
    this.#holdings = holdings;
  }

  decide(exchange: Exchange, order: Order): Refusal | undefined {
    const { parameters } = this.#owner.product;
    const breach = this.#holdings.breach(order, parameters.limits, this.#delivered, exchange);
    if (breach) {
      const { limit, month, allowed, would } = breach;
      const reason = limit === 'order-lots' ? 'order-too-large' : 'position-limit';
      return this.#refuse({ reason, allowed, would, ...(month === undefined ? {} : { month }) });
    }
    const [before, would] = [this.#worst.ticks, this.#worst.exchanged(exchange.gone, exchange.come)];
    const cents = (ticks: number): Cents => marginCents(ticks, centsPerTick(parameters));
    // What takes risk off, or adds none, always passes.
    if (would > before && (this.#isOverdue || would > WORST_TICKS_MAX || cents(would) > this.#cover))
      return this.#refuse({ reason: 'margin', before: cents(before), would: cents(would), cover: this.#cover });
    this.#count(exchange);
    return undefined;
  }

  leave(exchange: Exchange): void {
    this.#count(exchange);
  }

  #count({ gone, come }: Exchange): void {
    this.#worst.exchange(gone, come);
    this.#holdings.exchange(gone, come);
  }

  #refuse(figures: Figures): Figures['reason'] {
    this.figures.push(figures);
    return figures.reason;
  }
}

/** The month whose limit is the tighter one, on the day whose books are open. */
function deliveredIn(product: ProductState): ContractMonth | undefined {
  const { calendar, limits } = product.parameters;
  const day = openBooks(product);
  const month = monthOf(day);
  return deliveryLimited(month, businessDays(calendar, firstDay(month), day), limits);
}
