import { beforeEach, describe, expect, it, test, vi } from 'vitest';
import { evolveDay } from '../../lib/domain/clearing/day.ts';
import { findIntraday, markAuction, newestAuctions, openAuction, readAuction } from '../../lib/store/auctions.ts';
import { planDay, readDay, saveDay } from '../../lib/store/days.ts';
import { halt } from '../../lib/store/halt.ts';
import type { Key } from '../../lib/store/keys.ts';
import { Table } from '../../lib/store/table.ts';
import { SHARDS } from '../venue/accounts.ts';
import { newYork, on } from '../venue/h100.ts';
import { crashOnce, deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();

let product: string;
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product);
});

const MONDAY = on('2025-10-20');
const TEN = newYork(MONDAY, '10:00');
const ONE = newYork(MONDAY, '13:00');
const CLOSING = newYork(MONDAY, '16:00');
const close = (slot: string): Promise<number[]> => deliver('closings', { v: 1, product, slot });
const opened = async () =>
  (await newestAuctions(venue.table, product, 10)).map(({ auction, slot, marked, closing }) => ({
    auction,
    slot,
    marked,
    closing,
  }));
const markers = (): unknown[] => venue.engine.messages('orders');

test('a due auction is given the next number and a marker in every group', async () => {
  expect(await close(TEN)).toEqual([]);
  expect(await opened()).toEqual([{ auction: 1, slot: TEN, marked: true, closing: false }]);
  expect(markers()).toEqual(
    Array.from({ length: SHARDS }, (_, shard) => ({ v: 1, kind: 'marker', product, shard, auction: 1, slot: TEN })),
  );
  await venue.work();
  venue.engine.drain();
  await close(ONE);
  expect((await opened())[0]).toEqual({ auction: 2, slot: ONE, marked: true, closing: false });
});

test('a product that is not listed has no auctions', async () => {
  expect(await deliver('closings', { v: 1, product: 'NONE', slot: TEN })).toEqual([]);
  expect(await newestAuctions(venue.table, 'NONE', 1)).toEqual([]);
});

describe('a day without trading has no auction:', () => {
  it.each([
    ['a Saturday', '2025-10-18'],
    ['Thanksgiving', '2025-11-27'],
    // At 22:00 in New York it is Tuesday in UTC, and at 20:30 on Sunday it is Monday.
    ['a Sunday in New York that is a Monday in UTC', '2025-10-19', '20:30'],
  ])('%s', async (_, date, time = '10:00') => {
    expect(await close(newYork(date, time))).toEqual([]);
    expect(await opened()).toEqual([]);
    expect(markers()).toEqual([]);
  });
});

describe('a slot that comes again', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['at once', async () => {}],
    ['when its auction has cleared', () => venue.work()],
    [
      'when a later auction has been opened',
      async () => {
        await venue.work();
        await close(ONE);
      },
    ],
  ])('has the same number and sends the same markers, %s', async (_, meanwhile) => {
    const sent = vi.spyOn(venue.queues, 'sendMarkers');
    await close(TEN);
    await meanwhile();
    const before = await opened();
    expect(await close(TEN)).toEqual([]);
    expect(await opened()).toEqual(before);
    expect(sent.mock.calls.at(-1)).toEqual(sent.mock.calls[0]);
    expect(await findIntraday(venue.table, product, TEN)).toBe(1);
  });

  it('together with itself is given one number', async () => {
    await Promise.all([close(TEN), close(TEN), close(TEN)]);
    expect(await opened()).toHaveLength(1);
  });

  it.each([
    ['numbered it', 'table', 'createTogether', 'after'],
    ['was about to send the markers', 'queues', 'sendMarkers', 'before'],
    ['sent the markers', 'queues', 'sendMarkers', 'after'],
    ['was about to say that they are sent', 'table', 'update', 'before'],
  ] as const)('because a worker crashed that %s is closed all the same', async (_, on, method, when) => {
    crashOnce(venue[on], method as never, when);
    expect(await close(TEN)).toEqual([0]);
    expect(await close(TEN)).toEqual([]);
    expect(await opened()).toEqual([{ auction: 1, slot: TEN, marked: true, closing: false }]);
    expect(markers()).toHaveLength(SHARDS);
  });
});

test('an auction that another worker has numbered in between, and crashed, is closed all the same', async () => {
  await openAuction(venue.table, { product, auction: 1, slot: TEN, date: MONDAY, closing: false, shards: SHARDS });
  const get = vi.spyOn(venue.table, 'get');
  const read = Table.prototype.get.bind(venue.table);
  let looked = 0;
  // Not there yet when it is first looked for.
  get.mockImplementation(async (key, consistent) =>
    key.pk === `SLOT#${product}` && ++looked === 1 ? undefined : read(key, consistent),
  );
  expect(await close(TEN)).toEqual([]);
  expect(looked).toBe(2);
  expect(markers()).toHaveLength(SHARDS);
  expect(await opened()).toEqual([{ auction: 1, slot: TEN, marked: true, closing: false }]);
});

test.each([
  ['numbered it', 'table', 'createTogether', 'after'],
  ['was about to send its markers', 'queues', 'sendMarkers', 'before'],
] as const)(
  'the markers of an auction whose worker crashed that %s go ahead of those of the next',
  async (_, on, method, when) => {
    crashOnce(venue[on], method as never, when);
    expect(await close(TEN)).toEqual([0]);
    expect(await close(ONE)).toEqual([]);
    expect(await opened()).toEqual([
      { auction: 2, slot: ONE, marked: true, closing: false },
      { auction: 1, slot: TEN, marked: true, closing: false },
    ]);
    const sent = Map.groupBy(markers() as { auction: number; shard: number }[], ({ shard }) => shard);
    expect([...sent.values()].map((all) => all.map(({ auction }) => auction))).toEqual(Array(SHARDS).fill([1, 2]));
  },
);

describe('an auction is refused', () => {
  test.each<[string, string, () => Promise<unknown>]>([
    ['on a day whose books are closed', newYork('2025-10-17', '17:00'), async () => {}],
    ['before the first trading day', newYork('2025-09-17', '10:00'), async () => {}],
    [
      'while the venue is halted and another waits',
      ONE,
      async () => {
        await halt(venue.table, { reason: 'test', by: 'op', at: '' });
        await close(TEN);
      },
    ],
    ['while a day run is under way', ONE, () => planDay(venue.table, product, MONDAY, CLOSING)],
    ['when the business day before it is not closed', newYork('2025-10-21', '10:00'), async () => {}],
    ['when a later auction has been held', TEN, () => venue.holdAuction(product, ONE)],
    [
      'when the closing auction before it is not closed',
      ONE,
      () => openAuction(venue.table, { product, auction: 1, slot: TEN, date: MONDAY, closing: true, shards: SHARDS }),
    ],
  ])('%s', async (_, slot, given) => {
    await given();
    const before = await opened();
    venue.engine.drain();
    expect(await close(slot)).toEqual([]);
    expect(await opened()).toEqual(before);
    expect(markers()).toEqual([]);
  });
});

test('an auction that is due while the venue is halted gets its number, and is closed when it comes again', async () => {
  await halt(venue.table, { reason: 'test', by: 'op', at: '' });
  expect(await close(TEN)).toEqual([]);
  expect(await opened()).toEqual([{ auction: 1, slot: TEN, marked: false, closing: false }]);
  expect(markers()).toEqual([]);
  await venue.resume();
  expect(await close(TEN)).toEqual([]);
  expect(await opened()).toEqual([{ auction: 1, slot: TEN, marked: true, closing: false }]);
});

describe('a closing auction', () => {
  const plan = async (): Promise<void> => {
    await planDay(venue.table, product, MONDAY, CLOSING);
    await openAuction(venue.table, { product, auction: 1, slot: CLOSING, date: MONDAY, closing: true, shards: SHARDS });
  };
  const step = async () => (await readDay(venue.table, product, MONDAY))?.step;
  const endRoll = async (): Promise<void> => {
    const day = (await readDay(venue.table, product, MONDAY))!;
    await saveDay(venue.table, day, evolveDay(day, { kind: 'rolled', auction: 1 }));
  };

  const closeDay = (): Promise<number[]> => deliver('closings', { v: 1, product, date: MONDAY });

  it('is not closed before its roll has ended', async () => {
    await plan();
    expect(await closeDay()).toEqual([]);
    expect(markers()).toEqual([]);
    expect(await readAuction(venue.table, product, 1)).toMatchObject({ marked: false });
    expect(await step()).toBe('roll');
  });

  it('is closed when it has, and moves the day on; again, it does neither twice', async () => {
    await plan();
    await endRoll();
    expect(await closeDay()).toEqual([]);
    expect(markers()).toHaveLength(SHARDS);
    expect(await step()).toBe('clear');
    expect(await closeDay()).toEqual([]);
    expect(await step()).toBe('clear');
    expect(await opened()).toHaveLength(1);
  });

  it.each(['before', 'after'] as const)(
    'that cleared before its day waits for it is settled, also when its worker crashes %s moving the day',
    async (when) => {
      await plan();
      await endRoll();
      crashOnce(venue.table, 'update', when, ({ pk }: Key) => pk === `DAY#${product}`);
      expect(await closeDay()).toEqual([0]);
      await venue.work();
      // Every wake-up that there would have been for it has come.
      venue.engine.drain();
      expect(await closeDay()).toEqual([]);
      await venue.work();
      expect(await step()).not.toBe('clear');
    },
  );

  it('is not what an intraday auction due at its instant is: that one is refused, and the closing one goes on', async () => {
    await plan();
    await endRoll();
    expect(await close(CLOSING)).toEqual([]);
    expect(await opened()).toEqual([{ auction: 1, slot: CLOSING, marked: false, closing: true }]);
    expect(await step()).toBe('close');
    await closeDay();
    expect(await step()).toBe('clear');
  });

  it('is not the intraday auction that was held at its instant before it', async () => {
    await venue.holdAuction(product, CLOSING);
    await venue.runDay(product, MONDAY);
    expect(await opened()).toEqual([
      { auction: 2, slot: CLOSING, marked: true, closing: true },
      { auction: 1, slot: CLOSING, marked: true, closing: false },
    ]);
    expect((await venue.stateOf(product)).toSettle).toMatchObject({ auction: 2, date: MONDAY });
  });

  it('waits while the venue is halted', async () => {
    await plan();
    await endRoll();
    await halt(venue.table, { reason: 'test', by: 'op', at: '' });
    expect(await closeDay()).toEqual([]);
    expect(markers()).toEqual([]);
    expect(await step()).toBe('close');
    await markAuction(venue.table, product, 1);
  });
});
