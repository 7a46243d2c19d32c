/**
 * One event into one shard, a slice of accounts at a time: load them, decide what the event makes of them, write. Journal
 * entries are written before the states they lead to, and a state only if the stored one is older, so a run may be
 * interrupted anywhere and repeated.
 */

import type { Fill } from '../../lib/domain/auction/book.ts';
import { type AccountState, emptyAccount, type JournalEntry } from '../../lib/domain/clearing/account.ts';
import { addTotals, type ShardTotals } from '../../lib/domain/clearing/control-totals.ts';
import type { ClearingEvent, DayClosed } from '../../lib/domain/clearing/events.ts';
import { accountsTouched, closeBooks, postEvent, type Rolling } from '../../lib/domain/clearing/posting.ts';
import { rollDay } from '../../lib/domain/clearing/roll.ts';
import { accountsOf, readAccounts, writeAccount } from '../../lib/store/accounts.ts';
import { readEntry, writeJournal } from '../../lib/store/journal.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { type LogEntry, loadVenue } from '../../lib/store/log.ts';
import { readFills } from '../../lib/store/results.ts';
import { rollInstructionsOf } from '../../lib/store/roll-instructions.ts';
import { writeStatements } from '../../lib/store/statements.ts';
import type { Table } from '../../lib/store/table.ts';

/** Accounts worked at a time: enough to keep the table busy, few enough to hold in memory. */
const SLICE = 250;

/** Posts an event to the accounts of a shard; the answer is what it moved there. */
export async function postToShard(
  table: Table,
  shard: number,
  shards: number,
  { seq, event }: LogEntry,
  centsPerTick: (product: string) => bigint,
): Promise<ShardTotals> {
  if (event.kind === 'day-closed') return closeDay(table, shard, seq, event);
  const fills = event.kind === 'auction-cleared' ? await readFills(table, event.product, event.auction, shard, event.fills) : [];
  const fillsOf = Map.groupBy(fills, ({ account }) => account);
  const post = async (states: readonly AccountState[]): Promise<ShardTotals> => {
    const { applied, totals } = postEvent(seq, event, states, fillsOf, await entriesLeft(table, seq, states), centsPerTick);
    await writeJournal(
      table,
      applied.map(({ entry }) => entry),
    );
    await Promise.all(applied.map(({ state }) => writeAccount(table, shards, state)));
    return totals;
  };
  let totals = await post([]);
  for await (const states of touched(table, event, fillsOf, shard, shards)) totals = addTotals(totals, await post(states));
  return totals;
}

/** The journal entries that a run before this one has left, of the accounts that stand at the event or past it. */
async function entriesLeft(table: Table, seq: number, states: readonly AccountState[]): Promise<Map<string, JournalEntry>> {
  const entries = new Map<string, JournalEntry>();
  for (const { account } of states.filter(({ applied }) => applied >= seq)) {
    const entry = await readEntry(table, account, seq);
    if (entry) entries.set(account, entry);
  }
  return entries;
}

/** The shard's accounts that an event may touch, in slices. */
async function* touched(
  table: Table,
  event: ClearingEvent,
  fillsOf: ReadonlyMap<string, readonly Fill[]>,
  shard: number,
  shards: number,
): AsyncGenerator<AccountState[]> {
  const accounts = accountsTouched(event, fillsOf);
  if (accounts === 'all') return yield* slicesOf(accountsOf(table, shard));
  const own = accounts.filter((account) => shardOf(account, shards) === shard);
  for (let at = 0; at < own.length; at += SLICE) {
    const slice = own.slice(at, at + SLICE);
    const stored = await readAccounts(table, slice, shards);
    yield slice.map((account) => stored.get(account) ?? emptyAccount(account));
  }
}

async function* slicesOf(accounts: AsyncGenerator<AccountState>): AsyncGenerator<AccountState[]> {
  let slice: AccountState[] = [];
  for await (const state of accounts) {
    slice.push(state);
    if (slice.length === SLICE) {
      yield slice;
      slice = [];
    }
  }
  if (slice.length) yield slice;
}

/** Closes the books of the day: writes the statements of the shard's accounts. */
async function closeDay(table: Table, shard: number, seq: number, event: DayClosed): Promise<ShardTotals> {
  const { product, date } = event;
  const near = rollDay((await loadVenue(table)).products[product]!.parameters.calendar, date)?.near;
  const instructed = new Set((await rollInstructionsOf(table, product, shard)).map(({ account }) => account));
  const rolling: Rolling | undefined = near === undefined ? undefined : { near, accounts: instructed };
  let { totals } = closeBooks(seq, event, [], rolling);
  for await (const states of slicesOf(accountsOf(table, shard))) {
    const closed = closeBooks(seq, event, states, rolling);
    await writeStatements(table, closed.statements);
    totals = addTotals(totals, closed.totals);
  }
  return totals;
}
