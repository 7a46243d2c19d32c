/**
 * Accounts as of the venue's newest event exactly, whatever their shards have posted of it: what is posted is brought forward over the
 * events behind it, by the fold that posting uses. So what is decided on them and appended behind that event is decided on what is so.
 */
import { type AccountState, addFills, applyEvent, emptyAccount, type Traded } from '../domain/clearing/account.ts';
import type { VenueState } from '../domain/clearing/venue.ts';
import { ownerOf } from '../domain/contract/owner.ts';
import { centsPerTick } from '../domain/contract/product.ts';
import { accountsOfOwner } from './accounts.ts';
import { readCursor } from './cursors.ts';
import { shardOf } from './keys.ts';
import { eventsAfter, type LogEntry } from './log.ts';
import { readFillsOf } from './results.ts';
import type { Table } from './table.ts';

/** Accounts by owner. */
export type OwnersAccounts = ReadonlyMap<string, readonly AccountState[]>;

/**
 * These accounts, with all others of their owners, as of event `venue.seq`. `undefined` when a later event has been posted to one of
 * them: load the venue again.
 */
export async function ownersAccounts(
  table: Table,
  venue: VenueState,
  accounts: readonly string[],
  shards: number,
): Promise<OwnersAccounts | undefined> {
  const owners = [...new Set(accounts.map(ownerOf))];
  // Before the accounts: what a cursor has passed is in them.
  const cursors = await cursorsOf(table, new Set(owners.map((owner) => shardOf(owner, shards))));
  const stored = await Promise.all(owners.map((owner) => accountsOfOwner(table, owner, shards)));
  const states = new Map(stored.flat().map((state) => [state.account, state]));
  // One that was just opened may not be posted at all.
  for (const account of accounts) if (!states.has(account)) states.set(account, emptyAccount(account));
  if ([...states.values()].some(({ applied }) => applied > venue.seq)) return undefined;
  for await (const entry of eventsAfter(table, Math.min(...cursors))) {
    if (entry.seq > venue.seq) break;
    for (const state of states.values())
      if (entry.seq > state.applied) states.set(state.account, await broughtForward(table, venue, state, entry));
  }
  return Map.groupBy(states.values(), ({ account }) => ownerOf(account));
}

const cursorsOf = (table: Table, shards: ReadonlySet<number>): Promise<number[]> =>
  Promise.all([...shards].map((shard) => readCursor(table, shard)));

async function broughtForward(
  table: Table,
  venue: VenueState,
  state: AccountState,
  { seq, event }: LogEntry,
): Promise<AccountState> {
  const fills =
    event.kind === 'auction-cleared' ? await readFillsOf(table, event, state.account, { limit: Number.POSITIVE_INFINITY }) : [];
  const traded: readonly Traded[] = addFills([], fills);
  const tick = (product: string): bigint => centsPerTick(venue.products[product]!.parameters);
  return applyEvent(state, seq, event, traded, tick)?.state ?? state;
}
