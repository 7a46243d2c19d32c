/**
 * How far each shard has posted the clearing log: the last event that is posted whole, and, of the one after it, how many of the
 * accounts that it moves. An event may move more accounts than an invocation has time for.
 */

import type { ShardTotals } from '../domain/clearing/control-totals.ts';
import { decodeShardTotals, encodeTotals } from './control-totals.ts';
import { cursorKey } from './keys.ts';
import { type Item, integer, N, S, type Table, text } from './table.ts';

/** Part of an event, posted: up to an account, itself included, in order of id. */
export interface Progress {
  readonly seq: number;
  readonly through: string;
  /** What the event has moved as far as that. */
  readonly totals: ShardTotals;
}

export interface Position {
  /** Number of the last event posted whole; 0 for none. */
  readonly seq: number;
  readonly progress: Progress | undefined;
}

export async function readPosition(table: Table, shard: number): Promise<Position> {
  const item = await table.get(cursorKey(shard));
  if (!item) return { seq: 0, progress: undefined };
  const progress = item.event && {
    seq: integer(item, 'event'),
    through: text(item, 'through'),
    totals: decodeShardTotals(text(item, 'totals')),
  };
  return { seq: integer(item, 'seq'), progress };
}

/** The number of the last event that the shard has posted whole. */
export const readCursor = async (table: Table, shard: number): Promise<number> => (await readPosition(table, shard)).seq;

/** Moves the cursor on, and never back. What was noted of the event after the one before is no longer of use. */
export async function moveCursor(table: Table, shard: number, seq: number): Promise<void> {
  await table.putIf(cursorItem(shard, seq), 'attribute_not_exists(pk) OR seq < :seq', { ':seq': N(seq) });
}

/**
 * Notes part of an event, unless as much of it, or a later one, is noted. Of two workers at one event both note the same totals for
 * the same account: what an event moves does not depend on who posts it.
 */
export async function noteProgress(table: Table, shard: number, { seq, through, totals }: Progress): Promise<void> {
  await table.update(cursorKey(shard), {
    expression: 'SET seq = if_not_exists(seq, :none), #event = :event, through = :through, totals = :totals',
    names: { '#event': 'event' },
    values: { ':none': N(0), ':event': N(seq), ':through': S(through), ':totals': S(encodeTotals(totals)) },
    condition:
      '(attribute_not_exists(seq) OR seq < :event) AND (attribute_not_exists(#event) OR #event < :event OR (#event = :event AND through < :through))',
  });
}

export const cursorItem = (shard: number, seq: number): Item => ({ ...cursorKey(shard), attributes: { seq: N(seq) } });
