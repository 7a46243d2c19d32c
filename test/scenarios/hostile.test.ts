/**
 * Whatever a caller with a good token sends, by any route, it is told what is wrong with it: no answer is the venue's fault,
 * no function reports an error or writes a token down, and no alarm notices. Participants and operators send the same to the routes of both.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Routes, routeKeyOf } from '../../lib/api/route.ts';
import { ROUTES as DECLARED } from '../../lib/api/routes.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { PIPELINE } from '../../lib/infra/pipeline.ts';
import { MARKET_ROUTES, OPERATOR_ROUTES, PARTICIPANT_ROUTES } from '../../lib/infra/routes.ts';
import type { TokenRequest } from '../../lib/local/api-gateway/issuer.ts';
import { PARAMETERS, PRODUCT } from '../venue/h100.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { LISTING } from '../venue/requests.ts';

const ROUTES: readonly string[] = [...PARTICIPANT_ROUTES, ...MARKET_ROUTES, ...OPERATOR_ROUTES];
const CODES = new Map(
  [...readFileSync(join(import.meta.dirname, '../../docs/api.md'), 'utf8').matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(
    ([, code, status]) => [`urn:compute-exchange:${code}`, Number(status)],
  ),
);

/** Parts of a path that are no name of anything, as they are written in one. */
const ODD_PARTS = [
  'x'.repeat(2_100),
  'X'.repeat(8_000),
  `${'P'.repeat(2_100)}.${numberedKey(Date.parse('2025-10-20T13:00:00Z'))}.0123456789abcdef.0123456789abcdef01234567`,
  `${PRODUCT}.${numberedKey(Date.parse('2025-10-20T13:00:00Z'))}.0123456789abcdef.0123456789abcdef01234567`,
  '%00',
  `${PRODUCT}%00`,
  '%ED%A0%80',
  '%zz',
  '%F0%9F%92%A9',
  '__proto__',
  'constructor',
  '%23%2F%2E%2E%2F%23',
  '-1',
  '1e400',
  '99999999999999999999',
  '2025-02-30',
  '%7B%22a%22%3A1%7D',
] as const;

const ODD_QUERIES = [
  'x=1',
  '__proto__=1',
  'constructor',
  '%00=%00',
  '=1',
  '%ED%A0%80=1',
  'limit[]=1',
  `${'n'.repeat(2_100)}=1`,
  `x=${'v'.repeat(8_000)}`,
  Array.from({ length: 1_000 }, (_, each) => `q${each}=1`).join('&'),
] as const;

/** Of parameters that some route has; what it is given is nothing that it gives out as a cursor. */
const ODD_VALUES = ['', 'x'.repeat(2_100), '%00', '%ED%A0%80', '__proto__', '-1', '1e3', '99999999999999999999', '2025-02-30#X'];
const PARAMETERS_OF_QUERIES = ['limit', 'after', 'before', 'cursor', 'product', 'date', 'waiting'];

const DEEP = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
const ODD_BODIES: readonly (readonly [what: string, body: string | Buffer, type?: string])[] = [
  ['nothing', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['half an object', '{"a":'],
  ['an unknown field', '{"__proto":1,"constructor":{}}'],
  ['__proto__', '{"__proto__":{"reason":"x"}}'],
  ['a huge number', '{"revision":1e400}'],
  ['half a surrogate pair', '{"reason":"\\ud800"}'],
  ['deep nesting', DEEP],
  ['9,000 mistakes', JSON.stringify(Object.fromEntries(Array.from({ length: 9_000 }, (_, each) => [`f${each}`, 1])))],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ['bytes of another type', Buffer.from([0, 1, 2, 255]), 'application/octet-stream'],
  ['text in UTF-16', Buffer.from('{}', 'utf16le'), 'text/plain; charset=utf-16'],
  ['300 KB', JSON.stringify({ reason: 'x'.repeat(300_000) })],
  ['more than a function takes', Buffer.alloc(6 * 1024 * 1024 + 1, 32)],
  ['more than the gateway takes', Buffer.alloc(10 * 1024 * 1024 + 1, 32)],
];

/** What stands in the place of each value of a good body. */
const ODD_FIELDS: readonly unknown[] = [
  'x'.repeat(2_100),
  'X'.repeat(200_000),
  '\u0000',
  '💩',
  '__proto__',
  `9${'9'.repeat(400)}`,
  `0.${'9'.repeat(400)}`,
  '-999999999999999999',
  '999999999999999999',
  -1,
  9_007_199_254_740,
  null,
  true,
  [],
  {},
];

const BODIES: Readonly<Record<string, unknown>> = {
  'POST /v1/submissions': {
    product: PRODUCT,
    orders: [
      { clientOrderId: 'b1', side: 'buy', contract: `${PRODUCT}-2025-12`, price: '2.350', lots: 10, timeInForce: 'gtc' },
      { replaces: 'b0', clientOrderId: 's1', buy: `${PRODUCT}-2026-01`, sell: `${PRODUCT}-2025-12`, price: '0.010', lots: 5 },
      { cancel: 'b2' },
    ],
  },
  'PUT /v1/roll-instructions/{product}': { at: 'limit', limit: '0.010' },
  'PUT /v1/operator/products/{product}': { expectedVersion: 1, parameters: PARAMETERS, listing: LISTING },
  'POST /v1/operator/accounts': { accounts: [{ account: 'new', name: 'New' }] },
  'POST /v1/operator/cash-movements': { movements: [{ account: 'fund', reference: 'r', amount: '1.00' }] },
  'PUT /v1/operator/index/{product}/{date}': { value: '2.400' },
  'POST /v1/operator/venue/halt': { reason: 'x' },
  'POST /v1/operator/venue/resume': { reason: 'x' },
  'POST /v1/operator/held/{held}/approve': { revision: 1 },
  'POST /v1/operator/held/{held}/amend': { revision: 1, value: '2.400' },
  'POST /v1/operator/held/{held}/decline': { revision: 1, reason: 'x' },
};

const GOOD_PARTS: Readonly<Record<string, string>> = {
  product: PRODUCT,
  account: 'fund',
  date: '2025-10-17',
  held: `index.${PRODUCT}.2025-10-17`,
  auction: '1',
  submission: `${PRODUCT}.x`,
};

let venue: LocalVenue;
const tokens: Record<'participant' | 'operator', string> = { participant: '', operator: '' };

beforeAll(async () => {
  venue = await openLocalVenue({ listed: '2025-10-17' });
  await venue.list();
  await venue.publishIndex('2025-10-16');
  // Something waits, so that approvals and amendments are refused for what is wrong with them.
  await venue.operator.put(`/v1/operator/index/${PRODUCT}/2025-10-17`, { value: '240.000' });
  const lasting = { expiresIn: 366 * 86_400 };
  tokens.participant = await venue.cloud.mint({ ...lasting, sub: 'fund', attributes: { account: 'fund' } });
  tokens.operator = await venue.cloud.mint({ ...lasting, sub: 'op-3', groups: ['operators', 'approvers'] });
}, 60_000);
afterAll(() => venue[Symbol.asyncDispose]());

interface Sent {
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

/** Sends bytes as they are; gives the status and the parsed body. */
function send(route: string, path: string, { query, headers = {}, body }: Sent = {}) {
  const [method] = route.split(' ') as [string];
  const token = route.includes('/operator/') ? tokens.operator : tokens.participant;
  const url = new URL(venue.cloud.url);
  return new Promise<{ status: number; type: string | undefined }>((resolve, reject) => {
    const sent = request({
      host: url.hostname,
      port: url.port,
      method,
      path: query === undefined ? path : `${path}?${query}`,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': venue.key(),
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        ...headers,
      },
    });
    sent.on('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = `${answer.headers['content-type']}`.includes('json');
        resolve({ status: answer.statusCode!, type: isJson ? JSON.parse(text).type : undefined });
      });
    });
    // Where the answer came before the whole body was sent, the connection is closed behind it.
    sent.on('error', (error: NodeJS.ErrnoException) => error.code === 'EPIPE' || error.code === 'ECONNRESET' || reject(error));
    sent.end(body);
  });
}

const pathOf = (route: string, parts: Readonly<Record<string, string>> = {}): string =>
  route.split(' ')[1]!.replaceAll(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? GOOD_PARTS[name]!);

/** The gateway's own refusals have no type; every other has one that is documented, with its status. */
function expectTheirs(answer: { status: number; type: string | undefined }, sent: string): void {
  expect([sent, answer.status < 500]).toEqual([sent, true]);
  if (answer.type !== undefined) expect([sent, answer.status]).toEqual([sent, CODES.get(answer.type)]);
}

function expectNothingNoticed(): void {
  const lines = venue.cloud.logs.recent();
  expect(lines.filter(({ level }) => level === 'ERROR')).toEqual([]);
  const secrets = Object.values(tokens).flatMap((token) => token.split('.').slice(1));
  expect(
    lines.filter(({ text }) => secrets.some((secret) => text.includes(secret)) || /bearer|authorization/i.test(text)),
  ).toEqual([]);
}

describe.each(ROUTES)('%s', (route) => {
  const names = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const body = route in BODIES ? { body: JSON.stringify(BODIES[route]) } : {};

  if (names.length > 0)
    it('refuses what can’t be in its path', async () => {
      for (const name of names)
        for (const part of ODD_PARTS) {
          const answer = await send(route, pathOf(route, { [name]: part }), body);
          expectTheirs(answer, part.slice(0, 60));
          // A wrong month of a date, or a date where a name is wanted, can be a form that is known and not there.
          // An order may have been called so before, in a cancel of what was never there.
          if (name === 'clientOrderId' && answer.status === 200) continue;
          expect([part.slice(0, 60), answer.status]).toEqual([part.slice(0, 60), expect.toSatisfy((status) => status >= 400)]);
        }
      expectNothingNoticed();
    });

  it('refuses a query that it does not have', async () => {
    for (const query of ODD_QUERIES) {
      const answer = await send(route, pathOf(route), { ...body, query });
      expect([query.slice(0, 60), answer]).toEqual([
        query.slice(0, 60),
        { status: 400, type: 'urn:compute-exchange:invalid-request' },
      ]);
    }
    for (const name of PARAMETERS_OF_QUERIES)
      for (const value of ODD_VALUES) {
        expectTheirs(await send(route, pathOf(route), { ...body, query: `${name}=${value}` }), `${name}=${value.slice(0, 60)}`);
        const twice = await send(route, pathOf(route), { ...body, query: `${name}=${value}&${name}=${value}` });
        expect([name, twice.type]).toEqual([name, 'urn:compute-exchange:invalid-request']);
      }
    expectNothingNoticed();
  });

  if (route in BODIES)
    it('refuses a body that is not its own', async () => {
      for (const [what, odd, type = 'application/json'] of ODD_BODIES) {
        const answer = await send(route, pathOf(route), { body: odd, headers: { 'content-type': type } });
        expectTheirs(answer, what);
        if (odd.length > 0) expect([what, answer.status]).toEqual([what, expect.toSatisfy((status) => status >= 400)]);
        if (odd.length > 262_144) expect([what, answer.status]).toEqual([what, 413]);
      }
      expectNothingNoticed();
    });

  if (route in BODIES)
    it('says of every field what is wrong with it', async () => {
      for (const [path, whole] of replaced(BODIES[route], ODD_FIELDS))
        expectTheirs(await send(route, pathOf(route), { body: JSON.stringify(whole) }), path);
      expectNothingNoticed();
    });

  it('is not moved by odd headers', async () => {
    const odd = [
      { 'idempotency-key': 'x'.repeat(2_100) },
      { 'idempotency-key': ['a', 'b'] },
      { 'idempotency-key': '\u00ff\u00fe' },
      { 'content-type': `x/${'y'.repeat(2_100)}` },
      { 'content-encoding': 'gzip' },
      { cookie: '=;;=; a=b=c;' },
      { __proto__: null, constructor: 'x', 'x-forwarded-for': '%00' } as unknown as Record<string, string>,
    ];
    for (const headers of odd)
      expectTheirs(await send(route, pathOf(route), { ...body, headers }), JSON.stringify(headers).slice(0, 60));
    const two = [`Bearer ${tokens.participant}`, `Bearer ${tokens.operator}`];
    const { status } = await send(route, pathOf(route), { ...body, headers: { authorization: two } });
    if (!MARKET_ROUTES.includes(route)) expect(status).toBe(401);
    expectNothingNoticed();
  });
});

/** The body again and again, each time with another value in the place of one of its own, and its path. */
function* replaced(value: unknown, odd: readonly unknown[], path = '$'): Generator<[path: string, whole: unknown]> {
  for (const each of odd) yield [`${path} = ${JSON.stringify(each)?.slice(0, 40)}`, each];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, own] of Object.entries(value))
    for (const [place, part] of replaced(own, odd, `${path}.${name}`))
      yield [place, Array.isArray(value) ? value.with(Number(name), part) : { ...value, [name]: part }];
}

it('more at once than the function may run is refused, and goes on with the next', async () => {
  const more = PIPELINE['participant-api'].concurrencyMax! + 300;
  const answers = await Promise.all(Array.from({ length: more }, () => send('GET /v1/account', '/v1/account')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
  expect((await send('GET /v1/account', '/v1/account')).status).toBe(200);
  expectNothingNoticed();
});

it('without a token the market answers, and nothing else does', async () => {
  const statuses = new Map<string, number>();
  for (const shape of Object.values(DECLARED as Routes)) {
    const path = shape.path.replace('{product}', PRODUCT).replace(/\{\w+\}/g, '1');
    const query = shape.path === '/v1/auctions' || shape.path === '/v1/settlement-prices' ? `?product=${PRODUCT}` : '';
    const answer = await fetch(`${venue.cloud.url}${path}${query}`, { method: shape.method });
    await answer.arrayBuffer();
    statuses.set(routeKeyOf(shape), answer.status);
    const expected = shape.for === 'anyone' ? [200, 400, 404] : [401];
    expect(expected, `${routeKeyOf(shape)} answers ${answer.status}`).toContain(answer.status);
  }
  for (const path of ['/v1/products', '/v1/contracts', '/v1/auctions', '/v1/settlement-prices'])
    expect(statuses.get(`GET ${path}`)).toBe(200);
});

describe('a token of the issuer', () => {
  const ask = async (token: TokenRequest, path: string) => {
    const authorization = `Bearer ${await venue.cloud.mint(token)}`;
    const answer = await fetch(`${venue.cloud.url}${path}`, { headers: { authorization } });
    return [answer.status, ((await answer.json()) as { type: string }).type];
  };

  it.each([
    ['a text that looks like a list', { 'cognito:groups': '[cooling operators]' }],
    ['a text with blanks', { 'cognito:groups': 'cooling operators' }],
    ['a group with a blank in its name', { 'cognito:groups': ['cooling operators'] }],
    ['a list in a list', { 'cognito:groups': [['operators']] }],
  ])('with %s as its groups makes no operator', async (_, claims) => {
    const refused = [403, 'urn:compute-exchange:not-an-operator'];
    expect(await ask({ sub: 'mallory', claims }, '/v1/operator/venue')).toEqual(refused);
  });

  it('that is an access token opens neither API', async () => {
    const claims = { token_use: 'access', client_id: 'x' };
    const refused = [403, 'urn:compute-exchange:token-refused'];
    expect(await ask({ sub: 'o', groups: ['operators', 'approvers'], claims }, '/v1/operator/venue')).toEqual(refused);
    expect(await ask({ sub: 'f', attributes: { account: 'fund' }, claims }, '/v1/account')).toEqual(refused);
  });

  it('with a list as its account names none', async () => {
    const refused = [403, 'urn:compute-exchange:no-account'];
    expect(await ask({ sub: 'f', claims: { 'custom:account': ['fund'] } }, '/v1/account')).toEqual(refused);
  });
});

it('no alarm has noticed, but that of the values that an operator has sent and a second must approve', async () => {
  await venue.operator.post('/v1/operator/venue/resume', { reason: 'the end of the test' });
  await venue.wait(20 * 60_000);
  const changed = venue.cloud.alarms.changes().filter(({ to, alarm }) => to === 'ALARM' && alarm !== 'held-for-approval');
  expect(changed.map(({ alarm, reason }) => `${alarm}: ${reason}`)).toEqual([]);
  expectNothingNoticed();
});
