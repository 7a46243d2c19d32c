/**
 * The open orders of an account, replayed: what the last auction to clear has carried, changed by every submission since, as
 * accept decided it. There is one fold: accept decides the next submission on it, the API shows it to the participant, clear
 * takes the frozen book from it, and the audit takes that book again. So what was answered is what is matched.
 */
import type { BookOrder } from './book.ts';
import {
  applySubmission,
  type Instruction,
  keepExposed,
  type LiveOrders,
  type Order,
  type OrderTerms,
  type Outcome,
  type Refusal,
  replaySubmission,
  targetOf,
} from './orders.ts';

/** A submission in the book: what was said, and what accept decided of each instruction. */
export interface DecidedSubmission {
  readonly key: string;
  /** Its place in the order of arrival, as decimal text of any length. */
  readonly sequence: string;
  readonly instructions: readonly Instruction[];
  readonly outcomes: readonly Outcome[];
}

/** Orders of which at most one may still trade: mostly one alone. A replacement that is deferred comes in only if the old order did not trade. */
export type Alternatives = readonly Order[];

/** What may still trade, changed: some alternatives in place of others. There may be none on either side. */
export interface Exchange {
  readonly gone: Alternatives;
  readonly come: Alternatives;
}

/** Has the last word on what may still trade. */
export interface Judge {
  /** Why an order must not come in; `undefined` when it may, and then it counts. */
  decide(exchange: Exchange, order: Order): Refusal | undefined;
  /** An order leaves, which is never refused. */
  leave(exchange: Exchange): void;
}

/** An instruction about one order. */
type Part = Exclude<Instruction, { kind: 'cancel-all' }>;

/** An account's open orders, brought up to date in place: submission by submission, auction by auction. */
export class OpenOrders {
  readonly orders: LiveOrders;
  /** Names of orders that stand in an auction that is closed and has not cleared, and of those that wait for what it leaves. */
  readonly exposed = new Set<string>();
  /** Those that wait: deferred replacements since the last cut. */
  readonly #waiting = new Set<string>();
  /** By name of a live order, where it is not alone. */
  readonly #alternatives = new Map<string, Alternatives>();
  /** What is not open any more and stands in an auction that is closed and has not cleared. */
  readonly #standing: Alternatives[] = [];
  readonly #partlyFilled: Set<string>;

  /** `carried` are the account's orders that the last auction to clear has carried on. */
  constructor(carried: readonly BookOrder[]) {
    this.orders = new Map(carried.map((order) => [order.clientOrderId, order]));
    this.#partlyFilled = new Set(carried.filter((order) => order.partlyFilled).map(({ clientOrderId }) => clientOrderId));
  }

  /** Orders and names held in memory. */
  get size(): number {
    return this.orders.size + this.exposed.size + this.#standing.length;
  }

  /** All that may still trade, in auctions that are closed and have not cleared or in later ones. An order is among it once, with all its lots. */
  *mayTrade(): Generator<Alternatives> {
    for (const [name, order] of this.orders) yield this.#alternatives.get(name) ?? [order];
    yield* this.#standing;
  }

  /** Decides a submission and takes it in. */
  decide(instructions: readonly Instruction[], terms: OrderTerms, judge?: Judge): Outcome[] {
    return applySubmission(this.orders, instructions, terms, this.exposed, (instruction, outcome) => {
      for (const part of this.#parts(instruction)) {
        const exchange = this.#exchange(part, true);
        const refusal = part.kind === 'cancel' ? judge?.leave(exchange) : judge?.decide(exchange, part.order);
        if (refusal) return refusal;
        this.#note(part, outcome, exchange, true);
      }
      return undefined;
    });
  }

  /** Takes in what accept decided. Submissions must come in the order of their arrival. */
  replay({ instructions, outcomes }: DecidedSubmission): void {
    replaySubmission(this.orders, instructions, outcomes, this.#partlyFilled, (instruction, outcome, comesIn) => {
      for (const part of this.#parts(instruction)) this.#note(part, outcome, this.#exchange(part, comesIn), comesIn);
      keepExposed(this.exposed, instruction, outcome);
    });
  }

  /** The auction is cut and the next one opens: of the cut one, whatever may be carried counts as open. */
  cut(): void {
    for (const [name, order] of this.orders) {
      if (order.timeInForce !== 'auction') continue;
      this.#standing.push(this.#alternatives.get(name) ?? [order]);
      this.#alternatives.delete(name);
      this.orders.delete(name);
    }
    this.#waiting.clear();
    this.exposed.clear();
    for (const name of this.orders.keys()) this.exposed.add(name);
    // What the last cleared auction filled in part matters to the one after it alone: what later ones leave is not known.
    this.#partlyFilled.clear();
  }

  /** An instruction by the orders that it is about: a cancel of all is one of each. */
  #parts(instruction: Instruction): readonly Part[] {
    if (instruction.kind !== 'cancel-all') return [instruction];
    return Array.from(this.orders.keys(), (clientOrderId) => ({ kind: 'cancel', clientOrderId }));
  }

  /** What an instruction changes of what may still trade. An order that stands in a closed auction goes on counting, whatever is said of it. */
  #exchange(instruction: Part, comesIn: boolean): Exchange {
    const name = targetOf(instruction);
    const target = name === undefined ? undefined : this.orders.get(name);
    const gone = target ? (this.#alternatives.get(name!) ?? [target]) : [];
    const stands = name !== undefined && this.exposed.has(name) && !this.#waiting.has(name);
    const left = stands ? gone : gone.filter((order) => order !== target);
    return { gone, come: comesIn && instruction.kind !== 'cancel' ? [...left, instruction.order] : left };
  }

  #note(instruction: Part, outcome: 'accepted' | 'deferred', { come }: Exchange, comesIn: boolean): void {
    const name = targetOf(instruction);
    if (name !== undefined) {
      this.#alternatives.delete(name);
      this.#waiting.delete(name);
    }
    if (instruction.kind === 'cancel' || !comesIn) {
      if (come.length > 0) this.#standing.push(come);
      return;
    }
    const { clientOrderId } = instruction.order;
    if (come.length > 1) this.#alternatives.set(clientOrderId, come);
    if (outcome === 'deferred') this.#waiting.add(clientOrderId);
  }
}

/**
 * An account's open orders. `carried` are its orders that the last auction to clear has carried on; `auctions` are its
 * submissions into each auction since, in any order within one: the last of these auctions is open or being cleared, those
 * before it are closed and have not cleared.
 */
export function openOrders(carried: readonly BookOrder[], auctions: readonly (readonly DecidedSubmission[])[]): OpenOrders {
  const open = new OpenOrders(carried);
  auctions.forEach((submissions, at) => {
    if (at > 0) open.cut();
    for (const submission of submissions.toSorted(byArrival)) open.replay(submission);
  });
  return open;
}

/** The sender of each order that was carried or sent: an open order is still the object that was put in. */
export function sendersOf(
  carried: readonly BookOrder[],
  submissions: readonly (Pick<DecidedSubmission, 'instructions'> & { readonly sender: string })[],
): ReadonlyMap<Order, string> {
  const senders = new Map<Order, string>(carried.map((order) => [order, order.sender]));
  for (const { instructions, sender } of submissions)
    for (const instruction of instructions) if ('order' in instruction) senders.set(instruction.order, sender);
  return senders;
}

/** The order in which an account's submissions take effect. */
export function byArrival(a: DecidedSubmission, b: DecidedSubmission): number {
  return bySequence(a.sequence, b.sequence) || (a.key < b.key ? -1 : 1);
}

/** Digits of the longest place in a queue. */
const PLACE_DIGITS = 40;

/** The order of two places in a queue. Sequence numbers grow longer: 9 arrives before 10. */
export function bySequence(a: string, b: string): number {
  const [first, second] = [a.padStart(PLACE_DIGITS, '0'), b.padStart(PLACE_DIGITS, '0')];
  return first < second ? -1 : first > second ? 1 : 0;
}

/**
 * The place of an account's `nth` submission that was moved here from another queue, or another group of it: places grow within a
 * group and say nothing of those in another. It comes after none, before every one that this group gives, and in order of `nth`.
 */
export const movedPlace = (nth: number): string => '0'.repeat(PLACE_DIGITS) + String(nth).padStart(12, '0');
