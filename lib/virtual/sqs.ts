/**
 * A queue of SQS in memory: it loses nothing, keeps the order of a FIFO group, gives several messages of a group at once and
 * none while earlier ones are in work, drops repeats for five minutes, and gives up a message after its template's number of
 * receives. Visibility runs on machine time, sent times and deduplication on the clock.
 *
 * Source: Amazon SQS developer guide, "FIFO queue and message group ID", "Exactly-once processing", "Visibility timeout".
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../local/host/clock.ts';
import type { ServiceAnswer } from '../local/proxy/request.ts';
import type { DeadLetter } from '../local/sqs/dead-letters.ts';
import type { QueuePlan } from '../local/template/plan.ts';
import type { Timeline } from './timeline.ts';

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly group: string | undefined;
  readonly deduplication: string | undefined;
  readonly sequence: string;
  readonly sentMs: number;
  firstReceivedMs: number;
  receives: number;
  visible: boolean;
}

export interface VirtualQueueOptions {
  readonly clock: Clock;
  readonly timeline: Timeline;
  /** Numbers messages over all queues. */
  readonly next: () => number;
  /** Called when there may be something to receive. */
  readonly onArrival: () => void;
  readonly deadLetters: () => VirtualQueue | undefined;
  /** Puts the groups of a FIFO queue, or the messages of another, in the order in which they are looked at. */
  readonly shuffled: <T>(all: readonly T[]) => T[];
}

interface SendRequest {
  readonly Id?: string;
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

const DEDUPLICATED_FOR_MS = 5 * 60_000;
const BODY_BYTES_MAX = 1024 * 1024;
const BATCH_MAX = 10;

export interface VirtualSqs {
  readonly queues: ReadonlyMap<string, VirtualQueue>;
  /** Throws when there is none. */
  queueNamed(name: string): VirtualQueue;
  /** A request in the service's JSON protocol, to the queue whose address it names. */
  request(operation: string, body: Readonly<Record<string, unknown>>): ServiceAnswer;
  deadLetters(): readonly DeadLetter[];
}

export interface VirtualSqsOptions extends Pick<VirtualQueueOptions, 'clock' | 'timeline' | 'shuffled'> {
  /** Called when a queue may have something new to receive. */
  readonly onArrival: (queue: string) => void;
}

export function startSqs(plans: readonly QueuePlan[], { onArrival, ...options }: VirtualSqsOptions): VirtualSqs {
  let messages = 0;
  const queues = new Map<string, VirtualQueue>();
  for (const plan of plans) {
    const deadLetters = plans.find(({ arn }) => plan.attributes.RedrivePolicy?.includes(`"${arn}"`));
    const queue = new VirtualQueue(plan, {
      ...options,
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
      return queue?.request(operation, body) ?? refused('QueueDoesNotExist');
    },
    deadLetters: () =>
      [...queues.values()]
        .filter(({ plan }) => plan.deadLetters)
        .flatMap((queue) => queue.peek().map(({ body, group }) => ({ queue: queue.plan.name, body, group }))),
  };
}

export class VirtualQueue {
  readonly plan: QueuePlan;
  readonly isFifo: boolean;
  readonly #options: VirtualQueueOptions;
  readonly #messages: Message[] = [];
  readonly #seen = new Map<string, number>();
  readonly #receivesMax: number;
  readonly #visibilityMs: number;

  constructor(plan: QueuePlan, options: VirtualQueueOptions) {
    this.plan = plan;
    this.isFifo = plan.attributes.FifoQueue === 'true';
    this.#options = options;
    const redrive = plan.attributes.RedrivePolicy;
    this.#receivesMax =
      redrive === undefined ? Infinity : Number((JSON.parse(redrive) as { maxReceiveCount: number }).maxReceiveCount);
    this.#visibilityMs = Number(plan.attributes.VisibilityTimeout ?? 30) * 1000;
  }

  /** Everything that is in it, in work or not. */
  peek(): readonly Message[] {
    return this.#messages;
  }

  /** SendMessage and SendMessageBatch in the service's JSON protocol. */
  request(operation: string, body: Readonly<Record<string, unknown>>): ServiceAnswer {
    if (operation === 'SendMessage') {
      const sent = this.#sendOne(body as unknown as SendRequest);
      return { status: 200, body: sent };
    }
    if (operation !== 'SendMessageBatch') throw new Error(`The virtual queue does not know ${operation}`);
    const entries = body.Entries as SendRequest[];
    if (entries.length === 0) return refused('EmptyBatchRequest');
    if (entries.length > BATCH_MAX) return refused('TooManyEntriesInBatchRequest');
    if (new Set(entries.map(({ Id }) => Id)).size < entries.length) return refused('BatchEntryIdsNotDistinct');
    if (entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0) > BODY_BYTES_MAX)
      return refused('BatchRequestTooLong');
    return { status: 200, body: { Successful: entries.map((entry) => ({ Id: entry.Id, ...this.#sendOne(entry) })), Failed: [] } };
  }

  send(
    body: string,
    { group, deduplication }: { group?: string | undefined; deduplication?: string | undefined } = {},
  ): Message | undefined {
    if (this.isFifo && (group === undefined || deduplication === undefined))
      throw new Error(`${this.plan.name} needs a group and an id for deduplication`);
    if (Buffer.byteLength(body) > BODY_BYTES_MAX) throw new Error(`A message to ${this.plan.name} is too long`);
    if (this.isFifo && this.#isRepeat(group!, deduplication!)) return undefined;
    return this.#add(body, group, deduplication);
  }

  /** At most `max` messages, invisible from now on; of a FIFO group in order, and none while others of it are out. */
  receive(max: number): Message[] {
    const received: Message[] = [];
    for (const one of this.isFifo ? this.#byGroup() : this.#options.shuffled(this.#messages.filter(({ visible }) => visible))) {
      if (received.length === max) break;
      if (one.receives >= this.#receivesMax) {
        this.delete(one);
        // Moved and not sent: two with one id, as two groups may have, are both kept.
        const deadLetters = this.#options.deadLetters();
        if (deadLetters) deadLetters.#add(one.body, one.group, one.deduplication);
        continue;
      }
      one.receives++;
      one.visible = false;
      if (one.receives === 1) one.firstReceivedMs = this.#options.clock.now();
      received.push(one);
    }
    return received;
  }

  delete(message: Message): void {
    const at = this.#messages.indexOf(message);
    if (at >= 0) this.#messages.splice(at, 1);
    // The rest of its group was waiting for it.
    if (at >= 0 && this.isFifo) this.#options.onArrival();
  }

  /** What was received and not deleted comes back when its visibility time-out has run. */
  returnLater(message: Message): void {
    this.#options.timeline.after(this.#visibilityMs, () => {
      message.visible = true;
      this.#options.onArrival();
    });
  }

  #add(body: string, group: string | undefined, deduplication: string | undefined): Message {
    const { clock, next, onArrival } = this.#options;
    const number = next();
    const message: Message = {
      id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
      body,
      group: this.isFifo ? group : undefined,
      deduplication,
      sequence: String(number).padStart(20, '0'),
      sentMs: clock.now(),
      firstReceivedMs: 0,
      receives: 0,
      visible: true,
    };
    this.#messages.push(message);
    onArrival();
    return message;
  }

  #sendOne({ MessageBody, MessageGroupId, MessageDeduplicationId }: SendRequest): object {
    const sent = this.send(MessageBody, { group: MessageGroupId, deduplication: MessageDeduplicationId });
    const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex');
    return {
      MessageId: sent?.id ?? '00000000-0000-4000-8000-000000000000',
      MD5OfMessageBody,
      ...(sent && this.isFifo ? { SequenceNumber: sent.sequence } : {}),
    };
  }

  #isRepeat(group: string, deduplication: string): boolean {
    const now = this.#options.clock.now();
    const scope = this.plan.attributes.DeduplicationScope === 'messageGroup' ? group : '';
    const name = JSON.stringify([scope, deduplication]);
    const seenMs = this.#seen.get(name);
    if (seenMs !== undefined && now - seenMs < DEDUPLICATED_FOR_MS) return true;
    this.#seen.set(name, now);
    return false;
  }

  #byGroup(): Message[] {
    const groups = Map.groupBy(this.#messages, ({ group }) => group);
    const free = [...groups.values()].filter((messages) => messages.every(({ visible }) => visible));
    return this.#options.shuffled(free).flat();
  }
}

const refused = (type: string): ServiceAnswer => ({ status: 400, body: { __type: `com.amazonaws.sqs#${type}`, message: type } });
