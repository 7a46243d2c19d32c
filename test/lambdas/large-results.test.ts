/**
 * Auctions that leave much behind. Each of these stopped the market for all, or made its answers too large, when what an
 * account or a book could have much of was one item: it is stored in chunks, and posted, read and answered in pieces.
 */
import { beforeEach, describe, expect, it, test, vi } from 'vitest';
import { handler as marketApi } from '../../lambdas/market-api/index.ts';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { handler as participantApi } from '../../lambdas/participant-api/index.ts';
import type { Instruction } from '../../lib/domain/auction/orders.ts';
import type { AuctionCleared } from '../../lib/domain/clearing/events.ts';
import { accountsOf } from '../../lib/store/accounts.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { readJournal } from '../../lib/store/journal.ts';
import { resultPartition, shardOf } from '../../lib/store/keys.ts';
import { newestEvents } from '../../lib/store/log.ts';
import { Table } from '../../lib/store/table.ts';
import { SHARDS } from '../venue/accounts.ts';
import { DEC, month, NOV, newYork, on } from '../venue/h100.ts';
import { meteredTable } from '../venue/metered-table.ts';
import { buy, sell } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { type Asked, ask, operator, trader } from '../venue/requests.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
const MONDAY = on('2025-10-20');
const TEN = newYork(MONDAY, '10:00');
const JAN = month('2026-01');
const ONE = newYork(MONDAY, '13:00');
const early = newYork(MONDAY, '09:30');
const ORDERS_MAX = 500;
/** What Lambda lets a function answer. */
const ANSWER_BYTES_MAX = 6 * 1024 * 1024;

let product: string;
let [ann, bob, cat] = ['', '', ''];
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product);
  [ann, bob, cat] = ['ann', 'bob', 'cat'].map((name) => `${name}-${product.toLowerCase()}`) as [string, string, string];
  const accounts = [ann, bob, cat].map((account) => ({ account, name: account, product }));
  const opened = await ask(operatorApi, 'POST /v1/operator/accounts', { claims: operator('olga'), body: { accounts } });
  expect(opened.status).toBe(201);
});

async function send(account: string, orders: readonly Instruction[]): Promise<void> {
  for (let at = 0; at < orders.length; at += ORDERS_MAX) {
    const part = orders.slice(at, at + ORDERS_MAX);
    expect(await deliver('orders', submission(product, account, early, part))).toEqual([]);
  }
}
const serial = (at: number): string => String(at).padStart(6, '0');

async function newest(): Promise<AuctionCleared> {
  for await (const { event } of newestEvents(venue.table)) if (event.kind === 'auction-cleared') return event;
  throw new Error('no auction has cleared');
}

/** All items of a list, page after page; no answer may come near to what a function can give. */
async function pages<T>(
  account: string,
  route: string,
  cursor: 'after' | 'before' | 'cursor',
  more: Asked = {},
  handler = participantApi,
): Promise<T[]> {
  const items: T[] = [];
  for (let at: string | undefined, first = true; first || at !== undefined; first = false) {
    const query = { limit: '500', ...more.query, ...(at === undefined ? {} : { [cursor]: at }) };
    const { status, body } = await ask(handler, `GET ${route}`, { claims: trader(account), ...more, query });
    expect(status).toBe(200);
    expect(JSON.stringify(body).length).toBeLessThan(ANSWER_BYTES_MAX / 20);
    items.push(...body.items);
    at = body.next;
  }
  return items;
}

describe('an account whose 4,600 one-lot orders are filled, or taken out as self-matched, in one auction', () => {
  const COUNT = 4_600;

  it('is posted with its shard, and reads its journal and each of its fills', async () => {
    await send(
      ann,
      Array.from({ length: COUNT }, (_, at) => buy(`b${serial(at)}`, NOV, 2401, 1)),
    );
    await send(ann, [sell('s', NOV, 2401, COUNT - 1)]);
    await send(cat, [sell('s', NOV, 2401, 1)]);
    await venue.holdAuction(product, TEN);
    expect(await readHalt(venue.table)).toBeUndefined();

    const [entry] = await readJournal(venue.table, ann, { limit: 1 });
    expect(entry).toMatchObject({ kind: 'auction-cleared', product, fills: COUNT + 1, lots: { [NOV]: 1 } });
    expect(JSON.stringify(entry, (_, value) => (typeof value === 'bigint' ? `${value}` : value)).length).toBeLessThan(500);

    type Fill = { clientOrderId: string; side: string; lots: number; product: string };
    const fills = (await pages<Fill>(ann, '/v1/fills', 'cursor')).filter((fill) => fill.product === product);
    expect(fills.filter(({ side }) => side === 'buy').map(({ clientOrderId }) => clientOrderId)).toEqual(
      Array.from({ length: COUNT }, (_, at) => `b${serial(at)}`),
    );
    expect(fills.filter(({ side }) => side === 'sell')).toMatchObject([{ clientOrderId: 's', lots: 0, selfMatched: COUNT - 1 }]);
    expect(await pages<Fill>(cat, '/v1/fills', 'cursor')).toMatchObject([{ clientOrderId: 's', lots: 1 }]);

    // A repeat finds the account past the event, and adds up the same from its journal.
    expect(await deliver('postings', { v: 1, shard: shardOf(ann, SHARDS) })).toEqual([]);
    for await (const { account, products } of accountsOf(venue.table, shardOf(ann, SHARDS)))
      if (account === ann) expect(products[product]?.lots[NOV]).toBe(1);
  });

  it('is posted from where it was when the worker crashes in between, to the same totals', async () => {
    await send(
      ann,
      Array.from({ length: COUNT }, (_, at) => buy(`b${serial(at)}`, NOV, 2401, 1)),
    );
    await send(cat, [sell('s', NOV, 2401, COUNT)]);
    const original = Table.prototype.putIf;
    const crash = vi.spyOn(Table.prototype, 'putIf').mockImplementation(async function (this: Table, item, ...rest) {
      if (item.sk === `ACCOUNT#${ann}`) throw new Error('crashed');
      return original.call(this, item, ...rest);
    });
    await expect(venue.holdAuction(product, TEN)).rejects.toThrow();
    crash.mockRestore();
    await venue.work();
    expect(await readHalt(venue.table)).toBeUndefined();
    const [entry] = await readJournal(venue.table, ann, { limit: 1 });
    expect(entry).toMatchObject({ product, fills: COUNT, lots: { [NOV]: COUNT } });
  });
});

test.each([45_000, 90_000])(
  'an auction with %i different limits clears, and its depth is read in pages',
  async (levels) => {
    // From as many accounts as it takes: how accept copes with one that sends much is not what this is about.
    const each = ORDERS_MAX * 10;
    for (let at = 0; at < levels; at += each)
      await send(
        `a${at}`,
        Array.from({ length: each }, (_, own) =>
          buy(`o${own}`, [NOV, DEC, JAN][(at + own) % 3]!, 1 + Math.floor((at + own) / 3), 2),
        ),
      );
    await venue.holdAuction(product, TEN);
    expect(await readHalt(venue.table)).toBeUndefined();
    expect(JSON.stringify(await newest()).length).toBeLessThan(6_000);
    const path = { product, auction: '1' };
    const { body } = await ask(marketApi, 'GET /v1/auctions/{product}/{auction}', { path });
    expect(body).toMatchObject({ auction: 1, orders: levels });
    expect(JSON.stringify(body).length).toBeLessThan(4_000);
    type Level = { contract: string; price: string; traded: number; lapsed: number };
    const depth = await pages<Level>(ann, '/v1/auctions/{product}/{auction}/depth', 'cursor', { path }, marketApi);
    expect(depth).toHaveLength(levels);
    expect(new Set(depth.map(({ contract, price }) => `${contract} ${price}`)).size).toBe(levels);
    expect(depth.every(({ traded, lapsed }) => traded === 0 && lapsed === 2)).toBe(true);
    const items = await venue.table.queryAll(resultPartition(product, 1));
    expect(Math.max(...items.map(({ body: chunk }) => chunk!.B!.length))).toBeLessThanOrEqual(32 * 1024);
  },
  120_000,
);

test('an auction in which little changed writes little, whatever is carried, and another’s orders are read without it', async () => {
  const each = ORDERS_MAX * 10;
  for (const account of Array.from({ length: 8 }, (_, at) => `hog-${at}`))
    await send(
      account,
      Array.from({ length: each }, (_, at) => buy(`o${serial(at)}`, NOV, 1000 + (at % 900), 1, 'gtc')),
    );
  await send(ann, [buy('a', NOV, 2300, 1, 'gtc')]);
  await venue.holdAuction(product, TEN);

  await send(bob, [buy('b', NOV, 2301, 1, 'gtc')]);
  await deliver('closings', { v: 1, product, slot: ONE });
  await venue.work('orders');
  const { metered, table } = meteredTable();
  const put = vi.spyOn(Table.prototype, 'putAll').mockImplementation((items) => {
    put.mockRestore();
    return metered(() => table.putAll(items)).then((units) => void written.push(units.write));
  });
  const written: number[] = [];
  await venue.work();
  expect(written).toHaveLength(1);
  expect(written[0]).toBeGreaterThan(0);
  expect(written[0]).toBeLessThan(40);
  const orders = await pages<{ clientOrderId: string }>(bob, '/v1/orders', 'cursor', { query: { product } });
  expect(orders.map(({ clientOrderId }) => clientOrderId)).toEqual(['b']);
}, 60_000);
