/** Money and lots move only as balanced postings: what control totals say, how they add up, and what is out of balance. */
import { describe, expect, it, test } from 'vitest';
import { type AccountState, emptyAccount } from '../../../lib/domain/clearing/account.ts';
import {
  addTotals,
  holdingsOf,
  imbalance,
  isComplete,
  movedBy,
  type ShardTotals,
  statementTotals,
} from '../../../lib/domain/clearing/control-totals.ts';
import type { Statement } from '../../../lib/domain/clearing/statement.ts';
import { type Cents, cents, lots, NO_CENTS } from '../../../lib/domain/contract/units.ts';
import { month, on } from '../../venue/h100.ts';

const NOV = month('2025-11');
const DEC = month('2025-12');
const of = (moved: bigint, byMonth: Record<number, number> = {}, net?: Record<number, number>): ShardTotals => ({
  accounts: 1,
  cents: moved as Cents,
  lots: byMonth as never,
  ...(net ? { held: { long: {}, net: net as never } } : {}),
});

describe('an event is out of balance', () => {
  it.each<[string, ShardTotals[], string | undefined]>([
    ['nothing moved', [of(0n), of(0n)], undefined],
    [
      'everything has its opposite',
      [of(2n ** 80n, { 1: 3, 2: -3 }, { 1: 9 }), of(-(2n ** 80n), { 1: -3, 2: 3 }, { 1: -9 })],
      undefined,
    ],
    ['a cent is left', [of(2n ** 80n + 1n), of(-(2n ** 80n))], 'event 9 moves 1 cents over all accounts'],
    ['a cent is missing', [of(-1n)], 'event 9 moves -1 cents over all accounts'],
    ['a lot moved alone', [of(0n, { 1: 1, 2: -1 }), of(0n, { 1: -1 })], 'event 9 moves -1 lots of month 2 over all accounts'],
    ['months make up for each other', [of(0n, { 1: 1 }), of(0n, { 2: -1 })], 'event 9 moves 1 lots of month 1 over all accounts'],
    ['a lot is held alone', [of(0n, {}, { 1: 2 }), of(0n, {}, { 1: -1 })], 'event 9 leaves 1 lots of month 1 over all accounts'],
    [
      'one shard holds what none other does',
      [of(0n, {}, { 5: -4 }), of(0n)],
      'event 9 leaves -4 lots of month 5 over all accounts',
    ],
  ])('when %s', (_, shards, off) => {
    expect(imbalance({ seq: 9, shards: new Map(shards.entries()) })).toBe(off);
  });
});

test('an event is posted once every shard has recorded it and it sums to zero', () => {
  const recorded = (...shards: ShardTotals[]) => ({ seq: 9, shards: new Map(shards.entries()) });
  expect(isComplete(recorded(), [0, 1])).toBe(false);
  expect(isComplete(recorded(of(0n)), [0, 1])).toBe(false);
  expect(isComplete(recorded(of(1n), of(-1n)), [0, 1])).toBe(true);
  expect(isComplete(recorded(of(1n), of(1n)), [0, 1])).toBe(false);
});

test('what an event moved is what its journal entries add up to', () => {
  const entry = { account: 'a', seq: 9, kind: 'auction-cleared', balance: NO_CENTS } as const;
  const first = { ...entry, cents: cents(2n ** 70n), lots: { [NOV]: lots(3), [DEC]: lots(-3) } };
  const second = { ...entry, account: 'b', cents: cents(-1n), lots: { [NOV]: lots(-3) } };
  expect(movedBy([first, second])).toEqual({ accounts: 2, cents: 2n ** 70n - 1n, lots: { [NOV]: 0, [DEC]: -3 } });
  expect(movedBy([])).toEqual({ accounts: 0, cents: 0n, lots: {} });
});

test('holdings are those of one product, long and net by month', () => {
  const state = (account: string, held: Record<number, number>): AccountState => ({
    ...emptyAccount(account),
    products: { P: { lots: held as never }, Q: { lots: { [NOV]: lots(99) } } },
  });
  const states = [state('a', { [NOV]: 5, [DEC]: -2 }), state('b', { [NOV]: -7 }), state('c', {}), emptyAccount('d')];
  expect(holdingsOf(states, 'P')).toEqual({ long: { [NOV]: 5 }, net: { [NOV]: -2, [DEC]: -2 } });
  expect(holdingsOf([], 'P')).toEqual({ long: {}, net: {} });
});

const statement = (variation: bigint, rolledLots = 0, rollCost = 0n): Statement => ({
  account: 'a',
  product: 'P',
  date: on('2025-10-20'),
  after: 0,
  through: 9,
  balance: NO_CENTS,
  deposited: NO_CENTS,
  variation: cents(variation),
  rolledLots: lots(rolledLots),
  rollCost: cents(rollCost),
  positions: {},
  requirement: NO_CENTS,
  cover: NO_CENTS,
});

test("a day's statements add up to what was received, and to what longs and shorts rolled, each unsigned", () => {
  const statements = [statement(500n, 3, 40n), statement(-500n, -2, -30n), statement(1n, 1, 5n), statement(0n, -4, -9n)];
  expect(statementTotals(statements, lots(7))).toEqual({
    collected: 501n,
    longsRolled: 4,
    shortsRolled: 6,
    longsLeft: 7,
    longsRollCost: 45n,
  });
});

test('totals of two groups of accounts add up to those of all of them', () => {
  const all = [statement(500n, 3, 40n), statement(7n, -2), statement(-9n, 1, 2n)];
  const totals = (some: readonly Statement[], held: Record<number, number>): ShardTotals => ({
    accounts: some.length,
    cents: cents(BigInt(some.length)),
    lots: { [NOV]: lots(some.length) },
    held: { long: held as never, net: held as never },
    day: statementTotals(some, lots(some.length)),
  });
  for (let at = 0; at <= all.length; at++) {
    const [left, right] = [totals(all.slice(0, at), { [NOV]: 2 }), totals(all.slice(at), { [NOV]: 3, [DEC]: 1 })];
    expect(addTotals(left, right)).toEqual(totals(all, { [NOV]: 5, [DEC]: 1 }));
  }
  expect(addTotals(of(1n), of(2n, { [NOV]: 1 }))).toEqual({ accounts: 2, cents: 3n, lots: { [NOV]: 1 } });
});
