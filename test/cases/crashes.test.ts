/**
 * Workers that crash, or get no answer to a commit that took effect. Every kind of write of every function is enumerated in
 * `test/faults/crashes/every-write.test.ts`; here each kind of commit is crashed once, the clearing at every write it makes, and what
 * participants see is looked at.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ProxyAction } from '../../lib/local/proxy/proxy.ts';
import type { ProxyRequest } from '../../lib/local/proxy/request.ts';
import type { FunctionName } from '../../lib/store/names.ts';
import { kindOf, writes } from '../venue/faults.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { outright } from '../venue/whole-venue.ts';

let venue: LocalVenue;
beforeAll(async () => {
  venue = await openLocalVenue({ listed: '2025-10-17', limits: { redeliveryMs: 5 } });
});
afterEach(() => venue.heal());
afterAll(async () => {
  expect(venue.cloud.deadLetters()).toEqual([]);
  await venue.expectSound();
  await venue[Symbol.asyncDispose]();
});

/** Two trade, one is left with an order: fills, positions and carried orders to lose or double. */
async function trade(product: string): Promise<void> {
  await Promise.all([
    venue.submit('fund', product, [outright(product, 'b', 'buy', 5, '2.430')]),
    venue.submit('maker', product, [outright(product, 's', 'sell', 3, '2.410')]),
    venue.submit('hedger', product, [outright(product, 'g', 'buy', 4, '2.300', { timeInForce: 'gtc' })]),
  ]);
  await venue.cloud.quiet();
}

async function expectTradedOnce(product: string): Promise<void> {
  const [price, ...others] = (await venue.auctions(product)).map(({ months }) => months.find(({ traded }) => traded)?.price);
  expect(others).toEqual([]);
  expect(await venue.fills('fund', product)).toMatchObject([{ clientOrderId: 'b', lots: 3, price }]);
  expect(await venue.fills('maker', product)).toMatchObject([{ clientOrderId: 's', lots: 3, price }]);
  expect([await venue.lots('fund', product), await venue.lots('maker', product)]).toEqual([{ '2025-12': 3 }, { '2025-12': -3 }]);
  const { items } = (await venue.as.hedger.get(`/v1/orders?product=${product}`)) as { items: unknown[] };
  expect(items).toMatchObject([{ clientOrderId: 'g', lots: 4 }]);
}

/** Does this to the first such request of a function. */
function once(name: FunctionName, kind: string, action: ProxyAction): { struck: () => boolean } {
  let struck = false;
  venue.faults.proxy = (request) => {
    if (struck || request.function !== name || kindOf(request) !== kind) return 'pass';
    struck = true;
    return action;
  };
  return { struck: () => struck };
}

const COMMITS: [FunctionName, string][] = [
  ['accept-orders', 'PutItem BOOK'],
  ['accept-orders', 'UpdateItem INTAKE'],
  ['close-auction', 'SendMessageBatch orders.fifo'],
  ['clear-auction', 'PutItem LOG'],
  ['post-events', 'PutItem SHARD ACCOUNT'],
  ['post-events', 'PutItem SHARD CURSOR'],
];

describe('crash after commit before delete', () => {
  it.each(COMMITS)('%s crashes after its %s: the message comes again, and nothing is done twice', async (name, kind) => {
    const product = `CRASH-${COMMITS.findIndex((commit) => commit[0] === name && commit[1] === kind)}`;
    await venue.list(product);
    const { struck } = once(name, kind, 'kill-after');
    await trade(product);
    await venue.auction(product);
    expect(struck()).toBe(true);
    await expectTradedOnce(product);
  });
});

describe('lost commit response', () => {
  it.each(COMMITS)('%s never hears that its %s took effect, and goes on as if it had', async (name, kind) => {
    const product = `UNHEARD-${COMMITS.findIndex((commit) => commit[0] === name && commit[1] === kind)}`;
    await venue.list(product);
    const { struck } = once(name, kind, 'drop-after');
    await trade(product);
    await venue.auction(product);
    expect(struck()).toBe(true);
    await expectTradedOnce(product);
  });

  it('an operator that got no answer to a deposit sends it again, and it has moved once', async () => {
    const before = await venue.cash('seller');
    const { struck } = once('operator-api', 'TransactWriteItems LOG EVENT', 'kill-after');
    const deposit = { movements: [{ account: 'seller', reference: 'unheard', amount: '250.00' }] };
    const path = '/v1/operator/cash-movements';
    const first = await venue.operator.ask('POST', path, deposit);
    expect(first.status).toBeGreaterThanOrEqual(500);
    expect(struck()).toBe(true);
    expect((await venue.operator.ask('POST', path, deposit)).status).toBe(200);
    await venue.cloud.quiet();
    expect(Number(await venue.cash('seller')) - Number(before)).toBe(250);
  });
});

describe('crash between any two writes of clearing', () => {
  /** The writes and sends of one undisturbed clearing, in order. */
  let recorded: string[];
  beforeAll(async () => {
    const seen: ProxyRequest[] = [];
    await venue.list('CLEAN');
    await trade('CLEAN');
    venue.faults.proxy = (request) => {
      if (request.function === 'clear-auction' && writes(request)) seen.push(request);
      return 'pass';
    };
    await venue.auction('CLEAN');
    venue.heal();
    await expectTradedOnce('CLEAN');
    // A snapshot of the log is written with every sixteenth event, by the function that appends it: no part of clearing.
    recorded = seen.map(kindOf).filter((kind) => kind !== 'PutItem VENUE STATE');
  });

  it('makes these writes: the result, the commit, a note of it, the wake-ups', () =>
    expect(recorded).toEqual([
      'BatchWriteItem RESULT',
      'PutItem LOG',
      'SendMessage news',
      'UpdateItem AUCTION',
      'SendMessageBatch postings.fifo',
    ]));

  const INSTANTS = [0, 1, 2, 3, 4].flatMap((at) =>
    (['kill-before', 'kill-after'] as const).map((action) => [action, at] as const),
  );
  it.each(INSTANTS)('%s of write %i: the auction has cleared once, as it does undisturbed', async (action, at) => {
    const product = `CLEARING-${at}-${action === 'kill-before' ? 'BEFORE' : 'AFTER'}`;
    await venue.list(product);
    await trade(product);
    const { struck } = once('clear-auction', recorded[at]!, action);
    const { months } = await venue.auction(product);
    expect(struck()).toBe(true);
    await expectTradedOnce(product);
    const undisturbed = (await venue.auctions('CLEAN'))[0]!;
    expect(months.map(({ price, volume }) => ({ price, volume }))).toEqual(
      undisturbed.months.map(({ price, volume }) => ({ price, volume })),
    );
    expect((await venue.events(product)).filter((kind) => kind === 'auction-cleared')).toHaveLength(1);
  });
});
