/** The halt switch, thrown and released by several at once. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Halt, halt, readHalt, resume } from '../../lib/store/halt.ts';
import { Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine();
  table = new Table();
});
afterAll(() => engine.stop());
beforeEach(async () => {
  const standing = await readHalt(table);
  if (standing) await resume(table, standing);
});

const FIRST: Halt = { reason: 'out of balance', by: 'post-events', at: 'event 7' };
const SECOND: Halt = { reason: 'for the weekend', by: 'olga', at: '2025-10-20T14:00:00.000Z' };

test('the first reason stands: a second halt does not cover up why the first one came', async () => {
  expect(await halt(table, FIRST)).toBe(true);
  expect(await halt(table, SECOND)).toBe(false);
  expect(await readHalt(table)).toEqual(FIRST);
});

test('a venue that was resumed can be halted again', async () => {
  await halt(table, FIRST);
  expect(await resume(table, FIRST)).toBe(true);
  expect(await readHalt(table)).toBeUndefined();
  expect(await halt(table, SECOND)).toBe(true);
  expect(await readHalt(table)).toEqual(SECOND);
});

test('only the halt that was read is released: one that came after it stands', async () => {
  await halt(table, FIRST);
  await resume(table, FIRST);
  await halt(table, SECOND);
  expect(await resume(table, FIRST)).toBe(false);
  expect(await readHalt(table)).toEqual(SECOND);
});

test('a venue that was never halted is not resumed', async () => {
  await halt(table, FIRST);
  await resume(table, FIRST);
  expect(await resume(table, FIRST)).toBe(false);
  expect(await readHalt(table)).toBeUndefined();
});
