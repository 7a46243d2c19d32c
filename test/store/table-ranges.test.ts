/** Ranges of sort keys: which ends of them are read. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Range, Table, text } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine();
  table = new Table();
  await table.putAll(['a', 'b', 'b1', 'c', 'd'].map((sk) => ({ pk: 'P', sk, attributes: {} })));
  await table.putAll([{ pk: 'Q', sk: 'b', attributes: {} }]);
});
afterAll(() => engine.stop());

test.each<[what: string, range: Range, found: string]>([
  ['everything', {}, 'a b b1 c d'],
  ['after a key: without it', { after: 'b' }, 'b1 c d'],
  ['from a key: with it', { from: 'b' }, 'b b1 c d'],
  ['up to a key: with it', { to: 'c' }, 'a b b1 c'],
  ['from a key to a key: with both', { from: 'b', to: 'c' }, 'b b1 c'],
  ['those that begin alike', { prefix: 'b' }, 'b b1'],
  ['the newest first', { newestFirst: true }, 'd c b1 b a'],
  ['the newest up to a key', { to: 'c', newestFirst: true, limit: 2 }, 'c b1'],
  ['so many', { after: 'a', limit: 2 }, 'b b1'],
  ['between two keys that are not there', { from: 'aa', to: 'bb' }, 'b b1'],
])('%s: %j', async (_, range, found) => {
  const keys = (await table.queryAll('P', range)).map((item) => text(item, 'sk'));
  expect(keys.join(' ')).toBe(found);
});
