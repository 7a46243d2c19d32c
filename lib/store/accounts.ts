/** Accounts as their shards keep them: each one item, the state that the log folds to up to the event it names. */

import type { AccountState, ProductHolding } from '../domain/clearing/account.ts';
import type { OpenCall } from '../domain/clearing/calls.ts';
import { ownerOf } from '../domain/contract/owner.ts';
import { amount, amountsToJson } from './amounts.ts';
import { ACCOUNT_PREFIX, accountKey, accountOfSort, accountSort, shardPartition } from './keys.ts';
import { type Attributes, type Item, integer, N, type Range, S, type Table, text } from './table.ts';

export async function readAccount(
  table: Table,
  account: string,
  shards: number,
  consistent = true,
): Promise<AccountState | undefined> {
  const item = await table.get(accountKey(account, shards), consistent);
  return item && decodeAccount(item);
}

/** Accounts of a shard in the order of their keys, those after `after`. */
export async function* accountsOf(table: Table, shard: number, after = ''): AsyncGenerator<AccountState> {
  const range = { from: accountSort(after), to: `${ACCOUNT_PREFIX}~` };
  for await (const item of table.query(shardPartition(shard), range)) {
    const state = decodeAccount(item);
    if (state.account !== after) yield state;
  }
}

/** At most `limit` accounts of a shard in the order of their keys, those after `after`. */
export async function listAccounts(table: Table, shard: number, limit: number, after = ''): Promise<AccountState[]> {
  const range = { from: accountSort(after), to: `${ACCOUNT_PREFIX}~`, limit: limit + 1 };
  const states = (await table.queryAll(shardPartition(shard), range)).map(decodeAccount);
  return states.filter(({ account }) => account !== after).slice(0, limit);
}

/** All accounts of an owner. */
export async function accountsOfOwner(table: Table, owner: string, shards: number): Promise<AccountState[]> {
  const { pk, sk } = accountKey(owner, shards);
  return (await table.queryAll(pk, { from: sk, to: `${sk}!~` })).map(decodeAccount);
}

/**
 * Accounts of a shard in the order of their keys, from an owner's first on: all of that owner's, and as many of the owners behind it as come
 * with a page of `limit`, each owner with all of its accounts or not at all; and how many accounts were read for that, of how many bytes.
 */
export async function readOwnersFrom(
  table: Table,
  shard: number,
  owner: string,
  limit: number,
): Promise<{ owners: Map<string, AccountState[]>; accounts: number; bytes: number }> {
  let [accounts, bytes] = [0, 0];
  const page = async (range: Range): Promise<AccountState[]> => {
    const items = await table.queryAll(shardPartition(shard), range);
    accounts += items.length;
    for (const item of items) bytes += sizeOf(item);
    return items.map(decodeAccount);
  };
  const states = await page({ from: accountSort(owner), to: `${ACCOUNT_PREFIX}~`, limit });
  const last = states.length === limit ? states.at(-1)! : undefined;
  const owners = Map.groupBy(states, ({ account }) => ownerOf(account));
  // The page may have cut the last one off.
  if (last && ownerOf(last.account) === owner)
    owners.get(owner)!.push(...(await page({ from: `${accountSort(last.account)} `, to: `${accountSort(`${owner}.`)}~` })));
  else if (last) owners.delete(ownerOf(last.account));
  return { owners, accounts, bytes };
}

/** About the bytes that a read of an item is billed by: of names and values. */
const sizeOf = (item: Attributes): number =>
  Object.entries(item).reduce((sum, [name, { S, N }]) => sum + name.length + (S ?? N ?? '').length, 0);

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

export const encodeAccount = (state: AccountState, shards: number): Item => ({
  ...accountKey(state.account, shards),
  attributes: {
    applied: N(state.applied),
    name: S(state.name),
    ...(state.product === undefined ? {} : { product: S(state.product) }),
    cash: S(`${state.cash}`),
    deposited: S(`${state.deposited}`),
    depositedBy: N(state.depositedBy),
    products: S(amountsToJson(state.products)),
    ...(state.call ? { call: S(amountsToJson(state.call)) } : {}),
    v: N(1),
  },
});

export function decodeAccount(item: Attributes): AccountState {
  const products: Record<string, ProductHolding> = JSON.parse(text(item, 'products'), (name, value) => {
    if (name === 'variation' || name === 'rollCost') return amount(value);
    return name === 'entryCost' ? Object.fromEntries(Object.entries(value).map(([month, cost]) => [month, amount(cost)])) : value;
  });
  return {
    account: accountOfSort(text(item, 'sk')),
    name: text(item, 'name'),
    ...(item.product?.S === undefined ? {} : { product: item.product.S }),
    applied: integer(item, 'applied'),
    cash: amount(text(item, 'cash')),
    deposited: amount(text(item, 'deposited')),
    depositedBy: integer(item, 'depositedBy'),
    products,
    ...(item.call ? { call: decodeCall(text(item, 'call')) } : {}),
  };
}

function decodeCall(data: string): OpenCall {
  const call = JSON.parse(data);
  return { ...call, cents: amount(call.cents) };
}
