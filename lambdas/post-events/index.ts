/**
 * Post: a shard reads the clearing log behind its own cursor and applies each event that touches it, in order, to the accounts it
 * holds. The message is only a wake-up, so a repeat finds nothing to do and a lost one is made good by the next. Every shard
 * that an event touches records what it moved; the last one checks that over all accounts it moved nothing, or halts the venue. What
 * an invocation has no time for, the next goes on with: that is no failure, and nothing is done twice.
 */

import { productOf } from '../../lib/domain/clearing/account-risk.ts';
import { type EventTotals, imbalance } from '../../lib/domain/clearing/control-totals.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { centsPerTick } from '../../lib/domain/contract/product.ts';
import { recordTotals } from '../../lib/store/control-totals.ts';
import { moveCursor, noteProgress, type Progress, readPosition } from '../../lib/store/cursors.ts';
import { halt, readHalt } from '../../lib/store/halt.ts';
import { type LogEntry, loadVenue, readEvents } from '../../lib/store/log.ts';
import type { Message } from '../../lib/store/messages.ts';
import { METRICS } from '../../lib/store/names.ts';
import { shardsTouched } from '../../lib/store/posted.ts';
import { shortIn } from '../../lib/store/short.ts';
import type { Table } from '../../lib/store/table.ts';
import { type Backends, measure } from '../backends.ts';
import { consume, type TimeLeft } from '../queue/consume.ts';
import { cancelOrders } from './cancel-orders.ts';
import { postToShard } from './post-event.ts';
import type { Shard } from './shard.ts';

/** Events posted between two looks at the halt switch and two moves of the cursor; an event is a few kilobytes, and a hundred at most. */
const EVENTS_MAX = 50;
/** What one slice of accounts may take at the worst, with the SDK's retries, and the end of the invocation after it. */
const SLICE_MS_MAX = 30_000;

export const handler = consume('postings', (backends, timeLeft) => async ({ shard: number }, { messageId, attributes }) => {
  const { table, logger, shards } = backends;
  const venue = await loadVenue(table);
  const product = (code: string) => venue.products[code]!;
  const position = await readPosition(table, number);
  const shard: Moving = {
    ...cursorOf(backends, number, position.seq),
    table,
    shard: number,
    shards,
    product,
    centsPerTick: (code) => centsPerTick(product(code).parameters),
    productOf: (state) => productOf(state, venue),
    cancelOrders: cancelOrders(backends, Number(attributes.SentTimestamp)),
    ...(Number(attributes.ApproximateReceiveCount) > 1 ? { again: messageId } : {}),
  };
  for (let cursor = position.seq; cursor < venue.seq; ) {
    if (await readHalt(table)) return logger.warn('posting waits: the venue is halted', { shard: number, seq: cursor + 1 });
    const entries = await readEvents(table, cursor, Math.min(EVENTS_MAX, venue.seq - cursor));
    if (entries.length === 0) throw new Error(`event ${cursor + 1} is missing from the log`);
    const done = await postEntries(backends, shard, entries, cursor, position.progress, timeLeft);
    if (done === undefined) return;
    cursor = done;
    // Once for all of them: an event that is posted again finds every account it touches already past it.
    await shard.advance(cursor);
  }
});

interface Cursor {
  /** Notes that the shard has posted an event that touches it. */
  readonly posted: (seq: number) => void;
  /** Moves the shard's cursor on. */
  readonly advance: (seq: number) => Promise<void>;
}
type Moving = Shard & Cursor;

/**
 * Moves the cursor of a shard that stands at `from`; and what was posted since it moved last is news, for those who listen. News that can't
 * be sent is lost, which is no reason to post anything twice: a listener asks for the numbers now and then.
 */
function cursorOf({ table, queues, logger }: Backends, shard: number, from: number): Cursor {
  let after = from;
  let newest = from;
  return {
    posted: (seq) => {
      newest = seq;
    },
    async advance(seq) {
      await moveCursor(table, shard, seq);
      if (newest > after)
        await queues
          .notify('news', { v: 1, kind: 'posted', shard, after, seq: newest })
          .catch((error: unknown) => logger.warn('no news of what is posted', { shard, error: error as Error }));
      after = seq;
    },
  };
}

/** Posts events behind `cursor`. The answer is the new cursor; `undefined` when another invocation is to go on. */
async function postEntries(
  backends: Backends,
  shard: Moving,
  entries: readonly LogEntry[],
  cursor: number,
  progress: Progress | undefined,
  timeLeft: TimeLeft,
): Promise<number | undefined> {
  const { table, shards } = backends;
  let posted = cursor;
  for (const entry of entries) {
    if (entry.seq !== posted + 1) throw new Error(`event ${posted + 1} is missing from the log`);
    if (timeLeft() < SLICE_MS_MAX && posted > cursor) return stop(backends, shard, posted, `${posted}`);
    const touched = shardsTouched(entry.event, shards);
    if (!touched.includes(shard.shard)) {
      posted = entry.seq;
      continue;
    }
    // A submission's key must be of about now: with a wake-up of its own.
    if (entry.event.kind === 'calls-overdue' && shard.again) return stop(backends, shard, posted, `${posted}.${shard.again}`);
    const from = progress?.seq === entry.seq ? progress : undefined;
    const totals = await postToShard(shard, entry, from, (next) => goOn(backends, shard, posted, next, timeLeft));
    if (totals === undefined) return undefined;
    const recorded = await recordTotals(table, entry.seq, shard.shard, shards, totals);
    posted = entry.seq;
    shard.posted(posted);
    // The cursor moves past it all the same: once an operator has resumed the venue, posting must not halt it again.
    if (recorded.shards.size === touched.length && !(await completePosting(backends, entry, recorded))) return posted;
  }
  return posted;
}

/** Notes how far an event has come. False when the venue is halted, or when the next invocation is to go on with it. */
async function goOn(backends: Backends, shard: Moving, posted: number, progress: Progress, timeLeft: TimeLeft): Promise<boolean> {
  const { table, logger } = backends;
  // Or the next run would read through everything before the event once more.
  await shard.advance(posted);
  await noteProgress(table, shard.shard, progress);
  if (await readHalt(table)) {
    logger.warn('posting waits: the venue is halted', { shard: shard.shard, seq: progress.seq });
    return false;
  }
  if (timeLeft() >= SLICE_MS_MAX) return true;
  await stop(backends, shard, posted, `${progress.seq}.${progress.through}`);
  return false;
}

/** Leaves the rest to the next invocation, which is told to go on. */
async function stop({ queues, logger }: Backends, { shard, advance }: Moving, posted: number, where: string): Promise<undefined> {
  await advance(posted);
  await queues.notifyPosting(shard, where);
  logger.info('posting goes on in the next invocation', { shard, seq: posted + 1 });
}

/** Every shard that the event touches has posted it: it must sum to zero, and what waited for it may go on. False when the venue is halted. */
async function completePosting(backends: Backends, { seq, event }: LogEntry, totals: EventTotals): Promise<boolean> {
  const { table, queues, logger } = backends;
  const off = imbalance(totals);
  if (off) {
    await halt(table, { reason: `out of balance: ${off}`, by: 'post-events', at: `event ${seq}` });
    measure(backends, METRICS.outOfBalance, 1);
    logger.critical('the venue is halted: a posting does not sum to zero', { seq, off });
    return false;
  }
  for (const product of await productsToNotify(table, event)) await queues.notify('day-runs', { v: 1, product });
  const news = newsOf(event);
  if (news)
    await queues
      .notify('news', news)
      .catch((error: unknown) => logger.warn('no news of the day', { seq, error: error as Error }));
  return true;
}

/** What everyone who listens is told once an event is posted. That an auction has cleared they are told when it has. */
function newsOf(event: ClearingEvent): Message<'news'> | undefined {
  if (event.kind === 'prices-settled') return { v: 1, kind: 'settled', product: event.product, date: event.date };
  if (event.kind === 'day-closed') return { v: 1, kind: 'closed', product: event.product, date: event.date };
  return undefined;
}

/** Those whose day run may go on now, or in which a call may be met. What is posted of calls moves nothing on. */
async function productsToNotify(table: Table, event: ClearingEvent): Promise<Iterable<string>> {
  switch (event.kind) {
    case 'auction-cleared':
    case 'prices-settled':
    case 'month-expired':
    case 'day-closed':
      return [event.product];
    case 'cash-moved':
      return shortIn(
        table,
        Object.keys((await loadVenue(table)).products),
        event.movements.map(({ account }) => account),
      );
    default:
      return [];
  }
}
