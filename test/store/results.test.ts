/** Fills, carried orders and depth in the table: named by their content, read by whom they concern, and never passed over. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BookOrder, DepthLevel, Fill } from '../../lib/domain/auction/book.ts';
import { CASH } from '../../lib/domain/contract/months.ts';
import { lots, ticks } from '../../lib/domain/contract/units.ts';
import { resultKey, shardOf } from '../../lib/store/keys.ts';
import {
  fillChunks,
  type ResultReferences,
  readCarried,
  readCarriedIn,
  readCarriedOf,
  readDepth,
  readFills,
  readFillsOf,
  StandingChunks,
} from '../../lib/store/results.ts';
import { Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
import { month } from '../venue/h100.ts';
import { meteredTable } from '../venue/metered-table.ts';
import { order } from '../venue/orders.ts';
import { packRows, type ResultRows, writeRows } from '../venue/results.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine();
  table = new Table();
});
afterAll(() => engine.stop());

const NOV = month('2025-11');
const fill = (account: string, quantity = 1, clientOrderId = 'a'): Fill => ({
  account,
  clientOrderId,
  buy: NOV,
  sell: CASH,
  lots: lots(quantity),
  sender: 'desk-7',
  rolls: false,
});
const left = (account: string, name = 'b'): BookOrder => ({
  ...order(name, NOV, CASH, 2400, 3, 'gtc'),
  account,
  sender: 'desk-7',
  rolls: false,
  partlyFilled: true,
});
const level = (limit: number): DepthLevel => ({ buy: NOV, sell: CASH, limit: ticks(limit), traded: lots(1), lapsed: lots(2) });
const RESULT: ResultRows = {
  shards: 2,
  fills: new Map([
    [0, [fill('ann'), fill('bob')]],
    [1, [fill('cat')]],
  ]),
  carried: new Map([[1, [left('cat')]]]),
  depth: [level(2400), level(2399)],
};
const serial = (at: number): string => String(at).padStart(6, '0');

const at = (auction: number, { fills }: Pick<ResultReferences, 'fills'>) => ({ product: 'P', auction, fills });

test('a result is read by shard as it was written', async () => {
  const written = await writeRows(table, 'P', 1, RESULT);
  expect(await readFills(table, at(1, written))).toEqual([fill('ann'), fill('bob'), fill('cat')]);
  expect(await Array.fromAsync(fillChunks(table, at(1, written), 1))).toEqual([[fill('cat')]]);
  expect(await Array.fromAsync(fillChunks(table, at(1, written), 2))).toEqual([]);
  expect(await readCarriedIn(table, 'P', written.carried, 0)).toEqual([]);
  expect(await readCarriedIn(table, 'P', written.carried, 1)).toEqual([left('cat')]);
  expect(await readCarried(table, 'P', written.carried)).toEqual([left('cat')]);
  expect(await readDepth(table, 'P', 1, written.depth)).toEqual(RESULT.depth);
});

test('what is committed and missing stops its reader: a fill is never passed over', async () => {
  const written = await writeRows(table, 'P', 2, RESULT);
  await table.delete(resultKey('P', 2, 'fills#0', written.fills.roots[0]!));
  await expect(readFills(table, at(2, written))).rejects.toThrow('fills of auction 2 of P are committed and not there');
  expect(await Array.fromAsync(fillChunks(table, at(2, written), 1))).toHaveLength(1);
});

test('items are named by a hash of their content, long enough that no two results meet', () => {
  const first = packRows('P', 3, RESULT).references;
  expect(packRows('P', 3, RESULT).references).toEqual(first);
  expect(first.fills.roots[0]).toMatch(/^[0-9a-f]{32}$/);
  const other = packRows('P', 3, { ...RESULT, fills: new Map([[0, [fill('ann', 2), fill('bob')]]]) }).references;
  expect(other.fills.roots[0]).not.toEqual(first.fills.roots[0]);
  expect(other.carried).toEqual(first.carried);
});

test('what an event says of a result does not grow with it', () => {
  const many = Array.from({ length: 50_000 }, (_, at) => fill(`a${serial(at)}`));
  const result: ResultRows = {
    shards: 1,
    fills: new Map([[0, many]]),
    carried: new Map([[0, many.map(({ account }) => left(account))]]),
    depth: Array.from({ length: 90_000 }, (_, at) => level(100_000 - at)),
  };
  const { references, items } = packRows('P', 4, result);
  expect(JSON.stringify(references).length).toBeLessThan(200);
  expect(Math.max(...items.map(({ attributes }) => attributes.body!.B!.length))).toBeLessThanOrEqual(32 * 1024);
});

test('a shard without rows has no items, and a book of which nothing traded or lapsed no depth', () => {
  const { items, references } = packRows('P', 4, {
    shards: 2,
    fills: new Map([[0, []]]),
    carried: new Map([[1, []]]),
    depth: [],
  });
  const nothing = { shards: 2, roots: {} };
  expect(references).toEqual({ fills: nothing, carried: nothing, depth: null });
  expect(items).toEqual([]);
});

test('a row says its sender where it is another than that of the row before, and in the first of its chunk', async () => {
  const people = ['0a1b2c3d-0000-4000-8000-000000000001', '0a1b2c3d-0000-4000-8000-000000000002', 'x'.repeat(255)];
  const sentBy = (at: number): string => people[Math.floor(at / 7) % 3]!;
  const rows = Array.from({ length: 4_000 }, (_, at) => ({
    ...left(at < 2_000 ? 'ann' : 'bob', serial(at)),
    sender: sentBy(at),
  }));
  const fills = rows.map(({ account, clientOrderId, sender }) => ({ ...fill(account, 1, clientOrderId), sender }));
  const result = { shards: 1, fills: new Map([[0, fills]]), carried: new Map([[0, rows]]), depth: [] };
  const written = await writeRows(table, 'P', 6, result);
  expect(await readFills(table, at(6, written))).toEqual(fills);
  expect(await readCarried(table, 'P', written.carried)).toEqual(rows);

  const bytesBy = (sender: string): number => {
    const own = rows.map((row) => ({ ...row, sender }));
    const { items } = packRows('P', 7, { ...result, fills: new Map(), carried: new Map([[0, own]]) });
    return items.reduce((sum, { attributes }) => sum + attributes.body!.B!.length, 0);
  };
  expect(bytesBy(people[0]!) - bytesBy('a')).toBeLessThan(rows.length / 4);
});

test('an account’s fills are read from any of its orders on, and no other account’s', async () => {
  const own = Array.from({ length: 4_500 }, (_, at) => fill('ann', 1, serial(at)));
  const all = [...Array.from({ length: 900 }, (_, at) => fill('an', 1, serial(at))), ...own, fill('ann-2'), fill('ann.two')];
  const result = { shards: 5, fills: new Map([[shardOf('ann', 5), all]]), carried: new Map(), depth: [] };
  const event = at(5, await writeRows(table, 'P', 5, result));
  expect(await readFillsOf(table, event, 'ann', { limit: 10_000 })).toEqual(own);
  expect(await readFillsOf(table, event, 'ann', { after: serial(4_000), limit: 100 })).toEqual(own.slice(4_001, 4_101));
  expect(await readFillsOf(table, event, 'a', { limit: 10 })).toEqual([]);
  expect(await readFillsOf(table, event, 'zoe', { limit: 10 })).toEqual([]);
});

test('300,000 carried orders of one account cost another neither reads nor writes', async () => {
  const others = Array.from({ length: 300_000 }, (_, at) => left('hog', serial(at)));
  const { table: hogs, metered } = meteredTable();
  const carry = (orders: readonly BookOrder[], standing?: StandingChunks) =>
    writeRows(hogs, 'HOG', 1, { shards: 1, fills: new Map(), carried: new Map([[0, orders]]), depth: [] }, standing);
  let [before, after] = Array<ResultReferences>(2);
  const first = await metered(async () => {
    before = await carry([left('ann'), ...others, left('zoe', 'z1'), left('zoe', 'z2')]);
  });
  const root = before!.carried;
  for (const [account, names] of Object.entries({ zoe: ['z1', 'z2'], ann: ['b'], bob: [] })) {
    const own = names.map((name) => left(account, name));
    const { read } = await metered(async () => expect(await readCarriedOf(hogs, 'HOG', root, account)).toEqual(own));
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(12);
  }

  const standing = new StandingChunks();
  const all = await readCarried(hogs, 'HOG', root, standing);
  const { write } = await metered(async () => {
    after = await carry([...all.slice(0, -2), left('zoe', 'z2'), left('zoe', 'z3')], standing);
  });
  expect(first.write).toBeGreaterThan(5_000);
  expect(write).toBeGreaterThan(0);
  expect(write).toBeLessThan(40);
  expect(await readCarriedOf(table, 'HOG', after!.carried, 'zoe')).toEqual([left('zoe', 'z2'), left('zoe', 'z3')]);
  // What the auction before carried is still there for those who look back.
  expect(await readCarriedOf(table, 'HOG', root, 'zoe')).toEqual([left('zoe', 'z1'), left('zoe', 'z2')]);
}, 60_000);
