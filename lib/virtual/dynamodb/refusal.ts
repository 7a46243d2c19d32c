/** How DynamoDB refuses a request: the type of the error, its words, and what else its answer carries. */
export class RefusedError extends Error {
  readonly type: string;
  readonly more: object;

  constructor(type: string, message: string, more: object = {}) {
    super(message);
    this.type = type;
    this.more = more;
  }
}

export const invalid = (message: string): RefusedError => new RefusedError('ValidationException', message);

const CONDITION_FAILED = 'ConditionalCheckFailedException';
export const conditionFailed = (): RefusedError => new RefusedError(CONDITION_FAILED, 'The conditional request failed');
export const isConditionFailed = (error: unknown): error is RefusedError =>
  error instanceof RefusedError && error.type === CONDITION_FAILED;
