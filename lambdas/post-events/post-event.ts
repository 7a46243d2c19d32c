/**
 * One event into one shard, a slice of accounts at a time: load them, decide what the event makes of them, write. Journal
 * entries are written before the states they lead to, and a state only if the stored one is older, so a run may be
 * interrupted anywhere and repeated. Between two slices the run may stop, and another goes on behind the last one that was
 * finished, with its totals.
 */

import { type AccountState, addFills, emptyAccount, type JournalEntry, type Traded } from '../../lib/domain/clearing/account.ts';
import { addTotals, type ShardTotals } from '../../lib/domain/clearing/control-totals.ts';
import type { AuctionCleared, ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { accountsTouched, postEvent } from '../../lib/domain/clearing/posting.ts';
import { accountsOf, readAccounts, writeAccount } from '../../lib/store/accounts.ts';
import type { Progress } from '../../lib/store/cursors.ts';
import { readEntries, writeJournal } from '../../lib/store/journal.ts';
import { shardOf } from '../../lib/store/keys.ts';
import type { LogEntry } from '../../lib/store/log.ts';
import { fillChunks } from '../../lib/store/results.ts';
import type { Table } from '../../lib/store/table.ts';
import { booksCloser } from './close-books.ts';
import type { Shard } from './shard.ts';

/** Accounts worked at a time: enough to keep the table busy, few enough to hold in memory. */
const SLICE = 250;

/** Notes how far an event has come, before its next slice. False when this run should stop here. */
export type OnSlice = (progress: Progress) => Promise<boolean>;

/**
 * Posts an event to the accounts of a shard, those behind `from` when a part of it is posted already. The answer is what it moved
 * there in all; `undefined` when `onSlice` has stopped it on the way.
 */
export async function postToShard(
  shard: Shard,
  { seq, event }: LogEntry,
  from: Progress | undefined,
  onSlice: OnSlice,
): Promise<ShardTotals | undefined> {
  const close = event.kind === 'day-closed' ? await booksCloser(shard, seq, event) : undefined;
  const post = (slice: Slice): Promise<ShardTotals> => close?.(slice.states) ?? postSlice(shard, seq, event, slice);
  let totals = from?.totals ?? (await post({ states: [], tradedBy: new Map() }));
  let through = from?.through;
  for await (const slice of touched(shard, event, from?.through ?? '')) {
    if (through !== undefined && through !== from?.through && !(await onSlice({ seq, through, totals }))) return undefined;
    totals = addTotals(totals, await post(slice));
    through = slice.states.at(-1)!.account;
  }
  return totals;
}

/** Some accounts of the shard, in order of id, and what they traded in the event. */
interface Slice {
  readonly states: readonly AccountState[];
  readonly tradedBy: ReadonlyMap<string, readonly Traded[]>;
}

async function postSlice(
  { table, shards, centsPerTick, cancelOrders }: Shard,
  seq: number,
  event: ClearingEvent,
  { states, tradedBy }: Slice,
): Promise<ShardTotals> {
  const { applied, totals } = postEvent(seq, event, states, tradedBy, await entriesLeft(table, seq, states), centsPerTick);
  if (event.kind === 'calls-overdue') await Promise.all(applied.map(({ entry }) => cancelOrders(event.product, entry.account)));
  await writeJournal(
    table,
    applied.map(({ entry }) => entry),
  );
  await Promise.all(applied.map(({ state }) => writeAccount(table, shards, state)));
  return totals;
}

/** The journal entries that a run before this one has left, of the accounts that stand at the event or past it. */
async function entriesLeft(table: Table, seq: number, states: readonly AccountState[]): Promise<Map<string, JournalEntry>> {
  const past = states.filter(({ applied }) => applied >= seq).map(({ account }) => account);
  return new Map((await readEntries(table, seq, past)).map((entry) => [entry.account, entry]));
}

/** The shard's accounts that an event may touch, in slices and in order of id: those after `after`. */
async function* touched(shard: Shard, event: ClearingEvent, after: string): AsyncGenerator<Slice> {
  if (event.kind === 'auction-cleared') return yield* traders(shard, event, after);
  const tradedBy = new Map();
  const accounts = accountsTouched(event, tradedBy);
  if (accounts === 'all') {
    for await (const states of slicesOf(accountsOf(shard.table, shard.shard, after))) yield { states, tradedBy };
    return;
  }
  const own = accounts.filter((account) => shardOf(account, shard.shards) === shard.shard && account > after).sort();
  if (own.length) yield { states: await statesOf(shard, own), tradedBy };
}

/**
 * The accounts that traded in an auction, in order. Fills are read a chunk at a time and added up as they come, so that
 * neither many accounts nor many fills of one are ever held at once.
 */
async function* traders(shard: Shard, event: AuctionCleared, after: string): AsyncGenerator<Slice> {
  const { auction, fills } = event;
  // After a move into other shards every cursor stands behind the events from before it: this one must not be posted twice.
  if (fills.shards !== shard.shards)
    throw new Error(`auction ${auction} is split into ${fills.shards} shards, and accounts are posted in ${shard.shards}`);
  let tradedBy = new Map<string, readonly Traded[]>();
  const slice = async (): Promise<Slice> => ({ states: await statesOf(shard, [...tradedBy.keys()]), tradedBy });
  for await (const chunk of fillChunks(shard.table, event, shard.shard, after))
    for (const [account, own] of Map.groupBy(chunk, (fill) => fill.account)) {
      if (!tradedBy.has(account) && tradedBy.size === SLICE) {
        yield await slice();
        tradedBy = new Map();
      }
      tradedBy.set(account, addFills(tradedBy.get(account) ?? [], own));
    }
  if (tradedBy.size) yield await slice();
}

async function statesOf({ table, shards }: Shard, accounts: readonly string[]): Promise<AccountState[]> {
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
