/** The control totals of an event: one item, with an attribute for each shard that has posted it. */

import { type EventTotals, isComplete, type ShardTotals } from '../domain/clearing/control-totals.ts';
import { amount, amountsToJson } from './amounts.ts';
import { totalsKey } from './keys.ts';
import { type Attributes, S, type Table } from './table.ts';

/**
 * Records a shard's totals of an event; the answer holds those of every shard that has posted it. The first totals stand: a
 * worker that is late finds accounts that later events have moved on, and would add up what they hold by then.
 */
export async function recordTotals(table: Table, seq: number, shard: number, totals: ShardTotals): Promise<EventTotals> {
  const item = await table.update(totalsKey(seq), {
    expression: 'SET #shard = if_not_exists(#shard, :totals)',
    names: { '#shard': `shard#${shard}` },
    values: { ':totals': S(encodeTotals(totals)) },
  });
  return decodeTotals(seq, item!);
}

export async function readTotals(table: Table, seq: number): Promise<EventTotals> {
  return decodeTotals(seq, (await table.get(totalsKey(seq))) ?? {});
}

/** Whether every shard has posted an event. Shards post in order, so all before it are posted too. */
export async function isPosted(table: Table, seq: number, shards: number): Promise<boolean> {
  return seq === 0 || isComplete(await readTotals(table, seq), shards);
}

const AMOUNTS = new Set(['cents', 'collected', 'longsRollCost']);

export const encodeTotals = (totals: ShardTotals): string => amountsToJson(totals);

/** The inverse of `encodeTotals`. */
export const decodeShardTotals = (text: string): ShardTotals =>
  JSON.parse(text, (key, inner) => (AMOUNTS.has(key) ? amount(inner) : inner));

export const decodeTotals = (seq: number, item: Attributes): EventTotals => ({
  seq,
  shards: new Map(
    Object.entries(item)
      .filter(([name]) => name.startsWith('shard#'))
      .map(([name, value]) => [Number(name.slice(6)), decodeShardTotals(value.S!)]),
  ),
});
