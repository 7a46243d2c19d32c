/**
 * Orders and what an account may say about them. A submission is a list of instructions (new, cancel, replace) that
 * name orders by the participant's own `clientOrderId`; folding an account's submissions in the order they arrived
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

export type Instruction =
  | { readonly kind: 'new'; readonly order: Order }
  | { readonly kind: 'cancel'; readonly clientOrderId: string }
  | { readonly kind: 'replace'; readonly replaces: string; readonly order: Order };

/** Why an instruction was refused, in the order the reasons are checked. Codes are stable; new ones go to the end. */
export const REFUSALS = ['auction-closed', 'contract-not-listed', 'unknown-order', 'duplicate-client-order-id'] as const;
export type Refusal = (typeof REFUSALS)[number];
/**
 * `deferred`: accepted while the order it cancels or replaces stands in an auction that is closed and not yet cleared. It
 * takes effect on what that auction leaves: the rest of the old order is gone in any case, and its replacement enters
 * only if the old order did not trade, so that no participant ends up with more lots than it asked for.
 */
export type Outcome = 'accepted' | 'deferred' | Refusal;

/** The live orders of one account by `clientOrderId`. */
export type LiveOrders = Map<string, Order>;

/**
 * Applies one submission to an account's live orders, in place, and says what became of each instruction. `exposed`
 * names the live orders that a closed auction may still fill; it is kept up to date in place as well.
 */
export function applySubmission(
  live: LiveOrders,
  instructions: readonly Instruction[],
  listed: ReadonlySet<number>,
  exposed: Set<string> = new Set(),
): Outcome[] {
  return instructions.map((instruction) => {
    const refusal = refuse(live, instruction, listed);
    if (refusal) return refusal;
    const target = targetOf(instruction);
    const outcome = target !== undefined && exposed.has(target) ? 'deferred' : 'accepted';
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
  const target = targetOf(instruction);
  if (target === undefined || (outcome !== 'accepted' && outcome !== 'deferred')) return;
  exposed.delete(target);
  if (instruction.kind === 'replace' && outcome === 'deferred') exposed.add(instruction.order.clientOrderId);
}

/**
 * Repeats what accept decided, once the auction before has cleared: only what was accepted takes effect. `partlyFilled` names
 * the carried orders that the auction before filled in part.
 */
export function replaySubmission(
  live: LiveOrders,
  instructions: readonly Instruction[],
  outcomes: readonly Outcome[],
  partlyFilled: ReadonlySet<string> = new Set(),
): void {
  instructions.forEach((instruction, index) => {
    const outcome = outcomes[index];
    if (outcome === 'accepted') apply(live, instruction);
    if (outcome !== 'deferred') return;
    const target = targetOf(instruction)!;
    const untouched = live.has(target) && !partlyFilled.has(target);
    if (instruction.kind === 'replace' && untouched) apply(live, instruction);
    else live.delete(target);
  });
}

function refuse(live: LiveOrders, instruction: Instruction, listed: ReadonlySet<number>): Refusal | undefined {
  if (instruction.kind === 'cancel') return live.has(instruction.clientOrderId) ? undefined : 'unknown-order';
  const { order } = instruction;
  if (![order.buy, order.sell].every((node) => node === CASH || listed.has(node))) return 'contract-not-listed';
  if (instruction.kind === 'replace' && !live.has(instruction.replaces)) return 'unknown-order';
  const freed = instruction.kind === 'replace' && instruction.replaces === order.clientOrderId;
  return live.has(order.clientOrderId) && !freed ? 'duplicate-client-order-id' : undefined;
}

function apply(live: LiveOrders, instruction: Instruction): void {
  const target = targetOf(instruction);
  if (target !== undefined) live.delete(target);
  if (instruction.kind !== 'cancel') live.set(instruction.order.clientOrderId, instruction.order);
}

/** The name of the live order that an instruction cancels or replaces; `undefined` for a new order. */
export function targetOf(instruction: Instruction): string | undefined {
  if (instruction.kind === 'cancel') return instruction.clientOrderId;
  return instruction.kind === 'replace' ? instruction.replaces : undefined;
}
