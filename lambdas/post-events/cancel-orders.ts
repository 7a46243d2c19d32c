/**
 * Takes out what an account has open, when its margin call becomes overdue. It is sent before the state that says so is written, so at least
 * once; what accept decides after it is decided on an account whose call is overdue, and adds no risk. All of the account's orders are taken
 * out: whether one adds risk depends on which others trade.
 */
import { createHash } from 'node:crypto';
import { VENUE_SENDER } from '../../lib/domain/auction/book-columns.ts';
import { uuidv7Of } from '../../lib/domain/auction/idempotency-key.ts';
import type { Backends } from '../backends.ts';
import { takeOut } from '../take-out.ts';

export type CancelOrders = (product: string, account: string) => Promise<void>;

/** `at` is when the wake-up was sent, milliseconds since 1970: sent again for the same one, it is the same submission. */
export const cancelOrders =
  (backends: Pick<Backends, 'queues' | 'shards'>, at: number): CancelOrders =>
  (product, account) => {
    const key = uuidv7Of(at, createHash('sha256').update(`${at} ${product} ${account}`).digest().subarray(0, 16));
    return takeOut(backends, { product, account, sender: VENUE_SENDER, key, at, why: 'overdue-call' });
  };
