/**
 * What waits until operators agree to it: a settlement or a final settlement price that broke one of its bounds, an index value that
 * was put in by hand, and what one operator may not do to the books alone (`operator-acts.ts`).
 * Two operators must agree. Proposing and amending count as agreeing; what the system proposes needs two others.
 * Every change counts the revision up, and an approval names the revision that its operator has read, so an approval never
 * reaches a value that came after it. What a proposal of the day run rests on is part of it: when that changes, the day run
 * puts a new revision in its place, and approvals start again. What no operator wants is declined, and may be proposed anew.
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

/** What became of a proposal that can't be approved any more. */
export type Ended =
  | { readonly kind: 'declined'; readonly by: string; readonly reason: string }
  /** Two operators agreed to it, and by then it could not be done. */
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  /** It is event `seq` of the clearing log. */
  | { readonly kind: 'committed'; readonly seq: number };

/** A proposal, and which operators agree to it. */
export interface Agreement<Proposal> {
  readonly id: string;
  readonly proposal: Proposal;
  readonly proposedBy: string;
  /** Names of the operators who agree to the proposal as it stands. */
  readonly approvals: readonly string[];
  /** From 1; counts up with every change. */
  readonly revision: number;
  /** What changed that an earlier revision rested on, or what became of it, as one sentence; `null` when neither. */
  readonly revised: string | null;
  readonly ended: Ended | null;
}

/** A price or value of a product and day. */
export interface Held extends Agreement<HeldProposal> {
  readonly product: string;
  readonly date: BusinessDate;
  readonly holds: readonly Hold[];
  /** `null` for what an operator has proposed: it rests on the operator's word. */
  readonly basis: Basis | null;
}

/** Proposals of one operator that may wait at the same time: what is held is bounded by the number of operators. */
export const PROPOSED_MAX = 50;

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
  ended: null,
});

/** Whether so many different operators agree as must. */
export const isEnough = (approvals: readonly string[]): boolean => new Set(approvals).size >= APPROVALS_NEEDED;
export const isApproved = ({ approvals }: Pick<Agreement<unknown>, 'approvals'>): boolean => isEnough(approvals);
/** Whether operators may still approve or decline it. */
export const isWaiting = ({ approvals, ended }: Pick<Agreement<unknown>, 'approvals' | 'ended'>): boolean =>
  ended === null && !isEnough(approvals);

export const REFUSALS = ['second-operator-needed', 'version-conflict', 'already-approved', 'declined'] as const;

/** What a change of something held comes to. */
export type HeldDecision<Of> =
  | { readonly kind: 'changed'; readonly held: Of }
  /** The change has been made already. */
  | { readonly kind: 'repeated' }
  | { readonly kind: 'refused'; readonly why: (typeof REFUSALS)[number] };

const refused = (why: (typeof REFUSALS)[number]) => ({ kind: 'refused', why }) as const;

/** An operator agrees to the proposal as it stood at `revision`. */
export function decideApproval<Of extends Agreement<unknown>>(held: Of, operator: string, revision: number): HeldDecision<Of> {
  const isNamed = held.approvals.includes(operator);
  if (held.ended?.kind === 'declined') return refused('declined');
  if (isApproved(held)) return isNamed || held.revision === revision ? { kind: 'repeated' } : refused('version-conflict');
  if (isNamed && held.proposedBy !== operator && held.revision === revision + 1) return { kind: 'repeated' };
  if (isNamed) return refused('second-operator-needed');
  if (held.revision !== revision) return refused('version-conflict');
  return changed(held, { approvals: [...held.approvals, operator] });
}

/** An operator puts another value in the place of the one held at `revision`. Approvals of the old one are gone. */
export function decideAmendment(held: Held, operator: string, revision: number, proposal: HeldProposal): HeldDecision<Held> {
  const isRepeat = held.revision === revision + 1 && held.proposedBy === operator && isSameProposal(held.proposal, proposal);
  if (isRepeat) return { kind: 'repeated' };
  if (isApproved(held)) return refused('already-approved');
  if (held.ended) return refused('declined');
  if (held.revision !== revision) return refused('version-conflict');
  return changed(held, { proposal, proposedBy: operator, approvals: [operator], revised: null });
}

/** An operator, the proposer or another, does not want the proposal as it stood at `revision`. One is enough: nothing is done by it. */
export function decideDecline<Of extends Agreement<unknown>>(
  held: Of,
  operator: string,
  revision: number,
  reason: string,
): HeldDecision<Of> {
  const { ended } = held;
  if (isApproved(held)) return refused('already-approved');
  if (ended) return ended.kind === 'declined' && ended.by === operator ? { kind: 'repeated' } : refused('declined');
  if (held.revision !== revision) return refused('version-conflict');
  return changed(held, { ended: { kind: 'declined', by: operator, reason } });
}

/** A fresh proposal in the place of one that was declined or could not be done. Nothing of the approvals before stands. */
export function proposeAnew<Of extends Agreement<unknown>>(fresh: Of, before: Agreement<unknown>): Of {
  const { ended, revision } = before;
  const what =
    ended?.kind === 'declined'
      ? `declined by ${ended.by}: ${ended.reason}`
      : `refused: ${ended?.kind === 'refused' && ended.detail}`;
  return { ...fresh, revision: revision + 1, revised: `revision ${revision - 1} was ${what}` };
}

const changed = <Of extends Agreement<unknown>>(held: Of, change: Partial<Agreement<unknown>>): HeldDecision<Of> => ({
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
