/**
 * The gateway of the virtual cloud: a caller brings claims, which the function sees as a token that no issuer has signed, and
 * may not hear the answer.
 */
import { flatten } from '../local/api-gateway/authorizer.ts';
import { answerFrom, answerToFailure, eventOf, refusal, TOO_LARGE, UNAVAILABLE } from '../local/api-gateway/payload.ts';
import { routerOf } from '../local/api-gateway/router.ts';
import type { RoutePlan } from '../local/template/plan.ts';
import type { Run } from './run.ts';

/** An answer of the gateway: its body parsed, `undefined` when there is none. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** As an issuer writes them: texts, numbers, lists. */
export type Claims = Readonly<Record<string, unknown>>;

/** Sends a request as the bearer of these claims. Rejects when the answer is lost. */
export type Ask = (claims: Claims, method: string, path: string, body?: unknown, key?: string) => Promise<HttpAnswer>;

const TIMEOUT_MS_MAX = 30_000;

export function startGateway(
  routes: readonly RoutePlan[],
  invoke: (functionName: string, event: unknown) => Promise<unknown>,
  { clock, timeline, faultHooks, travel, limits }: Pick<Run, 'clock' | 'timeline' | 'faultHooks' | 'travel' | 'limits'>,
): Ask {
  const match = routerOf(routes);
  let requests = 0;
  return (claims, method, path, body, key) =>
    new Promise((resolve, reject) => {
      const [rawPath = '/', rawQueryString = ''] = path.split(/\?(.*)/s);
      const matched = match(method, rawPath);
      const give = ({ status, body: text }: { status: number; body: string | Buffer }) => {
        if (faultHooks.onAnswer?.(method, path))
          return travel(() => reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })));
        return travel(() => resolve({ status, body: text.length === 0 ? undefined : JSON.parse(String(text)) }));
      };
      if (matched === undefined) return give(refusal(404, 'Not Found'));
      const { route, pathParameters } = matched;
      const content = Buffer.from(body === undefined ? '' : JSON.stringify(body));
      if (content.length > limits.bodyBytes) return give(TOO_LARGE);
      const headers = {
        authorization: `Bearer ${tokenOf(claims)}`,
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      };
      const asked = { headers, method, httpVersion: '1.1', socket: { remoteAddress: '192.0.2.1' } };
      return travel(() => {
        const event = eventOf(asked, {
          route,
          rawPath,
          rawQueryString,
          pathParameters,
          body: content,
          authorized: { claims: flatten(claims), scopes: null },
          timeEpoch: clock.now(),
          requestId: `request.${++requests}`,
        });
        if (Buffer.byteLength(JSON.stringify(event)) > limits.payloadBytes) return give(TOO_LARGE);
        const late = timeline.after(Math.min(route.timeoutMs, TIMEOUT_MS_MAX), () => give(UNAVAILABLE));
        invoke(route.function, event)
          .then(
            (result) => give(answerFrom(result)),
            (error) => give(answerToFailure(error)),
          )
          .finally(late.cancel);
      });
    });
}

const tokenOf = (claims: Claims): string =>
  [{ alg: 'none' }, claims, 'unsigned'].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
