/** Fills, carried orders and depth in the table: named by their content, split over items, and never passed over. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BookOrder, Fill } from '../../lib/domain/auction/book.ts';
import { CASH } from '../../lib/domain/contract/months.ts';
import { lots } from '../../lib/domain/contract/units.ts';
import { resultKey } from '../../lib/store/keys.ts';
import { packResult, type Result, readCarried, readDepth, readFills, writeResult } from '../../lib/store/results.ts';
import { Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
import { month } from '../venue/h100.ts';
import { order } from '../venue/orders.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine();
  table = new Table();
});
afterAll(() => engine.stop());

const NOV = month('2025-11');
const fill = (account: string, quantity = 1): Fill => ({
  account,
  clientOrderId: 'a',
  buy: NOV,
  sell: CASH,
  lots: lots(quantity),
  rolls: false,
});
const left = (account: string): BookOrder => ({
  ...order('b', NOV, CASH, 2400, 3, 'gtc'),
  account,
  rolls: false,
  partlyFilled: true,
});
const RESULT: Result = {
  fills: new Map([
    [0, [fill('ann'), fill('bob')]],
    [1, [fill('cat')]],
  ]),
  carried: new Map([[1, [left('cat')]]]),
  depth: '{"outrights":[]}',
};

test('a result is read by shard as it was written', async () => {
  const { fills, carried, depth } = await writeResult(table, 'P', 1, RESULT);
  expect(await readFills(table, 'P', 1, 0, fills)).toEqual([fill('ann'), fill('bob')]);
  expect(await readFills(table, 'P', 1, 1, fills)).toEqual([fill('cat')]);
  expect(await readFills(table, 'P', 1, 2, fills)).toEqual([]);
  expect(await readCarried(table, 'P', 1, 0, carried)).toEqual([]);
  expect(await readCarried(table, 'P', 1, 1, carried)).toEqual([left('cat')]);
  expect(await readDepth(table, 'P', 1, depth)).toBe('{"outrights":[]}');
});

test('what is committed and missing stops its reader: a fill is never passed over', async () => {
  const { fills } = await writeResult(table, 'P', 2, RESULT);
  await table.delete(resultKey('P', 2, 'fills', 0, fills[0]![0]!));
  await expect(readFills(table, 'P', 2, 0, fills)).rejects.toThrow('fills of auction 2 of P are committed and not there');
  expect(await readFills(table, 'P', 2, 1, fills)).toHaveLength(1);
});

test('items are named by a hash of their content, long enough that no two results meet', () => {
  const first = packResult('P', 3, RESULT).references;
  expect(packResult('P', 3, RESULT).references).toEqual(first);
  expect(first.fills[0]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  const other = packResult('P', 3, { ...RESULT, fills: new Map([[0, [fill('ann', 2), fill('bob')]]]) }).references;
  expect(other.fills[0]).not.toEqual(first.fills[0]);
  expect(other.carried).toEqual(first.carried);
});

test.each([
  [3000, 1],
  [3001, 2],
  [6001, 3],
])('%i rows of a shard are %i items, and each row is in one of them', async (rows, items) => {
  const all = Array.from({ length: rows }, (_, at) => fill(`a${at}`));
  const { fills } = await writeResult(table, 'P', 100 + rows, { fills: new Map([[0, all]]), carried: new Map(), depth: '' });
  expect(fills[0]).toHaveLength(items);
  expect(await readFills(table, 'P', 100 + rows, 0, fills)).toEqual(all);
});

test('a shard without rows has no items', () => {
  const { items, references } = packResult('P', 4, { fills: new Map([[0, []]]), carried: new Map([[1, []]]), depth: '' });
  expect(references).toMatchObject({ fills: {}, carried: {} });
  expect(items).toHaveLength(1);
});
