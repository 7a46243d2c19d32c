/**
 * What a gateway promises, whichever it is: which function is asked, what it sees of the request, and what the caller hears.
 *
 * Source: Amazon API Gateway developer guide, "Routes for HTTP APIs", "Create AWS Lambda proxy integrations for HTTP APIs",
 * "Quotas for HTTP APIs".
 */
import { describe, expect, it } from 'vitest';
import { ThrottledError } from '../../lib/local/lambda/function.ts';
import { type Difference, differences, type Side } from './difference.ts';

export const NOW = Date.parse('2025-11-07T15:00:00Z');

/** An answer's body is parsed if it is JSON, and `undefined` if there is none. */
export interface Heard {
  readonly status: number;
  readonly body: unknown;
}

export interface OpenGateway {
  /** As the bearer of a token with these claims; with none, without a token. */
  ask(
    claims: Readonly<Record<string, string>> | undefined,
    method: string,
    path: string,
    body?: unknown,
    key?: string,
  ): Promise<Heard>;
}

/** What a function does with an event; it may wait for some time of the machine. */
export type Work = (event: SeenEvent, functionName: string, wait: (ms: number) => Promise<void>) => unknown;

export interface GatewaySide {
  readonly side: Side;
  /** On a clock that stands still at `NOW`. Function by route key; the gateway waits `timeoutMs` for each, a second unless given. */
  open(routes: Readonly<Record<string, string>>, work: Work, timeoutMs?: number): Promise<OpenGateway>;
}

/** What the tests look at of an event of payload format 2.0. */
export interface SeenEvent {
  readonly routeKey: string;
  readonly pathParameters?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: { readonly requestId: string };
}

const CLAIMS = { sub: 'someone', 'custom:account': 'A1' };
const ROUTES = {
  'GET /things': 'reader',
  'POST /things': 'writer',
  'GET /things/{thing}': 'reader',
  'GET /things/special': 'reader',
  'GET /deep/{rest+}': 'reader',
  'ANY /any': 'reader',
};

export function gatewayContract(gateways: GatewaySide): void {
  const { side, open } = gateways;
  describe('the function', () => eventContract(open));
  describe('the route', () => routeContract(open));
  describe('the caller', () => answerContract(open));
  differences(side, gateways, DIFFERENCES);
}

function eventContract(open: GatewaySide['open']): void {
  it('sees the request in payload format 2.0, with the claims, at the time on the clock', async () => {
    const gateway = await open(ROUTES, (event) => event);
    const { status, body } = await gateway.ask(CLAIMS, 'POST', '/things?a=1&a=2&b=x%20y', { n: 1 }, 'key-1');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      version: '2.0',
      routeKey: 'POST /things',
      rawPath: '/things',
      rawQueryString: 'a=1&a=2&b=x%20y',
      queryStringParameters: { a: '1,2', b: 'x y' },
      headers: { 'content-type': 'application/json', 'idempotency-key': 'key-1' },
      body: '{"n":1}',
      isBase64Encoded: false,
      requestContext: {
        accountId: '000000000000',
        apiId: 'local',
        authorizer: { jwt: { claims: CLAIMS, scopes: null } },
        domainPrefix: 'local',
        http: { method: 'POST', path: '/things', protocol: 'HTTP/1.1', sourceIp: expect.stringMatching(/^[\d.]+$/) },
        requestId: expect.any(String),
        routeKey: 'POST /things',
        stage: '$default',
        time: new Date(NOW).toISOString(),
        timeEpoch: NOW,
      },
    });
  });

  it('sees of a request without query, key, parameters and body none of them', async () => {
    const gateway = await open(ROUTES, ({ headers, ...event }) => [
      ...Object.keys(event),
      headers['idempotency-key'] ?? 'no key',
    ]);
    const { body } = await gateway.ask(CLAIMS, 'GET', '/things');
    expect((body as string[]).toSorted()).toEqual(
      ['version', 'routeKey', 'rawPath', 'rawQueryString', 'requestContext', 'isBase64Encoded', 'no key'].toSorted(),
    );
  });

  it('sees another id in every request', async () => {
    const gateway = await open(ROUTES, ({ requestContext }) => [requestContext.requestId]);
    const [first, second] = [await gateway.ask(CLAIMS, 'GET', '/things'), await gateway.ask(CLAIMS, 'GET', '/things')];
    expect(first.body).not.toEqual(second.body);
  });
}

function routeContract(open: GatewaySide['open']): void {
  it.each([
    ['GET', '/things', 'reader', 'GET /things', undefined],
    ['POST', '/things', 'writer', 'POST /things', undefined],
    ['GET', '/things/special', 'reader', 'GET /things/special', undefined],
    ['GET', '/things/a%2Fb%20c', 'reader', 'GET /things/{thing}', { thing: 'a/b c' }],
    ['GET', '/deep/a/b', 'reader', 'GET /deep/{rest+}', { rest: 'a/b' }],
    ['DELETE', '/any', 'reader', 'ANY /any', undefined],
  ])('of %s %s leads to %s by %s', async (method, path, name, route, parameters) => {
    const gateway = await open(ROUTES, ({ routeKey, pathParameters }, asked) => [asked, routeKey, pathParameters ?? null]);
    expect((await gateway.ask(CLAIMS, method, path)).body).toEqual([name, route, parameters ?? null]);
  });

  it.each([
    ['GET', '/nothing'],
    ['GET', '/things/'],
    ['GET', '/things/a/b'],
    ['GET', '/'],
    ['GET', '/deep'],
    ['DELETE', '/things'],
  ])('of %s %s is not found, and no function is asked', async (method, path) => {
    let asked = 0;
    const gateway = await open(ROUTES, () => ++asked);
    expect(await gateway.ask(CLAIMS, method, path)).toEqual({ status: 404, body: { message: 'Not Found' } });
    expect(asked).toBe(0);
  });
}

const INTERNAL = { status: 500, body: { message: 'Internal Server Error' } };
const UNAVAILABLE = { status: 503, body: { message: 'Service Unavailable' } };

function answerContract(open: GatewaySide['open']): void {
  it.each<[what: string, work: Work, heard: Heard]>([
    ['what it gave', () => ({ statusCode: 418, body: '{"short":"and stout"}' }), { status: 418, body: { short: 'and stout' } }],
    ['its status alone', () => ({ statusCode: 202 }), { status: 202, body: undefined }],
    ['a status that is text', () => ({ statusCode: '201', body: '1' }), { status: 201, body: 1 }],
    ['any other JSON as the body of a 200', () => ({ any: 'thing' }), { status: 200, body: { any: 'thing' } }],
    ['that a status is none', () => ({ statusCode: 'abc' }), INTERNAL],
    ['that a body is no text', () => ({ statusCode: 200, body: { any: 'thing' } }), INTERNAL],
    [
      'that it failed',
      () => {
        throw new Error('no');
      },
      INTERNAL,
    ],
    [
      'that it was throttled',
      () => {
        throw new ThrottledError('reader');
      },
      UNAVAILABLE,
    ],
  ])('hears of a function %s', async (_, work, heard) => {
    const gateway = await open(ROUTES, work);
    expect(await gateway.ask(CLAIMS, 'GET', '/things')).toEqual(heard);
  });

  it('hears of a body that is larger than a function takes that it is too large, and no function is asked', async () => {
    const taken: number[] = [];
    const gateway = await open(ROUTES, (event) => {
      taken.push((event as unknown as { body: string }).body.length);
      return null;
    });
    const send = (letters: number) => gateway.ask(CLAIMS, 'POST', '/things', 'x'.repeat(letters));
    const megabyte = 1024 * 1024;
    expect((await send(6 * megabyte - 10_000)).status).toBe(200);
    expect(taken.splice(0)).toEqual([6 * megabyte - 10_000 + 2]);
    for (const letters of [6 * megabyte, 10 * megabyte - 2, 10 * megabyte])
      expect(await send(letters)).toEqual({ status: 413, body: { message: 'Request Entity Too Large' } });
    expect(taken).toEqual([]);
  });

  it('is not kept waiting for a function that takes longer than the integration waits', async () => {
    let done = 0;
    const slow: Work = async (_event, _name, wait) => {
      await wait(400);
      done++;
    };
    const gateway = await open(ROUTES, slow, 50);
    expect(await gateway.ask(CLAIMS, 'GET', '/things')).toEqual(UNAVAILABLE);
    expect(done).toBe(0);
  });
}

const DIFFERENCES: readonly Difference<GatewaySide>[] = [
  {
    what: 'a request without a token',
    ask: async ({ open }) => (await (await open(ROUTES, () => null)).ask(undefined, 'GET', '/things')).status,
    engine: 401,
    model: 200,
    why: 'the model’s callers bring claims; tokens are checked on the engine',
  },
  {
    what: 'an answer that is not JSON',
    async ask({ open }) {
      const gateway = await open(ROUTES, () => ({ statusCode: 200, body: 'short and stout' }));
      return gateway.ask(CLAIMS, 'GET', '/things').then(
        ({ body }) => body,
        ({ name }: Error) => name,
      );
    },
    engine: 'short and stout',
    model: 'SyntaxError',
    why: 'every answer of the API is JSON; the model refuses loudly what it does not know',
  },
];
