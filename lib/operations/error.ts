/** What an operator's tool refuses or can't do, said for its reader: the fact first, then what to do. */
export class OperationsError extends Error {
  override name = 'OperationsError';
  /** What to do about it; the message ends with it. */
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(`${message}\n  ${hint}`, options);
    this.hint = hint;
  }
}
