/** What is made of the declared routes is what stands in the repository, and others' tools take it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { problemsOf, type RouteShape, type Routes, routeKeyOf } from '../../lib/api/route.ts';
import { MARKET, OPERATOR, PARTICIPANT, ROUTES, STATEMENT } from '../../lib/api/routes.ts';
import { openApiText, referenceText } from '../../lib/reference/written.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '..', '..', path), 'utf8');
const SHAPES = Object.entries(ROUTES as Routes);

describe('what npm run reference writes', () => {
  test('the OpenAPI document is that of the routes', () => {
    expect(read('lib/api/openapi.json') === openApiText(), 'run npm run reference').toBe(true);
  });

  test('the page on the HTTP API is that of the routes, and has each of them and each code', () => {
    const page = read('docs/api.md');
    expect(page === referenceText(), 'run npm run reference').toBe(true);
    for (const [, shape] of SHAPES) expect(page).toContain(`### \`${routeKeyOf(shape)}\``);
  });
});

describe('the document', () => {
  test('is valid OpenAPI by a validator of others', async () => {
    expect(await new Validator().validate(JSON.parse(openApiText()))).toEqual({ valid: true });
  });

  test('passes every rule of a linter of others, the strict ones too', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] });
    const found = await lintFromString({ source: openApiText(), absoluteRef: '/openapi.json', config });
    expect(found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
  });
});

describe('a declared route', () => {
  test('has an id, a method and a path that no other has', () => {
    const ids = [MARKET, PARTICIPANT, STATEMENT, OPERATOR].flatMap((routes) => Object.keys(routes));
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(SHAPES.map(([, shape]) => routeKeyOf(shape))).size).toBe(SHAPES.length);
  });

  test.each(SHAPES)('%s names every parameter of its path, and is for whom its function serves', (id, shape) => {
    const named = [...shape.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(Object.keys(shape.params?.shape ?? {}).sort()).toEqual(named.sort());
    const own = { ...PARTICIPANT, ...STATEMENT };
    const roles = Object.hasOwn(MARKET, id) ? ['anyone'] : Object.hasOwn(own, id) ? ['participant'] : OPERATORS;
    expect(roles).toContain(shape.for);
  });

  test.each(SHAPES)('%s has examples that are what it takes and answers', (_, shape: RouteShape) => {
    if (shape.body) expect(shape.body.safeParse(shape.example).error).toBeUndefined();
    for (const { body, example } of Object.values(shape.answers())) {
      if (!body) continue;
      expect(example, 'an answer has an example').toBeDefined();
      expect(body.parse(example)).toEqual(example);
    }
  });

  test.each(SHAPES)('%s says each problem once', (_, shape: RouteShape) => {
    expect(new Set(shape.problems).size).toBe(shape.problems.length);
    expect(problemsOf(shape).length).toBeGreaterThan(3);
  });
});

const OPERATORS = ['viewer', 'operator', 'approver', 'operator-or-approver'];
