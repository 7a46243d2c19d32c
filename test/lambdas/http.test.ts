import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { openBackends } from '../../lambdas/backends.ts';
import { accountOf, operatorOf } from '../../lambdas/http/caller.ts';
import { listPage } from '../../lambdas/http/paging.ts';
import type { Problem } from '../../lambdas/http/problems.ts';
import { readBody, readQuery } from '../../lambdas/http/request.ts';
import { done, type Handlers, ok, serve } from '../../lambdas/http/routes.ts';
import { parseStrictJson, StrictJsonError } from '../../lambdas/http/strict-json.ts';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { handler as participantApi } from '../../lambdas/participant-api/index.ts';
import { PROBLEMS } from '../../lib/api/problems.ts';
import { type RouteShape, type Routes, routeKeyOf } from '../../lib/api/route.ts';
import * as DECLARED from '../../lib/api/routes.ts';
import { cursorAt, inCursor, paged, rule } from '../../lib/api/written.ts';
import { MARKET_ROUTES, OPERATOR_ROUTES, PARTICIPANT_ROUTES, STATEMENT_ROUTES } from '../../lib/infra/routes.ts';
import { ENV } from '../../lib/store/names.ts';
import { ask, gatewayEvent, tokenOf } from '../venue/requests.ts';

const backends = openBackends();
const { logger } = backends;

beforeEach(() => {
  vi.stubEnv(ENV.accountClaim, 'custom:account');
  vi.stubEnv(ENV.groupsClaim, 'cognito:groups');
  vi.stubEnv(ENV.viewerGroup, 'viewers');
  vi.stubEnv(ENV.operatorGroup, 'operators');
  vi.stubEnv(ENV.approverGroup, 'approvers');
  vi.stubEnv(ENV.tokenUse, 'id');
  vi.stubEnv(ENV.requestsPerMinute, '100000');
  for (const level of ['info', 'error'] as const) vi.spyOn(logger, level).mockImplementation(() => {});
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('strict JSON', () => {
  test.each([
    ['not JSON', '{"a":'],
    ['nothing', ''],
    ['NaN', '{"a":NaN}'],
    ['Infinity', '{"a":Infinity}'],
    ['a byte order mark', '\ufeff{}'],
    ['a number beyond doubles', '{"a":1e400}'],
    ['a number that would become zero', '{"a":1e-400}'],
    ['a number that would be rounded', '{"lots":1.00000000000000000001}'],
    ['an integer that would be rounded', '{"lots":9007199254740993}'],
    ['__proto__', '{"__proto__":{"lots":1}}'],
    ['__proto__ in disguise', '{"\\u005f_proto__":{"lots":1}}'],
    ['__proto__ deep inside', '[{"a":[{"__proto__":null}]}]'],
    ['a field twice', '{"lots":1,"lots":1}'],
    ['a field twice in disguise', '{"lots":1,"l\\u006fts":2}'],
    ['a field twice inside', '{"a":[{"b":1,"c":{},"b":2}]}'],
    ['half a surrogate pair', '{"a":"\\ud800"}'],
    ['half a surrogate pair as a name', '{"\\udc00":1}'],
  ])('%s is refused', (_, text) => {
    expect(parseStrictJson(text)).toBeInstanceOf(StrictJsonError);
  });

  test('everything else reads as JSON.parse reads it', () => {
    const number = fc.oneof(
      fc.integer(),
      fc.integer().map((thousandths) => thousandths / 1000),
      fc.constantFrom(0, -0, 1e21, 1e-7),
    );
    const values = [number, fc.string({ unit: 'grapheme' }), fc.boolean(), fc.constant(null)];
    const key = fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__');
    fc.assert(
      fc.property(fc.anything({ values, key, maxDepth: 3 }), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseStrictJson(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('brackets, quotes and names inside texts are only text', () => {
    const tricky = { 'a":{"b': '{"a":1,"a":2}', b: '\\"', c: ['}', ']', ':', '__proto__', '1e400'] };
    expect(parseStrictJson(JSON.stringify(tricky))).toEqual(tricky);
  });

  test('a quarter of a megabyte of escapes, or of brackets, is read without trouble', () => {
    const long = JSON.stringify('"\\'.repeat(64_000));
    expect(parseStrictJson(long)).toBe('"\\'.repeat(64_000));
    expect(parseStrictJson('['.repeat(130_000) + ']'.repeat(130_000))).toBeInstanceOf(Array);
    expect(parseStrictJson('['.repeat(130_000))).toBeInstanceOf(StrictJsonError);
  });
});

describe('bodies and queries', () => {
  const schema = z.strictObject({
    lots: z.int(rule('must be whole')),
    inner: z.strictObject({ at: z.string(rule('must be text')) }).optional(),
  });
  const read = (body: string, isBase64Encoded = false) =>
    readBody({ caller: null, backends, time: 0, event: gatewayEvent('POST /x', { body, isBase64Encoded }) }, schema);

  test.each([
    ['a wrong type', '{"lots":"1"}', [{ path: '$.lots', rule: 'must be whole' }]],
    ['a missing field', '{}', [{ path: '$.lots', rule: 'is required' }]],
    ['an unknown field', '{"lots":1,"inner":{"at":"","a b":1}}', [{ path: '$.inner["a b"]', rule: 'is not a field here' }]],
  ])('%s is named with its path and its rule', (_, body, faults) => {
    const problem = read(body) as Problem;
    expect(problem.code).toBe('invalid-body');
    expect(problem.toJSON().errors).toEqual(faults);
  });

  test('a body in base64 is the bytes it stands for, and those must be UTF-8', () => {
    expect(read(Buffer.from('{"lots":1}').toString('base64'), true)).toEqual({ lots: 1 });
    expect(read(Buffer.from('{"lots":1,"\xff":1}', 'latin1').toString('base64'), true)).toMatchObject({ code: 'malformed-json' });
  });

  test('a body of 256 KB is read and one byte more is not', () => {
    const padded = (bytes: number) => `{"lots":1}${' '.repeat(bytes - 10)}`;
    expect(read(padded(262_144))).toEqual({ lots: 1 });
    expect(read(padded(262_145))).toMatchObject({ code: 'too-large' });
  });

  test('a body of nothing but mistakes is answered with fifty of them', () => {
    const body = JSON.stringify(Object.fromEntries(Array.from({ length: 9000 }, (_, at) => [`field${at}`.padEnd(20, 'x'), 1])));
    const problem = read(body) as Problem;
    expect(problem.errors).toHaveLength(50);
  });

  test.each([
    [{ limit: '0' }, '?limit'],
    [{ limit: '501' }, '?limit'],
    [{ limit: '1,2' }, '?limit'],
    [{ limit: '1e2' }, '?limit'],
    [{ limit: '' }, '?limit'],
    [{ depth: '1' }, '?depth'],
    [JSON.parse('{"__proto__":"1"}'), '?__proto__'],
    [{ constructor: '1' }, '?constructor'],
  ])('the query %j is refused', (query, path) => {
    const problem = readQuery(
      { caller: null, backends, time: 0, event: gatewayEvent('GET /x', { query: query as Record<string, string> }) },
      z.strictObject({ ...paged(inCursor.number) }),
    );
    expect((problem as Problem).code).toBe('invalid-request');
    expect((problem as Problem).errors[0]!.path).toBe(path);
  });

  test('a parameter given twice is refused, though its values are alike', () => {
    const event = gatewayEvent('GET /x', { query: { product: 'A,A' }, rawQuery: 'product=A&product=A' });
    const problem = readQuery({ caller: null, backends, time: 0, event }, z.strictObject({ product: z.string() }));
    expect((problem as Problem).errors).toEqual([{ path: '?product', rule: 'is given twice' }]);
  });

  test('a page has a cursor only when there is more', () => {
    const page = (rows: number[]) =>
      listPage(
        rows,
        2,
        (row) => row,
        (row) => row * 10,
      );
    expect(page([1, 2, 3])).toEqual({ items: [10, 20], next: cursorAt(2) });
    expect(page([1, 2])).toEqual({ items: [10, 20] });
    expect(page([])).toEqual({ items: [] });
  });
});

describe('callers', () => {
  const operatorWith = (claims: Record<string, unknown>) => operatorOf(gatewayEvent('GET /x', { claims }));
  const acme = { sub: 'tom', 'custom:account': 'acme' };

  test.each([[['operators']], [['traders', 'operators']], ['operators']])('groups %j have an operator in them', (groups) => {
    expect(operatorWith({ sub: 'olga', 'cognito:groups': groups })).toBe('olga');
  });

  test.each<Record<string, unknown>>([
    {},
    { sub: 'olga' },
    { sub: 'olga', 'cognito:groups': '' },
    { sub: 'olga', 'cognito:groups': [] },
    { sub: 'olga', 'cognito:groups': '[operators]' },
    { sub: 'olga', 'cognito:groups': '[cooling operators]' },
    { sub: 'olga', 'cognito:groups': 'cooling operators' },
    { sub: 'olga', 'cognito:groups': 'traders,operators' },
    { sub: 'olga', 'cognito:groups': ['cooling operators'] },
    { sub: 'olga', 'cognito:groups': ['[operators]'] },
    { sub: 'olga', 'cognito:groups': [['operators']] },
    { sub: 'olga', 'cognito:groups': ['operators', 1] },
    { sub: 'olga', 'cognito:groups': { operators: true } },
    { sub: 'olga', 'cognito:groups': ['operators-of-another'] },
    { sub: 'olga', 'cognito:groups': ['Operators'] },
    { sub: '', 'cognito:groups': ['operators'] },
    { sub: 'o'.repeat(256), 'cognito:groups': ['operators'] },
    { sub: 'ol\u0000ga', 'cognito:groups': ['operators'] },
    { 'cognito:groups': ['operators'] },
    { sub: 'olga', groups: ['operators'] },
  ])('the claims %j are no operator', (claims) => {
    expect(operatorWith(claims)).toMatchObject({ code: 'not-an-operator' });
  });

  test.each(['', '@bank', 'Acme', 'a#b', '-a', 'a'.repeat(64), 'a b', '__proto__', ['acme'], 7, null, { acme: 1 }, '[acme]'])(
    '%j names no account',
    (account) => {
      expect(accountOf(gatewayEvent('GET /x', { claims: { 'custom:account': account } }))).toMatchObject({ code: 'no-account' });
    },
  );

  test.each([
    ['an access token', { ...acme, token_use: 'access' }],
    ['a token that does not say what it is for', { ...acme, token_use: undefined }],
    ['a token that is for two things', { ...acme, token_use: ['id', 'access'] }],
  ])('%s of the own user pool is not taken', (_, claims) => {
    expect(accountOf(gatewayEvent('GET /x', { claims }))).toMatchObject({ code: 'token-refused', status: 403 });
    expect(operatorWith({ ...claims, 'cognito:groups': ['operators'] })).toMatchObject({ code: 'token-refused' });
  });

  test('an issuer of your own need not say what a token is for, and when it does, it must be an ID token', () => {
    vi.stubEnv(ENV.tokenUse, undefined);
    expect(accountOf(gatewayEvent('GET /x', { claims: { ...acme, token_use: undefined } }))).toBe('acme');
    expect(accountOf(gatewayEvent('GET /x', { claims: { ...acme, token_use: 'access' } }))).toMatchObject({
      code: 'token-refused',
    });
  });

  const token = tokenOf({ ...acme, token_use: 'id' });
  const other = tokenOf({ sub: 'olga', token_use: 'id', 'cognito:groups': ['operators'] });
  test.each([
    ['two tokens', `Bearer ${token},Bearer ${other}`],
    ['two tokens after one word', `Bearer ${token}, ${other}`],
    ['a token after another', `Bearer ${other} ${token}`],
    ['another token than the gateway has verified', `Bearer ${other}`],
    ['a token of no subject', `Bearer ${tokenOf({ token_use: 'id', 'custom:account': 'acme' })}`],
    ['a subject twice', `Bearer x.${Buffer.from('{"sub":"tom","sub":"olga","token_use":"id"}').toString('base64url')}.x`],
    ['a payload that is a list', `Bearer x.${Buffer.from('[]').toString('base64url')}.x`],
    ['a payload that is null', `Bearer x.${Buffer.from('null').toString('base64url')}.x`],
    ['a payload that is no JSON', 'Bearer x.eHg.x'],
    ['no token', ''],
    ['another scheme', `Basic ${token}`],
  ])('%s in the header is refused', (_, authorization) => {
    const event = gatewayEvent('GET /x', { claims: acme, headers: { authorization } });
    expect(accountOf(event)).toMatchObject({ code: 'token-refused' });
    expect(operatorOf(event)).toMatchObject({ code: 'token-refused' });
  });

  test.each(['Bearer ', 'bearer ', ''])('the token comes behind %j, as the gateway takes it', (scheme) => {
    const event = gatewayEvent('GET /x', { claims: acme, headers: { authorization: `${scheme}${token}` } });
    expect(accountOf(event)).toBe('acme');
  });
});

const shapeOf = (key: string): RouteShape => {
  const [method, path] = key.split(' ') as [RouteShape['method'], RouteShape['path']];
  return { method, path, for: 'participant', tag: 'Orders', summary: '', description: '', answers: () => ({}), problems: [] };
};

/** Serves routes that take nothing to every caller. */
const serveAll = (answers: Readonly<Record<string, () => Promise<object>>>) =>
  serve({
    declared: Object.fromEntries(Object.keys(answers).map((key) => [key, shapeOf(key)])),
    handlers: answers as Handlers<Routes, null>,
    callers: { kind: 'participant', nameOf: () => 'x', admit: async () => null },
  });

const keysOf = (routes: Routes): string[] => Object.values(routes).map(routeKeyOf);

describe('answers', () => {
  test('every route of the gateway has its function, and no function has a route more', () => {
    expect(keysOf(DECLARED.PARTICIPANT)).toEqual(PARTICIPANT_ROUTES);
    expect(keysOf(DECLARED.STATEMENT)).toEqual(STATEMENT_ROUTES);
    expect(keysOf(DECLARED.MARKET)).toEqual(MARKET_ROUTES);
    expect(keysOf(DECLARED.OPERATOR)).toEqual(OPERATOR_ROUTES);
  });

  test.each(PARTICIPANT_ROUTES)('%s answers 403 to a token without an account', async (route) => {
    const answer = await ask(participantApi, route, { claims: { sub: 'stranger' } });
    expect(answer.status).toBe(403);
    expect(answer.body.type).toBe('urn:compute-exchange:no-account');
  });

  test.each(OPERATOR_ROUTES)('%s answers 403 to a participant, and the refusal is in the access log', async (route) => {
    const answer = await ask(operatorApi, route, {
      claims: { sub: 'tom', 'custom:account': 'acme', 'cognito:groups': ['traders'] },
    });
    expect(answer.status).toBe(403);
    expect(answer.body.type).toBe('urn:compute-exchange:not-an-operator');
    expect(logger.info).toHaveBeenCalledWith(
      'caller refused',
      expect.objectContaining({ access: true, code: 'not-an-operator', subject: 'tom', route }),
    );
  });

  test.each(['GET /x', 'PUT /x', 'DELETE /x'])('%s, which has no query, takes none', async (route) => {
    const asked: string[] = [];
    const handler = serveAll({ [route]: async () => ok(asked.push(route)) });
    for (const query of [{ limit: '1' }, { '': '' }, { constructor: '1' }]) {
      const answer = await ask(handler, route, { query });
      expect([answer.status, answer.body.type]).toEqual([400, 'urn:compute-exchange:invalid-request']);
    }
    expect(asked).toEqual([]);
    expect((await ask(handler, route)).status).toBe(200);
  });

  test('every answer says what time it is at the venue and how many requests a caller may send', async () => {
    const at = Date.parse('2026-01-02T03:04:05.678Z');
    const said = {
      'venue-time': '2026-01-02T03:04:05.678Z',
      'request-id': expect.any(String),
      'ratelimit-policy': '"caller";q=100000;w=60',
    };
    const routes = {
      'GET /x': async () => ok({}),
      'GET /none': async () => done,
      'GET /broken': async () => Promise.reject(new Error('no')),
    };
    for (const route of [...Object.keys(routes), 'GET /nowhere'])
      expect((await ask(serveAll(routes), route, { at })).headers).toMatchObject(said);
    expect((await ask(participantApi, 'GET /v1/account', { at, claims: { sub: 'x' } })).headers).toMatchObject(said);
  });

  test('an exception is answered without a word of what it says', async () => {
    const handler = serveAll({ 'GET /x': async () => Promise.reject(new Error('the secret')) });
    const answer = await ask(handler, 'GET /x');
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({
      type: 'urn:compute-exchange:internal-error',
      title: expect.any(String),
      status: 500,
      detail: expect.any(String),
    });
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(logger.error).toHaveBeenCalledOnce();
  });

  test.each(['constructor', '__proto__', 'GET /nowhere'])('a route named %s is not there', async (route) => {
    const answer = await ask(serveAll({ 'GET /x': async () => ok({}) }), route);
    expect(answer.body.type).toBe('urn:compute-exchange:not-found');
  });
});

describe('problems', () => {
  const read = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8');
  const documented = [...read('../../docs/api.md').matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ]);
  const tests = ['http', 'participant-api', 'operator-api', 'operator-acts', 'two-operators', 'withdrawals', 'rate']
    .map((name) => read(`${name}.test.ts`))
    .join();

  test('the documentation lists every code with its status, in order', () => {
    expect(documented).toEqual(Object.entries(PROBLEMS).map(([code, { status }]) => [code, status]));
  });

  test.each(Object.keys(PROBLEMS))('%s is the answer to something in these tests', (code) => {
    expect(tests).toMatch(new RegExp(`['.:]${code}'`));
  });
});
