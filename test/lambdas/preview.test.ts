/** A preview says what accept then does, whatever is sent, and leaves nothing behind. */
import { beforeEach, describe, expect, it, test, vi } from 'vitest';
import { handler as participantApi } from '../../lambdas/participant-api/index.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { emptyAccount } from '../../lib/domain/clearing/account.ts';
import { cents, lots, ticks } from '../../lib/domain/contract/units.ts';
import { encodeAccount } from '../../lib/store/accounts.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { writeRollInstruction } from '../../lib/store/roll-instructions.ts';
import { rollOrders } from '../../lib/store/roll-orders.ts';
import { Table } from '../../lib/store/table.ts';
import { SHARDS } from '../venue/accounts.ts';
import { moved } from '../venue/events.ts';
import { DEC, newYork, on, RISKY } from '../venue/h100.ts';
import { type Answered, ask, codeOf, trader } from '../venue/requests.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(venue.logger, level).mockImplementation(() => {});

const AT = Date.parse(newYork('2025-10-20', '09:30'));
const TEN = newYork('2025-10-20', '10:00');

let product: string;
let ann: string;
let bob: string;
let tests = 0;
let keys = 0;
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product, { parameters: RISKY });
  [ann, bob] = [`ann${++tests}`, `bob${tests}`];
  const accounts = [ann, bob].map((account) => ({ account, name: account, product }));
  await venue.commit({ kind: 'accounts-opened', accounts, by: 'op', at: '' });
  for (const account of [ann, bob]) await venue.commit(moved(account, 1_000_000n));
  await venue.queues.notifyPostings(1_000 + tests, [0, 1]);
  await venue.work();
});

const bodyOf = (orders: unknown[]) => ({ product, orders });
const order = (clientOrderId: string, more: Record<string, unknown> = {}) => ({
  clientOrderId,
  side: 'buy',
  contract: `${product}-2025-12`,
  price: '2.400',
  lots: 1,
  timeInForce: 'gtc',
  ...more,
});
const preview = (account: string, orders: unknown[], at = AT): Promise<Answered> =>
  ask(participantApi, 'POST /v1/preview', { claims: trader(account), body: bodyOf(orders), at });
/** Sends, lets accept work, and gives what became of it. */
async function submit(account: string, orders: unknown[]): Promise<Answered['body']> {
  const { body } = await ask(participantApi, 'POST /v1/submissions', {
    claims: trader(account),
    body: bodyOf(orders),
    headers: { 'idempotency-key': numberedKey(AT, ++keys) },
    at: AT,
  });
  await venue.work('orders');
  const path = { submission: body.submission };
  return (await ask(participantApi, 'GET /v1/submissions/{submission}', { claims: trader(account), path, at: AT })).body;
}
const rows = async (): Promise<unknown[]> => {
  const all = await Array.fromAsync(venue.table.scan());
  return all
    .filter(({ pk }) => !pk!.S!.startsWith('RATE#'))
    .sort((a, b) => (`${a.pk!.S} ${a.sk!.S}` < `${b.pk!.S} ${b.sk!.S}` ? -1 : 1));
};

describe('a preview says what accept then decides, entry by entry with its figures, of', () => {
  it.each<[string, (order: (id: string, more?: Record<string, unknown>) => unknown) => unknown[], string[]]>([
    ['orders that come in', (own) => [own('a'), own('b', { side: 'sell', price: '2.500' })], ['accepted', 'accepted']],
    ['an order that the account could not pay for', (own) => [own('a', { lots: 900 })], ['margin']],
    [
      'orders of which the second is one too many for the cash',
      (own) => [own('a', { lots: 20 }), own('b', { lots: 20 })],
      ['accepted', 'margin'],
    ],
    [
      'names that are taken, and of no order',
      (own) => [own('live'), { cancel: 'none' }],
      ['duplicate-client-order-id', 'unknown-order'],
    ],
    [
      'a replacement and a cancel of all',
      (own) => [own('new', { replaces: 'live', lots: 2 }), { cancelAll: true }],
      ['accepted', 'accepted'],
    ],
    ['an order that is too large', (own) => [own('a', { lots: 1_000_000 })], ['order-too-large']],
  ])('%s', async (_, written, outcomes) => {
    await submit(ann, [order('live', { price: '2.300' })]);
    const orders = written(order);
    const previewed = (await preview(ann, orders)).body;
    const said = (each: { outcome: string; reason?: string }): string => each.reason ?? each.outcome;
    expect(previewed.orders.map(said)).toEqual(outcomes);
    expect((await submit(ann, orders)).orders).toEqual(previewed.orders);
  });

  it('500 entries', async () => {
    const orders = Array.from({ length: 500 }, (_, at) => order(`o${at}`, { price: '0.001' }));
    const previewed = (await preview(ann, orders)).body;
    expect((await submit(ann, orders)).orders).toEqual(previewed.orders);
  });

  it('an account that is stopped', async () => {
    await submit(ann, [order('live')]);
    await ask(participantApi, 'POST /v1/stop', { claims: trader(ann), at: AT });
    await venue.work('orders');
    const orders = [order('a'), { cancel: 'live' }];
    const previewed = (await preview(ann, orders)).body;
    expect(previewed.orders).toMatchObject([{ reason: 'stopped' }, { reason: 'unknown-order' }]);
    expect((await submit(ann, orders)).orders).toEqual(previewed.orders);
  });
});

test('margin is the worst case before and after, and what is there for it; the next preview starts where accept left it', async () => {
  const first = (await preview(ann, [order('a', { lots: 5 })])).body;
  expect(first.margin).toEqual({ requirement: '0.00', requirementWith: expect.any(String), cash: '10000.00' });
  expect(Number(first.margin.requirementWith)).toBeGreaterThan(0);
  await submit(ann, [order('a', { lots: 5 })]);
  expect((await preview(ann, [{ cancel: 'a' }])).body.margin).toEqual({
    requirement: first.margin.requirementWith,
    requirementWith: '0.00',
    cash: '10000.00',
  });
});

test('positions are those of the newest event, and what they would be with every order of the preview filled', async () => {
  await submit(ann, [order('a', { lots: 3 })]);
  await submit(bob, [order('s', { side: 'sell', lots: 3 })]);
  await venue.holdAuction(product, TEN);
  const [dec, jan] = [`${product}-2025-12`, `${product}-2026-01`];
  const orders = [
    order('b', { side: 'sell', lots: 1 }),
    { clientOrderId: 'c', buy: jan, sell: dec, price: '0.000', lots: 1, timeInForce: 'gtc' },
    order('d', { lots: 1 }),
    { cancel: 'd' },
    order('e', { lots: 5_000 }),
  ];
  expect((await preview(ann, orders)).body.positions).toEqual([
    { contract: dec, lots: 3, lotsWith: 1 },
    { contract: jan, lots: 0, lotsWith: 1 },
  ]);
});

test('nothing is written and nothing is sent, whatever is previewed', async () => {
  await submit(ann, [order('live')]);
  await preview(ann, [order('a')]);
  const before = await rows();
  const writes = (['putIf', 'put', 'update', 'putAll', 'createTogether', 'delete', 'deleteIf', 'create'] as const).map((verb) =>
    vi.spyOn(Table.prototype, verb),
  );
  await preview(ann, [order('a'), order('b', { lots: 900 }), { cancelAll: true }]);
  await preview(ann, [order('a', { lots: 0 })]);
  for (const write of writes) expect(write).not.toHaveBeenCalled();
  expect(venue.engine.messages('orders')).toEqual([]);
  expect(await rows()).toEqual(before);
});

test('another account of the venue is in no preview', async () => {
  const alone = (await preview(ann, [order('a')])).body;
  await submit(bob, [order('a', { lots: 4 }), order('b', { side: 'sell', lots: 4 })]);
  expect((await preview(ann, [order('a')])).body).toEqual(alone);
});

test('what does not get as far as the book is refused as a submission is', async () => {
  expect(codeOf(await preview(ann, [order('a', { lots: 0 })]))).toBe('invalid-submission');
  expect(codeOf(await preview(ann, [order('a', { price: '2.4005' })]))).toBe('invalid-submission');
  expect(codeOf(await preview(ann, [order('a', { contract: `${product}-2025-09` })]))).toBe('unknown-contract');
  expect(codeOf(await preview(ann, []))).toBe('invalid-submission');
  const unlisted = { claims: trader(ann), body: { product: 'NONE', orders: [order('a')] }, at: AT };
  expect(codeOf(await ask(participantApi, 'POST /v1/preview', unlisted))).toBe('unknown-contract');
});

describe("the roll's order of the day is shown as the day run then makes it,", () => {
  // Positions in December roll into January on business days 5 to 9 of November 2025, the first of which is the 7th.
  const FIRST = on('2025-11-07');
  const at = Date.parse(newYork(FIRST, '09:30'));
  const rolls = async () =>
    (await Promise.all(Array.from({ length: SHARDS }, (_, shard) => rollOrders(venue.table, product, shard, 1)))).flat();

  it.each<[string, cents: bigint, instructed: boolean, lots: number | null]>([
    ["the day's share", 1_000_000n, true, 2],
    ['cut to what the account could pay for', 310_000n, true, 1],
    ['none without an instruction', 1_000_000n, false, null],
  ])('%s', async (_, cash, instructed, lotsDue) => {
    product = venue.nextProduct();
    await venue.list(product, { date: '2025-11-06', parameters: { ...RISKY, rollBandTicks: ticks(100) } });
    const [account, dec] = [`roll${tests}`, `${product}-2025-12`];
    await venue.commit({ kind: 'accounts-opened', accounts: [{ account, name: account, product }], by: 'op', at: '' });
    await venue.work();
    const holding = { lots: { [DEC]: lots(10) }, roll: { near: DEC, held: lots(10), rolled: lots(0) } };
    const state = { ...emptyAccount(account), name: account, product, cash: cents(cash), products: { [product]: holding } };
    await venue.table.put(encodeAccount({ ...state, applied: (await loadVenue(venue.table)).seq }, SHARDS));
    if (instructed) await writeRollInstruction(venue.table, product, account, SHARDS, { at: 'market' });
    const { body } = await preview(account, [{ cancelAll: true }], at);
    await deliver('rolls', { v: 1, product, slot: newYork(FIRST, '16:00') });
    const made = await rolls();
    expect(body.roll).toEqual(
      lotsDue === null
        ? null
        : {
            date: FIRST,
            day: 1,
            days: 5,
            buy: `${product}-2026-01`,
            sell: dec,
            price: '0.100',
            lots: made[0]?.lots ?? 0,
            due: 2,
          },
    );
    expect(body.roll?.lots ?? null).toBe(lotsDue);
    expect(body.positions).toEqual([{ contract: dec, lots: 10, lotsWith: 10 }]);
  });
});
