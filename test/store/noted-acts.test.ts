/** Acts of operators that are no events, noted with what they change. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NotedAct } from '../../lib/domain/clearing/noted-acts.ts';
import { halt, readHalt, resume } from '../../lib/store/halt.ts';
import { newestNoted } from '../../lib/store/noted-acts.ts';
import { Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine();
  table = new Table();
});
afterAll(() => engine.stop());

const halting = (request: string, at: string, reason: string): NotedAct => ({
  at,
  by: 'olga',
  request,
  what: { kind: 'halted', reason },
});

test('an act is noted if it is done, and not if it is not', async () => {
  const first = halting('r1', '2025-10-20T14:00:00.000Z', 'first');
  const second = halting('r2', '2025-10-20T14:00:01.000Z', 'second');
  expect(await halt(table, { reason: 'first', by: 'olga', at: first.at }, first)).toBe(true);
  expect(await halt(table, { reason: 'second', by: 'olga', at: second.at }, second)).toBe(false);
  expect((await newestNoted(table, 10)).map(({ act }) => act)).toEqual([first]);
  expect(await readHalt(table)).toMatchObject({ reason: 'first' });
});

test('acts come newest first, and a page goes on with the one that it names', async () => {
  const standing = (await readHalt(table))!;
  const resumed: NotedAct = {
    at: '2025-10-20T15:00:00.000Z',
    by: 'omar',
    request: 'r3',
    what: { kind: 'resumed', halt: 'first' },
  };
  expect(await resume(table, standing, resumed)).toBe(true);
  const [newest, before] = await newestNoted(table, 2);
  expect([newest?.act.what.kind, before?.act.what.kind]).toEqual(['resumed', 'halted']);
  expect(await newestNoted(table, 5, before?.name)).toEqual([before]);
});
