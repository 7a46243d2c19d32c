/**
 * What an auction leaves behind besides its event: fills and carried orders by shard, and the published depth. They are
 * written before the commit, under a hash of their content: a late repeat writes the same bytes to the same place, other
 * code writes to another place, and neither can touch what a commit already points at.
 */

import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { BookOrder, Fill } from '../domain/auction/book.ts';
import type { References } from '../domain/clearing/events.ts';
import { resultKey } from './keys.ts';
import { packFills, packOrders, unpackFills, unpackOrders } from './packing.ts';
import { B, bytes, type Item, type Rows, type Table } from './table.ts';

/** Rows in one item: 400 KB is the engine's limit, a row at its longest is under 120 bytes. */
const ROWS_MAX = 3000;

export interface Result {
  readonly fills: ReadonlyMap<number, readonly Fill[]>;
  readonly carried: ReadonlyMap<number, readonly BookOrder[]>;
  /** Lots by price, as the JSON of `Depth`. */
  readonly depth: string;
}

/** What an event needs to point at a result. */
export interface ResultReferences {
  readonly fills: References;
  readonly carried: References;
  readonly depth: string;
}

/** Writes a result and returns what an event needs to point at it. */
export async function writeResult(table: Table, product: string, auction: number, result: Result): Promise<ResultReferences> {
  const { items, references } = packResult(product, auction, result);
  await table.putAll(items);
  return references;
}

/** A result as it is stored: the same result always gives the same items under the same keys. */
export function packResult(
  product: string,
  auction: number,
  result: Result,
): { items: readonly Item[]; references: ResultReferences } {
  const items: Item[] = [];
  const add = (kind: 'fills' | 'carried' | 'depth', shard: number, body: Uint8Array): string => {
    const hash = contentHash(body);
    items.push({ ...resultKey(product, auction, kind, shard, hash), attributes: { body: B(body) } });
    return hash;
  };
  const fills: Record<number, string[]> = {};
  const carried: Record<number, string[]> = {};
  for (const [shard, rows] of result.fills)
    if (rows.length) fills[shard] = chunks(rows).map((chunk) => add('fills', shard, packFills(chunk)));
  for (const [shard, rows] of result.carried)
    if (rows.length) carried[shard] = chunks(rows).map((chunk) => add('carried', shard, packOrders(chunk)));
  const depth = add('depth', 0, deflateRawSync(result.depth));
  return { items, references: { fills, carried, depth } };
}

/** The first 128 bits of the SHA-256, in hex. */
export const contentHash = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex').slice(0, 32);

/** The fills of an auction in one shard. Throws when a chunk that the event points at is gone. */
export async function readFills(
  table: Rows,
  product: string,
  auction: number,
  shard: number,
  references: References,
): Promise<Fill[]> {
  return (await readBodies(table, product, auction, 'fills', shard, references)).flatMap(unpackFills);
}

/** The orders that an auction carried on in one shard. Throws when a chunk that the event points at is gone. */
export async function readCarried(
  table: Rows,
  product: string,
  auction: number,
  shard: number,
  references: References,
): Promise<BookOrder[]> {
  return (await readBodies(table, product, auction, 'carried', shard, references)).flatMap(unpackOrders);
}

/** The published depth of an auction, as JSON. Throws when it is gone. */
export async function readDepth(table: Rows, product: string, auction: number, hash: string): Promise<string> {
  const [body] = await readBodies(table, product, auction, 'depth', 0, { 0: [hash] });
  return inflateRawSync(body!).toString('utf8');
}

async function readBodies(
  table: Rows,
  product: string,
  auction: number,
  kind: 'fills' | 'carried' | 'depth',
  shard: number,
  references: References,
): Promise<Uint8Array[]> {
  const bodies: Uint8Array[] = [];
  for (const hash of references[shard] ?? []) {
    const item = await table.get(resultKey(product, auction, kind, shard, hash));
    if (!item) throw new Error(`${kind} of auction ${auction} of ${product} are committed and not there: ${hash}`);
    bodies.push(bytes(item, 'body'));
  }
  return bodies;
}

const chunks = <T>(rows: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(rows.length / ROWS_MAX) }, (_, at) => rows.slice(at * ROWS_MAX, (at + 1) * ROWS_MAX));
