/** Event source mappings of the virtual cloud: what may become of messages on the way from their queue to their function. */
import { createHash } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import { failedIds } from '../local/lambda/batch-response.ts';
import { LOCAL_REGION } from '../local/template/assembly.ts';
import type { MappingPlan } from '../local/template/plan.ts';
import type { DeliveryFate, FaultHooks } from './fault-hooks.ts';
import type { Message, VirtualQueue } from './sqs.ts';

const BATCHES_MAX = 3;

export interface Ways {
  readonly faultHooks: FaultHooks;
  readonly travel: (call: () => void) => void;
  readonly note: (...what: string[]) => void;
  readonly between: (low: number, high: number) => number;
}

/** Brings a queue's messages to its function: batches of any size up to the template's, of one FIFO group or several. */
export function sourceOf(
  mapping: MappingPlan,
  queue: VirtualQueue,
  invoke: (event: object) => Promise<unknown>,
  { faultHooks, travel, note, between }: Ways,
): () => void {
  const batchesMax = Math.min(mapping.maximumConcurrency ?? BATCHES_MAX, BATCHES_MAX);
  let batches = 0;
  let looking = false;

  const look = () => {
    if (looking) return;
    looking = true;
    travel(() => {
      looking = false;
      if (batches >= batchesMax) return;
      const received = queue.receive(between(1, mapping.batchSize));
      if (received.length === 0) return;
      void work(received);
      look();
    });
  };
  const work = async (received: readonly Message[]) => {
    batches++;
    const fates = fatesOf(received);
    const lost = received.filter((message) => fates.get(message) === 'lost');
    for (const message of lost) queue.delete(message);
    const given = received.filter((message) => fates.get(message) !== 'late' && fates.get(message) !== 'lost');
    const doubled = given.filter((message) => fates.get(message) === 'double');
    note(queue.plan.name, ...received.map((message) => `${message.id}:${fates.get(message) ?? ''}`));
    const [failed] = await Promise.all([deliver(given), deliver(doubled)]);
    for (const message of received) {
      const fate = fates.get(message);
      if (fate === 'lost') continue;
      if (fate === 'late' || fate === 'again' || failed.has(message.id)) queue.returnLater(message);
      else queue.delete(message);
    }
    batches--;
    look();
  };
  const fatesOf = (received: readonly Message[]): Map<Message, DeliveryFate> => {
    const fates = new Map<Message, DeliveryFate>();
    const late = new Set<string>();
    for (const message of received) {
      // What follows a late one of its group is late as well.
      const fate = late.has(message.group ?? '') ? 'late' : faultHooks.onDelivery?.(queue.plan.name, message.body);
      if (fate === 'late' && message.group !== undefined) late.add(message.group);
      fates.set(message, fate === 'double' && queue.isFifo ? 'again' : fate);
    }
    return fates;
  };
  /** The ids that the function did not finish. */
  const deliver = async (messages: readonly Message[]): Promise<ReadonlySet<string>> => {
    if (messages.length === 0) return new Set();
    const ids = messages.map(({ id }) => id);
    try {
      const answer = await invoke({ Records: messages.map((message) => recordOf(message, queue)) });
      return mapping.partialFailures ? failedIds(answer, ids) : new Set();
    } catch {
      return new Set(ids);
    }
  };
  return look;
}

function recordOf(
  { id, body, group, deduplication, sequence, sentMs, firstReceivedMs, receives }: Message,
  queue: VirtualQueue,
): SQSRecord {
  return {
    messageId: id,
    receiptHandle: `${id}.${receives}`,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sentMs),
      SenderId: 'LOCAL',
      ApproximateFirstReceiveTimestamp: String(firstReceivedMs),
      ...(queue.isFifo ? { SequenceNumber: sequence, MessageGroupId: group!, MessageDeduplicationId: deduplication! } : {}),
    },
    messageAttributes: {},
    md5OfBody: createHash('md5').update(body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: queue.plan.arn,
    awsRegion: LOCAL_REGION,
  };
}
