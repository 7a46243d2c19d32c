/**
 * A venue whose workers run in this process, on a real table and real queues. Tests hand them records of their own making,
 * or let them work whatever waits in the queues. Each test lists a product of its own, so that the tests of a file share the
 * engine and the log and nothing else.
 */
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { afterAll, afterEach, beforeEach, vi } from 'vitest';
import { handler as acceptOrders } from '../../lambdas/accept-orders/index.ts';
import { type Backends, openBackends } from '../../lambdas/backends.ts';
import { handler as clearAuction } from '../../lambdas/clear-auction/index.ts';
import { handler as closeAuction } from '../../lambdas/close-auction/index.ts';
import { handler as postEvents } from '../../lambdas/post-events/index.ts';
import { handler as rollPositions } from '../../lambdas/roll-positions/index.ts';
import { handler as settleDay } from '../../lambdas/settle-day/index.ts';
import { handler as sweepVenue } from '../../lambdas/sweep-venue/index.ts';
import { handler as tellListeners } from '../../lambdas/tell-listeners/index.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { approvedEvent, type HeldAct, proposeAct } from '../../lib/domain/clearing/operator-acts.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { nextBusinessDay } from '../../lib/domain/contract/calendar.ts';
import { listedMonths } from '../../lib/domain/contract/months.ts';
import type { ProductParameters } from '../../lib/domain/contract/product.ts';
import { ticks } from '../../lib/domain/contract/units.ts';
import { readHalt, resume } from '../../lib/store/halt.ts';
import { actId, hold } from '../../lib/store/held.ts';
import { append, loadVenue } from '../../lib/store/log.ts';
import type { Message } from '../../lib/store/messages.ts';
import { QUEUES, type QueueName } from '../../lib/store/names.ts';
import { SHARDS } from './accounts.ts';
import { type Engine, startEngine } from './engine.ts';
import { moved } from './events.ts';
import { H100, newYork, on } from './h100.ts';
import { record } from './records.ts';

export type QueueHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;
const HANDLERS: Record<QueueName, QueueHandler> = {
  orders: acceptOrders,
  closings: closeAuction,
  clearings: clearAuction,
  postings: postEvents,
  rolls: rollPositions,
  'day-runs': settleDay,
  sweeps: sweepVenue,
  news: tellListeners,
};

const OPENING_CENTS = 100_000n;
/** More than any test needs until nothing waits any more. */
const ROUNDS_MAX = 200;

/**
 * Opens a venue for the tests of a file. Every test finds the queues empty; after it, mocks are taken away and a halt is
 * lifted; after the last, the venue is stopped.
 */
export async function openWorkerVenue(): Promise<WorkerVenue> {
  const venue = new WorkerVenue(await startEngine(SHARDS), openBackends());
  // Metric lines would go to the test's output.
  venue.metrics.publishStoredMetrics = () => {
    venue.metrics.clearMetrics();
    return venue.metrics;
  };
  beforeEach(() => venue.engine.drain());
  afterEach(() => venue.restore());
  afterAll(() => venue.engine.stop());
  return venue;
}

export class WorkerVenue implements Backends {
  readonly engine: Engine;
  readonly table: Backends['table'];
  readonly queues: Backends['queues'];
  readonly logger: Backends['logger'];
  readonly metrics: Backends['metrics'];
  readonly shards = SHARDS;
  readonly sqs = new SQSClient({});
  #products = 0;

  constructor(engine: Engine, { table, queues, logger, metrics }: Backends) {
    this.engine = engine;
    this.table = table;
    this.queues = queues;
    this.logger = logger;
    this.metrics = metrics;
  }

  /** Appends an event, by another table where this one's is spied on. Gives its number. */
  async commit(event: ClearingEvent, table: Backends['table'] = this.table): Promise<number> {
    const venue = await loadVenue(table);
    const { held, event: agreed } = agreedOn(event, venue.seq + 1);
    if (held) await hold(table, held);
    const next = await append(table, venue, agreed);
    if (next === undefined) throw new Error('not committed');
    return next.seq;
  }

  /** A code that no product has yet. */
  nextProduct(): string {
    return `P${++this.#products}`;
  }

  /** Lists a product whose first trading day is the business day after `date`, every month at `price`. */
  async list(
    product: string,
    {
      date = '2025-10-17',
      price = 2400,
      parameters = {},
    }: { date?: string; price?: number; parameters?: Partial<ProductParameters> } = {},
  ): Promise<void> {
    const merged = { ...H100, ...parameters };
    const months = listedMonths(merged.calendar, nextBusinessDay(merged.calendar, on(date)), merged.listedMonths);
    const curve = Object.fromEntries(months.map((each) => [each, ticks(price)]));
    const listing = { date: on(date), curve };
    await this.commit({ kind: 'parameters-changed', product, version: 1, parameters: merged, listing, by: 'op', at: '' });
  }

  /** Gives accounts a thousand dollars each. They are not opened: then each would trade one product, and here every test has its own. */
  async fund(...accounts: readonly string[]): Promise<void> {
    for (const account of accounts) await this.commit(moved(account, OPENING_CENTS));
    await this.queues.notifyPostings((await loadVenue(this.table)).seq, [...Array(SHARDS).keys()]);
    await this.work();
  }

  async stateOf(product: string): Promise<ProductState> {
    return (await loadVenue(this.table)).products[product]!;
  }

  /** One receive of a queue, worked and deleted. Returns how many messages there were; none of them may fail. */
  async receive(queue: QueueName): Promise<number> {
    const QueueUrl = process.env[QUEUES[queue].url]!;
    const { Messages = [] } = await this.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 0,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    const records = Messages.map(({ MessageId, Body, Attributes }): SQSRecord => {
      const made = record(queue, JSON.parse(Body!), {
        ...(Attributes?.MessageGroupId ? { group: Attributes.MessageGroupId } : {}),
      });
      const sequence = Attributes?.SequenceNumber ? { SequenceNumber: Attributes.SequenceNumber } : {};
      return { ...made, messageId: MessageId!, attributes: { ...made.attributes, ...sequence } };
    });
    if (records.length === 0) return 0;
    const failed = await deliver(queue, ...records);
    if (failed.length) throw new Error(`${failed.length} messages of ${queue} failed: ${records[failed[0]!]!.body}`);
    for (const { ReceiptHandle } of Messages)
      await this.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: ReceiptHandle! }));
    return records.length;
  }

  /** Lets the workers of these queues work until nothing waits in them; all of them when none is named. */
  async work(...queues: QueueName[]): Promise<void> {
    const worked = queues.length ? queues : (Object.keys(QUEUES) as QueueName[]);
    for (let rounds = 0; rounds < ROUNDS_MAX; rounds++) {
      const waiting = worked.filter((queue) => this.engine.messages(queue).length > 0);
      if (waiting.length === 0) return;
      for (const queue of waiting) await this.receive(queue);
    }
    throw new Error('the queues do not get empty');
  }

  /** Closes, clears and posts the auction of a slot, from its schedule's message on. */
  async holdAuction(product: string, slot: string): Promise<void> {
    await deliver('closings', { v: 1, product, slot });
    await this.work();
  }

  /** The day run of a date, from its schedule's message to where it stops. */
  async runDay(product: string, date: string): Promise<void> {
    await deliver('rolls', { v: 1, product, slot: newYork(date, '16:00') });
    await this.work();
  }

  /** Takes mocks away, gives invocations their time and lifts a halt. */
  async restore(): Promise<void> {
    vi.restoreAllMocks();
    invocation.timeLeftMs = 120_000;
    await this.resume();
  }

  async resume(): Promise<void> {
    const standing = await readHalt(this.table);
    if (standing) await resume(this.table, standing);
  }
}

/** Parameters as two operators change them: the event, and what was held until both agreed. Every other event as it is. */
function agreedOn(event: ClearingEvent, seq: number): { event: ClearingEvent; held?: HeldAct } {
  if (event.kind !== 'parameters-changed' || event.approval) return { event };
  const { by, at, ...act } = event;
  const held = { ...proposeAct(actId(act), act, by, at), approvals: [by, 'second'], ended: { kind: 'committed', seq } } as const;
  return { event: approvedEvent(held), held };
}

/** What a worker learns of the invocation that it works in; a test may take its time away. */
export const invocation = { timeLeftMs: 120_000 };
const CONTEXT = { getRemainingTimeInMillis: () => invocation.timeLeftMs } as Context;

/** Hands one batch to a queue's worker; the answer names the records that come back, by their place in the batch. */
export const deliver = (queue: QueueName, ...batch: (SQSRecord | Message<QueueName>)[]): Promise<number[]> =>
  deliverTo(HANDLERS[queue], queue, ...batch);

/** The same to a worker of the test's own making. */
export async function deliverTo(
  handler: QueueHandler,
  queue: QueueName,
  ...batch: (SQSRecord | Message<QueueName>)[]
): Promise<number[]> {
  const records = batch.map((each) => ('messageId' in each ? each : record(queue, each)));
  try {
    const { batchItemFailures } = await handler({ Records: records }, CONTEXT);
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    return records.flatMap(({ messageId }, at) => (failed.has(messageId) ? [at] : []));
  } catch (error) {
    // A batch of which everything failed is thrown back, and Lambda returns all of it.
    if ((error as Error).name !== 'FullBatchFailureError') throw error;
    return records.map((_, at) => at);
  }
}

/** A worker that crashes: the first call of a method (with such arguments) throws before it does anything, or after it is done. */
export function crashOnce<T extends object, K extends keyof T>(
  of: T,
  method: K,
  when: 'before' | 'after',
  such: (...args: never[]) => boolean = () => true,
): void {
  const original = of[method] as (...args: unknown[]) => Promise<unknown>;
  of[method] = (async (...args: never[]) => {
    if (!such(...args)) return original.apply(of, args);
    delete of[method];
    if (when === 'after') await original.apply(of, args);
    throw new Error(`crashed ${when} ${String(method)}`);
  }) as T[K];
}
