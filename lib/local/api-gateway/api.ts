/** The template's API on the gateway: its routes, the local issuer of its tokens, and what CloudWatch measures of it. */
import type { Metrics } from '../cloudwatch/metrics.ts';
import { recordRequest } from '../cloudwatch/service-metrics.ts';
import type { Clock } from '../host/clock.ts';
import type { Plan } from '../template/plan.ts';
import { startAuthorizer } from './authorizer.ts';
import type { Gateway } from './gateway.ts';
import { type Identity, startIdentity } from './issuer.ts';

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

const ISSUER_PATH = '/local-issuer';

/** Opens the gateway; gives the issuer, whose documents are below `/local-issuer`. */
export async function openApi(gateway: Gateway, { routes }: Pick<Plan, 'routes'>, options: ApiOptions): Promise<Identity> {
  const { clock, metrics, dataDir, invoke, onChange, problem } = options;
  const issuer = `${gateway.url}${ISSUER_PATH}`;
  const audience = routes.find((route) => route.authorizer !== undefined)?.authorizer?.audience[0] ?? 'local';
  const identity = await startIdentity({ issuer, audience, clock, dataDir });
  const documents = Object.entries(identity.documents).map(([path, document]) => [`${ISSUER_PATH}${path}`, document] as const);
  gateway.open({
    routes,
    authorize: startAuthorizer(identity, clock),
    invoke,
    clock,
    documents: Object.fromEntries(documents),
    onAnswer: (status, latencyMs) => {
      recordRequest(metrics, routes[0]?.api ?? '', status, latencyMs);
      onChange();
    },
    onError: (error) => problem(error as Error),
  });
  return identity;
}
