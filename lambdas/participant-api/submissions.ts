/**
 * Submit: a submission is checked for everything that needs no state and sent on as one message. Nothing is written here;
 * the key makes a repeat safe, whether the first was lost before the queue, behind it, or not at all.
 */
import { type Instruction, type Outcome, targetOf } from '../../lib/domain/auction/orders.ts';
import { packInstructions } from '../../lib/store/packing.ts';
import { keyTime, readSubmission, type Submission } from '../../lib/store/submissions.ts';
import { backends, logger } from '../http/backends.ts';
import { notFound, Problem } from '../http/problems.ts';
import { findProduct } from '../http/products.ts';
import { pathOf, readBody, receivedAt } from '../http/request.ts';
import { type Answer, accepted, logAccess, ok } from '../http/routes.ts';
import { idempotencyKey, staleness } from './idempotency-key.ts';
import type { ParticipantRequest } from './participant.ts';
import { newestVenue, recentVenue } from './recent-venue.ts';
import { instructionsOf, SUBMISSION_BODY, unlistedOf } from './submission-body.ts';
import { digestOf, parseSubmissionId, type SubmissionName, submissionId } from './submission-id.ts';

/** How long an unknown id may still be on its way to the book. */
const QUEUED_MS_MAX = 24 * 3_600_000;

export async function submit(request: ParticipantRequest): Promise<Answer | Problem> {
  const { account, shard } = request.caller;
  const key = idempotencyKey(request.event.headers['idempotency-key']);
  if (key instanceof Problem) return key;
  const body = readBody(request, SUBMISSION_BODY, 'invalid-submission');
  if (body instanceof Problem) return body;
  const state =
    findProduct(await recentVenue(request.time), body.product) ?? findProduct(await newestVenue(request.time), body.product);
  if (!state) return unknownContract([{ path: '$.product', rule: 'must be a listed product' }]);
  const instructions = instructionsOf(body.orders, state);
  if (instructions instanceof Problem) return instructions;

  const packed = packInstructions(instructions);
  const named: SubmissionName = { product: state.product, key, digest: digestOf(packed) };
  const known = await readSubmission(backends.table, named.product, shard, account, key, false);
  if (known) return answerKnown(account, named, known);
  const stale = staleness(key, request.time);
  if (stale) {
    // The quick reading may have missed what was written a moment ago; a refusal deserves a second look.
    const late = await readSubmission(backends.table, named.product, shard, account, key);
    return late ? answerKnown(account, named, late) : stale;
  }
  if (unlistedOf(body.orders, state).length) {
    const unlisted = unlistedOf(body.orders, findProduct(await newestVenue(request.time), body.product)!);
    if (unlisted.length) return unknownContract(unlisted);
  }
  return send(request, named, packed);
}

async function send(request: ParticipantRequest, named: SubmissionName, packed: Uint8Array): Promise<Answer | Problem> {
  const { account, shard } = request.caller;
  const instructions = Buffer.from(packed).toString('base64');
  try {
    await backends.queues.submit({
      v: 1,
      kind: 'submission',
      ...named,
      shard,
      account,
      receivedAt: receivedAt(request),
      instructions,
    });
  } catch (error) {
    logger.error('submission not sent', { product: named.product, shard, error: error as Error });
    return new Problem('try-again', 'the submission may or may not have been taken; send it again under the same key');
  }
  return answerTaken(account, named);
}

const unknownContract = (faults: ConstructorParameters<typeof Problem>[2]): Problem =>
  new Problem('unknown-contract', 'see errors for each contract; GET /v1/contracts lists those that trade', faults);

const answerKnown = (account: string, named: SubmissionName, { digest }: Submission): Answer | Problem =>
  digest === named.digest ? answerTaken(account, named) : reused();

const reused = (): Problem => new Problem('idempotency-key-reused', 'under this key the venue has other orders, and those stand');

function answerTaken(account: string, named: SubmissionName): Answer {
  const submission = submissionId(account, named);
  return accepted({ submission, status: `/v1/submissions/${submission}` });
}

/** What became of a submission. */
export async function showSubmission(request: ParticipantRequest): Promise<Answer | Problem> {
  const { account, shard } = request.caller;
  const id = pathOf(request, 'submission');
  const named = parseSubmissionId(account, id);
  const stored = named && (await readSubmission(backends.table, named.product, shard, account, named.key));
  if (named && stored) return stored.digest === named.digest ? ok(submissionJson(id, stored)) : reused();
  if (named && Math.abs(request.time - keyTime(named.key)) < QUEUED_MS_MAX)
    return ok({ submission: id, product: named.product, state: 'queued', orders: [] });
  logAccess(request.event, 'submission not found', { account });
  return notFound('such submission');
}

function submissionJson(id: string, { product, auction, receivedAt: received, instructions, outcomes }: Submission) {
  const orders = instructions.map((instruction, index) => ({ ...nameOf(instruction), ...outcomeJson(outcomes[index]!) }));
  return { submission: id, product, state: 'decided', auction, receivedAt: received, orders };
}

const nameOf = (instruction: Instruction) =>
  instruction.kind === 'cancel' ? { cancel: targetOf(instruction) } : { clientOrderId: instruction.order.clientOrderId };

const outcomeJson = (outcome: Outcome) =>
  outcome === 'accepted' || outcome === 'deferred' ? { outcome } : { outcome: 'refused', reason: outcome };
