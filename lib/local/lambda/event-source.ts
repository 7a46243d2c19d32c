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
      const received = receive();
      if (received.length === 0) return;
      const batch = process(received).finally(() => {
        batches.delete(batch);
        options.onChange();
        // Even when nothing counts as ready: what became visible again while every place was taken is only seen by a receive.
        wake();
      });
      batches.add(batch);
    }
  };

  const receive = (): Received[] => {
    const received: Received[] = [];
    while (received.length < plan.batchSize) {
      const some = queue.receive(Math.min(REQUEST_MESSAGES_MAX, plan.batchSize - received.length));
      if (some.length === 0) break;
      requests.receives++;
      received.push(...some);
    }
    return received;
  };

  const process = async (received: readonly Received[]) => {
    const late = new Set<string>();
    const again = new Set<string>();
    if (options.fault) sortOut(received, options.fault, late, again);
    const failed = await failures(received.filter(({ message }) => !late.has(message.messageId)));
    for (const id of [...late, ...again]) failed.add(id);
    const done = received.filter(({ message }) => !failed.has(message.messageId));
    for (const { receiptHandle } of done) queue.delete(receiptHandle);
    requests.deletes += Math.ceil(done.length / REQUEST_MESSAGES_MAX);
    const returned = received.filter(({ message }) => failed.has(message.messageId));
    if (returned.length === 0) return;
    for (const { receiptHandle } of returned) queue.release(receiptHandle, options.redeliveryMs);
    whenReached(Date.now() + options.redeliveryMs + 1, wake);
  };

  const sortOut = (received: readonly Received[], fault: MessageHook, late: Set<string>, again: Set<string>) => {
    const groups = new Set<string>();
    for (const { message } of received) {
      const { messageId, messageGroupId: group, body } = message;
      const what = group !== undefined && groups.has(group) ? 'late' : fault(queue.plan.name, body);
      if (what === 'late' && group !== undefined) groups.add(group);
      if (what === 'late') late.add(messageId);
      if (what === 'again') again.add(messageId);
    }
  };

  const failures = async (received: readonly Received[]): Promise<Set<string>> => {
    if (received.length === 0) return new Set();
    const ids = received.map(({ message }) => message.messageId);
    const event: SQSEvent = { Records: received.map((one) => recordOf(one, queue.plan.arn)) };
    try {
      const answer = await invoke(event);
      return plan.partialFailures ? new Set(failedIds(answer, ids)) : new Set();
    } catch {
      // Whatever went wrong is in the function's log; nothing of the batch is deleted.
      return new Set(ids);
    }
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
