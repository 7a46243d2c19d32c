/** The table refuses, throttles, or is gone: what participants are answered meanwhile, and that all is worked afterwards. */
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Asked } from '../../lib/client/exchange.ts';
import { PIPELINE } from '../../lib/infra/pipeline.ts';
import { type ProxyAction, serviceError } from '../../lib/local/proxy/proxy.ts';
import type { ProxyRequest } from '../../lib/local/proxy/request.ts';
import { auctionsAfter } from '../../lib/store/auctions.ts';
import { QUEUES } from '../../lib/store/names.ts';
import type { Account } from '../venue/accounts.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { codeOf } from '../venue/requests.ts';
import { outright } from '../venue/whole-venue.ts';

const HALF_A_MINUTE = 30_000;

let venue: LocalVenue;
beforeAll(async () => {
  venue = await openLocalVenue({ listed: '2025-10-17', limits: { redeliveryMs: 5, environmentsMax: 5 } });
});
afterEach(() => venue.heal());
afterAll(async () => {
  expect(venue.cloud.deadLetters()).toEqual([]);
  await venue.expectSound();
  await venue[Symbol.asyncDispose]();
});

describe('30% conflicts', () => {
  const CONFLICT: Record<string, ProxyAction> = {
    PutItem: serviceError('dynamodb', 'TransactionConflictException', 'injected'),
    UpdateItem: serviceError('dynamodb', 'TransactionConflictException', 'injected'),
    TransactWriteItems: {
      status: 400,
      body: {
        __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
        message: 'Transaction cancelled [TransactionConflict]',
        CancellationReasons: [{ Code: 'TransactionConflict', Message: 'injected' }],
      },
    },
  };
  const ends: unknown[] = [];

  it.each([
    ['CALM', 0],
    ['CONFLICTS', 30],
  ])('a day of %s ends the same', async (product, percent) => {
    let [met, conflicts] = [0, 0];
    venue.faults.proxy = ({ operation }) => {
      const conflict = CONFLICT[operation];
      if (!conflict) return 'pass';
      // Evenly spread, and in the same places in every run as far as the order of requests is the same.
      if (createHash('sha256').update(`${++met}`).digest().readUInt16BE(0) >= (percent / 100) * 65_536) return 'pass';
      conflicts++;
      return conflict;
    };
    await venue.list(product);
    await venue.publishIndex('2025-10-20', '2.410', product);
    await Promise.all([
      venue.submit('fund', product, [outright(product, 'b', 'buy', 5, '2.430')]),
      venue.submit('maker', product, [outright(product, 's', 'sell', 3, '2.410'), { cancel: 'never-sent' }]),
      venue.submit('hedger', product, [outright(product, 'g', 'buy', 4, '2.300', { timeInForce: 'gtc' })]),
    ]);
    await venue.auction(product);
    venue.cloud.send('rolls', { v: 1, product, slot: '2025-10-20T20:00:00Z' });
    await venue.cloud.quiet();
    venue.heal();
    expect(conflicts / met).toBeGreaterThanOrEqual(percent === 0 ? 0 : percent / 100 - 0.1);
    const day = (await venue.operator.get(`/v1/operator/days/${product}/2025-10-20`)) as { step: string };
    expect(day.step).toBe('done');
    const seen = [];
    for (const account of ['fund', 'maker', 'hedger'] as const) {
      const { items } = (await venue.as[account].get('/v1/statements')) as { items: { product: string; variation: string }[] };
      const statement = items.find((one) => one.product === product);
      const orders = (await venue.as[account].get(`/v1/orders?product=${product}`)) as { items: object[] };
      seen.push({
        variation: statement?.variation,
        fills: (await venue.fills(account, product)).map(({ clientOrderId, lots, price }) => ({ clientOrderId, lots, price })),
        lots: await venue.lots(account, product),
        orders: orders.items.length,
      });
    }
    ends.push({ seen, events: await venue.events(product) });
    expect(seen[0]!.fills).toHaveLength(1);
    expect(ends.at(-1)).toEqual(ends[0]);
  });
});

/** Lets `accept-orders` wait in front of the table until the trouble begins, so that what was answered is still queued then. */
function troubleFrom(begins: Promise<unknown>, trouble: ProxyAction): (request: ProxyRequest) => Promise<ProxyAction> {
  let begun = false;
  begins.then(() => {
    begun = true;
  });
  return async (request) => {
    if (request.service !== 'dynamodb') return 'pass';
    if (!begun && request.function === 'accept-orders') await begins;
    return begun ? trouble : 'pass';
  };
}

const sell = (product: string, account: Account, id: string) =>
  venue.submit(account, product, [outright(product, id, 'sell', 2, '2.410')]);
const buy = (product: string, account: Account, id: string) =>
  venue.submit(account, product, [outright(product, id, 'buy', 2, '2.430')]);
const failures = (name: string) => venue.cloud.logs.recent(name).filter(({ text }) => text.includes('message failed')).length;

describe('five minutes of throttling', () => {
  it('no message is received five times in five minutes, so none is given up for it', () => {
    const shortest_s = Math.min(...Object.values(QUEUES).map(({ consumer }) => PIPELINE[consumer].timeout_s));
    // The queue hides a message for six times its function's time-out.
    expect((5 * 60) / (6 * shortest_s)).toBeLessThan(4);
  });

  it('refuses what it can not take, its alarms see it, and afterwards all that was answered is worked', async () => {
    const product = 'THROTTLED';
    await venue.list(product);
    const begins = Promise.withResolvers<void>();
    const throttled = serviceError('dynamodb', 'ProvisionedThroughputExceededException', 'injected');
    venue.faults.proxy = troubleFrom(begins.promise, throttled);
    const taken = [await buy(product, 'fund', 'b'), await sell(product, 'seller', 's')];
    expect(taken.map(({ status }) => status)).toEqual([202, 202]);
    begins.resolve();
    venue.notifyClosing(product);
    const [before, closings] = [failures('accept-orders'), failures('close-auction')];
    // For half a minute the gateway goes on by what it knows of the venue: what it takes then waits in the queue.
    await venue.cloud.advanceTo(venue.cloud.clock.now() + HALF_A_MINUTE + 1);
    const keys = Array.from({ length: 5 }, () => venue.key());
    const attempt = (key: string) =>
      venue.submit('hedger', product, [outright(product, `h${key.slice(-2)}`, 'buy', 1, '2.430')], key);
    const refused = await Promise.all(keys.map(attempt));
    expect(refused.map(({ status }) => status)).toEqual(Array(5).fill(503));
    expect(refused.map(codeOf)).toEqual(Array(5).fill('try-again'));
    await expect
      .poll(() => Math.min(failures('accept-orders') - before, failures('close-auction') - closings), { timeout: 60_000 })
      .toBeGreaterThan(0);
    await venue.cloud.advanceTo(venue.cloud.clock.now() + 5 * 60_000);
    venue.heal();
    await venue.cloud.quiet();
    // Five failures of the API in five minutes, and a function that failed as a whole, are what these alarms watch.
    const api = venue.cloud.metrics.list().find(({ namespace, name }) => namespace === 'AWS/ApiGateway' && name === '5xx')!;
    const failed = venue.cloud.metrics.minutes(api).reduce((sum, minute) => sum + minute.sum, 0);
    expect(failed).toBeGreaterThanOrEqual(5);
    for (const FunctionName of ['accept-orders', 'close-auction'])
      expect(venue.measured('AWS/Lambda', 'Errors', { FunctionName }), FunctionName).toBe(1);
    expect(venue.cloud.deadLetters()).toEqual([]);
    expect(await venue.auctions(product)).toMatchObject([{ auction: 1 }]);
    expect(await venue.lots('fund', product)).toEqual({ '2025-12': 2 });
    expect(await venue.lots('seller', product)).toEqual({ '2025-12': -2 });
    // The refused ones were asked to try again, and can, with the same key.
    for (const answer of await Promise.all(keys.map(attempt))) expect(answer.status).toBe(202);
    await venue.submit('maker', product, [outright(product, 'more', 'sell', 5, '2.410')]);
    await venue.auction(product);
    expect(await venue.lots('hedger', product)).toEqual({ '2025-12': 5 });
  });
});

describe('table unreachable for hours, then the backlog', () => {
  const HOUR = 3_600_000;
  /** During the outage an auction becomes due; before it, markers stood behind the orders; a sweep comes before the dead letters are redriven. */
  const [DUE, MARKED, SWEPT] = ['DARK-DUE', 'DARK-MARKED', 'DARK-SWEPT'] as const;
  const PRODUCTS = [DUE, MARKED, SWEPT];
  const taken = new Map<string, [Account, Asked][]>();
  const outcomes = async (product: string) =>
    Promise.all(taken.get(product)!.map(async ([account, answer]) => venue.outcome(account, answer)));

  it('refuses new submissions; what was answered waits among the dead letters, whose alarm sees it', async () => {
    for (const product of PRODUCTS) {
      await venue.list(product);
      await venue.auction(product);
    }
    await venue.wait(1000);
    const begins = Promise.withResolvers<void>();
    const trouble = troubleFrom(begins.promise, 'drop-before');
    venue.faults.proxy = async (request) => {
      const action = await trouble(request);
      // Workers get the answer at once that there is no table; a connection that breaks is tried again by the SDK for seconds.
      const silent = action === 'drop-before' && request.function !== 'participant-api';
      return silent ? serviceError('dynamodb', 'ResourceNotFoundException', 'injected') : action;
    };
    for (const product of PRODUCTS) {
      const sent: [Account, Asked][] = [];
      for (const [account, send] of [
        ['fund', buy],
        ['maker', sell],
        ['hedger', buy],
      ] as const)
        sent.push([account, await send(product, account, `${account}-1`)]);
      // A second one of the same account, that must stay behind the first: of two of one instant it would not be known which was.
      await venue.cloud.advanceTo(venue.cloud.clock.now() + 1);
      sent.push(['fund', await venue.submit('fund', product, [{ cancel: 'fund-1' }])]);
      expect(sent.map(([, { status }]) => status)).toEqual(Array(4).fill(202));
      taken.set(product, sent);
    }
    for (const product of [MARKED, SWEPT]) venue.notifyClosing(product);
    const none = { ready: 0, delayed: 0, inflight: 0 };
    await expect.poll(() => venue.cloud.depths().closings, { timeout: 60_000 }).toEqual(none);
    begins.resolve();

    // Once what the gateway knows of the venue is half a minute old, it asks the table: without that, its only answer is to try again.
    await venue.cloud.advanceTo(venue.cloud.clock.now() + HALF_A_MINUTE + 1);
    const refused = await buy(DUE, 'seller', 'refused');
    expect([refused.status, codeOf(refused)]).toEqual([503, 'try-again']);
    expect((await venue.as.fund.ask('GET', '/v1/positions')).status).toBe(503);
    await venue.cloud.advanceTo(venue.cloud.clock.now() + HOUR);
    venue.notifyClosing(DUE);
    await venue.cloud.quiet();
    await venue.cloud.advanceTo(venue.cloud.clock.now() + 2 * HOUR);
    // Four submissions of each, two markers of each of two. On AWS five receives take a quarter of an hour.
    expect(venue.deadIn('orders-dlq.fifo')).toHaveLength(16);
    expect(venue.deadIn('closings-dlq')).toHaveLength(1);
    for (const QueueName of ['orders-dlq.fifo', 'closings-dlq'])
      expect(venue.measured('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName })).toBeGreaterThan(0);
  });

  it('takes submissions again at once when it is back; a late auction closes once its closing is sent again', async () => {
    venue.heal();
    for (const product of PRODUCTS) taken.get(product)!.push(['nimbus', await sell(product, 'nimbus', 'fresh')]);
    await venue.cloud.quiet();
    for (const product of PRODUCTS)
      expect((await outcomes(product)).map(({ state }) => state)).toEqual([...Array(4).fill('queued'), 'decided']);
    venue.cloud.send('closings', { v: 1, product: SWEPT, slot: (await openSlot(SWEPT))! });
    await venue.cloud.quiet();
    expect((await venue.auctions(SWEPT))[0]).toMatchObject({ auction: 2 });
  });

  it('works all of it in order, when the dead letters are sent back before the auction is closed', async () => {
    venue.cloud.redrive('orders-dlq.fifo');
    await venue.cloud.quiet();
    venue.cloud.redrive('closings-dlq');
    await venue.cloud.quiet();
    expect(venue.cloud.deadLetters()).toEqual([]);
    for (const product of [DUE, MARKED]) {
      for (const outcome of await outcomes(product))
        expect(outcome, product).toMatchObject({ auction: 2, orders: [{ outcome: 'accepted' }] });
      expect((await venue.auctions(product)).map(({ auction }) => auction)).toEqual([2, 1]);
      // The fund's cancel came behind its order, as it was sent.
      expect([await venue.lots('fund', product), await venue.lots('hedger', product)]).toEqual([{}, { '2025-12': 2 }]);
    }
  });

  it('refuses what is sent back after the auction has been closed without it, and matches none of it later', async () => {
    const expected = [...Array(4).fill('auction-closed'), undefined];
    expect((await outcomes(SWEPT)).map(({ orders }) => orders[0]!.reason)).toEqual(expected);
    await buy(SWEPT, 'seller', 'later');
    await venue.auction(SWEPT);
    for (const account of ['fund', 'maker', 'hedger', 'seller'] as const)
      expect(await venue.fills(account, SWEPT), account).toEqual([]);
  });

  /** The slot of the auction that has been opened and has not cleared. */
  async function openSlot(product: string): Promise<string | undefined> {
    return (await auctionsAfter(venue.table, product, 1))[0]?.slot;
  }
});
