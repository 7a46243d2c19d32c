import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { Instruction } from '../../lib/domain/auction/orders.ts';
import type { AccountState, JournalEntry } from '../../lib/domain/clearing/account.ts';
import { type Cents, cents, lots, NO_CENTS } from '../../lib/domain/contract/units.ts';
import {
  decodeAccount,
  imbalance,
  isPosted,
  listAccounts,
  moveCursor,
  readAccount,
  readCursor,
  readJournal,
  readStatements,
  readTotals,
  recordTotals,
  type ShardTotals,
  type Statement,
  statementName,
  writeAccount,
  writeJournal,
  writeStatements,
} from '../../lib/store/accounts.ts';
import { accountKey, shardOf, submissionKey } from '../../lib/store/keys.ts';
import { keyDate, writeSubmission } from '../../lib/store/submissions.ts';
import { type Attributes, S, Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../engine.ts';
import { keyAt } from '../lambdas/gateway.ts';
import { order } from '../lambdas/orders.ts';
import { month, on } from '../venue/h100.ts';

const SHARDS = 2;
let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine(SHARDS);
  table = new Table();
});
afterAll(() => engine.stop());

const DEC = month('2025-12');
const HUGE = cents(-(2n ** 90n) - 1n);
const STATE: AccountState = {
  account: 'acme',
  name: 'Acme, Inc. "A"',
  applied: 12,
  cash: HUGE,
  products: {
    'H100-SXM': {
      lots: { [DEC]: lots(-5), [DEC + 1]: lots(1_000_000_000) },
      roll: { near: DEC, held: lots(-5), rolled: lots(-1) },
      day: { date: on('2025-10-20'), variation: HUGE, rolledLots: lots(-1), rollCost: cents(2n ** 70n) },
    },
    A100: { lots: {} },
  },
};

describe('an account', () => {
  it('reads as it was written, to the last cent', async () => {
    expect(await writeAccount(table, SHARDS, STATE)).toBe(true);
    expect(await readAccount(table, 'acme', SHARDS)).toEqual(STATE);
  });

  it('is not written over by an event that it already holds, or by an older one', async () => {
    for (const applied of [12, 11]) expect(await writeAccount(table, SHARDS, { ...STATE, applied, cash: NO_CENTS })).toBe(false);
    expect(await writeAccount(table, SHARDS, { ...STATE, applied: 13 })).toBe(true);
    expect(await readAccount(table, 'acme', SHARDS)).toMatchObject({ applied: 13, cash: HUGE });
  });

  it.each([
    ['cash that is no whole number of cents', { cash: S('1.5') }],
    ['no cash', { cash: undefined }],
    ['a variation that is a number', { products: S('{"P":{"lots":{},"day":{"variation":1}}}') }],
  ])('with %s is refused', async (_, wrong) => {
    const item = { ...(await table.get(accountKey('acme', SHARDS)))!, ...wrong } as Attributes;
    expect(() => decodeAccount(item)).toThrow(TypeError);
  });

  it('is listed once, in order of id, from behind any other', async () => {
    const own = ['acme', 'acme-2', 'acme.3', 'zz'].filter((account) => shardOf(account, SHARDS) === shardOf('acme', SHARDS));
    for (const account of own) await writeAccount(table, SHARDS, { ...STATE, account, applied: 20 });
    const shard = shardOf('acme', SHARDS);
    const listed: string[] = [];
    for (let after = ''; ; after = listed.at(-1)!) {
      const [next] = await listAccounts(table, shard, 1, after);
      if (!next) break;
      listed.push(next.account);
    }
    expect(listed).toEqual(own.toSorted());
  });
});

test('journal entries and statements read as they were written, the newest first', async () => {
  const entries = [1, 2, 3].map(
    (seq): JournalEntry => ({ account: 'a', seq, kind: 'cash-moved', cents: HUGE, balance: HUGE, lots: { [DEC]: lots(-1) } }),
  );
  await writeJournal(table, entries);
  expect(await readJournal(table, 'a', { limit: 2 })).toEqual([entries[2], entries[1]]);
  expect(await readJournal(table, 'a', { before: 3, limit: 5 })).toEqual([entries[1], entries[0]]);
  const amounts = { balance: HUGE, variation: NO_CENTS, rollCost: HUGE, rolledLots: lots(-3), positions: { [DEC]: lots(2) } };
  const statements = ['2025-10-20', '2025-10-21'].map(
    (date): Statement => ({ account: 'a', product: 'P', date: on(date), ...amounts }),
  );
  await writeStatements(table, statements);
  expect(await readStatements(table, 'a', 5)).toEqual(statements.toReversed());
  expect(await readStatements(table, 'a', 5, statementName(statements[1]!))).toEqual([statements[0]]);
});

test('a cursor never goes back', async () => {
  expect(await readCursor(table, 0)).toBe(0);
  for (const seq of [3, 7, 5, 7]) await moveCursor(table, 0, seq);
  expect(await readCursor(table, 0)).toBe(7);
});

describe('totals', () => {
  const of = (moved: bigint, byMonth: Record<number, number> = {}, net?: Record<number, number>): ShardTotals => ({
    accounts: 1,
    cents: moved as Cents,
    lots: byMonth as never,
    ...(net ? { held: { long: {}, net: net as never } } : {}),
  });

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

  it('stand as they were first recorded, and an event is posted when every shard has recorded it and they sum to zero', async () => {
    expect(await isPosted(table, 0, SHARDS)).toBe(true);
    expect(await isPosted(table, 50, SHARDS)).toBe(false);
    const day = { collected: HUGE, longsRolled: lots(1), shortsRolled: lots(2), longsLeft: lots(3), longsRollCost: HUGE };
    const first = { ...of(5n, { 1: 1 }, { 1: 1 }), day };
    await recordTotals(table, 50, 0, first);
    expect(await isPosted(table, 50, SHARDS)).toBe(false);
    expect((await recordTotals(table, 50, 0, of(6n))).shards).toEqual(new Map([[0, first]]));
    await recordTotals(table, 50, 1, of(-5n, { 1: -1 }, { 1: -1 }));
    expect((await readTotals(table, 50)).shards.size).toBe(2);
    expect(await isPosted(table, 50, SHARDS)).toBe(true);
    await recordTotals(table, 51, 0, of(1n));
    await recordTotals(table, 51, 1, of(1n));
    expect(await isPosted(table, 51, SHARDS)).toBe(false);
  });
});

describe('the stored item of a submission', () => {
  /** Names and values in bytes, as DynamoDB bills them. */
  const bytesOf = (item: Attributes): number =>
    Object.entries(item).reduce((sum, [name, { S, N, B }]) => sum + name.length + (B?.length ?? Buffer.byteLength(S ?? N!)), 0);

  const bytesOfOrders = async (count: number, nameLength: number): Promise<number> => {
    const name = (at: number): string => String(at).padStart(nameLength, 'x');
    const instructions = Array.from(
      { length: count },
      (_, at): Instruction => ({ kind: 'new', order: order(name(at), DEC, DEC + 1, -99_999, 1_000_000, 'gtc') }),
    );
    const [account, key] = ['a'.repeat(64), keyAt(Date.parse('2025-10-20T14:00:00Z'), count)];
    await writeSubmission(table, {
      product: 'H100-SXM',
      shard: 1,
      account,
      key,
      digest: '0123456789abcdef',
      auction: 1000,
      sequence: '18870000000000000000',
      receivedAt: '2025-10-20T14:00:00.000Z',
      instructions,
      outcomes: instructions.map(() => 'accepted' as const),
    });
    return bytesOf((await table.get(submissionKey('H100-SXM', 1, keyDate(key), account, key)))!);
  };

  it('is one write unit for one order, however long its names are', async () => {
    expect(await bytesOfOrders(1, 36)).toBeLessThanOrEqual(1024);
  });

  it('is at most twenty write units for five hundred orders', async () => {
    expect(await bytesOfOrders(500, 20)).toBeLessThanOrEqual(20 * 1024);
  });
});
