/** What an audit or an export can't be made from or written to, said for its reader: the fact first, then what to do. */
export class AuditError extends Error {
  override name = 'AuditError';
  /** What to do about it; the message ends with it. */
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(`${message}\n  ${hint}`, options);
    this.hint = hint;
  }
}
