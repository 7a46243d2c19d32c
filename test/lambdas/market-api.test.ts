/** What is public: asked without a token, on a venue whose workers hold real auctions and day runs. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { handler } from '../../lambdas/market-api/index.ts';
import { addressOf } from '../../lambdas/market-api/public.ts';
import { type RouteShape, routeKeyOf } from '../../lib/api/route.ts';
import { MARKET } from '../../lib/api/routes.ts';
import { cursorAt } from '../../lib/api/written.ts';
import { contractCode } from '../../lib/domain/contract/months.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { openAuction } from '../../lib/store/auctions.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { ENV } from '../../lib/store/names.ts';
import { writeRollInstruction } from '../../lib/store/roll-instructions.ts';
import { ANN, BOB, CAT, DAN, SHARDS } from '../venue/accounts.ts';
import { DEC, month, NOV, newYork, newYorkMs, on } from '../venue/h100.ts';
import { buy, sell, spread } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { type Asked, ask, codeOf, gatewayEvent, trader } from '../venue/requests.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
await venue.fund(ANN, BOB, CAT, DAN);

const JAN = month('2026-01');
const MONDAY = on('2025-10-20');
const TEN = newYork(MONDAY, '10:00');
const ONE = newYork(MONDAY, '13:00');

let product: string;
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product);
});

afterEach(() => vi.unstubAllEnvs());

const get = (route: string, { path = {}, ...more }: Asked = {}) =>
  ask(handler, `GET ${route}`, {
    address: '192.0.2.7',
    ...more,
    ...(route.includes('{product}') ? { path: { product, ...path } } : {}),
  });
const send = (account: string, ...orders: Parameters<typeof submission>[3]): Promise<number[]> =>
  deliver('orders', submission(product, account, newYork(MONDAY, '09:30'), orders));
/** Ann buys ten December lots of Cat at 2.410, and Dan's offer lapses. */
async function trade(): Promise<void> {
  await send(ANN, buy('b', DEC, 2420, 10));
  await send(CAT, sell('s', DEC, 2400, 10));
  await send(DAN, sell('high', DEC, 2500, 3));
}
const publish = (date: string, micros: bigint): Promise<boolean> =>
  publishIndex(venue.table, product, on(date), micros as Micros, ['op']);
const SHAPES: readonly RouteShape[] = Object.values(MARKET);
/** What each route has to be asked with: of auctions the first. */
function partsOf(shape: RouteShape): Asked {
  const values: Record<string, string> = { product, auction: '1' };
  const names = [...shape.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const needed = ['/v1/auctions', '/v1/settlement-prices'].includes(shape.path);
  return { path: Object.fromEntries(names.map((name) => [name, values[name]!])), ...(needed ? { query: { product } } : {}) };
}
const IMMUTABLE = 'public, max-age=31536000, immutable';
const MAY_CHANGE = 'public, no-cache';

describe('requests without a token', () => {
  test('are counted by the address that they come from, of IPv6 by its network', () => {
    const from = (address: string): string => addressOf(gatewayEvent('GET /v1/products', { address }));
    expect(from('192.0.2.7')).toBe('192.0.2.7');
    expect(from('::ffff:192.0.2.7')).toBe('192.0.2.7');
    expect(from('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::');
    expect(from('2001:0DB8:0001:0002:ffff::9')).toBe('2001:db8:1:2::');
    expect(from('2001:db8::1')).toBe('2001:db8:0:0::');
    expect(from('::1')).toBe('0:0:0:0::');
  });

  test('are answered alike to every caller, with a token or without', async () => {
    await trade();
    await venue.holdAuction(product, TEN);
    for (const shape of SHAPES) {
      const asked = { ...partsOf(shape), at: newYorkMs(MONDAY, '11:00') };
      const [one, other] = [
        await ask(handler, routeKeyOf(shape), { ...asked, address: '192.0.2.7' }),
        await ask(handler, routeKeyOf(shape), { ...asked, address: '2001:db8::1' }),
      ];
      const named = await ask(handler, routeKeyOf(shape), { ...asked, claims: trader(ANN) });
      expect(one.status, shape.path).toBe(200);
      for (const { status, bytes } of [other, named]) expect([status, bytes]).toEqual([one.status, one.bytes]);
      // The reference has accounts and orders of its own in its examples.
      if (shape.tag === 'The reference') continue;
      expect(one.bytes.toString()).not.toMatch(new RegExp(`${ANN}|${CAT}|${DAN}|desk-7`));
    }
  });
});

describe('what can never change', () => {
  test('a cleared auction, its depth and the pages behind the newest, says so; what may change is asked about again', async () => {
    await trade();
    await venue.holdAuction(product, TEN);
    await venue.holdAuction(product, ONE);
    const caching = async (route: string, more: Asked = {}): Promise<unknown> =>
      (await get(route, more)).headers['cache-control'];
    const path = { auction: '1' };
    expect(await caching('/v1/auctions/{product}/{auction}', { path })).toBe(IMMUTABLE);
    expect(await caching('/v1/auctions/{product}/{auction}/depth', { path })).toBe(IMMUTABLE);
    expect(await caching('/v1/auctions', { query: { product } })).toBe(MAY_CHANGE);
    const { next } = (await get('/v1/auctions', { query: { product, limit: '1' } })).body;
    expect(await caching('/v1/auctions', { query: { product, limit: '1', cursor: next } })).toBe(IMMUTABLE);
    const ahead = Buffer.from('99').toString('base64url');
    expect(await caching('/v1/auctions', { query: { product, cursor: ahead } })).toBe(MAY_CHANGE);
    for (const route of ['/v1/products', '/v1/contracts']) expect(await caching(route)).toBe(MAY_CHANGE);
    expect(await caching('/v1/settlement-prices', { query: { product } })).toBe(MAY_CHANGE);
    await publish(MONDAY, 2_400_000n);
    const ofDay = { query: { product, date: MONDAY } };
    expect(codeOf(await get('/v1/settlement-prices', ofDay))).toBe('not-found');
    await venue.runDay(product, MONDAY);
    expect(await caching('/v1/settlement-prices', ofDay)).toBe(IMMUTABLE);
  });
});

test('of an auction that has not cleared nothing shows but its number and when it is due', async () => {
  const before = (): Promise<Buffer[]> =>
    Promise.all(
      SHAPES.map(async (shape) => {
        const asked = { ...partsOf(shape), at: newYorkMs(MONDAY, '09:45'), address: '192.0.2.7' };
        return (await ask(handler, routeKeyOf(shape), asked)).bytes;
      }),
    );
  const empty = await before();
  await trade();
  expect(await before()).toEqual(empty);
  // Its book is frozen, and it waits to be cleared.
  await openAuction(venue.table, { product, auction: 1, slot: TEN, date: MONDAY, closing: false, shards: SHARDS });
  await deliver('closings', { v: 1, product, slot: TEN });
  await venue.work('orders');
  for (const route of ['/v1/auctions/{product}/{auction}', '/v1/auctions/{product}/{auction}/depth'])
    for (const auction of ['1', '2', '0', '-1', 'x', '1.0'])
      expect(codeOf(await get(route, { path: { auction } }))).toBe('not-found');
  expect((await get('/v1/auctions', { query: { product } })).body).toEqual({ items: [] });
});

describe('the days of a product', () => {
  const THURSDAY = '2025-11-06';
  const FRIDAY = '2025-11-07';
  beforeEach(async () => {
    product = venue.nextProduct();
    vi.stubEnv(ENV.auctionTimes, JSON.stringify({ [product]: ['10:00', '13:00'] }));
    await venue.list(product, { date: '2025-11-05' });
    for (const date of [THURSDAY, FRIDAY]) await publish(date, 2_412_300n);
  });

  /** Ann holds ten December lots from Thursday on, and rolls two of them on Friday at 0.020. */
  async function rollOnFriday(): Promise<void> {
    const at = (date: string) => newYork(date, '09:30');
    await deliver('orders', submission(product, ANN, at(THURSDAY), [buy('b', DEC, 2400, 10)]));
    await deliver('orders', submission(product, CAT, at(THURSDAY), [sell('s', DEC, 2400, 10)]));
    await venue.runDay(product, THURSDAY);
    await writeRollInstruction(venue.table, product, ANN, SHARDS, { at: 'market' });
    await deliver('orders', submission(product, DAN, at(FRIDAY), [spread('x', DEC, JAN, -20, 5)]));
    await venue.runDay(product, FRIDAY);
  }

  test('that are closed show settlement prices, volume and open interest, a page at a time and for good', async () => {
    expect((await get('/v1/history/{product}')).body).toEqual({ items: [] });
    await rollOnFriday();
    const { items } = (await get('/v1/history/{product}')).body;
    expect(items.map(({ date, auction }: { date: string; auction: number }) => [date, auction])).toEqual([
      [FRIDAY, 2],
      [THURSDAY, 1],
    ]);
    expect(items[0].months).toHaveLength(12);
    expect(items[0].months[1]).toEqual({
      contract: contractCode(product, DEC),
      settlementPrice: '2.380',
      volume: 2,
      openInterest: 10,
      locked: null,
    });
    expect(items[0].months[2]).toMatchObject({ settlementPrice: '2.400', volume: 2, openInterest: 2 });
    expect(items[1].months[1]).toMatchObject({ volume: 10, openInterest: 10 });
    const first = await get('/v1/history/{product}', { query: { limit: '1' } });
    expect([first.body.items, first.headers['cache-control']]).toEqual([items.slice(0, 1), MAY_CHANGE]);
    const second = await get('/v1/history/{product}', { query: { limit: '1', cursor: first.body.next } });
    expect(second.body).toEqual({ items: items.slice(1) });
    expect(second.headers['cache-control']).toBe(IMMUTABLE);
  });

  test('that rolled show at which price, how much, what was left and what it cost', async () => {
    await rollOnFriday();
    expect((await get('/v1/rolls/{product}')).body).toEqual({
      items: [
        {
          date: FRIDAY,
          near: contractCode(product, DEC),
          next: contractCode(product, JAN),
          price: '0.020',
          longsRolled: 2,
          shortsRolled: 0,
          longsLeft: 8,
          longsRollCost: '40.00',
        },
      ],
    });
    const cursor = cursorAt(FRIDAY);
    expect((await get('/v1/rolls/{product}', { query: { cursor } })).body).toEqual({ items: [] });
  });

  test('have index values, newest first, and not a word of which operator published them', async () => {
    const { body } = await get('/v1/index/{product}', { query: { limit: '1' } });
    expect(body).toEqual({ items: [{ date: FRIDAY, value: '2.412300' }], next: expect.any(String) });
    const next = (await get('/v1/index/{product}', { query: { limit: '1', cursor: body.next } })).body;
    expect(next).toEqual({ items: [{ date: THURSDAY, value: '2.412300' }] });
  });

  test('ahead are a calendar of auctions, roll windows and last trading days, to where the holidays are known', async () => {
    const at = newYorkMs(FRIDAY, '18:00');
    const first = (await get('/v1/calendar/{product}', { at, query: { limit: '1' } })).body;
    expect(first.items).toEqual([
      {
        date: FRIDAY,
        auctions: [
          { at: newYork(FRIDAY, '10:00'), kind: 'intraday' },
          { at: newYork(FRIDAY, '13:00'), kind: 'intraday' },
          { at: newYork(FRIDAY, '16:00'), kind: 'closing' },
        ],
        roll: { near: contractCode(product, DEC), next: contractCode(product, JAN), day: 1, days: 5 },
        lastTradingOf: null,
      },
    ]);
    const days: { date: string; lastTradingOf: string | null }[] = [];
    for (let cursor: string | undefined = first.next; cursor !== undefined; ) {
      const { items, next } = (await get('/v1/calendar/{product}', { at, query: { limit: '500', cursor } })).body;
      days.push(...items);
      cursor = next;
    }
    expect([days[0]!.date, days.at(-1)!.date]).toEqual(['2025-11-10', '2028-12-29']);
    expect(new Set(days.map(({ date }) => date)).size).toBe(days.length);
    expect(days.find(({ lastTradingOf }) => lastTradingOf !== null)).toMatchObject({
      date: '2025-11-28',
      lastTradingOf: contractCode(product, NOV),
    });
  });

  test('have a next auction: its number, its kind, since when it takes orders and when it is cut', async () => {
    const next = async (time: string) => (await get('/v1/auctions/{product}/next', { at: newYorkMs(THURSDAY, time) })).body;
    const common = { product, date: THURSDAY, stopped: false };
    expect(await next('09:00')).toEqual({
      ...common,
      auction: 1,
      kind: 'intraday',
      opened: null,
      cuts: newYork(THURSDAY, '10:00'),
    });
    await venue.holdAuction(product, newYork(THURSDAY, '10:00'));
    expect(await next('10:01')).toEqual({
      ...common,
      auction: 2,
      kind: 'intraday',
      opened: newYork(THURSDAY, '10:00'),
      cuts: newYork(THURSDAY, '13:00'),
    });
    await venue.holdAuction(product, newYork(THURSDAY, '13:00'));
    expect(await next('15:00')).toMatchObject({ auction: 3, kind: 'closing', cuts: newYork(THURSDAY, '16:00') });
    await venue.commit({ kind: 'trading-stopped', product, reason: 'a fire', by: 'op', at: '' });
    expect(await next('15:00')).toMatchObject({ auction: 3, stopped: true });
    const at = Date.parse('2031-01-02T15:00:00Z');
    await venue.runDay(product, THURSDAY);
    const none = await get('/v1/auctions/{product}/next', { at });
    // The day that is open has its closing auction, however late that is.
    expect(none.body).toMatchObject({ auction: 4, kind: 'closing', date: FRIDAY });
  });
});

test.each([
  ['/v1/history/{product}', { cursor: cursorAt('2025-13-45') }],
  ['/v1/history/{product}', { cursor: 'x' }],
  ['/v1/rolls/{product}', { cursor: cursorAt('99999-01-01') }],
  ['/v1/index/{product}', { before: '2025-10-20' }],
  ['/v1/calendar/{product}', { cursor: cursorAt('-271821-04-20') }],
  ['/v1/calendar/{product}', { limit: '501' }],
  ['/v1/auctions/{product}/next', { auction: '1' }],
] as [string, Record<string, string>][])('%s with %j is refused', async (route, query) => {
  expect(codeOf(await get(route, { query }))).toBe('invalid-request');
});

test('of a product that is not listed there is nothing', async () => {
  for (const shape of SHAPES.filter(({ path }) => path.includes('{product}'))) {
    const { path } = partsOf(shape);
    for (const unknown of ['A100', 'constructor', '__proto__', ''])
      expect(codeOf(await get(shape.path, { path: { ...path, product: unknown } }))).toBe('not-found');
  }
});
