/**
 * A mutant: one change of one place that makes the code wrong in a way that a user would feel. A test must fail with it; one
 * that survives shows what no test looks at.
 */

export interface Mutant {
  /** By which it is asked for: `npm run mutation -- --only NAME`. */
  readonly name: string;
  /** What goes wrong, in the words of the trade. */
  readonly wrong: string;
  /** Stands exactly once in the file. */
  readonly text: string;
  readonly becomes: string;
}

/** The mutants of one file, and the test files that are to notice them. */
export interface MutatedFile {
  readonly file: string;
  readonly tests: readonly string[];
  readonly mutants: readonly Mutant[];
}

/** The source with the mutant in it. Throws when its text does not stand there, or more than once: then the list is out of date. */
export function mutated(source: string, { name, text, becomes }: Mutant): string {
  const places = source.split(text).length - 1;
  if (places !== 1) throw new Error(`the text of mutant ${name} stands ${places} times in its file, and must stand once`);
  return source.replace(text, () => becomes);
}
