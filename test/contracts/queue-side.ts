/** A queue as its contract sees it, whichever it is. */
import type { Clock } from '../../lib/local/host/clock.ts';
import type { ServiceAnswer } from '../../lib/local/proxy/request.ts';
import type { QueuePlan } from '../../lib/local/template/plan.ts';
import type { Side } from './difference.ts';

export const START = Date.parse('2025-11-07T15:00:00Z');
export const ARN = 'arn:aws:sqs:us-east-1:000000000000:';

/** A message as it was received; times are on the clock. */
export interface ReceivedMessage {
  readonly id: string;
  readonly body: string;
  readonly group: string | undefined;
  readonly sequence: string | undefined;
  readonly sentMs: number;
  readonly firstReceivedMs: number;
  readonly receives: number;
}

/** A queue, and beside it one for its dead letters, on a clock that stands still at `START`. */
export interface OpenQueue {
  readonly clock: Clock;
  send(body: string, options?: { group: string; deduplication: string }): void;
  receive(max: number): readonly ReceivedMessage[];
  delete(message: ReceivedMessage): void;
  /** Gives messages back that were not worked off. Their time-out has not run yet. */
  giveBack(messages: readonly ReceivedMessage[]): void;
  /** Waits until the time-outs of what was given back have run. */
  timedOut(): Promise<void>;
  /** Everything in it, received or not. */
  bodies(): readonly string[];
  deadLetters(): readonly { readonly body: string; readonly group: string | undefined }[];
  /** How often it has said that there may be something to receive. */
  arrivals(): number;
  /** A request in the service's JSON protocol; its `QueueUrl` is the queue's unless given. */
  request(operation: string, body: Readonly<Record<string, unknown>>): Promise<ServiceAnswer>;
}

export interface QueueSide {
  readonly side: Side;
  /** A FIFO queue when its name ends in `.fifo`; attributes as `CreateQueue` takes them. */
  open(name: string, attributes?: Readonly<Record<string, string>>): Promise<OpenQueue>;
}

/** The queue and, beside it, the one that its dead letters go to. */
export function plansOf(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): readonly [queue: QueuePlan, deadLetters: QueuePlan] {
  const fifo: Record<string, string> = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
  const dead = name.replace(/(\.fifo)?$/, '-dlq$1');
  return [
    { name, arn: `${ARN}${name}`, attributes: { ...fifo, VisibilityTimeout: '30', ...attributes }, deadLetters: false },
    { name: dead, arn: `${ARN}${dead}`, attributes: fifo, deadLetters: true },
  ];
}

export const FIFO = 'work.fifo';
export const STANDARD = 'work';
