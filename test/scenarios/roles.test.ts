/**
 * Every route against every kind of caller, through the gateway: who gets in follows from what the route's declaration says it is
 * for, and from nothing else. A route that is declared is in the table by itself.
 */
import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEM_TYPE } from '../../lib/api/problems.ts';
import { type Access, ROLES_FOR, type Role, type RouteShape } from '../../lib/api/route.ts';
import { ROUTES } from '../../lib/api/routes.ts';
import { uuidv7 } from '../../lib/client/idempotency-key.ts';
import type { TokenRequest } from '../../lib/local/api-gateway/issuer.ts';
import { PRODUCT } from '../venue/h100.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { codeOf } from '../venue/requests.ts';

let venue: LocalVenue;
let submission: string;

beforeAll(async () => {
  venue = await openLocalVenue({ listed: '2025-10-17' });
  await venue.list();
  await venue.operator.put(`/v1/operator/index/${PRODUCT}/2025-10-17`, { value: '2.400' });
  const order = {
    clientOrderId: 'mine',
    side: 'buy',
    contract: `${PRODUCT}-2025-12`,
    price: '2.000',
    lots: 1,
    timeInForce: 'gtc',
  };
  const sent = (await venue.as.fund.post(
    '/v1/submissions',
    { product: PRODUCT, orders: [order] },
    uuidv7(venue.cloud.clock.now()),
  )) as {
    submission: string;
  };
  submission = sent.submission;
  await venue.cloud.quiet();
}, 60_000);
afterAll(() => venue[Symbol.asyncDispose]());

/** Whom the gateway, then the function lets in: `in`, or the status and code of the refusal. */
type Outcome = 'in' | '401' | `403 ${string}`;

const trades = (account: string) => ({ attributes: { account } });
const roles = (...groups: Role[]) => ({ groups: groups.map((role) => `${role}s`) });
const LASTING = { expiresIn: 366 * 86_400 };

/** By kind of caller: its token, and what becomes of it at a participant's route and at one for roles. */
interface CallerKind {
  readonly token: () => Promise<string | undefined>;
  readonly participant: Outcome;
  readonly operator: (access: keyof typeof ROLES_FOR) => Outcome;
}

const minted = (request: Omit<TokenRequest, 'sub'>, sub = 'someone') => venue.cloud.mint({ ...LASTING, sub, ...request });
const EVERYTHING = { ...trades('fund'), ...roles('viewer', 'operator', 'approver') };
const always = (outcome: Outcome) => ({ participant: outcome, operator: () => outcome });
const ofRoles = (...held: Role[]) => ({
  participant: '403 no-account' as const,
  operator: (access: keyof typeof ROLES_FOR): Outcome =>
    (ROLES_FOR[access] as readonly Role[]).some((role) => held.includes(role)) ? 'in' : '403 role-needed',
});
const noOperator = () => '403 not-an-operator' as const;

const CALLERS: Readonly<Record<string, CallerKind>> = {
  'no token at all': { token: async () => undefined, ...always('401') },
  'an expired token': { token: () => minted({ ...EVERYTHING, expiresIn: -10 }), ...always('401') },
  'a token for another audience': { token: () => minted({ ...EVERYTHING, claims: { aud: 'elsewhere' } }), ...always('401') },
  'a token of another issuer': { token: () => minted({ ...EVERYTHING, claims: { iss: 'https://elsewhere' } }), ...always('401') },
  'a token with alg none': { token: async () => unsigned(await minted(EVERYTHING), ''), ...always('401') },
  'a token with alg none and a signature': { token: async () => unsigned(await minted(EVERYTHING)), ...always('401') },
  'a token signed by another key': { token: forged, ...always('401') },
  'an access token': {
    token: () => minted({ ...EVERYTHING, claims: { token_use: 'access' } }),
    ...always('403 token-refused'),
  },
  'a token of no account and no group': { token: () => minted({}), ...ofRoles(), operator: noOperator },
  'a participant, its own': { token: () => minted(trades('fund'), 'fund'), participant: 'in', operator: noOperator },
  'a participant of an account that is not open': {
    token: () => minted(trades('never-opened')),
    participant: '403 account-not-open',
    operator: noOperator,
  },
  'a viewer': { token: () => minted(roles('viewer')), ...ofRoles('viewer') },
  'an operator': { token: () => minted(roles('operator')), ...ofRoles('operator') },
  'an approver': { token: () => minted(roles('approver')), ...ofRoles('approver') },
  'one with all roles': {
    token: () => minted(roles('viewer', 'operator', 'approver')),
    ...ofRoles('viewer', 'operator', 'approver'),
  },
  'an operator who trades as well': {
    token: () => minted({ ...trades('fund'), ...roles('operator') }),
    ...ofRoles('operator'),
    participant: 'in',
  },
};

function unsigned(token: string, signature = token.split('.')[2]): string {
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
  return `${header}.${token.split('.')[1]}.${signature}`;
}

async function forged(): Promise<string> {
  const [header, payload] = (await minted(EVERYTHING))
    .split('.', 2)
    .map((part) => JSON.parse(`${Buffer.from(part, 'base64url')}`));
  const { privateKey } = await generateKeyPair('RS256');
  return new SignJWT(payload).setProtectedHeader(header).sign(privateKey);
}

/** What stands in a path: of things of an account, those of `fund`. */
const IN_PATH: Readonly<Record<string, () => string>> = {
  product: () => PRODUCT,
  account: () => 'fund',
  owner: () => 'fund',
  date: () => '2025-10-17',
  held: () => `index.${PRODUCT}.2025-10-17`,
  auction: () => '1',
  submission: () => submission,
  clientOrderId: () => 'mine',
};
/** Of these, what belongs to an account. */
const OWN = ['submission', 'clientOrderId'];

const pathOf = (path: string): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = IN_PATH[name];
    if (!value) throw new Error(`say in this test what {${name}} of ${path} is`);
    return encodeURIComponent(value());
  });

type Tried = Pick<RouteShape, 'method' | 'path' | 'for'> & { readonly example?: unknown };

const declared: Tried[] = Object.values(ROUTES);
const TABLE = declared.map((shape) => [`${shape.method} ${shape.path}`, shape] as const);

async function send({ method, path, example }: Tried, token: string | undefined) {
  const response = await fetch(`${venue.cloud.url}${pathOf(path)}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(example === undefined ? {} : { 'content-type': 'application/json' }),
      'idempotency-key': uuidv7(venue.cloud.clock.now()),
    },
    ...(example === undefined ? {} : { body: JSON.stringify(example) }),
  });
  const text = await response.text();
  return { status: response.status, text, requestId: response.headers.get('request-id') };
}

function outcomeOf({ status, text }: Awaited<ReturnType<typeof send>>): Outcome | `${number}` {
  if (status === 401) return '401';
  if (status === 403) return `403 ${codeOf({ body: JSON.parse(text) })}`;
  return status < 500 ? 'in' : `${status}`;
}

function expected(access: Access, kind: CallerKind): Outcome {
  if (access === 'anyone') return 'in';
  return access === 'participant' ? kind.participant : kind.operator(access);
}

/** What the access log says of a request. */
const accessOf = (requestId: string | null): Record<string, unknown>[] =>
  venue.cloud.logs
    .recent()
    .filter(({ text }) => text.includes(`${requestId}`) && text.includes('"access":true'))
    .map(({ text }) => JSON.parse(text));

describe.each(TABLE)('%s', (key, shape) => {
  it('lets in callers of the kind that it is for, and no others; what a function refuses is in the access log', async () => {
    const table: Record<string, string> = {};
    for (const [name, kind] of Object.entries(CALLERS)) {
      const answer = await send(shape, await kind.token());
      table[name] = outcomeOf(answer);
      const code = /^403 (.*)/.exec(table[name]!)?.[1];
      if (code !== undefined) expect(accessOf(answer.requestId)).toMatchObject([{ message: 'caller refused', code, route: key }]);
    }
    expect(table).toEqual(Object.fromEntries(Object.entries(CALLERS).map(([name, kind]) => [name, expected(shape.for, kind)])));
  });

  if (shape.method === 'GET' && OWN.some((name) => shape.path.includes(`{${name}}`)))
    it('says of another’s that there is none', async () => {
      const own = await send(shape, await minted(trades('fund'), 'fund'));
      expect(own.status).toBeLessThan(300);
      const other = await send(shape, await minted(trades('maker'), 'maker'));
      expect([other.status, codeOf({ body: JSON.parse(other.text) })]).toEqual([404, 'not-found']);
      expect(other.text).not.toContain('fund');
      if (shape.path.includes('{submission}'))
        expect(accessOf(other.requestId)).toMatchObject([
          { message: 'submission not found', account: 'maker', subject: 'maker' },
        ]);
    });
});

it('an order is cancelled by its own account alone, whatever it is called', async () => {
  const order = {
    clientOrderId: 'safe',
    side: 'buy',
    contract: `${PRODUCT}-2025-12`,
    price: '2.000',
    lots: 1,
    timeInForce: 'gtc',
  };
  await venue.as.hedger.post('/v1/submissions', { product: PRODUCT, orders: [order] }, uuidv7(venue.cloud.clock.now()));
  await venue.cloud.quiet();
  const names = async () =>
    ((await venue.as.hedger.get('/v1/orders')) as { items: { clientOrderId: string }[] }).items.map((each) => each.clientOrderId);
  expect(await names()).toEqual(['safe']);
  await venue.as.maker.ask('DELETE', '/v1/orders/safe', undefined, uuidv7(venue.cloud.clock.now()));
  await venue.as.maker.ask('DELETE', '/v1/orders', undefined, uuidv7(venue.cloud.clock.now()));
  await venue.cloud.quiet();
  expect(await names()).toEqual(['safe']);
});

it('a viewer changes nothing, and only an approver approves', () => {
  const forRoles = declared.filter((shape) => Object.hasOwn(ROLES_FOR, shape.for));
  expect(forRoles.filter(({ method }) => method === 'GET').map((shape) => shape.for)).toEqual(
    expect.not.arrayContaining(['operator']),
  );
  expect(forRoles.filter(({ method }) => method !== 'GET').map((shape) => shape.for)).not.toContain('viewer');
  expect(forRoles.filter((shape) => shape.for === 'approver').map(({ path }) => path)).toEqual([
    '/v1/operator/held/{held}/approve',
  ]);
});

it('a refusal says nothing of what the path names, and no problem but those of the table', async () => {
  const answer = await send({ method: 'POST', path: '/v1/operator/venue/halt', for: 'operator' }, await minted(roles('viewer')));
  expect(JSON.parse(answer.text)).toEqual({
    type: `${PROBLEM_TYPE}role-needed`,
    title: 'The token is of another role than the route is for',
    status: 403,
    detail: 'the route is for the role operator',
  });
});
