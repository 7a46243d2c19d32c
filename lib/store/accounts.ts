/**
 * Accounts as the shards keep them: the folded state, the journal that explains it, each shard's cursor in the log, and
 * the totals by which an event proves that it moved nothing over all accounts.
 */

import type { AccountState, JournalEntry, ProductHolding } from '../domain/clearing/account.ts';
import type { RollInstruction } from '../domain/clearing/roll.ts';
import type { BusinessDate } from '../domain/contract/calendar.ts';
import { addCents, addLots, type Cents, cents, type Lots, lots, NO_CENTS } from '../domain/contract/units.ts';
import {
  ACCOUNT_PREFIX,
  accountKey,
  cursorKey,
  journalKey,
  journalPartition,
  ordered,
  rollInstructionKey,
  rollInstructionPrefix,
  shardPartition,
  statementKey,
  statementPartition,
  totalsKey,
} from './keys.ts';
import { type Attributes, type Item, integer, json, N, S, type Table, text } from './table.ts';

export async function readAccount(
  table: Table,
  account: string,
  shards: number,
  consistent = true,
): Promise<AccountState | undefined> {
  const item = await table.get(accountKey(account, shards), consistent);
  return item && decodeAccount(item);
}

/** Accounts of a shard in order of id. */
export async function* accountsOf(table: Table, shard: number): AsyncGenerator<AccountState> {
  for await (const item of table.query(shardPartition(shard), { prefix: ACCOUNT_PREFIX })) yield decodeAccount(item);
}

/** At most `limit` accounts of a shard in order of id, those after `after`. */
export async function listAccounts(table: Table, shard: number, limit: number, after = ''): Promise<AccountState[]> {
  const range = { from: `${ACCOUNT_PREFIX}${after}`, to: `${ACCOUNT_PREFIX}~`, limit: limit + 1 };
  const states = (await table.queryAll(shardPartition(shard), range)).map(decodeAccount);
  return states.filter(({ account }) => account !== after).slice(0, limit);
}

export async function readAccounts(
  table: Table,
  accounts: readonly string[],
  shards: number,
): Promise<Map<string, AccountState>> {
  const items = await table.getMany(accounts.map((account) => accountKey(account, shards)));
  return new Map(items.map((item) => decodeAccount(item)).map((state) => [state.account, state]));
}

/** Writes the state if the stored one is older. False when it is not: this event has been applied already. */
export async function writeAccount(table: Table, shards: number, state: AccountState): Promise<boolean> {
  return table.putIf(encodeAccount(state, shards), 'attribute_not_exists(pk) OR applied < :applied', {
    ':applied': N(state.applied),
  });
}

export async function writeJournal(table: Table, entries: readonly JournalEntry[]): Promise<void> {
  await table.putAll(entries.map(journalItem));
}

export const journalItem = (entry: JournalEntry): Item => ({
  ...journalKey(entry.account, entry.seq),
  attributes: { data: S(encodeEntry(entry)) },
});

export async function readEntry(table: Table, account: string, seq: number): Promise<JournalEntry | undefined> {
  const item = await table.get(journalKey(account, seq));
  return item && decodeEntry(text(item, 'data'));
}

export async function readJournal(
  table: Table,
  account: string,
  range: { before?: number; limit: number },
): Promise<JournalEntry[]> {
  const items = await table.queryAll(journalPartition(account), {
    newestFirst: true,
    limit: range.limit,
    ...(range.before === undefined ? {} : { to: ordered(range.before - 1) }),
  });
  return items.map((item) => decodeEntry(text(item, 'data')));
}

/** An account's day in one product. */
export interface Statement {
  readonly account: string;
  readonly product: string;
  readonly date: BusinessDate;
  readonly balance: Cents;
  readonly variation: Cents;
  readonly rolledLots: Lots;
  readonly rollCost: Cents;
  readonly positions: Readonly<Record<number, Lots>>;
}

export async function writeStatements(table: Table, statements: readonly Statement[]): Promise<void> {
  await table.putAll(statements.map(statementItem));
}

export const statementItem = (statement: Statement): Item => ({
  ...statementKey(statement.account, statement.date, statement.product),
  attributes: { data: S(stringify(statement)) },
});

/** An account's statement of a day, as it stands when the day's books close; `undefined` when it held and moved nothing. */
export function statementOf(state: AccountState, product: string, date: BusinessDate): Statement | undefined {
  const holding = state.products[product];
  if (!holding) return undefined;
  const day = holding.day?.date === date ? holding.day : undefined;
  if (!day && Object.keys(holding.lots).length === 0) return undefined;
  return {
    account: state.account,
    product,
    date,
    balance: state.cash,
    variation: day?.variation ?? NO_CENTS,
    rolledLots: day?.rolledLots ?? lots(0),
    rollCost: day?.rollCost ?? NO_CENTS,
    positions: holding.lots,
  };
}

/** The newest first, those before the statement named `before` (as `statementName` names it). */
export async function readStatements(table: Table, account: string, limit: number, before?: string): Promise<Statement[]> {
  const range = before === undefined ? { limit } : { to: before, limit: limit + 1 };
  const items = await table.queryAll(statementPartition(account), { newestFirst: true, ...range });
  const earlier = items.filter((item) => text(item, 'sk') !== before).slice(0, limit);
  return earlier.map((item) => {
    const data = JSON.parse(text(item, 'data'));
    return { ...data, balance: amount(data.balance), variation: amount(data.variation), rollCost: amount(data.rollCost) };
  });
}

export const statementName = ({ account, date, product }: Statement): string => statementKey(account, date, product).sk;

export async function readCursor(table: Table, shard: number): Promise<number> {
  const item = await table.get(cursorKey(shard));
  return item ? integer(item, 'seq') : 0;
}

export async function moveCursor(table: Table, shard: number, seq: number): Promise<void> {
  await table.putIf(cursorItem(shard, seq), 'attribute_not_exists(pk) OR seq < :seq', { ':seq': N(seq) });
}

export const cursorItem = (shard: number, seq: number): Item => ({ ...cursorKey(shard), attributes: { seq: N(seq) } });

/** What one event moved in one shard, and what the shard's accounts then hold where the event makes it read them all. */
export interface ShardTotals {
  readonly accounts: number;
  readonly cents: Cents;
  readonly lots: Readonly<Record<number, Lots>>;
  /** Lots held long by month, and signed lots by month, over the accounts of the shard. */
  readonly held?: { readonly long: Readonly<Record<number, Lots>>; readonly net: Readonly<Record<number, Lots>> };
  /** What the day's statements add up to: variation received, and what rolled, by longs and by shorts, unsigned. */
  readonly day?: {
    readonly collected: Cents;
    readonly longsRolled: Lots;
    readonly shortsRolled: Lots;
    /** Lots with a roll instruction that are still in the near month. */
    readonly longsLeft: Lots;
    readonly longsRollCost: Cents;
  };
}

export interface EventTotals {
  readonly seq: number;
  readonly shards: ReadonlyMap<number, ShardTotals>;
}

/**
 * Records a shard's totals of an event; the answer holds those of every shard that has posted it. The first totals stand: a
 * worker that is late finds accounts that later events have moved on, and would add up what they hold by then.
 */
export async function recordTotals(table: Table, seq: number, shard: number, totals: ShardTotals): Promise<EventTotals> {
  const item = await table.update(totalsKey(seq), {
    expression: 'SET #shard = if_not_exists(#shard, :totals)',
    names: { '#shard': `shard#${shard}` },
    values: { ':totals': S(encodeTotals(totals)) },
  });
  return decodeTotals(seq, item!);
}

export async function readTotals(table: Table, seq: number): Promise<EventTotals> {
  return decodeTotals(seq, (await table.get(totalsKey(seq))) ?? {});
}

/** Whether every shard has posted an event. Shards post in order, so all before it are posted too. */
export async function isPosted(table: Table, seq: number, shards: number): Promise<boolean> {
  if (seq === 0) return true;
  const totals = await readTotals(table, seq);
  return totals.shards.size === shards && imbalance(totals) === undefined;
}

/** What does not sum to zero over the shards of a posted event; `undefined` when everything does. */
export function imbalance({ seq, shards }: EventTotals): string | undefined {
  const all = [...shards.values()];
  const sum = all.reduce((total, { cents: moved }) => addCents(total, moved), NO_CENTS);
  if (sum !== 0n) return `event ${seq} moves ${sum} cents over all accounts`;
  for (const name of ['moves', 'leaves'] as const) {
    const byMonth = sumByKey(all.map(({ lots: moved, held }) => (name === 'moves' ? moved : (held?.net ?? {}))));
    const off = Object.entries(byMonth).find(([, quantity]) => quantity !== 0);
    if (off) return `event ${seq} ${name} ${off[1]} lots of month ${off[0]} over all accounts`;
  }
  return undefined;
}

export function sumByKey(parts: readonly Readonly<Record<number, Lots>>[]): Record<number, Lots> {
  const sum: Record<number, Lots> = {};
  for (const part of parts)
    for (const [key, quantity] of Object.entries(part)) sum[Number(key)] = addLots(sum[Number(key)] ?? lots(0), quantity);
  return sum;
}

export async function readRollInstruction(
  table: Table,
  product: string,
  account: string,
  shards: number,
): Promise<RollInstruction | undefined> {
  const item = await table.get(rollInstructionKey(product, account, shards));
  return item && JSON.parse(text(item, 'data'));
}

export async function writeRollInstruction(
  table: Table,
  product: string,
  account: string,
  shards: number,
  instruction: RollInstruction,
): Promise<void> {
  await table.put({ ...rollInstructionKey(product, account, shards), attributes: { data: json(instruction) } });
}

export async function deleteRollInstruction(table: Table, product: string, account: string, shards: number): Promise<void> {
  await table.delete(rollInstructionKey(product, account, shards));
}

/** Roll instructions of a shard's accounts, in order of account. */
export async function rollInstructionsOf(
  table: Table,
  product: string,
  shard: number,
): Promise<{ account: string; instruction: RollInstruction }[]> {
  const prefix = rollInstructionPrefix(product);
  const items = await table.queryAll(shardPartition(shard), { prefix });
  return items.map((item) => ({ account: text(item, 'sk').slice(prefix.length), instruction: JSON.parse(text(item, 'data')) }));
}

export const encodeAccount = (state: AccountState, shards: number): Item => ({
  ...accountKey(state.account, shards),
  attributes: {
    applied: N(state.applied),
    name: S(state.name),
    cash: S(`${state.cash}`),
    products: S(stringify(state.products)),
    v: N(1),
  },
});

export function decodeAccount(item: Attributes): AccountState {
  const products: Record<string, ProductHolding> = JSON.parse(text(item, 'products'), (name, value) =>
    name === 'variation' || name === 'rollCost' ? amount(value) : value,
  );
  return {
    account: text(item, 'sk').slice(ACCOUNT_PREFIX.length),
    name: text(item, 'name'),
    applied: integer(item, 'applied'),
    cash: amount(text(item, 'cash')),
    products,
  };
}

const encodeEntry = (entry: JournalEntry): string => stringify(entry);
function decodeEntry(data: string): JournalEntry {
  const entry = JSON.parse(data);
  return { ...entry, cents: amount(entry.cents), balance: amount(entry.balance) };
}

const AMOUNTS = new Set(['cents', 'collected', 'longsRollCost']);
export const encodeTotals = (totals: ShardTotals): string => stringify(totals);
export const decodeTotals = (seq: number, item: Attributes): EventTotals => ({
  seq,
  shards: new Map(
    Object.entries(item)
      .filter(([name]) => name.startsWith('shard#'))
      .map(([name, value]) => [
        Number(name.slice(6)),
        JSON.parse(value.S!, (key, inner) => (AMOUNTS.has(key) ? amount(inner) : inner)) as ShardTotals,
      ]),
  ),
});

const stringify = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}` : inner));

function amount(value: unknown): Cents {
  if (typeof value !== 'string' || !/^-?\d+$/.test(value)) throw new TypeError(`not an amount in cents: ${String(value)}`);
  return cents(BigInt(value));
}
