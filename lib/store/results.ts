/**
 * What an auction leaves behind besides its event: fills and carried orders by shard, and the published depth, each a run of
 * chunks that are named by their content. They are written before the commit: a late repeat writes the same bytes to the same
 * place, other code writes to another place, and neither can touch what a commit already points at.
 *
 * The orders that a shard carries lie in one place whichever auction carried them, so that an auction in which little
 * changed writes little, and one account's orders are read without those of others.
 */
import type { BookOrder, ClearedBook, DepthColumns, DepthLevel, Fill } from '../domain/auction/book.ts';
import { type BookColumns, ROLLS_BIT, TIME_IN_FORCE_BITS } from '../domain/auction/book-columns.ts';
import type { AuctionCleared } from '../domain/clearing/events.ts';
import { carriedKey, type Key, resultKey, shardOf } from './keys.ts';
import { flagsOf, type Reader, readFill, readLevel, readOrder, type Writer, writeFillTerms, writeLevel } from './packing.ts';
import {
  type ChunkFault,
  chunkFaults,
  type PackedRun,
  type Place,
  type RowKind,
  type RunRange,
  RunWriter,
  readLeaves,
  readRun,
} from './run.ts';
import type { Item, Rows, Table } from './table.ts';

/** A book and what it cleared to. */
export interface Result {
  readonly orders: BookColumns;
  readonly cleared: Pick<ClearedBook, 'filled' | 'carried' | 'depth'>;
}

/** What an event needs to point at a result. */
export type ResultReferences = Pick<AuctionCleared, 'fills' | 'carried' | 'depth'>;

/** No name has a space in it, and every character of one comes after the space: these sort as account and name do. */
const nameOf = ({ account, clientOrderId }: Pick<Fill, 'account' | 'clientOrderId'>): string => `${account} ${clientOrderId}`;
const accountPrefix = (account: string): string => `${account} `;
/** After all that an account has: the character that follows the space. */
const behind = (account: string): string => `${account}!`;

const LIMIT_MOST = 2 ** 31 - 1;

/** The name of a level, in the order in which depth is published: by month sold, month bought, and the best limit first. */
export const levelName = ({ buy, sell, limit }: Pick<DepthLevel, 'buy' | 'sell' | 'limit'>): string =>
  `${pairPrefix(sell, buy)}${String(LIMIT_MOST - limit).padStart(LIMIT_DIGITS, '0')}`;
const LIMIT_DIGITS = 10;
const pairPrefix = (sell: number, buy: number): string => `${String(sell).padStart(6, '0')}.${String(buy).padStart(6, '0')}.`;

const FILLS: RowKind<Fill> = { read: readFill, keyOf: nameOf };
const CARRIED: RowKind<BookOrder> = { read: readOrder, keyOf: nameOf };
const DEPTH: RowKind<DepthLevel> = { read: readLevel, keyOf: levelName };

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
 * Writes a packed result. `standing` are chunks that this worker has read from the table; they are there and are not written
 * again.
 */
export async function writeResult(table: Table, { items }: PackedResult, standing = new StandingChunks()): Promise<void> {
  await table.putAll(items.filter((item) => !standing.has(item)));
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

export interface PackedResult {
  readonly items: readonly Item[];
  readonly references: ResultReferences;
  /** The fills of each shard that has some. */
  readonly fills: ReadonlyMap<number, PackedFills>;
}

/** Fills as they are to be written, and where the order of each was read from, as its row of the book says, one behind the other. */
export interface PackedFills {
  readonly leaves: readonly Uint8Array[];
  readonly sources: Uint32Array;
}

/** A result as it is stored: the same result always gives the same items under the same keys. */
export function packResult(product: string, auction: number, { orders, cleared }: Result, shards: number): PackedResult {
  const accounts: number[][] = Array.from({ length: shards }, () => []);
  for (const [at, account] of orders.accounts.entries()) accounts[shardOf(account, shards)]!.push(at);
  const runs: PackedRun[] = [];
  const fills = new Map<number, PackedFills>();
  const references = { fills: {} as Record<number, string>, carried: {} as Record<number, string> };
  for (let shard = 0; shard < shards; shard++) {
    const packed = packShard(product, auction, shard, orders, accounts[shard]!, cleared);
    runs.push(packed.fills, packed.carried);
    if (packed.carried.root !== undefined) references.carried[shard] = packed.carried.root;
    if (packed.fills.root === undefined) continue;
    references.fills[shard] = packed.fills.root;
    fills.set(shard, { leaves: packed.fills.leaves, sources: packed.sources });
  }
  const depth = packDepth(product, auction, cleared.depth);
  const items = [...runs, depth].flatMap((run) => run.items);
  return { items, references: { ...references, depth: depth.root ?? null }, fills };
}

/** What an auction leaves behind in one shard: of the accounts at some places of the book. */
export function packShard(
  product: string,
  auction: number,
  shard: number,
  orders: BookColumns,
  accounts: readonly number[],
  cleared: Pick<ClearedBook, 'filled' | 'carried'>,
): { readonly fills: PackedRun; readonly sources: Uint32Array; readonly carried: PackedRun } {
  const { filled, carried } = cleared;
  return {
    fills: packRows(orders, accounts, filled, fillsAt(product, auction, shard), fillWriter(orders, filled)),
    sources: sourcesOf(orders, accounts, filled),
    carried: packRows(orders, accounts, carried, carriedAt(product, shard), orderWriter(orders, filled, carried)),
  };
}

/** More than any account's id has. */
const ACCOUNT_BYTES_MAX = 1024;

/** Writes a row of the book; `account` has the account's text, and room for more behind it. */
type RowWriter = (out: Writer, account: Uint8Array, accountLength: number, row: number) => void;

const fillWriter =
  ({ names, nameFrom, buy, sell, terms }: BookColumns, filled: Int32Array): RowWriter =>
  (out, account, accountLength, row) => {
    out.stretch(account, 0, accountLength);
    out.stretch(names, nameFrom[row]!, nameFrom[row + 1]!);
    writeFillTerms(out, buy[row]!, sell[row]!, filled[row]!, (terms[row]! & ROLLS_BIT) !== 0);
  };

const orderWriter =
  ({ names, nameFrom, buy, sell, limit, terms }: BookColumns, filled: Int32Array, carried: Int32Array): RowWriter =>
  (out, account, accountLength, row) => {
    out.stretch(account, 0, accountLength);
    out.number(flagsOf((terms[row]! & ROLLS_BIT) !== 0, filled[row]! > 0));
    out.stretch(names, nameFrom[row]!, nameFrom[row + 1]!);
    out.terms(buy[row]!, sell[row]!, limit[row]!, carried[row]!, terms[row]! & TIME_IN_FORCE_BITS);
  };

/** The rows of some accounts that have lots in a column. */
function packRows(
  { accounts, firstRow, names, nameFrom }: BookColumns,
  places: readonly number[],
  lots: Int32Array,
  place: Place,
  write: RowWriter,
): PackedRun {
  const run = new RunWriter(place);
  const account = Buffer.alloc(ACCOUNT_BYTES_MAX);
  for (const at of places) {
    let length = 0;
    for (let row = firstRow[at]!; row < firstRow[at + 1]!; row++) {
      if (lots[row] === 0) continue;
      if (length === 0) {
        length = account.write(accounts[at]!);
        run.prefix(accountPrefix(accounts[at]!));
      }
      write(run.out, account, length, row);
      run.endRow(names, nameFrom[row]!, nameFrom[row + 1]!);
    }
  }
  return run.done();
}

/** Where the rows that `packRows` packs were read from, in the same order. */
function sourcesOf({ firstRow, source }: BookColumns, places: readonly number[], lots: Int32Array): Uint32Array {
  const rows = places.reduce((sum, at) => sum + firstRow[at + 1]! - firstRow[at]!, 0);
  const sources = new Uint32Array(rows);
  let count = 0;
  for (const at of places)
    for (let row = firstRow[at]!; row < firstRow[at + 1]!; row++) if (lots[row] !== 0) sources[count++] = source[row]!;
  return sources.subarray(0, count);
}

export function packDepth(product: string, auction: number, { buy, sell, limit, traded, lapsed }: DepthColumns): PackedRun {
  const run = new RunWriter(depthAt(product, auction));
  const digits = new Uint8Array(LIMIT_DIGITS);
  for (let level = 0; level < limit.length; level++) {
    if (level === 0 || buy[level] !== buy[level - 1] || sell[level] !== sell[level - 1])
      run.prefix(pairPrefix(sell[level]!, buy[level]!));
    writeLevel(run.out, buy[level]!, sell[level]!, limit[level]!, traded[level]!, lapsed[level]!);
    let rest = LIMIT_MOST - limit[level]!;
    for (let place = LIMIT_DIGITS - 1; place >= 0; place--, rest = Math.floor(rest / 10)) digits[place] = 48 + (rest % 10);
    run.endRow(digits, 0, LIMIT_DIGITS);
  }
  return run.done();
}

/**
 * The fills of an auction in one shard, in order of account and name, a chunk at a time: those of accounts after `after`.
 * `root` is what the event says of the shard. Throws, as all readers here, when a chunk that the event points at is gone.
 */
export const fillChunks = (
  table: Rows,
  product: string,
  auction: number,
  shard: number,
  root: string | undefined,
  after = '',
): AsyncGenerator<Fill[]> =>
  readRun(table, FILLS, fillsAt(product, auction, shard), root, after === '' ? {} : { after: behind(after) });

/** The same, all at once: for those who look at a whole venue. */
export const readFills = async (
  table: Rows,
  product: string,
  auction: number,
  shard: number,
  root: string | undefined,
): Promise<Fill[]> => flat(fillChunks(table, product, auction, shard, root));

/** An account's own fills in an auction, in order of their orders' names, from the name after `after` on. */
export const readFillsOf = async (
  table: Rows,
  { product, auction, fills }: Pick<AuctionCleared, 'product' | 'auction' | 'fills'>,
  { account, shard }: { readonly account: string; readonly shard: number },
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<Fill[]> => {
  const prefix = accountPrefix(account);
  const range = { prefix, limit, ...(after === undefined ? {} : { after: `${prefix}${after}` }) };
  return flat(readRun(table, FILLS, fillsAt(product, auction, shard), fills[shard], range));
};

/** The orders that a shard carries, in order of account and name. `standing` notes the chunks they were read from. */
export const readCarried = async (
  table: Rows,
  product: string,
  shard: number,
  root: string | undefined,
  standing?: StandingChunks,
): Promise<BookOrder[]> => flat(readRun(table, CARRIED, carriedAt(product, shard), root, {}, standing?.note));

/** The same as they are stored, a chunk at a time, each opened where its rows begin. */
export const carriedLeaves = (
  table: Rows,
  product: string,
  shard: number,
  root: string | undefined,
  standing?: StandingChunks,
): AsyncGenerator<Reader> => readLeaves(table, carriedAt(product, shard), root, {}, standing?.note);

/** An account's own carried orders. Only the way to them is read, whatever else the shard carries. */
export const readCarriedOf = async (
  table: Rows,
  product: string,
  shard: number,
  root: string | undefined,
  account: string,
): Promise<BookOrder[]> => flat(readRun(table, CARRIED, carriedAt(product, shard), root, { prefix: accountPrefix(account) }));

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
  for (const [shard, root] of Object.entries(fills))
    faults.push(...(await chunkFaults(table, FILLS, fillsAt(product, auction, Number(shard)), root)));
  for (const [shard, root] of Object.entries(carried))
    faults.push(...(await chunkFaults(table, CARRIED, carriedAt(product, Number(shard)), root)));
  faults.push(...(await chunkFaults(table, DEPTH, depthAt(product, auction), depth ?? undefined)));
  return faults;
}

async function flat<T>(chunks: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all = await Array.fromAsync(chunks);
  return all.flat();
}
