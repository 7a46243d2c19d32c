/**
 * A queue with its one consumer: its dead-letter queue, its visibility and the event source mapping belong together, so
 * they are made together. FIFO queues run in high-throughput mode, with ids for deduplication given by the sender.
 */

import { Duration } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { deadLettersName, QUEUES, type QueueName } from '../store/names.ts';
import { PIPELINE } from './pipeline.ts';

const FIFO = '.fifo';

/** As AWS advises for a mapping: room to retry a batch that was throttled while an earlier one ran. */
const VISIBILITY_PER_TIMEOUT = 6;
const DEAD_LETTERS_KEPT = Duration.days(14);

/** A queue of the pipeline and its dead letters. */
export class WorkQueue extends Construct {
  readonly queue: sqs.Queue;
  readonly deadLetters: sqs.Queue;
  readonly queueName: QueueName;
  readonly isFifo: boolean;
  readonly receivesMax: number;

  constructor(scope: Construct, queueName: QueueName, receivesMax: number) {
    super(scope, queueName);
    const { name, consumer } = QUEUES[queueName];
    this.queueName = queueName;
    this.receivesMax = receivesMax;
    this.isFifo = name.endsWith(FIFO);
    this.deadLetters = deadLetterQueue(this, 'dead-letters', deadLettersName(name));
    this.queue = new sqs.Queue(this, 'queue', {
      queueName: name,
      ...(this.isFifo ? highThroughputFifo : {}),
      visibilityTimeout: Duration.seconds(VISIBILITY_PER_TIMEOUT * PIPELINE[consumer].timeout_s),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: receivesMax },
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
  }
}

/** A queue for what could not be delivered or processed, kept for 14 days, the longest that SQS keeps anything. */
export function deadLetterQueue(scope: Construct, id: string, queueName: string): sqs.Queue {
  return new sqs.Queue(scope, id, {
    queueName,
    ...(queueName.endsWith(FIFO) ? highThroughputFifo : {}),
    retentionPeriod: DEAD_LETTERS_KEPT,
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
  });
}

const highThroughputFifo = {
  fifo: true,
  contentBasedDeduplication: false,
  deduplicationScope: sqs.DeduplicationScope.MESSAGE_GROUP,
  fifoThroughputLimit: sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
} satisfies sqs.QueueProps;
