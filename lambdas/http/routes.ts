/**
 * From a gateway event to a route and back: names the caller, counts the request, finds the route, and writes its answer as
 * HTTP. This is the one place where a refusal becomes a status, and where an exception becomes an answer that gives nothing away.
 */
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import { ENV } from '../../lib/store/names.ts';
import { required } from '../../lib/store/table.ts';
import { type Backends, openBackends, publishMetrics } from '../backends.ts';
import { subjectOf } from './caller.ts';
import { notFound, Problem } from './problems.ts';
import { RequestRate, secondsLeft } from './rate.ts';
import { type Request, readQuery } from './request.ts';

type Event = APIGatewayProxyEventV2WithJWTAuthorizer;

export interface Answer {
  readonly status: 200 | 201 | 202 | 204;
  readonly body?: unknown;
}

/** What answers a request. A function alone takes no query parameter at all; `withQuery` says which ones a route takes. */
export type Route<Caller> = Answering<Caller> | QueryRoute<Caller>;
type Answering<Caller> = (request: Request<Caller>) => Promise<Answer | Problem>;

interface QueryRoute<Caller> {
  readonly query: z.ZodType;
  readonly answer: (request: Request<Caller>, query: never) => Promise<Answer | Problem>;
}

/** A route and its query parameters: a schema of texts, closed. */
export const withQuery = <Caller, Schema extends z.ZodType>(
  query: Schema,
  answer: (request: Request<Caller>, query: z.infer<Schema>) => Promise<Answer | Problem>,
): Route<Caller> => ({ query, answer });

export type Handler = (event: Event) => Promise<APIGatewayProxyStructuredResultV2>;

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (body: unknown): Answer => ({ status: 201, body });
export const accepted = (body: unknown): Answer => ({ status: 202, body });
export const done: Answer = { status: 204 };

/** Few enough that the caller gets a 503 with `retry-after` before the function times out, which would be a plain 500. */
const ATTEMPTS_MAX = 3;

/** The callers of an API. */
export interface Callers<Caller> {
  /** Stands before a caller's name where requests are counted. */
  readonly kind: 'participant' | 'operator';
  /** By the token alone. */
  readonly nameOf: (event: Event) => string | Problem;
  readonly admit: (name: string, backends: Backends, event: Event) => Promise<Caller | Problem>;
}

/** A handler over a map from `routeKey` to what answers it. */
export function serve<Caller>(routes: Readonly<Record<string, Route<Caller>>>, callers: Callers<Caller>): Handler {
  let rate: RequestRate | undefined;
  return async (event) => {
    const backends = openBackends(ATTEMPTS_MAX);
    rate ??= new RequestRate(Number(required(ENV.requestsPerMinute)));
    try {
      const answer = await answerTo(event, backends, routes, callers, rate);
      if (answer instanceof Problem && answer.status === 403)
        logAccess({ event, backends }, 'caller refused', { code: answer.code });
      return toHttp(event, rate, answer);
    } catch (error) {
      backends.logger.error('request failed', { route: event.routeKey, error: error as Error });
      return toHttp(event, rate, failure(error));
    } finally {
      publishMetrics(backends);
    }
  };
}

async function answerTo<Caller>(
  event: Event,
  backends: Backends,
  routes: Readonly<Record<string, Route<Caller>>>,
  { kind, nameOf, admit }: Callers<Caller>,
  rate: RequestRate,
): Promise<Answer | Problem> {
  const time = event.requestContext.timeEpoch;
  const name = nameOf(event);
  if (name instanceof Problem) return name;
  if (!(await rate.admits(backends, `${kind}#${name}`, time)))
    return new Problem('too-many-requests', `a caller may send ${rate.limit} requests in a minute`);
  const caller = await admit(name, backends, event);
  if (caller instanceof Problem) return caller;
  const route = Object.hasOwn(routes, event.routeKey) ? routes[event.routeKey] : undefined;
  return route ? answerBy(route, { caller, event, backends, time }) : notFound('such route');
}

const NO_QUERY = z.strictObject({});

async function answerBy<Caller>(route: Route<Caller>, request: Request<Caller>): Promise<Answer | Problem> {
  const query = readQuery(request, typeof route === 'function' ? NO_QUERY : route.query);
  if (query instanceof Problem) return query;
  return typeof route === 'function' ? route(request) : route.answer(request, query as never);
}

/** One line of the access log: which caller did what, in ids and codes only. Never what a request held: no order, no token. */
export function logAccess(
  { event, backends: { logger } }: Pick<Request<unknown>, 'event' | 'backends'>,
  what: string,
  more: Record<string, unknown> = {},
): void {
  const { requestId, timeEpoch } = event.requestContext;
  logger.info(what, { access: true, route: event.routeKey, subject: subjectOf(event), requestId, timeEpoch, ...more });
}

/** The SDK marks what it throws with the metadata of the attempt: then the table or a queue failed, and not our code. */
function failure(error: unknown): Problem {
  return typeof error === 'object' && error !== null && '$metadata' in error
    ? new Problem('try-again', 'nothing can be said about what was done; send the same request again')
    : new Problem('internal-error', 'it is logged and the operator is told');
}

const RETRY_AFTER_S = 1;

function toHttp(event: Event, { limit }: RequestRate, answer: Answer | Problem): APIGatewayProxyStructuredResultV2 {
  const { timeEpoch } = event.requestContext;
  const headers: Record<string, string> = {
    'cache-control': 'no-store',
    'venue-time': new Date(timeEpoch).toISOString(),
    'ratelimit-limit': `${limit}`,
  };
  if (answer instanceof Problem) {
    headers['content-type'] = 'application/problem+json';
    if (answer.code === 'try-again') headers['retry-after'] = `${RETRY_AFTER_S}`;
    if (answer.code === 'too-many-requests') headers['retry-after'] = `${secondsLeft(timeEpoch)}`;
    return { statusCode: answer.status, headers, body: JSON.stringify(answer) };
  }
  if (answer.body === undefined) return { statusCode: answer.status, headers };
  return {
    statusCode: answer.status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(answer.body),
  };
}
