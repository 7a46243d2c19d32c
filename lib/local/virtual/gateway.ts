/** The gateway of the virtual cloud: whoever asks is believed to be who they say, and may not hear the answer. */
import type { Clock } from '../clock.ts';
import { answerFrom, eventOf, INTERNAL, refusal, UNAVAILABLE } from '../payload.ts';
import type { Plan } from '../plan.ts';
import { routerOf } from '../router.ts';
import type { VirtualCloud } from './cloud.ts';
import type { Environments } from './environment.ts';
import type { Ways } from './source.ts';
import type { Timeline } from './timeline.ts';

const GATEWAY_MS_MAX = 30_000;

export function gatewayOf(
  plan: Plan,
  functions: ReadonlyMap<string, Environments>,
  { clock, timeline, misfortune, travel }: { clock: Clock; timeline: Timeline } & Pick<Ways, 'misfortune' | 'travel'>,
): VirtualCloud['ask'] {
  const match = routerOf(plan.routes);
  let requests = 0;
  return (claims, method, path, body, key) =>
    new Promise((resolve, reject) => {
      const [rawPath = '/', rawQueryString = ''] = path.split(/\?(.*)/s);
      const matched = match(method, rawPath);
      const give = ({ status, body: text }: { status: number; body: string | Buffer }) => {
        if (misfortune.onAnswer?.(method, path))
          return travel(() => reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })));
        return travel(() => resolve({ status, body: text.length === 0 ? undefined : JSON.parse(String(text)) }));
      };
      if (matched === undefined) return give(refusal(404, 'Not Found'));
      const { route, pathParameters } = matched;
      const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
      const asked = { headers, method, httpVersion: '1.1', socket: { remoteAddress: '192.0.2.1' } };
      return travel(() => {
        const event = eventOf(asked, {
          route,
          rawPath,
          rawQueryString,
          pathParameters,
          body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
          authorized: { claims, scopes: null },
          timeEpoch: clock.now(),
          requestId: `request.${++requests}`,
        });
        const late = timeline.after(Math.min(route.timeoutMs, GATEWAY_MS_MAX), () => give(UNAVAILABLE));
        functions
          .get(route.function)!
          .invoke(event)
          .then(
            (result) => give(answerFrom(result)),
            () => give(INTERNAL),
          )
          .finally(late.cancel);
      });
    });
}
