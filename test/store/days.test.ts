import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { propose, SYSTEM } from '../../lib/domain/clearing/approval.ts';
import { DAY_STEPS, type Day } from '../../lib/domain/clearing/day.ts';
import { NO_REFERENCES } from '../../lib/domain/clearing/events.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { lots, type Micros, NO_CENTS, ticks } from '../../lib/domain/contract/units.ts';
import { closeShard, openAuction } from '../../lib/store/auctions.ts';
import { recordTotals } from '../../lib/store/control-totals.ts';
import { dayItem, listDays, lookAtDay, openDay, planDay, readDay, saveDay } from '../../lib/store/days.ts';
import { halt } from '../../lib/store/halt.ts';
import { hold } from '../../lib/store/held.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { Table } from '../../lib/store/table.ts';
import { DAYS } from '../venue/days.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
import { H100, on } from '../venue/h100.ts';
import { logEvent } from '../venue/log.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine();
  table = new Table();
});
afterAll(() => engine.stop());

/** Each test has a product of its own. */
let products = 0;
let product: string;
beforeEach(() => {
  product = `D${++products}`;
});
const own = (day: Day): Day => ({ ...day, product });
const MONDAY = DAYS.roll.date;
const micros = (value: bigint): Micros => value as Micros;

describe('a day', () => {
  it.each(DAY_STEPS)('at %s is read back as it was saved', async (step) => {
    await planDay(table, product, MONDAY, DAYS.roll.slot);
    expect(await readDay(table, product, MONDAY)).toEqual(own(DAYS.roll));
    expect(await saveDay(table, own(DAYS.roll), own(DAYS[step]))).toBe(true);
    expect(await readDay(table, product, MONDAY)).toEqual(own(DAYS[step]));
  });

  it('keeps the event that expired a month', async () => {
    const day = own({ ...DAYS.report, expiredBy: 9 });
    await table.put(dayItem(day));
    expect(await readDay(table, product, MONDAY)).toEqual(day);
  });

  it('that is planned again stays where it is', async () => {
    await table.put(dayItem(own(DAYS.settle)));
    await planDay(table, product, MONDAY, 'another');
    expect(await readDay(table, product, MONDAY)).toEqual(own(DAYS.settle));
  });

  it('that another worker has moved on is not moved by this one', async () => {
    await table.put(dayItem(own(DAYS.settle)));
    expect(await saveDay(table, own(DAYS.clear), own({ ...DAYS.settle, clearedBy: 99 }))).toBe(false);
    expect(await readDay(table, product, MONDAY)).toEqual(own(DAYS.settle));
  });

  it('that lacks what its step knows can’t be read', async () => {
    const { attributes, ...key } = dayItem(own(DAYS.settle));
    const { clearedBy: _, ...rest } = attributes;
    await table.put({ ...key, attributes: rest });
    await expect(readDay(table, product, MONDAY)).rejects.toThrow('attribute clearedBy of');
  });
});

test('the open day is the earliest that is not done, from the last closed one on', async () => {
  const dates = ['2025-10-16', '2025-10-17', '2025-10-20', '2025-10-21'].map(on);
  const [, friday, monday, tuesday] = dates;
  for (const [at, date] of dates.entries()) await table.put(dayItem({ ...own(at < 2 ? DAYS.done : DAYS.roll), date }));
  expect((await openDay(table, product, friday!))?.date).toBe(monday);
  // A day whose books are closed in the log is not done before it is reported.
  await table.put(dayItem({ ...own(DAYS.report), date: friday! }));
  expect((await openDay(table, product, friday!))?.date).toBe(friday);
  expect((await openDay(table, product, tuesday!))?.date).toBe(tuesday);
  expect(await openDay(table, product, on('2025-10-22'))).toBeUndefined();
  expect((await listDays(table, product, 2)).map(({ date }) => date)).toEqual([tuesday, monday]);
  expect((await listDays(table, product, 9, monday)).map(({ date }) => date)).toEqual([friday, on('2025-10-16')]);
});

describe('what a day’s next step is decided on', () => {
  const SHARDS = 2;
  const stateAt = (lastEvent: number): ProductState => ({
    product,
    version: 1,
    parameters: H100,
    listed: [],
    marks: {},
    lastAuction: 0,
    lockedInARow: {},
    carried: NO_REFERENCES,
    toSettle: null,
    settledOn: on('2025-10-17'),
    closedOn: on('2025-10-17'),
    closedBy: 0,
    lastDay: null,
    stop: null,
    lastEvent,
  });
  const look = (day: Day, lastEvent = 0) => lookAtDay(table, own(day), stateAt(lastEvent), SHARDS);

  it('is nothing at first', async () => {
    expect(await look(DAYS.roll)).toEqual({
      halted: false,
      product: stateAt(0),
      posted: true,
      numbered: undefined,
      newest: undefined,
      closed: false,
      newestIndex: undefined,
      index: new Map(),
      held: { settlement: undefined, finalPrice: undefined },
      short: [],
    });
  });

  it('is the day’s closing auction, by its day and not by its slot, and whether every shard has closed it', async () => {
    const { slot, date } = DAYS.roll;
    await openAuction(table, { product, auction: 2, slot, date, closing: false, shards: SHARDS });
    expect(await look(DAYS.roll)).toMatchObject({ numbered: undefined, newest: { auction: 2, closing: false } });
    await openAuction(table, { product, auction: 3, slot, date, closing: true, shards: SHARDS });
    expect(await look(DAYS.roll)).toMatchObject({ numbered: 3, newest: { auction: 3, slot }, closed: false });
    for (const [shard, closed] of [false, true].entries()) {
      await closeShard(table, product, 3, shard, []);
      expect(await look(DAYS.clear)).toMatchObject({ closed });
    }
  });

  it('is whether every shard has posted the product’s last event', async () => {
    const totals = { accounts: 0, cents: NO_CENTS, lots: {} };
    const closed = (seq: number) => logEvent(table, seq, { kind: 'day-closed', product, date: MONDAY, after: 0 });
    await closed(7);
    for (const [shard, posted] of [false, true].entries()) {
      await recordTotals(table, 7, shard, SHARDS, totals);
      expect(await look(DAYS.clear, 7)).toMatchObject({ posted });
    }
    await closed(8);
    await recordTotals(table, 8, 0, SHARDS, { ...totals, lots: { 24300: lots(1) } });
    await recordTotals(table, 8, 1, SHARDS, totals);
    expect(await look(DAYS.clear, 8)).toMatchObject({ posted: false });
  });

  it('is the index of the day’s month, and the newest value, up to the day', async () => {
    for (const date of ['2025-09-30', '2025-10-01', '2025-10-17', '2025-10-21'])
      await publishIndex(table, product, on(date), micros(1n), ['op']);
    const { index, newestIndex: newest } = await look(DAYS.settle);
    expect([...index.keys()]).toEqual(['2025-10-01', '2025-10-17']);
    expect(newest).toBe('2025-10-17');
    expect(await look({ ...DAYS.settle, date: on('2025-10-21') })).toMatchObject({ newestIndex: '2025-10-21' });
  });

  it('is what is held of the day’s prices', async () => {
    const settlement = propose(product, MONDAY, { kind: 'settlement', curve: { 24300: ticks(5) } }, [], SYSTEM);
    const finalPrice = propose(product, MONDAY, { kind: 'final-price', month: 24300, price: ticks(5) }, [], SYSTEM);
    const other = propose(product, on('2025-10-21'), { kind: 'settlement', curve: {} }, [], SYSTEM);
    for (const held of [settlement, finalPrice, other]) await hold(table, held);
    expect(await look(DAYS.settle)).toMatchObject({ held: { settlement, finalPrice } });
  });

  it('is whether the venue is halted', async () => {
    await halt(table, { reason: 'test', by: 'op', at: '' });
    expect(await look(DAYS.settle)).toMatchObject({ halted: true });
  });
});
