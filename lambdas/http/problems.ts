/**
 * Everything the APIs refuse, in one closed list: a code, its HTTP status and its title. Codes are stable and documented
 * in docs/api.md; an answer carries one as `type` (RFC 9457), with the fields at fault and the rule each broke.
 */

/** In the order in which a request meets them: form, caller, resource, state, and what is not the caller's fault. */
export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'A parameter of the path or the query is not valid' },
  'malformed-json': { status: 400, title: 'The body is not JSON that has exactly one meaning' },
  'idempotency-key-missing': { status: 400, title: 'A submission needs an Idempotency-Key header' },
  'idempotency-key-malformed': { status: 400, title: 'The Idempotency-Key is not a UUIDv7' },
  'token-refused': { status: 403, title: 'The token is not one that is taken here' },
  'no-account': { status: 403, title: 'The token names no account' },
  'account-not-open': { status: 403, title: 'The account is not open at this venue' },
  'not-an-operator': { status: 403, title: 'The token is not of an operator' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'account-exists': { status: 409, title: 'The account is open under another name' },
  'reference-reused': { status: 409, title: 'The reference stands for another amount' },
  'version-conflict': { status: 409, title: 'It has changed since it was read' },
  'index-published': { status: 409, title: 'Another index value is published for that date' },
  'another-held': { status: 409, title: 'Another proposal for the same waits for approval' },
  'too-many-held': { status: 409, title: 'As many proposals of the operator wait for approval as may' },
  'second-operator-needed': { status: 409, title: 'A second operator must approve' },
  'below-requirement': { status: 409, title: 'The withdrawal would leave less than the positions require' },
  'already-approved': { status: 409, title: 'It is approved and can no longer be changed' },
  declined: { status: 409, title: 'It was declined, and may be proposed anew' },
  'not-amendable': { status: 409, title: 'It can be declined and proposed anew, not amended' },
  'not-declinable': { status: 409, title: 'A day waits for it; it can be amended' },
  'too-large': { status: 413, title: 'The body is too large' },
  'invalid-body': { status: 422, title: 'A field of the body is not valid' },
  'invalid-submission': { status: 422, title: 'A field of the submission is not valid' },
  'unknown-account': { status: 422, title: 'The account is not open' },
  'unknown-contract': { status: 422, title: 'The contract is not listed' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key stands for another submission' },
  'idempotency-key-stale': { status: 422, title: 'The time in the Idempotency-Key is not now, and the key is not known' },
  'too-many-requests': { status: 429, title: 'The caller has sent more requests in this minute than it may' },
  'internal-error': { status: 500, title: 'The venue made a mistake' },
  'try-again': { status: 503, title: 'The venue could not do it now; the same request may be sent again' },
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemCode = keyof typeof PROBLEMS;

/** A field and the rule it broke. Fields of the body are paths such as `$.orders[3].price`, of the query `?limit`, of the path `{date}`. */
export interface FieldError {
  readonly path: string;
  readonly rule: string;
}

/** Enough to correct a request by; a body full of mistakes must not cause a larger answer. */
const ERRORS_MAX = 50;

/** A refusal, returned as a value: exceptions are for bugs and for broken infrastructure. */
export class Problem {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors: readonly FieldError[];

  constructor(code: ProblemCode, detail: string, errors: readonly FieldError[] = []) {
    this.code = code;
    this.detail = detail;
    this.errors = errors.slice(0, ERRORS_MAX);
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** The body of the answer, `application/problem+json`. */
  toJSON(): Record<string, unknown> {
    const { status, title } = PROBLEMS[this.code];
    const type = `urn:compute-exchange:${this.code}`;
    return { type, title, status, detail: this.detail, ...(this.errors.length ? { errors: this.errors } : {}) };
  }
}

export const notFound = (what: string): Problem => new Problem('not-found', `there is no ${what}`);
