/** The gateway as an HTTP server, beside what its contract holds: tokens, headers, bytes, sizes. */
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
    case 'binary': return { statusCode: 200, isBase64Encoded: true, headers: { 'Content-Type': 'application/octet-stream' }, body: Buffer.from([1, 2, 255]).toString('base64'), cookies: ['a=1', 'b=2'] };
    default: return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) };
  }
}`;
const NOW = Date.parse('2025-10-20T12:00:00Z');
const clock = frozenClock(NOW);
let cloud: Cloud;
const problems: Error[] = [];
let token: string;

beforeAll(async () => {
  const routes = ['GET /things', 'POST /things', 'GET /open', 'GET /scoped'];
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

test('the function sees names in lower case, cookies apart, and every claim as text', async () => {
  const response = await call('/things', { headers: { 'X-Mixed': 'Case', cookie: 'one=1; two=2' } });
  expect(await response.json()).toMatchObject({
    cookies: ['one=1', 'two=2'],
    headers: { 'x-mixed': 'Case' },
    requestContext: {
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

test('bytes that are no text are too large for a function sooner, for they are longer in its event', async () => {
  const headers = { 'content-type': 'application/octet-stream' };
  const send = (bytes: number) => call('/things', { method: 'POST', body: new Uint8Array(bytes), headers });
  const megabyte = 1024 * 1024;
  expect((await send(4 * megabyte)).status).not.toBe(413);
  const refused = await send(5 * megabyte);
  expect([refused.status, await refused.json()]).toEqual([413, { message: 'Request Entity Too Large' }]);
});

test('a header that comes twice is one with a comma, and two tokens are no token', async () => {
  const answered = (headers: readonly [name: string, value: string][]) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const get = request(`${cloud.url}/things`, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(chunks).toString() }));
      });
      for (const name of new Set(headers.map(([each]) => each)))
        get.setHeader(
          name,
          headers.flatMap(([each, value]) => (each === name ? [value] : [])),
        );
      get.on('error', reject);
      get.end();
    });
  const own = ['authorization', `Bearer ${token}`] as [string, string];
  const once = await answered([
    own,
    ['idempotency-key', 'a'],
    ['idempotency-key', 'b'],
    ['user-agent', 'x'],
    ['user-agent', 'y'],
  ]);
  expect(JSON.parse(once.body).headers).toMatchObject({ 'idempotency-key': 'a,b', 'user-agent': 'x,y' });
  const other = await cloud.mint({ sub: 'other' });
  expect((await answered([own, ['authorization', `Bearer ${other}`]])).status).toBe(401);
});

test('a route may be open to requests without a token', async () => {
  const response = await fetch(`${cloud.url}/open`);
  expect(await response.json()).toMatchObject({ routeKey: 'GET /open' });
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
