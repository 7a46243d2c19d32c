/** Requests as the gateway hands them to a function once its authorizer has verified the token. */
import { randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import type { Handler } from '../../lambdas/http/routes.ts';
import { listedMonths, monthText } from '../../lib/domain/contract/months.ts';
import { flatten } from '../../lib/local/api-gateway/authorizer.ts';
import { ENV } from '../../lib/store/names.ts';
import { expectDeclared } from './declared-answers.ts';
import { H100, newYorkMs, on } from './h100.ts';

export interface Asked {
  /** As the issuer wrote them; a token that says what it is for unless these do. */
  readonly claims?: Record<string, unknown>;
  /** Of the Authorization header, in place of the token with these claims. */
  readonly token?: string;
  /** Of a caller without a token, in place of all claims: the address that the request comes from. */
  readonly address?: string;
  readonly at?: number;
  readonly path?: Record<string, string>;
  readonly query?: Record<string, string>;
  /** The query as it was sent; made of `query` unless given. */
  readonly rawQuery?: string;
  readonly headers?: Record<string, string>;
  /** Text goes as it is; anything else as JSON. */
  readonly body?: unknown;
  readonly isBase64Encoded?: boolean;
}

export interface Answered {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked at field by field
  readonly body: any;
  readonly bytes: Buffer;
}

/** 10:00 in New York on the first trading day. */
export const NOW = newYorkMs('2025-10-20', '10:00');

/** Asks as one operator; what is held of it a second one, oscar, approves. */
export async function askByTwo(handler: Handler, routeKey: string, asked: Asked = {}): Promise<Answered> {
  const first = await ask(handler, routeKey, asked);
  if (first.status !== 202) return first;
  const { held, revision } = first.body;
  return ask(handler, 'POST /v1/operator/held/{held}/approve', {
    ...asked,
    claims: operator('oscar'),
    path: { held },
    body: { revision },
  });
}

export async function ask(handler: Handler, routeKey: string, asked: Asked = {}): Promise<Answered> {
  const answer = await handler(gatewayEvent(routeKey, asked));
  const { statusCode: status = 0, headers = {}, body: text = '', isBase64Encoded = false } = answer;
  const sent = Buffer.from(text, isBase64Encoded ? 'base64' : 'utf8');
  const bytes = headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
  const isJson = /json/.test(`${headers['content-type']}`);
  const body = isJson ? JSON.parse(bytes.toString('utf8')) : undefined;
  expectDeclared(routeKey, status, body);
  if (status === 200 && headers.etag !== undefined) await expectUnchanged(handler, routeKey, asked, `${headers.etag}`);
  return { status, headers, body, bytes };
}

/** Requests that a caller of a test venue may send in a minute. */
export const UNCOUNTED = '1000000';
const askedAgain = new Set<string>();

/** What has just been read has not changed: once a route, so that tests that count requests have few more to count. */
async function expectUnchanged(handler: Handler, routeKey: string, asked: Asked, etag: string): Promise<void> {
  // Where requests are counted one more would count.
  if (askedAgain.has(routeKey) || process.env[ENV.requestsPerMinute] !== UNCOUNTED) return;
  askedAgain.add(routeKey);
  const event = gatewayEvent(routeKey, { ...asked, headers: { ...asked.headers, 'if-none-match': etag } });
  const { statusCode = 0, body } = await handler(event);
  // Beside other tests of the file it may have changed after all: then it is sent anew.
  expectDeclared(routeKey, statusCode, statusCode === 304 ? undefined : JSON.parse(`${body}`));
}

export function gatewayEvent(routeKey: string, asked: Asked): APIGatewayProxyEventV2WithJWTAuthorizer {
  const [method, rawPath] = routeKey.split(' ') as [string, string];
  const { at = NOW, address, path, query, rawQuery, headers = {}, body, isBase64Encoded = false } = asked;
  const claims = { token_use: 'id', ...asked.claims };
  const { token = tokenOf(claims) } = asked;
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString: rawQuery ?? new URLSearchParams(query).toString(),
    headers: { ...(address === undefined ? { authorization: `Bearer ${token}` } : {}), ...headers },
    ...(path ? { pathParameters: path } : {}),
    ...(query ? { queryStringParameters: query } : {}),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    isBase64Encoded,
    requestContext: {
      accountId: '000000000000',
      apiId: 'test',
      ...authorizerOf(address === undefined ? claims : undefined),
      domainName: 'test',
      domainPrefix: 'test',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: address ?? '127.0.0.1', userAgent: 'test' },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: '',
      timeEpoch: at,
    },
  };
}

/** What the gateway knows of a token; nothing where it asks for none, as its type does not say. */
const authorizerOf = (claims: Record<string, unknown> | undefined) =>
  (claims
    ? { authorizer: { principalId: '', integrationLatency: 0, jwt: { claims: flatten(claims), scopes: [] } } }
    : {}) as Pick<APIGatewayProxyEventV2WithJWTAuthorizer['requestContext'], 'authorizer'>;

/** Signed by no issuer: that is the gateway's to look at. */
export const tokenOf = (claims: Record<string, unknown>): string =>
  [{ alg: 'none' }, claims, 'unsigned'].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');

/** The code of a problem: what its type ends with. */
export const codeOf = ({ body }: { readonly body: unknown }): string =>
  String((body as { type?: string } | undefined)?.type).replace('urn:compute-exchange:', '');

export const trader = (account: string): Record<string, unknown> => ({ sub: `user-of-${account}`, 'custom:account': account });
/** A person who may propose and approve; never both of the same. */
export const operator = (sub: string): Record<string, unknown> => ({ sub, 'cognito:groups': ['operators', 'approvers'] });

const LISTED = listedMonths(H100.calendar, on('2025-10-20'), H100.listedMonths);
/** What a product is listed with through the API: every month at 2.400. */
export const LISTING = { date: '2025-10-17', curve: Object.fromEntries(LISTED.map((month) => [monthText(month), '2.400'])) };
export const MONTHS = Object.keys(LISTING.curve);
