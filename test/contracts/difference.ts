/**
 * Where a model and the engine it stands for differ: what is asked, what each answers, and why nothing depends on it. Each
 * stands in docs/models.md too, so that a difference that goes, or a new one, is seen.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Which of the two a suite runs on. */
export type Side = 'model' | 'engine';

export interface Difference<Subject> {
  readonly what: string;
  readonly ask: (subject: Subject) => unknown;
  readonly model: unknown;
  readonly engine: unknown;
  readonly why: string;
}

/** Tests that a side answers as its column says, and that the page has the line. */
export function differences<Subject>(side: Side, subject: Subject, all: readonly Difference<Subject>[]): void {
  const page = readFileSync(join(import.meta.dirname, '../../docs/models.md'), 'utf8').replaceAll(/\s+/g, ' ');
  describe('differs from its counterpart in', () => {
    for (const { what, ask, why, ...answers } of all)
      it(what, async () => {
        expect(await ask(subject)).toEqual(answers[side]);
        expect(page).toContain(`| ${what} |`);
        expect(page).toContain(`| ${why} |`);
      });
  });
}
