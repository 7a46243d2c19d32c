/**
 * Post: a shard reads the clearing log behind its own cursor and applies each event, in order, to the accounts it holds.
 * The message is only a wake-up, so a repeat finds nothing to do and a lost one is made good by the next. Every shard
 * records what an event moved; the last one checks that over all accounts it moved nothing, or halts the venue.
 */

import { type EventTotals, imbalance } from '../../lib/domain/clearing/control-totals.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { centsPerTick } from '../../lib/domain/contract/product.ts';
import { recordTotals } from '../../lib/store/control-totals.ts';
import { moveCursor, readCursor } from '../../lib/store/cursors.ts';
import { halt, readHalt } from '../../lib/store/halt.ts';
import { type LogEntry, loadVenue, readEvents } from '../../lib/store/log.ts';
import { METRICS } from '../../lib/store/names.ts';
import { type Backends, measure } from '../backends.ts';
import { consume } from '../queue/consume.ts';
import { postToShard } from './post-event.ts';

/** Events posted between two looks at the halt switch and two moves of the cursor; an event is at most a few kilobytes. */
const EVENTS_MAX = 50;

export const handler = consume('postings', (backends) => async ({ shard }) => {
  const { table, logger, shards } = backends;
  const state = await loadVenue(table);
  const tick = (product: string): bigint => centsPerTick(state.products[product]!.parameters);
  for (let cursor = await readCursor(table, shard); cursor < state.seq; ) {
    if (await readHalt(table)) return logger.warn('posting waits: the venue is halted', { shard, seq: cursor + 1 });
    const entries = await readEvents(table, cursor, Math.min(EVENTS_MAX, state.seq - cursor));
    if (entries.length === 0) throw new Error(`event ${cursor + 1} is missing from the log`);
    for (const entry of entries) {
      if (entry.seq !== cursor + 1) throw new Error(`event ${cursor + 1} is missing from the log`);
      const posted = await recordTotals(table, entry.seq, shard, await postToShard(table, shard, shards, entry, tick));
      cursor = entry.seq;
      // The cursor moves past it all the same: once an operator has resumed the venue, posting must not halt it again.
      if (posted.shards.size === shards && !(await completePosting(backends, entry, posted))) break;
    }
    // Once for all of them: an event that is posted again finds every account it touches already past it.
    await moveCursor(table, shard, cursor);
  }
});

/** Every shard has posted the event: it must sum to zero, and what waited for it may go on. False when the venue is halted. */
async function completePosting(backends: Backends, { seq, event }: LogEntry, totals: EventTotals): Promise<boolean> {
  const { table, queues, logger } = backends;
  const off = imbalance(totals);
  if (off) {
    await halt(table, { reason: `out of balance: ${off}`, by: 'post-events', at: `event ${seq}` });
    measure(backends, METRICS.outOfBalance, 1);
    logger.critical('the venue is halted: a posting does not sum to zero', { seq, off });
    return false;
  }
  if (advancesDay(event)) await queues.notify('day-runs', { v: 1, product: event.product });
  return true;
}

type DayEvent = Exclude<ClearingEvent, { kind: 'account-opened' | 'cash-moved' | 'parameters-changed' }>;
const advancesDay = (event: ClearingEvent): event is DayEvent =>
  event.kind !== 'account-opened' && event.kind !== 'cash-moved' && event.kind !== 'parameters-changed';
