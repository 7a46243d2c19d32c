/** A function that is deployed with another number of shards than its table holds accounts in does nothing. */
import { expect, test } from 'vitest';
import { totalsItem } from '../../lib/store/control-totals.ts';
import { readCursor } from '../../lib/store/cursors.ts';
import { totalsKey } from '../../lib/store/keys.ts';
import { readSubmission } from '../../lib/store/submissions.ts';
import { ANN, SHARDS } from '../venue/accounts.ts';
import { NOV, newYork } from '../venue/h100.ts';
import { buy } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();

test('a worker at a table of another number of shards leaves every message, and works when the number is right', async () => {
  const product = venue.nextProduct();
  await venue.list(product);
  await venue.table.put(totalsItem(1, new Map(), SHARDS + 1));
  const message = submission(product, ANN, newYork('2025-10-20', '09:30'), [buy('a', NOV, 2400, 1)]);
  const stored = () => readSubmission(venue.table, product, message.shard, ANN, message.key);
  expect(await deliver('orders', message)).toEqual([0]);
  expect(await deliver('postings', { v: 1, shard: 0 })).toEqual([0]);
  expect(await deliver('clearings', { v: 1, product, auction: 1 })).toEqual([0]);
  expect([await stored(), await readCursor(venue.table, 0)]).toEqual([undefined, 0]);

  await venue.table.delete(totalsKey(1));
  expect(await deliver('orders', message)).toEqual([]);
  expect(await deliver('postings', { v: 1, shard: 0 })).toEqual([]);
  expect(await stored()).toMatchObject({ outcomes: ['accepted'] });
  expect(await readCursor(venue.table, 0)).toBeGreaterThan(0);
});
