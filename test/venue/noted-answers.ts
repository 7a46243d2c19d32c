/** What tests have been answered, noted by each process in a file of its own; `test/every-answer.ts` looks through them. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

export const NOTED_IN = join(import.meta.dirname, '..', '..', '.build', 'answers');
const noted = new Set<string>();

/** @param answer as `GET /v1/products 200`, or with a problem code in place of the status */
export function noteAnswer(answer: string): void {
  if (noted.has(answer)) return;
  noted.add(answer);
  mkdirSync(NOTED_IN, { recursive: true });
  appendFileSync(join(NOTED_IN, `${process.pid}`), `${answer}\n`);
}
