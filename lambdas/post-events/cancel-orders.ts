/**
 * Takes out what an account has open, when its margin call becomes overdue: a submission of the venue's, in the account's own group, so that it
 * meets the cut like any other. It is sent before the state that says so is written, so at least once; what accept decides after it is decided on
 * an account whose call is overdue, and adds no risk. All of the account's orders are taken out: whether one adds risk depends on which others trade.
 */
import { createHash } from 'node:crypto';
import { VENUE_SENDER } from '../../lib/domain/auction/book-columns.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { packInstructions } from '../../lib/store/packing.ts';
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
      key: keyOf(at, `${product} ${account}`),
      digest: createHash('sha256').update(packed).digest('hex').slice(0, 16),
      sender: VENUE_SENDER,
      receivedAt: new Date(at).toISOString(),
      instructions: Buffer.from(packed).toString('base64'),
    });
  };

/** A UUIDv7 (RFC 9562, section 5.7) with a hash in place of the random bits. */
function keyOf(at: number, name: string): string {
  const bytes = createHash('sha256').update(`${at} ${name}`).digest().subarray(0, 16);
  bytes.writeUIntBE(at, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
