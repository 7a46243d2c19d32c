/**
 * How far posting has come: the log, the shards' cursors and the totals of events, read together. A shard posts the events that touch
 * its accounts and no others, so its cursor may stand before any number of events that it has nothing to do with.
 */

import { isComplete } from '../domain/clearing/control-totals.ts';
import { type AuctionCleared, BANK, type ClearingEvent } from '../domain/clearing/events.ts';
import { accountsTouched } from '../domain/clearing/posting.ts';
import type { ProductState } from '../domain/clearing/venue.ts';
import { readTotals } from './control-totals.ts';
import { readCursor } from './cursors.ts';
import { shardOf } from './keys.ts';
import { eventsAfter, readEvents } from './log.ts';
import type { Table } from './table.ts';

/**
 * The shards that an event touches, in order: they alone are notified of it, post it and record its totals, and with all of them it is
 * posted. There is at least one, so that every event is posted once: what touches no account is posted in the bank's shard.
 */
export function shardsTouched(event: ClearingEvent, shards: number): readonly number[] {
  const touched = new Set(event.kind === 'auction-cleared' ? ofFills(event, shards) : ofAccounts(event, shards));
  return touched.size ? [...touched].sort((a, b) => a - b) : [shardOf(BANK, shards)];
}

const all = (shards: number): number[] => Array.from({ length: shards }, (_, shard) => shard);

/** Of an auction from before the venue was moved into this number of shards, which was posted by then, every shard. */
const ofFills = ({ fills }: AuctionCleared, shards: number): number[] =>
  fills.shards === shards ? Object.keys(fills.roots).map(Number) : all(shards);

function ofAccounts(event: ClearingEvent, shards: number): number[] {
  const accounts = accountsTouched(event, new Map());
  return accounts === 'all' ? all(shards) : accounts.map((each) => shardOf(each, shards));
}

/**
 * Whether a product's last event is posted and sums to zero, and each one before it is posted by all shards that it touches. Totals say
 * so first: the last shard sends its wake-ups before its cursor moves.
 */
export async function isPosted(
  table: Table,
  { product, lastEvent }: Pick<ProductState, 'product' | 'lastEvent'>,
  shards: number,
): Promise<boolean> {
  if (lastEvent === 0) return true;
  const cursors = await readCursors(table, shards);
  for await (const { seq, event } of eventsAfter(table, Math.min(...cursors, lastEvent - 1))) {
    const touched = shardsTouched(event, shards);
    if (seq === lastEvent) return isComplete(await readTotals(table, seq), touched);
    const behind = touched.filter((shard) => cursors[shard]! < seq);
    if (behind.length === 0 || !('product' in event) || event.product !== product) continue;
    const recorded = await readTotals(table, seq);
    if (behind.some((shard) => !recorded.shards.has(shard))) return false;
  }
  throw new Error(`event ${lastEvent} is missing from the log`);
}

export interface Behind {
  /** Events from the first on that a shard which it touches has not posted, up to the newest; 0 when there is none. */
  readonly events: number;
  /** The shards whose cursors do not stand at the newest event, in order. */
  readonly shards: readonly number[];
}

/**
 * How far the shards are behind event `seq`, the newest. By the cursors and not by the totals: a shard whose worker crashed between the
 * two would be left behind, and nothing else would tell it.
 */
export async function readBehind(table: Table, seq: number, shards: number): Promise<Behind> {
  const cursors = await readCursors(table, shards);
  const behind = [...cursors.keys()].filter((shard) => cursors[shard]! < seq);
  if (behind.length > 0)
    for await (const entry of eventsAfter(table, Math.min(...cursors)))
      if (shardsTouched(entry.event, shards).some((shard) => cursors[shard]! < entry.seq))
        return { events: Math.max(1, seq - entry.seq + 1), shards: behind };
  return { events: 0, shards: behind };
}

/** Events that are looked at behind a cursor for one that touches its shard. */
const LOOKED_AT = 50;

/** The last event up to which a shard has posted all that touches it, as far as fifty events behind its cursor show. */
export async function postedThrough(table: Table, shard: number, shards: number): Promise<number> {
  const cursor = await readCursor(table, shard);
  const entries = await readEvents(table, cursor, LOOKED_AT);
  const next = entries.find(({ event }) => shardsTouched(event, shards).includes(shard));
  return next ? next.seq - 1 : (entries.at(-1)?.seq ?? cursor);
}

const readCursors = (table: Table, shards: number): Promise<number[]> =>
  Promise.all(Array.from({ length: shards }, (_, shard) => readCursor(table, shard)));
