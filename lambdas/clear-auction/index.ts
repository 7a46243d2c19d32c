/**
 * Clear: reads the frozen book of every shard, clears all months and spreads together, writes fills, carried orders
 * and depth under hashes of their content, and commits by one append to the clearing log. Before that append nothing has happened;
 * after it everything follows, and a repeat only sends the wake-ups again.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AuctionCleared } from '../../lib/domain/clearing/events.ts';
import { auctionTerms, lockedAtStop, openBooks, type ProductState } from '../../lib/domain/clearing/venue.ts';
import { clearBook } from '../../lib/domain/risk/clear.ts';
import { type Auction, isClosed, noteCleared, readAuction } from '../../lib/store/auctions.ts';
import { frozenBook, readStoredBook } from '../../lib/store/frozen-book.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { append, loadVenue, newestEvents } from '../../lib/store/log.ts';
import { METRICS } from '../../lib/store/names.ts';
import { readBehind, shardsTouched } from '../../lib/store/posted.ts';
import { packResult, StandingChunks, writeResult } from '../../lib/store/results.ts';
import type { Table } from '../../lib/store/table.ts';
import { type Backends, measure } from '../backends.ts';
import { consume } from '../queue/consume.ts';
import { untilCommitted } from '../until-committed.ts';
import { checkBands, checkConservation } from './conservation.ts';

export const handler = consume('clearings', (backends) => async ({ product, auction: number }) => {
  const { table, queues, logger, shards } = backends;
  if (await readHalt(table)) return logger.warn('auction waits: the venue is halted', { product, auction: number });
  const auction = await readAuction(table, product, number);
  if (!auction || !isClosed(auction))
    return logger.info('auction waits: not every shard is closed', { product, auction: number });

  let work: { readonly against: ProductState; readonly event: AuctionCleared } | undefined;
  const cleared = await untilCommitted(async () => {
    const venue = await loadVenue(table);
    const state = venue.products[product]!;
    // The auction before it notifies this one when it has cleared.
    if (state.lastAuction < number - 1) return 'early';
    if (state.lastAuction >= number)
      return { venue, repeated: true, toNotify: (await readBehind(table, venue.seq, shards)).shards };
    // Others commit meanwhile, operators above all: what does not touch the product does not change what it clears to.
    if (!work || !isDeepStrictEqual(work.against, state)) work = { against: state, event: await clear(table, auction, state) };
    const { event } = work;
    const next = await append(table, venue, event);
    if (next === undefined) return undefined;
    logger.info('auction cleared', { product, auction: number, orders: event.orders, seq: next.seq });
    measure(backends, METRICS.lockedAtStop, lockedAtStop(next.products[product]!));
    return { venue: next, repeated: false, toNotify: shardsTouched(event, shards) };
  });
  if (cleared === 'early') return logger.info('auction waits: its predecessor has not cleared', { product, auction: number });

  // Before what is noted of it: a run that repeats one which crashed between the two tells once more, and no other does.
  if (!cleared.repeated || auction.clearedBy === undefined)
    await queues
      .notify('news', { v: 1, kind: 'cleared', product, auction: number })
      .catch((error: unknown) => logger.warn('no news of the auction', { product, auction: number, error: error as Error }));
  if (!cleared.repeated) await noteCleared(table, product, number, cleared.venue.seq);
  else if (auction.clearedBy === undefined) await noteLate(table, auction);
  await queues.notifyPostings(cleared.venue.seq, cleared.toNotify, cleared.repeated ? `again.${number}` : 'commit');
  await wakeSuccessor(table, queues, await readAuction(table, product, number + 1));
});

/**
 * The auction after it may have been closed already; or it was numbered while it had to wait, behind one that was stuck, and has no
 * markers yet. A closing auction is its day run's to close.
 */
async function wakeSuccessor(table: Table, queues: Backends['queues'], successor: Auction | undefined): Promise<void> {
  if (!successor) return;
  const { product, auction, slot, closing, marked } = successor;
  if (isClosed(successor)) await queues.notify('clearings', { v: 1, product, auction });
  else if (!marked && !closing && !(await readHalt(table))) await queues.notify('closings', { v: 1, product, slot });
}

/** The event that clears an auction, with everything it refers to already written. */
async function clear(table: Table, auction: Auction, state: ProductState): Promise<AuctionCleared> {
  const { product, auction: number, slot, date, closing, shards } = auction;
  const standing = new StandingChunks();
  const stored = await readStoredBook(table, auction, state, standing);
  const book = frozenBook(stored);
  const terms = auctionTerms(state, date, closing);
  const result = clearBook(book, terms);
  const packed = packResult(product, number, { orders: book.orders, cleared: result }, shards);
  checkConservation(packed.fills, stored, result.months);
  checkBands(result.months, terms);
  await writeResult(table, packed, standing);
  return {
    kind: 'auction-cleared',
    product,
    auction: number,
    slot,
    date,
    books: openBooks(state),
    closing,
    marks: state.marks,
    months: result.months,
    orders: result.orders,
    ...packed.references,
    surplus: `${result.surplus}`,
  };
}

/** Notes the event of an auction whose worker crashed between the commit and its note. */
async function noteLate(table: Table, { product, auction }: Auction): Promise<void> {
  for await (const { seq, event } of newestEvents(table))
    if (event.kind === 'auction-cleared' && event.product === product && event.auction === auction)
      return noteCleared(table, product, auction, seq);
}
