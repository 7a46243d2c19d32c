/**
 * The shapes between a WebSocket API and its functions: the events of authorizer and routes, and what an authorizer answers. Of the
 * authorizer's context only `$connect` gets to know: no document says that later routes do.
 *
 * Source: Amazon API Gateway developer guide, "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers" and "Set up an
 * integration request of a WebSocket API".
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../template/assembly.ts';
import type { WebSocketRouteKey } from '../template/plan.ts';

/** What is known of a connection from its handshake on. */
export interface Handshake {
  readonly connectionId: string;
  readonly connectedAtMs: number;
  readonly stage: string;
  readonly host: string;
  readonly sourceIp: string;
  readonly userAgent: string;
}

const EVENT_TYPES = { $connect: 'CONNECT', $disconnect: 'DISCONNECT', $default: 'MESSAGE' } as const;
const API = 'local';

export const methodArn = (stage: string): string =>
  `arn:aws:execute-api:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${API}/${stage}/$connect`;

export function contextOf(handshake: Handshake, routeKey: WebSocketRouteKey, nowMs: number, more: object = {}) {
  const { connectionId, connectedAtMs, stage, host, sourceIp, userAgent } = handshake;
  const requestId = randomUUID();
  return {
    routeKey,
    eventType: EVENT_TYPES[routeKey],
    messageDirection: 'IN',
    stage,
    connectedAt: connectedAtMs,
    connectionId,
    requestTime: new Date(nowMs).toUTCString(),
    requestTimeEpoch: nowMs,
    requestId,
    extendedRequestId: requestId,
    identity: { sourceIp, userAgent },
    domainName: host,
    apiId: API,
    ...more,
  };
}

/** Headers and query as functions get them: by the name that the client wrote, the last value alone and all of them in a list. */
export function requestParts({ rawHeaders, url = '/' }: Pick<IncomingMessage, 'rawHeaders' | 'url'>) {
  const headers: [string, string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) headers.push([rawHeaders[at]!, rawHeaders[at + 1]!]);
  const query = [...new URL(url, 'ws://local').searchParams];
  return {
    headers: Object.fromEntries(headers),
    multiValueHeaders: listed(headers),
    ...(query.length === 0
      ? {}
      : { queryStringParameters: Object.fromEntries(query), multiValueQueryStringParameters: listed(query) }),
  };
}

const listed = (entries: readonly (readonly [string, string])[]): Record<string, string[]> =>
  Object.fromEntries(
    [...Map.groupBy(entries, ([name]) => name)].map(([name, values]) => [name, values.map(([, value]) => value)]),
  );

/** What an authorizer said: its context for `$connect`, every value of it as text, or that the caller is refused. Throws on an answer that the service would not take. */
export function verdictIn(answer: unknown, arn: string): { readonly authorizer: Record<string, string> } | 'refused' {
  const { principalId, policyDocument, context = {} } = (answer ?? {}) as Partial<AuthorizerAnswer>;
  const statements = [policyDocument?.Statement ?? []].flat();
  if (typeof principalId !== 'string' || statements.length === 0)
    throw new Error('an authorizer answers with a principal and a policy');
  if (Object.values(context).some((value) => !['string', 'number', 'boolean'].includes(typeof value)))
    throw new Error('a context holds texts, numbers and booleans');
  const effects = statements.filter((each) => matches(each, arn)).map(({ Effect }) => Effect);
  const written = Object.entries({ ...context, principalId }).map(([name, value]) => [name, String(value)]);
  return effects.includes('Allow') && !effects.includes('Deny') ? { authorizer: Object.fromEntries(written) } : 'refused';
}

interface AuthorizerAnswer {
  readonly principalId: string;
  readonly policyDocument: { readonly Statement: PolicyStatement | readonly PolicyStatement[] };
  readonly context: Readonly<Record<string, unknown>>;
}

interface PolicyStatement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

const matches = ({ Action, Resource }: PolicyStatement, arn: string): boolean =>
  [Action].flat().some((pattern) => isLike('execute-api:Invoke', pattern)) &&
  [Resource].flat().some((pattern) => isLike(arn, pattern));

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** As IAM matches: `*` stands for any text. */
const isLike = (text: string, pattern: string): boolean =>
  new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 's').test(text);
