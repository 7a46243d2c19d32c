/**
 * Post: a shard reads the clearing log behind its own cursor and applies each event, in order, to the accounts it holds.
 * The message is only a doorbell, so a repeat finds nothing to do and a lost one is made good by the next. Every shard
 * records what an event moved; the last one checks that over all accounts it moved nothing, or halts the venue.
 */
import type { ClearingEvent } from '../../lib/domain/events.ts';
import { centsPerTick } from '../../lib/domain/product.ts';
import { type EventTotals, imbalance, moveCursor, readCursor, recordTotals } from '../../lib/store/accounts.ts';
import { halt, readHalt } from '../../lib/store/halt.ts';
import { type LogEntry, loadVenue, readEvents } from '../../lib/store/log.ts';
import { ENV, METRICS } from '../../lib/store/names.ts';
import { required } from '../../lib/store/table.ts';
import { consume, measure, type Venue } from '../queue/consume.ts';
import { postEvent } from './post-event.ts';

/** Events read at a time; an event is at most a few kilobytes. */
const EVENTS_MAX = 50;

export const handler = consume('postings', (venue) => async ({ shard }) => {
  const { table, logger } = venue;
  const shards = Number(required(ENV.shards));
  const state = await loadVenue(table);
  for (let cursor = await readCursor(table, shard); cursor < state.seq; ) {
    const entries = await readEvents(table, cursor, EVENTS_MAX);
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (entry.seq !== cursor + 1) throw new Error(`event ${cursor + 1} is missing from the log`);
      if (await readHalt(table)) return logger.warn('posting waits: the venue is halted', { shard, seq: entry.seq });
      const totals = await postEvent(venue, shard, shards, entry, (product) => centsPerTick(state.products[product]!.parameters));
      const posted = await recordTotals(table, entry.seq, shard, totals);
      if (posted.shards.size === shards) await completePosting(venue, entry, posted);
      await moveCursor(table, shard, entry.seq);
      cursor = entry.seq;
    }
  }
});

/** Every shard has posted the event: it must sum to zero, and what waited for it may go on. */
async function completePosting(venue: Venue, { seq, event }: LogEntry, totals: EventTotals): Promise<void> {
  const { table, queues, logger } = venue;
  const off = imbalance(totals);
  if (off) {
    await halt(table, { reason: `out of balance: ${off}`, by: 'post-events', at: `event ${seq}` });
    measure(venue, METRICS.outOfBalance, 1);
    logger.critical('the venue is halted: a posting does not sum to zero', { seq, off });
    return;
  }
  if (advancesDay(event)) await queues.ring('clearing', { v: 1, kind: 'product', product: event.product });
}

type DayEvent = Exclude<ClearingEvent, { kind: 'account-opened' | 'cash-moved' | 'parameters-changed' }>;
const advancesDay = (event: ClearingEvent): event is DayEvent =>
  event.kind !== 'account-opened' && event.kind !== 'cash-moved' && event.kind !== 'parameters-changed';
