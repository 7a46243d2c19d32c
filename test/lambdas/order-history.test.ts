/** What became of an account's orders, as its participant reads it: cancels by path, submissions as a list, fills and events by order. */
import { beforeEach, describe, expect, it, test, vi } from 'vitest';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { handler as participantApi } from '../../lambdas/participant-api/index.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { newYork } from '../venue/h100.ts';
import { type Answered, type Asked, ask, codeOf, operator, trader } from '../venue/requests.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(venue.logger, level).mockImplementation(() => {});

const DAY = '2025-10-20';
const AT = Date.parse(newYork(DAY, '09:58'));
const [TEN, ONE, TWO] = ['10:00', '13:00', '14:00'].map((time) => newYork(DAY, time));
/** When the requests of a test are received. */
let now = AT;

let product: string;
let ann: string;
let bob: string;
let tests = 0;
let keys = 0;
beforeEach(async () => {
  now = AT;
  product = venue.nextProduct();
  await venue.list(product);
  [ann, bob] = [`ann${++tests}`, `bob${tests}`];
  const accounts = [ann, bob].map((account) => ({ account, name: account, product }));
  await venue.commit({ kind: 'accounts-opened', accounts, by: 'op', at: '' });
  await venue.queues.notifyPostings(1_000 + tests, [0, 1]);
  await venue.work();
});

const get = (account: string, route: string, more: Asked = {}): Promise<Answered> =>
  ask(participantApi, `GET /v1/${route}`, { claims: trader(account), at: AT, ...more });
const order = (clientOrderId: string, more: Record<string, unknown> = {}) => ({
  clientOrderId,
  side: 'buy',
  contract: `${product}-2025-12`,
  price: '2.400',
  lots: 4,
  timeInForce: 'gtc',
  ...more,
});
async function submit(account: string, ...orders: unknown[]): Promise<string> {
  const { status, body } = await ask(participantApi, 'POST /v1/submissions', {
    claims: trader(account),
    body: { product, orders },
    headers: { 'idempotency-key': numberedKey(now, ++keys) },
    at: now,
  });
  expect(status).toBe(202);
  await venue.work('orders');
  return body.submission;
}
/** Holds an auction, and comes to two minutes later. */
async function hold(slot: string): Promise<void> {
  await venue.holdAuction(product, slot);
  now = Date.parse(slot) + 120_000;
}
type Event = Record<string, unknown> & { event: string; clientOrderId: string };
/** All events, page after page, of an order or of all. */
async function events(account: string, name?: string, limit = 500): Promise<Event[]> {
  const items: Event[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const query = { limit: `${limit}`, ...(cursor === undefined ? {} : { cursor }) };
    const { status, body } = await (name === undefined
      ? get(account, 'order-history', { query })
      : get(account, 'orders/{clientOrderId}', { query, path: { clientOrderId: name } }));
    expect(status).toBe(200);
    items.push(...body.items);
    cursor = body.next;
  }
  return items;
}
const lines = (all: readonly Event[]): string[] =>
  all.map(({ clientOrderId, event, lots, reason, takenOut, lapsed, replaces, replacedBy }) =>
    [clientOrderId, event, lots, reason, takenOut, lapsed, replaces, replacedBy].filter((each) => each !== undefined).join(' '),
  );

describe('the history of an order', () => {
  it('is all that happened to it, newest first, whichever auction it happened in', async () => {
    const submission = await submit(ann, order('a', { lots: 10 }));
    await submit(bob, order('s', { side: 'sell', lots: 3, timeInForce: 'auction' }));
    await hold(TEN!);
    await submit(bob, order('t', { side: 'sell', lots: 5, timeInForce: 'auction' }));
    await hold(ONE!);
    await submit(ann, { cancel: 'a' });
    const history = await events(ann, 'a');
    expect(lines(history)).toEqual(['a cancelled', 'a carried 2', 'a filled 5', 'a carried 7', 'a filled 3', 'a accepted']);
    expect(history.at(-1)).toEqual({
      clientOrderId: 'a',
      auction: 1,
      event: 'accepted',
      at: new Date(AT).toISOString(),
      submission,
      sender: `user-of-${ann}`,
      order: { side: 'buy', contract: `${product}-2025-12`, price: '2.400', lots: 10, timeInForce: 'gtc' },
    });
    expect(history[2]).toMatchObject({ auction: 2, at: ONE, side: 'buy', contract: `${product}-2025-12`, price: '2.400' });
    const fills = (await get(ann, 'fills', { query: { clientOrderId: 'a' } })).body.items;
    expect(fills.map(({ seq, lots }: Event) => [seq, lots])).toEqual(
      history.filter(({ event }) => event === 'filled').map(({ seq, lots }) => [seq, lots]),
    );
    // Page by page it is the same.
    for (const limit of [1, 2, 3]) expect(await events(ann, 'a', limit)).toEqual(history);
  });

  it('is that of the newest order of the name, with what was refused under it since', async () => {
    await submit(ann, order('a', { timeInForce: 'auction' }));
    await hold(TEN!);
    await submit(ann, order('a', { lots: 7 }));
    await submit(ann, order('a'));
    expect(lines(await events(ann, 'a'))).toEqual(['a refused duplicate-client-order-id', 'a accepted']);
    expect(lines(await events(ann))).toEqual([
      'a refused duplicate-client-order-id',
      'a accepted',
      'a lapsed 4 time-in-force',
      'a accepted',
    ]);
  });

  it('says why it was taken out', async () => {
    await submit(ann, order('a'), order('b'));
    await ask(participantApi, 'POST /v1/stop', { claims: trader(ann), at: AT });
    await venue.work('orders');
    await ask(participantApi, 'POST /v1/release', { claims: trader(ann), at: AT });
    await venue.work('orders');
    await submit(ann, order('c'));
    await ask(participantApi, 'PUT /v1/cancel-all-after', { claims: trader(ann), at: AT, body: { seconds: 1 } });
    await hold(TEN!);
    expect(lines(await events(ann))).toEqual([
      'c taken-out dead-mans-switch',
      'c accepted',
      'b taken-out kill-switch',
      'a taken-out kill-switch',
      'b accepted',
      'a accepted',
    ]);
    expect(await events(ann, 'c')).toMatchObject([{ sender: 'venue' }, { sender: `user-of-${ann}` }]);
  });

  it('says that its product was stopped, and what its owner would have traded with itself', async () => {
    await submit(ann, order('a', { lots: 3 }), order('s', { side: 'sell', lots: 2 }));
    await hold(TEN!);
    await submit(ann, order('late'));
    const body = { scope: 'product', product, reason: 'why' };
    await ask(operatorApi, 'POST /v1/operator/stops', { claims: operator('olga'), body, at: AT });
    await hold(ONE!);
    expect(lines(await events(ann))).toEqual([
      'late lapsed 4 product-stopped',
      'a lapsed 1 product-stopped',
      'late accepted',
      'a carried 1',
      's self-matched 2',
      'a self-matched 2',
      's accepted',
      'a accepted',
    ]);
  });

  it('is followed over a replacement that waits for the auction in which the old order stands', async () => {
    await submit(ann, order('a', { lots: 4 }));
    await submit(bob, order('s', { side: 'sell', lots: 1, timeInForce: 'auction' }));
    // Cut, and not cleared.
    await deliver('closings', { v: 1, product, slot: TEN! });
    await venue.work('closings', 'orders');
    now = Date.parse(TEN!) + 120_000;
    await submit(ann, order('b', { replaces: 'a', lots: 9 }));
    expect(lines(await events(ann))).toEqual(['b accepted a', 'a replaced b', 'a accepted']);
    await venue.work();
    await hold(ONE!);
    expect(lines(await events(ann))).toEqual(['b not-entered a', 'a cancelled', 'a carried 3', 'a filled 1', 'a accepted']);
  });

  it("is the account's own alone, and not found under a name that it never used", async () => {
    await submit(ann, order('a'));
    expect(codeOf(await get(bob, 'orders/{clientOrderId}', { path: { clientOrderId: 'a' } }))).toBe('not-found');
    expect((await get(bob, 'order-history')).body).toEqual({ items: [] });
    expect(codeOf(await get(ann, 'orders/{clientOrderId}', { path: { clientOrderId: 'a/b' } }))).toBe('invalid-request');
  });

  it('is found behind a hundred auctions, a page at a time', async () => {
    await submit(ann, order('old', { timeInForce: 'auction' }));
    await hold(TEN!);
    for (let later = 1; later <= 101; later++)
      await venue.holdAuction(product, new Date(Date.parse(TEN!) + later * 60_000).toISOString());
    const asked = { path: { clientOrderId: 'old' } };
    const first = (await get(ann, 'orders/{clientOrderId}', asked)).body;
    expect(first).toEqual({ items: [], next: expect.any(String) });
    expect(lines(await events(ann, 'old'))).toEqual(['old lapsed 4 time-in-force', 'old accepted']);
    expect(lines(await events(ann))).toHaveLength(2);
  }, 60_000);
});

describe('cancels by path', () => {
  const remove = (route: string, more: Asked): Promise<Answered> =>
    ask(participantApi, `DELETE /v1/${route}`, { claims: trader(ann), at: AT, query: { product }, ...more });
  const names = async (): Promise<string[]> =>
    (await get(ann, 'orders', { query: { product } })).body.items.map(({ clientOrderId }: Event) => clientOrderId);

  it('take out one order, or all, and are known again under their key', async () => {
    await submit(ann, order('a'), order('b'), order('c'));
    const headers = { 'idempotency-key': numberedKey(AT, ++keys) };
    const one = await remove('orders/{clientOrderId}', { path: { clientOrderId: 'a' }, headers });
    expect(one.status).toBe(202);
    await venue.work('orders');
    expect(await names()).toEqual(['b', 'c']);
    expect((await remove('orders/{clientOrderId}', { path: { clientOrderId: 'a' }, headers })).body).toEqual(one.body);
    const shown = (await get(ann, 'submissions/{submission}', { path: { submission: one.body.submission } })).body;
    expect(shown.orders).toEqual([{ cancel: 'a', outcome: 'accepted' }]);
    await remove('orders', { headers: { 'idempotency-key': numberedKey(AT, ++keys) } });
    await venue.work('orders');
    expect(await names()).toEqual([]);
  });

  it('are refused as a submission is, and send nothing then', async () => {
    const headers = { 'idempotency-key': numberedKey(AT, ++keys) };
    expect(codeOf(await remove('orders', {}))).toBe('idempotency-key-missing');
    expect(codeOf(await remove('orders', { headers: { 'idempotency-key': 'x' } }))).toBe('idempotency-key-malformed');
    expect(codeOf(await remove('orders', { headers, query: { product: 'NONE' } }))).toBe('unknown-contract');
    expect(codeOf(await remove('orders', { headers, query: {} }))).toBe('invalid-request');
    const path = { clientOrderId: 'not one' };
    expect(codeOf(await remove('orders/{clientOrderId}', { headers, path }))).toBe('invalid-request');
    const old = { 'idempotency-key': numberedKey(AT - 3_600_000, ++keys) };
    expect(codeOf(await remove('orders', { headers: old }))).toBe('idempotency-key-stale');
    expect(venue.engine.messages('orders')).toEqual([]);
  });
});

test('submissions are listed newest first, over the days, each as it is shown alone, and no other account sees them', async () => {
  const ids = [];
  for (const name of ['a', 'b', 'c']) ids.unshift(await submit(ann, order(name), { cancel: 'none' }));
  const all = (await get(ann, 'submissions')).body;
  expect(all.items.map(({ submission }: { submission: string }) => submission)).toEqual(ids);
  expect(all.next).toBeUndefined();
  for (const item of all.items)
    expect((await get(ann, 'submissions/{submission}', { path: { submission: item.submission } })).body).toEqual(item);
  const paged: unknown[] = [];
  let query: Record<string, string> = { limit: '1' };
  for (let pages = 0; pages < 20; pages++) {
    const { body } = await get(ann, 'submissions', { query, at: AT + 90 * 86_400_000 });
    paged.push(...body.items);
    if (body.next === undefined) break;
    query = { limit: '1', cursor: body.next };
  }
  expect(paged).toEqual(all.items);
  expect((await get(bob, 'submissions')).body).toEqual({ items: [] });
  expect(codeOf(await get(ann, 'submissions', { query: { product: 'NONE' } }))).toBe('not-found');
});

test('fills of an order are those of its name alone', async () => {
  await submit(ann, order('a', { lots: 2 }), order('ab', { lots: 2 }), order('b', { lots: 2 }));
  await submit(bob, order('s', { side: 'sell', lots: 6 }));
  await hold(TEN!);
  await submit(ann, order('a', { lots: 1 }));
  await submit(bob, order('t', { side: 'sell', lots: 1 }));
  await hold(TWO!);
  const first = (await get(ann, 'fills', { query: { clientOrderId: 'a', limit: '1' } })).body;
  expect(first).toMatchObject({ items: [{ clientOrderId: 'a', lots: 1 }], next: expect.any(String) });
  const second = (await get(ann, 'fills', { query: { clientOrderId: 'a', limit: '1', cursor: first.next } })).body;
  expect(second).toMatchObject({ items: [{ clientOrderId: 'a', lots: 2 }] });
  expect(second.next).toBeUndefined();
  expect((await get(ann, 'fills', { query: { clientOrderId: 'none' } })).body).toEqual({ items: [] });
});
