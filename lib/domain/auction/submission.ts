/**
 * Submit, the rule of it: whether a submission is sent on, is known already, or is refused. Only what needs no state of the
 * account is decided here; what needs it is accept's. A submission that the venue knows is answered as it was, whatever has
 * changed since: neither its age nor a month that has expired takes back what was taken.
 */
import { CASH, type ContractMonth } from '../contract/months.ts';
import type { Violation } from '../contract/violation.ts';
import { KEY_AGE_MS_MAX, KEY_AHEAD_MS_MAX, keyTime } from './idempotency-key.ts';
import type { Instruction } from './orders.ts';
import { type Grid, readOrders, type WrittenEntry } from './written-orders.ts';

/** Why a submission was refused, in the order the reasons are checked. Codes are stable; new ones go to the end. */
export const SUBMISSION_REFUSALS = [
  'product-not-listed',
  'invalid-order',
  'key-reused',
  'key-too-old',
  'key-too-far-ahead',
  'contract-not-listed',
] as const;
export type SubmissionRefusal = (typeof SUBMISSION_REFUSALS)[number];

export interface RefusedSubmission {
  readonly refusal: SubmissionRefusal;
  /** The fields of the submission that it is refused for, when there are any. */
  readonly violations: readonly Violation[];
}

/** What a submission needs to know of its product. */
export interface ListedProduct extends Grid {
  readonly listed: readonly ContractMonth[];
}

/** Reads a submission by its product, which is `undefined` when the venue does not list it. */
export function readWrittenSubmission(
  entries: readonly WrittenEntry[],
  product: ListedProduct | undefined,
): { readonly product: ListedProduct; readonly instructions: readonly Instruction[] } | RefusedSubmission {
  if (!product) return refused('product-not-listed', [{ path: ['product'], rule: 'must be a listed product' }]);
  const read = readOrders(entries, product);
  return 'violations' in read ? refused('invalid-order', read.violations) : { product, ...read };
}

/**
 * The longest a submission may take from the gateway's receive time to its queue, clock skew included. A message enqueued
 * later than that has been through a dead-letter queue, where SQS gives it a new enqueue time.
 */
export const SUBMIT_MS_MAX = 40_000;

export interface Submitted {
  readonly key: string;
  /** Of the instructions: other ones under the same key have another digest. */
  readonly digest: string;
  readonly instructions: readonly Instruction[];
  /** When the gateway received it, milliseconds since 1970. */
  readonly receivedAt: number;
}

/** What came under a key so short a time ago may well be in its queue still, whatever the book says. */
const QUEUED_MS = 2_000;

/**
 * Whether the book is asked for the key: a new submission is not looked for in vain, and what is sent twice within this time
 * is told apart by accept, where the first body stands.
 */
export const mayBeKnown = ({ key, receivedAt }: Pick<Submitted, 'key' | 'receivedAt'>): boolean =>
  receivedAt - keyTime(key) >= QUEUED_MS;

/** `known` is what stands in the book under the submission's key. */
export function decideSubmission(
  { key, digest, instructions, receivedAt }: Submitted,
  product: ListedProduct,
  known: Pick<Submitted, 'digest'> | undefined,
): 'send' | 'repeat' | RefusedSubmission {
  if (known) return known.digest === digest ? 'repeat' : refused('key-reused');
  const age = receivedAt - keyTime(key);
  if (age > KEY_AGE_MS_MAX) return refused('key-too-old');
  if (age < -KEY_AHEAD_MS_MAX) return refused('key-too-far-ahead');
  const unlisted = unlistedContracts(instructions, product.listed);
  return unlisted.length ? refused('contract-not-listed', unlisted) : 'send';
}

/** Contracts that are not listed, each with the field that names it. */
export function unlistedContracts(instructions: readonly Instruction[], listed: readonly ContractMonth[]): Violation[] {
  return instructions.flatMap((instruction, index) => {
    if (!('order' in instruction)) return [];
    const { buy, sell } = instruction.order;
    const isOutright = buy === CASH || sell === CASH;
    return (['buy', 'sell'] as const)
      .filter((side) => instruction.order[side] !== CASH && !listed.includes(instruction.order[side]))
      .map((side) => ({ path: ['orders', index, isOutright ? 'contract' : side], rule: 'must be a listed contract' }));
  });
}

const refused = (refusal: SubmissionRefusal, violations: readonly Violation[] = []): RefusedSubmission => ({
  refusal,
  violations,
});
