/**
 * A day whose settlement is held does not stop the market: auctions of the days after it clear against the last settled marks,
 * and everything posted until the day's books are closed is in its statements, once.
 */
import { afterAll, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { auditVenue } from '../../lib/audit/audit.ts';
import { heldId } from '../../lib/domain/clearing/approval.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import type { Statement } from '../../lib/domain/clearing/statement.ts';
import { type Cents, cents, type Micros, ticks } from '../../lib/domain/contract/units.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { findClosing, newestAuctions } from '../../lib/store/auctions.ts';
import { planDay, readDay } from '../../lib/store/days.ts';
import { changeHeld, readHeld } from '../../lib/store/held.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { newestEvents } from '../../lib/store/log.ts';
import { ENV, METRICS } from '../../lib/store/names.ts';
import { readStatements } from '../../lib/store/statements.ts';
import { ANN, BOB, CAT, DAN, SHARDS } from '../venue/accounts.ts';
import { moved } from '../venue/events.ts';
import { DEC, H100, NOV, newYork, OCT, on } from '../venue/h100.ts';
import { buy, sell } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
await venue.fund(ANN, BOB, CAT, DAN);

let product: string;
beforeEach(async () => {
  product = venue.nextProduct();
});
afterAll(async () => {
  const { differences, identical } = await auditVenue(venue.table, SHARDS);
  expect({ differences, identical }).toEqual({ differences: [], identical: true });
});

const MONDAY = on('2025-10-20');
const TUESDAY = on('2025-10-21');
const WEDNESDAY = on('2025-10-22');
const send = (account: string, date: string, ...orders: Parameters<typeof submission>[3]): Promise<number[]> =>
  deliver('orders', submission(product, account, newYork(date, '09:30'), orders));
const publish = (date: string): Promise<boolean> => publishIndex(venue.table, product, on(date), 2_400_000n as Micros, ['op']);
const stepOf = async (date: string) => (await readDay(venue.table, product, on(date)))?.step;
const holdAuction = (date: string, time: string): Promise<void> => venue.holdAuction(product, newYork(date, time));
const cleared = async (): Promise<string[]> =>
  (await newestAuctions(venue.table, product, 99)).flatMap(({ slot, clearedBy }) => (clearedBy ? [slot] : [])).reverse();
async function events<Kind extends ClearingEvent['kind']>(kind: Kind): Promise<Extract<ClearingEvent, { kind: Kind }>[]> {
  const found: Extract<ClearingEvent, { kind: Kind }>[] = [];
  for await (const { event } of newestEvents(venue.table))
    if ('product' in event && event.product === product && event.kind === kind) found.unshift(event as never);
  return found;
}
const statements = async (account: string): Promise<Statement[]> =>
  (await readStatements(venue.table, account, 99)).filter((each) => each.product === product).reverse();
const cashOf = async (account: string): Promise<Cents> => (await readAccount(venue.table, account, SHARDS))!.cash;

/** Two operators agree to what is held, and the day goes on. */
async function approve(kind: 'settlement' | 'final-price', date: string): Promise<void> {
  const seen = (await readHeld(venue.table, heldId(kind, product, on(date))))!;
  await changeHeld(venue.table, seen, { ...seen, approvals: ['olga', 'omar'], revision: seen.revision + 1 });
  await deliver('day-runs', { v: 1, product });
  await venue.work();
}

/** Monday's settlement is held: in its closing auction one lot trades at 50.000, of two accounts of one person. */
async function holdMonday(): Promise<void> {
  await venue.list(product);
  await publish(MONDAY);
  await send(ANN, MONDAY, buy('a', NOV, 2405, 10));
  await send(CAT, MONDAY, sell('a', NOV, 2405, 10));
  await holdAuction(MONDAY, '10:00');
  await send(BOB, MONDAY, buy('x', DEC, 50_000, 1));
  await send(DAN, MONDAY, sell('x', DEC, 50_000, 1));
  await venue.runDay(product, MONDAY);
  expect(await stepOf(MONDAY)).toBe('settle');
}

describe('while a settlement is held because one lot traded at 50.000 in the closing auction', () => {
  test('the next mornings trade at the last settled marks, the late settlement moves what is held then, and every cent is in one statement', async () => {
    const before = new Map<string, Cents>();
    for (const account of [ANN, BOB, CAT, DAN]) before.set(account, await cashOf(account));
    await holdMonday();
    await send(ANN, TUESDAY, sell('b', NOV, 2402, 4));
    await send(DAN, TUESDAY, buy('b', NOV, 2402, 4));
    await holdAuction(TUESDAY, '10:00');
    await holdAuction(WEDNESDAY, '10:00');
    expect(await cleared()).toEqual([
      newYork(MONDAY, '10:00'),
      newYork(MONDAY, '16:00'),
      newYork(TUESDAY, '10:00'),
      newYork(WEDNESDAY, '10:00'),
    ]);
    const auctions = await events('auction-cleared');
    expect(auctions.map(({ date, books, marks }) => [date, books, marks[DEC]])).toEqual([
      [MONDAY, MONDAY, 2400],
      [MONDAY, MONDAY, 2400],
      [TUESDAY, MONDAY, 2400],
      [WEDNESDAY, MONDAY, 2400],
    ]);

    // The operators put December back to 2.400, and November to 2.410.
    const { marks } = await venue.stateOf(product);
    const seen = (await readHeld(venue.table, heldId('settlement', product, MONDAY)))!;
    const curve = { ...marks, [NOV]: ticks(2410) };
    const proposal = { kind: 'settlement', curve } as const;
    await changeHeld(venue.table, seen, { ...seen, proposal, proposedBy: 'olga', revision: seen.revision + 1 });
    await approve('settlement', MONDAY);
    expect(await stepOf(MONDAY)).toBe('done');

    // A tick on a lot is a dollar. November, at the mark of 2.400 until it is settled at 2.410:
    //   ann  10 x (2400 - 2405) - 4 x (2400 - 2402) + 6 x 10 = -50 + 8 + 60 = +18
    //   cat -10 x (2400 - 2405)                    - 10 x 10 =  50 - 100    = -50
    //   dan   4 x (2400 - 2402) + 4 x 10 = -8 + 40 = +32, and December: -1 x (2400 - 50000) = +47600
    //   bob   December: 1 x (2400 - 50000) = -47600
    const variations: Record<string, bigint> = { [ANN]: 1_800n, [CAT]: -5_000n, [DAN]: 4_763_200n, [BOB]: -4_760_000n };
    expect(Object.values(variations).reduce((sum, each) => sum + each)).toBe(0n);
    for (const [account, variation] of Object.entries(variations)) {
      expect((await cashOf(account)) - before.get(account)!).toBe(variation);
      expect(await statements(account)).toMatchObject([{ date: MONDAY, variation, balance: await cashOf(account) }]);
    }
    const day = await readDay(venue.table, product, MONDAY);
    const { variation, volume } = (day?.step === 'done' && day.report) as never as Record<string, Record<string, unknown>>;
    expect(variation).toEqual({ collected: '47650.00', paid: '47650.00' });
    expect(volume![`${product}-2025-11`]).toBe(14);
  });

  test('the day after it waits with its own closing auction, and then is run in order', async () => {
    await holdMonday();
    await publish(TUESDAY);
    await holdAuction(TUESDAY, '10:00');
    await venue.runDay(product, TUESDAY);
    expect([await stepOf(MONDAY), await stepOf(TUESDAY)]).toEqual(['settle', 'roll']);
    expect(await findClosing(venue.table, product, TUESDAY)).toBeUndefined();
    // Its own day run has begun: what comes now is for Wednesday.
    await holdAuction(TUESDAY, '17:00');
    await holdAuction(WEDNESDAY, '10:00');
    expect((await cleared()).slice(2)).toEqual([newYork(TUESDAY, '10:00'), newYork(WEDNESDAY, '10:00')]);

    await approve('settlement', MONDAY);
    expect([await stepOf(MONDAY), await stepOf(TUESDAY)]).toEqual(['done', 'done']);
    const closings = (await events('auction-cleared')).filter(({ closing }) => closing);
    expect(closings.map(({ date, books, auction }) => [date, books, auction])).toEqual([
      [MONDAY, MONDAY, 2],
      [TUESDAY, TUESDAY, 5],
    ]);
    const [first, second] = await statements(ANN);
    expect(second).toMatchObject({ date: TUESDAY, after: first!.through });
    await holdAuction(WEDNESDAY, '13:00');
    expect((await cleared()).at(-1)).toBe(newYork(WEDNESDAY, '13:00'));
  });

  test('an auction is not late for a closing one of the day before that was held back behind it', async () => {
    await holdMonday();
    await publish(TUESDAY);
    await venue.runDay(product, TUESDAY);
    await holdAuction(WEDNESDAY, '10:00');
    await approve('settlement', MONDAY);
    vi.stubEnv(ENV.auctionTimes, JSON.stringify({ [product]: ['10:00', '13:00'] }));
    const late = vi.spyOn(venue.metrics, 'addMetric');
    await deliver('sweeps', { v: 1, at: newYork(WEDNESDAY, '10:15') });
    vi.unstubAllEnvs();
    expect(late.mock.calls.find(([name]) => name === METRICS.auctionLate)?.[2]).toBe(0);
  });

  test('the day is moved on by its own events, though auctions of the next day clear between its steps', async () => {
    await venue.list(product);
    await deliver('rolls', { v: 1, product, slot: newYork(MONDAY, '16:00') });
    await venue.work('closings', 'orders', 'clearings');
    venue.engine.drain();
    // Cleared, and neither posted nor moved on.
    await deliver('closings', { v: 1, product, slot: newYork(TUESDAY, '10:00') });
    await venue.work();
    expect((await venue.stateOf(product)).lastAuction).toBe(2);
    expect(await stepOf(MONDAY)).toBe('settle');
    await holdAuction(TUESDAY, '13:00');
    await approve('settlement', MONDAY);
    const own = (await venue.stateOf(product)).lastDay!;
    expect(await readDay(venue.table, product, MONDAY)).toMatchObject({
      step: 'done',
      clearedBy: own.clearedBy,
      settledBy: own.settledBy,
      expiredBy: null,
    });
  });
});

test('a month whose final price is held is traded no more: its orders lapse, new ones are refused, and the others trade', async () => {
  const [EXPIRY, NEXT] = ['2025-10-31', '2025-11-03'];
  await venue.list(product, { date: '2025-10-30' });
  await publish('2025-10-30');
  await send(ANN, EXPIRY, buy('rest', OCT, 2300, 5, 'gtc'), buy('keep', NOV, 2300, 5, 'gtc'));
  await send(CAT, EXPIRY, sell('a', OCT, 2410, 3));
  await send(DAN, EXPIRY, buy('a', OCT, 2410, 3));
  await venue.runDay(product, EXPIRY);
  expect(await stepOf(EXPIRY)).toBe('expire');

  await send(BOB, NEXT, sell('late', OCT, 2300, 5), sell('b', NOV, 2300, 5));
  await holdAuction(NEXT, '10:00');
  const [, traded] = await events('auction-cleared');
  expect([traded!.orders, traded!.months[OCT], traded!.months[NOV]?.volume]).toEqual([2, undefined, 5]);

  await approve('final-price', EXPIRY);
  expect(await stepOf(EXPIRY)).toBe('done');
  expect((await venue.stateOf(product)).listed).not.toContain(OCT);
  expect((await statements(DAN))[0]).toMatchObject({ date: EXPIRY, positions: {} });
});

describe('a day that stands still has a way out', () => {
  beforeEach(async () => {
    await venue.list(product);
    await publish(MONDAY);
  });

  it('when its closing auction has a number and every message of it was lost: one to closings names its day', async () => {
    await deliver('rolls', { v: 1, product, slot: newYork(MONDAY, '16:00') });
    venue.engine.drain();
    expect(await stepOf(MONDAY)).toBe('close');
    await deliver('closings', { v: 1, product, date: MONDAY });
    await venue.work();
    expect(await stepOf(MONDAY)).toBe('done');
  });

  it('when its roll was lost half-way: one to rolls names any instant of its day', async () => {
    await planDay(venue.table, product, MONDAY, newYork(MONDAY, '16:00'));
    await deliver('rolls', { v: 1, product, slot: newYork(MONDAY, '17:30') });
    await venue.work();
    expect(await stepOf(MONDAY)).toBe('done');
    expect((await cleared()).at(-1)).toBe(newYork(MONDAY, '16:00'));
  });

  it('when it was planned for a time that is another by now, and an intraday auction has that instant', async () => {
    await planDay(venue.table, product, MONDAY, newYork(MONDAY, '13:00'));
    const change = { kind: 'parameters-changed', product, version: 2, by: 'op', at: '' } as const;
    await venue.commit({ ...change, parameters: { ...H100, dayRunTime: '16:00' } });
    await holdAuction(MONDAY, '13:00');
    await venue.runDay(product, MONDAY);
    expect(await stepOf(MONDAY)).toBe('done');
    expect((await events('auction-cleared')).map(({ closing }) => closing)).toEqual([true]);
  });
});

test('cash that moves while a day is held is in the statement of that day, and in no other', async () => {
  await holdMonday();
  await publish(TUESDAY);
  const amount = cents(12_345n);
  await venue.commit(moved(CAT, amount));
  await holdAuction(TUESDAY, '10:00');
  await approve('settlement', MONDAY);
  await venue.runDay(product, TUESDAY);
  const [monday, tuesday] = await statements(CAT);
  expect(tuesday).toMatchObject({ deposited: monday!.deposited, balance: monday!.balance + tuesday!.variation });
  expect(monday!.deposited).toBe(cents(112_345n));
});
