/**
 * Submit: what the venue lists and what stands under the key is loaded, the submission is decided, and it is sent on as one
 * message. Nothing is written here; the key makes a repeat safe, whether the first was lost before the queue, behind it, or
 * not at all.
 */
import type { ProblemCode } from '../../lib/api/problems.ts';
import type { SubmissionBody } from '../../lib/api/submissions.ts';
import { KEY_AGE_MS_MAX, KEY_AHEAD_MS_MAX, keyTime } from '../../lib/domain/auction/idempotency-key.ts';
import {
  decideSubmission,
  mayBeKnown,
  type RefusedSubmission,
  readWrittenSubmission,
  type SubmissionRefusal,
  type Submitted,
} from '../../lib/domain/auction/submission.ts';
import { openingOf } from '../../lib/domain/clearing/once.ts';
import { tradedAt, type VenueState } from '../../lib/domain/clearing/venue.ts';
import { claimedBy, readEvent } from '../../lib/store/log.ts';
import { packInstructions } from '../../lib/store/packing.ts';
import { digestOf, newestSubmissions, readSubmission, type Submission } from '../../lib/store/submissions.ts';
import type { Table } from '../../lib/store/table.ts';
import { listPage } from '../http/paging.ts';
import { notFound, Problem } from '../http/problems.ts';
import { findProduct } from '../http/products.ts';
import { bodyErrors, receivedAt } from '../http/request.ts';
import { accepted, logAccess, ok } from '../http/routes.ts';
import { entriesJson } from './decided-entries.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { ownProduct } from './own-product.ts';
import type { Answers, ParticipantRequest } from './participant.ts';
import { newestVenue, recentVenue } from './recent-venue.ts';
import { type SubmissionIds, type SubmissionName, submissionIds } from './submission-id.ts';

/** How long an unknown id may still be on its way to the book. */
const QUEUED_MS_MAX = 24 * 3_600_000;

export const submitOrders: Answers['submitOrders'] = ({ body, headers, ...request }) => submit(request, headers, body);

/** A submission of one entry. */
export const cancelOrder: Answers['cancelOrder'] = ({ params, query, headers, ...request }) =>
  submit(request, headers, { product: query.product, orders: [{ cancel: params.clientOrderId }] });

export const cancelOrders: Answers['cancelOrders'] = ({ query, headers, ...request }) =>
  submit(request, headers, { product: query.product, orders: [{ cancelAll: true }] });

async function submit(request: ParticipantRequest, headers: KeyHeader, body: SubmissionBody) {
  const key = idempotencyKey(headers['idempotency-key']);
  if (key instanceof Problem) return key;
  let decided = await decide(request, key, body, await recentVenue(request), false);
  // The quick readings may have missed what was written a moment ago: a refusal deserves a second look, at the newest.
  if ('refusal' in decided && SECOND_LOOK.has(decided.refusal))
    decided = await decide(request, key, body, await newestVenue(request), true);
  if ('refusal' in decided) return problemOf(request, decided.refusal, decided.violations);
  const { named, packed, isRepeat } = decided;
  const ids = await submissionIds(request.backends);
  return isRepeat ? answerTaken(request, ids, named) : send(request, ids, named, packed);
}

type KeyHeader = { readonly 'idempotency-key'?: string | undefined };

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
  { product, orders }: SubmissionBody,
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

async function send(request: ParticipantRequest, ids: SubmissionIds, named: SubmissionName, packed: Uint8Array) {
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

export function problemOf(
  request: ParticipantRequest,
  refusal: SubmissionRefusal,
  violations: RefusedSubmission['violations'] = [],
): Problem {
  const [code, detail] = PROBLEM_OF[refusal];
  // A caller whose clock is not the venue's has to be told what time it is here.
  const now = OF_TIME.has(refusal) ? `; at the venue it is ${receivedAt(request)}` : '';
  return new Problem(code, `${detail}${now}`, bodyErrors(violations));
}

function answerTaken({ caller }: ParticipantRequest, ids: SubmissionIds, named: SubmissionName) {
  const submission = ids.idOf(caller.account, named);
  return accepted({ submission, status: `/v1/submissions/${submission}` });
}

/** What became of a submission. */
export const showSubmission: Answers['showSubmission'] = async (request) => {
  const { account, shard } = request.caller;
  const id = request.params.submission;
  const named = (await submissionIds(request.backends)).parse(account, id);
  const stored = named && (await readSubmission(request.backends.table, named.product, shard, account, named.key));
  if (named && stored) return stored.digest === named.digest ? ok(submissionJson(id, stored)) : problemOf(request, 'key-reused');
  if (named && Math.abs(request.time - keyTime(named.key)) < QUEUED_MS_MAX)
    return ok({ submission: id, product: named.product, state: 'queued' as const, orders: [] });
  logAccess(request, 'submission not found', { account });
  return notFound('such submission');
};

export const listSubmissions: Answers['listSubmissions'] = async ({ query, ...request }) => {
  const { table } = request.backends;
  const { account, shard } = request.caller;
  const state = await ownProduct(request, await newestVenue(request), query.product);
  if (state instanceof Problem) return state;
  const { product } = state;
  const place = { product, shard, account };
  const times = { oldest: await openedAt(table, account), newest: request.time + KEY_AHEAD_MS_MAX };
  const found = await newestSubmissions(table, place, times, query.limit + 1, query.cursor);
  const ids = await submissionIds(request.backends);
  const itemOf = (submission: Submission) => submissionJson(ids.idOf(account, submission), submission);
  return ok(listPage(found, query.limit, ({ key }) => key, itemOf));
};

/** The least time that a key of an account's may have: it has sent nothing before it was opened. Zero when that is not known. */
async function openedAt(table: Table, account: string): Promise<number> {
  const seq = (await claimedBy(table, [openingOf(account)])).get(openingOf(account));
  const event = seq === undefined ? undefined : await readEvent(table, seq);
  const at = event?.kind === 'accounts-opened' ? Date.parse(event.at) - KEY_AGE_MS_MAX : 0;
  return Number.isNaN(at) ? 0 : at;
}

function submissionJson(id: string, { product, sender, auction, receivedAt: received, why, ...decided }: Submission) {
  const { instructions, outcomes, figures } = decided;
  const common = { submission: id, product, state: 'decided' as const, sender, auction, receivedAt: received };
  return { ...common, ...(why ? { takenOut: why } : {}), orders: entriesJson(product, instructions, outcomes, figures) };
}
