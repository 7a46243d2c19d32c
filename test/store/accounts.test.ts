import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { AccountState, JournalEntry } from '../../lib/domain/clearing/account.ts';
import type { ShardTotals } from '../../lib/domain/clearing/control-totals.ts';
import type { Statement } from '../../lib/domain/clearing/statement.ts';
import { type Cents, cents, lots, NO_CENTS } from '../../lib/domain/contract/units.ts';
import { decodeAccount, listAccounts, readAccount, writeAccount } from '../../lib/store/accounts.ts';
import { readTotals, recordTotals } from '../../lib/store/control-totals.ts';
import { moveCursor, readCursor } from '../../lib/store/cursors.ts';
import { readJournal, writeJournal } from '../../lib/store/journal.ts';
import { accountKey, shardOf, totalsKey } from '../../lib/store/keys.ts';
import { readStatements, statementName, writeStatements } from '../../lib/store/statements.ts';
import { type Attributes, S, Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
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
  deposited: HUGE,
  depositedBy: 11,
  products: {
    'H100-SXM': {
      lots: { [DEC]: lots(-5), [DEC + 1]: lots(1_000_000_000) },
      entryCost: { [DEC]: cents(-(2n ** 70n)), [DEC + 1]: cents(2n ** 70n) },
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
    ['no sum of what was deposited', { deposited: undefined }],
    ['an entry cost that is a number', { products: S('{"P":{"lots":{"24311":1},"entryCost":{"24311":1}}}') }],
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
  const amounts = {
    after: 3,
    through: 9,
    balance: HUGE,
    deposited: HUGE,
    variation: NO_CENTS,
    rollCost: HUGE,
    rolledLots: lots(-3),
    positions: { [DEC]: lots(2) },
    requirement: HUGE,
    cover: HUGE,
  };
  const statements = ['2025-10-20', '2025-10-21'].map(
    (date): Statement => ({ account: 'a', product: 'P', date: on(date), ...amounts }),
  );
  await writeStatements(table, statements);
  expect(await readStatements(table, 'a', 5)).toEqual(statements.toReversed());
  expect(await readStatements(table, 'a', 5, statementName(statements[1]!))).toEqual([statements[0]]);
});

test('statements of several products are shown by date, the newest first, and a page ends where the next goes on', async () => {
  const of = (date: string, product: string): Statement => ({
    account: 'many',
    product,
    date: on(date),
    after: 0,
    through: 9,
    balance: NO_CENTS,
    deposited: NO_CENTS,
    variation: NO_CENTS,
    rolledLots: lots(0),
    rollCost: NO_CENTS,
    positions: {},
    requirement: NO_CENTS,
    cover: NO_CENTS,
  });
  const days = ['2025-10-20', '2025-10-21'].flatMap((date) => ['A100', 'B200', 'H100'].map((product) => of(date, product)));
  await writeStatements(table, days);
  const pages: Statement[][] = [];
  for (let before: string | undefined; ; before = statementName(pages.at(-1)!.at(-1)!)) {
    const page = await readStatements(table, 'many', 2, before);
    if (page.length === 0) break;
    pages.push(page);
  }
  expect(pages).toEqual([0, 2, 4].map((at) => days.toReversed().slice(at, at + 2)));
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

  it('stand as they were first recorded, with how many shards the venue has', async () => {
    const day = { collected: HUGE, longsRolled: lots(1), shortsRolled: lots(2), longsLeft: lots(3), longsRollCost: HUGE };
    const first = { ...of(5n, { 1: 1 }, { 1: 1 }), day };
    await recordTotals(table, 50, 0, SHARDS, first);
    expect((await recordTotals(table, 50, 0, SHARDS, of(6n))).shards).toEqual(new Map([[0, first]]));
    await recordTotals(table, 50, 1, SHARDS, of(-5n, { 1: -1 }, { 1: -1 }));
    expect((await readTotals(table, 50)).shards.size).toBe(2);
    expect(await table.get(totalsKey(50))).toMatchObject({ shards: { N: `${SHARDS}` } });
  });
});
