/**
 * Close: an auction is due, so a marker goes into every group of `orders.fifo`. What was answered before its marker is in
 * the auction, what comes after is in the next: an exact cut with no waiting and no clock.
 */
import { isBusinessDay, localDate, nextBusinessDay } from '../../lib/domain/contract/calendar.ts';
import { findAuction, markAuction, newestAuctions, openAuction, readAuction } from '../../lib/store/auctions.ts';
import { moveDay, openDay, readDay } from '../../lib/store/days.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { ENV } from '../../lib/store/names.ts';
import { required } from '../../lib/store/table.ts';
import { consume } from '../queue/consume.ts';
import { untilCommitted } from '../until-committed.ts';

export const handler = consume('closings', ({ table, queues, logger }) => async ({ product, slot }) => {
  const shards = Number(required(ENV.shards));
  if (await readHalt(table)) return logger.warn('auction not closed: the venue is halted', { product, slot });
  const state = (await loadVenue(table)).products[product];
  if (!state) return logger.warn('auction not closed: the product is not listed', { product, slot });

  const auction = await untilCommitted(async () => (await findAuction(table, product, slot)) ?? (await openIntraday()));
  if (auction === 'refused') return;
  const { closing, date } = (await readAuction(table, product, auction))!;
  const day = closing ? await readDay(table, product, date) : undefined;
  if (day?.step === 'roll') return logger.warn('closing auction not closed: its roll has not ended', { product, slot });

  await cut(auction, slot);
  if (day?.step === 'close') await moveDay(table, day, 'close', 'clear');
  // The auction may have cleared and been posted before the day came to wait for it: then its wake-up has rung for nobody.
  if (day?.step === 'close' || day?.step === 'clear') await queues.notify('day-runs', { v: 1, kind: 'product', product });
  logger.info('auction closing', { product, auction, slot, closing });

  /** Marked once every group has its marker, so that no later auction's can overtake it. Markers that come again change nothing. */
  async function cut(auction: number, slot: string): Promise<void> {
    await queues.sendMarkers(product, auction, slot, shards);
    await markAuction(table, product, auction);
  }

  /** Numbers an auction between the closing ones; those are numbered by the roll. `undefined`: look again. */
  async function openIntraday(): Promise<number | 'refused' | undefined> {
    const { calendar, timeZone } = state!.parameters;
    const date = localDate(Date.parse(slot), timeZone);
    const [newest] = await newestAuctions(table, product, 1);
    // Numbered since it was looked for, by another worker with the same message.
    if (newest?.slot === slot) return undefined;
    const refused =
      (!isBusinessDay(calendar, date) && 'it is no business day') ||
      (newest && newest.slot > slot && 'a later auction has been opened') ||
      (newest?.closing && !newest.marked && 'the closing auction before it is not closed') ||
      ((await openDay(table, product, state!.closedOn)) && 'a day run is under way') ||
      // Its trades would fall into the day before it, whose statement and expiry are still to come.
      (nextBusinessDay(calendar, state!.closedOn) < date && 'the business day before it is not closed');
    if (refused) {
      logger.warn(`auction not held: ${refused}`, { product, slot });
      return 'refused';
    }
    // Whoever was to cut the one before it died, or is still at it: a shard passes its intakes in order.
    if (newest && !newest.marked) await cut(newest.auction, newest.slot);
    const auction = (newest?.auction ?? 0) + 1;
    return (await openAuction(table, { product, auction, slot, date, closing: false })) ? auction : undefined;
  }
});
