/** The open orders of an account. */
import { describe, expect, it, test } from 'vitest';
import type { BookOrder } from '../../../lib/domain/auction/book.ts';
import { byArrival, type DecidedSubmission, openOrders } from '../../../lib/domain/auction/open-orders.ts';
import type { Instruction, Outcome, TimeInForce } from '../../../lib/domain/auction/orders.ts';
import { month } from '../../venue/h100.ts';
import { buy, cancel, cancelAll, order, replace } from '../../venue/orders.ts';

const DEC = month('2025-12');
const add = (id: string, quantity = 10, tif: TimeInForce = 'gtc'): Instruction => buy(id, DEC, 2350, quantity, tif);
const carried = (id: string, quantity: number, changes: Partial<BookOrder> = {}): BookOrder => ({
  ...order(id, DEC, 0, 2350, quantity, 'gtc'),
  account: 'ann',
  sender: 'desk-7',
  rolls: false,
  partlyFilled: false,
  ...changes,
});
/** Accepted in full, unless it says otherwise. */
const submission = (
  sequence: number | string,
  instructions: Instruction[],
  outcomes?: Outcome[],
  key = 'k',
): DecidedSubmission => ({
  key,
  sequence: `${sequence}`,
  instructions,
  outcomes: outcomes ?? instructions.map(() => 'accepted'),
});
const sizes = (auctions: DecidedSubmission[][], from: BookOrder[] = []): Record<string, number> =>
  Object.fromEntries([...openOrders(from, auctions).orders].map(([id, { lots }]) => [id, lots]));

describe('submissions into one auction', () => {
  it.each<[rule: string, submissions: DecidedSubmission[], open: Record<string, number>]>([
    ['take effect in order of arrival, however they are read', [submission(2, [cancel('a')]), submission(1, [add('a')])], {}],
    [
      'arrive in the order of their numbers and not of the text of these',
      [submission(10, [cancel('a')]), submission(9, [add('a')])],
      {},
    ],
    [
      'arrive in order beyond what a number holds',
      [submission('18870000000000000001', [cancel('a')]), submission('18870000000000000000', [add('a')])],
      {},
    ],
    [
      'change nothing where they were refused',
      [submission(1, [add('a')]), submission(2, [cancel('a')], ['auction-closed'])],
      { a: 10 },
    ],
    ['replace what was carried', [submission(1, [replace('old', add('new', 3))])], { new: 3 }],
    [
      'take all out at their place, and nothing that comes after',
      [submission(2, [add('a'), cancelAll, add('b', 2)]), submission(3, [add('a', 3)]), submission(1, [add('b', 9)])],
      { b: 2, a: 3 },
    ],
    ['leave what they say nothing of', [submission(1, [add('a', 1)])], { old: 5, a: 1 }],
  ])('%s', (_, submissions, open) => {
    const from = 'old' in open || submissions.some(({ instructions }) => instructions[0]?.kind === 'replace');
    expect(sizes([submissions], from ? [carried('old', 5)] : [])).toEqual(open);
  });

  it('take effect by their numbers, whatever order their keys have', () => {
    const [first, second] = [submission(1, [], undefined, 'k2'), submission(2, [], undefined, 'k1')];
    expect([byArrival(first, second), byArrival(second, first)]).toEqual([-1, 1]);
  });

  it('with one number take effect in order of key', () => {
    const [first, second] = [submission(1, [add('a')], undefined, 'k1'), submission(1, [cancel('a')], undefined, 'k2')];
    for (const both of [
      [first, second],
      [second, first],
    ])
      expect(both.toSorted(byArrival)).toEqual([first, second]);
    expect(sizes([[second, first]])).toEqual({});
  });
});

describe('behind an auction that is closed and has not cleared', () => {
  const closed = [submission(1, [add('once', 1, 'auction'), add('day', 2, 'day'), add('gtc', 3)])];

  it('whatever may be carried is open, and exposed', () => {
    const { orders, exposed } = openOrders([carried('old', 5)], [closed, []]);
    expect([...orders.keys()]).toEqual(['old', 'day', 'gtc']);
    expect(exposed).toEqual(new Set(['old', 'day', 'gtc']));
  });

  it('nothing is exposed before the first cut', () => {
    expect(openOrders([carried('old', 5)], [closed]).exposed).toEqual(new Set());
    expect(openOrders([carried('old', 5)], []).exposed).toEqual(new Set());
  });

  it('a new order is not exposed, what replaces an exposed one is, and what is cancelled is no more', () => {
    const after = submission(2, [add('new'), replace('day', add('late')), cancel('gtc')], ['accepted', 'deferred', 'deferred']);
    const { orders, exposed } = openOrders([], [closed, [after]]);
    expect([...orders.keys()]).toEqual(['new', 'late']);
    expect(exposed).toEqual(new Set(['late']));
  });

  it('a second cut exposes what came after the first', () => {
    const { orders, exposed } = openOrders([], [closed, [submission(2, [add('new')])], []]);
    expect([...orders.keys()]).toEqual(['day', 'gtc', 'new']);
    expect(exposed).toEqual(new Set(['day', 'gtc', 'new']));
  });
});

test('all that a closed auction leaves is gone once all are cancelled behind its cut, and what came after it stays', () => {
  const behind = submission(2, [add('a', 4), cancelAll, add('b', 6)], ['accepted', 'deferred', 'accepted']);
  for (const partlyFilled of [false, true])
    expect(sizes([[behind]], [carried('old', 5, { partlyFilled }), carried('b', 5)])).toEqual({ b: 6 });
  const { orders, exposed } = openOrders([carried('old', 5)], [[submission(1, [add('gtc', 3)])], [behind]]);
  expect([...orders.keys()]).toEqual(['b']);
  expect(exposed).toEqual(new Set());
});

test('a deferred replacement enters unless the order it replaces was filled in part by the last auction that cleared', () => {
  const deferred = submission(1, [replace('old', add('new', 7))], ['deferred']);
  expect(sizes([[deferred]], [carried('old', 5)])).toEqual({ new: 7 });
  expect(sizes([[deferred]], [carried('old', 5, { partlyFilled: true })])).toEqual({});
  expect(sizes([[deferred]], [])).toEqual({});
  // Whether the auction in between fills it is not known yet.
  expect(sizes([[], [deferred]], [carried('old', 5, { partlyFilled: true })])).toEqual({ new: 7 });
});
