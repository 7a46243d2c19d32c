/** The sweep looks at the whole venue, so here one product lives through one day, and every test goes on where the one before it ended. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { propose } from '../../lib/domain/clearing/approval.ts';
import type { DayStep } from '../../lib/domain/clearing/day.ts';
import { BANK } from '../../lib/domain/clearing/events.ts';
import { openAuction } from '../../lib/store/auctions.ts';
import { readCursor } from '../../lib/store/cursors.ts';
import { planDay, readDay } from '../../lib/store/days.ts';
import { halt } from '../../lib/store/halt.ts';
import { hold } from '../../lib/store/held.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { cursorKey, heldKey, shardOf } from '../../lib/store/keys.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { ENV, METRICS, type QueueName } from '../../lib/store/names.ts';
import { N } from '../../lib/store/table.ts';
import { ANN, CAT, SHARDS } from '../venue/accounts.ts';
import { moved } from '../venue/events.ts';
import { newYork, on } from '../venue/h100.ts';
import { crashOnce, deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const PRODUCT = 'H100-SXM';
const MONDAY = on('2025-10-20');
const at = (time: string, date: string = MONDAY): string => newYork(date, time);

/** CAT lies there too. */
const BANKS = shardOf(BANK, SHARDS);

const venue = await openWorkerVenue();
await venue.list(PRODUCT);
await venue.fund(ANN, CAT);

/** Sweeps, and returns what it measured; `failed` messages come back. */
async function sweep(time: string, date?: string, failed: number[] = []): Promise<Record<string, number>> {
  const measured: Record<string, number> = {};
  const spy = vi.spyOn(venue.metrics, 'addMetric').mockImplementation((name, _, value) => {
    measured[name] = value;
    return venue.metrics;
  });
  expect(await deliver('sweeps', { v: 1, at: at(time, date) })).toEqual(failed);
  spy.mockRestore();
  return measured;
}
const QUIET = {
  [METRICS.sweep]: 1,
  [METRICS.postingBehind]: 0,
  [METRICS.held]: 0,
  [METRICS.callsOverdue]: 0,
  [METRICS.auctionLate]: 0,
  [METRICS.dayRunLate]: 0,
};
const waiting = (): string[] =>
  (['orders', 'closings', 'clearings', 'postings', 'rolls', 'day-runs'] as const).filter(
    (queue) => venue.engine.messages(queue).length > 0,
  );
const lastAuction = async (): Promise<number> => (await venue.stateOf(PRODUCT)).lastAuction;

test('a venue on which nothing is late is measured and left alone', async () => {
  expect(await sweep('09:45')).toEqual(QUIET);
  expect(waiting()).toEqual([]);
});

test('a shard whose worker posted an event and crashed before its cursor moved is notified', async () => {
  const { seq } = await loadVenue(venue.table);
  await venue.table.update(cursorKey(BANKS), { expression: 'SET seq = :seq', values: { ':seq': N(seq - 1) } });
  expect(await sweep('09:45')).toEqual({ ...QUIET, [METRICS.postingBehind]: 1 });
  expect(waiting()).toEqual(['postings']);
  await venue.work();
  expect(await readCursor(venue.table, BANKS)).toBe(seq);
});

test('a shard that later events do not touch is not late, and is told to move its cursor past them', async () => {
  const seq = await venue.commit(moved(CAT, 1n));
  expect(await deliver('postings', { v: 1, shard: BANKS })).toEqual([]);
  expect(await readCursor(venue.table, 1 - BANKS)).toBe(seq - 1);
  expect(await sweep('09:45')).toEqual(QUIET);
  expect(venue.engine.messages('postings')).toEqual([{ v: 1, shard: 1 - BANKS }]);
  await venue.work();
  expect(await readCursor(venue.table, 1 - BANKS)).toBe(seq);
  expect(await sweep('09:45')).toEqual(QUIET);
  expect(waiting()).toEqual([]);
});

describe('an intraday auction that was never given its number', () => {
  beforeAll(() => {
    process.env[ENV.auctionTimes] = JSON.stringify({ [PRODUCT]: ['10:00', '13:00'] });
  });
  afterAll(() => {
    delete process.env[ENV.auctionTimes];
  });

  it('is none before the first auction of a product, which may have been listed since', async () => {
    expect(await sweep('10:15')).toEqual(QUIET);
  });

  it('is late from when it was due, and nothing is notified', async () => {
    expect(await deliver('closings', { v: 1, product: PRODUCT, slot: at('09:50') })).toEqual([]);
    await venue.work();
    expect(await sweep('09:55')).toEqual(QUIET);
    await venue.work();
    expect(await sweep('10:15')).toEqual({ ...QUIET, [METRICS.auctionLate]: 900 });
    expect(waiting()).toEqual([]);
  });

  it('is late only on a business day that is not closed', async () => {
    expect(await sweep('10:15', '2025-10-19')).toMatchObject({ [METRICS.auctionLate]: 0 });
    expect(await sweep('10:15', '2025-10-17')).toMatchObject({ [METRICS.auctionLate]: 0 });
  });
});

describe('an auction is moved on and its lateness measured', () => {
  it('when it was given its number and no markers, and its closing was then refused because of a halt', async () => {
    crashOnce(venue.queues, 'sendMarkers', 'before');
    expect(await deliver('closings', { v: 1, product: PRODUCT, slot: at('10:00') })).toEqual([0]);
    await halt(venue.table, { reason: 'test', by: 'op', at: '' });
    expect(await deliver('closings', { v: 1, product: PRODUCT, slot: at('10:00') })).toEqual([]);
    await venue.resume();
    expect(await sweep('10:15')).toEqual({ ...QUIET, [METRICS.auctionLate]: 900 });
    expect(venue.engine.messages('closings')).toEqual([{ v: 1, product: PRODUCT, slot: at('10:00') }]);
    await venue.work('closings', 'orders');
    venue.engine.drain();
  });

  it('when every shard is closed and the wake-up of its clearing was lost', async () => {
    expect(await sweep('10:30')).toEqual({ ...QUIET, [METRICS.auctionLate]: 1800 });
    expect(venue.engine.messages('clearings')).toEqual([{ v: 1, product: PRODUCT, auction: 2 }]);
    await venue.work('clearings');
    expect(await lastAuction()).toBe(2);
  });
});

it('shards that have not posted are notified and what they are behind is measured', async () => {
  expect(await sweep('10:45')).toEqual({ ...QUIET, [METRICS.postingBehind]: 1 });
  expect(venue.engine.messages('postings')).toEqual([
    { v: 1, shard: 0 },
    { v: 1, shard: 1 },
  ]);
  await venue.work();
  expect(await sweep('11:00')).toEqual(QUIET);
});

test('what is held is counted until two operators have agreed to it', async () => {
  const held = propose(PRODUCT, MONDAY, { kind: 'index', micros: '1' }, [], 'olga');
  await hold(venue.table, held);
  expect(await sweep('11:15')).toEqual({ ...QUIET, [METRICS.held]: 1 });
  await venue.table.delete(heldKey(held.id));
});

describe('a day run', () => {
  it('that is due has ten minutes to begin by itself', async () => {
    expect(await sweep('16:05')).toEqual({ ...QUIET, [METRICS.dayRunLate]: 300 });
    expect(waiting()).toEqual([]);
  });

  it('that has not begun by itself is begun', async () => {
    expect(await sweep('16:15')).toEqual({ ...QUIET, [METRICS.dayRunLate]: 900 });
    expect(venue.engine.messages('rolls')).toEqual([{ v: 1, product: PRODUCT, slot: at('16:00') }]);
  });

  it('is as late as the first day that did not run, and all of them are begun', async () => {
    expect(await sweep('16:15', '2025-10-22')).toEqual({ ...QUIET, [METRICS.dayRunLate]: 2 * 86_400 + 900 });
    expect(venue.engine.messages('rolls')).toEqual([{ v: 1, product: PRODUCT, slot: at('16:00', '2025-10-22') }]);
  });

  it.each<[DayStep, QueueName, () => Promise<unknown>]>([
    ['roll', 'rolls', () => deliver('rolls', { v: 1, product: PRODUCT, slot: at('16:00') })],
    ['close', 'closings', () => venue.work('closings', 'orders')],
    ['clear', 'clearings', () => venue.work('clearings')],
  ])('that stands still before its %s is moved on, wherever the wake-up was lost', async (step, queue, goOn) => {
    if (step === 'roll') {
      crashOnce(venue.table, 'createTogether', 'before');
      expect(await deliver('rolls', { v: 1, product: PRODUCT, slot: at('16:00') })).toEqual([0]);
    }
    expect((await readDay(venue.table, PRODUCT, MONDAY))?.step).toBe(step);
    expect(await sweep('16:30')).toMatchObject({ [METRICS.dayRunLate]: 1800 });
    // Where the day stands is the settling worker's to see.
    expect(venue.engine.messages('day-runs')).toEqual([{ v: 1, product: PRODUCT }]);
    await venue.work('day-runs');
    expect(venue.engine.messages(queue)).not.toEqual([]);
    await goOn();
  });

  it('that waits for the shards is late until they have posted, and goes on to its end', async () => {
    expect(await sweep('16:45')).toMatchObject({ [METRICS.postingBehind]: 1, [METRICS.dayRunLate]: 2700 });
    await publishIndex(venue.table, PRODUCT, MONDAY, 2_400_000n as never, ['op']);
    await venue.work();
    expect((await readDay(venue.table, PRODUCT, MONDAY))?.step).toBe('done');
    expect(await sweep('17:00')).toEqual(QUIET);
    expect(waiting()).toEqual([]);
  });
});

test('an auction that waits for its day’s roll is not closed by the sweep', async () => {
  await openAuction(venue.table, {
    product: PRODUCT,
    auction: 3,
    slot: at('16:00', '2025-10-21'),
    date: on('2025-10-21'),
    closing: true,
    shards: venue.shards,
  });
  const { table, queues } = venue;
  await planDay(table, PRODUCT, on('2025-10-21'), at('16:00', '2025-10-21'));
  await sweep('16:15', '2025-10-21');
  const sent = vi.spyOn(queues, 'sendMarkers');
  await venue.work('closings');
  expect(sent).not.toHaveBeenCalled();
});

describe('a product that can’t be swept', () => {
  const OTHER = 'Z-LAST';
  const SLOT = at('16:00', '2025-10-21');
  beforeAll(async () => {
    await venue.list(OTHER, { date: '2025-10-20' });
    for (const shard of [0, 1]) await deliver('postings', { v: 1, shard });
  });
  beforeEach(() => {
    const original = venue.table.queryAll.bind(venue.table);
    vi.spyOn(venue.table, 'queryAll').mockImplementation(async (partition, range) => {
      if (partition === `AUCTION#${PRODUCT}`) throw new Error('damaged');
      return original(partition, range);
    });
  });
  afterEach(() => vi.restoreAllMocks());

  it('leaves none of the others unswept, and the sweep is tried again', async () => {
    const measured = await sweep('16:15', '2025-10-21', [0]);
    expect(venue.engine.messages('rolls')).toEqual([{ v: 1, product: OTHER, slot: SLOT }]);
    expect(measured).toEqual({ [METRICS.postingBehind]: 0, [METRICS.held]: 0, [METRICS.dayRunLate]: 900 });
  });

  it('is named in the log with what is wrong with it', async () => {
    const said = vi.spyOn(venue.logger, 'error');
    await sweep('09:45', '2025-10-21', [0]);
    const [, { error }] = said.mock.calls[0] as unknown as [string, { error: AggregateError }];
    expect(error.message).toBe(`${PRODUCT} not swept`);
    expect(error.errors[0].cause.message).toBe('damaged');
  });

  it('may be the late one: no zero of the others ends its alarm, and no heartbeat says that all was swept', async () => {
    expect(await sweep('09:45', '2025-10-21', [0])).toEqual({ [METRICS.postingBehind]: 0, [METRICS.held]: 0 });
  });
});

test('what is held can’t be read: products and shards are swept all the same', async () => {
  const original = venue.table.queryAll.bind(venue.table);
  vi.spyOn(venue.table, 'queryAll').mockImplementation(async (partition, range) => {
    if (partition === 'HELD') throw new Error('damaged');
    return original(partition, range);
  });
  expect(await sweep('16:15', '2025-10-21', [0])).toMatchObject({ [METRICS.postingBehind]: 0, [METRICS.dayRunLate]: 900 });
  expect(venue.engine.messages('rolls')).not.toEqual([]);
  vi.restoreAllMocks();
});
