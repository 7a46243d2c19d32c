/**
 * A venue for worker tests: the handlers run in this process on a real table and real queues. Tests hand them records of
 * their own making, or let them work whatever waits in the queues. Each test lists a product of its own, so that they
 * share the engine and the log and nothing else.
 */
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { handler as acceptOrders } from '../../lambdas/accept-orders/index.ts';
import { handler as clearAuction } from '../../lambdas/clear-auction/index.ts';
import { handler as closeAuction } from '../../lambdas/close-auction/index.ts';
import { handler as postEvents } from '../../lambdas/post-events/index.ts';
import { type Backends, openBackends } from '../../lambdas/queue/consume.ts';
import { handler as rollPositions } from '../../lambdas/roll-positions/index.ts';
import { handler as settleDay } from '../../lambdas/settle-day/index.ts';
import { handler as sweepVenue } from '../../lambdas/sweep-venue/index.ts';
import type { Instruction } from '../../lib/domain/auction/orders.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { instantOf, nextBusinessDay } from '../../lib/domain/contract/calendar.ts';
import { listedMonths } from '../../lib/domain/contract/months.ts';
import type { ProductParameters } from '../../lib/domain/contract/product.ts';
import { cents, ticks } from '../../lib/domain/contract/units.ts';
import { readHalt, resume } from '../../lib/store/halt.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { append, loadVenue } from '../../lib/store/log.ts';
import type { Message, SubmissionMessage } from '../../lib/store/messages.ts';
import { QUEUES, type QueueName } from '../../lib/store/names.ts';
import { packInstructions } from '../../lib/store/packing.ts';
import { type Engine, startEngine } from '../engine.ts';
import { H100, month, on } from '../venue/h100.ts';
import { keyAt } from './gateway.ts';

export const SHARDS = 2;
/** Two accounts of shard 0 and two of shard 1. */
export const [ANN, BOB, CAT, DAN] = accountsByShard();
export const OCT = month('2025-10');
export const NOV = month('2025-11');
export const DEC = month('2025-12');

const HANDLERS: Record<QueueName, (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>> = {
  orders: acceptOrders,
  closings: closeAuction,
  clearings: clearAuction,
  postings: postEvents,
  rolls: rollPositions,
  'day-runs': settleDay,
  sweeps: sweepVenue,
};

export interface Floor extends Backends {
  readonly engine: Engine;
  readonly client: SQSClient;
}

export async function openFloor(): Promise<Floor> {
  const engine = await startEngine(SHARDS);
  const venue = openBackends();
  // Metric lines would go to the test's output.
  venue.metrics.publishStoredMetrics = () => {
    venue.metrics.clearMetrics();
    return venue.metrics;
  };
  return { engine, ...venue, client: new SQSClient({}) };
}

/** The instant at which clocks in New York show a time, ISO. */
export const newYork = (date: string, time: string): string =>
  new Date(instantOf(on(date), time, 'America/New_York')).toISOString();

export async function commit({ table }: Pick<Backends, 'table'>, event: ClearingEvent): Promise<number> {
  const next = await append(table, await loadVenue(table), event);
  if (next === undefined || next === 'claimed') throw new Error('not committed');
  return next.seq;
}

/** Lists a product whose first trading day is the business day after `date`, every month at `price`. */
export async function list(
  floor: Floor,
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
  await commit(floor, { kind: 'parameters-changed', product, version: 1, parameters: merged, listing, by: 'op', at: '' });
}

/** Opens accounts and gives each a thousand dollars. */
export async function fund(floor: Floor, ...accounts: string[]): Promise<void> {
  for (const account of accounts) {
    await commit(floor, { kind: 'account-opened', account, name: account, by: 'op', at: '' });
    await commit(floor, { kind: 'cash-moved', account, cents: cents(100_000n), reference: 'opening', by: 'op', at: '' });
  }
  await floor.queues.notifyPostings((await loadVenue(floor.table)).seq, SHARDS);
  await work(floor);
}

export const stateOf = async ({ table }: Floor, product: string): Promise<ProductState> =>
  (await loadVenue(table)).products[product]!;

let serial = 0;
export function submission(
  product: string,
  account: string,
  receivedAt: string,
  instructions: readonly Instruction[],
  { key = keyAt(Date.parse(receivedAt), ++serial), digest = '0123456789abcdef' }: { key?: string; digest?: string } = {},
): SubmissionMessage {
  const packed = Buffer.from(packInstructions(instructions)).toString('base64');
  const shard = shardOf(account, SHARDS);
  return { v: 1, kind: 'submission', product, shard, account, key, digest, receivedAt, instructions: packed };
}

/** A record as Lambda gets it. Time is the message's own: sent a second after it was received, or after its slot. */
export function record(
  queue: QueueName,
  message: unknown,
  { sentAt, group }: { sentAt?: string; group?: string } = {},
): SQSRecord {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  const { receivedAt, slot, product, shard } = (typeof message === 'string' ? {} : message) as Record<string, string | undefined>;
  const sent = sentAt ? Date.parse(sentAt) : Date.parse(receivedAt ?? slot ?? '2025-10-20T12:00:00Z') + 1000;
  const id = ++serial;
  return {
    messageId: `message-${id}`,
    receiptHandle: '',
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: `${sent}`,
      SenderId: '',
      ApproximateFirstReceiveTimestamp: '0',
      ...(QUEUES[queue].name.endsWith('.fifo')
        ? { MessageGroupId: group ?? (product ? `${product}#${shard}` : `${shard}`), SequenceNumber: `${id}` }
        : {}),
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: '',
    awsRegion: '',
  };
}

/** Hands one batch to a queue's worker; the answer names the records that come back, by their place in the batch. */
export async function deliver(queue: QueueName, ...batch: (SQSRecord | Message<QueueName>)[]): Promise<number[]> {
  const records = batch.map((each) => ('messageId' in each ? each : record(queue, each)));
  try {
    const { batchItemFailures } = await HANDLERS[queue]({ Records: records }, {} as Context);
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    return records.flatMap(({ messageId }, at) => (failed.has(messageId) ? [at] : []));
  } catch (error) {
    // A batch of which everything failed is thrown back, and Lambda returns all of it.
    if ((error as Error).name !== 'FullBatchFailureError') throw error;
    return records.map((_, at) => at);
  }
}

/** One receive of a queue, worked and deleted. Returns how many messages there were; none of them may fail. */
export async function receive({ client }: Floor, queue: QueueName): Promise<number> {
  const QueueUrl = process.env[QUEUES[queue].url]!;
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0, MessageSystemAttributeNames: ['All'] }),
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
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: ReceiptHandle! }));
  return records.length;
}

/** Lets the workers of these queues work until nothing waits in them; all of them when none is named. */
export async function work(floor: Floor, ...queues: QueueName[]): Promise<void> {
  const worked = queues.length ? queues : (Object.keys(QUEUES) as QueueName[]);
  for (let rounds = 0; rounds < 200; rounds++) {
    const waiting = worked.filter((queue) => floor.engine.messages(queue).length > 0);
    if (waiting.length === 0) return;
    for (const queue of waiting) await receive(floor, queue);
  }
  throw new Error('the queues do not get empty');
}

/** Closes, clears and posts the auction of a slot, from its schedule's message on. */
export async function holdAuction(floor: Floor, product: string, slot: string): Promise<void> {
  await deliver('closings', { v: 1, product, slot });
  await work(floor);
}

/** The day run of a date, from its schedule's message to where it stops. */
export async function runDay(floor: Floor, product: string, date: string): Promise<void> {
  await deliver('rolls', { v: 1, product, slot: newYork(date, '16:00') });
  await work(floor);
}

export async function resumeVenue({ table }: Floor): Promise<void> {
  const standing = await readHalt(table);
  if (standing) await resume(table, standing);
}

/** A worker that dies: the first call of a method (with such arguments) throws before it does anything, or after it is done. */
export function dieOnce<T extends object, K extends keyof T>(
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
    throw new Error(`died ${when} ${String(method)}`);
  }) as T[K];
}

function accountsByShard(): [string, string, string, string] {
  const names = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay', 'gus', 'hal', 'ivy', 'joe'];
  const of = (shard: number): string[] => names.filter((name) => shardOf(name, SHARDS) === shard).slice(0, 2);
  const [ann, bob, cat, dan] = [...of(0), ...of(1)];
  return [ann!, bob!, cat!, dan!];
}
