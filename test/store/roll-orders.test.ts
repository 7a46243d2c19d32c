/** The orders of the roll in the table: of which auction they are, in which order they are read, and that the first plan stands. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimRollChunk, type RollChunk, rollOrders } from '../../lib/store/roll-orders.ts';
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
const chunk = (account: string, last = true): RollChunk => ({
  orders: [{ ...order(`roll/${account}`, NOV, NOV + 1, 10, 4), account, sender: 'desk-7', rolls: true, partlyFilled: false }],
  through: account,
  last,
});

test('roll orders are those of one auction: of no other, and of none whose number begins alike', async () => {
  for (const auction of [1, 10, 2]) await claimRollChunk(table, 'A', 0, auction, 0, chunk(`of${auction}`));
  expect((await rollOrders(table, 'A', 0, 1)).map(({ account }) => account)).toEqual(['of1']);
});

test('roll orders are read chunk after chunk, also from the tenth on', async () => {
  const names = Array.from({ length: 12 }, (_, at) => `a${at}`);
  for (const [at, name] of names.entries()) await claimRollChunk(table, 'B', 0, 1, at, chunk(name, false));
  expect((await rollOrders(table, 'B', 0, 1)).map(({ account }) => account)).toEqual(names);
});

test('a chunk stands as it was first claimed, and a second worker is told so', async () => {
  expect(await claimRollChunk(table, 'C', 0, 1, 0, chunk('ann', false))).toEqual(chunk('ann', false));
  expect(await claimRollChunk(table, 'C', 0, 1, 0, chunk('bob', true))).toEqual(chunk('ann', false));
  expect(await rollOrders(table, 'C', 0, 1)).toEqual(chunk('ann').orders);
});
