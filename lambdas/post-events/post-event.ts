/**
 * One event into one shard, a slice of accounts at a time: load them, decide what the event makes of them, write. Journal
 * entries are written before the states they lead to, and a state only if the stored one is older, so a run may be
 * interrupted anywhere and repeated.
 */

import { type AccountState, addFills, emptyAccount, type JournalEntry, type Traded } from '../../lib/domain/clearing/account.ts';
import { addTotals, type ShardTotals } from '../../lib/domain/clearing/control-totals.ts';
import type { AuctionCleared, ClearingEvent, DayClosed } from '../../lib/domain/clearing/events.ts';
import { accountsTouched, closeBooks, postEvent, type Rolling } from '../../lib/domain/clearing/posting.ts';
import { rollDay } from '../../lib/domain/clearing/roll.ts';
import { accountsOf, readAccounts, writeAccount } from '../../lib/store/accounts.ts';
import { readEntry, writeJournal } from '../../lib/store/journal.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { type LogEntry, loadVenue } from '../../lib/store/log.ts';
import { fillChunks } from '../../lib/store/results.ts';
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
  const post = async ({ states, tradedBy }: Slice): Promise<ShardTotals> => {
    const { applied, totals } = postEvent(seq, event, states, tradedBy, await entriesLeft(table, seq, states), centsPerTick);
    await writeJournal(
      table,
      applied.map(({ entry }) => entry),
    );
    await Promise.all(applied.map(({ state }) => writeAccount(table, shards, state)));
    return totals;
  };
  let totals = await post({ states: [], tradedBy: new Map() });
  for await (const slice of touched(table, event, shard, shards)) totals = addTotals(totals, await post(slice));
  return totals;
}

/** Some accounts of the shard, and what they traded in the event. */
interface Slice {
  readonly states: readonly AccountState[];
  readonly tradedBy: ReadonlyMap<string, readonly Traded[]>;
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
async function* touched(table: Table, event: ClearingEvent, shard: number, shards: number): AsyncGenerator<Slice> {
  if (event.kind === 'auction-cleared') return yield* traders(table, event, shard, shards);
  const tradedBy = new Map();
  const accounts = accountsTouched(event, tradedBy);
  if (accounts === 'all') {
    for await (const states of slicesOf(accountsOf(table, shard))) yield { states, tradedBy };
    return;
  }
  const own = accounts.filter((account) => shardOf(account, shards) === shard);
  yield { states: await statesOf(table, own, shards), tradedBy };
}

/**
 * The accounts that traded in an auction, in order. Fills are read a chunk at a time and added up as they come, so that
 * neither many accounts nor many fills of one are ever held at once.
 */
async function* traders(
  table: Table,
  { product, auction, fills }: AuctionCleared,
  shard: number,
  shards: number,
): AsyncGenerator<Slice> {
  let tradedBy = new Map<string, readonly Traded[]>();
  const slice = async (): Promise<Slice> => ({ states: await statesOf(table, [...tradedBy.keys()], shards), tradedBy });
  for await (const chunk of fillChunks(table, product, auction, shard, fills[shard]))
    for (const [account, own] of Map.groupBy(chunk, (fill) => fill.account)) {
      if (!tradedBy.has(account) && tradedBy.size === SLICE) {
        yield await slice();
        tradedBy = new Map();
      }
      tradedBy.set(account, addFills(tradedBy.get(account) ?? [], own));
    }
  if (tradedBy.size) yield await slice();
}

async function statesOf(table: Table, accounts: readonly string[], shards: number): Promise<AccountState[]> {
  const stored = await readAccounts(table, accounts, shards);
  return accounts.map((account) => stored.get(account) ?? emptyAccount(account));
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
