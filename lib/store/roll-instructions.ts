/** Roll instructions: whether and how an account's near-month position in a product rolls, one item for each product. */

import type { RollInstruction } from '../domain/clearing/roll.ts';
import { rollInstructionKey, rollInstructionPrefix, shardPartition } from './keys.ts';
import { json, type Table, text } from './table.ts';

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

/** Roll instructions of a shard's accounts, in order of account: of all, or of those from `first` to `last`, both included. */
export async function rollInstructionsOf(
  table: Table,
  product: string,
  shard: number,
  of?: { readonly first: string; readonly last: string },
): Promise<{ account: string; instruction: RollInstruction }[]> {
  const prefix = rollInstructionPrefix(product);
  const range = of ? { from: `${prefix}${of.first}`, to: `${prefix}${of.last}` } : { prefix };
  const items = await table.queryAll(shardPartition(shard), range);
  return items.map((item) => ({ account: text(item, 'sk').slice(prefix.length), instruction: JSON.parse(text(item, 'data')) }));
}
