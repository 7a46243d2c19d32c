/**
 * One event into one shard, a slice of accounts at a time: load them, decide what the event makes of them, write. Journal
 * entries are written before the states they lead to, and a state only if the stored one is older, so a run may be
 * interrupted anywhere and repeated. Between two slices the run may stop, and another goes on behind the last one that was
 * finished, with its totals.
 */

import type { Fill } from '../../lib/domain/auction/book.ts';
import { type AccountState, emptyAccount, type JournalEntry } from '../../lib/domain/clearing/account.ts';
import { addTotals, type ShardTotals } from '../../lib/domain/clearing/control-totals.ts';
import type { ClearingEvent, DayClosed } from '../../lib/domain/clearing/events.ts';
import { accountsTouched, closeBooks, postEvent } from '../../lib/domain/clearing/posting.ts';
import { rollDay } from '../../lib/domain/clearing/roll.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { accountsOf, readAccounts, writeAccount } from '../../lib/store/accounts.ts';
import type { Progress } from '../../lib/store/cursors.ts';
import { readEntries, writeJournal } from '../../lib/store/journal.ts';
import { shardOf } from '../../lib/store/keys.ts';
import type { LogEntry } from '../../lib/store/log.ts';
import { readFills } from '../../lib/store/results.ts';
import { rollInstructionsOf } from '../../lib/store/roll-instructions.ts';
import { writeStatements } from '../../lib/store/statements.ts';
import type { Table } from '../../lib/store/table.ts';

/** Accounts worked at a time: enough to keep the table busy, few enough to hold in memory. */
const SLICE = 250;

/** What posting needs to know besides the event. */
export interface Shard {
  readonly table: Table;
  readonly shard: number;
  readonly shards: number;
  readonly product: (code: string) => ProductState;
  readonly centsPerTick: (product: string) => bigint;
}

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
  const { table } = shard;
  const fills =
    event.kind === 'auction-cleared' ? await readFills(table, event.product, event.auction, shard.shard, event.fills) : [];
  const fillsOf = Map.groupBy(fills, ({ account }) => account);
  const post = async (states: readonly AccountState[]): Promise<ShardTotals> =>
    event.kind === 'day-closed' ? closeSlice(shard, seq, event, states) : postSlice(shard, seq, event, states, fillsOf);
  let totals = from?.totals ?? (await post([]));
  let through = from?.through;
  for await (const states of touched(shard, event, fillsOf, from?.through ?? '')) {
    if (through !== undefined && through !== from?.through && !(await onSlice({ seq, through, totals }))) return undefined;
    totals = addTotals(totals, await post(states));
    through = states.at(-1)!.account;
  }
  return totals;
}

async function postSlice(
  { table, shards, centsPerTick }: Shard,
  seq: number,
  event: ClearingEvent,
  states: readonly AccountState[],
  fillsOf: ReadonlyMap<string, readonly Fill[]>,
): Promise<ShardTotals> {
  const { applied, totals } = postEvent(seq, event, states, fillsOf, await entriesLeft(table, seq, states), centsPerTick);
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
async function* touched(
  { table, shard, shards }: Shard,
  event: ClearingEvent,
  fillsOf: ReadonlyMap<string, readonly Fill[]>,
  after: string,
): AsyncGenerator<AccountState[]> {
  const accounts = accountsTouched(event, fillsOf);
  if (accounts === 'all') return yield* slicesOf(accountsOf(table, shard, after));
  const own = accounts.filter((account) => shardOf(account, shards) === shard && account > after).sort();
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

/** Closes the books of the day for some accounts: writes their statements. */
async function closeSlice(
  { table, shard, product }: Shard,
  seq: number,
  event: DayClosed,
  states: readonly AccountState[],
): Promise<ShardTotals> {
  const near = rollDay(product(event.product).parameters.calendar, event.date)?.near;
  const [first, last] = [states.at(0)?.account, states.at(-1)?.account];
  const instructed =
    near === undefined || first === undefined || last === undefined
      ? []
      : await rollInstructionsOf(table, event.product, shard, { first, last });
  const rolling = near === undefined ? undefined : { near, accounts: new Set(instructed.map(({ account }) => account)) };
  const { statements, totals } = closeBooks(seq, event, states, rolling);
  await writeStatements(table, statements);
  return totals;
}
