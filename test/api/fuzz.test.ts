/**
 * Every route asked with what its own schema says it takes, with what is nearly that, and with what is meant to hurt, by every kind of
 * caller. No answer is a fault of the venue's or more than is declared, a refusal changes nothing, and nothing that is said,
 * anywhere, holds a word of an order that is sealed.
 */
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { openBackends } from '../../lambdas/backends.ts';
import type { Handler } from '../../lambdas/http/routes.ts';
import { handler as marketApi } from '../../lambdas/market-api/index.ts';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { handler as participantApi } from '../../lambdas/participant-api/index.ts';
import { handler as statementApi } from '../../lambdas/statement-api/index.ts';
import { type RouteShape, type Routes, routeKeyOf } from '../../lib/api/route.ts';
import { MARKET, OPERATOR, PARTICIPANT, STATEMENT } from '../../lib/api/routes.ts';
import { cursorAt } from '../../lib/api/written.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { writeSubmission } from '../../lib/store/submissions.ts';
import { type ApiVenue, openApiVenue } from '../venue/api-venue.ts';
import { month, PRODUCT } from '../venue/h100.ts';
import { order } from '../venue/orders.ts';
import { type Asked, ask, LISTING, NOW, operator, trader } from '../venue/requests.ts';

const SHARDS = 2;
const CALLS_A_ROUTE = 40;
/** An order of zeta's that can't be mistaken for another. */
const SEALED = { name: 'SEALED-MARK', ticks: 2717, lots: 31_337 };
const MARKS = /SEALED-MARK|2\.717|31337/;
/** A text without what chance puts into it: some digits of an id or a hash may be those of a mark. */
const withoutChance = (text: string): string => text.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|"etag":"[^,]*/g, '');

let venue: ApiVenue;
const logged: string[] = [];

beforeAll(async () => {
  venue = await openApiVenue({ shards: SHARDS });
  const { logger } = openBackends();
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(logger, level).mockImplementation((...said) => void logged.push(`${level} ${JSON.stringify(said)}`));
  // The key that submission ids are checked by is made when the first one is asked for.
  await ask(participantApi, 'GET /v1/submissions/{submission}', { claims: trader('acme'), path: { submission: 'x' } });
  await writeSubmission(venue.table, {
    product: PRODUCT,
    shard: shardOf('zeta', SHARDS),
    account: 'zeta',
    sender: 'desk-7',
    key: numberedKey(NOW),
    digest: '0'.repeat(16),
    auction: 1,
    sequence: '1',
    decidedOn: 1,
    figures: [],
    receivedAt: '2025-10-20T14:00:00Z',
    instructions: [{ kind: 'new', order: order(SEALED.name, month('2025-12'), 0, SEALED.ticks, SEALED.lots) }],
    outcomes: ['accepted'],
  });
});

const ROUTES: [key: string, shape: RouteShape, handler: Handler][] = (
  [
    [MARKET, marketApi],
    [PARTICIPANT, participantApi],
    [STATEMENT, statementApi],
    [OPERATOR, operatorApi],
  ] as [Routes, Handler][]
).flatMap(([routes, handler]) =>
  Object.values(routes).map((shape): [string, RouteShape, Handler] => [routeKeyOf(shape), shape, handler]),
);

const CALLERS: Record<string, unknown>[] = [
  trader('acme'),
  trader('unopened'),
  operator('olga'),
  { sub: 'vera', 'cognito:groups': ['viewers'] },
  { sub: 'abel', 'cognito:groups': ['approvers'] },
  { sub: 'nix' },
];

/** Texts that are right somewhere. */
const PLAUSIBLE = [
  PRODUCT,
  `${PRODUCT}-2025-12`,
  `${PRODUCT}-2026-01`,
  '2025-10-20',
  '2025-10-17',
  '2.400',
  '-0.010',
  '100.00',
  'acme',
  'acme.desk',
  'zeta',
  'first',
  'buy',
  'true',
  '1',
  '100',
  numberedKey(NOW, 9),
  cursorAt(1),
  cursorAt('2025-10-20'),
  '2025-10-20T14:00:00.000Z',
  'why not',
];
const HOSTILE: unknown[] = [
  '',
  ' ',
  '__proto__',
  'constructor',
  '\u0000',
  '\u202e',
  '٣',
  '<script>alert(1)</script>',
  "' OR 1=1 --",
  '../../../etc/passwd',
  '%24%7Bjndi:ldap://x}',
  'x'.repeat(9000),
  '9'.repeat(400),
  '1e400',
  '-0',
  cursorAt('\u0000#'),
  cursorAt('ACCOUNT#zeta'),
  -1,
  0,
  0.5,
  1e21,
  Number.MAX_SAFE_INTEGER,
  null,
  true,
  [],
  {},
  [[[[]]]],
  { toString: 1 },
];

const text = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...PLAUSIBLE) }, { weight: 1, arbitrary: fc.string() });

/** As much of JSON Schema as zod writes. */
interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
}

const LENGTH_MAX = 4;

/** Values of the kind that a schema takes; those that it refuses for a rule of its own are welcome too. */
function kindOf(schema: Schema): fc.Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(kindOf));
  if (schema.allOf) return fc.tuple(...schema.allOf.map(kindOf)).map((parts) => Object.assign({}, ...parts));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.type === 'array') return fc.array(kindOf(schema.items ?? {}), { minLength: 1, maxLength: LENGTH_MAX });
  if (schema.type === 'integer' || schema.type === 'number')
    return fc.integer({ min: Math.max(schema.minimum ?? 0, -1000), max: Math.min(schema.maximum ?? 1000, 1000) });
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.properties) {
    const fields = Object.fromEntries(Object.entries(schema.properties).map(([name, inner]) => [name, kindOf(inner)]));
    return fc.record(fields, { requiredKeys: [...(schema.required ?? [])] });
  }
  if (schema.type === 'string') return text;
  return fc.oneof(text, fc.constantFrom<unknown>(LISTING, LISTING.curve, 1));
}

const schemaOf = (type: z.ZodType): Schema => z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as Schema;

/** The same with something in one place that should not be there. */
const spoilt = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.tuple(value, fc.constantFrom(...HOSTILE), fc.nat(), fc.constantFrom('put', 'drop', 'add')).map(([whole, bad, at, how]) => {
    const copy: unknown = structuredClone(whole);
    const places = placesIn(copy);
    const [owner, key] = places[at % Math.max(1, places.length)] ?? [];
    if (owner === undefined || key === undefined) return bad;
    if (how === 'put') owner[key] = bad;
    else if (how === 'drop') delete owner[key];
    else owner[typeof bad === 'string' && bad !== '__proto__' ? bad : 'more'] = bad;
    return copy;
  });

type Owner = Record<string, unknown>;

function placesIn(value: unknown): [Owner, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[value as Owner, key] as [Owner, string], ...placesIn(inner)]);
}

/** As a path or a query holds it. */
const texts = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries((value ?? {}) as object).map(([name, each]) => [name, typeof each === 'string' ? each : JSON.stringify(each)]),
  );

const RAW = [
  '',
  '{',
  '[]',
  'null',
  '{"a":1,"a":2}',
  '{"__proto__":{}}',
  '{"lots":1e400}',
  `${'['.repeat(5000)}${']'.repeat(5000)}`,
];

function requestTo(shape: RouteShape): fc.Arbitrary<Asked> {
  const part = (type: z.ZodType | undefined): fc.Arbitrary<unknown> => {
    const kind = type ? kindOf(schemaOf(type)) : fc.constant({});
    return fc.oneof({ weight: 3, arbitrary: kind }, { weight: 1, arbitrary: spoilt(kind) });
  };
  const body = shape.body
    ? fc.oneof(part(shape.body), fc.constant(shape.example), fc.constantFrom(...RAW))
    : fc.constant(undefined);
  return fc
    .record({
      claims: fc.constantFrom(...CALLERS),
      path: part(shape.params),
      query: part(shape.query),
      key: fc.oneof(
        fc.nat(99).map((number) => numberedKey(NOW, number + 1)),
        text,
        fc.constant(undefined),
      ),
      body,
      etag: fc.constantFrom(undefined, '*', '"x"'),
      gzip: fc.boolean(),
    })
    .map(({ claims, path, query, key, body: sent, etag, gzip }) => ({
      ...(shape.for === 'anyone' ? { address: '203.0.113.7' } : { claims }),
      path: texts(path),
      query: texts(query),
      headers: {
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
        ...(gzip ? { 'accept-encoding': 'gzip' } : {}),
      },
      ...(sent === undefined ? {} : { body: sent }),
    }));
}

const CHANGES = /^(Put|Update|Delete|BatchWrite|TransactWrite|SendMessage)/;

async function contents(): Promise<string> {
  const client = new DynamoDBClient({});
  const { Items = [] } = await client.send(new ScanCommand({ TableName: process.env.TABLE_NAME }));
  client.destroy();
  return JSON.stringify(Items.map((item) => JSON.stringify(item)).sort());
}

test.each(ROUTES)(
  '%s answers whatever it is sent, changes nothing that it refuses, and gives no order away',
  async (key, shape, handler) => {
    let before = await contents();
    await fc.assert(
      fc.asyncProperty(requestTo(shape), async (asked) => {
        venue.engine.requests.length = 0;
        logged.length = 0;
        const answer = await ask(handler, key, asked);
        const changed = venue.engine.requests.some((name) => CHANGES.test(name));
        expect(answer.status, logged.join('\n')).toBeLessThan(500);
        if (answer.status >= 400 && changed) expect(await contents()).toBe(before);
        if (answer.status < 400 && changed) before = await contents();
        if (shape.method === 'GET') expect(changed).toBe(false);
        const said = `${answer.bytes} ${JSON.stringify(answer.headers)} ${logged.join('\n')}`;
        expect(withoutChance(said)).not.toMatch(MARKS);
      }),
      { numRuns: CALLS_A_ROUTE },
    );
  },
);

test('the search finds the order where it is, in what its own account reads', async () => {
  const answer = await ask(participantApi, 'GET /v1/submissions', { claims: trader('zeta') });
  expect(JSON.stringify(answer.body)).toMatch(MARKS);
});
