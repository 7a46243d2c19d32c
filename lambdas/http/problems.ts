/** A refusal as a value: exceptions are for bugs and for broken infrastructure. Its codes are the list of `lib/api/problems.ts`. */
import { type FieldError, PROBLEM_TYPE, PROBLEMS, type ProblemCode } from '../../lib/api/problems.ts';

/** Enough to correct a request by; a body full of mistakes must not cause a larger answer. */
const ERRORS_MAX = 50;

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
    const type = `${PROBLEM_TYPE}${this.code}`;
    return { type, title, status, detail: this.detail, ...(this.errors.length ? { errors: this.errors } : {}) };
  }
}

export const notFound = (what: string): Problem => new Problem('not-found', `there is no ${what}`);
