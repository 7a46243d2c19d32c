/**
 * Brings a queue's messages to its function, as Lambda's event source mapping does: batches of the template's size, at most
 * so many at once, a FIFO group never in two at a time; afterwards all that the function did not hand back is deleted.
 *
 * One thing is quicker than AWS: what failed is visible again after `redeliveryMs` instead of the queue's visibility
 * time-out (six times the function's time-out, minutes), because time is compressed here; order and counts stay the same.
 */
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { whenReached } from '../host/clock.ts';
import type { Queue, Received } from '../sqs/sqs.ts';
import { LOCAL_REGION } from '../template/assembly.ts';
import type { MappingPlan } from '../template/plan.ts';
import { failedIds } from './batch-response.ts';

/**
 * What may go wrong with a message that was received, never with what is in it. `late`: it does not reach the function this
 * time and is visible again later, with the later messages of its group; others overtake it. `again`: it is worked, but its deletion is
 * lost, so it comes again, in a FIFO group perhaps after later ones.
 */
export type MessageFault = 'late' | 'again';
export type MessageHook = (queue: string, body: string) => MessageFault | undefined;

export interface EventSourceOptions {
  readonly fault?: MessageHook | undefined;
  readonly redeliveryMs: number;
  /** Longest real wait for a batch to fill. */
  readonly windowMsMax: number;
  /** The most batches at once, when the template does not say fewer. */
  readonly concurrencyMax: number;
  readonly onChange: () => void;
}

export interface EventSource {
  readonly plan: MappingPlan;
  /** Says that there may be something to receive. */
  wake(): void;
  /** Batches in work. */
  running(): number;
  /** Billed requests of the poller: receives that brought something, and deletes. */
  readonly requests: { readonly receives: number; readonly deletes: number };
  /** Takes no more; resolves when what it has taken is done. */
  stop(): Promise<void>;
}

const REQUEST_MESSAGES_MAX = 10;

export function startEventSource(
  plan: MappingPlan,
  queue: Queue,
  invoke: (event: SQSEvent) => Promise<unknown>,
  options: EventSourceOptions,
): EventSource {
  const concurrency = Math.min(plan.maximumConcurrency ?? options.concurrencyMax, options.concurrencyMax);
  const windowMs = Math.min(plan.windowMs, options.windowMsMax);
  const requests = { receives: 0, deletes: 0 };
  const batches = new Set<Promise<void>>();
  let stopped = false;
  let window: NodeJS.Timeout | undefined;
  let woken = false;

  /** Not at once, so that what is sent together is received together. */
  const wake = () => {
    if (woken || stopped) return;
    woken = true;
    setImmediate(() => {
      woken = false;
      look();
    });
  };
  const look = () => {
    if (stopped || window !== undefined) return;
    if (windowMs > 0 && queue.depth().ready < plan.batchSize) {
      window = setTimeout(() => {
        window = undefined;
        pump();
      }, windowMs);
    } else pump();
  };
  const pump = () => {
    while (!stopped && batches.size < concurrency) {
      const received = receiveBatch(queue, plan.batchSize, () => requests.receives++);
      if (received.length === 0) return;
      const batch = work(received).finally(() => {
        batches.delete(batch);
        options.onChange();
        // Even when nothing counts as ready: what became visible again while every place was taken is only seen by a receive.
        wake();
      });
      batches.add(batch);
    }
  };
  const work = async (received: readonly Received[]) => {
    const faults = faultsOf(received, queue.plan.name, options.fault);
    const given = received.filter((one) => faults.get(one) !== 'late');
    const unfinished = await unfinishedOf(given, plan, queue.plan.arn, invoke);
    const [returned, done] = partition(received, (one) => faults.has(one) || unfinished.has(one));
    for (const { receiptHandle } of done) queue.delete(receiptHandle);
    requests.deletes += Math.ceil(done.length / REQUEST_MESSAGES_MAX);
    if (returned.length === 0) return;
    for (const { receiptHandle } of returned) queue.release(receiptHandle, options.redeliveryMs);
    whenReached(Date.now() + options.redeliveryMs + 1, wake);
  };

  return {
    plan,
    wake,
    requests,
    running: () => batches.size,
    async stop() {
      stopped = true;
      clearTimeout(window);
      await Promise.all(batches);
    },
  };
}

/** As many messages as a batch may have, in requests of ten, of which those that bring something are counted. */
function receiveBatch(queue: Queue, batchSize: number, count: () => void): Received[] {
  const received: Received[] = [];
  while (received.length < batchSize) {
    const some = queue.receive(Math.min(REQUEST_MESSAGES_MAX, batchSize - received.length));
    if (some.length === 0) break;
    count();
    received.push(...some);
  }
  return received;
}

/** What goes wrong with which of these messages. What follows a late one of its group is late as well. */
function faultsOf(received: readonly Received[], queue: string, hook: MessageHook | undefined): Map<Received, MessageFault> {
  const faults = new Map<Received, MessageFault>();
  if (hook === undefined) return faults;
  const lateGroups = new Set<string>();
  for (const one of received) {
    const { messageGroupId: group, body } = one.message;
    const fault = group !== undefined && lateGroups.has(group) ? 'late' : hook(queue, body);
    if (fault === undefined) continue;
    if (fault === 'late' && group !== undefined) lateGroups.add(group);
    faults.set(one, fault);
  }
  return faults;
}

/** What of a batch the function did not finish: what it handed back, or all of it if the invocation failed. */
async function unfinishedOf(
  batch: readonly Received[],
  { partialFailures }: MappingPlan,
  arn: string,
  invoke: (event: SQSEvent) => Promise<unknown>,
): Promise<ReadonlySet<Received>> {
  if (batch.length === 0) return new Set();
  const ids = batch.map(({ message }) => message.messageId);
  try {
    const answer = await invoke({ Records: batch.map((one) => recordOf(one, arn)) });
    const failed = partialFailures ? failedIds(answer, ids) : new Set();
    return new Set(batch.filter(({ message }) => failed.has(message.messageId)));
  } catch {
    // What went wrong is in the function's log.
    return new Set(batch);
  }
}

function partition<T>(all: readonly T[], is: (one: T) => boolean): [T[], T[]] {
  return [all.filter(is), all.filter((one) => !is(one))];
}

/** Shape and attributes as in the AWS Lambda developer guide, "Using Lambda with Amazon SQS", example events. */
function recordOf({ message, receiptHandle }: Received, arn: string): SQSRecord {
  const { messageGroupId, messageDeduplicationId, sequenceNumber } = message;
  return {
    messageId: message.messageId,
    receiptHandle,
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.approximateReceiveCount),
      SentTimestamp: String(message.sentTimestamp),
      SenderId: 'LOCAL',
      ApproximateFirstReceiveTimestamp: String(message.approximateFirstReceiveTimestamp),
      ...(sequenceNumber === undefined ? {} : { SequenceNumber: sequenceNumber }),
      ...(messageGroupId === undefined ? {} : { MessageGroupId: messageGroupId }),
      ...(messageDeduplicationId === undefined ? {} : { MessageDeduplicationId: messageDeduplicationId }),
    },
    messageAttributes: Object.fromEntries(
      Object.entries(message.messageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        {
          dataType: DataType as 'String',
          ...(StringValue === undefined ? {} : { stringValue: StringValue }),
          ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
        },
      ]),
    ),
    md5OfBody: message.md5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: LOCAL_REGION,
  };
}
