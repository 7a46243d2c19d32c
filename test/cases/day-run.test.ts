/** The day run under trouble: started twice at once, not at all, too early, and on an index that can't be right. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ProxyAction } from '../../lib/local/proxy/proxy.ts';
import { METRICS } from '../../lib/store/names.ts';
import type { Account } from '../venue/accounts.ts';
import { kindOf } from '../venue/faults.ts';
import { newYork } from '../venue/h100.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { outright } from '../venue/whole-venue.ts';

let venue: LocalVenue;
beforeAll(async () => {
  // The December contract begins to roll on Friday the 7th.
  venue = await openLocalVenue({ listed: '2025-11-05', limits: { redeliveryMs: 5 } });
});
afterEach(() => venue.heal());
afterAll(async () => {
  expect(venue.cloud.deadLetters()).toEqual([]);
  await venue.expectSound();
  await venue[Symbol.asyncDispose]();
});

const [THURSDAY, FRIDAY] = ['2025-11-06', '2025-11-07'] as const;
const slotOf = (date: string): string => newYork(date, '16:00');
/** What the day run's schedule sends. */
const notifyDay = (product: string, date: string): void => venue.cloud.send('rolls', { v: 1, product, slot: slotOf(date) });
const notifyDayRun = (product: string): void => venue.cloud.send('day-runs', { v: 1, product });
const publish = (product: string, date: string, value = '2.410') => venue.publishIndex(date, value, product);
const stepOf = (product: string, date: string) => venue.stepOf(date, product);
const statements = async (account: Account, product: string) =>
  (await venue.statements(account, product)).map(({ date, variation, rolledLots }) => ({ date, variation, rolledLots }));
const held = (product: string) => venue.held(product);
const trade = async (product: string, lots = 10): Promise<void> => {
  await Promise.all([
    venue.submit('fund', product, [outright(product, 'b', 'buy', lots, '2.440')]),
    venue.submit('maker', product, [outright(product, 's', 'sell', lots, '2.440')]),
  ]);
  await venue.auction(product);
};
const DAY = ['auction-cleared', 'prices-settled', 'day-closed'];
const LISTED = 'parameters-changed';

describe('settle fired twice and concurrently', () => {
  it('settles once: of two that decide on the same state one commits, and the other finds it done', async () => {
    const product = 'SETTLE';
    await venue.list(product);
    await publish(product, THURSDAY);
    await trade(product);
    const before = await venue.cash('seller');
    // Both wait in front of the commit until both are there, and a deposit has taken the place in the log that both mean to take.
    const arrived: number[] = [];
    const both = Promise.withResolvers<void>();
    venue.faults.proxy = async (request): Promise<ProxyAction> => {
      if (request.function !== 'settle-day' || kindOf(request) !== 'PutItem LOG') return 'pass';
      if (!JSON.stringify(request.body).includes('prices-settled')) return 'pass';
      arrived.push(request.environment);
      if (arrived.length === 1) for (let times = 0; times < 3; times++) notifyDayRun(product);
      else if (arrived.length === 2) {
        await venue.deposit('seller', '5.00', 'race');
        both.resolve();
      }
      await both.promise;
      return 'pass';
    };
    notifyDay(product, THURSDAY);
    notifyDay(product, THURSDAY);
    await venue.cloud.quiet();
    expect(new Set(arrived).size).toBeGreaterThan(1);
    venue.heal();
    expect(Number(await venue.cash('seller')) - Number(before)).toBe(5);
    const once = [LISTED, 'auction-cleared', ...DAY];
    expect(await venue.events(product)).toEqual(once);
    const after = await statements('fund', product);
    expect(after).toHaveLength(1);
    // And all of it again when it is over.
    for (let times = 0; times < 3; times++) {
      notifyDay(product, THURSDAY);
      notifyDayRun(product);
    }
    await venue.cloud.quiet();
    expect(await venue.events(product)).toEqual(once);
    expect(await statements('fund', product)).toEqual(after);
  });
});

describe('bad index values', () => {
  /** Two operators agree; the one that proposed counts as one. */
  const release = async (product: string, by: ('operator' | 'second')[]): Promise<void> => {
    for (const name of by) {
      const [first] = await held(product);
      expect(
        (await venue[name].ask('POST', `/v1/operator/held/${first!.held}/approve`, { revision: first!.revision })).status,
      ).toBe(200);
    }
    await venue.cloud.quiet();
  };
  const expectNothingPosted = async (product: string): Promise<void> => {
    expect(await venue.events(product)).not.toContain('prices-settled');
    expect(await statements('fund', product)).toEqual([]);
    expect(await stepOf(product, THURSDAY)).toBe('settle');
    expect(venue.measuredHere(METRICS.held)).toBeGreaterThanOrEqual(1);
  };

  it.each([
    ['INDEX-ZERO', 'zero', '0', 'index-not-positive'],
    ['INDEX-NEGATIVE', 'negative', '-2.410', 'index-not-positive'],
    ['INDEX-HUNDREDFOLD', 'a hundredfold', '241.000', 'index-moved-beyond-limit'],
  ])(
    '%s: a value that is %s is held, nothing is posted on it, and a second operator releases it or puts it right',
    async (product, _, value, reason) => {
      await venue.list(product, { indexAgeDaysMax: 0 });
      await trade(product);
      const put = await venue.operator.ask('PUT', `/v1/operator/index/${product}/${THURSDAY}`, { value });
      expect(put.status).toBe(202);
      notifyDay(product, THURSDAY);
      await venue.cloud.quiet();
      const reasons = (await held(product)).map(({ kind, reasons: [first] }) => [kind, first!.reason]);
      expect(reasons).toEqual([
        ['index', reason],
        ['settlement', 'index-stale'],
      ]);
      await expectNothingPosted(product);
      // The operator that proposed it can't release it alone.
      const [index] = await held(product);
      const alone = await venue.operator.ask('POST', `/v1/operator/held/${index!.held}/approve`, { revision: index!.revision });
      expect(alone.status).toBe(409);
      const path = `/v1/operator/held/${index!.held}`;
      await venue.second.post(`${path}/amend`, { revision: index!.revision, value: '2.415' });
      await expectNothingPosted(product);
      await venue.operator.post(`${path}/approve`, { revision: index!.revision + 1 });
      await venue.cloud.quiet();
      // The curve that was held for want of it still waits for two.
      await expectNothingPosted(product);
      await release(product, ['operator', 'second']);
      expect(await stepOf(product, THURSDAY)).toBe('done');
      expect(await held(product)).toEqual([]);
      expect((await statements('fund', product)).map(({ date }) => date)).toEqual([THURSDAY]);
    },
  );

  it.each([
    ['INDEX-MISSING', 'missing', undefined],
    ['INDEX-STALE', 'stale', '2025-10-31'],
  ])(
    '%s: with a value that is %s the curve is held, nothing is posted, and two operators release it',
    async (product, _, newest) => {
      await venue.list(product);
      if (newest) await publish(product, newest);
      await trade(product);
      notifyDay(product, THURSDAY);
      await venue.cloud.quiet();
      expect((await held(product)).map(({ kind, reasons }) => [kind, reasons[0]!.reason])).toEqual([
        ['settlement', 'index-stale'],
      ]);
      await expectNothingPosted(product);
      await release(product, ['operator']);
      await expectNothingPosted(product);
      await release(product, ['second']);
      expect(await stepOf(product, THURSDAY)).toBe('done');
      expect(await statements('fund', product)).toHaveLength(1);
    },
  );
});

describe('roll before settle ended', () => {
  it('waits: no roll order is made before the day before is settled, posted and closed', async () => {
    const product = 'EARLY-ROLL';
    await venue.list(product);
    await venue.as.fund.put(`/v1/roll-instructions/${product}`, { at: 'market' });
    await trade(product);
    notifyDay(product, THURSDAY);
    await venue.cloud.quiet();
    expect(await stepOf(product, THURSDAY)).toBe('settle');
    let rolled = 0;
    venue.faults.proxy = (request) => {
      if (kindOf(request) === 'PutItem ROLL') rolled++;
      return 'pass';
    };
    await venue.cloud.advanceTo(slotOf(FRIDAY));
    for (let times = 0; times < 3; times++) notifyDay(product, FRIDAY);
    await venue.cloud.quiet();
    expect([await stepOf(product, THURSDAY), await stepOf(product, FRIDAY), rolled]).toEqual(['settle', 'roll', 0]);
    expect((await venue.auctions(product)).map(({ auction }) => auction)).toEqual([2, 1]);

    // A seller takes the other side of Friday's spread.
    const spread = { clientOrderId: 'x', buy: `${product}-2025-12`, sell: `${product}-2026-01`, price: '0.050', lots: 9 };
    await venue.submit('maker', product, [spread]);
    await publish(product, FRIDAY);
    const [curve] = await held(product);
    await venue.operator.post(`/v1/operator/held/${curve!.held}/approve`, { revision: curve!.revision });
    await venue.second.post(`/v1/operator/held/${curve!.held}/approve`, { revision: curve!.revision + 1 });
    await venue.cloud.quiet();
    expect([await stepOf(product, THURSDAY), await stepOf(product, FRIDAY)]).toEqual(['done', 'done']);
    expect(rolled).toBeGreaterThan(0);
    // A fifth of ten lots, of the position as the settled day left it.
    expect((await statements('fund', product)).map(({ date, rolledLots }) => [date, rolledLots])).toEqual([
      [FRIDAY, 2],
      [THURSDAY, 0],
    ]);
    expect(await venue.events(product)).toEqual([LISTED, 'auction-cleared', ...DAY, ...DAY]);
  });
});

describe('a missed day', () => {
  it('is caught up in order of date, each day with its own statement; auctions meanwhile are not held', async () => {
    const product = 'MISSED';
    await venue.list(product);
    await publish(product, THURSDAY);
    await venue.cloud.advanceTo(slotOf(FRIDAY));
    // Thursday's schedule never came. An auction on Friday would put its trades into Thursday.
    const order = [outright(product, 'b', 'buy', 3, '2.440', { timeInForce: 'gtc' })];
    await venue.submit('fund', product, order);
    await venue.submit('maker', product, [outright(product, 's', 'sell', 3, '2.440', { timeInForce: 'gtc' })]);
    venue.notifyClosing(product);
    await venue.cloud.quiet();
    expect(await venue.auctions(product)).toEqual([]);
    await publish(product, FRIDAY);
    notifyDay(product, FRIDAY);
    await venue.cloud.quiet();
    expect([await stepOf(product, THURSDAY), await stepOf(product, FRIDAY)]).toEqual(['done', 'done']);
    expect(await venue.events(product)).toEqual([LISTED, ...DAY, ...DAY]);
    const closed = (await venue.auctions(product)).map(({ auction, slot }) => [auction, new Date(slot).toISOString()]);
    expect(closed).toEqual([
      [2, slotOf(FRIDAY)],
      [1, slotOf(THURSDAY)],
    ]);
    expect((await statements('fund', product)).map(({ date }) => date)).toEqual([FRIDAY, THURSDAY]);
  });

  it('is begun by the sweep when no schedule comes at all, and its alarm is in ALARM while it is late', async () => {
    const product = 'MISSED-ALL';
    await venue.list(product);
    await publish(product, THURSDAY);
    expect(await stepOf(product, THURSDAY)).toBe('none');
    venue.cloud.send('sweeps', { v: 1, at: new Date(venue.cloud.clock.now() - 60_000).toISOString() });
    await venue.cloud.quiet();
    expect(await stepOf(product, THURSDAY)).toBe('done');
    // A day run that was due a day ago, less a minute.
    expect(venue.measuredHere(METRICS.dayRunLate)).toBe(24 * 3600 - 60);
  });
});
