/** Where a shard stops: at an event that does not sum to zero, and at one that is missing, with nothing behind it posted. */
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { cents } from '../../lib/domain/contract/units.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { recordTotals } from '../../lib/store/control-totals.ts';
import { readCursor } from '../../lib/store/cursors.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { logKey } from '../../lib/store/keys.ts';
import { METRICS } from '../../lib/store/names.ts';
import { ANN, CAT, SHARDS } from '../venue/accounts.ts';
import { moved } from '../venue/events.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
beforeAll(() => venue.fund(ANN, CAT));
/** Whatever a test did to the venue, the next one finds it posted. */
afterEach(async () => {
  await venue.restore();
  for (let shard = 0; shard < SHARDS; shard++) await post(shard);
});

const post = (shard: number): Promise<number[]> => deliver('postings', { v: 1, shard });
const deposit = (account: string): Promise<number> => venue.commit(moved(account, 10n));
const cashOf = async (account: string): Promise<bigint> => (await readAccount(venue.table, account, SHARDS))!.cash;

test('the shard that finds an event out of balance posts none of those behind it', async () => {
  const off = await deposit(ANN);
  await recordTotals(venue.table, off, 0, SHARDS, { accounts: 0, cents: cents(1n), lots: {} });
  for (let at = 0; at < 3; at++) await deposit(CAT);
  await post(0);
  const before = await cashOf(CAT);
  expect(await post(1)).toEqual([]);
  expect(await readHalt(venue.table)).toMatchObject({ by: 'post-events', at: `event ${off}` });
  expect(await readCursor(venue.table, 1)).toBe(off);
  expect(await cashOf(CAT)).toBe(before);
  await venue.resume();
  await post(1);
  expect(await cashOf(CAT)).toBe(before + 30n);
});

test('what a worker measures is published before it ends, and a worker that measured nothing publishes nothing', async () => {
  const published = vi.spyOn(venue.metrics, 'publishStoredMetrics');
  await deposit(ANN);
  for (let shard = 0; shard < SHARDS; shard++) await post(shard);
  expect(published).not.toHaveBeenCalled();
  const off = await deposit(ANN);
  await recordTotals(venue.table, off, 0, SHARDS, { accounts: 0, cents: cents(1n), lots: {} });
  const measured = vi.spyOn(venue.metrics, 'addMetric');
  for (let shard = 0; shard < SHARDS; shard++) await post(shard);
  expect(measured).toHaveBeenCalledExactlyOnceWith(METRICS.outOfBalance, expect.anything(), 1);
  expect(published).toHaveBeenCalledOnce();
});

test('a shard stops at an event that is missing in the middle of the log, and goes on when it is back', async () => {
  const missing = await deposit(ANN);
  await deposit(ANN);
  const before = await cashOf(ANN);
  const kept = (await venue.table.get(logKey(missing)))!;
  await venue.table.delete(logKey(missing));
  const failed = vi.spyOn(venue.logger, 'error');
  expect(await post(0)).toEqual([0]);
  expect((failed.mock.calls[0]![1] as { error: Error }).error.message).toBe(`event ${missing} is missing from the log`);
  expect(await cashOf(ANN)).toBe(before);
  await venue.table.put({ ...logKey(missing), attributes: kept });
  expect(await post(0)).toEqual([]);
  expect(await cashOf(ANN)).toBe(before + 20n);
});
