/**
 * Everything the APIs refuse, in one closed list: a code, its HTTP status, its title, and when it is said. Codes are stable;
 * an answer carries one as `type` (RFC 9457), with the fields at fault and the rule each broke.
 */
import * as z from 'zod';

/** In the order in which a request meets them: form, caller, resource, state, and what is not the caller's fault. */
export const PROBLEMS = {
  'invalid-request': {
    status: 400,
    title: 'A parameter of the path or the query is not valid',
    when: 'a parameter of the path or the query is not valid',
  },
  'malformed-json': {
    status: 400,
    title: 'The body is not JSON that has exactly one meaning',
    when: 'the body is not JSON with exactly one meaning',
  },
  'idempotency-key-missing': {
    status: 400,
    title: 'A submission needs an Idempotency-Key header',
    when: 'a submission without an `Idempotency-Key` header',
  },
  'idempotency-key-malformed': {
    status: 400,
    title: 'The Idempotency-Key is not a UUIDv7',
    when: 'the key is not one UUID of version 7',
  },
  'token-refused': {
    status: 403,
    title: 'The token is not one that is taken here',
    when: 'the token is not an ID token, or the request has more than one',
  },
  'no-account': {
    status: 403,
    title: 'The token names no account',
    when: 'the token names no account',
  },
  'account-not-open': {
    status: 403,
    title: 'The account is not open at this venue',
    when: 'the operator has not opened the account that the token names',
  },
  'not-an-operator': {
    status: 403,
    title: 'The token is of no role on the side of the operator',
    when: 'the token is in none of the groups of viewers, operators and approvers',
  },
  'role-needed': {
    status: 403,
    title: 'The token is of another role than the route is for',
    when: "the route is for another role on the operator's side; `detail` says which",
  },
  'not-found': {
    status: 404,
    title: 'There is nothing here',
    when: "nothing here, or nothing of yours: another account's submission is answered like none, and asking for it is in the access log",
  },
  'account-exists': {
    status: 409,
    title: 'The account is open under another name',
    when: 'an account of the list is open under another name; none was opened',
  },
  'reference-reused': {
    status: 409,
    title: 'The reference stands for another amount',
    when: 'under a reference of the list another amount has moved; nothing has moved now',
  },
  'version-conflict': {
    status: 409,
    title: 'It has changed since it was read',
    when: 'it has changed since it was read: read it again and decide again',
  },
  'index-published': {
    status: 409,
    title: 'Another index value is published for that date',
    when: 'another index value is published for that date, and stays',
  },
  'another-held': {
    status: 409,
    title: 'Another proposal for the same waits for approval',
    when: 'another proposal for the same waits for approval: decline it, or amend an index value',
  },
  'too-many-held': {
    status: 409,
    title: 'As many proposals of the operator wait for approval as may',
    when: '50 proposals of the operator wait for approval: have some approved or declined',
  },
  'second-operator-needed': {
    status: 409,
    title: 'A second operator must approve',
    when: 'your name is on it already',
  },
  'below-requirement': {
    status: 409,
    title: 'The withdrawal would leave less than the positions require',
    when: 'a withdrawal of the list would leave less than nothing, than positions require or than open orders may come to require; nothing has moved',
  },
  'already-approved': {
    status: 409,
    title: 'It is approved and can no longer be changed',
    when: "two operators have agreed; it can't be amended or declined",
  },
  declined: {
    status: 409,
    title: 'It was declined, and may be proposed anew',
    when: 'an operator has declined it; it may be proposed anew',
  },
  'not-amendable': {
    status: 409,
    title: 'It can be declined and proposed anew, not amended',
    when: 'what would be an event of the log: decline it and propose what is wanted',
  },
  'not-declinable': {
    status: 409,
    title: 'A day waits for it; it can be amended',
    when: 'a price that a day waits for: amend it',
  },
  'too-large': {
    status: 413,
    title: 'The body is too large',
    when: 'the body has more than 256 KB',
  },
  'invalid-body': {
    status: 422,
    title: 'A field of the body is not valid',
    when: 'a field of the body is not valid',
  },
  'invalid-submission': {
    status: 422,
    title: 'A field of the submission is not valid',
    when: 'a field of a submission is not valid',
  },
  'unknown-account': {
    status: 422,
    title: 'The account is not open',
    when: 'an account of the list is not open; nothing has moved',
  },
  'unknown-contract': {
    status: 422,
    title: 'The contract is not listed',
    when: 'a product or contract that is not listed: unknown, expired, or not listed yet',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The Idempotency-Key stands for another submission',
    when: 'the venue has other orders under that key, and those stand',
  },
  'idempotency-key-stale': {
    status: 422,
    title: 'The time in the Idempotency-Key is not now, and the key is not known',
    when: 'nothing is known by the key, and its time is more than 10 minutes ago or 1 minute ahead; the `detail` says what time it is at the venue',
  },
  'too-many-requests': {
    status: 429,
    title: 'The caller has sent more requests in this minute than it may',
    when: 'the caller has sent more requests in this minute than it may; `retry-after` says when it is over',
  },
  'internal-error': {
    status: 500,
    title: 'The venue made a mistake',
    when: 'a bug of the venue; it is logged, and an alarm counts it',
  },
  'try-again': {
    status: 503,
    title: 'The venue could not do it now; the same request may be sent again',
    when: 'the table or a queue did not answer; `retry-after` says when',
  },
} as const satisfies Record<string, { status: number; title: string; when: string }>;
export type ProblemCode = keyof typeof PROBLEMS;

/** What stands before a code in `type`. */
export const PROBLEM_TYPE = 'urn:compute-exchange:';

/** A field and the rule it broke. Fields of the body are paths such as `$.orders[3].price`, of the query `?limit`, of the path `{date}`. */
export const FIELD_ERROR = z.object({ path: z.string(), rule: z.string() }).meta({ id: 'FieldError' });
export type FieldError = z.infer<typeof FIELD_ERROR>;

/** The body of a refusal with one of these codes, `application/problem+json`. */
export const problemBody = (codes: readonly ProblemCode[]) =>
  z.object({
    type: z.enum(codes.map((code) => `${PROBLEM_TYPE}${code}`)),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(FIELD_ERROR).optional(),
  });
