/** Event source mappings of the virtual cloud: what may become of messages on the way from their queue to their function. */
import { createHash } from 'node:crypto';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { failedIds } from '../local/lambda/batch-response.ts';
import { LOCAL_REGION } from '../local/template/assembly.ts';
import type { MappingPlan } from '../local/template/plan.ts';
import type { DeliveryFate } from './fault-hooks.ts';
import type { Message, VirtualQueue } from './queue.ts';
import type { Run } from './run.ts';

const BATCHES_MAX = 3;

/** Says that there may be something to receive. */
export type Wake = () => void;

/** Brings a queue's messages to its function: batches of any size up to the template's, of one FIFO group or several. */
export function startEventSource(
  plan: MappingPlan,
  queue: VirtualQueue,
  invoke: (event: SQSEvent) => Promise<unknown>,
  { faultHooks, travel, note, between }: Pick<Run, 'faultHooks' | 'travel' | 'note' | 'between'>,
): Wake {
  const batchesMax = Math.min(plan.maximumConcurrency ?? BATCHES_MAX, BATCHES_MAX);
  let batches = 0;
  let looking = false;

  const wake = () => {
    if (looking) return;
    looking = true;
    travel(() => {
      looking = false;
      if (batches >= batchesMax) return;
      const received = queue.receive(between(1, plan.batchSize));
      if (received.length === 0) return;
      void work(received);
      wake();
    });
  };
  const work = async (received: readonly Message[]) => {
    batches++;
    const fates = fatesOf(received, queue, faultHooks.onDelivery);
    for (const message of received) if (fates.get(message) === 'lost') queue.delete(message);
    const given = received.filter((message) => fates.get(message) !== 'late' && fates.get(message) !== 'lost');
    const doubled = given.filter((message) => fates.get(message) === 'double');
    note(queue.plan.name, ...received.map((message) => `${message.id}:${fates.get(message) ?? ''}`));
    const [unfinished] = await Promise.all([deliver(given), deliver(doubled)]);
    for (const message of received) {
      const fate = fates.get(message);
      if (fate === 'lost') continue;
      if (fate === 'late' || fate === 'again' || unfinished.has(message.id)) queue.returnLater(message);
      else queue.delete(message);
    }
    batches--;
    wake();
  };
  /** The ids that the function did not finish. */
  const deliver = async (messages: readonly Message[]): Promise<ReadonlySet<string>> => {
    if (messages.length === 0) return new Set();
    const ids = messages.map(({ id }) => id);
    try {
      const answer = await invoke({ Records: messages.map((message) => recordOf(message, queue)) });
      return plan.partialFailures ? failedIds(answer, ids) : new Set();
    } catch {
      return new Set(ids);
    }
  };
  return wake;
}

/** What becomes of which message. What follows a late one of its group is late as well. */
function fatesOf(
  received: readonly Message[],
  { plan, isFifo }: VirtualQueue,
  onDelivery: ((queue: string, body: string) => DeliveryFate) | undefined,
): Map<Message, DeliveryFate> {
  const fates = new Map<Message, DeliveryFate>();
  const lateGroups = new Set<string>();
  for (const message of received) {
    const fate = lateGroups.has(message.group ?? '') ? 'late' : onDelivery?.(plan.name, message.body);
    if (fate === 'late' && message.group !== undefined) lateGroups.add(message.group);
    fates.set(message, fate === 'double' && isFifo ? 'again' : fate);
  }
  return fates;
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
