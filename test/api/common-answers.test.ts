/** What every route may answer, whatever it does: each is tried on each. */
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openBackends } from '../../lambdas/backends.ts';
import type { Handler } from '../../lambdas/http/routes.ts';
import { type RouteShape, type Routes, routeKeyOf } from '../../lib/api/route.ts';
import { MARKET, OPERATOR, PARTICIPANT, STATEMENT } from '../../lib/api/routes.ts';
import { ENV } from '../../lib/store/names.ts';
import { openApiVenue } from '../venue/api-venue.ts';
import { type Asked, ask, codeOf, operator, trader } from '../venue/requests.ts';

type Function = 'market-api' | 'participant-api' | 'statement-api' | 'operator-api';
const SERVES: readonly [Routes, Function][] = [
  [MARKET, 'market-api'],
  [PARTICIPANT, 'participant-api'],
  [STATEMENT, 'statement-api'],
  [OPERATOR, 'operator-api'],
];
const ROUTES = SERVES.flatMap(([routes, name]) =>
  Object.values(routes).map((shape): [key: string, shape: RouteShape, name: Function] => [routeKeyOf(shape), shape, name]),
);

/** As they are when a process starts; these let everything in, and those nothing. */
const handlers: Partial<Record<Function, Handler>> = {};
const closed: Partial<Record<Function, Handler>> = {};

beforeAll(async () => {
  await openApiVenue({ shards: 2 });
  for (const [, name] of SERVES) handlers[name] = (await import(`../../lambdas/${name}/index.ts`)).handler;
  vi.resetModules();
  for (const [, name] of SERVES) closed[name] = (await import(`../../lambdas/${name}/index.ts`)).handler;
});
beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(openBackends().logger, level).mockImplementation(() => {});
});

/** One that the route is for. */
const callerOf = ({ for: access }: RouteShape): Asked => {
  if (access === 'anyone') return { address: '203.0.113.9' };
  if (access === 'participant') return { claims: trader('acme') };
  return { claims: { ...operator('olga'), 'cognito:groups': ['viewers', 'operators', 'approvers'] } };
};
const PATH = {
  product: 'H100-SXM',
  date: '2025-10-20',
  account: 'acme',
  owner: 'acme',
  auction: '1',
  submission: 'x',
  clientOrderId: 'x',
  held: 'x',
};
const pathOf = ({ params }: RouteShape) =>
  Object.fromEntries(Object.keys(params?.shape ?? {}).map((name) => [name, PATH[name as keyof typeof PATH]]));
const askAs = (shape: RouteShape, name: Function, asked: Asked = {}) =>
  ask(handlers[name]!, routeKeyOf(shape), { path: pathOf(shape), ...callerOf(shape), ...asked });

describe.each(ROUTES)('%s', (key, shape, name) => {
  test('refuses a parameter that it does not have', async () => {
    const answer = await askAs(shape, name, { query: { nonsense: '1' } });
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid-request']);
    expect(answer.body.errors).toContainEqual({ path: '?nonsense', rule: 'is not a field here' });
  });

  test.runIf(shape.for !== 'anyone')('refuses a token that is no ID token', async () => {
    const { claims } = callerOf(shape);
    const answer = await askAs(shape, name, { claims: { ...claims, token_use: 'access' } });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'token-refused']);
  });

  test.runIf(shape.body)('refuses a body that is no JSON, that is too large, and that has another shape', async () => {
    const headers = { 'idempotency-key': '019a01eb-7700-7000-8000-000000000001' };
    const [broken, large, odd] = [
      await askAs(shape, name, { headers, body: '{' }),
      await askAs(shape, name, { headers, body: ' '.repeat(262_145) }),
      await askAs(shape, name, { headers, body: '[]' }),
    ];
    expect([broken.status, codeOf(broken)]).toEqual([400, 'malformed-json']);
    expect([large.status, codeOf(large)]).toEqual([413, 'too-large']);
    expect([odd.status, codeOf(odd)]).toEqual([422, shape.invalid ?? 'invalid-body']);
  });

  test('refuses a caller that has sent more than it may, and says when it may go on', async () => {
    vi.stubEnv(ENV.requestsPerMinute, '0');
    const answer = await ask(closed[name]!, key, { path: pathOf(shape), ...callerOf(shape) });
    vi.unstubAllEnvs();
    expect([answer.status, codeOf(answer)]).toEqual([429, 'too-many-requests']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.headers.ratelimit).toMatch(/^"caller";r=0;t=\d+$/);
  });

  test.each([
    ['internal-error', 500, new Error('the secret')],
    ['try-again', 503, Object.assign(new Error('the secret'), { $metadata: {} })],
  ] as const)('answers %s without a word of what went wrong', async (code, status, thrown) => {
    // Whatever a request is read from may turn out not to be there.
    const breaks: Handler = (event) =>
      handlers[name]!(
        Object.defineProperty({ ...event }, 'queryStringParameters', {
          get: () => {
            throw thrown;
          },
        }),
      );
    const answer = await ask(breaks, key, { path: pathOf(shape), ...callerOf(shape) });
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect(JSON.stringify([answer.headers, answer.body])).not.toContain('secret');
    expect(answer.headers['request-id']).toEqual(expect.any(String));
  });
});
