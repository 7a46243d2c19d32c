/** A kill switch that is on stays on, wherever the venue is moved. */
import { expect, test } from 'vitest';
import { VenueRows } from '../../../lib/audit/rows.ts';
import { changeStops, isStopped, noStops, WHOLE_OWNER } from '../../../lib/domain/auction/stops.ts';
import { intoShards } from '../../../lib/operations/recovery/into-shards.ts';
import { halt } from '../../../lib/store/halt.ts';
import { readOwnerStops, stopsIn, writeOwnerStops } from '../../../lib/store/stops.ts';
import { ANN, BOB, CAT, SHARDS } from '../../venue/accounts.ts';
import { openWorkerVenue } from '../../venue/worker-venue.ts';

const venue = await openWorkerVenue();

test.each([3, 5, 1])('it lies with its owner in each of %i shards', async (shards) => {
  await venue.list(venue.nextProduct());
  await venue.fund(`${ANN}${shards}`);
  const note = { by: 'olga', at: '2025-10-20T14:00:00.000Z', reason: 'why' };
  const owners = [ANN, BOB, CAT].map((name) => `${name}${shards}`);
  for (const owner of owners) {
    const stops = changeStops(noStops(owner), { of: WHOLE_OWNER, side: 'operator', kind: 'stop', note })!;
    expect(await writeOwnerStops(venue.table, stops, SHARDS)).toBe(true);
    expect(await writeOwnerStops(venue.table, stops, SHARDS)).toBe(false);
  }
  await halt(venue.table, { reason: 'move', by: 'olga', at: '' });
  const moved = await intoShards(await VenueRows.from(venue.table.scan()), shards);
  for (const owner of owners) expect(isStopped(await readOwnerStops(moved, owner, shards), `${owner}.desk`)).toBe(true);
  expect(await readOwnerStops(moved, 'none', shards)).toEqual(noStops('none'));
  for (let shard = shards; shard < SHARDS; shard++) expect(await Array.fromAsync(stopsIn(moved, shard))).toEqual([]);
});
