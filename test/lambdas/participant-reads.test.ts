import { beforeAll, describe, expect, test } from 'vitest';
import { handler as marketApi } from '../../lambdas/market-api/index.ts';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { handler } from '../../lambdas/participant-api/index.ts';
import { cursorAt } from '../../lib/api/written.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import type { BookOrder, Fill, MonthResult } from '../../lib/domain/auction/book.ts';
import type { Order } from '../../lib/domain/auction/orders.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import type { ContractMonth } from '../../lib/domain/contract/months.ts';
import { cents, lots, ticks } from '../../lib/domain/contract/units.ts';
import { admitDate, moveIntake, noteCleared, openAuction, readIntake } from '../../lib/store/auctions.ts';
import { moveCursor } from '../../lib/store/cursors.ts';
import { planDay, saveDay } from '../../lib/store/days.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { append, loadVenue } from '../../lib/store/log.ts';
import { parseMessage, type SubmissionMessage } from '../../lib/store/messages.ts';
import { unpackInstructions } from '../../lib/store/packing.ts';
import { levelName } from '../../lib/store/results.ts';
import { writeStatements } from '../../lib/store/statements.ts';
import { writeSubmission } from '../../lib/store/submissions.ts';
import { openApiVenue } from '../venue/api-venue.ts';
import { DAYS } from '../venue/days.ts';
import { newYorkMs, on, PARAMETERS, PRODUCT } from '../venue/h100.ts';
import { postAll } from '../venue/posting.ts';
import { type Answered, type Asked, ask, askByTwo, codeOf, NOW, operator, trader } from '../venue/requests.ts';
import { writeRows } from '../venue/results.ts';

const SHARDS = 2;
const [DEC, JAN] = [2025 * 12 + 11, 2026 * 12] as [ContractMonth, ContractMonth];
const CASH = 0 as ContractMonth;
const SLOT = '2025-10-20T14:00:00Z';
const TODAY = on('2025-10-20');
const { engine, table } = await openApiVenue({ shards: SHARDS, accounts: { acme: 'ACME', zeta: 'ZETA', fresh: 'FRESH' } });

const get = (route: string, more: Asked = {}): Promise<Answered> =>
  ask(handler, `GET ${route}`, { claims: trader('acme'), ...more });
const market = (route: string, more: Asked = {}): Promise<Answered> =>
  ask(marketApi, `GET ${route}`, { address: '192.0.2.7', ...more });
async function log(event: ClearingEvent): Promise<number> {
  const next = await append(table, await loadVenue(table), event);
  if (!next) throw new Error('not appended');
  return next.seq;
}

/** acme buys 10 December at 2.410 and rolls 4 of them to January at 0.020; what is left of its bid is carried. */
async function clearFirstAuction(): Promise<void> {
  const state = (await loadVenue(table)).products[PRODUCT]!;
  const order = (clientOrderId: string, more: Partial<Order>): Order => ({
    clientOrderId,
    buy: DEC,
    sell: CASH,
    limit: ticks(2420),
    lots: lots(5),
    timeInForce: 'gtc',
    ...more,
  });
  const book = (account: string, of: Order): BookOrder => ({
    ...of,
    account,
    sender: 'desk-7',
    rolls: false,
    partlyFilled: true,
  });
  const fill = (
    account: string,
    clientOrderId: string,
    buy: ContractMonth,
    sell: ContractMonth,
    quantity: number,
    rolls = false,
  ): Fill => ({ account, clientOrderId, buy, sell, lots: lots(quantity), sender: 'desk-7', rolls });
  const fills: Fill[] = [
    fill('acme', 'b1', DEC, CASH, 10),
    fill('acme', 'r1', JAN, DEC, 4, true),
    fill('zeta', 'a1', CASH, DEC, 10),
    fill('zeta', 's9', DEC, JAN, 4),
  ];
  const carried = [
    book('acme', order('b1', {})),
    book('acme', order('c1', { buy: CASH, sell: JAN, limit: ticks(-2450) })),
    book('zeta', order('z1', {})),
  ];
  const references = await writeRows(table, PRODUCT, 1, {
    shards: SHARDS,
    fills: Map.groupBy(fills, ({ account }) => shardOf(account, SHARDS)),
    carried: Map.groupBy(carried, ({ account }) => shardOf(account, SHARDS)),
    depth: [
      { buy: DEC, sell: CASH, limit: ticks(2420), traded: lots(10), lapsed: lots(5) },
      { buy: CASH, sell: JAN, limit: ticks(-2430), traded: lots(0), lapsed: lots(2) },
      { buy: JAN, sell: DEC, limit: ticks(20), traded: lots(4), lapsed: lots(0) },
    ].sort((a, b) => (levelName(a) < levelName(b) ? -1 : 1)),
  });
  const months: Record<number, MonthResult> = Object.fromEntries(
    state.listed.map((month) => [
      month,
      { price: ticks(2400), traded: false, volume: lots(0), bid: null, offer: null, sealedBid: null, sealedOffer: null },
    ]),
  );
  months[DEC] = { ...months[DEC]!, price: ticks(2410), traded: true, volume: lots(14), bid: ticks(2420), sealedBid: ticks(2421) };
  months[JAN] = {
    ...months[JAN]!,
    price: ticks(2430),
    traded: true,
    volume: lots(4),
    offer: ticks(2450),
    sealedOffer: ticks(2449),
  };
  const auction = { product: PRODUCT, auction: 1, slot: SLOT, date: TODAY, closing: false, shards: SHARDS };
  await openAuction(table, auction);
  const seq = await log({
    kind: 'auction-cleared',
    ...auction,
    books: TODAY,
    marks: state.marks,
    months,
    orders: 6,
    ...references,
    surplus: '1234',
  });
  await noteCleared(table, PRODUCT, 1, seq);
}

beforeAll(async () => {
  await askByTwo(operatorApi, 'POST /v1/operator/cash-movements', {
    claims: operator('olga'),
    body: { movements: [{ account: 'acme', reference: 'transfer-1', amount: '250000.00' }] },
  });
  for (let shard = 0; shard < SHARDS; shard++)
    await moveIntake(table, PRODUCT, shard, await readIntake(table, PRODUCT, shard), SLOT);
  await clearFirstAuction();
  await postAll(table, ['acme', 'zeta'], SHARDS);
});

describe('an account', () => {
  test('shows its cash and how far it is posted', async () => {
    // 10 bought at 2.410 and marked at 2.400, 4 spreads bought at 0.020 and marked at 0.000: 100 + 80 dollars.
    expect((await get('/v1/account')).body).toEqual({
      asOf: 6,
      seq: 6,
      account: 'acme',
      name: 'ACME',
      cash: '249820.00',
      requirement: '0.00',
      excess: '1000000000249819.00',
      call: null,
      applied: 6,
    });
  });

  test('that is opened and not posted yet stands at zero', async () => {
    expect((await get('/v1/account', { claims: trader('fresh') })).body).toEqual({
      asOf: 0,
      seq: 6,
      account: 'fresh',
      name: 'FRESH',
      cash: '0.00',
      requirement: '0.00',
      excess: '999999999999999.00',
      call: null,
      applied: 0,
    });
    expect((await get('/v1/positions', { claims: trader('fresh') })).body).toEqual({
      account: 'fresh',
      cash: '0.00',
      requirement: '0.00',
      openProfit: '0.00',
      realizedProfit: '0.00',
      positions: [],
      asOf: 0,
      seq: 6,
    });
  });

  test('shows its positions at the mark', async () => {
    const entered = (entryPrice: string, entryCost: string, openProfit: string) => ({
      entryPrice,
      entryCost,
      openProfit,
      requirementFreed: '0.00',
    });
    expect((await get('/v1/positions')).body.positions).toEqual([
      { contract: 'H100-SXM-2025-12', lots: 6, mark: '2.400', ...entered('2.410000', '14460.00', '-60.00') },
      { contract: 'H100-SXM-2026-01', lots: 4, mark: '2.400', ...entered('2.430000', '9720.00', '-120.00') },
    ]);
  });

  test('has a journal that explains every cent, newest first', async () => {
    const { items } = (await get('/v1/journal')).body;
    expect(items).toEqual([
      {
        seq: 6,
        kind: 'auction-cleared',
        product: PRODUCT,
        date: '2025-10-20',
        amount: '-180.00',
        balance: '249820.00',
        lots: { 'H100-SXM-2025-12': 6, 'H100-SXM-2026-01': 4 },
      },
      { seq: 5, kind: 'cash-moved', amount: '250000.00', balance: '250000.00', reference: 'transfer-1' },
      { seq: 2, kind: 'accounts-opened', amount: '0.00', balance: '0.00' },
    ]);
    const first = (await get('/v1/journal', { query: { limit: '2' } })).body;
    expect(first.next).toBe(cursorAt(5));
    expect((await get('/v1/journal', { query: { limit: '2', cursor: first.next } })).body).toEqual({ items: items.slice(2) });
  });

  test('has fills at the one price of each month and of each spread, and only its own', async () => {
    const { items } = (await get('/v1/fills')).body;
    const common = { seq: 6, product: PRODUCT, auction: 1, date: '2025-10-20' };
    expect(items).toEqual([
      {
        ...common,
        clientOrderId: 'b1',
        side: 'buy',
        contract: 'H100-SXM-2025-12',
        lots: 10,
        price: '2.410',
        rolls: false,
        sender: 'desk-7',
        selfMatched: 0,
      },
      {
        ...common,
        clientOrderId: 'r1',
        buy: 'H100-SXM-2026-01',
        sell: 'H100-SXM-2025-12',
        lots: 4,
        price: '0.020',
        rolls: true,
        sender: 'desk-7',
        selfMatched: 0,
      },
    ]);
    const theirs = (await get('/v1/fills', { claims: trader('zeta') })).body.items;
    expect(theirs.map(({ clientOrderId, side, price }: Record<string, unknown>) => [clientOrderId, side, price])).toEqual([
      ['a1', 'sell', '2.410'],
      ['s9', undefined, '-0.020'],
    ]);
  });

  test('pages through the fills of one auction without losing any', async () => {
    const first = (await get('/v1/fills', { query: { limit: '1' } })).body;
    expect(first).toMatchObject({ items: [{ clientOrderId: 'b1' }], next: cursorAt('6.b1') });
    expect((await get('/v1/fills', { query: { limit: '1', cursor: first.next } })).body).toMatchObject({
      items: [{ clientOrderId: 'r1' }],
    });
    expect((await get('/v1/fills', { query: { cursor: cursorAt('6') } })).body).toEqual({ items: [] });
  });

  test('has a statement a day', async () => {
    const statement = {
      account: 'acme',
      product: PRODUCT,
      after: 0,
      through: 9,
      balance: cents(24982000n),
      deposited: cents(25000000n),
      variation: cents(-18000n),
      rolledLots: lots(4),
      rollCost: cents(8000n),
      positions: { [DEC]: lots(6) },
      requirement: cents(180000n),
      cover: cents(24982000n),
    };
    await writeStatements(table, [
      { ...statement, date: TODAY },
      { ...statement, date: on('2025-10-21') },
    ]);
    const first = (await get('/v1/statements', { query: { limit: '1' } })).body;
    expect(first.items.map(({ date }: { date: string }) => date)).toEqual(['2025-10-21']);
    const second = (await get('/v1/statements', { query: { limit: '1', cursor: first.next } })).body;
    expect(second).toEqual({
      items: [
        {
          date: '2025-10-20',
          product: PRODUCT,
          after: 0,
          through: 9,
          balance: '249820.00',
          deposited: '250000.00',
          variation: '-180.00',
          rolledLots: 4,
          rollCost: '80.00',
          positions: [{ contract: 'H100-SXM-2025-12', lots: 6 }],
          requirement: '1800.00',
          cover: '249820.00',
          excess: '248020.00',
        },
      ],
    });
  });
});

describe('live orders', () => {
  const names = async (claims = trader('acme')): Promise<string[]> =>
    (await get('/v1/orders', { claims })).body.items.map(({ clientOrderId }: { clientOrderId: string }) => clientOrderId);

  async function submitAndAccept(orders: unknown[], serial: number): Promise<void> {
    engine.drain();
    const at = NOW + 1000;
    const answer = await ask(handler, 'POST /v1/submissions', {
      claims: trader('acme'),
      at,
      headers: { 'idempotency-key': numberedKey(at, serial) },
      body: { product: PRODUCT, orders },
    });
    expect(answer.status).toBe(202);
    const message = parseMessage('orders', JSON.stringify(engine.messages('orders')[0])) as SubmissionMessage;
    const { shard } = message;
    const intake = await admitDate(table, PRODUCT, shard, await readIntake(table, PRODUCT, shard), '2025-10-20');
    const instructions = unpackInstructions(Buffer.from(message.instructions, 'base64'));
    await writeSubmission(table, {
      ...message,
      auction: intake.open,
      sequence: `${serial}`,
      decidedOn: 1,
      figures: [],
      instructions,
      outcomes: instructions.map(() => 'accepted'),
    });
  }

  test('are none of a month whose last trading day is over, though no auction has dropped them yet', async () => {
    const listed = (await get('/v1/orders')).body.items.length;
    const months = async (at: number): Promise<string[]> =>
      (await ask(handler, 'GET /v1/orders', { claims: trader('acme'), at })).body.items.map(
        (each: { contract: string }) => each.contract,
      );
    expect(await months(newYorkMs('2025-12-31', '23:59'))).toHaveLength(listed);
    const later = await months(newYorkMs('2026-01-01', '00:00'));
    expect(later).not.toContain('H100-SXM-2025-12');
    expect(later.length).toBeLessThan(listed);
  });

  test('are what the last auction carried', async () => {
    expect((await get('/v1/orders')).body.items).toEqual([
      {
        clientOrderId: 'b1',
        product: PRODUCT,
        side: 'buy',
        contract: 'H100-SXM-2025-12',
        price: '2.420',
        lots: 5,
        timeInForce: 'gtc',
        sender: 'desk-7',
      },
      {
        clientOrderId: 'c1',
        product: PRODUCT,
        side: 'sell',
        contract: 'H100-SXM-2026-01',
        price: '2.450',
        lots: 5,
        timeInForce: 'gtc',
        sender: 'desk-7',
      },
    ]);
    expect(await names(trader('zeta'))).toEqual(['z1']);
    expect(await names(trader('fresh'))).toEqual([]);
  });

  test('change with what the account says, and no other account sees it', async () => {
    const spread = { clientOrderId: 's1', buy: 'H100-SXM-2026-01', sell: 'H100-SXM-2025-12', price: '0.015', lots: 3 };
    await submitAndAccept([{ cancel: 'b1' }, spread], 1);
    await submitAndAccept([{ ...spread, replaces: 'c1', clientOrderId: 'c2', timeInForce: 'day' }], 2);
    expect(await names()).toEqual(['c2', 's1']);
    expect(
      (await get('/v1/orders', { query: { product: PRODUCT, limit: '1', cursor: cursorAt(`${PRODUCT}/c2`) } })).body,
    ).toEqual({
      items: [{ ...spread, product: PRODUCT, timeInForce: 'auction', sender: 'user-of-acme' }],
    });
    expect((await get('/v1/orders', { query: { limit: '1' } })).body.next).toBe(cursorAt(`${PRODUCT}/c2`));
    expect(await names(trader('zeta'))).toEqual(['z1']);
  });

  test('of an auction that is closed and has not cleared are those that it may carry', async () => {
    const shard = shardOf('acme', SHARDS);
    await moveIntake(table, PRODUCT, shard, await readIntake(table, PRODUCT, shard), '2025-10-20T17:00:00Z');
    expect(await names()).toEqual(['c2']);
  });
});

describe('roll instructions', () => {
  const put = (body: unknown, product = PRODUCT): Promise<Answered> =>
    ask(handler, 'PUT /v1/roll-instructions/{product}', { claims: trader('acme'), path: { product }, body });
  const remove = (product = PRODUCT): Promise<Answered> =>
    ask(handler, 'DELETE /v1/roll-instructions/{product}', { claims: trader('acme'), path: { product } });

  test('are set, changed, shown and taken away, each account its own', async () => {
    expect(await put({ at: 'market' })).toMatchObject({ status: 200, body: { product: PRODUCT, at: 'market' } });
    expect(await put({ at: 'limit', limit: '-0.015' })).toMatchObject({
      status: 200,
      body: { product: PRODUCT, at: 'limit', limit: '-0.015' },
    });
    expect((await get('/v1/roll-instructions')).body).toEqual({ items: [{ product: PRODUCT, at: 'limit', limit: '-0.015' }] });
    expect((await get('/v1/roll-instructions', { claims: trader('zeta') })).body).toEqual({ items: [] });
    for (const _ of ['once', 'again']) expect((await remove()).status).toBe(204);
    expect((await get('/v1/roll-instructions')).body).toEqual({ items: [] });
  });

  test.each([
    [{ at: 'never' }, '$.at'],
    [{}, '$.at'],
    [{ at: 'limit' }, '$.limit'],
    [{ at: 'limit', limit: '0.0155' }, '$.limit'],
    [{ at: 'limit', limit: 0.015 }, '$.limit'],
    [{ at: 'market', limit: '0.015' }, '$.limit'],
    [[], '$'],
  ])('%j is refused', async (body, path) => {
    const answer = await put(body);
    expect([answer.status, codeOf(answer), answer.body.errors[0].path]).toEqual([422, 'invalid-body', path]);
  });

  test('are for products that are there', async () => {
    expect(codeOf(await put({ at: 'market' }, 'A100'))).toBe('not-found');
    expect(codeOf(await remove('constructor'))).toBe('not-found');
  });
});

describe('the market', () => {
  test('shows products with their parameters as they were set', async () => {
    expect((await market('/v1/products')).body).toEqual({ items: [{ product: PRODUCT, version: 1, parameters: PARAMETERS }] });
  });

  test('shows the listed contracts, and which is near', async () => {
    const { items } = (await market('/v1/contracts', { query: { product: PRODUCT } })).body;
    expect(items).toHaveLength(12);
    expect(items[2]).toEqual({
      contract: 'H100-SXM-2025-12',
      band: { low: '-99997.600', high: '100002.400' },
      lockedInARow: 0,
      product: PRODUCT,
      month: '2025-12',
      lastTradingDay: '2025-12-31',
      rollWindow: { first: '2025-11-07', last: '2025-11-13' },
      settlementPrice: '2.400',
      near: true,
    });
    expect(items.filter(({ near }: { near: boolean }) => near)).toHaveLength(1);
  });

  test('has no dates where its calendar has none', async () => {
    const { items } = (await market('/v1/contracts', { at: Date.parse('2029-03-01T00:00:00Z') })).body;
    expect(items.filter(({ near }: { near: boolean }) => near)).toEqual([]);
  });

  test('shows an auction once it has cleared, and no account in it', async () => {
    const { items } = (await market('/v1/auctions', { query: { product: PRODUCT } })).body;
    expect(items).toHaveLength(1);
    const answer = await market('/v1/auctions/{product}/{auction}', { path: { product: PRODUCT, auction: '1' } });
    expect(answer.body).toEqual({
      ...items[0],
      surplus: '1234.00',
      orders: 6,
    });
    expect(items[0]).toMatchObject({ product: PRODUCT, auction: 1, slot: SLOT, date: '2025-10-20', closing: false });
    expect(items[0].months.slice(2, 4)).toEqual([
      { contract: 'H100-SXM-2025-12', price: '2.410', traded: true, volume: 14, bid: '2.420', offer: null, locked: null },
      { contract: 'H100-SXM-2026-01', price: '2.430', traded: true, volume: 4, bid: null, offer: '2.450', locked: null },
    ]);
    expect(JSON.stringify(answer.body)).not.toMatch(/acme|zeta|b1|sealed|2\.421|2\.449/);
  });

  test('shows the depth of an auction a page at a time: what traded and what lapsed at each limit', async () => {
    const at = (query: Record<string, string>) =>
      market('/v1/auctions/{product}/{auction}/depth', { path: { product: PRODUCT, auction: '1' }, query });
    const levels = [
      { contract: 'H100-SXM-2025-12', side: 'buy', price: '2.420', traded: 10, lapsed: 5 },
      { buy: 'H100-SXM-2026-01', sell: 'H100-SXM-2025-12', price: '0.020', traded: 4, lapsed: 0 },
      { contract: 'H100-SXM-2026-01', side: 'sell', price: '2.430', traded: 0, lapsed: 2 },
    ];
    expect((await at({})).body).toEqual({ items: levels });
    const paged: unknown[] = [];
    for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages++) {
      const { items, next } = (await at({ limit: '1', ...(cursor === undefined ? {} : { cursor }) })).body;
      paged.push(...items);
      cursor = next;
    }
    expect(paged).toEqual(levels);
    for (const query of [{ cursor: 'x' }, { limit: '501' }, { before: '1' }])
      expect(codeOf(await at(query as never))).toBe('invalid-request');
  });

  test('shows nothing of an auction that has not cleared', async () => {
    await openAuction(table, {
      product: PRODUCT,
      auction: 2,
      slot: '2025-10-20T17:00:00Z',
      date: TODAY,
      closing: false,
      shards: SHARDS,
    });
    for (const limit of ['1', '100']) {
      const { items } = (await market('/v1/auctions', { query: { product: PRODUCT, limit } })).body;
      expect(items.map(({ auction }: { auction: number }) => auction)).toEqual([1]);
    }
    for (const auction of ['2', '3', '0', '-1', 'x', '1.0'])
      for (const route of ['/v1/auctions/{product}/{auction}', '/v1/auctions/{product}/{auction}/depth'])
        expect(codeOf(await market(route, { path: { product: PRODUCT, auction } }))).toBe('not-found');
  });

  test('shows the latest settlement prices, and those of a day once it is reported', async () => {
    const latest = (await market('/v1/settlement-prices', { query: { product: PRODUCT } })).body;
    expect(latest).toMatchObject({ product: PRODUCT, date: '2025-10-17' });
    expect(latest.prices).toHaveLength(12);
    const ofDay = () => market('/v1/settlement-prices', { query: { product: PRODUCT, date: '2025-10-20' } });
    expect(codeOf(await ofDay())).toBe('not-found');
    await planDay(table, PRODUCT, TODAY, SLOT);
    expect(codeOf(await ofDay())).toBe('not-found');
    await saveDay(table, DAYS.roll, DAYS.done);
    expect((await ofDay()).body).toEqual({
      product: PRODUCT,
      date: '2025-10-20',
      prices: [{ contract: 'H100-SXM-2025-12', price: '2.412' }],
    });
  });
});

test.each([
  ['/v1/orders', { product: 'A100' }, 'not-found'],
  ['/v1/orders', { page: '2' }, 'invalid-request'],
  ['/v1/fills', { cursor: cursorAt('-1') }, 'invalid-request'],
  ['/v1/fills', { cursor: cursorAt('6.') }, 'invalid-request'],
  ['/v1/journal', { before: '0' }, 'invalid-request'],
  ['/v1/journal', { limit: '1000' }, 'invalid-request'],
  ['/v1/statements', { cursor: 'yesterday' }, 'invalid-request'],
] as [string, Record<string, string>, string][])('%s with %j is refused', async (route, query, code) => {
  expect(codeOf(await get(route, { query }))).toBe(code);
});

test.each([
  ['/v1/contracts', { product: '__proto__' }, 'not-found'],
  ['/v1/auctions', {}, 'invalid-request'],
  ['/v1/auctions', { product: 'A100' }, 'not-found'],
  ['/v1/auctions', { product: PRODUCT, before: '2' }, 'invalid-request'],
  ['/v1/settlement-prices', {}, 'invalid-request'],
  ['/v1/settlement-prices', { product: PRODUCT, date: '2025-02-30' }, 'invalid-request'],
] as [string, Record<string, string>, string][])('%s of the market with %j is refused', async (route, query, code) => {
  expect(codeOf(await market(route, { query }))).toBe(code);
});

test('a submission known by its key gets its answer again after its contract has expired', async () => {
  engine.drain();
  const asked = {
    claims: trader('zeta'),
    headers: { 'idempotency-key': numberedKey(NOW, 77) },
    body: {
      product: PRODUCT,
      orders: [{ clientOrderId: 'o', side: 'buy', contract: 'H100-SXM-2025-10', price: '2.350', lots: 1 }],
    },
  };
  const first = await ask(handler, 'POST /v1/submissions', asked);
  const message = parseMessage('orders', JSON.stringify(engine.messages('orders')[0])) as SubmissionMessage;
  await writeSubmission(table, {
    ...message,
    auction: 3,
    sequence: '1',
    decidedOn: 1,
    figures: [],
    instructions: unpackInstructions(Buffer.from(message.instructions, 'base64')),
    outcomes: ['accepted'],
  });
  const { listed } = (await loadVenue(table)).products[PRODUCT]!;
  const expiry = {
    product: PRODUCT,
    date: on('2025-10-17'),
    month: listed[0]!,
    mark: ticks(2400),
    finalPrice: ticks(2400),
    index: {},
    listedAt: ticks(2400),
    approvedBy: [],
  };
  await log({ kind: 'month-expired', ...expiry, listed: (listed.at(-1)! + 1) as ContractMonth });
  const later = NOW + 60 * 60_000;
  const again = await ask(handler, 'POST /v1/submissions', { ...asked, at: later });
  expect([again.status, again.body]).toEqual([first.status, first.body]);
  const anew = await ask(handler, 'POST /v1/submissions', {
    ...asked,
    at: later,
    headers: { 'idempotency-key': numberedKey(later, 78) },
  });
  expect(codeOf(anew)).toBe('unknown-contract');
});

test('cash and positions from before the newest event say as of which event they are, and what the newest is', async () => {
  const { seq } = await loadVenue(table);
  const asked = async (route: string) => {
    const { asOf, seq: newest } = (await get(route)).body;
    return [asOf, newest];
  };
  // The expiry above is not posted.
  expect(seq).toBe(7);
  for (const route of ['/v1/positions', '/v1/account']) expect(await asked(route)).toEqual([6, 7]);
  await moveCursor(table, shardOf('acme', SHARDS), seq);
  for (const route of ['/v1/positions', '/v1/account']) expect(await asked(route)).toEqual([7, 7]);
});
