/**
 * Starts SQS: fauxqs inside this process, so that the pollers read its queues without a network between. Its published entry
 * listens on every interface, keeps its five minutes of deduplication on real time and returns one message per group, so
 * this file takes the parts (store, persistence) and puts right what differs from AWS:
 *  - it listens on this machine only;
 *  - sent time, deduplication and its scope (queue or message group) go by the movable clock;
 *  - a receive may bring several messages of one group, in order, as SQS does.
 *
 * Not here, though AWS has it: retention, encryption, queue policies, the 120,000 in-flight limit. A duplicate that is
 * dropped by deduplication is answered with a new message id, where SQS repeats the first one's.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildAppOptions, buildApp } from 'fauxqs';
import { type Clock, whenReached } from '../host/clock.ts';
import { LocalCloudError } from '../host/error.ts';
import type { QueuePlan } from '../template/plan.ts';

type Stores = NonNullable<BuildAppOptions['stores']>;
type SqsStore = Stores['sqsStore'];
type SqsQueue = ReturnType<SqsStore['createQueue']>;
type SqsMessage = Parameters<SqsQueue['enqueue']>[0];

export interface Depth {
  readonly ready: number;
  readonly delayed: number;
  readonly inflight: number;
}

/** A message as it was received; times are on the movable clock. */
export interface Received {
  readonly message: Readonly<SqsMessage>;
  readonly receiptHandle: string;
}

export interface Queue {
  readonly plan: QueuePlan;
  readonly url: string;
  depth(): Depth;
  /** Sent time of the oldest message, whatever its state. */
  oldestSentMs(): number | undefined;
  /** At most `max` messages (SQS gives ten a request), each invisible for the queue's visibility time-out. */
  receive(max: number): Received[];
  delete(receiptHandle: string): void;
  /** Makes a received message visible again after `delayMs`. */
  release(receiptHandle: string, delayMs: number): void;
  send(body: string, options?: { group?: string | undefined; deduplication?: string | undefined }): void;
  /** Bodies of everything in it, without touching it. */
  peek(): readonly Readonly<SqsMessage>[];
}

export interface Sqs {
  readonly endpoint: string;
  readonly queueUrl: (name: string) => string;
  createQueue(plan: QueuePlan): Queue;
  readonly queues: ReadonlyMap<string, Queue>;
  stop(): Promise<void>;
}

export interface SqsOptions {
  readonly clock: Clock;
  readonly dataDir?: string | undefined;
  /** Longest real wait of a message that was sent with a delay. */
  readonly delayMsMax: number;
  /** Called when a queue may have something new to receive. */
  readonly onArrival: (queue: string) => void;
}

const KNOWN_VERSION = '2.4.1';
const DEDUPLICATED_FOR_MS = 5 * 60_000;
const RECEIVED_MAX = 10;

export async function startSqs({ clock, dataDir, delayMsMax, onArrival }: SqsOptions): Promise<Sqs> {
  const { SqsStore, PersistenceManager } = await parts();
  const store = new SqsStore();
  store.host = '';
  const persistence = dataDir === undefined ? undefined : openPersistence(PersistenceManager, dataDir, store);
  const app = buildApp({ logger: false, stores: { sqsStore: store } as Stores });
  const endpoint = await app.listen({ port: 0, host: '127.0.0.1' });
  const queueUrl = (name: string) => `${endpoint}/000000000000/${name}`;
  const queues = new Map<string, Queue>();
  return {
    endpoint,
    queueUrl,
    queues,
    createQueue(plan) {
      const attributes = { ...FIFO_DEFAULTS(plan), ...plan.attributes };
      const kept = store.getQueueByName(plan.name);
      const engine = kept ?? store.createQueue(plan.name, queueUrl(plan.name), plan.arn, attributes);
      kept?.setAttributes(attributes);
      correct(engine, clock, delayMsMax, () => onArrival(plan.name));
      const queue = queueOf(plan, queueUrl(plan.name), engine, store, clock);
      queues.set(plan.name, queue);
      return queue;
    },
    async stop() {
      for (const queue of store.allQueues()) queue.cancelWaiters();
      await app.close();
      persistence?.close();
    },
  };
}

const FIFO_DEFAULTS = (plan: QueuePlan) =>
  plan.attributes.FifoQueue === 'true' ? { ContentBasedDeduplication: 'false', DeduplicationScope: 'queue' } : {};

interface Persistence {
  loadSqsAndSns(sqs: SqsStore, sns: unknown): void;
  close(): void;
  transaction(work: () => void): void;
  updateMessageReady(messageId: string): void;
  db: { exec(sql: string): void; prepare(sql: string): { run(...values: unknown[]): unknown } };
}

/** The classes that fauxqs is made of. Its package exports only the whole, hence the version that they were read in. */
async function parts(): Promise<{ SqsStore: new () => SqsStore; PersistenceManager: new (dir: string) => Persistence }> {
  const entry = import.meta.resolve('fauxqs');
  const { version } = JSON.parse(readFileSync(fileURLToPath(new URL('../package.json', entry)), 'utf8')) as { version: string };
  if (version !== KNOWN_VERSION) {
    throw new LocalCloudError(
      `fauxqs is ${version}; lib/local/sqs/sqs.ts was written for ${KNOWN_VERSION}`,
      'Run `npm ci`, or read what changed.',
    );
  }
  const { SqsStore } = await import(new URL('sqs/sqsStore.js', entry).href);
  const { PersistenceManager } = await import(new URL('persistence.js', entry).href);
  return { SqsStore, PersistenceManager };
}

function openPersistence(Manager: new (dir: string) => Persistence, dir: string, store: SqsStore): Persistence {
  const file = join(dir, 'fauxqs.db');
  const existed = existsSync(file);
  try {
    const persistence = new Manager(dir);
    // Survives the end of this process, which is what can happen here; a commit need not wait for the disk.
    persistence.db.exec('PRAGMA synchronous = NORMAL');
    // Its own statement also sets the count of receives to NULL, which the table refuses: a message in work could never return.
    const ready = persistence.db.prepare(
      'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
    );
    persistence.updateMessageReady = (messageId) => void ready.run(messageId);
    persistence.loadSqsAndSns(store, {});
    store.persistence = persistence as unknown as NonNullable<SqsStore['persistence']>;
    for (const queue of store.allQueues()) queue.persistence = store.persistence;
    return persistence;
  } catch (cause) {
    const hint = existed ? 'Move that data folder away to begin with an empty one.' : 'Check that the folder can be written to.';
    throw new LocalCloudError(`The queues in ${file} can't be opened (${(cause as Error).message})`, hint, { cause });
  }
}

/** Puts the movable clock, the scope of deduplication, the order of a group and the call on arrival under an engine's queue. */
function correct(engine: SqsQueue, clock: Clock, delayMsMax: number, onArrival: () => void): void {
  const enqueue = engine.enqueue.bind(engine);
  const processTimers = engine.processTimers.bind(engine);
  const seen = new Map<string, number>();
  // At every look at the time, of which a receive takes several: what comes back between two of them must not come in reverse.
  engine.processTimers = () => {
    processTimers();
    if (engine.isFifo()) sortReturned(engine);
  };
  engine.checkDeduplication = () => ({ isDuplicate: false });
  engine.recordDeduplication = () => {};
  engine.enqueue = (message) => {
    const isNew = message.approximateReceiveCount === 0;
    if (isNew) {
      message.sentTimestamp = clock.now();
      if (isDuplicate(engine, message, seen, clock.now())) return;
    }
    if (message.delayUntil !== undefined) message.delayUntil = Math.min(message.delayUntil, Date.now() + delayMsMax);
    enqueue(message);
    if (message.delayUntil !== undefined) whenReached(message.delayUntil + 1, onArrival);
    else onArrival();
  };
  // An earlier run of this cloud had received these. Its end is not the message's fault and does not count as a receive, or a
  // machine that is switched off five times would send good messages to the dead letters; AWS's pollers go on for ever.
  for (const [handle, { message }] of [...engine.inflightMessages]) {
    message.approximateReceiveCount -= 1;
    engine.changeVisibility(handle, 0);
  }
  for (const group of engine.fifoMessages.values()) group.sort(bySequence);
}

function isDuplicate(engine: SqsQueue, message: SqsMessage, seen: Map<string, number>, now: number): boolean {
  if (!engine.isFifo() || message.messageDeduplicationId === undefined) return false;
  const scope = engine.attributes.DeduplicationScope === 'messageGroup' ? message.messageGroupId : '';
  const key = JSON.stringify([scope, message.messageDeduplicationId]);
  for (const [oldest, sentMs] of seen) {
    if (now - sentMs < DEDUPLICATED_FOR_MS) break;
    seen.delete(oldest);
  }
  if (seen.has(key)) return true;
  seen.set(key, now);
  return false;
}

function queueOf(plan: QueuePlan, url: string, engine: SqsQueue, store: SqsStore, clock: Clock): Queue {
  const everything = () => {
    const { ready, delayed, inflight } = engine.inspectMessages();
    return [...ready, ...delayed, ...inflight.map(({ message }) => message)];
  };
  const count = (name: Parameters<SqsQueue['getAttribute']>[0]) => Number(engine.getAttribute(name));
  return {
    plan,
    url,
    depth: () => ({
      ready: count('ApproximateNumberOfMessages'),
      delayed: count('ApproximateNumberOfMessagesDelayed'),
      inflight: count('ApproximateNumberOfMessagesNotVisible'),
    }),
    oldestSentMs: () =>
      everything().reduce<number | undefined>((oldest, m) => Math.min(oldest ?? Infinity, m.sentTimestamp), undefined),
    receive(max) {
      let received: Received[] = [];
      const take = () => {
        received = receive(engine, Math.min(max, RECEIVED_MAX), store, clock.now());
      };
      const persistence = engine.persistence as unknown as Persistence | undefined;
      // In one commit: a message on its way to the dead letters is deleted here before it is written there.
      if (persistence) persistence.transaction(take);
      else take();
      return received;
    },
    delete: (receiptHandle) => void engine.deleteMessage(receiptHandle),
    release(receiptHandle, delayMs) {
      if (engine.inflightMessages.has(receiptHandle)) engine.changeVisibility(receiptHandle, delayMs / 1000);
    },
    send(body, { group, deduplication } = {}) {
      const Store = store.constructor as unknown as { createMessage(...args: unknown[]): SqsMessage };
      const message = Store.createMessage(body, {}, undefined, ...(engine.isFifo() ? [group, deduplication] : []));
      if (engine.isFifo()) message.sequenceNumber = engine.nextSequenceNumber();
      engine.enqueue(message);
    },
    peek: everything,
  };
}

/** SQS fills a batch with further messages of the same groups; fauxqs locks a group after one, so its own locks are lifted. */
function receive(engine: SqsQueue, max: number, store: SqsStore, now: number): Received[] {
  const received: Received[] = [];
  const locked = new Map<string, number>();
  engine.processTimers();
  while (received.length < max) {
    // One at a time from a FIFO queue: a group is taken as far as it goes before the next, as SQS does.
    const some = engine.dequeue(engine.isFifo() ? 1 : max, undefined, (arn) => store.getQueueByArn(arn));
    if (some.length === 0) break;
    for (const { ReceiptHandle } of some) {
      const { message } = engine.inflightMessages.get(ReceiptHandle)!;
      if (message.approximateReceiveCount === 1) message.approximateFirstReceiveTimestamp = now;
      received.push({ message, receiptHandle: ReceiptHandle });
      if (message.messageGroupId === undefined || !engine.isFifo()) continue;
      locked.set(message.messageGroupId, (locked.get(message.messageGroupId) ?? 0) + 1);
      engine.fifoLockedGroups.delete(message.messageGroupId);
    }
    if (!engine.isFifo()) break;
  }
  for (const [group, count] of locked) engine.fifoLockedGroups.set(group, count);
  return received;
}

/** fauxqs puts the messages of a group back one by one in front of each other, so that two come back in reverse. */
function sortReturned(engine: SqsQueue): void {
  for (const group of engine.fifoMessages.values()) {
    if (group.length > 1 && bySequence(group[0]!, group[1]!) > 0) group.sort(bySequence);
  }
}

function bySequence(a: SqsMessage, b: SqsMessage): number {
  return (a.sequenceNumber ?? '') < (b.sequenceNumber ?? '') ? -1 : 1;
}
