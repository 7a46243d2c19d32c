/** Owners' kill switches, a row an owner: both APIs write it, on the version that they have read, and accept reads it. */
import { noStops, type OwnerStops } from '../domain/auction/stops.ts';
import type { NotedAct } from '../domain/clearing/noted-acts.ts';
import { ownerStopsKey, stopsPartition } from './keys.ts';
import { putNoted } from './noted-acts.ts';
import { type Attributes, integer, json, N, type Rows, type Table, text } from './table.ts';

/** Those of one owner; none stands when it has never used any. */
export async function readOwnerStops(table: Rows, owner: string, shards: number): Promise<OwnerStops> {
  const item = await table.get(ownerStopsKey(owner, shards));
  return item ? decodeStops(item) : noStops(owner);
}

/** Those of all owners of a shard that have ever used any. */
export async function* stopsIn(table: Rows, shard: number): AsyncGenerator<OwnerStops> {
  for await (const item of table.query(stopsPartition(shard))) yield decodeStops(item);
}

/** Writes an owner's switches over those of the version before, noted when an operator uses one. False when they have changed meanwhile. */
export const writeOwnerStops = (
  table: Table,
  { owner, version, switches }: OwnerStops,
  shards: number,
  noted?: NotedAct,
): Promise<boolean> =>
  putNoted(
    table,
    {
      item: { ...ownerStopsKey(owner, shards), attributes: { version: N(version), switches: json(switches), v: N(1) } },
      condition: version === 1 ? 'attribute_not_exists(pk)' : 'version = :before',
      ...(version === 1 ? {} : { values: { ':before': N(version - 1) } }),
    },
    noted,
  );

/** Whether an owner is of a shard, and everything else, is for the audit to say. */
export const decodeStops = (item: Attributes): OwnerStops => ({
  owner: text(item, 'sk'),
  version: integer(item, 'version'),
  switches: JSON.parse(text(item, 'switches')) as OwnerStops['switches'],
});
