/** The gateway: who gets in, which function is asked, what it sees, and what the caller gets. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../../lib/local/cloud.ts';
import { frozenClock } from '../../../lib/local/host/clock.ts';
import { startSmallApp, synthesizeSmallApp } from '../small-app.ts';

const ECHO = `
export async function handler(event) {
  switch (event.headers['x-do']) {
    case 'throw': throw new Error('no');
    case 'plain': return { any: 'thing' };
    case 'malformed': return { statusCode: 'abc' };
    case 'binary': return { statusCode: 200, isBase64Encoded: true, headers: { 'Content-Type': 'application/octet-stream' }, body: Buffer.from([1, 2, 255]).toString('base64'), cookies: ['a=1', 'b=2'] };
    case 'teapot': return { statusCode: 418, body: 'short and stout' };
    default: return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) };
  }
}`;
const NOW = Date.parse('2025-10-20T12:00:00Z');
const clock = frozenClock(NOW);
let cloud: Cloud;
const problems: Error[] = [];
let token: string;

beforeAll(async () => {
  const routes = [
    'GET /things',
    'POST /things',
    'GET /things/{thing}',
    'GET /things/special',
    'GET /deep/{rest+}',
    'GET /open',
    'GET /scoped',
  ];
  const assembly = synthesizeSmallApp({
    functions: { echo: ECHO },
    routes: Object.fromEntries(routes.map((key) => [key, 'echo'])),
  });
  cloud = await startCloud({ assembly, clock, onProblem: (error) => void problems.push(error) });
  token = await cloud.mint({ sub: 'someone', attributes: { account: 'A1' }, groups: ['operators', 'others'] });
});
afterAll(() => cloud.stop());

// biome-ignore lint/suspicious/noExplicitAny: the answers are looked at piece by piece
const json = async (response: Response): Promise<any> => response.json();

const call = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
  fetch(`${cloud.url}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });

describe('without a good token', () => {
  test.each<[string, () => Promise<string | undefined>]>([
    ['none', async () => undefined],
    ['not a token', async () => 'abc'],
    ['expired', () => cloud.mint({ sub: 's', expiresIn: -1 })],
    ['not valid yet', () => cloud.mint({ sub: 's', claims: { nbf: NOW / 1000 + 60 } })],
    ['issued in the future', () => cloud.mint({ sub: 's', claims: { iat: NOW / 1000 + 60 } })],
    ['for another audience', () => cloud.mint({ sub: 's', claims: { aud: 'other' } })],
    ['for no audience', () => cloud.mint({ sub: 's', claims: { aud: undefined } })],
    ['by another issuer', () => cloud.mint({ sub: 's', claims: { iss: 'https://example.com' } })],
    ['signed with another key', () => forge('RS256')],
    ['signed by another algorithm', () => forge('PS256')],
    ['with the algorithm "none"', async () => new UnsecuredJWT(CLAIMS()).encode()],
    ['changed', async () => `${token.slice(0, -6)}AAAAAA`],
  ])('(%s) the answer is 401', async (_title, make) => {
    const made = await make();
    const response = await fetch(
      `${cloud.url}/things`,
      made === undefined ? {} : { headers: { authorization: `Bearer ${made}` } },
    );
    expect([response.status, await response.json()]).toEqual([401, { message: 'Unauthorized' }]);
  });

  const CLAIMS = () => ({ iss: cloud.issuer, aud: 'Client', sub: 's', iat: NOW / 1000, exp: NOW / 1000 + 60 });
  async function forge(alg: string): Promise<string> {
    const { privateKey } = await generateKeyPair(alg);
    const kid = JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).kid as string;
    return new SignJWT(CLAIMS()).setProtectedHeader({ alg, kid }).sign(privateKey);
  }
});

test('a token stops working when its time is over on the clock', async () => {
  const app = { functions: { echo: ECHO }, routes: { 'GET /things': 'echo' } };
  const own = frozenClock(NOW);
  const other = await startSmallApp(app, { clock: own });
  const headers = { authorization: await other.mint({ sub: 's', expiresIn: 60 }) };
  expect((await fetch(`${other.url}/things`, { headers })).status).toBe(200);
  own.moveTo(NOW + 60_000);
  expect((await fetch(`${other.url}/things`, { headers })).status).toBe(401);
});

test('a good token without the scope of the route is answered 403, one with it passes', async () => {
  const without = await call('/scoped');
  expect([without.status, await without.json()]).toEqual([403, { message: 'Forbidden' }]);
  const scoped = await cloud.mint({ sub: 's', claims: { scope: 'orders/write orders/read' } });
  const response = await call('/scoped', { headers: { authorization: `Bearer ${scoped}` } });
  expect((await json(response)).requestContext.authorizer.jwt.scopes).toEqual(['orders/write', 'orders/read']);
});

test('the issuer publishes its configuration and its key', async () => {
  const configuration = await json(await fetch(`${cloud.issuer}/.well-known/openid-configuration`));
  expect(configuration.issuer).toBe(cloud.issuer);
  const { keys } = await json(await fetch(configuration.jwks_uri));
  expect(keys).toEqual([{ kty: 'RSA', n: expect.any(String), e: 'AQAB', kid: expect.any(String), alg: 'RS256', use: 'sig' }]);
});

test('the function sees the request in payload format 2.0, claims as text, at the time on the clock', async () => {
  const response = await call('/things?a=1&a=2&b=x%20y', {
    method: 'POST',
    body: '{"n":1}',
    headers: { 'content-type': 'application/json', 'X-Mixed': 'Case', cookie: 'one=1; two=2' },
  });
  expect(await response.json()).toMatchObject({
    version: '2.0',
    routeKey: 'POST /things',
    rawPath: '/things',
    rawQueryString: 'a=1&a=2&b=x%20y',
    queryStringParameters: { a: '1,2', b: 'x y' },
    cookies: ['one=1', 'two=2'],
    headers: { 'x-mixed': 'Case', 'content-type': 'application/json' },
    body: '{"n":1}',
    isBase64Encoded: false,
    requestContext: {
      http: { method: 'POST', path: '/things', sourceIp: '127.0.0.1' },
      timeEpoch: NOW,
      authorizer: {
        jwt: {
          claims: {
            sub: 'someone',
            'custom:account': 'A1',
            'cognito:groups': '[operators others]',
            exp: String(NOW / 1000 + 3600),
          },
          scopes: null,
        },
      },
    },
  });
});

test('a body that is not text comes as base64', async () => {
  const response = await call('/things', {
    method: 'POST',
    body: new Uint8Array([0, 255]),
    headers: { 'content-type': 'application/octet-stream' },
  });
  expect(await response.json()).toMatchObject({ body: 'AP8=', isBase64Encoded: true });
});

test.each([
  ['/things/special', 'GET /things/special', undefined],
  ['/things/a%2Fb%20c', 'GET /things/{thing}', { thing: 'a/b c' }],
  ['/deep/a/b', 'GET /deep/{rest+}', { rest: 'a/b' }],
  ['/open', 'GET /open', undefined],
])('%s goes to %s', async (path, routeKey, pathParameters) => {
  expect(await (await call(path)).json()).toMatchObject({ routeKey, ...(pathParameters && { pathParameters }) });
});

test.each(['/nothing', '/things/', '/things/a/b', '/', '/deep'])('%s is not found', async (path) => {
  const response = await call(path);
  expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }]);
});

test.each<[string, number, string]>([
  ['throw', 500, '{"message":"Internal Server Error"}'],
  ['malformed', 500, '{"message":"Internal Server Error"}'],
  ['plain', 200, '{"any":"thing"}'],
  ['teapot', 418, 'short and stout'],
])('a function that answers %s makes a %i', async (what, status, body) => {
  const response = await call('/things', { headers: { 'x-do': what } });
  expect([response.status, await response.text()]).toEqual([status, body]);
});

test('a binary answer and its cookies reach the caller', async () => {
  const response = await call('/things', { headers: { 'x-do': 'binary' } });
  expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([1, 2, 255]);
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
});

test('more than 10 MB of body is refused', async () => {
  const sent = await new Promise<number | undefined>((resolve) => {
    const headers = { authorization: token, 'content-length': String(10 * 1024 * 1024 + 1) };
    const post = request(`${cloud.url}/things`, { method: 'POST', headers }, (answer) => resolve(answer.statusCode));
    post.on('error', () => {});
    post.flushHeaders();
  });
  expect(sent).toBe(413);
});

test('more than 10 MB of body is refused, also when its length is not said', async () => {
  const sent = await new Promise<number | undefined>((resolve) => {
    const post = request(`${cloud.url}/things`, { method: 'POST', headers: { authorization: token } }, (answer) => {
      resolve(answer.statusCode);
      post.destroy();
    });
    post.on('error', () => {});
    const megabyte = Buffer.alloc(1024 * 1024, ' ');
    for (let megabytes = 0; megabytes < 11; megabytes++) post.write(megabyte);
  });
  expect(sent).toBe(413);
});

test.each([
  ['headers', '/things', { 'x-padding': 'x'.repeat(10_240) }],
  ['a query', `/things?q=${'x'.repeat(10_240)}`, {}],
])('%s of more than 10 KB are refused', async (_, path, headers) => {
  expect((await call(path, { headers })).status).toBe(431);
});

test('a request that is not finished reaches no function and keeps no other caller waiting', async () => {
  const slow = connect(Number(new URL(cloud.url).port), '127.0.0.1');
  slow.write(`POST /things HTTP/1.1\r\nhost: x\r\nauthorization: ${token}\r\ncontent-length: 1000\r\n\r\n{"half":`);
  const answered: string[] = [];
  slow.on('data', (chunk: Buffer) => answered.push(chunk.toString()));
  const invoked = () => cloud.usage().invocations.echo!.count;
  const before = invoked();
  for (let each = 0; each < 5; each++) expect((await call('/things')).status).toBe(200);
  expect(answered).toEqual([]);
  slow.destroy();
  await cloud.quiet();
  expect(invoked()).toBe(before + 5);
  expect(problems).toEqual([]);
});

test('a function that takes longer than the integration waits is answered 503', async () => {
  const slow = 'export const handler = () => new Promise((resolve) => setTimeout(() => resolve({ statusCode: 200 }), 400));';
  const app = { functions: { slow }, routes: { 'GET /open': 'slow' } };
  const assembly = synthesizeSmallApp(app);
  const { readFileSync, writeFileSync } = await import('node:fs');
  const file = `${assembly}/small.template.json`;
  const template = JSON.parse(readFileSync(file, 'utf8'));
  template.Resources.Integration0.Properties.TimeoutInMillis = 50;
  writeFileSync(file, JSON.stringify(template));
  const other = await startSmallApp(app, { assembly, clock: frozenClock(NOW) });
  const response = await fetch(`${other.url}/open`);
  expect([response.status, await response.json()]).toEqual([503, { message: 'Service Unavailable' }]);
});
