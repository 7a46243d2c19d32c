/** A rule that a value breaks, and where in the value: what a reader of written orders or parameters gives instead of a result. */
export interface Violation {
  /** The way to the field, by names and by places in lists; empty for the value as a whole. */
  readonly path: readonly (string | number)[];
  /** What is said of the field, such as "must be more than zero". */
  readonly rule: string;
}

/** The same violations, of a value that stands deeper in another. */
export const inside = (path: Violation['path'], violations: readonly Violation[]): Violation[] =>
  violations.map((each) => ({ ...each, path: [...path, ...each.path] }));

/** As a sentence. */
export const sentence = ({ path, rule }: Violation): string => [path.join('.'), rule].filter(Boolean).join(' ');
