/**
 * What an auction leaves behind besides its event: fills and carried orders by shard, and the published depth, each a run of
 * chunks that are named by their content. They are written before the commit: a late repeat writes the same bytes to the same
 * place, other code writes to another place, and neither can touch what a commit already points at.
 *
 * The orders that a shard carries lie in one place whichever auction carried them, so that an auction in which little
 * changed writes little, and one account's orders are read without those of others.
 */
import type { BookOrder, DepthLevel, Fill } from '../domain/auction/book.ts';
import type { AuctionCleared, References } from '../domain/clearing/events.ts';
import { carriedKey, type Key, resultKey, shardOf } from './keys.ts';
import { DEPTH_ROW, FILL_ROW, ORDER_ROW } from './packing.ts';
import {
  type ChunkFault,
  type Chunks,
  chunkFaults,
  type PackedRun,
  type Place,
  packRun,
  type RowKind,
  type RunRange,
  readRun,
} from './run.ts';
import type { Item, Rows, Table } from './table.ts';

export interface Result {
  /** How many shards it is split into. */
  readonly shards: number;
  /** In order of account and name, as the carried orders. */
  readonly fills: ReadonlyMap<number, readonly Fill[]>;
  readonly carried: ReadonlyMap<number, readonly BookOrder[]>;
  readonly depth: readonly DepthLevel[];
}

/** What an event needs to point at a result. */
export type ResultReferences = Pick<AuctionCleared, 'fills' | 'carried' | 'depth'>;

/** No name has a space in it, and every character of one comes after the space: these sort as account and name do. */
const nameOf = ({ account, clientOrderId }: Pick<Fill, 'account' | 'clientOrderId'>): string => `${account} ${clientOrderId}`;
const accountPrefix = (account: string): string => `${account} `;
/** After all that an account has: the character that follows the space. */
const behind = (account: string): string => `${account}!`;

const FILLS: RowKind<Fill> = { ...FILL_ROW, keyOf: nameOf };
const CARRIED: RowKind<BookOrder> = { ...ORDER_ROW, keyOf: nameOf };
const DEPTH: RowKind<DepthLevel> = { ...DEPTH_ROW, keyOf: levelName };

const LIMIT_MOST = 2 ** 31 - 1;

/** The name of a level, in the order in which depth is published: by month sold, month bought, and the best limit first. */
export function levelName({ buy, sell, limit }: Pick<DepthLevel, 'buy' | 'sell' | 'limit'>): string {
  const digits = (value: number, count: number): string => String(value).padStart(count, '0');
  return `${digits(sell, 6)}.${digits(buy, 6)}.${digits(LIMIT_MOST - limit, 10)}`;
}

const fillsAt = (product: string, auction: number, shard: number): Place => ({
  what: `fills of auction ${auction} of ${product}`,
  keyOf: (hash) => resultKey(product, auction, `fills#${shard}`, hash),
});
const depthAt = (product: string, auction: number): Place => ({
  what: `depth of auction ${auction} of ${product}`,
  keyOf: (hash) => resultKey(product, auction, 'depth', hash),
});
const carriedAt = (product: string, shard: number): Place => ({
  what: `carried orders of ${product}`,
  keyOf: (hash) => carriedKey(product, shard, hash),
});

/**
 * Writes a result and returns what an event needs to point at it. `standing` are chunks that this worker has read from the
 * table; they are there and are not written again.
 */
export async function writeResult(
  table: Table,
  product: string,
  auction: number,
  result: Result,
  standing: StandingChunks = new StandingChunks(),
): Promise<ResultReferences> {
  const { items, references } = packResult(product, auction, result);
  await table.putAll(items.filter((item) => !standing.has(item)));
  return references;
}

/** Chunks that were read and so are known to stand in the table. */
export class StandingChunks {
  readonly #names = new Set<string>();

  readonly note = ({ pk, sk }: Key): void => {
    this.#names.add(`${pk} ${sk}`);
  };

  has({ pk, sk }: Key): boolean {
    return this.#names.has(`${pk} ${sk}`);
  }
}

/** A result as it is stored: the same result always gives the same items under the same keys. */
export function packResult(
  product: string,
  auction: number,
  { shards, fills, carried, depth }: Result,
): { items: readonly Item[]; references: ResultReferences } {
  const items: Item[] = [];
  const add = ({ root, items: chunks }: PackedRun): string | undefined => {
    for (const chunk of chunks) items.push(chunk);
    return root;
  };
  const byShard = <T>(runs: ReadonlyMap<number, readonly T[]>, kind: RowKind<T>, at: (shard: number) => Place): References => {
    const roots: Record<number, string> = {};
    for (const [shard, rows] of runs) {
      const root = add(packRun(rows, kind, at(shard)));
      if (root !== undefined) roots[shard] = root;
    }
    return { shards, roots };
  };
  const references = {
    fills: byShard(fills, FILLS, (shard) => fillsAt(product, auction, shard)),
    carried: byShard(carried, CARRIED, (shard) => carriedAt(product, shard)),
    depth: add(packRun(depth, DEPTH, depthAt(product, auction))) ?? null,
  };
  return { items, references };
}

/** An auction by its event, as far as its fills are found by it. */
type Filled = Pick<AuctionCleared, 'product' | 'auction' | 'fills'>;

/**
 * The fills of an auction in one of the shards that its event split them into, in order of account and name, a chunk at a time:
 * those of accounts after `after`. Throws, as all readers here, when a chunk that the event points at is gone.
 */
export const fillChunks = (table: Rows, { product, auction, fills }: Filled, shard: number, after = ''): AsyncGenerator<Fill[]> =>
  readRun(table, FILLS, fillsAt(product, auction, shard), fills.roots[shard], after === '' ? {} : { after: behind(after) });

/** All fills of an auction, shard by shard: for those who look at a whole venue. */
export const readFills = async (table: Rows, event: Filled): Promise<Fill[]> =>
  overShards(event.fills, (shard) => flat(fillChunks(table, event, shard)));

/** An account's own fills in an auction, in order of their orders' names, from the name after `after` on. */
export const readFillsOf = async (
  table: Rows,
  { product, auction, fills }: Filled,
  account: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<Fill[]> => {
  const prefix = accountPrefix(account);
  const range = { prefix, limit, ...(after === undefined ? {} : { after: `${prefix}${after}` }) };
  const shard = shardOf(account, fills.shards);
  return flat(readRun(table, FILLS, fillsAt(product, auction, shard), fills.roots[shard], range));
};

/**
 * The orders carried in one of the shards that they were split into, in order of account and name. `standing` notes the chunks they
 * were read from.
 */
export const readCarriedIn = async (
  table: Rows,
  product: string,
  carried: References,
  shard: number,
  standing?: StandingChunks,
): Promise<BookOrder[]> => flat(readRun(table, CARRIED, carriedAt(product, shard), carried.roots[shard], {}, standing?.note));

/** All carried orders of a product, shard by shard. */
export const readCarried = async (
  table: Rows,
  product: string,
  carried: References,
  standing?: StandingChunks,
): Promise<BookOrder[]> => overShards(carried, (shard) => readCarriedIn(table, product, carried, shard, standing));

/** An account's own carried orders. Only the way to them is read, whatever else its shard carries. */
export const readCarriedOf = async (
  table: Chunks,
  product: string,
  carried: References,
  account: string,
): Promise<BookOrder[]> => {
  const shard = shardOf(account, carried.shards);
  const range = { prefix: accountPrefix(account) };
  return flat(readRun(table, CARRIED, carriedAt(product, shard), carried.roots[shard], range));
};

/** Levels of the published depth in their order, those after a level's name; `root` is what the event says. */
export const readDepth = async (
  table: Rows,
  product: string,
  auction: number,
  root: string | null,
  range: Pick<RunRange, 'after' | 'limit'> = {},
): Promise<DepthLevel[]> => flat(readRun(table, DEPTH, depthAt(product, auction), root ?? undefined, range));

/** What is wrong with the chunks that an event points at; none when every row is there that was committed. */
export async function resultFaults(table: Rows, event: Pick<AuctionCleared, 'product' | 'auction' | keyof ResultReferences>) {
  const { product, auction, fills, carried, depth } = event;
  const faults: ChunkFault[] = [];
  for (const [shard, root] of Object.entries(fills.roots))
    faults.push(...(await chunkFaults(table, FILLS, fillsAt(product, auction, Number(shard)), root)));
  for (const [shard, root] of Object.entries(carried.roots))
    faults.push(...(await chunkFaults(table, CARRIED, carriedAt(product, Number(shard)), root)));
  faults.push(...(await chunkFaults(table, DEPTH, depthAt(product, auction), depth ?? undefined)));
  return faults;
}

async function overShards<T>({ shards }: References, read: (shard: number) => Promise<T[]>): Promise<T[]> {
  const all = await Promise.all(Array.from({ length: shards }, (_, shard) => read(shard)));
  return all.flat();
}

async function flat<T>(chunks: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all = await Array.fromAsync(chunks);
  return all.flat();
}
