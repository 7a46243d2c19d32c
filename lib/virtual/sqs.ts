/**
 * SQS in memory: the queues of a plan, each wired to the one for its dead letters, and the requests that functions send to
 * them in the service's JSON protocol. What it does not know it refuses loudly.
 *
 * Source: Amazon SQS API reference, `SendMessage` and `SendMessageBatch`.
 */
import { createHash } from 'node:crypto';
import type { ServiceAnswer } from '../local/proxy/request.ts';
import type { DeadLetter } from '../local/sqs/dead-letters.ts';
import type { QueuePlan } from '../local/template/plan.ts';
import { AWS_LIMITS, type Limits, type QueueLimits } from './limits.ts';
import { type SendOptions, VirtualQueue, type VirtualQueueOptions } from './queue.ts';

export interface VirtualSqs {
  readonly queues: ReadonlyMap<string, VirtualQueue>;
  /** Throws when there is none. */
  queueNamed(name: string): VirtualQueue;
  /** To the queue whose address the request names. */
  request(operation: string, body: Readonly<Record<string, unknown>>): ServiceAnswer;
  deadLetters(): readonly DeadLetter[];
  /** Moves what is in a dead-letter queue back, as SQS does: as new messages of the same groups. Gives the number. */
  redrive(deadLetters: string): number;
}

export interface VirtualSqsOptions extends Pick<VirtualQueueOptions, 'clock' | 'timeline' | 'shuffled'> {
  /** AWS's own unless given. */
  readonly limits?: Limits;
  /** Called when a queue may have something new to receive. */
  readonly onArrival: (queue: string) => void;
}

export function startSqs(
  plans: readonly QueuePlan[],
  { onArrival, limits = AWS_LIMITS, ...options }: VirtualSqsOptions,
): VirtualSqs {
  let messages = 0;
  const queues = new Map<string, VirtualQueue>();
  for (const plan of plans) {
    const deadLetters = plans.find(({ arn }) => plan.attributes.RedrivePolicy?.includes(`"${arn}"`));
    const queue = new VirtualQueue(plan, {
      ...options,
      messageBytesMax: limits.queue.messageBytes,
      next: () => ++messages,
      onArrival: () => onArrival(plan.name),
      deadLetters: () => deadLetters && queues.get(deadLetters.name),
    });
    queues.set(plan.name, queue);
  }
  return {
    queues,
    queueNamed(name) {
      const queue = queues.get(name);
      if (queue === undefined) throw new Error(`There is no queue ${name}; there are: ${[...queues.keys()].join(', ')}`);
      return queue;
    },
    request(operation, body) {
      const queue = queues.get(String(body.QueueUrl).split('/').at(-1)!);
      if (queue === undefined) return refused('QueueDoesNotExist');
      if (operation === 'SendMessage') return sendMessage(queue, body as unknown as SendRequest);
      if (operation === 'SendMessageBatch') return sendMessageBatch(queue, body as unknown as BatchRequest, limits.queue);
      throw new Error(`The virtual queue does not know ${operation}`);
    },
    deadLetters: () =>
      [...queues.values()]
        .filter(({ plan }) => plan.deadLetters)
        .flatMap((queue) => queue.peek().map(({ body, group }) => ({ queue: queue.plan.name, body, group }))),
    redrive(name) {
      const from = queues.get(name);
      const plan = plans.find(({ attributes }) => from && attributes.RedrivePolicy?.includes(`"${from.plan.arn}"`));
      if (!from || !plan) throw new Error(`${name} is not the dead-letter queue of a queue`);
      const letters = from.shuffledByGroup();
      for (const letter of letters) {
        from.delete(letter);
        // With an id of its own for deduplication, else it could be dropped as a repeat of its own first sending.
        queues.get(plan.name)!.send(letter.body, { group: letter.group, deduplication: letter.deduplication && letter.id });
      }
      return letters.length;
    },
  };
}

interface SendRequest {
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

interface BatchRequest {
  readonly Entries: readonly (SendRequest & { readonly Id: string })[];
}

const MESSAGE = ['MessageBody', 'MessageGroupId', 'MessageDeduplicationId'];

function sendMessage(queue: VirtualQueue, request: SendRequest): ServiceAnswer {
  only(request, ['QueueUrl', ...MESSAGE]);
  const refusal = queue.refusalOf(request.MessageBody, optionsOf(request));
  return refusal === undefined ? { status: 200, body: sent(queue, request) } : refused(refusal);
}

function sendMessageBatch(queue: VirtualQueue, request: BatchRequest, limits: QueueLimits): ServiceAnswer {
  only(request, ['QueueUrl', 'Entries']);
  const { Entries } = request;
  if (Entries.length === 0) return refused('EmptyBatchRequest');
  if (Entries.length > limits.batchEntries) return refused('TooManyEntriesInBatchRequest');
  if (new Set(Entries.map(({ Id }) => Id)).size < Entries.length) return refused('BatchEntryIdsNotDistinct');
  if (Entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0) > limits.messageBytes)
    return refused('BatchRequestTooLong');
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const { Id, ...message } of Entries) {
    only(message, MESSAGE);
    const Code = queue.refusalOf(message.MessageBody, optionsOf(message));
    if (Code === undefined) Successful.push({ Id, ...sent(queue, message) });
    else Failed.push({ Id, Code, SenderFault: true, Message: Code });
  }
  return { status: 200, body: { Successful, Failed } };
}

const optionsOf = ({ MessageGroupId, MessageDeduplicationId }: SendRequest): SendOptions => ({
  group: MessageGroupId,
  deduplication: MessageDeduplicationId,
});

/** Sends a message; gives what it is answered with. */
function sent(queue: VirtualQueue, request: SendRequest): object {
  const message = queue.send(request.MessageBody, optionsOf(request));
  return {
    MessageId: message?.id ?? '00000000-0000-4000-8000-000000000000',
    MD5OfMessageBody: createHash('md5').update(request.MessageBody).digest('hex'),
    ...(message && queue.isFifo ? { SequenceNumber: message.sequence } : {}),
  };
}

function only(body: object, known: readonly string[]): void {
  for (const name of Object.keys(body)) if (!known.includes(name)) throw new Error(`The virtual queue does not know ${name}`);
}

const refused = (type: string): ServiceAnswer => ({ status: 400, body: { __type: `com.amazonaws.sqs#${type}`, message: type } });
