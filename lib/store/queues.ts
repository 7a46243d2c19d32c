/** Sending: batches of at most ten, each entry checked, because SQS answers 200 for a batch it only partly took. */
import { GetQueueAttributesCommand, SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Message, SubmissionMessage } from './messages.ts';
import { deadLettersName, QUEUES, type QueueName, SCHEDULES_DEAD_LETTERS } from './names.ts';
import { required } from './table.ts';

const BATCH_MAX = 10;

/** Messages of a queue, about as many: ready, being worked on, not ready yet; and those of its dead letters. */
export interface QueueDepth {
  readonly queue: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  readonly deadLetters: number;
}

const DEPTH = {
  visible: 'ApproximateNumberOfMessages',
  inFlight: 'ApproximateNumberOfMessagesNotVisible',
  delayed: 'ApproximateNumberOfMessagesDelayed',
} as const;

/** The queues of the pipeline, for sending, and for looking at how full they are. `attemptsMax` is how often the SDK tries a request before it throws. */
export class Queues {
  readonly #client: SQSClient;

  constructor(attemptsMax = 5, client = new SQSClient({ maxAttempts: attemptsMax, cacheMiddleware: true })) {
    this.#client = client;
  }

  /** The group of a product's shard in `orders.fifo`: its messages stay in order, and one marker cuts them. */
  static group = (product: string, shard: number): string => `${product}#${shard}`;

  /** Puts a submission into its group of `orders.fifo`. When it returns, SQS keeps the message. */
  async submit(message: SubmissionMessage): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: required(QUEUES.orders.url),
        MessageBody: JSON.stringify(message),
        MessageGroupId: Queues.group(message.product, message.shard),
        // SQS drops the same submission for five minutes; accept-orders finds it by its item's key at any time.
        MessageDeduplicationId: `${message.account}.${message.key}.${message.digest}`,
      }),
    );
  }

  /** Puts the marker that closes an auction into the group of every shard. */
  async sendMarkers(product: string, auction: number, slot: string, shards: number): Promise<void> {
    const entries = Array.from({ length: shards }, (_, shard) => ({
      Id: `${shard}`,
      MessageBody: JSON.stringify({ v: 1, kind: 'marker', product, shard, auction, slot } satisfies Message<'orders'>),
      MessageGroupId: Queues.group(product, shard),
      MessageDeduplicationId: `marker.${product}.${auction}.${shard}`,
    }));
    await this.#sendAll('orders', entries);
  }

  /**
   * Tells post-events, for some shards, that the log has reached `seq`. `why` names the reason of a later wake-up for the same
   * event, which SQS would otherwise drop as a repeat of the earlier one.
   */
  async notifyPostings(seq: number, shards: readonly number[], why = 'commit'): Promise<void> {
    const entries = shards.map((shard) => ({
      Id: `${shard}`,
      ...posting(shard, `post.${seq}.${shard}.${why}`),
    }));
    await this.#sendAll('postings', entries);
  }

  /** Tells one shard of post-events to go on. `where` it has come to keeps SQS from dropping this for a repeat of an earlier one. */
  async notifyPosting(shard: number, where: string): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: required(QUEUES.postings.url), ...posting(shard, `on.${shard}.${where}`) }),
    );
  }

  /** Sends one wake-up to a standard queue. It may be delivered more than once. */
  async notify<Queue extends 'closings' | 'clearings' | 'rolls' | 'day-runs' | 'sweeps' | 'news'>(
    queue: Queue,
    message: Message<Queue>,
  ): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: required(QUEUES[queue].url), MessageBody: JSON.stringify(message) }),
    );
  }

  /**
   * How full every queue and its dead letters are, about. The queues of an account and region have one address but for their names, so the
   * address of one names all: a function need not be given those that it does not send to.
   */
  async depths(): Promise<QueueDepth[]> {
    const orders = required(QUEUES.orders.url);
    const url = (name: string): string => `${orders.slice(0, orders.lastIndexOf('/') + 1)}${name}`;
    const read = async (name: string): Promise<Omit<QueueDepth, 'queue' | 'deadLetters'>> => {
      const { Attributes = {} } = await this.#client.send(
        new GetQueueAttributesCommand({ QueueUrl: url(name), AttributeNames: Object.values(DEPTH) }),
      );
      const count = (of: keyof typeof DEPTH): number => Number(Attributes[DEPTH[of]] ?? 0);
      return { visible: count('visible'), inFlight: count('inFlight'), delayed: count('delayed') };
    };
    const ofQueues = Object.values(QUEUES).map(async ({ name }) => {
      const [own, dead] = await Promise.all([read(name), read(deadLettersName(name))]);
      return { queue: name, ...own, deadLetters: dead.visible + dead.inFlight };
    });
    const undelivered = read(SCHEDULES_DEAD_LETTERS).then(({ visible, inFlight }) => ({
      queue: 'schedules',
      visible: 0,
      inFlight: 0,
      delayed: 0,
      deadLetters: visible + inFlight,
    }));
    return Promise.all([...ofQueues, undelivered]);
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

/** A wake-up for a shard of post-events, by the name under which SQS knows a repeat of it. */
const posting = (shard: number, name: string) => ({
  MessageBody: JSON.stringify({ v: 1, shard } satisfies Message<'postings'>),
  MessageGroupId: `${shard}`,
  MessageDeduplicationId: name,
});
