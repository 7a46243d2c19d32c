/**
 * One event into one shard. Journal entries are written before the states they lead to, and a state only if the stored
 * one is older; an account that a run before this one has already moved is counted by its journal entry, so the totals
 * come out the same however often and wherever the run was interrupted.
 */

import type { Fill } from '../../lib/domain/auction/book.ts';
import { type AccountState, applyEvent, emptyAccount, type JournalEntry, positions } from '../../lib/domain/clearing/account.ts';
import { BANK, type ClearingEvent, type DayClosed } from '../../lib/domain/clearing/events.ts';
import { rollDay } from '../../lib/domain/clearing/roll.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { addCents, addLots, type Lots, lots, NO_CENTS } from '../../lib/domain/contract/units.ts';
import {
  accountsOf,
  readAccounts,
  readEntry,
  rollInstructionsOf,
  type ShardTotals,
  type Statement,
  statementOf,
  sumByKey,
  writeAccount,
  writeJournal,
  writeStatements,
} from '../../lib/store/accounts.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { type LogEntry, loadVenue } from '../../lib/store/log.ts';
import { readFills } from '../../lib/store/results.ts';
import type { Backends } from '../queue/consume.ts';

/** Accounts worked at a time: enough to keep the table busy, few enough to hold in memory. */
const SLICE = 250;

export async function postEvent(
  backends: Backends,
  shard: number,
  shards: number,
  entry: LogEntry,
  centsPerTick: (product: string) => bigint,
): Promise<ShardTotals> {
  const { table } = backends;
  const { seq, event } = entry;
  if (event.kind === 'day-closed') return closeDay(backends, shard, seq, event);

  const fills = event.kind === 'auction-cleared' ? await readFills(table, event.product, event.auction, shard, event.fills) : [];
  const fillsOf = Map.groupBy(fills, ({ account }) => account);
  const revalues = event.kind === 'prices-settled' || event.kind === 'month-expired';
  let totals: ShardTotals = { accounts: 0, cents: NO_CENTS, lots: {} };
  const holdings: Holdings = { long: {}, net: {} };
  const slices = revalues ? slicesOf(accountsOf(table, shard)) : named(backends, touched(event, fillsOf), shard, shards);
  for await (const slice of slices) {
    const moved = await postSlice(backends, shards, seq, event, slice, fillsOf, centsPerTick);
    totals = {
      accounts: totals.accounts + moved.entries.length,
      cents: moved.entries.reduce((sum, { cents }) => addCents(sum, cents), totals.cents),
      lots: sumByKey([totals.lots, ...moved.entries.map((posted) => posted.lots)]),
    };
    if (revalues) for (const state of moved.states) addHoldings(holdings, state, event.product);
  }
  return revalues ? { ...totals, held: holdings } : totals;
}

/** Applies the event to a slice of accounts: journal first, then states. */
async function postSlice(
  { table }: Backends,
  shards: number,
  seq: number,
  event: ClearingEvent,
  slice: readonly AccountState[],
  fillsOf: ReadonlyMap<string, readonly Fill[]>,
  centsPerTick: (product: string) => bigint,
): Promise<{ entries: JournalEntry[]; states: AccountState[] }> {
  const entries: JournalEntry[] = [];
  const fresh: { state: AccountState; entry: JournalEntry }[] = [];
  const states: AccountState[] = [];
  for (const state of slice) {
    if (state.applied >= seq) {
      const posted = await readEntry(table, state.account, seq);
      if (posted) entries.push(posted);
      states.push(state);
      continue;
    }
    const applied = applyEvent(state, seq, event, fillsOf.get(state.account) ?? [], centsPerTick);
    if (applied) fresh.push(applied);
    states.push(applied?.state ?? state);
  }
  await writeJournal(
    table,
    fresh.map(({ entry }) => entry),
  );
  await Promise.all(fresh.map(({ state }) => writeAccount(table, shards, state)));
  entries.push(...fresh.map(({ entry }) => entry));
  return { entries, states };
}

/** The accounts an event names, without those of other shards. */
function touched(event: ClearingEvent, fillsOf: ReadonlyMap<string, unknown>): string[] {
  if (event.kind === 'account-opened') return [event.account];
  if (event.kind === 'cash-moved') return [event.account, BANK];
  return [...fillsOf.keys()];
}

async function* named(
  { table }: Backends,
  accounts: readonly string[],
  shard: number,
  shards: number,
): AsyncGenerator<AccountState[]> {
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

interface Holdings {
  long: Record<number, Lots>;
  net: Record<number, Lots>;
}

function addHoldings(holdings: Holdings, state: AccountState, product: string): void {
  const holding = state.products[product];
  for (const [month, quantity] of holding ? positions(holding) : []) {
    holdings.net[month] = addLots(holdings.net[month] ?? lots(0), quantity);
    if (quantity > 0) holdings.long[month] = addLots(holdings.long[month] ?? lots(0), quantity);
  }
}

/** The books of the day: a statement for every account that holds or moved something, and what they add up to. */
async function closeDay({ table }: Backends, shard: number, seq: number, event: DayClosed): Promise<ShardTotals> {
  const { product, date } = event;
  const state: ProductState = (await loadVenue(table)).products[product]!;
  const near = rollDay(state.parameters.calendar, date)?.near;
  const instructed = new Set((await rollInstructionsOf(table, product, shard)).map(({ account }) => account));
  const holdings: Holdings = { long: {}, net: {} };
  let [collected, longsRollCost] = [NO_CENTS, NO_CENTS];
  let [longsRolled, shortsRolled, longsLeft] = [lots(0), lots(0), lots(0)];
  let accounts = 0;
  for await (const slice of slicesOf(accountsOf(table, shard))) {
    const statements: Statement[] = [];
    for (const account of slice) {
      const holding = account.products[product];
      if (!holding) continue;
      addHoldings(holdings, account, product);
      const day = holding.day?.date === date ? holding.day : undefined;
      const rolled = day?.rolledLots ?? lots(0);
      if (day && day.variation > 0n) collected = addCents(collected, day.variation);
      if (rolled > 0) [longsRolled, longsRollCost] = [addLots(longsRolled, rolled), addCents(longsRollCost, day!.rollCost)];
      if (rolled < 0) shortsRolled = lots(shortsRolled - rolled);
      if (near !== undefined && instructed.has(account.account))
        longsLeft = lots(longsLeft + Math.max(0, holding.lots[near] ?? 0));
      // Moved on by a later event: its statement was written by a worker that this one is a late repeat of.
      const statement = account.applied > seq ? undefined : statementOf(account, product, date);
      if (statement) statements.push(statement);
    }
    await writeStatements(table, statements);
    accounts += statements.length;
  }
  const day = { collected, longsRolled, shortsRolled, longsLeft, longsRollCost };
  return { accounts, cents: NO_CENTS, lots: {}, held: holdings, day };
}
