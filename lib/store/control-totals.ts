/** The control totals of an event: one item, with an attribute for each shard that has posted it, and how many shards the venue has. */

import type { EventTotals, ShardTotals } from '../domain/clearing/control-totals.ts';
import { amount, amountsToJson } from './amounts.ts';
import { totalsKey } from './keys.ts';
import { type Attributes, type Item, integer, N, S, type Table } from './table.ts';

/**
 * Records a shard's totals of an event; the answer holds those of every shard that has posted it. The first totals stand: a
 * worker that is late finds accounts that later events have moved on, and would add up what they hold by then.
 */
export async function recordTotals(
  table: Table,
  seq: number,
  shard: number,
  shards: number,
  totals: ShardTotals,
): Promise<EventTotals> {
  const item = await table.update(totalsKey(seq), {
    expression: 'SET #shard = if_not_exists(#shard, :totals), #shards = :shards',
    names: { '#shard': `${OF_SHARD}${shard}`, '#shards': 'shards' },
    values: { ':totals': S(encodeTotals(totals)), ':shards': N(shards) },
  });
  return decodeTotals(seq, item!);
}

export async function readTotals(table: Table, seq: number): Promise<EventTotals> {
  return decodeTotals(seq, (await table.get(totalsKey(seq))) ?? {});
}

/** How many shards the accounts in the table are spread over; `undefined` before the first event is posted. */
export async function shardsIn(table: Table): Promise<number | undefined> {
  const [newest] = await table.queryAll(totalsKey(0).pk, { newestFirst: true, limit: 1 });
  return newest && integer(newest, 'shards');
}

/** Totals as an item, as the shards that have posted the event have left it. */
export const totalsItem = (seq: number, totals: ReadonlyMap<number, ShardTotals>, shards: number): Item => ({
  ...totalsKey(seq),
  attributes: {
    shards: N(shards),
    ...Object.fromEntries(Array.from(totals, ([shard, own]) => [`${OF_SHARD}${shard}`, S(encodeTotals(own))])),
  },
});

/** Stands before the number of a shard in the names of attributes. */
const OF_SHARD = 'shard#';

const AMOUNTS = new Set(['cents', 'collected', 'longsRollCost']);

export const encodeTotals = (totals: ShardTotals): string => amountsToJson(totals);

/** The inverse of `encodeTotals`. */
export const decodeShardTotals = (text: string): ShardTotals =>
  JSON.parse(text, (key, inner) => (AMOUNTS.has(key) ? amount(inner) : inner));

export const decodeTotals = (seq: number, item: Attributes): EventTotals => ({
  seq,
  shards: new Map(
    Object.entries(item)
      .filter(([name]) => name.startsWith(OF_SHARD))
      .map(([name, value]) => [Number(name.slice(OF_SHARD.length)), decodeShardTotals(value.S!)]),
  ),
});
