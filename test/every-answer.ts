/**
 * Around a whole run of the tests: every answer that a route declares, each status and each problem code, has been given in at least
 * one of them. A run of some of the files proves nothing about that, and is left alone.
 */
import { existsSync, globSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { problemsOf, type RouteShape, routeKeyOf } from '../lib/api/route.ts';
import { ROUTES } from '../lib/api/routes.ts';
import { NOTED_IN } from './venue/noted-answers.ts';

export default function setup(project: TestProject): () => void {
  rmSync(NOTED_IN, { recursive: true, force: true });
  return () => {
    const ran = project.vitest.state.getPaths().length;
    if (ran < globSync('test/**/*.test.ts').length) return;
    const missing = missingAnswers(Object.values(ROUTES), notedAnswers());
    if (missing.length > 0) throw new Error(`no test has been answered:\n${missing.map((each) => `  ${each}`).join('\n')}`);
  };
}

export const notedAnswers = (): Set<string> =>
  new Set(
    existsSync(NOTED_IN)
      ? readdirSync(NOTED_IN).flatMap((file) => readFileSync(join(NOTED_IN, file), 'utf8').trim().split('\n'))
      : [],
  );

/** What these routes declare and no test has been answered, as `GET /v1/products 200`. */
export function missingAnswers(shapes: readonly RouteShape[], noted: ReadonlySet<string>): string[] {
  return shapes
    .flatMap((shape) => {
      const statuses = [...Object.keys(shape.answers()), ...(shape.method === 'GET' ? ['304'] : [])];
      return [...statuses, ...problemsOf(shape)].map((answer) => `${routeKeyOf(shape)} ${answer}`);
    })
    .filter((answer) => !noted.has(answer));
}
