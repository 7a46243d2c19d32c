/**
 * Close: an auction is due, so a marker goes into every group of `orders.fifo`. What was answered before its marker is in
 * the auction, what comes after is in the next: an exact cut with no waiting and no clock.
 */
import { evolveDay } from '../../lib/domain/clearing/day.ts';
import { decideIntraday } from '../../lib/domain/clearing/intraday.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { type Auction, findAuction, markAuction, newestAuctions, openAuction, readAuction } from '../../lib/store/auctions.ts';
import { openDay, readDay, saveDay } from '../../lib/store/days.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { loadVenue } from '../../lib/store/log.ts';
import type { Backends } from '../backends.ts';
import { consume } from '../queue/consume.ts';
import { untilCommitted } from '../until-committed.ts';

export const handler = consume('closings', (backends) => async ({ product, slot }) => {
  const { table, queues, logger } = backends;
  if (await readHalt(table)) return logger.warn('auction not closed: the venue is halted', { product, slot });
  const state = (await loadVenue(table)).products[product];
  if (!state) return logger.warn('auction not closed: the product is not listed', { product, slot });

  const auction = await untilCommitted(
    async () => (await findAuction(table, product, slot)) ?? (await openIntraday(backends, state, slot)),
  );
  if (auction === 'refused') return;
  const { closing, date } = (await readAuction(table, product, auction))!;
  const day = closing ? await readDay(table, product, date) : undefined;
  if (day?.step === 'roll') return logger.warn('closing auction not closed: its roll has not ended', { product, slot });

  await cut(backends, { product, auction, slot });
  if (day?.step === 'close') await saveDay(table, day, evolveDay(day, { kind: 'closed' }));
  // The auction may have cleared and been posted before the day came to wait for it: that wake-up found nothing to do.
  if (day?.step === 'close' || day?.step === 'clear') await queues.notify('day-runs', { v: 1, product });
  logger.info('auction closing', { product, auction, slot, closing });
});

/** Marked once every group has its marker, so that no later auction's can overtake it. Markers that come again change nothing. */
async function cut(
  { table, queues, shards }: Backends,
  { product, auction, slot }: Pick<Auction, 'product' | 'auction' | 'slot'>,
): Promise<void> {
  await queues.sendMarkers(product, auction, slot, shards);
  await markAuction(table, product, auction);
}

/** Numbers an auction between the closing ones; those are numbered by the roll. `undefined`: look again. */
async function openIntraday(backends: Backends, state: ProductState, slot: string): Promise<number | 'refused' | undefined> {
  const { table, logger } = backends;
  const { product } = state;
  const [newest] = await newestAuctions(table, product, 1);
  const isDayOpen = (await openDay(table, product, state.closedOn)) !== undefined;
  const decision = decideIntraday(state, slot, newest, isDayOpen);
  if (decision.kind === 'look-again') return undefined;
  if (decision.kind === 'refuse') {
    logger.warn(`auction not held: ${decision.why}`, { product, slot });
    return 'refused';
  }
  // The worker that was to close the one before it has crashed, or is still at it: a shard passes its intakes in order.
  if (newest && !newest.marked) await cut(backends, newest);
  const { auction, date } = decision;
  return (await openAuction(table, { product, auction, slot, date, closing: false })) ? auction : undefined;
}
