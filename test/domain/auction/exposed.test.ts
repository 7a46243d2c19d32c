/** Which live orders a closed auction may still fill, as instructions come in. */
import { expect, test } from 'vitest';
import { type Instruction, keepExposed, type Order, type Outcome, targetOf } from '../../../lib/domain/auction/orders.ts';
import { CASH } from '../../../lib/domain/contract/months.ts';
import { lots, ticks } from '../../../lib/domain/contract/units.ts';
import { month } from '../../venue/h100.ts';

const order = (clientOrderId: string): Order => ({
  clientOrderId,
  buy: month('2025-12'),
  sell: CASH,
  limit: ticks(2350),
  lots: lots(1),
  timeInForce: 'gtc',
});
const add = (id: string): Instruction => ({ kind: 'new', order: order(id) });
const cancel = (clientOrderId: string): Instruction => ({ kind: 'cancel', clientOrderId });
const replace = (replaces: string, id: string): Instruction => ({ kind: 'replace', replaces, order: order(id) });

test.each<[rule: string, instruction: Instruction, outcome: Outcome, exposed: string[]]>([
  ['a new order is not exposed', add('n'), 'accepted', ['a', 'b']],
  ['nor does a refused one change what is', add('a'), 'duplicate-client-order-id', ['a', 'b']],
  ['what is cancelled is no longer', cancel('a'), 'deferred', ['b']],
  ['also when the cancel took effect at once', cancel('a'), 'accepted', ['b']],
  ['a refused cancel leaves it', cancel('a'), 'unknown-order', ['a', 'b']],
  ['one that came too late leaves it', cancel('a'), 'auction-closed', ['a', 'b']],
  ['nothing is, once all are cancelled', { kind: 'cancel-all' }, 'deferred', []],
  ['unless that came too late', { kind: 'cancel-all' }, 'overtaken', ['a', 'b']],
  ['what replaces an exposed order is exposed in its place', replace('a', 'c'), 'deferred', ['b', 'c']],
  ['also under its own name', replace('a', 'a'), 'deferred', ['a', 'b']],
  ['what replaces at once is not exposed', replace('a', 'c'), 'accepted', ['b']],
  ['a refused replacement leaves the old one', replace('a', 'c'), 'contract-not-listed', ['a', 'b']],
  ['what is not exposed is not made so by a cancel', cancel('z'), 'deferred', ['a', 'b']],
])('%s', (_, instruction, outcome, expected) => {
  const exposed = new Set(['a', 'b']);
  keepExposed(exposed, instruction, outcome);
  expect([...exposed].sort()).toEqual(expected);
});

test('an instruction does away with the order that it names, and a new one with none', () => {
  expect([add('a'), cancel('a'), replace('a', 'b')].map(targetOf)).toEqual([undefined, 'a', 'a']);
});
