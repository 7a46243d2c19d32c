/** Roll instructions: whose they are, of which product, and that the last word counts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RollInstruction } from '../../lib/domain/clearing/roll.ts';
import { ticks } from '../../lib/domain/contract/units.ts';
import {
  deleteRollInstruction,
  readRollInstruction,
  rollInstructionsOf,
  writeRollInstruction,
} from '../../lib/store/roll-instructions.ts';
import { Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine(1);
  table = new Table();
});
afterAll(() => engine.stop());

const MARKET: RollInstruction = { at: 'market' };
const LIMIT: RollInstruction = { at: 'limit', limit: ticks(-5) };
const write = (product: string, account: string, instruction: RollInstruction = MARKET): Promise<void> =>
  writeRollInstruction(table, product, account, 1, instruction);

test('a product’s instructions are in order of account, and none is of a product whose code begins with its own', async () => {
  await write('H100-SXM', 'ann');
  await write('H100', 'cat', LIMIT);
  await write('H100', 'bob');
  await write('H10', 'dan');
  expect(await rollInstructionsOf(table, 'H100', 0)).toEqual([
    { account: 'bob', instruction: MARKET },
    { account: 'cat', instruction: LIMIT },
  ]);
});

test('the last instruction of an account counts, and one that is taken back is gone', async () => {
  await write('B200', 'ann');
  await write('B200', 'ann', LIMIT);
  expect(await readRollInstruction(table, 'B200', 'ann', 1)).toEqual(LIMIT);
  await deleteRollInstruction(table, 'B200', 'ann', 1);
  expect(await readRollInstruction(table, 'B200', 'ann', 1)).toBeUndefined();
  expect(await rollInstructionsOf(table, 'B200', 0)).toEqual([]);
});
