/**
 * The sweep: on its schedule it measures what is late and rings what is stuck. Every wake-up of the pipeline can be lost
 * with the worker that was about to ring it; the sweep is why none of them has to be certain.
 */

import { isApproved } from '../../lib/domain/clearing/approval.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import {
  addDays,
  type BusinessDate,
  instantOf,
  isBusinessDay,
  localDate,
  nextBusinessDay,
} from '../../lib/domain/contract/calendar.ts';
import { auctionsAfter, newestAuctions } from '../../lib/store/auctions.ts';
import { readCursor } from '../../lib/store/cursors.ts';
import { openDay } from '../../lib/store/days.ts';
import { listHeld } from '../../lib/store/held.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { ENV, METRICS } from '../../lib/store/names.ts';
import { required, type Table } from '../../lib/store/table.ts';
import { type Backends, measure } from '../backends.ts';
import { advance } from './advance.ts';

/** A day run that has not begun this long after it was due is begun by the sweep: its schedule has failed. */
const DAY_RUN_GRACE_MS = 10 * 60_000;

export async function sweep(backends: Backends, at: number): Promise<void> {
  const { table, queues } = backends;
  const shards = Number(required(ENV.shards));
  const state = await loadVenue(table);
  // By the cursors and not by the totals: a shard that died between the two would be left behind with nobody to say so.
  const behind = await eventsBehind(table, state.seq, shards);
  if (behind > 0) await queues.notifyPostings(state.seq, shards, `sweep.${at}`);
  const held = (await listHeld(table)).filter((waiting) => !isApproved(waiting)).length;

  let [auctionLate, dayRunLate] = [0, 0];
  for (const own of Object.values(state.products)) {
    auctionLate = Math.max(auctionLate, await sweepAuctions(backends, own, at, shards), await missedSince(backends, own, at));
    dayRunLate = Math.max(dayRunLate, await sweepDays(backends, own, at));
    await advance(backends, own.product);
  }
  measure(backends, METRICS.postingBehind, behind);
  measure(backends, METRICS.held, held);
  measure(backends, METRICS.auctionLate, auctionLate);
  measure(backends, METRICS.dayRunLate, dayRunLate);
}

/** Events that the slowest shard has not posted. */
async function eventsBehind(table: Table, seq: number, shards: number): Promise<number> {
  const cursors = await Promise.all(Array.from({ length: shards }, (_, shard) => readCursor(table, shard)));
  return seq - Math.min(...cursors);
}

/**
 * Seconds since the oldest auction was due that has a number and has not cleared. Where shards are not closed its closing is
 * rung: it may have been given its number and no markers, by a worker that died or found the venue halted when it came back.
 */
async function sweepAuctions(
  { table, queues }: Backends,
  { product, lastAuction }: ProductState,
  at: number,
  shards: number,
): Promise<number> {
  const [oldest] = await auctionsAfter(table, product, lastAuction);
  if (!oldest) return 0;
  if (oldest.closed.size === shards) await queues.notify('clearings', { v: 1, product, auction: oldest.auction });
  else await queues.notify('closings', { v: 1, product, slot: oldest.slot });
  return Math.max(0, Math.floor((at - Date.parse(oldest.slot)) / 1000));
}

/**
 * Seconds since the day's newest intraday auction was due, if neither it nor a later one was ever given a number: its
 * schedule did not fire, or its closing was refused. It is not held by itself any more, so this ends with the next auction.
 */
async function missedSince({ table }: Backends, own: ProductState, at: number): Promise<number> {
  const { product, closedOn, parameters } = own;
  const { calendar, timeZone } = parameters;
  const date = localDate(at, timeZone);
  if (!isBusinessDay(calendar, date) || date <= closedOn) return 0;
  const times = (JSON.parse(process.env[ENV.auctionTimes] ?? '{}') as Record<string, string[]>)[product] ?? [];
  const due = Math.max(...times.map((time) => instantOf(date, time, timeZone)).filter((slot) => slot <= at));
  const [newest] = await newestAuctions(table, product, 1);
  // A product without any auction may have been listed since.
  return newest && Date.parse(newest.slot) < due ? Math.floor((at - due) / 1000) : 0;
}

/** Seconds since the oldest day run was due that has not ended. A day that nobody began is begun. */
async function sweepDays({ table, queues }: Backends, own: ProductState, at: number): Promise<number> {
  const { product, parameters, closedOn } = own;
  const { timeZone, dayRunTime } = parameters;
  const due = lastDue(own, at);
  if (!due || due <= closedOn) return 0;
  const slotOf = (date: BusinessDate): number => instantOf(date, dayRunTime, timeZone);
  const day = await openDay(table, product, closedOn);
  const late = at - (day ? Date.parse(day.slot) : slotOf(nextBusinessDay(parameters.calendar, closedOn)));
  // The newest is rung for: the roll plans those before it.
  if (!day && late > DAY_RUN_GRACE_MS) await queues.notify('rolls', { v: 1, product, slot: new Date(slotOf(due)).toISOString() });
  return Math.max(0, Math.floor(late / 1000));
}

/** The newest business day whose day run was due by `at`. */
function lastDue({ parameters }: ProductState, at: number): BusinessDate | undefined {
  const { calendar, timeZone, dayRunTime } = parameters;
  for (let back = 0, date = localDate(at, timeZone); back < 10; back++, date = addDays(date, -1))
    if (isBusinessDay(calendar, date) && instantOf(date, dayRunTime, timeZone) <= at) return date;
  return undefined;
}
