/**
 * The open orders of an account, replayed: what the last auction to clear has carried, changed by every submission since, as
 * accept decided it. There is one fold: accept decides the next submission on it, the API shows it to the participant, clear
 * takes the frozen book from it, and the audit takes that book again. So what was answered is what is matched.
 */
import type { BookOrder } from './book.ts';
import { type Instruction, keepExposed, type LiveOrders, type Order, type Outcome, replaySubmission } from './orders.ts';

/** A submission in the book: what was said, and what accept decided of each instruction. */
export interface DecidedSubmission {
  readonly key: string;
  /** Its place in the order of arrival, as decimal text of any length. */
  readonly sequence: string;
  readonly instructions: readonly Instruction[];
  readonly outcomes: readonly Outcome[];
}

/** An account's open orders, brought up to date in place: submission by submission, auction by auction. */
export class OpenOrders {
  readonly orders: LiveOrders;
  /** Names of orders that stand in an auction that is closed and has not cleared. */
  readonly exposed = new Set<string>();
  readonly #partlyFilled: Set<string>;

  /** `carried` are the account's orders that the last auction to clear has carried on. */
  constructor(carried: readonly BookOrder[]) {
    this.orders = new Map(carried.map((order) => [order.clientOrderId, order]));
    this.#partlyFilled = new Set(carried.filter((order) => order.partlyFilled).map(({ clientOrderId }) => clientOrderId));
  }

  /** Takes in what accept decided. Submissions must come in the order of their arrival. */
  replay({ instructions, outcomes }: DecidedSubmission): void {
    replaySubmission(this.orders, instructions, outcomes, this.#partlyFilled);
    for (const [index, instruction] of instructions.entries()) keepExposed(this.exposed, instruction, outcomes[index]!);
  }

  /** The auction is cut and the next one opens: of the cut one, whatever may be carried counts as open. */
  cut(): void {
    for (const [name, { timeInForce }] of this.orders) if (timeInForce === 'auction') this.orders.delete(name);
    this.exposed.clear();
    for (const name of this.orders.keys()) this.exposed.add(name);
    // What the last cleared auction filled in part matters to the one after it alone: what later ones leave is not known.
    this.#partlyFilled.clear();
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
