/**
 * Taking out all that an account has open: a submission of one cancel of all in the account's own group of `orders.fifo`, so that it meets
 * the cut like any other. There is one way, whatever the reason: a kill switch, an overdue margin call, a dead-man's switch that ran out.
 */
import type { Instruction, TakenOutBy } from '../lib/domain/auction/orders.ts';
import { shardOf } from '../lib/store/keys.ts';
import type { SubmissionMessage } from '../lib/store/messages.ts';
import { packInstructions } from '../lib/store/packing.ts';
import { digestOf } from '../lib/store/submissions.ts';
import type { Backends } from './backends.ts';

export interface TakenOut {
  readonly product: string;
  readonly account: string;
  readonly sender: string;
  /** Sent again under the same one it is the same submission. Its time must be of about now. */
  readonly key: string;
  /** Milliseconds since 1970, of about now: what accept takes for late is measured from it. */
  readonly at: number;
  readonly why: TakenOutBy;
}

type Sending = Pick<Backends, 'queues' | 'shards'>;

/** Takes out an account's orders. */
export const takeOut = (backends: Sending, { why, ...of }: TakenOut): Promise<void> =>
  tell(backends, of, [{ kind: 'cancel-all' }], why === 'kill-switch' ? { why, stops: true } : { why });

/** Tells an account's group that a kill switch was released, which takes nothing out. */
export const tellReleased = (backends: Sending, of: Omit<TakenOut, 'why'>): Promise<void> =>
  tell(backends, of, [], { stops: true });

function tell(
  { queues, shards }: Sending,
  { product, account, sender, key, at }: Omit<TakenOut, 'why'>,
  instructions: readonly Instruction[],
  reason: Pick<SubmissionMessage, 'why' | 'stops'>,
): Promise<void> {
  const packed = packInstructions(instructions);
  return queues.submit({
    v: 1,
    kind: 'submission',
    product,
    shard: shardOf(account, shards),
    account,
    sender,
    key,
    digest: digestOf(packed),
    receivedAt: new Date(at).toISOString(),
    instructions: Buffer.from(packed).toString('base64'),
    ...reason,
  });
}
