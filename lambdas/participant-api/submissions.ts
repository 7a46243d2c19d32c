/**
 * Submit: what the venue lists and what stands under the key is loaded, the submission is decided, and it is sent on as one
 * message. Nothing is written here; the key makes a repeat safe, whether the first was lost before the queue, behind it, or
 * not at all.
 */
import type * as z from 'zod';
import type { ProblemCode } from '../../lib/api/problems.ts';
import { KEY_AGE_MS_MAX, KEY_AHEAD_MS_MAX, keyTime } from '../../lib/domain/auction/idempotency-key.ts';
import type { Instruction, Outcome } from '../../lib/domain/auction/orders.ts';
import {
  decideSubmission,
  mayBeKnown,
  type RefusedSubmission,
  readWrittenSubmission,
  type SubmissionRefusal,
  type Submitted,
} from '../../lib/domain/auction/submission.ts';
import { type Figures, hasFigures } from '../../lib/domain/clearing/owner-intake.ts';
import { tradedAt, type VenueState } from '../../lib/domain/clearing/venue.ts';
import { contractCode } from '../../lib/domain/contract/months.ts';
import { formatCents } from '../../lib/domain/contract/units.ts';
import { packInstructions } from '../../lib/store/packing.ts';
import { digestOf, readSubmission, type Submission } from '../../lib/store/submissions.ts';
import { notFound, Problem } from '../http/problems.ts';
import { findProduct } from '../http/products.ts';
import { bodyErrors, pathOf, readBody, receivedAt } from '../http/request.ts';
import { type Answer, accepted, logAccess, ok } from '../http/routes.ts';
import { idempotencyKey } from './idempotency-key.ts';
import type { ParticipantRequest } from './participant.ts';
import { newestVenue, recentVenue } from './recent-venue.ts';
import { SUBMISSION_BODY } from './submission-body.ts';
import { type SubmissionIds, type SubmissionName, submissionIds } from './submission-id.ts';

/** How long an unknown id may still be on its way to the book. */
const QUEUED_MS_MAX = 24 * 3_600_000;

export async function submit(request: ParticipantRequest): Promise<Answer | Problem> {
  const key = idempotencyKey(request.event.headers['idempotency-key']);
  if (key instanceof Problem) return key;
  const body = readBody(request, SUBMISSION_BODY, 'invalid-submission');
  if (body instanceof Problem) return body;
  let decided = await decide(request, key, body, await recentVenue(request), false);
  // The quick readings may have missed what was written a moment ago: a refusal deserves a second look, at the newest.
  if ('refusal' in decided && SECOND_LOOK.has(decided.refusal))
    decided = await decide(request, key, body, await newestVenue(request), true);
  if ('refusal' in decided) return problemOf(request, decided.refusal, decided.violations);
  const { named, packed, isRepeat } = decided;
  const ids = await submissionIds(request.backends);
  return isRepeat ? answerTaken(request, ids, named) : send(request, ids, named, packed);
}

const SECOND_LOOK: ReadonlySet<SubmissionRefusal> = new Set([
  'product-not-listed',
  'key-too-old',
  'key-too-far-ahead',
  'contract-not-listed',
]);

interface Taken {
  readonly named: SubmissionName;
  readonly packed: Uint8Array;
  readonly isRepeat: boolean;
}

async function decide(
  { caller: { account, shard }, backends, time }: ParticipantRequest,
  key: string,
  { product, orders }: z.infer<typeof SUBMISSION_BODY>,
  venue: VenueState,
  consistent: boolean,
): Promise<Taken | RefusedSubmission> {
  const state = findProduct(venue, product);
  const read = readWrittenSubmission(orders, state && { ...state, listed: tradedAt(state, time) });
  if ('refusal' in read) return read;
  const packed = packInstructions(read.instructions);
  const named: SubmissionName = { product, key, digest: digestOf(packed) };
  const submitted: Submitted = { ...named, instructions: read.instructions, receivedAt: time };
  const known =
    consistent || mayBeKnown(submitted)
      ? await readSubmission(backends.table, product, shard, account, key, consistent)
      : undefined;
  const decision = decideSubmission(submitted, read.product, known);
  return typeof decision === 'string' ? { named, packed, isRepeat: decision === 'repeat' } : decision;
}

async function send(
  request: ParticipantRequest,
  ids: SubmissionIds,
  named: SubmissionName,
  packed: Uint8Array,
): Promise<Answer | Problem> {
  const { account, sender, shard } = request.caller;
  const { queues, logger } = request.backends;
  const instructions = Buffer.from(packed).toString('base64');
  try {
    await queues.submit({
      v: 1,
      kind: 'submission',
      ...named,
      shard,
      account,
      sender,
      receivedAt: receivedAt(request),
      instructions,
    });
  } catch (error) {
    logger.error('submission not sent', { product: named.product, shard, error: error as Error });
    return new Problem('try-again', 'the submission may or may not have been taken; send it again under the same key');
  }
  return answerTaken(request, ids, named);
}

/** Each refusal as the problem that the API answers with. */
const PROBLEM_OF: Readonly<Record<SubmissionRefusal, readonly [code: ProblemCode, detail: string]>> = {
  'product-not-listed': ['unknown-contract', 'see errors for each contract; GET /v1/contracts lists those that trade'],
  'invalid-order': ['invalid-submission', 'see errors for each field'],
  'key-reused': ['idempotency-key-reused', 'under this key the venue has other orders, and those stand'],
  'key-too-old': [
    'idempotency-key-stale',
    `nothing is known by this key, and its time is more than ${KEY_AGE_MS_MAX / 60_000} minutes ago`,
  ],
  'key-too-far-ahead': ['idempotency-key-stale', `the time of this key is more than ${KEY_AHEAD_MS_MAX / 1000} seconds ahead`],
  'contract-not-listed': ['unknown-contract', 'see errors for each contract; GET /v1/contracts lists those that trade'],
};

const OF_TIME: ReadonlySet<SubmissionRefusal> = new Set(['key-too-old', 'key-too-far-ahead']);

function problemOf(
  request: ParticipantRequest,
  refusal: SubmissionRefusal,
  violations: RefusedSubmission['violations'] = [],
): Problem {
  const [code, detail] = PROBLEM_OF[refusal];
  // A caller whose clock is not the venue's has to be told what time it is here.
  const now = OF_TIME.has(refusal) ? `; at the venue it is ${receivedAt(request)}` : '';
  return new Problem(code, `${detail}${now}`, bodyErrors(violations));
}

function answerTaken({ caller }: ParticipantRequest, ids: SubmissionIds, named: SubmissionName): Answer {
  const submission = ids.idOf(caller.account, named);
  return accepted({ submission, status: `/v1/submissions/${submission}` });
}

/** What became of a submission. */
export async function showSubmission(request: ParticipantRequest): Promise<Answer | Problem> {
  const { account, shard } = request.caller;
  const id = pathOf(request, 'submission');
  const named = (await submissionIds(request.backends)).parse(account, id);
  const stored = named && (await readSubmission(request.backends.table, named.product, shard, account, named.key));
  if (named && stored) return stored.digest === named.digest ? ok(submissionJson(id, stored)) : problemOf(request, 'key-reused');
  if (named && Math.abs(request.time - keyTime(named.key)) < QUEUED_MS_MAX)
    return ok({ submission: id, product: named.product, state: 'queued', orders: [] });
  logAccess(request, 'submission not found', { account });
  return notFound('such submission');
}

function submissionJson(
  id: string,
  { product, sender, auction, receivedAt: received, instructions, outcomes, figures }: Submission,
) {
  const left = figures.values();
  // Of a submission that was one too many, no more is kept than that.
  const orders = outcomes.map((outcome, index) => ({
    ...(instructions[index] ? nameOf(instructions[index]) : {}),
    ...outcomeJson(outcome),
    ...(hasFigures(outcome) ? { figures: figuresJson(product, left.next().value!) } : {}),
  }));
  return { submission: id, product, state: 'decided', sender, auction, receivedAt: received, orders };
}

function nameOf(instruction: Instruction) {
  if (instruction.kind === 'cancel-all') return { cancelAll: true };
  if (instruction.kind === 'cancel') return { cancel: instruction.clientOrderId };
  return { clientOrderId: instruction.order.clientOrderId };
}

const outcomeJson = (outcome: Outcome) =>
  outcome === 'accepted' || outcome === 'deferred' ? { outcome } : { outcome: 'refused', reason: outcome };

function figuresJson(product: string, figures: Figures) {
  if (figures.reason === 'margin') {
    const { before, would, cover } = figures;
    return { requirement: formatCents(before), requirementWith: formatCents(would), cash: formatCents(cover) };
  }
  const { allowed, would, month } = figures;
  return { allowed, would, ...(month === undefined ? {} : { contract: contractCode(product, month) }) };
}
