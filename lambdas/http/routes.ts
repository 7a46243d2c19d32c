/**
 * From a gateway event to a route and back: names the caller, counts the request, finds the route, and writes its answer as
 * HTTP. This is the one place where a refusal becomes a status, and where an exception becomes an answer that gives nothing away.
 */
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import {
  type Access,
  type AnswerOf,
  type Read,
  type RouteShape,
  type Routes,
  routeKeyOf,
  type Status,
} from '../../lib/api/route.ts';
import { ENV } from '../../lib/store/names.ts';
import { required } from '../../lib/store/table.ts';
import { type Backends, openBackends, publishMetrics } from '../backends.ts';
import { subjectOf } from './caller.ts';
import { notFound, Problem } from './problems.ts';
import { RequestRate, secondsLeft } from './rate.ts';
import { represent } from './representation.ts';
import { type Request, readRequest } from './request.ts';

type Event = APIGatewayProxyEventV2WithJWTAuthorizer;

/** What a function answers a request with. */
export interface Answer {
  readonly status: Status;
  readonly body?: unknown;
  /** It can never change, so a caller that has it need not ask again. */
  readonly immutable?: boolean;
}

/** What answers requests of one declared route: they come read by its schemas, and the answer is one that it declares. */
export type Answering<Shape extends RouteShape, Caller> = (
  request: Request<Caller> & Read<Shape>,
) => Promise<(AnswerOf<Shape> & Answer) | Problem>;
/** By the ids of the operations. */
export type Handlers<Declared extends Routes, Caller> = { readonly [Id in keyof Declared]: Answering<Declared[Id], Caller> };

export type Handler = (event: Event) => Promise<APIGatewayProxyStructuredResultV2>;

/** An answer with its status and body as types. */
export interface Answered<Code extends Status, Body> {
  readonly status: Code;
  readonly body: Body;
  readonly immutable: boolean;
}
export const ok = <const Body>(body: Body, { immutable = false } = {}): Answered<200, Body> => ({ status: 200, body, immutable });
export const created = <const Body>(body: Body): Answered<201, Body> => ({ status: 201, body, immutable: false });
export const accepted = <const Body>(body: Body): Answered<202, Body> => ({ status: 202, body, immutable: false });
export const done: Answered<204, undefined> = { status: 204, body: undefined, immutable: false };

/** Few enough that the caller gets a 503 with `retry-after` before the function times out, which would be a plain 500. */
const ATTEMPTS_MAX = 3;

/** The callers of an API. */
export interface Callers<Caller> {
  /** Stands before a caller's name where requests are counted. */
  readonly kind: 'participant' | 'operator' | 'address';
  /** By the token alone, or where none is needed by the address. */
  readonly nameOf: (event: Event) => string | Problem;
  readonly admit: (name: string, backends: Backends, event: Event) => Promise<Caller | Problem>;
  /** Why a caller who is admitted may not use a route; not given where all routes are for all. */
  readonly refuse?: (caller: Caller, access: Access) => Problem | undefined;
}

/** What a function serves. */
export interface Served<Declared extends Routes, Caller> {
  readonly declared: Declared;
  readonly handlers: Handlers<Declared, Caller>;
  readonly callers: Callers<Caller>;
}

type Serving<Caller> = (request: Request<Caller>) => Promise<Answer | Problem>;

/** A handler of the gateway's events. */
export function serve<const Declared extends Routes, Caller>(served: Served<Declared, Caller>): Handler {
  const routes = routesOf(served);
  let rate: RequestRate | undefined;
  return async (event) => {
    const backends = openBackends(ATTEMPTS_MAX);
    rate ??= new RequestRate(Number(required(ENV.requestsPerMinute)));
    const { requestId } = event.requestContext;
    const called = { event, rate, left: rate.limit };
    try {
      const answer = await answerTo(called, backends, routes, served.callers);
      if (answer instanceof Problem && answer.status === 403)
        logAccess({ event, backends }, 'caller refused', { code: answer.code });
      return toHttp(called, answer);
    } catch (error) {
      backends.logger.error('request failed', { route: event.routeKey, requestId, error: error as Error });
      return toHttp(called, failure(error));
    } finally {
      publishMetrics(backends);
    }
  };
}

function routesOf<Declared extends Routes, Caller>({
  declared,
  handlers,
  callers,
}: Served<Declared, Caller>): Map<string, Serving<Caller>> {
  const routes = new Map<string, Serving<Caller>>();
  for (const [id, shape] of Object.entries(declared))
    routes.set(routeKeyOf(shape), async (request) => {
      const refused = callers.refuse?.(request.caller, shape.for);
      if (refused) return refused;
      const read = readRequest(request, shape);
      return read instanceof Problem ? read : handlers[id]!({ ...request, ...(read as Read<Declared[string]>) });
    });
  return routes;
}

/** A request on its way to an answer, and what its caller may still send in this minute. */
interface Called {
  readonly event: Event;
  readonly rate: RequestRate;
  left: number;
}

async function answerTo<Caller>(
  called: Called,
  backends: Backends,
  routes: ReadonlyMap<string, Serving<Caller>>,
  { kind, nameOf, admit }: Callers<Caller>,
): Promise<Answer | Problem> {
  const { event, rate } = called;
  const time = event.requestContext.timeEpoch;
  const name = nameOf(event);
  if (name instanceof Problem) return name;
  called.left = await rate.leftTo(backends, `${kind}#${name}`, time);
  if (called.left < 0) {
    called.left = 0;
    return new Problem('too-many-requests', `a caller may send ${rate.limit} requests in a minute`);
  }
  const caller = await admit(name, backends, event);
  if (caller instanceof Problem) return caller;
  const route = routes.get(event.routeKey);
  return route ? route({ caller, event, backends, time }) : notFound('such route');
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
const WINDOW_S = 60;

function toHttp({ event, rate, left }: Called, answer: Answer | Problem): APIGatewayProxyStructuredResultV2 {
  const { timeEpoch, requestId } = event.requestContext;
  const headers: Record<string, string> = {
    'venue-time': new Date(timeEpoch).toISOString(),
    'request-id': requestId,
    // draft-ietf-httpapi-ratelimit-headers
    'ratelimit-policy': `"caller";q=${rate.limit};w=${WINDOW_S}`,
    ratelimit: `"caller";r=${left};t=${secondsLeft(timeEpoch)}`,
  };
  if (answer instanceof Problem) {
    headers['cache-control'] = 'no-store';
    headers['content-type'] = 'application/problem+json';
    if (answer.code === 'try-again') headers['retry-after'] = `${RETRY_AFTER_S}`;
    if (answer.code === 'too-many-requests') headers['retry-after'] = `${secondsLeft(timeEpoch)}`;
    return { statusCode: answer.status, headers, body: JSON.stringify(answer) };
  }
  return represent(event, answer, headers);
}
