/** What a function has at hand: the table, the queues, its logger and its metrics, one of each for the life of its process. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { shardsIn } from '../lib/store/control-totals.ts';
import { ENV, METRICS } from '../lib/store/names.ts';
import { Queues } from '../lib/store/queues.ts';
import { required, Table, tableClient } from '../lib/store/table.ts';

export interface Backends {
  readonly table: Table;
  readonly queues: Queues;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How many shards the accounts are spread over. */
  readonly shards: number;
}

let backends: Backends | undefined;

/** Made by the first call. `attemptsMax` is how often a request to the table or a queue is made before it fails. */
export function openBackends(attemptsMax?: number): Backends {
  backends ??= makeBackends(attemptsMax);
  return backends;
}

/** The table and the queues are made when they are first used: a request may be refused without them. */
function makeBackends(attemptsMax: number | undefined): Backends {
  let table: Table | undefined;
  let queues: Queues | undefined;
  return {
    get table(): Table {
      table ??= new Table(required(ENV.table), tableClient(attemptsMax));
      return table;
    },
    get queues(): Queues {
      queues ??= new Queues(attemptsMax);
      return queues;
    },
    get shards(): number {
      return Number(required(ENV.shards));
    },
    logger: new Logger({ serviceName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'exchange' }),
    metrics: new Metrics({ namespace: METRICS.namespace, serviceName: METRICS.service }),
  };
}

let areShardsKnown = false;

/**
 * Throws when the accounts in the table are spread over another number of shards than this function is deployed with: it would look for
 * every account where it is not. Looked at once by a process.
 */
export async function checkShards({ table, shards }: Backends): Promise<void> {
  if (areShardsKnown) return;
  const stored = await shardsIn(table);
  if (stored !== undefined && stored !== shards)
    throw new Error(`the table holds its accounts in ${stored} shards, and this function is deployed with ${shards}`);
  areShardsKnown = true;
}

/** Counts something once, as its own metric line. */
export const measure = ({ metrics }: Backends, name: string, value: number): void => {
  metrics.addMetric(name, MetricUnit.NoUnit, value);
};

/** Writes what was measured, if anything was. */
export function publishMetrics({ metrics }: Backends): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
