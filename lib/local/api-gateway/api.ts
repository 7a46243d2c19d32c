/** The template's API on the gateway: its routes, the local issuer of its tokens, and what CloudWatch measures of it. */
import type { Metrics } from '../cloudwatch/metrics.ts';
import { recordRequest } from '../cloudwatch/service-metrics.ts';
import type { Clock } from '../host/clock.ts';
import type { Plan } from '../template/plan.ts';
import { startAuthorizer } from './authorizer.ts';
import type { Gateway } from './gateway.ts';
import { type Identity, startIdentity } from './issuer.ts';
import { startWebSockets, type WebSockets } from './websocket.ts';

export interface ApiOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Keeps the issuer's key here. */
  readonly dataDir: string | undefined;
  readonly invoke: (functionName: string, event: unknown) => Promise<unknown>;
  /** A request has ended. */
  readonly onChange: () => void;
  /** A fault of the gateway itself. */
  readonly problem: (error: Error) => void;
}

export interface Api {
  /** The issuer, whose documents are below `/local-issuer`. */
  readonly identity: Identity;
  readonly webSockets: WebSockets | undefined;
}

/** The address of the issuer of a gateway's tokens. */
export const issuerOf = (gatewayUrl: string): string => `${gatewayUrl}${ISSUER_PATH}`;
const ISSUER_PATH = '/local-issuer';

/** Opens the gateway. */
export async function openApi(gateway: Gateway, plan: Pick<Plan, 'routes' | 'webSockets'>, options: ApiOptions): Promise<Api> {
  const { routes } = plan;
  const { clock, metrics, dataDir, invoke, onChange, problem } = options;
  const issuer = issuerOf(gateway.url);
  const onError = (error: unknown) => problem(error as Error);
  const audience = routes.find((route) => route.authorizer !== undefined)?.authorizer?.audience[0] ?? 'local';
  const identity = await startIdentity({ issuer, audience, clock, dataDir });
  const documents = Object.entries(identity.documents).map(([path, document]) => [`${ISSUER_PATH}${path}`, document] as const);
  const webSockets = plan.webSockets && startWebSockets(plan.webSockets, { clock, invoke, onError });
  gateway.open({
    routes,
    authorize: startAuthorizer(identity, clock),
    invoke,
    clock,
    webSockets,
    documents: Object.fromEntries(documents),
    onAnswer: (status, latencyMs) => {
      recordRequest(metrics, routes[0]?.api ?? '', status, latencyMs);
      onChange();
    },
    onError,
  });
  return { identity, webSockets };
}
