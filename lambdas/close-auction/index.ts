/**
 * Close: an auction is due, so a marker goes into every group of `orders.fifo`. What was answered before its marker is in
 * the auction, what comes after is in the next: an exact cut with no waiting and no clock. A message says whether it means the
 * intraday auction of a slot or the closing auction of a day: neither is ever taken for the other.
 */
import { evolveDay } from '../../lib/domain/clearing/day.ts';
import { decideIntraday, type IntradaySeen } from '../../lib/domain/clearing/intraday.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { type BusinessDate, localDate } from '../../lib/domain/contract/calendar.ts';
import {
  type Auction,
  findClosing,
  findIntraday,
  latestSlot,
  markAuction,
  newestAuctions,
  openAuction,
  readAuction,
} from '../../lib/store/auctions.ts';
import { readDay, saveDay } from '../../lib/store/days.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { loadVenue } from '../../lib/store/log.ts';
import type { Backends } from '../backends.ts';
import { consume } from '../queue/consume.ts';
import { untilCommitted } from '../until-committed.ts';

export const handler = consume('closings', (backends) => async (message, { attributes }) => {
  const { table, logger } = backends;
  const { product } = message;
  const state = (await loadVenue(table)).products[product];
  if (!state) return logger.warn('auction not closed: the product is not listed', { ...message });
  const halted = (await readHalt(table)) !== undefined;
  const askedAt = Number(attributes.SentTimestamp);
  if ('slot' in message) return closeIntraday(backends, state, message.slot, { halted, askedAt });
  if (halted) return logger.warn('closing auction not closed: the venue is halted', { ...message });
  return closeDay(backends, product, message.date);
});

/** As a message finds the venue. */
type Asked = Pick<IntradaySeen, 'halted' | 'askedAt'>;

/** While the venue is halted an auction that is due gets its number, and is closed when the venue resumes. */
async function closeIntraday(backends: Backends, state: ProductState, slot: string, asked: Asked): Promise<void> {
  const { table, logger } = backends;
  const { product } = state;
  const auction = await untilCommitted(
    async () => (await findIntraday(table, product, slot)) ?? (await openIntraday(backends, state, slot, asked)),
  );
  if (auction === 'refused') return;
  // Looked at again: a resume between the two looks has found no auction to have closed.
  if (asked.halted && (await readHalt(table)))
    return logger.warn('auction waits: the venue is halted', { product, auction, slot });
  await cut(backends, { product, auction, slot });
  logger.info('auction closing', { product, auction, slot, closing: false });
}

async function closeDay(backends: Backends, product: string, date: BusinessDate): Promise<void> {
  const { table, queues, logger } = backends;
  const [auction, day] = [await findClosing(table, product, date), await readDay(table, product, date)];
  if (auction === undefined || !day || day.step === 'roll')
    return logger.warn('closing auction not closed: its roll has not ended', { product, date });

  const { slot } = (await readAuction(table, product, auction))!;
  await cut(backends, { product, auction, slot });
  if (day.step === 'close') await saveDay(table, day, evolveDay(day, { kind: 'closed' }));
  // The auction may have cleared and been posted before the day came to wait for it: that wake-up found nothing to do.
  if (day.step === 'close' || day.step === 'clear') await queues.notify('day-runs', { v: 1, product });
  logger.info('auction closing', { product, auction, slot, closing: true });
}

/** Marked once every group has its marker, so that no later auction's can overtake it. Markers that come again change nothing. */
async function cut(
  { table, queues, shards }: Backends,
  { product, auction, slot }: Pick<Auction, 'product' | 'auction' | 'slot'>,
): Promise<void> {
  await queues.sendMarkers(product, auction, slot, shards);
  await markAuction(table, product, auction);
}

/** Numbers an auction between the closing ones; those are numbered by the roll. `undefined`: look again. */
async function openIntraday(
  backends: Backends,
  state: ProductState,
  slot: string,
  asked: Asked,
): Promise<number | 'refused' | undefined> {
  const { table, logger } = backends;
  const { product } = state;
  const [newest] = await newestAuctions(table, product, 1);
  const day = await readDay(table, product, localDate(Date.parse(slot), state.parameters.timeZone));
  const decision = decideIntraday(state, slot, {
    ...asked,
    newest,
    latestSlot: await latestSlot(table, product),
    dayBegun: day !== undefined,
  });
  if (decision.kind === 'look-again') return undefined;
  if (decision.kind === 'refuse') {
    logger.warn(`auction not held: ${decision.why}`, { product, slot });
    return 'refused';
  }
  // The worker that was to close the one before it has crashed, or is still at it: a shard passes its intakes in order.
  if (newest && !newest.marked) await cut(backends, newest);
  const { auction, date } = decision;
  return (await openAuction(table, { product, auction, slot, date, closing: false, shards: backends.shards }))
    ? auction
    : undefined;
}
