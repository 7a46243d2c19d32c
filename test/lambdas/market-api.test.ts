/** What is public: asked without a token, on a venue whose workers hold real auctions and day runs. */
import { beforeEach, describe, expect, test } from 'vitest';
import { handler } from '../../lambdas/market-api/index.ts';
import { addressOf } from '../../lambdas/market-api/public.ts';
import { type RouteShape, routeKeyOf } from '../../lib/api/route.ts';
import { MARKET } from '../../lib/api/routes.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { openAuction } from '../../lib/store/auctions.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { ANN, BOB, CAT, DAN, SHARDS } from '../venue/accounts.ts';
import { DEC, newYork, newYorkMs, on } from '../venue/h100.ts';
import { buy, sell } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { type Asked, ask, codeOf, gatewayEvent, trader } from '../venue/requests.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
await venue.fund(ANN, BOB, CAT, DAN);

const MONDAY = on('2025-10-20');
const TEN = newYork(MONDAY, '10:00');
const ONE = newYork(MONDAY, '13:00');

let product: string;
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product);
});

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
