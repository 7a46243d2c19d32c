/**
 * From a gateway event to a route and back: identifies the caller, finds the route, and writes its answer as HTTP. This is
 * the one place where a refusal becomes a status, and where an exception becomes an answer that gives nothing away.
 */
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type Backends, openBackends, publishMetrics } from '../backends.ts';
import { subjectOf } from './caller.ts';
import { notFound, Problem } from './problems.ts';
import type { Request } from './request.ts';

export interface Answer {
  readonly status: 200 | 201 | 202 | 204;
  readonly body?: unknown;
}
export type Route<Caller> = (request: Request<Caller>) => Promise<Answer | Problem>;
export type Handler = (event: APIGatewayProxyEventV2WithJWTAuthorizer) => Promise<APIGatewayProxyStructuredResultV2>;

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (body: unknown): Answer => ({ status: 201, body });
export const accepted = (body: unknown): Answer => ({ status: 202, body });
export const done: Answer = { status: 204 };

/** Few enough that the caller gets a 503 with `retry-after` before the function times out, which would be a plain 500. */
const ATTEMPTS_MAX = 3;

type Identify<Caller> = (event: APIGatewayProxyEventV2WithJWTAuthorizer, backends: Backends) => Promise<Caller | Problem>;

/** A handler over a map from `routeKey` to what answers it, for the callers that `identify` lets in. */
export function serve<Caller>(routes: Readonly<Record<string, Route<Caller>>>, identify: Identify<Caller>): Handler {
  return async (event) => {
    const backends = openBackends(ATTEMPTS_MAX);
    try {
      const answer = await answerTo(event, backends, routes, identify);
      if (answer instanceof Problem && answer.status === 403)
        logAccess({ event, backends }, 'caller refused', { code: answer.code });
      return toHttp(answer);
    } catch (error) {
      backends.logger.error('request failed', { route: event.routeKey, error: error as Error });
      return toHttp(failure(error));
    } finally {
      publishMetrics(backends);
    }
  };
}

async function answerTo<Caller>(
  event: APIGatewayProxyEventV2WithJWTAuthorizer,
  backends: Backends,
  routes: Readonly<Record<string, Route<Caller>>>,
  identify: Identify<Caller>,
): Promise<Answer | Problem> {
  const caller = await identify(event, backends);
  if (caller instanceof Problem) return caller;
  const route = Object.hasOwn(routes, event.routeKey) ? routes[event.routeKey] : undefined;
  return route ? route({ caller, event, backends, time: event.requestContext.timeEpoch }) : notFound('such route');
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

function toHttp(answer: Answer | Problem): APIGatewayProxyStructuredResultV2 {
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  if (answer instanceof Problem) {
    headers['content-type'] = 'application/problem+json';
    if (answer.code === 'try-again') headers['retry-after'] = `${RETRY_AFTER_S}`;
    return { statusCode: answer.status, headers, body: JSON.stringify(answer) };
  }
  if (answer.body === undefined) return { statusCode: answer.status, headers };
  return {
    statusCode: answer.status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(answer.body),
  };
}
