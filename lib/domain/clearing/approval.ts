/**
 * What waits until operators agree to it: a settlement, a final settlement price or an index value that broke one of its
 * bounds. Two operators must agree. Proposing and amending count as agreeing; what the system proposes needs two others.
 * Every change counts the revision up, and an approval names the revision that its operator has read, so an approval never
 * reaches a value that came after it. What a proposal of the day run rests on is part of it: when that changes, the day run
 * puts a new revision in its place, and approvals start again.
 */
import type { BusinessDate } from '../contract/calendar.ts';
import { type ForwardCurve, isSameCurve } from '../contract/product.ts';
import type { Micros, Ticks } from '../contract/units.ts';
import type { Hold } from './settlement.ts';

/** What can be held, with the value that takes effect once it is approved. */
export type HeldProposal =
  | { readonly kind: 'settlement'; readonly curve: ForwardCurve }
  | { readonly kind: 'final-price'; readonly month: number; readonly price: Ticks }
  | { readonly kind: 'index'; readonly micros: string };

export const HELD_KINDS = ['settlement', 'final-price', 'index'] as const satisfies HeldProposal['kind'][];

/** What the rules propose, and what they compute it from. */
export interface Basis {
  readonly proposal: HeldProposal;
  /** The index values that a final price is the mean of: by date, in millionths of a dollar as text. At most a month's. */
  readonly index: Readonly<Record<string, string>>;
}

/** Index values as a basis has them. */
export const indexText = (index: Iterable<readonly [BusinessDate, Micros]>): Record<string, string> =>
  Object.fromEntries([...index].map(([date, value]) => [date, `${value}`]));

/** The proposer of what no operator has proposed. */
export const SYSTEM = 'system';

/** Operators that must agree to what is held. */
export const APPROVALS_NEEDED = 2;

export interface Held {
  readonly id: string;
  readonly product: string;
  readonly date: BusinessDate;
  readonly proposal: HeldProposal;
  readonly holds: readonly Hold[];
  /** `null` for what an operator has proposed: it rests on the operator's word. */
  readonly basis: Basis | null;
  readonly proposedBy: string;
  /** Names of the operators who agree to the proposal as it stands. */
  readonly approvals: readonly string[];
  /** From 1; counts up with every change. */
  readonly revision: number;
  /** What changed that an earlier revision rested on, as one sentence; `null` when nothing did since an operator amended it. */
  readonly revised: string | null;
}

/** One proposal of a kind a product and day. */
export const heldId = (kind: HeldProposal['kind'], product: string, date: BusinessDate): string => `${kind}.${product}.${date}`;

/** What is held, as it begins. */
export const propose = (
  product: string,
  date: BusinessDate,
  proposal: HeldProposal,
  holds: readonly Hold[],
  proposedBy: string,
  basis: Basis | null = null,
): Held => ({
  id: heldId(proposal.kind, product, date),
  product,
  date,
  proposal,
  holds,
  basis,
  proposedBy,
  approvals: proposedBy === SYSTEM ? [] : [proposedBy],
  revision: 1,
  revised: null,
});

/** Whether so many different operators agree as must. */
export const isEnough = (approvals: readonly string[]): boolean => new Set(approvals).size >= APPROVALS_NEEDED;
export const isApproved = ({ approvals }: Held): boolean => isEnough(approvals);

/** What a change of something held comes to. */
export type HeldDecision =
  | { readonly kind: 'changed'; readonly held: Held }
  /** The change has been made already. */
  | { readonly kind: 'repeated' }
  | { readonly kind: 'refused'; readonly why: 'second-operator-needed' | 'version-conflict' | 'already-approved' };

const refused = (why: Extract<HeldDecision, { kind: 'refused' }>['why']): HeldDecision => ({ kind: 'refused', why });

/** An operator agrees to the proposal as it stood at `revision`. */
export function decideApproval(held: Held, operator: string, revision: number): HeldDecision {
  const isNamed = held.approvals.includes(operator);
  if (isApproved(held)) return isNamed || held.revision === revision ? { kind: 'repeated' } : refused('version-conflict');
  if (isNamed) return refused('second-operator-needed');
  if (held.revision !== revision) return refused('version-conflict');
  return changed(held, { approvals: [...held.approvals, operator] });
}

/** An operator puts another value in the place of the one held at `revision`. Approvals of the old one are gone. */
export function decideAmendment(held: Held, operator: string, revision: number, proposal: HeldProposal): HeldDecision {
  const isRepeat = held.revision === revision + 1 && held.proposedBy === operator && isSameProposal(held.proposal, proposal);
  if (isRepeat) return { kind: 'repeated' };
  if (isApproved(held)) return refused('already-approved');
  if (held.revision !== revision) return refused('version-conflict');
  return changed(held, { proposal, proposedBy: operator, approvals: [operator], revised: null });
}

const changed = (held: Held, change: Partial<Pick<Held, 'proposal' | 'proposedBy' | 'approvals' | 'revised'>>): HeldDecision => ({
  kind: 'changed',
  held: { ...held, ...change, revision: held.revision + 1 },
});

/**
 * What takes the place of something held when what it rests on is another now; `undefined` while it is the same. A value of
 * the system's own is proposed anew. One that an operator has put there stays, because it does not rest on the basis; but the
 * operators that agreed to it have not seen what there is to see now. So approvals start again either way, also when two had agreed.
 */
export function revise(held: Held, basis: Basis, holds: readonly Hold[]): Held | undefined {
  if (held.basis === null) return undefined;
  const revised = [...basisChanges(held.basis, basis), ...holdChanges(held.holds, holds)].join('; ');
  if (revised === '') return undefined;
  const proposal = held.proposedBy === SYSTEM ? basis.proposal : held.proposal;
  return { ...held, proposal, holds, basis, approvals: [], revision: held.revision + 1, revised };
}

function basisChanges(before: Basis, now: Basis): string[] {
  const dates = [...new Set([...Object.keys(before.index), ...Object.keys(now.index)])].sort();
  const values = dates.flatMap((date) => {
    const [was, is] = [before.index[date], now.index[date]];
    return was === is ? [] : [`the index value of ${date} was ${was ?? 'missing'} and is ${is ?? 'missing'}`];
  });
  return values.length > 0 || isSameProposal(before.proposal, now.proposal) ? values : ['the rules propose another value'];
}

function holdChanges(before: readonly Hold[], now: readonly Hold[]): string[] {
  const [was, is] = [before, now].map((holds) => new Set(holds.map(({ detail }) => detail))) as [Set<string>, Set<string>];
  const [gone, come] = [[...was].filter((detail) => !is.has(detail)), [...is].filter((detail) => !was.has(detail))];
  return [...gone.map((detail) => `no longer: ${detail}`), ...come.map((detail) => `now: ${detail}`)];
}

function isSameProposal(one: HeldProposal, other: HeldProposal): boolean {
  if (one.kind === 'settlement') return other.kind === 'settlement' && isSameCurve(one.curve, other.curve);
  if (one.kind === 'final-price') return other.kind === 'final-price' && one.month === other.month && one.price === other.price;
  return other.kind === 'index' && one.micros === other.micros;
}
