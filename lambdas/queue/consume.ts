/**
 * What every queue worker shares: messages are parsed on arrival, worked one after another, and only those that failed
 * come back. In a FIFO queue a failure also returns the later messages of its group, and no other group's, until the queue
 * is about to move the failed one to the dead letters.
 */
import { BatchProcessor, EventType, processPartialResponse, SqsFifoPartialProcessorAsync } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context, SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { type Message, parseMessage } from '../../lib/store/messages.ts';
import { ENV, METRICS, QUEUES, type QueueName } from '../../lib/store/names.ts';
import { Queues } from '../../lib/store/queues.ts';
import { required, Table } from '../../lib/store/table.ts';

/** What a worker has at hand, made once per execution environment. */
export interface Backends {
  readonly table: Table;
  readonly queues: Queues;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

let backends: Backends | undefined;
export function openBackends(): Backends {
  backends ??= {
    table: new Table(),
    queues: new Queues(),
    logger: new Logger({ serviceName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'exchange' }),
    metrics: new Metrics({ namespace: METRICS.namespace, serviceName: METRICS.service }),
  };
  return backends;
}

export type Work<Queue extends QueueName> = (message: Message<Queue>, record: SQSRecord) => Promise<void>;

/** A Lambda handler for a queue. `begin` is called once an invocation, so that its messages share what it has read. */
export function consume<Queue extends QueueName>(
  queue: Queue,
  begin: (backends: Backends) => Work<Queue>,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const fifo = QUEUES[queue].name.endsWith('.fifo');
  return async (event, context) => {
    const at = openBackends();
    const work = begin(at);
    const givenUp: SQSBatchItemFailure[] = [];
    const handle = async (record: SQSRecord): Promise<void> => {
      try {
        await work(parseMessage(queue, record.body), record);
      } catch (error) {
        // The message itself stays out of the log: it may hold a sealed order.
        const { messageId, attributes } = record;
        at.logger.error('message failed', {
          queue,
          messageId,
          received: attributes.ApproximateReceiveCount,
          error: error as Error,
        });
        if (!fifo || !isLastReceive(record)) throw error;
        givenUp.push({ itemIdentifier: messageId });
      }
    };
    try {
      if (!fifo)
        return await processPartialResponse(event, handle, new BatchProcessor(EventType.SQS), {
          context,
          processInParallel: false,
        });
      const processor = new SqsFifoPartialProcessorAsync();
      const { batchItemFailures } = await processPartialResponse(event, handle, processor, { context, skipGroupOnError: true });
      return { batchItemFailures: [...batchItemFailures, ...givenUp] };
    } finally {
      if (at.metrics.hasStoredMetrics()) at.metrics.publishStoredMetrics();
    }
  };
}

/**
 * Whether the queue will move the message to the dead letters instead of bringing it again. The messages behind it in its
 * group were received as often as it was: if they went back once more, they would become dead letters with it, though
 * nothing is wrong with them. So they are worked now, as they would be after it had gone.
 */
const isLastReceive = ({ attributes }: SQSRecord): boolean =>
  Number(attributes.ApproximateReceiveCount) >= Number(required(ENV.receivesMax));

/** Counts something once, as its own metric line. */
export const measure = ({ metrics }: Backends, name: string, value: number): void => {
  metrics.addMetric(name, MetricUnit.NoUnit, value);
};

/**
 * Repeats a decision until no other worker has committed in between; `undefined` asks for another try. There are a few
 * commits a minute, so after twenty tries it throws: that many in a row can only be a bug.
 */
export async function untilCommitted<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 20; tries++) {
    const done = await attempt();
    if (done !== undefined) return done;
  }
  throw new Error('the clearing log kept moving for twenty tries');
}
