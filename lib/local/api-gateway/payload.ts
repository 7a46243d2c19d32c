/**
 * The shapes between the gateway and a function: the event of payload format 2.0, and the HTTP answer that is made of what
 * the function returned.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import { ThrottledError } from '../lambda/function.ts';
import { LOCAL_ACCOUNT } from '../template/assembly.ts';
import type { RoutePlan } from '../template/plan.ts';
import type { Authorized } from './authorizer.ts';

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Buffer;
}

export const JSON_TYPE = { 'content-type': 'application/json' };

export const refusal = (status: number, message: string): Answer => ({
  status,
  headers: JSON_TYPE,
  body: JSON.stringify({ message }),
});
export const TOO_LARGE = refusal(413, 'Request Entity Too Large');
export const UNAVAILABLE = refusal(503, 'Service Unavailable');
export const INTERNAL = refusal(500, 'Internal Server Error');

/** What of a request goes into the event besides its parts. */
export type Asked = Pick<IncomingMessage, 'headers' | 'method' | 'httpVersion'> & {
  readonly socket: { readonly remoteAddress?: string | undefined };
};

export interface EventParts {
  readonly route: RoutePlan;
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly pathParameters: Record<string, string>;
  readonly body: Buffer;
  readonly authorized: Authorized | undefined;
  readonly timeEpoch: number;
  /** Any, unless given. */
  readonly requestId?: string;
}

export function eventOf(request: Asked, parts: EventParts): APIGatewayProxyEventV2WithJWTAuthorizer {
  const { route, rawPath, rawQueryString, pathParameters, body, authorized, timeEpoch, requestId = randomUUID() } = parts;
  const { cookie, ...headers } = joined(request.headers);
  const isText = /^(text\/|application\/(json|xml|javascript|[\w.-]+\+(json|xml)))/i.test(headers['content-type'] ?? '');
  return {
    version: '2.0',
    routeKey: route.key,
    rawPath: decode(rawPath),
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/) }),
    headers,
    ...(rawQueryString === '' ? {} : { queryStringParameters: queryOf(rawQueryString) }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters }),
    requestContext: {
      accountId: LOCAL_ACCOUNT,
      apiId: 'local',
      ...(authorized === undefined ? {} : { authorizer: { principalId: '', integrationLatency: 0, jwt: authorized } }),
      domainName: request.headers.host ?? '127.0.0.1',
      domainPrefix: 'local',
      http: {
        method: request.method ?? 'GET',
        path: decode(rawPath),
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey: route.key,
      stage: '$default',
      time: new Date(timeEpoch).toISOString(),
      timeEpoch,
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  } as APIGatewayProxyEventV2WithJWTAuthorizer;
}

/** Headers by lower-case name; one that came several times as one, joined by commas. */
export const joined = (headers: Asked['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(name === 'cookie' ? '; ' : ',')]));

/** An invocation that waits for its answer takes so much JSON. */
const EVENT_BYTES_MAX = 6 * 1024 * 1024;

/** Whether the gateway takes a request that Lambda does not: bytes that are no text are longer in an event than on their way. */
export const isTooLargeToInvoke = (event: unknown): boolean => Buffer.byteLength(JSON.stringify(event)) > EVENT_BYTES_MAX;

/** What a caller hears of a function that did not answer. */
export const answerToFailure = (error: unknown): Answer => (error instanceof ThrottledError ? UNAVAILABLE : INTERNAL);

/** A function may answer with a response, or with any JSON, which then is the body of a 200. */
export function answerFrom(result: unknown): Answer {
  const response = result as {
    statusCode?: unknown;
    headers?: Record<string, unknown>;
    body?: unknown;
    isBase64Encoded?: unknown;
    cookies?: string[];
  };
  if (typeof result !== 'object' || result === null || response.statusCode === undefined) {
    return { status: 200, headers: JSON_TYPE, body: typeof result === 'string' ? result : JSON.stringify(result) };
  }
  const status = Number(response.statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return INTERNAL;
  if (response.body !== undefined && response.body !== null && typeof response.body !== 'string') return INTERNAL;
  const headers = Object.fromEntries(
    Object.entries(response.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  return {
    status,
    headers: {
      'content-type': 'text/plain;charset=utf-8',
      ...headers,
      ...(response.cookies === undefined ? {} : { 'set-cookie': response.cookies }),
    },
    body: response.isBase64Encoded === true ? Buffer.from(response.body ?? '', 'base64') : (response.body ?? ''),
  };
}

function queryOf(rawQueryString: string): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(rawQueryString))
    query[name] = query[name] === undefined ? value : `${query[name]},${value}`;
  return query;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
