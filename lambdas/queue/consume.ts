/**
 * What every queue worker shares: messages are parsed on arrival, worked one after another, and only those that failed
 * come back. In a FIFO queue a failure also returns the later messages of its group, and no other group's, until the queue
 * is about to move the failed one to the dead letters.
 */
import { BatchProcessor, EventType, processPartialResponse, SqsFifoPartialProcessorAsync } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { type Message, parseMessage } from '../../lib/store/messages.ts';
import { ENV, QUEUES, type QueueName } from '../../lib/store/names.ts';
import { required } from '../../lib/store/table.ts';
import { type Backends, checkShards, openBackends, publishMetrics } from '../backends.ts';

export type Work<Queue extends QueueName> = (message: Message<Queue>, record: SQSRecord) => Promise<void>;

/** Milliseconds that are left to the invocation. */
export type TimeLeft = () => number;

/** A Lambda handler for a queue. `begin` is called once an invocation, so that its messages share what it has read. */
export function consume<Queue extends QueueName>(
  queue: Queue,
  begin: (backends: Backends, timeLeft: TimeLeft) => Work<Queue>,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const fifo = QUEUES[queue].name.endsWith('.fifo');
  return async (event, context) => {
    const at = openBackends();
    const work = begin(at, () => context.getRemainingTimeInMillis());
    const givenUp: SQSBatchItemFailure[] = [];
    const handle = async (record: SQSRecord): Promise<void> => {
      try {
        const message = parseMessage(queue, record.body);
        await checkShards(at);
        await work(message, record);
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
      publishMetrics(at);
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
