/**
 * A queue of SQS in memory: it loses nothing, keeps the order of a FIFO group, gives several messages of a group at once and
 * none while earlier ones are in work, drops repeats for five minutes, and gives up a message after its template's number of
 * receives. Visibility runs on machine time, sent times and deduplication on the clock.
 *
 * Source: Amazon SQS developer guide, "FIFO queue and message group ID", "Exactly-once processing", "Visibility timeout".
 */
import type { Clock } from '../local/host/clock.ts';
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
  readonly messageBytesMax: number;
  /** Puts the groups of a FIFO queue, or the messages of another, in the order in which they are looked at. */
  readonly shuffled: <T>(all: readonly T[]) => T[];
}

const DEDUPLICATED_FOR_MS = 5 * 60_000;

export interface SendOptions {
  readonly group?: string | undefined;
  readonly deduplication?: string | undefined;
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

  /** The message, or nothing for a repeat; throws what `refusalOf` says. */
  send(body: string, options: SendOptions = {}): Message | undefined {
    const refusal = this.refusalOf(body, options);
    if (refusal !== undefined) throw new Error(`${this.plan.name} takes no such message: ${refusal}`);
    const { group, deduplication } = options;
    if (this.isFifo && this.#isRepeat(group!, deduplication!)) return undefined;
    return this.#add(body, group, deduplication);
  }

  /** Why a message can't be sent here, as the service names it. */
  refusalOf(body: string, { group, deduplication }: SendOptions): string | undefined {
    if (Buffer.byteLength(body) > this.#options.messageBytesMax) return 'InvalidParameterValue';
    if (this.isFifo && group === undefined) return 'MissingParameter';
    return this.isFifo && deduplication === undefined ? 'InvalidParameterValue' : undefined;
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

  #isRepeat(group: string, deduplication: string): boolean {
    const now = this.#options.clock.now();
    const scope = this.plan.attributes.DeduplicationScope === 'messageGroup' ? group : '';
    const name = JSON.stringify([scope, deduplication]);
    const seenMs = this.#seen.get(name);
    if (seenMs !== undefined && now - seenMs < DEDUPLICATED_FOR_MS) return true;
    this.#seen.set(name, now);
    return false;
  }

  /** Everything that is in it: groups in any order, each in its own; without groups, in any order. */
  shuffledByGroup(): Message[] {
    return this.isFifo ? this.#byGroup() : this.#options.shuffled(this.#messages);
  }

  #byGroup(): Message[] {
    const groups = Map.groupBy(this.#messages, ({ group }) => group);
    const free = [...groups.values()].filter((messages) => messages.every(({ visible }) => visible));
    return this.#options.shuffled(free).flat();
  }
}
