/**
 * What operators do to the books, and what of it one operator may not do alone. An act is an event of the log without the names of those
 * who did it: with two names it becomes that event, exactly as it was proposed.
 *
 * Alone an operator opens accounts of new owners, and moves cash up to an amount a day: in and out, over all accounts, added up without
 * signs. So neither many small movements nor many references or accounts come to more. Every change of parameters, an account of an owner
 * that is there, and cash beyond that amount need a second operator.
 */
import { ownerOf } from '../contract/owner.ts';
import type { Agreement } from './approval.ts';
import type { AccountsOpened, CashMoved, ParametersChanged } from './events.ts';

export type OperatorEvent = AccountsOpened | CashMoved | ParametersChanged;
type Act<Event> = Event extends OperatorEvent ? Omit<Event, 'by' | 'at' | 'approval'> : never;
export type OperatorAct = Act<OperatorEvent>;

/** An act that waits for a second operator, or has had one. */
export interface HeldAct extends Agreement<OperatorAct> {
  /** When it was proposed or, once approved, when it was approved: ISO 8601 in UTC. */
  readonly at: string;
}

export const proposeAct = (id: string, act: OperatorAct, proposedBy: string, at: string): HeldAct => ({
  id,
  proposal: act,
  proposedBy,
  approvals: [proposedBy],
  revision: 1,
  revised: null,
  ended: null,
  at,
});

/** The event of an approved act. However late and in however many workers it is made, it is the same. */
export function approvedEvent({ id, proposal, approvals, at }: HeldAct): OperatorEvent {
  const [by, second] = approvals as [string, string];
  return { ...proposal, by, at, approval: { by: second, held: id } };
}

/** Cash that operators have moved alone on a day (UTC): in cents as text, by operator, in and out added up. As long as the list of operators. */
export interface MovedAlone {
  readonly day: string;
  readonly cents: Readonly<Record<string, string>>;
}

export const NOTHING_MOVED: MovedAlone = { day: '', cents: {} };

/** An event may come a little out of order: one of the day before counts in the day that has begun. */
const dayOf = ({ day }: MovedAlone, at: string): string => (at.slice(0, 10) > day ? at.slice(0, 10) : day);

const sizeOf = ({ movements }: Pick<CashMoved, 'movements'>): bigint =>
  movements.reduce((sum, { cents }) => sum + (cents < 0n ? -cents : cents), 0n);

/** Counts an event that moved cash. */
export function countMoved(moved: MovedAlone, event: CashMoved): MovedAlone {
  if (event.approval) return moved;
  const day = dayOf(moved, event.at);
  const cents = day === moved.day ? moved.cents : {};
  return { day, cents: { ...cents, [event.by]: `${BigInt(cents[event.by] ?? 0) + sizeOf(event)}` } };
}

/** Whether an act needs a second operator. `aloneCents` is what an operator may move alone on a day, `moved` what all of them have. */
export function needsSecond(act: OperatorAct, operator: string, at: string, moved: MovedAlone, aloneCents: bigint): boolean {
  switch (act.kind) {
    case 'parameters-changed':
      return true;
    case 'accounts-opened':
      return act.accounts.some(({ account }) => !act.accounts.some((other) => other.account === ownerOf(account)));
    case 'cash-moved': {
      const before = dayOf(moved, at) === moved.day ? BigInt(moved.cents[operator] ?? 0) : 0n;
      return before + sizeOf(act) > aloneCents;
    }
  }
}
