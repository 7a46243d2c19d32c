/**
 * Close: an auction is due, so a marker goes into every group of `orders.fifo`. What was answered before its marker is in
 * the auction, what comes after is in the next: an exact cut with no waiting and no clock. A message says whether it means the
 * intraday auction of a slot or the closing auction of a day: neither is ever taken for the other. Ahead of the markers go the cancels of
 * accounts whose dead-man's switch has run out.
 */
import { cutAsOf } from '../../lib/domain/auction/dead-mans-switch.ts';
import { evolveDay } from '../../lib/domain/clearing/day.ts';
import { decideIntraday } from '../../lib/domain/clearing/intraday.ts';
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
import { type Asking, askingOf, runOutSwitches } from './run-out-switches.ts';

export const handler = consume('closings', (backends, timeLeft) => async (message, record) => {
  const { table, queues, logger } = backends;
  const { product } = message;
  const state = (await loadVenue(table)).products[product];
  if (!state) return logger.warn('auction not closed: the product is not listed', { ...message });
  const halted = (await readHalt(table)) !== undefined;
  const asking = askingOf(record, timeLeft);
  if (halted && 'date' in message) return logger.warn('closing auction not closed: the venue is halted', { ...message });
  const outcome =
    'slot' in message
      ? await closeIntraday(backends, state, message.slot, { ...asking, halted })
      : await closeDay(backends, product, message.date, asking);
  if (outcome === 'later') {
    await queues.notify('closings', message);
    logger.info('closing goes on in the next invocation', { ...message });
  }
});

/** `later`: there is more to take out before the cut than this invocation has time for. */
type Outcome = 'done' | 'later';

/** As a message finds the venue. */
interface Asked extends Asking {
  readonly halted: boolean;
}

/** While the venue is halted an auction that is due gets its number, and is closed when the venue resumes. */
async function closeIntraday(backends: Backends, state: ProductState, slot: string, asked: Asked): Promise<Outcome> {
  const { table, logger } = backends;
  const { product } = state;
  const auction = await untilCommitted(
    async () => (await findIntraday(table, product, slot)) ?? (await openIntraday(backends, state, slot, asked)),
  );
  if (auction === 'refused') return 'done';
  if (auction === 'later') return 'later';
  // Looked at again: a resume between the two looks has found no auction to have closed.
  if (asked.halted && (await readHalt(table))) {
    logger.warn('auction waits: the venue is halted', { product, auction, slot });
    return 'done';
  }
  if (!(await cut(backends, { product, auction, slot }, asked))) return 'later';
  logger.info('auction closing', { product, auction, slot, closing: false });
  return 'done';
}

async function closeDay(backends: Backends, product: string, date: BusinessDate, asking: Asking): Promise<Outcome> {
  const { table, queues, logger } = backends;
  const [auction, day] = [await findClosing(table, product, date), await readDay(table, product, date)];
  if (auction === undefined || !day || day.step === 'roll') {
    logger.warn('closing auction not closed: its roll has not ended', { product, date });
    return 'done';
  }
  const { slot } = (await readAuction(table, product, auction))!;
  if (!(await cut(backends, { product, auction, slot }, asking))) return 'later';
  if (day.step === 'close') await saveDay(table, day, evolveDay(day, { kind: 'closed' }));
  // The auction may have cleared and been posted before the day came to wait for it: that wake-up found nothing to do.
  if (day.step === 'close' || day.step === 'clear') await queues.notify('day-runs', { v: 1, product });
  logger.info('auction closing', { product, auction, slot, closing: true });
  return 'done';
}

/**
 * Marked once every group has its marker, so that no later auction's can overtake it. Markers that come again change nothing. False when
 * there is more to take out ahead of them than the invocation has time for.
 */
async function cut(
  backends: Backends,
  { product, auction, slot }: Pick<Auction, 'product' | 'auction' | 'slot'>,
  asking: Asking,
): Promise<boolean> {
  const { table, queues, shards } = backends;
  if (!(await runOutSwitches(backends, product, cutAsOf(slot, asking.at), asking))) return false;
  await queues.sendMarkers(product, auction, slot, shards);
  await markAuction(table, product, auction);
  return true;
}

/** Numbers an auction between the closing ones; those are numbered by the roll. `undefined`: look again. */
async function openIntraday(
  backends: Backends,
  state: ProductState,
  slot: string,
  asked: Asked,
): Promise<number | 'refused' | 'later' | undefined> {
  const { table, logger } = backends;
  const { product } = state;
  const [newest] = await newestAuctions(table, product, 1);
  const day = await readDay(table, product, localDate(Date.parse(slot), state.parameters.timeZone));
  const decision = decideIntraday(state, slot, {
    halted: asked.halted,
    askedAt: asked.at,
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
  if (newest && !newest.marked && !(await cut(backends, newest, asked))) return 'later';
  const { auction, date } = decision;
  return (await openAuction(table, { product, auction, slot, date, closing: false, shards: backends.shards }))
    ? auction
    : undefined;
}
