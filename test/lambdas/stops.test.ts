/** Kill switches, from the API through the queue to the worker: what is taken out, what is refused, and until when. */
import { beforeEach, describe, expect, it, test, vi } from 'vitest';
import { Worker } from '../../lambdas/accept-orders/account-intakes.ts';
import { acceptOrders } from '../../lambdas/accept-orders/index.ts';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { handler as participantApi } from '../../lambdas/participant-api/index.ts';
import { auditRows } from '../../lib/audit/audit.ts';
import { VenueRows } from '../../lib/audit/rows.ts';
import type { Instruction, Outcome } from '../../lib/domain/auction/orders.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { newestEvents } from '../../lib/store/log.ts';
import { type MarkerMessage, parseMessage, type SubmissionMessage } from '../../lib/store/messages.ts';
import { readCarried, readFills } from '../../lib/store/results.ts';
import { readOwnerStops } from '../../lib/store/stops.ts';
import { readSubmission } from '../../lib/store/submissions.ts';
import { SHARDS } from '../venue/accounts.ts';
import { NOV, newYork } from '../venue/h100.ts';
import { buy, cancel, sell } from '../venue/orders.ts';
import { record, submission } from '../venue/records.ts';
import { type Answered, ask, codeOf, operator, trader } from '../venue/requests.ts';
import { deliver, deliverTo, openWorkerVenue, type QueueHandler } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(venue.logger, level).mockImplementation(() => {});

const TEN = newYork('2025-10-20', '10:00');
const ONE = newYork('2025-10-20', '13:00');
const EARLY = newYork('2025-10-20', '09:30');
const LATER = newYork('2025-10-20', '11:00');

let product: string;
let owner: string;
let desk: string;
let other: string;
let owners = 0;
/** Each test trades a product of its own, with an owner of two accounts and one of one. */
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product);
  owner = `own${++owners}`;
  [desk, other] = [`${owner}.desk`, `other${owners}`];
  const accounts = [owner, desk, other].map((account) => ({ account, name: account, product }));
  await venue.commit({ kind: 'accounts-opened', accounts, by: 'op', at: '' });
  await venue.queues.notifyPostings(1_000 + owners, [0, 1]);
  await venue.work();
});

const at = Date.parse(EARLY);
const use = (account: string, what: 'stop' | 'release', body: Record<string, unknown> = {}): Promise<Answered> =>
  ask(participantApi, `POST /v1/${what}`, { claims: trader(account), body, at });
const operate = (what: 'stops' | 'stops/release', body: Record<string, unknown>): Promise<Answered> =>
  ask(operatorApi, `POST /v1/operator/${what}`, { claims: operator('olga'), body: { reason: 'why', ...body }, at });
const from = (account: string, ...instructions: Instruction[]): SubmissionMessage =>
  submission(product, account, EARLY, instructions);
const outcomes = async ({ shard, account, key }: SubmissionMessage): Promise<readonly Outcome[] | undefined> =>
  (await readSubmission(venue.table, product, shard, account, key))?.outcomes;
/** Lets accept work what waits in its queue, and then a submission. */
async function accept(...messages: SubmissionMessage[]): Promise<void> {
  const waiting = venue.engine.messages('orders').map((message) => parseMessage('orders', JSON.stringify(message)));
  venue.engine.drain();
  for (const message of [...waiting, ...messages]) expect(await deliver('orders', message)).toEqual([]);
}
/** What became of a submission behind all that waits. */
async function send(account: string, ...instructions: Instruction[]): Promise<readonly Outcome[]> {
  const message = from(account, ...instructions);
  await accept(message);
  return (await outcomes(message))!;
}
/** The messages in the orders queue that change switches. */
const told = (): SubmissionMessage[] =>
  venue.engine
    .messages('orders')
    .map((message) => parseMessage('orders', JSON.stringify(message)))
    .filter((message): message is SubmissionMessage => message.kind === 'submission' && message.stops === true);
const marker = (auction: number, slot: string): MarkerMessage => ({
  v: 1,
  kind: 'marker',
  product,
  shard: shardOf(owner, SHARDS),
  auction,
  slot,
});
/** Fills of the last auction, and what it carried, by account and name. */
async function lastAuction(): Promise<{ fills: string[]; carried: string[] }> {
  const { carried } = await venue.stateOf(product);
  const orders = (await readCarried(venue.table, product, carried)).map((each) => `${each.account} ${each.clientOrderId}`);
  for await (const { event } of newestEvents(venue.table))
    if (event.kind === 'auction-cleared' && event.product === product)
      return {
        fills: (await readFills(venue.table, event)).map((fill) => `${fill.account} ${fill.clientOrderId}`),
        carried: orders,
      };
  throw new Error('no auction has cleared');
}

describe('a stop is exact against the cut', () => {
  const bid = (name: string, lots = 10): Instruction => buy(name, NOV, 2400, lots, 'gtc');

  it('behind the marker: what was sent before the marker trades, the rest of it is taken out and nothing comes in', async () => {
    await send(owner, bid('a'));
    await send(other, sell('s', NOV, 2400, 4));
    await deliver('closings', { v: 1, product, slot: TEN });
    expect((await use(owner, 'stop')).status).toBe(200);
    const late = from(owner, bid('b'), cancel('zzz'));
    await accept(late);
    await venue.work();
    expect(await lastAuction()).toEqual({ fills: [`${other} s`, `${owner} a`].sort(), carried: [`${owner} a`] });
    expect(await outcomes(late)).toEqual(['stopped', 'unknown-order']);
    await send(other, sell('t', NOV, 2400, 4));
    await venue.holdAuction(product, ONE);
    expect(await lastAuction()).toEqual({ fills: [], carried: [] });
  });

  it('before the marker: nothing of the account is in the auction', async () => {
    await send(owner, bid('a'));
    await send(other, sell('s', NOV, 2400, 4));
    await use(owner, 'stop');
    await accept();
    await venue.holdAuction(product, TEN);
    expect(await lastAuction()).toEqual({ fills: [], carried: [] });
  });

  it('in one batch with orders before and behind it and the marker between', async () => {
    const before = from(owner, bid('a'));
    await use(owner, 'stop');
    const [stop] = told();
    venue.engine.drain();
    await deliver('closings', { v: 1, product, slot: TEN });
    venue.engine.drain();
    const [between, behind] = [from(owner, bid('b')), from(owner, bid('c'))];
    const worker = acceptOrders(new Worker());
    // The worker has read the shard's switches before this one was used.
    expect(await deliverTo(worker, 'orders', before, marker(1, TEN), between, stop!, behind)).toEqual([]);
    expect(await outcomes(behind)).toEqual(['stopped']);
    expect(await readSubmission(venue.table, product, stop!.shard, owner, stop!.key)).toMatchObject({
      auction: 2,
      sender: `user-of-${owner}`,
      instructions: [{ kind: 'cancel-all' }],
    });
  });
});

describe('however the stop comes', () => {
  const order = (name: string): Instruction => buy(name, NOV, 2400, 1, 'gtc');
  const live = async (account = owner): Promise<string[]> =>
    (await ask(participantApi, 'GET /v1/orders', { claims: trader(account), at, query: { product } })).body.items.map(
      ({ clientOrderId }: { clientOrderId: string }) => clientOrderId,
    );

  it('twice, and many times at once, it stands once, and one release lifts it', async () => {
    await send(owner, order('a'));
    const answers = await Promise.all(Array.from({ length: 5 }, () => use(owner, 'stop')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    await use(owner, 'stop');
    await accept();
    expect(await live()).toEqual([]);
    expect(await readOwnerStops(venue.table, owner, SHARDS)).toMatchObject({ version: 1 });
    expect(await send(owner, order('b'))).toEqual(['stopped']);
    const released = await use(owner, 'release');
    expect(released.body).toMatchObject({ account: owner, stopped: false });
    expect(await send(owner, order('b'))).toEqual(['accepted']);
    expect(await live()).toEqual(['b']);
  });

  it('again, after it was released, it takes out nothing, and neither does the release again', async () => {
    await send(owner, order('a'));
    await use(owner, 'stop');
    const [stop] = told();
    await accept();
    await use(owner, 'release');
    expect(await send(owner, order('b'))).toEqual(['accepted']);
    expect(await deliver('orders', stop!)).toEqual([]);
    expect(await live()).toEqual(['b']);
    await use(owner, 'release');
    await accept();
    expect(await live()).toEqual(['b']);
  });

  it('late, redriven from the dead letters: while the stop stands it takes everything out, after the release nothing', async () => {
    await send(owner, order('a'));
    await use(owner, 'stop');
    const [first] = told();
    venue.engine.drain();
    expect(await deliver('orders', record('orders', first!, { sentAt: LATER }))).toEqual([]);
    expect(await outcomes(first!)).toEqual(['accepted']);
    expect(await live()).toEqual([]);

    await use(owner, 'release');
    await accept();
    await use(owner, 'stop');
    const [second] = told();
    venue.engine.drain();
    await use(owner, 'release');
    expect(await send(owner, order('b'))).toEqual(['accepted']);
    expect(await deliver('orders', record('orders', second!, { sentAt: LATER }))).toEqual([]);
    expect(await outcomes(second!)).toEqual(['overtaken']);
    expect(await live()).toEqual(['b']);
  });

  it('from an account that has sent more than it may, it takes everything out', async () => {
    const small = venue.nextProduct();
    await venue.list(small, { parameters: { submissionsMax: 1 } });
    product = small;
    const account = `flood${owners}`;
    await venue.commit({ kind: 'accounts-opened', accounts: [{ account, name: 'flood', product }], by: 'op', at: '' });
    await send(account, order('a'));
    for (let each = 0; each < 3; each++) await send(account, order('b'));
    await use(account, 'stop');
    await accept();
    expect(await live(account)).toEqual([]);
  });

  it('when the request fails before the queue has it, the stop stands, and the request that is sent again takes out the orders', async () => {
    await send(owner, order('a'));
    const broken = vi.spyOn(venue.queues, 'submit').mockRejectedValueOnce(new Error('no answer'));
    expect((await use(owner, 'stop')).status).toBe(500);
    broken.mockRestore();
    const restarted = acceptOrders(new Worker());
    const message = from(owner, order('b'));
    expect(await deliverTo(restarted, 'orders', message)).toEqual([]);
    expect(await outcomes(message)).toEqual(['stopped']);
    expect(await live()).toEqual(['a']);
    await use(owner, 'stop');
    await accept();
    expect(await live()).toEqual([]);
  });
});

describe('every worker knows of it', () => {
  const said = async (worker: QueueHandler): Promise<readonly Outcome[] | undefined> => {
    const message = from(owner, buy(`o${++said.count}`, NOV, 2400, 1, 'gtc'));
    expect(await deliverTo(worker, 'orders', message)).toEqual([]);
    return outcomes(message);
  };
  said.count = 0;
  async function change(what: 'stop' | 'release', worker: QueueHandler): Promise<void> {
    await use(owner, what);
    const [message] = told();
    venue.engine.drain();
    expect(await deliverTo(worker, 'orders', message!)).toEqual([]);
  }

  it('the one that keeps the account, whichever worked the stop or the release, and one that was started since', async () => {
    const [first, second] = [acceptOrders(new Worker()), acceptOrders(new Worker())];
    expect(await said(first)).toEqual(['accepted']);
    expect(await said(second)).toEqual(['accepted']);
    expect(await said(first)).toEqual(['accepted']);
    await change('stop', first);
    expect(await said(first)).toEqual(['stopped']);
    expect(await said(second)).toEqual(['stopped']);
    expect(await said(acceptOrders(new Worker()))).toEqual(['stopped']);
    await change('release', second);
    expect(await said(second)).toEqual(['accepted']);
    expect(await said(first)).toEqual(['accepted']);
    await change('stop', second);
    expect(await said(first)).toEqual(['stopped']);
  });

  it('and after a cut, a clearing and any number of auctions', async () => {
    const worker = acceptOrders(new Worker());
    expect(await said(worker)).toEqual(['accepted']);
    await change('stop', worker);
    for (const slot of [TEN, ONE]) await venue.holdAuction(product, slot);
    expect(await said(worker)).toEqual(['stopped']);
    expect(await said(acceptOrders(new Worker()))).toEqual(['stopped']);
  });

  it('a submission costs no read for it, and a stop one of its owner alone', async () => {
    const worker = acceptOrders(new Worker());
    for (let each = 0; each < 2; each++) await said(worker);
    const reads = async (done: () => Promise<unknown>): Promise<number[]> => {
      const [one, all] = [vi.spyOn(venue.table, 'get'), vi.spyOn(venue.table, 'query')];
      await done();
      const counts = [
        one.mock.calls.filter(([{ pk }]) => pk.startsWith('STOPS#')).length,
        all.mock.calls.filter(([partition]) => partition.startsWith('STOPS#')).length,
      ];
      for (const spy of [one, all]) spy.mockRestore();
      return counts;
    };
    const message = from(owner, buy('x', NOV, 2400, 1));
    expect(await reads(() => deliverTo(worker, 'orders', message))).toEqual([0, 0]);
    await use(owner, 'stop');
    const [stop] = told();
    expect(await reads(() => deliverTo(worker, 'orders', stop!))).toEqual([1, 0]);
    expect(await reads(() => said(worker))).toEqual([0, 0]);
    expect(await reads(() => said(acceptOrders(new Worker())))).toEqual([0, 1]);
  });
});

describe('whose it is', () => {
  const order = buy('a', NOV, 2400, 1, 'gtc');

  it("an owner's stops all of its accounts and no other owner's, and is its first account's to use", async () => {
    expect(codeOf(await use(desk, 'stop', { scope: 'owner' }))).toBe('invalid-body');
    expect(told()).toEqual([]);
    await use(owner, 'stop', { scope: 'owner', reason: 'a runaway' });
    await accept();
    for (const account of [owner, desk]) expect(await send(account, order)).toEqual(['stopped']);
    expect(await send(other, order)).toEqual(['accepted']);
    await use(desk, 'release');
    expect(await send(desk, order)).toEqual(['stopped']);
    await use(owner, 'release', { scope: 'owner' });
    for (const account of [owner, desk]) expect(await send(account, order)).toEqual(['accepted']);
  });

  it("an account's stops that account alone", async () => {
    await use(desk, 'stop');
    expect(await send(desk, order)).toEqual(['stopped']);
    expect(await send(owner, order)).toEqual(['accepted']);
  });

  it.each(['owner', 'account'] as const)("the operator's, of an %s, is not the participant's to release", async (scope) => {
    await send(owner, order);
    expect((await operate('stops', { scope, [scope]: owner })).status).toBe(200);
    await accept();
    const released = await use(owner, 'release', { scope: 'owner' });
    expect(released.body).toMatchObject({ stopped: true });
    await use(owner, 'release');
    expect(await send(owner, order)).toEqual(['stopped']);
    await operate('stops/release', { scope, [scope]: owner });
    expect(await send(owner, order)).toEqual(['accepted']);
  });

  it('is on record: its side, its operator id, its time and its reason, and the venue’s own people only with the operator', async () => {
    await operate('stops', { scope: 'owner', owner, reason: 'it does not answer' });
    await use(desk, 'stop', { reason: 'lunch' });
    const shown = await ask(operatorApi, 'GET /v1/operator/owners/{owner}', { claims: operator('olga'), path: { owner }, at });
    const time = new Date(at).toISOString();
    expect(shown.body).toMatchObject({
      owner,
      name: owner,
      accounts: [{ account: owner }, { account: desk }],
      stops: [
        {
          owner,
          side: 'operator',
          stands: true,
          stopped: { by: 'olga', at: time, reason: 'it does not answer' },
          released: null,
        },
        { account: desk, side: 'participant', stands: true, stopped: { by: `user-of-${desk}`, at: time, reason: 'lunch' } },
      ],
    });
    const own = (await ask(participantApi, 'GET /v1/stops', { claims: trader(owner), at })).body;
    expect(own).toEqual({
      account: owner,
      stopped: true,
      stops: [{ owner, side: 'operator', stands: true, stopped: { at: time, reason: 'it does not answer' }, released: null }],
    });
  });

  it.each<[what: string, body: Record<string, unknown>, code: string]>([
    ['an owner that is not open', { scope: 'owner', owner: 'not-here' }, 'unknown-account'],
    ['an account that is none', { scope: 'account', account: 'own1.desk.x' }, 'unknown-account'],
    ['a product that is not listed', { scope: 'product', product: 'NONE' }, 'not-found'],
    ['no scope', {}, 'invalid-body'],
    ['no reason', { scope: 'venue', reason: '' }, 'invalid-body'],
  ])('of %s there is none', async (_, body, code) => {
    expect(codeOf(await operate('stops', body))).toBe(code);
    expect(told()).toEqual([]);
  });
});

describe('a product that is stopped', () => {
  const bid = buy('a', NOV, 2400, 5, 'gtc');
  const stopIt = () => operate('stops', { scope: 'product', product });

  test('takes no orders and matches none, until an auction has taken out all that came before', async () => {
    await send(owner, bid);
    await send(other, sell('s', NOV, 2400, 5, 'gtc'));
    expect((await stopIt()).body).toMatchObject({ products: [{ product, stop: { by: 'olga', reason: 'why', through: null } }] });
    expect(await send(owner, buy('b', NOV, 2400, 1), cancel('a'))).toEqual(['stopped', 'accepted']);
    await stopIt();
    // Resumed before any auction: what came before the stop is still in the open one.
    expect((await operate('stops/release', { scope: 'product', product })).body).toMatchObject({
      products: [{ stop: { through: 1 } }],
    });
    expect(await send(owner, buy('b', NOV, 2400, 1))).toEqual(['stopped']);
    await venue.holdAuction(product, TEN);
    expect(await lastAuction()).toEqual({ fills: [], carried: [] });
    expect((await venue.stateOf(product)).stop).toBeNull();
    expect(await send(owner, buy('c', NOV, 2400, 1))).toEqual(['accepted']);
    await send(other, sell('t', NOV, 2400, 1));
    await venue.holdAuction(product, ONE);
    expect((await lastAuction()).fills).toHaveLength(2);
  });

  test('takes out what was carried, and an auction that is closed and has not cleared matches nothing', async () => {
    await send(owner, bid);
    await venue.holdAuction(product, TEN);
    expect((await lastAuction()).carried).toEqual([`${owner} a`]);
    await send(other, sell('s', NOV, 2400, 5, 'gtc'));
    await deliver('closings', { v: 1, product, slot: ONE });
    await accept();
    await stopIt();
    await venue.work();
    expect(await lastAuction()).toEqual({ fills: [], carried: [] });
  });

  test('an order behind the cut of the last auction that matches nothing comes in, before that has cleared', async () => {
    await send(owner, bid);
    await stopIt();
    await operate('stops/release', { scope: 'venue' });
    await deliver('closings', { v: 1, product, slot: TEN });
    await accept();
    expect(await send(owner, buy('c', NOV, 2400, 1, 'gtc'))).toEqual(['accepted']);
    await deliver('clearings', { v: 1, product, auction: 1 });
    await venue.work();
    expect(await lastAuction()).toEqual({ fills: [], carried: [] });
    await venue.holdAuction(product, ONE);
    expect(await lastAuction()).toEqual({ fills: [], carried: [`${owner} c`] });
  });

  test('the audit clears it again to nothing, and knows of every stop', async () => {
    const audit = await auditRows(await VenueRows.from(venue.table.scan()), SHARDS);
    // The products of this file are listed by one operator.
    expect(audit.differences.filter((each) => !each.endsWith(' by op alone'))).toEqual([]);
  });
});
