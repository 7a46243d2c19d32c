/** Margin calls as workers make them: interrupted, twice at once, on accounts whose shards are behind. */
import { beforeEach, describe, expect, it, test, vi } from 'vitest';
import { booksCloser } from '../../lambdas/post-events/close-books.ts';
import { openOrders } from '../../lib/domain/auction/open-orders.ts';
import { productOf } from '../../lib/domain/clearing/account-risk.ts';
import { BANK, type CashMoved, type ClearingEvent, type DayClosed, LISTED_MAX } from '../../lib/domain/clearing/events.ts';
import type { ProductParameters } from '../../lib/domain/contract/product.ts';
import { centsPerTick } from '../../lib/domain/contract/product.ts';
import { cents, lots, type Micros } from '../../lib/domain/contract/units.ts';
import { accountsOfOwner, readAccount, writeAccount } from '../../lib/store/accounts.ts';
import { readIntake } from '../../lib/store/auctions.ts';
import { readDay } from '../../lib/store/days.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { loadVenue, newestEvents } from '../../lib/store/log.ts';
import { METRICS } from '../../lib/store/names.ts';
import { readCarriedOf } from '../../lib/store/results.ts';
import { readShort } from '../../lib/store/short.ts';
import { readStatements } from '../../lib/store/statements.ts';
import { readSubmission, submissionsSince } from '../../lib/store/submissions.ts';
import { moved } from '../venue/events.ts';
import { DEC, newYork, on, RISKY } from '../venue/h100.ts';
import { buy, sell } from '../venue/orders.ts';
import { record, submission } from '../venue/records.ts';
import { crashOnce, deliver, invocation, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
const MONDAY = on('2025-10-20');
const TUESDAY = on('2025-10-21');
const SHARDS = [0, 1];

let product: string;
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product, { parameters: RISKY });
  for (const date of [MONDAY, TUESDAY]) await publishIndex(venue.table, product, date, 2_400_000n as Micros, ['op']);
});

const open = (...accounts: readonly string[]): Promise<number> =>
  venue.commit({
    kind: 'accounts-opened',
    accounts: accounts.map((account) => ({ account, name: account, product })),
    by: 'op',
    at: '',
  });
const pay = (amount: bigint, ...accounts: readonly string[]): Promise<number> => {
  const movements = accounts.map((account) => ({ ...moved(account, amount).movements[0]!, account }));
  return venue.commit({ kind: 'cash-moved', movements, by: 'op', at: '' } satisfies CashMoved);
};
const post = async (): Promise<void> => {
  for (const shard of SHARDS) expect(await deliver('postings', { v: 1, shard })).toEqual([]);
};
/** Accounts of a name that owe so much. */
async function owing(count: number, amount: bigint, name = 'due'): Promise<string[]> {
  const accounts = Array.from({ length: count }, (_, at) => `${product.toLowerCase()}-${name}-${String(at).padStart(3, '0')}`);
  for (let at = 0; at < count; at += LISTED_MAX) {
    await open(...accounts.slice(at, at + LISTED_MAX));
    await pay(-amount, ...accounts.slice(at, at + LISTED_MAX));
  }
  await post();
  return accounts;
}
/** A wake-up of the day run, sent at an instant. */
const wakeUp = (sentAt = newYork(MONDAY, '17:00')): Promise<number[]> =>
  deliver('day-runs', record('day-runs', { v: 1, product }, { sentAt }));
async function events<Kind extends ClearingEvent['kind']>(kind: Kind): Promise<Extract<ClearingEvent, { kind: Kind }>[]> {
  const found: ClearingEvent[] = [];
  for await (const { event } of newestEvents(venue.table))
    if ('product' in event && event.product === product && event.kind === kind) found.unshift(event);
  return found as Extract<ClearingEvent, { kind: Kind }>[];
}
const callOf = async (account: string) => (await readAccount(venue.table, account, SHARDS.length))?.call;
const called = async (): Promise<string[]> =>
  (await events('margin-called')).flatMap(({ calls }) => calls.map(({ account }) => account));
async function closedDay(): Promise<void> {
  await deliver('rolls', { v: 1, product, slot: newYork(MONDAY, '16:00') });
  await venue.work('closings', 'orders', 'clearings');
  await post();
  await wakeUp();
  await post();
  await wakeUp();
  expect((await events('day-closed')).length).toBe(1);
  await post();
  venue.engine.drain();
}

describe('accounts that lack margin when books close', () => {
  it('are called once each, in events of a hundred or so, before the report, which says how many and how much', async () => {
    const accounts = await owing(120, 250n);
    await venue.runDay(product, MONDAY);
    const made = await events('margin-called');
    expect(made.map(({ calls }) => calls.length)).toEqual([LISTED_MAX, 120 - LISTED_MAX]);
    expect(await called()).toEqual(accounts);
    expect(made[0]).toMatchObject({ date: MONDAY, due: newYork(TUESDAY, '10:00') });
    expect(await readDay(venue.table, product, MONDAY)).toMatchObject({
      step: 'done',
      report: { called: { accounts: 120, amount: '300.00' } },
    });
    expect(await callOf(accounts[7]!)).toEqual({ date: MONDAY, due: newYork(TUESDAY, '10:00'), cents: 250n, overdue: false });
  });

  it('are called once when the worker crashes between two events, and when it runs out of time behind each', async () => {
    const accounts = await owing(120, 1n);
    await closedDay();
    crashOnce(venue.queues, 'notifyPostings', 'before');
    expect(await wakeUp()).toEqual([0]);
    expect(await called()).toHaveLength(LISTED_MAX);
    invocation.timeLeftMs = 0;
    expect(await wakeUp()).toEqual([]);
    expect(await called()).toEqual(accounts);
    expect(venue.engine.messages('day-runs')).toEqual([{ v: 1, product }]);
    invocation.timeLeftMs = 120_000;
    await venue.work();
    expect(await called()).toEqual(accounts);
    expect(await readDay(venue.table, product, MONDAY)).toMatchObject({ report: { called: { accounts: 120 } } });
  });

  it('are called once by workers that look at the same time', async () => {
    const accounts = await owing(120, 1n);
    await closedDay();
    await Promise.all([wakeUp(), wakeUp(), wakeUp(), wakeUp()]);
    await venue.work();
    expect(await called()).toEqual(accounts);
    expect((await readDay(venue.table, product, MONDAY))?.step).toBe('done');
  });

  it('need what the parameters asked when the books closed, though others take effect before a shard posts it', async () => {
    const account = `${product.toLowerCase()}-long`;
    await open(account);
    await pay(700_00n, account);
    await post();
    const state = (await readAccount(venue.table, account, SHARDS.length))!;
    await writeAccount(venue.table, SHARDS.length, {
      ...state,
      applied: state.applied + 1,
      products: { [product]: { lots: { [DEC]: lots(2) } } },
    });
    const own = await venue.stateOf(product);
    const closed: DayClosed = { kind: 'day-closed', product, date: MONDAY, after: 0 };
    const seq = (await loadVenue(venue.table)).seq + 1;
    await change({ ...RISKY, margin: { ...RISKY.margin, deliveryTicks: 60 } });
    await change({
      ...RISKY,
      margin: { ...RISKY.margin, scenarios: RISKY.margin.scenarios.map((moves) => moves.map((move) => 2 * move)) },
    });
    const shard = await shardWith(account);
    await (await booksCloser(shard, seq, closed))([
      { ...(await readAccount(venue.table, account, SHARDS.length))!, applied: seq - 1 },
    ]);
    const [statement] = await readStatements(venue.table, account, 1);
    expect(statement).toMatchObject({ requirement: 600_00n, cover: 700_00n });
    expect(own.version).toBe(1);

    async function change(parameters: ProductParameters): Promise<void> {
      const { version } = await venue.stateOf(product);
      await venue.commit({ kind: 'parameters-changed', product, version: version + 1, parameters, by: 'op', at: '' });
    }
  });

  it('need what their whole owner’s size asks, though a slice of accounts ends between two of the owner', async () => {
    const owner = `${product.toLowerCase()}-large`;
    const parameters = { ...RISKY, margin: { ...RISKY.margin, concentration: [{ lots: 5, ticks: 100 }] } };
    const accounts = [owner, `${owner}.b`, `${owner}.c`];
    await open(...accounts);
    await post();
    for (const [at, account] of accounts.entries()) {
      const state = (await readAccount(venue.table, account, SHARDS.length))!;
      const size = lots([2, -2, 1][at]!);
      await writeAccount(venue.table, SHARDS.length, {
        ...state,
        applied: state.applied + 1,
        cash: cents(10_000_00n),
        products: { [product]: { lots: { [DEC]: size }, settledLots: size } },
      });
    }
    const shard = await shardWith(owner, parameters);
    const seq = (await loadVenue(venue.table)).seq + 10;
    await venue.commit({ kind: 'parameters-changed', product, version: 2, parameters, by: 'op', at: '' });
    const close = await booksCloser(shard, seq, { kind: 'day-closed', product, date: MONDAY, after: 0 });
    const states = await accountsOfOwner(venue.table, owner, SHARDS.length);
    expect(states.map(({ account }) => account)).toEqual(accounts);
    await close(states.slice(0, 2));
    await close(states.slice(2));
    const required = await Promise.all(
      accounts.map(async (each) => (await readStatements(venue.table, each, 1))[0]!.requirement),
    );
    expect(required).toEqual([800_00n, 800_00n, 400_00n]);
  });
});

async function shardWith(account: string, parameters?: ProductParameters) {
  const state = await loadVenue(venue.table);
  const own = state.products[product]!;
  const newest = parameters ? { ...own, version: own.version + 1, parameters } : own;
  return {
    table: venue.table,
    shard: shardOf(account, SHARDS.length),
    shards: SHARDS.length,
    product: () => newest,
    centsPerTick: () => centsPerTick(newest.parameters),
    productOf: (each: Parameters<typeof productOf>[0]) => productOf(each, state),
    cancelOrders: async () => {},
  };
}

describe('an open call', () => {
  it('is met by cash that its shard has not posted, and by a cent less it is not', async () => {
    const [account] = (await owing(1, 250n)) as [string];
    await venue.runDay(product, MONDAY);
    await pay(249n, account);
    await wakeUp();
    expect(await events('calls-met')).toEqual([]);
    await pay(1n, account);
    await Promise.all([wakeUp(), wakeUp()]);
    expect(await events('calls-met')).toEqual([{ kind: 'calls-met', product, accounts: [account] }]);
    await venue.work();
    expect(await callOf(account)).toBeUndefined();
  });

  it('is looked at as soon as cash of its account is posted', async () => {
    const [account, other] = (await owing(2, 250n)) as [string, string];
    await venue.runDay(product, MONDAY);
    await venue.queues.notifyPostings(await pay(250n, account), SHARDS);
    await venue.work();
    expect(await callOf(account)).toBeUndefined();
    expect(await callOf(other)).toMatchObject({ cents: 250n });
  });

  it('is overdue from the time it was due, by the time of the message and once, until it is met', async () => {
    const [account] = (await owing(1, 250n)) as [string];
    await venue.runDay(product, MONDAY);
    await wakeUp(newYork(TUESDAY, '09:59'));
    expect(await events('calls-overdue')).toEqual([]);
    for (let times = 0; times < 2; times++) expect(await measured(newYork(TUESDAY, '10:00'))).toBe(1);
    const at = newYork(TUESDAY, '10:00');
    expect(await events('calls-overdue')).toEqual([{ kind: 'calls-overdue', product, at, accounts: [account] }]);
    await post();
    expect(await callOf(account)).toMatchObject({ overdue: true });
    await pay(250n, account);
    expect(await measured(newYork(TUESDAY, '10:15'))).toBe(0);
    await post();
    expect(await callOf(account)).toBeUndefined();
  });

  it('keeps the time it is due when its account lacks more as the next books close, and is one', async () => {
    const [account] = (await owing(1, 250n)) as [string];
    await venue.runDay(product, MONDAY);
    await pay(-50n, account);
    await venue.runDay(product, TUESDAY);
    expect(await callOf(account)).toMatchObject({ date: MONDAY, due: newYork(TUESDAY, '10:00'), cents: 300n });
    expect((await events('margin-called')).map(({ date, calls }) => [date, calls])).toEqual([
      [MONDAY, [{ account, cents: 250n }]],
      [TUESDAY, [{ account, cents: 300n }]],
    ]);
  });

  it('is found among the accounts that were short alone, and its row goes when the books after it have closed', async () => {
    const [account, other] = (await owing(2, 250n)) as [string, string];
    await venue.runDay(product, MONDAY);
    await pay(250n, account);
    await post();
    await wakeUp();
    await post();
    expect((await readShort(venue.table, product, 9)).map((row) => row.account)).toEqual([account, other]);
    await venue.runDay(product, TUESDAY);
    await wakeUp();
    expect((await readShort(venue.table, product, 9)).map((row) => row.account)).toEqual([other]);
  });

  it('waits while the venue is halted', async () => {
    const { halt } = await import('../../lib/store/halt.ts');
    await owing(1, 250n);
    await venue.runDay(product, MONDAY);
    await halt(venue.table, { reason: 'test', by: 'op', at: '' });
    await wakeUp(newYork(TUESDAY, '11:00'));
    expect(await events('calls-overdue')).toEqual([]);
    await venue.resume();
    await wakeUp(newYork(TUESDAY, '11:00'));
    expect(await events('calls-overdue')).toHaveLength(1);
  });

  it('among more than an invocation has time for is looked at in the next, and none of them twice', async () => {
    const accounts = await owing(220, 1n);
    await venue.runDay(product, MONDAY);
    invocation.timeLeftMs = 0;
    await wakeUp(newYork(TUESDAY, '11:00'));
    for (let rounds = 0; venue.engine.messages('day-runs').length > 0 && rounds < 9; rounds++) {
      const [message] = venue.engine.messages('day-runs') as { v: 1; product: string }[];
      venue.engine.drain();
      await deliver('day-runs', record('day-runs', message, { sentAt: newYork(TUESDAY, '11:00') }));
    }
    invocation.timeLeftMs = 120_000;
    expect((await events('calls-overdue')).map((event) => event.accounts.length)).toEqual([
      LISTED_MAX,
      LISTED_MAX,
      220 - 2 * LISTED_MAX,
    ]);
    expect((await events('calls-overdue')).flatMap((event) => event.accounts)).toEqual(accounts);
  });
});

describe('an account whose call is overdue', () => {
  const at = (time: string): string => newYork(TUESDAY, time);
  async function send(account: string, time: string, ...orders: Parameters<typeof submission>[3]): Promise<readonly string[]> {
    const message = submission(product, account, at(time), orders);
    expect(await deliver('orders', message)).toEqual([]);
    return (await readSubmission(venue.table, product, message.shard, account, message.key))!.outcomes;
  }
  const live = async (account: string): Promise<string[]> => {
    const { lastAuction, carried } = await venue.stateOf(product);
    const shard = shardOf(account, SHARDS.length);
    const intake = await readIntake(venue.table, product, shard);
    const auctions = await submissionsSince(venue.table, { product, shard, account }, intake, lastAuction);
    return [...openOrders(await readCarriedOf(venue.table, product, carried, account), auctions).orders.keys()];
  };

  it('loses its open orders, and from then on adds no risk, until the call is met', async () => {
    const [seller, buyer] = [`${product.toLowerCase()}-seller`, `${product.toLowerCase()}-buyer`] as const;
    await open(seller, buyer);
    await pay(1000_00n, seller, buyer);
    await post();
    const day = (account: string, ...orders: Parameters<typeof submission>[3]) =>
      deliver('orders', submission(product, account, newYork(MONDAY, '09:30'), orders));
    await day(seller, sell('s1', DEC, 2400, 3));
    await day(buyer, buy('b1', DEC, 2400, 3), buy('low', DEC, 1900, 1, 'gtc'));
    await venue.holdAuction(product, newYork(MONDAY, '10:00'));
    await pay(-500_00n, buyer);
    await venue.runDay(product, MONDAY);
    expect(await callOf(buyer)).toMatchObject({ cents: 400_00n });
    expect(await live(buyer)).toEqual(['low']);
    await wakeUp(at('10:00'));
    crashOnce(venue.table, 'putAll', 'before');
    const shard = shardOf(buyer, SHARDS.length);
    const posting = () => record('postings', { v: 1, shard }, { sentAt: at('10:00') });
    expect(await deliver('postings', posting())).toEqual([0]);
    expect(await deliver('postings', posting())).toEqual([]);
    await venue.work();
    expect(await callOf(buyer)).toMatchObject({ overdue: true });
    expect(await live(buyer)).toEqual([]);
    expect(await send(buyer, '10:30', buy('b2', DEC, 2400, 1), sell('s2', DEC, 2400, 1))).toEqual(['margin', 'accepted']);
    expect(await live(buyer)).toEqual(['s2']);
    await pay(1000_00n, buyer);
    await post();
    await wakeUp(at('10:45'));
    await post();
    expect(await callOf(buyer)).toBeUndefined();
    expect(await send(buyer, '11:00', buy('b3', DEC, 2400, 1))).toEqual(['accepted']);
    venue.engine.drain();
  });
});

test('the bank owes what was paid in, and is never called', async () => {
  await open(`${product.toLowerCase()}-rich`);
  await pay(1_000_00n, `${product.toLowerCase()}-rich`);
  await venue.runDay(product, MONDAY);
  expect((await readAccount(venue.table, BANK, SHARDS.length))!.cash).toBeLessThan(0n);
  expect(await called()).toEqual([]);
});

/** What a look at the calls measures. */
async function measured(sentAt: string): Promise<number | undefined> {
  let overdue: number | undefined;
  const spy = vi.spyOn(venue.metrics, 'addMetric').mockImplementation((name, _, value) => {
    if (name === METRICS.callsOverdue) overdue = value;
    return venue.metrics;
  });
  await wakeUp(sentAt);
  spy.mockRestore();
  return overdue;
}
