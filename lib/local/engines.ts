/**
 * The engines that keep state, DynamoDB and SQS, and the proxy before them if one is asked for: how functions reach them,
 * and the plan's tables and queues in them.
 */

import { startDynamoDb } from './dynamodb/dynamodb.ts';
import type { Clock } from './host/clock.ts';
import type { DataFolder } from './host/data-folder.ts';
import { LocalCloudError } from './host/error.ts';
import type { FunctionUsage } from './proxy/meter.ts';
import { type ProxyOptions, type ProxyTargets, startProxy } from './proxy/proxy.ts';
import type { Service } from './proxy/request.ts';
import { type Queue, startSqs } from './sqs/sqs.ts';
import type { Plan } from './template/plan.ts';
import type { Addresses } from './template/references.ts';

export interface EnginesOptions {
  readonly clock: Clock;
  readonly folder: DataFolder | undefined;
  /** Longest real wait of a message that was sent with a delay. */
  readonly delayMsMax: number;
  readonly proxy: ProxyOptions | undefined;
  /** Ends an environment, as the proxy may ask. */
  readonly kill: ProxyTargets['kill'];
  readonly onArrival: (queue: string) => void;
  /** The DynamoDB engine ended without being told to. */
  readonly onExit: (error: LocalCloudError) => void;
}

export interface Engines {
  readonly dynamodbEndpoint: string;
  readonly sqsEndpoint: string;
  /** Where tables and queues are for functions, once they are created. */
  readonly addresses: Pick<Addresses, 'queueUrl' | 'tableName'>;
  /** Where an environment of a function reaches a service. */
  endpoint(service: Service, functionName: string, environment: number): string;
  readonly queues: ReadonlyMap<string, Queue>;
  /** Throws LocalCloudError when there is none. */
  queueNamed(name: string): Queue;
  /** Makes what is not there yet; `expiry` as in DynamoDb. */
  create(plan: Plan, options: { readonly expiry: boolean }): Promise<void>;
  /** What functions have sent, when the proxy meters. */
  usage(): Readonly<Record<string, FunctionUsage>>;
  stop(): Promise<void>;
}

export async function startEngines({
  clock,
  folder,
  delayMsMax,
  onArrival,
  onExit,
  ...options
}: EnginesOptions): Promise<Engines> {
  await using started = new AsyncDisposableStack();
  const dynamodb = await startDynamoDb({ file: folder?.tablesFile, onExit });
  started.defer(dynamodb.stop);
  folder?.noteEngine(dynamodb.pid);
  const sqs = await startSqs({ clock, dataDir: folder?.dir, delayMsMax, onArrival });
  started.defer(sqs.stop);
  const endpoints = { dynamodb: dynamodb.endpoint, sqs: sqs.endpoint };
  const proxy = options.proxy && (await startProxy(options.proxy, { engines: endpoints, kill: options.kill }));
  started.defer(() => proxy?.stop());
  const running = started.move();
  return {
    dynamodbEndpoint: dynamodb.endpoint,
    sqsEndpoint: sqs.endpoint,
    addresses: { queueUrl: proxy?.queueUrl ?? sqs.queueUrl, tableName: dynamodb.tableName },
    endpoint: proxy?.endpoint ?? ((service) => endpoints[service]),
    queues: sqs.queues,
    queueNamed(name) {
      const queue = sqs.queues.get(name);
      if (queue === undefined)
        throw new LocalCloudError(`There is no queue ${name}`, `There are: ${[...sqs.queues.keys()].join(', ')}.`);
      return queue;
    },
    async create(plan, { expiry }) {
      for (const table of plan.tables) await dynamodb.createTable(table, expiry);
      for (const queue of plan.queues) sqs.createQueue(queue);
    },
    usage: () => Object.fromEntries(proxy?.usage() ?? []),
    stop: () => running.disposeAsync(),
  };
}
