/**
 * Takes out what an account has open, when its margin call becomes overdue: a submission of the venue's, in the account's own group, so that it
 * meets the cut like any other. It is sent before the state that says so is written, so at least once; what accept decides after it is decided on
 * an account whose call is overdue, and adds no risk. All of the account's orders are taken out: whether one adds risk depends on which others trade.
 */
import { createHash } from 'node:crypto';
import { VENUE_SENDER } from '../../lib/domain/auction/book-columns.ts';
import { uuidv7Of } from '../../lib/domain/auction/idempotency-key.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { packInstructions } from '../../lib/store/packing.ts';
import { digestOf } from '../../lib/store/submissions.ts';
import type { Backends } from '../backends.ts';

export type CancelOrders = (product: string, account: string) => Promise<void>;

/** `at` is when the wake-up was sent, milliseconds since 1970: sent again for the same one, it is the same submission. */
export const cancelOrders =
  ({ queues, shards }: Pick<Backends, 'queues' | 'shards'>, at: number): CancelOrders =>
  (product, account) => {
    const packed = packInstructions([{ kind: 'cancel-all' }]);
    return queues.submit({
      v: 1,
      kind: 'submission',
      product,
      shard: shardOf(account, shards),
      account,
      key: uuidv7Of(at, createHash('sha256').update(`${at} ${product} ${account}`).digest().subarray(0, 16)),
      digest: digestOf(packed),
      sender: VENUE_SENDER,
      receivedAt: new Date(at).toISOString(),
      instructions: Buffer.from(packed).toString('base64'),
    });
  };
