/** Options, as commands declare them: how an option is written, what it says of itself, and what its text is turned into. */
import { InvalidArgumentError, Option } from 'commander';

/** An option whose value is of type T once it has been read. */
export interface Declared<T> {
  readonly option: Option;
  /** The value of an option that is not given. */
  readonly unless: T;
  readonly required: boolean;
}
export type Options = Readonly<Record<string, Declared<unknown>>>;
export type Values<O extends Options> = { readonly [K in keyof O]: O[K]['unless'] };

const declared = <T>(option: Option, unless: T, required = false): Declared<T> => ({ option, unless, required });

/** `--name`, which is there or not. */
export const flag = (flags: string, says: string): Declared<boolean> => declared<boolean>(new Option(flags, says), false);

/** A text as it is given; `shown` stands for a long default in the help. */
export function text(flags: string, says: string): Declared<string | undefined>;
export function text(flags: string, says: string, unless: string, shown?: string): Declared<string>;
export function text(flags: string, says: string, unless?: string, shown = unless): Declared<string | undefined> {
  const option = new Option(flags, says);
  return declared(unless === undefined ? option : option.default(unless, shown), unless);
}

/** The same, without which the command is called wrongly. */
export const required = ({ option }: Declared<string | undefined>): Declared<string> => declared(option, '', true);

/** May be given several times. */
export const several = (flags: string, says: string): Declared<readonly string[]> =>
  declared<readonly string[]>(
    new Option(flags, says).argParser((next: string, before: readonly string[] = []) => [...before, next]),
    [],
  );

export interface Range {
  readonly least: number;
  readonly most?: number;
}

/** A whole number in decimal digits. */
export function whole(flags: string, says: string, range: Range): Declared<number | undefined>;
export function whole(flags: string, says: string, range: Range, unless: number): Declared<number>;
export function whole(
  flags: string,
  says: string,
  { least, most = 999_999_999 }: Range,
  unless?: number,
): Declared<number | undefined> {
  const option = new Option(flags, says).argParser((given: string) => {
    if (/^\d{1,9}$/.test(given) && Number(given) >= least && Number(given) <= most) return Number(given);
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  });
  return declared(unless === undefined ? option : option.default(unless), unless);
}

/** An ISO 8601 instant with its zone. */
export const instant = (flags: string, says: string): Declared<Date | undefined> =>
  declared<Date | undefined>(
    new Option(flags, says).argParser((given: string) => {
      const at = new Date(given);
      if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(given) && !Number.isNaN(at.getTime())) return at;
      throw new InvalidArgumentError('It must be an instant with its zone, as 2025-11-14T15:29:59Z.');
    }),
    undefined,
  );

/** One of a few words. */
export const choice = <C extends string>(flags: string, says: string, words: readonly C[]): Declared<C | undefined> =>
  declared<C | undefined>(new Option(flags, says).choices(words), undefined);
