/** Answers are what their routes declare: every test that asks a function holds them to it, field by field. */
import { expect } from 'vitest';
import { PROBLEM_TYPE, PROBLEMS, type ProblemCode, problemBody } from '../../lib/api/problems.ts';
import { problemsOf, type RouteShape, routeKeyOf, type Status } from '../../lib/api/route.ts';
import { ROUTES } from '../../lib/api/routes.ts';
import { noteAnswer } from './noted-answers.ts';

const BY_KEY = new Map<string, RouteShape>(Object.values(ROUTES).map((shape) => [routeKeyOf(shape), shape]));

/** Fails when a route answers what it does not declare. Of routes that are not declared it knows nothing. */
export function expectDeclared(routeKey: string, status: number, body: unknown): void {
  const shape = BY_KEY.get(routeKey);
  if (shape === undefined) return;
  noteAnswer(status >= 400 ? `${routeKey} ${codeOf(body)}` : `${routeKey} ${status}`);
  if (status >= 400) expectProblem(shape, status, body);
  else if (status === 304) expect(shape.method, `${routeKey} answers 304`).toBe('GET');
  else expectAnswer(shape, status, body);
}

function expectAnswer(shape: RouteShape, status: number, body: unknown): void {
  const declared = shape.answers()[status as Status];
  expect(declared, `${routeKeyOf(shape)} declares no answer ${status}`).toBeDefined();
  // What the schema does not name it leaves out, so anything more than declared is a difference.
  if (declared?.body) expect(declared.body.parse(body), `${routeKeyOf(shape)} ${status}`).toEqual(body);
}

function expectProblem(shape: RouteShape, status: number, body: unknown): void {
  const code = codeOf(body);
  expect(problemsOf(shape), `${routeKeyOf(shape)} declares no problem ${code}`).toContain(code);
  expect(PROBLEMS[code].status).toBe(status);
  expect(problemBody([code]).parse(body)).toEqual(body);
}

const codeOf = (body: unknown): ProblemCode => (body as { type: string }).type.slice(PROBLEM_TYPE.length) as ProblemCode;
