/** How a function fails, in Lambda's words. */
import type { FunctionFailure } from './worker.ts';

/** The function answered with an error, timed out, or crashed. */
export class FunctionError extends Error {
  readonly failure: FunctionFailure;

  constructor(functionName: string, failure: FunctionFailure) {
    super(`${functionName}: ${failure.errorType}: ${failure.errorMessage}`);
    this.name = 'FunctionError';
    this.failure = failure;
  }
}

export function tooLarge(what: string, bytesMax: number): FunctionFailure {
  return {
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: `${what} exceeded maximum allowed payload size (${bytesMax} bytes)`,
    trace: [],
  };
}
