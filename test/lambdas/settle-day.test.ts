import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { type HeldProposal, heldId } from '../../lib/domain/clearing/approval.ts';
import type { DayReport } from '../../lib/domain/clearing/day-report.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import type { HoldReason } from '../../lib/domain/clearing/settlement.ts';
import { type Micros, ticks } from '../../lib/domain/contract/units.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { readDay } from '../../lib/store/days.ts';
import { halt } from '../../lib/store/halt.ts';
import { changeHeld, readHeld } from '../../lib/store/held.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { auctionKey } from '../../lib/store/keys.ts';
import { newestEvents } from '../../lib/store/log.ts';
import { METRICS, type QueueName } from '../../lib/store/names.ts';
import { readStatements } from '../../lib/store/statements.ts';
import { Table } from '../../lib/store/table.ts';
import { ANN, BOB, CAT, DAN } from '../venue/accounts.ts';
import { opened } from '../venue/events.ts';
import { DEC, NOV, newYork, OCT, on } from '../venue/h100.ts';
import { buy, order, sell } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { crashOnce, deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
await venue.fund(ANN, BOB, CAT, DAN);

let product: string;
beforeEach(async () => {
  product = venue.nextProduct();
});
afterEach(async () => {
  await venue.restore();
  // An event committed by hand is posted before the next test looks.
  for (const shard of [0, 1]) await deliver('postings', { v: 1, shard });
});

const MONDAY = on('2025-10-20');
const TUESDAY = on('2025-10-21');
const EXPIRY = on('2025-10-31');
const wakeUp = (): Promise<number[]> => deliver('day-runs', { v: 1, product });
const send = (account: string, date: string, ...orders: Parameters<typeof submission>[3]): Promise<number[]> =>
  deliver('orders', submission(product, account, newYork(date, '09:30'), orders));
const publish = (date: string, micros: bigint): Promise<boolean> =>
  publishIndex(venue.table, product, on(date), micros as Micros, ['op']);
async function reportOf(date: string): Promise<DayReport> {
  const day = await readDay(venue.table, product, on(date));
  if (day?.step !== 'done') throw new Error(`the day of ${date} is at ${day?.step}`);
  return day.report;
}
const stepOf = async (date: string) => (await readDay(venue.table, product, on(date)))?.step;
async function events(): Promise<ClearingEvent[]> {
  const found: ClearingEvent[] = [];
  for await (const { event } of newestEvents(venue.table))
    if ('product' in event && event.product === product) found.unshift(event);
  return found;
}
const kinds = async (): Promise<string[]> => (await events()).map(({ kind }) => kind).slice(1);
/** What an account's positions in the product have brought it on a date. */
const variationOf = async (account: string): Promise<bigint | undefined> =>
  (await readAccount(venue.table, account, 2))?.products[product]?.day?.variation;

/** Brings a day to where its closing auction has cleared, posted by the shards named. */
async function clearedDay(date = MONDAY, ...shards: number[]): Promise<void> {
  await deliver('rolls', { v: 1, product, slot: newYork(date, '16:00') });
  await venue.work('closings', 'orders', 'clearings');
  for (const shard of shards) await deliver('postings', { v: 1, shard });
}

describe('a day is settled', () => {
  beforeEach(async () => {
    await venue.list(product);
    await publish(MONDAY, 2_400_000n);
  });

  it.each<[string, number[]]>([
    ['cleared', []],
    ['posted by every shard', [0]],
  ])('only after its closing auction is %s', async (_, shards) => {
    await clearedDay(MONDAY, ...shards);
    expect(await wakeUp()).toEqual([]);
    expect(await stepOf(MONDAY)).toBe('clear');
    expect(await kinds()).toEqual(['auction-cleared']);
  });

  it('only after its roll, its close and its clearing, each of which it notifies', async () => {
    const notifiedBy = async (step: string, queue: QueueName): Promise<void> => {
      venue.engine.drain();
      expect(await wakeUp()).toEqual([]);
      expect(await stepOf(MONDAY)).toBe(step);
      expect(venue.engine.messages(queue)).toHaveLength(1);
      expect(await kinds()).toEqual([]);
    };
    crashOnce(venue.table, 'createTogether', 'before');
    expect(await deliver('rolls', { v: 1, product, slot: newYork(MONDAY, '16:00') })).toEqual([0]);
    await notifiedBy('roll', 'rolls');
    crashOnce(venue.queues, 'notify', 'before');
    expect(await deliver('rolls', { v: 1, product, slot: newYork(MONDAY, '16:00') })).toEqual([0]);
    await notifiedBy('close', 'closings');
    await venue.work('closings', 'orders');
    await notifiedBy('clear', 'clearings');
  });

  it('once, however many wake-ups come at once', async () => {
    await clearedDay(MONDAY, 0, 1);
    expect(await Promise.all([wakeUp(), wakeUp(), wakeUp(), wakeUp()])).toEqual([[], [], [], []]);
    await venue.work();
    await Promise.all([wakeUp(), wakeUp(), wakeUp()]);
    expect(await kinds()).toEqual(['auction-cleared', 'prices-settled', 'day-closed']);
    expect(await stepOf(MONDAY)).toBe('done');
  });

  it('not again, whatever wake-up comes later', async () => {
    await venue.runDay(product, MONDAY);
    const before = await events();
    await wakeUp();
    await venue.runDay(product, MONDAY);
    await deliver('closings', { v: 1, product, slot: newYork(MONDAY, '16:00') });
    await deliver('clearings', { v: 1, product, auction: 1 });
    await venue.work();
    expect(await events()).toEqual(before);
  });

  it('not while the venue is halted, and then from where it stood', async () => {
    await clearedDay(MONDAY, 0, 1);
    await halt(venue.table, { reason: 'test', by: 'op', at: '' });
    expect(await wakeUp()).toEqual([]);
    expect(await kinds()).toEqual(['auction-cleared']);
    await venue.resume();
    await wakeUp();
    await venue.work();
    expect(await stepOf(MONDAY)).toBe('done');
  });

  it.each([
    ['before it settles', 'create', 'before'],
    ['after it settled', 'create', 'after'],
    ['before it moves a step', 'update', 'before'],
    ['after it moved a step', 'update', 'after'],
  ] as const)('to the same end by a worker that crashes %s', async (_, method, when) => {
    await clearedDay(MONDAY, 0, 1);
    venue.engine.drain();
    crashOnce(venue.table, method, when);
    expect(await wakeUp()).toEqual([0]);
    expect(await wakeUp()).toEqual([]);
    await venue.work();
    expect(await kinds()).toEqual(['auction-cleared', 'prices-settled', 'day-closed']);
    expect(await stepOf(MONDAY)).toBe('done');
  });

  it('behind events that others commit meanwhile', async () => {
    await clearedDay(MONDAY, 0, 1);
    const original = venue.table.create.bind(venue.table);
    let overtaken = 0;
    vi.spyOn(venue.table, 'create').mockImplementation(async (item) => {
      if (item.pk === 'LOG' && overtaken++ < 2) await venue.commit(opened(`x${overtaken}`), new Table());
      return original(item);
    });
    expect(await wakeUp()).toEqual([]);
    await venue.work();
    expect(await kinds()).toEqual(['auction-cleared', 'prices-settled', 'day-closed']);
  });

  it('in order of date when days were missed, each with what it needs', async () => {
    await publish(TUESDAY, 2_400_000n);
    await venue.runDay(product, TUESDAY);
    const dates = (await events()).flatMap((event) => ('date' in event ? [`${event.date} ${event.kind}`] : []));
    expect(dates).toEqual(
      [MONDAY, TUESDAY].flatMap((date) => ['auction-cleared', 'prices-settled', 'day-closed'].map((kind) => `${date} ${kind}`)),
    );
  });
});

test('the books of a small day, by hand', async () => {
  await venue.list(product);
  await publish(MONDAY, 2_400_000n);
  const before = new Map(
    await Promise.all([ANN, BOB, CAT, DAN].map(async (each) => [each, (await readAccount(venue.table, each, 2))!.cash] as const)),
  );
  // 10:00: ten lots of November at 2.405. Closing: five more at 2.410, and two of December at 2.420, which move the curve.
  await send(ANN, MONDAY, buy('a', NOV, 2405, 10));
  await send(CAT, MONDAY, sell('a', NOV, 2405, 10));
  await venue.holdAuction(product, newYork(MONDAY, '10:00'));
  await send(ANN, MONDAY, buy('b', NOV, 2410, 5));
  await send(DAN, MONDAY, sell('b', NOV, 2410, 5));
  await send(BOB, MONDAY, buy('c', DEC, 2420, 2));
  await send(CAT, MONDAY, sell('c', DEC, 2420, 2));
  await venue.runDay(product, MONDAY);

  // A lot is 1,000 GPU-hours and a tick 0.001 USD: one tick on one lot is one dollar.
  //   ann  10 x (2400 - 2405) + 5 x (2400 - 2410) + 15 x (2410 - 2400) = +50
  //   bob   2 x (2400 - 2420) + 2 x (2420 - 2400)                      =   0
  //   cat -10 x (2400 - 2405) - 2 x (2400 - 2420) - 10 x 10 - 2 x 20   = -50
  //   dan  -5 x (2400 - 2410) - 5 x (2410 - 2400)                      =   0
  const earned = { [ANN]: 5000n, [BOB]: 0n, [CAT]: -5000n, [DAN]: 0n };
  for (const [account, variation] of Object.entries(earned)) {
    expect(await variationOf(account)).toBe(variation);
    const { cash } = (await readAccount(venue.table, account, 2))!;
    expect(cash - before.get(account)!).toBe(variation);
    const statement = (await readStatements(venue.table, account, 99)).find((each) => each.product === product);
    expect(statement).toMatchObject({ account, product, date: MONDAY, balance: cash, variation, rolledLots: 0, rollCost: 0n });
  }
  const codes = (months: Record<string, string>): Record<string, string> => ({
    ...Object.fromEntries(own.listed.map((each) => [code(each), '2.420'])),
    ...months,
  });
  const code = (each: number): string => `${product}-${Math.floor(each / 12)}-${String((each % 12) + 1).padStart(2, '0')}`;
  const own = await venue.stateOf(product);
  // October keeps its spread to November, every later month its spread to December.
  expect(await reportOf(MONDAY)).toEqual({
    auction: 2,
    settled: codes({ [code(OCT)]: '2.410', [code(NOV)]: '2.410' }),
    locked: {},
    volume: { ...Object.fromEntries(own.listed.map((each) => [code(each), 0])), [code(NOV)]: 15, [code(DEC)]: 2 },
    openInterest: { [code(NOV)]: 15, [code(DEC)]: 2 },
    near: code(DEC),
    next: code(DEC + 1),
    roll: null,
    variation: { collected: '50.00', paid: '50.00' },
    expired: null,
    called: { accounts: 0, amount: '0.00' },
  });
});

test('the report counts an auction whose clearing is in the log and was never noted with it', async () => {
  await venue.list(product);
  await publish(MONDAY, 2_400_000n);
  await send(ANN, MONDAY, buy('a', NOV, 2405, 10));
  await send(CAT, MONDAY, sell('a', NOV, 2405, 10));
  await venue.holdAuction(product, newYork(MONDAY, '10:00'));
  await venue.table.update(auctionKey(product, 1), { expression: 'REMOVE clearedBy' });
  await venue.runDay(product, MONDAY);
  const { volume } = await reportOf(MONDAY);
  expect(Object.values(volume).filter((lots) => lots > 0)).toEqual([10]);
});

/** Two operators agree to what is held, one after the other, as the operator's API would have them. */
async function approve(id: string, more: { proposal?: HeldProposal } = {}): Promise<void> {
  const change = async (approvals: string[]): Promise<boolean> => {
    const seen = (await readHeld(venue.table, id))!;
    return changeHeld(venue.table, seen, { ...seen, ...more, approvals, revision: seen.revision + 1 });
  };
  for (const approvals of [['olga'], ['olga', 'olga']]) {
    expect(await change(approvals)).toBe(true);
    expect(await wakeUp()).toEqual([]);
    expect(await kinds()).not.toContain(id.startsWith('settlement') ? 'prices-settled' : 'month-expired');
  }
  expect(await change(['olga', 'omar'])).toBe(true);
  await wakeUp();
  await venue.work();
}

describe('a settlement is held', () => {
  const CASES: [string, HoldReason[], () => Promise<unknown>][] = [
    ['when there is no index value', ['index-stale'], async () => {}],
    ['when the newest index value is too old', ['index-stale'], () => publish('2025-10-15', 2_400_000n)],
    [
      'when a month moves beyond the daily limit',
      ['moved-beyond-daily-limit'],
      async () => {
        await publish(MONDAY, 2_400_000n);
        await send(ANN, MONDAY, buy('a', NOV, 2651, 1), buy('b', DEC, 2400, 1));
        await send(CAT, MONDAY, sell('a', NOV, 2651, 1), sell('b', DEC, 2400, 1));
      },
    ],
    [
      'when a price is not positive',
      ['moved-beyond-daily-limit', 'price-not-positive'],
      async () => {
        await publish(MONDAY, 2_400_000n);
        await send(ANN, MONDAY, { kind: 'new', order: order('a', NOV, 0, -1, 1) });
        await send(CAT, MONDAY, { kind: 'new', order: order('a', 0, NOV, 1, 1) });
      },
    ],
  ];
  it.each(CASES)('%s, and posted when two operators have agreed to it', async (_, reasons, given) => {
    await venue.list(product);
    await given();
    const measured = vi.spyOn(venue.metrics, 'addMetric');
    await venue.runDay(product, MONDAY);
    const id = heldId('settlement', product, MONDAY);
    const held = (await readHeld(venue.table, id))!;
    expect([...new Set(held.holds.map(({ reason }) => reason))].toSorted()).toEqual(reasons);
    expect(held).toMatchObject({ proposedBy: 'system', approvals: [], revision: 1 });
    expect(measured).toHaveBeenCalledWith(METRICS.held, expect.anything(), 1);
    expect(await kinds()).toEqual(['auction-cleared']);
    expect(await stepOf(MONDAY)).toBe('settle');
    await wakeUp();
    expect(await readHeld(venue.table, id)).toEqual(held);

    await approve(id);
    expect(await kinds()).toEqual(['auction-cleared', 'prices-settled', 'day-closed']);
    const settled = (await events()).find(({ kind }) => kind === 'prices-settled');
    expect(settled).toMatchObject({ approvedBy: ['olga', 'omar'], settled: (held.proposal as { curve: object }).curve });
    expect(await stepOf(MONDAY)).toBe('done');
  });

  it('and posted as the operators amended it', async () => {
    await venue.list(product);
    await venue.runDay(product, MONDAY);
    const { marks } = await venue.stateOf(product);
    const curve = { ...marks, [NOV]: ticks(2_444) };
    await approve(heldId('settlement', product, MONDAY), { proposal: { kind: 'settlement', curve } });
    expect((await venue.stateOf(product)).marks).toEqual(curve);
  });

  it('and stays held when its reason has gone: what operators have been shown does not settle by itself', async () => {
    await venue.list(product);
    await venue.runDay(product, MONDAY);
    await publish(MONDAY, 2_400_000n);
    expect(await wakeUp()).toEqual([]);
    expect(await kinds()).toEqual(['auction-cleared']);
  });
});

describe('a month that expires', () => {
  const open = (indexValuesMin: number): Promise<void> =>
    venue.list(product, { date: '2025-10-30', parameters: { indexValuesMin } });
  const id = (): string => heldId('final-price', product, EXPIRY);
  const position = async (): Promise<void> => {
    await send(ANN, EXPIRY, buy('a', OCT, 2400, 3));
    await send(CAT, EXPIRY, sell('a', OCT, 2400, 3));
  };

  it('pays the mean of its index, is delisted, and makes room for a new one', async () => {
    await open(2);
    await position();
    // The mean of 2.4101, 2.412 and 2.4134 is 2.41183..., which is 2.412 on the grid.
    for (const [date, value] of Object.entries({ '2025-10-01': 2_410_100n, '2025-10-15': 2_412_000n, '2025-10-31': 2_413_400n }))
      await publish(date, value);
    await publish('2025-09-30', 1_000_000n);
    await venue.runDay(product, EXPIRY);
    expect(await kinds()).toEqual(['auction-cleared', 'prices-settled', 'month-expired', 'day-closed']);
    const own = await venue.stateOf(product);
    expect(own.listed).toEqual(Array.from({ length: 12 }, (_, at) => NOV + at));
    expect(own.marks[own.listed.at(-1)!]).toBe(own.marks[own.listed.at(-2)!]);
    expect(await variationOf(ANN)).toBe(3600n);
    expect(await variationOf(CAT)).toBe(-3600n);
    expect((await readAccount(venue.table, ANN, 2))!.products[product]!.lots).toEqual({});
    expect(await reportOf(EXPIRY)).toMatchObject({
      openInterest: {},
      expired: { contract: `${product}-2025-10`, finalPrice: '2.412', indexValues: 3 },
      variation: { collected: '36.00' },
    });
  });

  it.each<[string, HoldReason[], Record<string, bigint>]>([
    ['has too few index values', ['index-values-too-few'], { '2025-10-31': 2_410_000n }],
    ['has none for its last trading day', ['index-stale'], { '2025-10-29': 2_410_000n, '2025-10-30': 2_410_000n }],
    ['would settle at nothing', ['price-not-positive'], { '2025-10-30': 0n, '2025-10-31': 400n }],
  ])('is held when it %s, and expires when two operators have agreed', async (_, reasons, values) => {
    await open(2);
    await position();
    for (const [date, value] of Object.entries(values)) await publish(date, value);
    await venue.runDay(product, EXPIRY);
    expect((await readHeld(venue.table, id()))?.holds.map(({ reason }) => reason)).toEqual(reasons);
    expect(await kinds()).toEqual(['auction-cleared', 'prices-settled']);
    expect(await stepOf(EXPIRY)).toBe('expire');
    await approve(id(), { proposal: { kind: 'final-price', month: OCT, price: ticks(2_405) } });
    expect(await kinds()).toEqual(['auction-cleared', 'prices-settled', 'month-expired', 'day-closed']);
    const expired = (await events()).find(({ kind }) => kind === 'month-expired');
    expect(expired).toMatchObject({ finalPrice: 2405, approvedBy: ['olga', 'omar'] });
    expect(Object.keys((expired as { index: object }).index)).toEqual(Object.keys(values));
    expect(await variationOf(ANN)).toBe(1500n);
  });

  it('is not looked for on any other day', async () => {
    await venue.list(product, { date: '2025-10-29' });
    await publish('2025-10-30', 2_400_000n);
    await venue.runDay(product, '2025-10-30');
    expect(await kinds()).toEqual(['auction-cleared', 'prices-settled', 'day-closed']);
  });
});
