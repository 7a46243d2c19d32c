/**
 * The audit: replays the clearing log from its first event through the rules, and compares what comes out with every
 * account that is stored. It shares the rules with the venue and nothing else: no cursor, snapshot, journal or total is
 * read. What it finds is a list of differences, a sentence each; an empty one means the books are right to the cent.
 */
import { createHash } from 'node:crypto';
import { type AccountState, applyEvent, emptyAccount, positions } from '../domain/account.ts';
import { BANK, type ClearingEvent, type Fill } from '../domain/events.ts';
import { centsPerTick } from '../domain/product.ts';
import { addCents, type Cents, NO_CENTS } from '../domain/units.ts';
import { EMPTY_VENUE, evolveVenue, type VenueState } from '../domain/venue.ts';
import { accountsOf } from '../store/accounts.ts';
import { readLog } from '../store/log.ts';
import { readFills } from '../store/results.ts';
import type { Table } from '../store/table.ts';

export interface Audit {
  readonly events: readonly ClearingEvent[];
  readonly venue: VenueState;
  /** As replayed, by account. */
  readonly accounts: ReadonlyMap<string, AccountState>;
  /** Whether every stored account is the replayed one, and there is no other. */
  readonly identical: boolean;
  readonly differences: readonly string[];
  /** Over all stored accounts: the sizes of what does not sum to zero in a month, added up. */
  readonly lotsSum: number;
  /** Over all stored accounts, the bank's included. */
  readonly centsSum: Cents;
  /**
   * SHA-256 of the state: each product's months, prices, days and carried orders, each account's cash and positions. Event numbers stand
   * out of it, so that it does not depend on the order in which independent deposits came.
   */
  readonly stateHash: string;
}

const DIFFERENCES_MAX = 50;

/** Reads the whole log and every account. Throws LogDamagedError when the log itself is not what was written. */
export async function auditVenue(table: Table, shards: number): Promise<Audit> {
  const { events, venue, accounts } = await replay(table, shards);
  const stored = await storedAccounts(table, shards);
  const differences: string[] = [];
  for (const name of new Set([...stored.keys(), ...accounts.keys()])) {
    const [was, is] = [accounts.get(name), stored.get(name)];
    if (canonical(was) === canonical(is)) continue;
    if (!is) differences.push(`account ${name} is not stored`);
    else if (!was) differences.push(`account ${name} is stored and not in the log`);
    else differences.push(`account ${name} is stored as ${canonical(is)} and replays as ${canonical(was)}`);
  }
  return {
    events,
    venue,
    accounts,
    identical: differences.length === 0,
    differences: differences.slice(0, DIFFERENCES_MAX),
    ...sums([...stored.values()]),
    stateHash: hashOf(venue, [...stored.values()]),
  };
}

async function replay(table: Table, shards: number): Promise<Pick<Audit, 'events' | 'venue' | 'accounts'>> {
  let venue = EMPTY_VENUE;
  const events: ClearingEvent[] = [];
  const accounts = new Map<string, AccountState>();
  const tick = (product: string): bigint => centsPerTick(venue.products[product]!.parameters);
  for await (const { seq, hash, event } of readLog(table, EMPTY_VENUE)) {
    venue = evolveVenue(venue, seq, hash, event);
    events.push(event);
    const fills = await fillsOf(table, event, shards);
    for (const account of touched(event, accounts, fills)) {
      const applied = applyEvent(accounts.get(account) ?? emptyAccount(account), seq, event, fills.get(account) ?? [], tick);
      if (applied) accounts.set(account, applied.state);
    }
  }
  return { events, venue, accounts };
}

function touched(event: ClearingEvent, accounts: ReadonlyMap<string, unknown>, fills: ReadonlyMap<string, unknown>): string[] {
  switch (event.kind) {
    case 'account-opened':
      return [event.account];
    case 'cash-moved':
      return [event.account, BANK];
    case 'auction-cleared':
      return [...fills.keys()];
    default:
      return [...accounts.keys()];
  }
}

async function fillsOf(table: Table, event: ClearingEvent, shards: number): Promise<Map<string, Fill[]>> {
  if (event.kind !== 'auction-cleared') return new Map();
  const fills: Fill[] = [];
  for (let shard = 0; shard < shards; shard++)
    fills.push(...(await readFills(table, event.product, event.auction, shard, event.fills)));
  return Map.groupBy(fills, ({ account }) => account);
}

async function storedAccounts(table: Table, shards: number): Promise<Map<string, AccountState>> {
  const stored = new Map<string, AccountState>();
  for (let shard = 0; shard < shards; shard++)
    for await (const state of accountsOf(table, shard)) stored.set(state.account, state);
  return stored;
}

function sums(accounts: readonly AccountState[]): Pick<Audit, 'lotsSum' | 'centsSum'> {
  const byContract = new Map<string, number>();
  for (const { products } of accounts)
    for (const [product, holding] of Object.entries(products))
      for (const [month, lots] of positions(holding))
        byContract.set(`${product} ${month}`, (byContract.get(`${product} ${month}`) ?? 0) + lots);
  return {
    // Months off by opposite amounts must not cancel each other out.
    lotsSum: [...byContract.values()].reduce((sum, lots) => sum + Math.abs(lots), 0),
    centsSum: accounts.reduce((sum, { cash }) => addCents(sum, cash), NO_CENTS),
  };
}

function hashOf(venue: VenueState, accounts: readonly AccountState[]): string {
  const products = Object.values(venue.products).map(
    ({ product, version, listed, marks, lastAuction, carried, settledOn, closedOn }) => ({
      product,
      version,
      listed,
      marks,
      lastAuction,
      // Hashes of the orders that live on.
      carried,
      settledOn,
      closedOn,
    }),
  );
  const states = accounts.map(({ applied: _, ...state }) => state).sort((a, b) => (a.account < b.account ? -1 : 1));
  return createHash('sha256')
    .update(canonical({ products, accounts: states }))
    .digest('hex');
}

/** JSON with the keys of every object in order, so that equal values are equal text. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner === 'bigint') return `${inner}`;
      if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
      return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? 'nothing'
  );
}
