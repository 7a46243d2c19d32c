/**
 * How a command ends other than well: the fact, what to do about it, and a kind, by which a script decides without reading
 * text. An exit code a kind, the same for every command.
 */
export const EXIT_CODES = {
  done: 0,
  /** The venue understood and said no, or the caller did when asked. Nothing changed, but for what the answer says. */
  refused: 1,
  /** The command was called wrongly. Nothing was sent. */
  usage: 2,
  /** There is no token, or the venue does not take it, or it does not allow this. */
  'not-signed-in': 3,
  /** Not reached, too busy, or no answer in time. The same call may be made again. */
  'try-again': 4,
  /** The venue answered what it never should, or this program is wrong. */
  fault: 5,
} as const;

export type Ended = keyof typeof EXIT_CODES;
export type Kind = Exclude<Ended, 'done'>;

/** One sentence an exit code, for the help and the docs. */
export const EXIT_SENTENCES: Readonly<Record<Ended, string>> = {
  done: 'done',
  refused: 'refused: by the venue, or by you when asked to confirm',
  usage: 'called wrongly; nothing was sent',
  'not-signed-in': 'not signed in, or not allowed',
  'try-again': 'not reached, too busy or no answer in time; call it again',
  fault: 'a fault of the venue or of this program',
};

/** What the venue says of a request that it refuses, as far as it says it. */
export interface Refusal {
  readonly code?: string | undefined;
  readonly status?: number | undefined;
  readonly errors?: readonly { readonly path: string; readonly rule: string }[] | undefined;
  readonly requestId?: string | undefined;
}

export class Failure extends Error {
  override name = 'Failure';
  readonly kind: Kind;
  /** What to do about it, as one or more lines; empty when the message says all. */
  readonly hint: string;
  readonly refusal: Refusal;

  constructor(kind: Kind, message: string, hint = '', refusal: Refusal = {}, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.hint = hint;
    this.refusal = refusal;
  }
}

/** A failure as the lines that a person reads: the fact, each field with its rule, the request, and what to do. */
export function failureLines({ message, hint, refusal }: Failure): string[] {
  const { code, errors = [], requestId } = refusal;
  return [
    code === undefined ? message : `${message} (${code})`,
    ...errors.map(({ path, rule }) => `  ${path}: ${rule}`),
    ...(requestId === undefined ? [] : [`  request ${requestId}`]),
    ...(hint === '' ? [] : hint.split('\n').map((line) => `  ${line}`)),
  ];
}

/** The same for a program: one document, on standard error. */
export function failureDocument({ kind, message, hint, refusal }: Failure): object {
  const told = Object.entries({ kind, message, hint, ...refusal }).filter(
    ([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
  );
  return { error: Object.fromEntries(told), exitCode: EXIT_CODES[kind] };
}
