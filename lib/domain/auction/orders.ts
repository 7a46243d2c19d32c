/**
 * Orders and what an account may say about them. A submission is a list of instructions (new, cancel, replace, cancel
 * all) that name orders by the participant's own `clientOrderId`; folding an account's submissions in the order they arrived
 * gives its live orders. Accept and clear use the same fold, so what was answered is what is matched.
 */
import { CASH, type ContractMonth } from '../contract/months.ts';
import type { Lots, Ticks } from '../contract/units.ts';

/** `auction`: the next one only. `day`: through the day's closing auction. `gtc`: until filled, cancelled or delisted. */
export const TIMES_IN_FORCE = ['auction', 'day', 'gtc'] as const;
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];

/** Buys one node and sells another: an outright has `CASH` on one side, a calendar spread has a month on each. */
export interface Order {
  readonly clientOrderId: string;
  readonly buy: ContractMonth;
  readonly sell: ContractMonth;
  /** On price bought minus price sold; the price of cash is zero, so an outright sell at 2.350 has limit -2350. */
  readonly limit: Ticks;
  readonly lots: Lots;
  readonly timeInForce: TimeInForce;
}

/**
 * Why the venue's machinery takes out all of an account's orders, as it is stored. Each is a cancel of all that no one sends with the
 * orders of a submission.
 */
export const TAKEN_OUT_BY = ['kill-switch', 'overdue-call', 'dead-mans-switch'] as const;
export type TakenOutBy = (typeof TAKEN_OUT_BY)[number];

/** What an instruction does, in the order of the codes that are stored: new ones go to the end. */
export const INSTRUCTION_KINDS = ['new', 'cancel', 'replace', 'cancel-all'] as const satisfies readonly Instruction['kind'][];

export type Instruction =
  | { readonly kind: 'new'; readonly order: Order }
  | { readonly kind: 'cancel'; readonly clientOrderId: string }
  | { readonly kind: 'replace'; readonly replaces: string; readonly order: Order }
  /** Takes out every order that is live at its place in the queue, those of the same submission before it included. */
  | { readonly kind: 'cancel-all' };

/**
 * Why an instruction was refused. `auction-closed` and `overtaken` are said of all of a submission that comes too late. Codes
 * are stable and stored by their places here; new ones go to the end.
 */
export const REFUSALS = [
  'auction-closed',
  'contract-not-listed',
  'unknown-order',
  'duplicate-client-order-id',
  'too-many-live-orders',
  'too-many-submissions',
  'overtaken',
  'stopped',
  'other-product',
  'order-too-large',
  'position-limit',
  'margin',
] as const;
export type Refusal = (typeof REFUSALS)[number];
/**
 * `deferred`: accepted while the order it cancels or replaces stands in an auction that is closed and not yet cleared. It
 * takes effect on what that auction leaves: the rest of the old order is gone in any case, and its replacement enters
 * only if the old order did not trade, so that no participant ends up with more lots than it asked for.
 */
export type Outcome = 'accepted' | 'deferred' | Refusal;
/** By the codes that are stored. */
export const OUTCOMES: readonly Outcome[] = ['accepted', 'deferred', ...REFUSALS];

/** The live orders of one account by `clientOrderId`. */
export type LiveOrders = Map<string, Order>;

/** What an account may do in the auction that is open. */
export interface OrderTerms {
  readonly listed: ReadonlySet<number>;
  /** Orders that may be live at a time. A lower limit than before takes none away; it only lets no more in. */
  readonly liveOrdersMax: number;
  /** Whether the account has sent all the submissions that it may, so that only its cancels are taken. */
  readonly cancelsOnly: boolean;
  /** Whether trading is stopped, for the account or for all, so that only cancels are taken. Unless given, it is not. */
  readonly stopped?: boolean;
}

/** What is about to become of an instruction that nothing else speaks against. The answer may be a refusal after all. */
export type LastWord = (instruction: Instruction, outcome: 'accepted' | 'deferred') => Refusal | undefined;

/**
 * Applies one submission to an account's live orders, in place, and says what became of each instruction. `exposed`
 * names the live orders that a closed auction may still fill; it is kept up to date in place as well.
 */
export function applySubmission(
  live: LiveOrders,
  instructions: readonly Instruction[],
  terms: OrderTerms,
  exposed: Set<string> = new Set(),
  lastWord?: LastWord,
): Outcome[] {
  return instructions.map((instruction) => {
    const refusal = refuse(live, instruction, terms);
    if (refusal) return refusal;
    const outcome = waits(instruction, exposed) ? 'deferred' : 'accepted';
    const last = lastWord?.(instruction, outcome);
    if (last) return last;
    apply(live, instruction);
    keepExposed(exposed, instruction, outcome);
    return outcome;
  });
}

/**
 * Brings `exposed` up to date, in place, with one outcome. An order that is cancelled or replaced leaves it. A deferred
 * replacement is exposed in its place, since it enters only if the old order did not trade: a later replacement of the
 * replacement must wait for the same auction, or it would enter although the one that it replaces never did.
 */
export function keepExposed(exposed: Set<string>, instruction: Instruction, outcome: Outcome): void {
  if (outcome !== 'accepted' && outcome !== 'deferred') return;
  const target = targetOf(instruction);
  if (instruction.kind === 'cancel-all') exposed.clear();
  if (target !== undefined) exposed.delete(target);
  if (instruction.kind === 'replace' && outcome === 'deferred') exposed.add(instruction.order.clientOrderId);
}

/** What is about to become of an instruction that is replayed: whether its order, if it has one, comes in. */
export type Replayed = (instruction: Instruction, outcome: 'accepted' | 'deferred', comesIn: boolean) => void;

/**
 * Repeats what accept decided, once the auction before has cleared: only what was accepted takes effect. `partlyFilled` names
 * the carried orders that the auction before filled in part.
 */
export function replaySubmission(
  live: LiveOrders,
  instructions: readonly Instruction[],
  outcomes: readonly Outcome[],
  partlyFilled: ReadonlySet<string> = new Set(),
  replayed?: Replayed,
): void {
  instructions.forEach((instruction, index) => {
    const outcome = outcomes[index];
    if (outcome !== 'accepted' && outcome !== 'deferred') return;
    const target = targetOf(instruction) ?? '';
    // Of a cancel of all, what is left of them is gone, whatever the auction before made of some.
    const comesIn =
      outcome === 'accepted' || instruction.kind === 'cancel-all' || (live.has(target) && !partlyFilled.has(target));
    replayed?.(instruction, outcome, comesIn);
    if (comesIn) apply(live, instruction);
    else live.delete(target);
  });
}

/** Whether an instruction does away with an order that a closed auction may still fill. */
function waits(instruction: Instruction, exposed: ReadonlySet<string>): boolean {
  if (instruction.kind === 'cancel-all') return exposed.size > 0;
  const target = targetOf(instruction);
  return target !== undefined && exposed.has(target);
}

function refuse(live: LiveOrders, instruction: Instruction, terms: OrderTerms): Refusal | undefined {
  if (instruction.kind === 'cancel-all') return undefined;
  if (instruction.kind === 'cancel') return live.has(instruction.clientOrderId) ? undefined : 'unknown-order';
  if (terms.stopped) return 'stopped';
  const { order } = instruction;
  const isReplace = instruction.kind === 'replace';
  if (![order.buy, order.sell].every((node) => node === CASH || terms.listed.has(node))) return 'contract-not-listed';
  if (isReplace && !live.has(instruction.replaces)) return 'unknown-order';
  const freed = isReplace && instruction.replaces === order.clientOrderId;
  if (live.has(order.clientOrderId) && !freed) return 'duplicate-client-order-id';
  // A replacement takes a place that is free by then.
  if (!isReplace && live.size >= terms.liveOrdersMax) return 'too-many-live-orders';
  return terms.cancelsOnly ? 'too-many-submissions' : undefined;
}

function apply(live: LiveOrders, instruction: Instruction): void {
  const target = targetOf(instruction);
  if (instruction.kind === 'cancel-all') live.clear();
  if (target !== undefined) live.delete(target);
  if ('order' in instruction) live.set(instruction.order.clientOrderId, instruction.order);
}

/** The name of the one live order that an instruction cancels or replaces; `undefined` for a new order, and where it names none. */
export function targetOf(instruction: Instruction): string | undefined {
  if (instruction.kind === 'cancel') return instruction.clientOrderId;
  return instruction.kind === 'replace' ? instruction.replaces : undefined;
}
