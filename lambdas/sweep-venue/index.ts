/**
 * Sweep: on its schedule it measures what is late and notifies what stands still. It writes nothing; the workers that it
 * notifies look for themselves. A product that can't be swept does not keep the others from it: all of them are tried, then
 * the message fails, and is tried again.
 */
import { isApproved, isWaiting } from '../../lib/domain/clearing/approval.ts';
import { decideSweep, type SweepSeen, type SweepWakeUp, type Swept } from '../../lib/domain/clearing/sweep.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { auctionsAfter, isClosed, latestSlot, newestAuctions } from '../../lib/store/auctions.ts';
import { openDay } from '../../lib/store/days.ts';
import { openActs } from '../../lib/store/held.ts';
import { heldOf, unpublishedIndex } from '../../lib/store/index-values.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { METRICS } from '../../lib/store/names.ts';
import { readBehind } from '../../lib/store/posted.ts';
import { readShort } from '../../lib/store/short.ts';
import { auctionTimes } from '../auction-times.ts';
import { type Backends, measure } from '../backends.ts';
import { consume } from '../queue/consume.ts';

export const handler = consume('sweeps', (backends) => async (message, { messageId }) => {
  const at = Date.parse(message.at);
  const venue = await loadVenue(backends.table);
  const failed: Error[] = [];
  /** Runs one part of the sweep. One that fails is noted; `undefined`: what it would have measured is not known. */
  const attempt = async <T>(part: string, sweep: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await sweep();
    } catch (error) {
      failed.push(new Error(`${part} not swept`, { cause: error }));
      return undefined;
    }
  };

  const behind = await attempt('postings', () => sweepPostings(backends, venue.seq, messageId));
  const swept: Swept[] = [];
  let short = 0;
  const products = Object.values(venue.products);
  const acts = await attempt('what operators have proposed', () => sweepActs(backends, products[0]?.product));
  const waiting: number[] = [];
  for (const own of products) {
    const held = await attempt(`what is held of ${own.product}`, () => lookAtHeld(backends, own));
    if (held) waiting.push(held.waiting);
    const [first] = (await attempt(`the calls of ${own.product}`, () => readShort(backends.table, own.product, 1))) ?? [];
    if (first) short += 1;
    const found = await attempt(own.product, () =>
      sweepProduct(backends, own, at, { toPublish: held?.toPublish ?? false, hasShort: first !== undefined }),
    );
    if (found) swept.push(found);
  }

  if (behind !== undefined) measure(backends, METRICS.postingBehind, behind);
  // Without a product that failed the sum might end the alarm.
  if (acts !== undefined && waiting.length === products.length)
    measure(
      backends,
      METRICS.held,
      waiting.reduce((sum, each) => sum + each, acts),
    );
  // Where there may be some, the day run counts them.
  if (short === 0 && failed.length === 0) measure(backends, METRICS.callsOverdue, 0);
  for (const [metric, of] of LATENESS) {
    const latest = Math.max(0, ...swept.map((found) => found[of]));
    // A product that failed may be the late one: a zero without it might end its alarm.
    if (latest > 0 || failed.length === 0) measure(backends, metric, latest);
  }
  if (failed.length > 0) throw new AggregateError(failed, failed.map(({ message }) => message).join(', '));
  measure(backends, METRICS.sweep, 1);
});

const LATENESS = [
  [METRICS.auctionLate, 'auctionLateSeconds'],
  [METRICS.dayRunLate, 'dayRunLateSeconds'],
] as const;

/** A shard that is behind only by events that don't touch it is not late; it is notified all the same, and moves its cursor on. */
async function sweepPostings({ table, queues, shards }: Backends, seq: number, sweep: string): Promise<number> {
  const behind = await readBehind(table, seq, shards);
  // Named by its message: that of a resume may be of the same instant as one that came too early, and SQS drops what has the same name.
  await queues.notifyPostings(seq, behind.shards, `sweep.${sweep}`);
  return behind.events;
}

/**
 * How many acts of operators wait for a second. One that is approved and not committed is taken up by the day run, of whichever product; a
 * venue that lists none yet has none, and there the approval is sent again.
 */
async function sweepActs({ table, queues }: Backends, product: string | undefined): Promise<number> {
  const open = await openActs(table);
  if (product !== undefined && open.some(isApproved)) await queues.notify('day-runs', { v: 1, product });
  return open.filter(isWaiting).length;
}

/** How much waits for operators, and whether an approved index value is still to be published. */
async function lookAtHeld({ table }: Backends, own: ProductState): Promise<{ waiting: number; toPublish: boolean }> {
  const held = await heldOf(table, own);
  const unpublished = await unpublishedIndex(table, own, held);
  return { waiting: held.filter(isWaiting).length, toPublish: unpublished.length > 0 };
}

async function sweepProduct(
  backends: Backends,
  own: ProductState,
  at: number,
  looked: Pick<SweepSeen, 'toPublish' | 'hasShort'>,
): Promise<Swept> {
  const { table } = backends;
  const { product, lastAuction, closedOn } = own;
  const [pending, [newest], latest, day] = await Promise.all([
    auctionsAfter(table, product, lastAuction),
    newestAuctions(table, product, 1),
    latestSlot(table, product),
    openDay(table, product, closedOn),
  ]);
  const swept = decideSweep(own, at, {
    pending: pending.map((auction) => ({ ...auction, closed: isClosed(auction) })),
    // A closing auction that was held back may be the newest, and not the latest.
    newest: newest && { slot: newest.slot > (latest ?? '') ? newest.slot : latest! },
    day,
    ...looked,
    auctionTimes: auctionTimes(product),
  });
  for (const wakeUp of swept.wakeUps) await notify(backends, product, wakeUp);
  return swept;
}

async function notify({ queues }: Backends, product: string, wakeUp: SweepWakeUp): Promise<void> {
  switch (wakeUp.kind) {
    case 'close':
      return queues.notify('closings', { v: 1, product, ...wakeUp.of });
    case 'clear':
      return queues.notify('clearings', { v: 1, product, auction: wakeUp.auction });
    case 'roll':
      return queues.notify('rolls', { v: 1, product, slot: wakeUp.slot });
    case 'settle':
      return queues.notify('day-runs', { v: 1, product });
  }
}
