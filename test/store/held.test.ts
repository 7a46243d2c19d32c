/** What is held for approval, under two operators at once: neither writes over what the other has just done. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Held, propose } from '../../lib/domain/clearing/approval.ts';
import { ticks } from '../../lib/domain/contract/units.ts';
import { changeHeld, heldSince, hold, pageOfHeld, readHeld } from '../../lib/store/held.ts';
import { Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
import { on } from '../venue/h100.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine();
  table = new Table();
});
afterAll(() => engine.stop());

const proposed = (product: string, micros = '2400000', by = 'olga'): Held =>
  propose(product, on('2025-10-20'), { kind: 'index', micros }, [{ reason: 'index-moved-beyond-limit', detail: '' }], by);

test('of two values proposed at once the first is held, and the second is told so', async () => {
  const [first, second] = [proposed('A'), proposed('A', '1', 'omar')];
  expect(await Promise.all([hold(table, first), hold(table, second)])).toContain(false);
  expect(await hold(table, second)).toBe(false);
  const standing = (await readHeld(table, first.id))!;
  expect([first, second]).toContainEqual(standing);
  expect(standing.revision).toBe(1);
});

test('of two changes to what both have read, the first stands and the second is told so', async () => {
  const seen = proposed('B');
  await hold(table, seen);
  const approved: Held = { ...seen, approvals: ['olga', 'omar'], revision: 2 };
  const amended: Held = { ...seen, proposal: { kind: 'index', micros: '1' }, approvals: ['oscar'], revision: 2 };
  expect(await changeHeld(table, seen, approved)).toBe(true);
  expect(await changeHeld(table, seen, amended)).toBe(false);
  expect(await readHeld(table, seen.id)).toEqual(approved);
  expect(await changeHeld(table, approved, { ...amended, revision: 3 })).toBe(true);
});

test('nothing is put in the place of what was never held', async () => {
  const never = proposed('C');
  expect(await changeHeld(table, never, { ...never, revision: 2 })).toBe(false);
  expect(await readHeld(table, never.id)).toBeUndefined();
});

test('all that was held is listed in pages, in order of id', async () => {
  for (const product of ['Z', 'D', 'M']) await hold(table, proposed(product));
  const ids: string[] = [];
  for (let page = await pageOfHeld(table, 2); page.length > 0; page = await pageOfHeld(table, 2, ids.at(-1)))
    ids.push(...page.map(({ id }) => id));
  expect(ids).toEqual(ids.toSorted());
  expect(ids).toEqual(expect.arrayContaining(['D', 'M', 'Z'].map((product) => proposed(product).id)));
});

test('what is held of a product from a date on is found whatever it is, and no other product’s and nothing older', async () => {
  const of = (product: string, date: string, proposal: Held['proposal']) => propose(product, on(date), proposal, [], 'olga');
  const curve: Held['proposal'] = { kind: 'settlement', curve: {} };
  const price: Held['proposal'] = { kind: 'final-price', month: 1, price: ticks(1) };
  const index: Held['proposal'] = { kind: 'index', micros: '1' };
  const found = [of('E', '2025-10-20', curve), of('E', '2025-10-31', price), of('E', '2025-10-21', index)];
  const others = [of('E', '2025-10-17', curve), of('E', '2025-10-17', index), of('E-X', '2025-10-21', index)];
  for (const held of [...found, ...others]) await hold(table, held);
  expect(await heldSince(table, 'E', on('2025-10-20'))).toEqual(found);
});
