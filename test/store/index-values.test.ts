/** Index values in the table: published once, and read up to a day and never past it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { listIndex, newestIndex, publishIndex, readIndex, readIndexValue } from '../../lib/store/index-values.ts';
import { Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
import { on } from '../venue/h100.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine();
  table = new Table();
  for (const day of ['17', '20', '21', '24']) await publish('H100-SXM', `2025-10-${day}`, BigInt(`24000${day}`));
  await publish('H100', '2025-10-22', 1n);
});
afterAll(() => engine.stop());

const publish = (product: string, date: string, micros: bigint, by = ['olga']): Promise<boolean> =>
  publishIndex(table, product, on(date), micros as Micros, by);

test('a value stays as it was published: of two operators at once the first stands, and the second is told so', async () => {
  const both = [publish('B200', '2025-10-20', 1n), publish('B200', '2025-10-20', 2n, ['omar'])];
  expect((await Promise.all(both)).sort()).toEqual([false, true]);
  const standing = await readIndexValue(table, 'B200', on('2025-10-20'));
  expect(await publish('B200', '2025-10-20', 3n)).toBe(false);
  expect(await readIndexValue(table, 'B200', on('2025-10-20'))).toEqual(standing);
});

test.each<[until: string, newest: string | undefined]>([
  ['2025-10-16', undefined],
  ['2025-10-17', '2025-10-17'],
  ['2025-10-19', '2025-10-17'],
  ['2025-10-21', '2025-10-21'],
  ['2025-10-23', '2025-10-21'],
  ['2026-01-01', '2025-10-24'],
])('on %s the newest value is that of %s: none from after the day', async (until, newest) => {
  const found = await newestIndex(table, 'H100-SXM', on(until));
  expect(found).toEqual(newest && { date: newest, value: BigInt(`24000${newest.slice(-2)}`) });
});

test('values are read from a day to a day, both included', async () => {
  const dates = async (from: string, to: string) => [...(await readIndex(table, 'H100-SXM', on(from), on(to))).keys()];
  expect(await dates('2025-10-20', '2025-10-21')).toEqual(['2025-10-20', '2025-10-21']);
  expect(await dates('2025-10-18', '2025-10-23')).toEqual(['2025-10-20', '2025-10-21']);
  expect(await dates('2025-10-25', '2025-10-31')).toEqual([]);
});

test('a list shows the newest first, and goes on before the last one shown', async () => {
  const first = await listIndex(table, 'H100-SXM', 2);
  expect(first.map(({ date }) => date)).toEqual(['2025-10-24', '2025-10-21']);
  const second = await listIndex(table, 'H100-SXM', 2, first.at(-1)!.date);
  expect(second).toEqual([
    { date: '2025-10-20', value: 2_400_020n, by: ['olga'] },
    { date: '2025-10-17', value: 2_400_017n, by: ['olga'] },
  ]);
});
