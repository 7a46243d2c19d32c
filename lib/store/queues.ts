/** Sending: batches of at most ten, each entry checked, because SQS answers 200 for a batch it only partly took. */
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Message, SubmissionMessage } from './messages.ts';
import { QUEUES, type QueueName } from './names.ts';
import { required } from './table.ts';

const BATCH_MAX = 10;

export class Queues {
  readonly #client: SQSClient;

  constructor(attemptsMax = 5, client = new SQSClient({ maxAttempts: attemptsMax, cacheMiddleware: true })) {
    this.#client = client;
  }

  /** The orders group of a product's shard: one group, one order of events, one cut. */
  static group = (product: string, shard: number): string => `${product}#${shard}`;

  async submit(message: SubmissionMessage): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: required(QUEUES.orders.url),
        MessageBody: JSON.stringify(message),
        MessageGroupId: Queues.group(message.product, message.shard),
        // The same submission again is dropped here for five minutes; after that, and always, by its item's key.
        MessageDeduplicationId: `${message.account}.${message.key}.${message.digest}`,
      }),
    );
  }

  async sendMarkers(product: string, auction: number, slot: string, shards: number): Promise<void> {
    const entries = Array.from({ length: shards }, (_, shard) => ({
      Id: `${shard}`,
      MessageBody: JSON.stringify({ v: 1, kind: 'marker', product, shard, auction, slot } satisfies Message<'orders'>),
      MessageGroupId: Queues.group(product, shard),
      MessageDeduplicationId: `marker.${product}.${auction}.${shard}`,
    }));
    await this.#sendAll('orders', entries);
  }

  /** Rings every shard: the log has reached `seq`. `why` keeps a later ring from passing for a repeat of an earlier. */
  async notifyPostings(seq: number, shards: number, why = 'commit'): Promise<void> {
    const entries = Array.from({ length: shards }, (_, shard) => ({
      Id: `${shard}`,
      MessageBody: JSON.stringify({ v: 1, shard } satisfies Message<'postings'>),
      MessageGroupId: `${shard}`,
      MessageDeduplicationId: `post.${seq}.${shard}.${why}`,
    }));
    await this.#sendAll('postings', entries);
  }

  async notify<Queue extends 'closings' | 'clearings' | 'rolls' | 'day-runs'>(
    queue: Queue,
    message: Message<Queue>,
  ): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: required(QUEUES[queue].url), MessageBody: JSON.stringify(message) }),
    );
  }

  async #sendAll(queue: QueueName, entries: { Id: string; MessageBody: string }[]): Promise<void> {
    for (let at = 0; at < entries.length; at += BATCH_MAX) {
      const { Failed } = await this.#client.send(
        new SendMessageBatchCommand({ QueueUrl: required(QUEUES[queue].url), Entries: entries.slice(at, at + BATCH_MAX) }),
      );
      if (Failed?.length) throw new Error(`${Failed.length} messages to ${queue} failed: ${Failed[0]!.Code}`);
    }
  }
}
