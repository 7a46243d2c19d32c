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
import { compareBytes, countedEnd } from '../domain/auction/bytes.ts';
import type { AuctionCleared, References } from '../domain/clearing/events.ts';
import { carriedKey, type Key, resultKey, shardOf } from './keys.ts';
import type { Reader } from './packed-bytes.ts';
import { flagsOf, readFill, readLevel, readOrder, writeFillTerms, writeLevel } from './packing.ts';
import {
  type ChunkFault,
  type Chunks,
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
  readonly cleared: Pick<ClearedBook, 'filled' | 'carried' | 'selfMatched' | 'depth'>;
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
const PAIR_PREFIX_LENGTH = 14;
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
  const byShard = Array.from({ length: shards }, (_, shard) => new ShardWriter(product, auction, shard));
  // Once through the book, account by account, whichever shards they are of.
  for (const [at, account] of orders.accounts.entries()) byShard[shardOf(account, shards)]!.add(orders, at, cleared);
  const items: Item[] = [];
  const fills = new Map<number, PackedFills>();
  const [fillsRoots, carriedRoots]: Record<number, string>[] = [{}, {}];
  for (const [shard, writer] of byShard.entries()) {
    const packed = writer.done();
    for (const { items: chunks } of [packed.fills, packed.carried]) for (const chunk of chunks) items.push(chunk);
    if (packed.carried.root !== undefined) carriedRoots![shard] = packed.carried.root;
    if (packed.fills.root === undefined) continue;
    fillsRoots![shard] = packed.fills.root;
    fills.set(shard, { leaves: packed.fills.leaves, sources: packed.sources });
  }
  const depth = packDepth(product, auction, cleared.depth);
  for (const chunk of depth.items) items.push(chunk);
  const references = {
    fills: { shards, roots: fillsRoots! },
    carried: { shards, roots: carriedRoots! },
    depth: depth.root ?? null,
  };
  return { items, references, fills };
}

/** More than any account's id has, and than a row has besides the account, the sender and the order's name. */
const [ACCOUNT_BYTES_MAX, TERMS_BYTES_MAX] = [1024, 48];

/** What an auction leaves behind in one shard, account by account in their order. */
export class ShardWriter {
  readonly #fills: RunWriter;
  readonly #carried: RunWriter;
  /** The account's id, and what follows it in a key. */
  readonly #account = Buffer.alloc(ACCOUNT_BYTES_MAX);
  #sources = new Uint32Array(1024);
  #count = 0;

  constructor(product: string, auction: number, shard: number) {
    this.#fills = new RunWriter(fillsAt(product, auction, shard));
    this.#carried = new RunWriter(carriedAt(product, shard));
  }

  /** Adds what became of the orders of the account at a place of the book. */
  add(
    orders: BookColumns,
    at: number,
    { filled, carried, selfMatched }: Pick<ClearedBook, 'filled' | 'carried' | 'selfMatched'>,
  ): void {
    const { firstRow, names, nameFrom, buy, sell, limit, terms, source, sender, senders } = orders;
    const [first, end] = [firstRow[at]!, firstRow[at + 1]!];
    const accountLength = this.#account.write(accountPrefix(orders.accounts[at]!)) - 1;
    this.#fills.prefix(this.#account, accountLength + 1);
    this.#carried.prefix(this.#account, accountLength + 1);
    let [filledBy, carriedBy] = [-1, -1];
    for (let row = first; row < end; row++) {
      const [fill, left, taken] = [filled[row]!, carried[row]!, selfMatched[row]!];
      const [from, to] = [nameFrom[row]!, nameFrom[row + 1]!];
      const sentBy = sender[row]!;
      const bytesMost = accountLength + countedEnd(senders, sentBy) - sentBy + to - from + TERMS_BYTES_MAX;
      const rolls = (terms[row]! & ROLLS_BIT) !== 0;
      if (fill !== 0 || taken !== 0) {
        const { out } = this.#fills;
        this.#beginRow(this.#fills, bytesMost, accountLength, senders, filledBy, sentBy);
        filledBy = sentBy;
        out.stretch(names, from, to);
        writeFillTerms(out, buy[row]!, sell[row]!, fill, rolls, taken);
        this.#fills.endRow(names, from, to);
        this.#noteSource(source[row]!);
      }
      if (left !== 0) {
        const { out } = this.#carried;
        this.#beginRow(this.#carried, bytesMost, accountLength, senders, carriedBy, sentBy);
        carriedBy = sentBy;
        out.number(flagsOf(rolls, fill > 0));
        out.stretch(names, from, to);
        out.terms(buy[row]!, sell[row]!, limit[row]!, left, terms[row]! & TIME_IN_FORCE_BITS);
        this.#carried.endRow(names, from, to);
      }
    }
  }

  /** Begins a row with what it is of: its account, if it is the first of that in its chunk, and its sender, if the row before has another. */
  #beginRow(run: RunWriter, bytesMost: number, accountLength: number, senders: Uint8Array, before: number, sender: number): void {
    const isFirst = run.beginRow(bytesMost);
    run.out.stretch(this.#account, 0, isFirst ? accountLength : 0);
    if (isFirst || !isSameSender(senders, before, sender)) run.out.copy(senders, sender, countedEnd(senders, sender));
    else run.out.number(0);
  }

  done(): { readonly fills: PackedRun; readonly sources: Uint32Array; readonly carried: PackedRun } {
    return { fills: this.#fills.done(), sources: this.#sources.subarray(0, this.#count), carried: this.#carried.done() };
  }

  #noteSource(source: number): void {
    if (this.#count === this.#sources.length) {
      const longer = new Uint32Array(this.#sources.length * 2);
      longer.set(this.#sources);
      this.#sources = longer;
    }
    this.#sources[this.#count++] = source;
  }
}

/** Orders that were sent together share their sender's place. */
function isSameSender(senders: Uint8Array, one: number, other: number): boolean {
  if (one === other) return true;
  const lengths = [countedEnd(senders, one) - one, countedEnd(senders, other) - other] as const;
  return compareBytes(senders, one, lengths[0], senders, other, lengths[1]) === 0;
}

/** Bytes that a level of the depth has at most. */
const LEVEL_BYTES_MAX = 48;

export function packDepth(product: string, auction: number, { buy, sell, limit, traded, lapsed }: DepthColumns): PackedRun {
  const run = new RunWriter(depthAt(product, auction));
  const digits = new Uint8Array(LIMIT_DIGITS);
  for (let level = 0; level < limit.length; level++) {
    if (level === 0 || buy[level] !== buy[level - 1] || sell[level] !== sell[level - 1])
      run.prefix(Buffer.from(pairPrefix(sell[level]!, buy[level]!)), PAIR_PREFIX_LENGTH);
    run.beginRow(LEVEL_BYTES_MAX);
    writeLevel(run.out, buy[level]!, sell[level]!, limit[level]!, traded[level]!, lapsed[level]!);
    let rest = LIMIT_MOST - limit[level]!;
    for (let place = LIMIT_DIGITS - 1; place >= 0; place--, rest = Math.floor(rest / 10)) digits[place] = 48 + (rest % 10);
    run.endRow(digits, 0, LIMIT_DIGITS);
  }
  return run.done();
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

/** An account's own fills in an auction, in order of their orders' names, from the name after `after` on: all, or so many. */
export const readFillsOf = async (
  table: Chunks,
  { product, auction, fills }: Filled,
  account: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit?: number } = {},
): Promise<Fill[]> => {
  const prefix = accountPrefix(account);
  const range = {
    prefix,
    ...(limit === undefined ? {} : { limit }),
    ...(after === undefined ? {} : { after: `${prefix}${after}` }),
  };
  const shard = shardOf(account, fills.shards);
  return flat(readRun(table, FILLS, fillsAt(product, auction, shard), fills.roots[shard], range));
};

/** The fill of an account's order of one name in an auction, if it has one. Only the way to it is read. */
export const readFillsNamed = async (
  table: Chunks,
  { product, auction, fills }: Filled,
  account: string,
  name: string,
): Promise<Fill[]> => {
  const shard = shardOf(account, fills.shards);
  const range = { prefix: nameOf({ account, clientOrderId: name }), limit: 1 };
  const found = await flat(readRun(table, FILLS, fillsAt(product, auction, shard), fills.roots[shard], range));
  return found.filter(({ clientOrderId }) => clientOrderId === name);
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

/** Those of one of these shards as they are stored, a chunk at a time, each opened where its rows begin. */
export const carriedLeaves = (
  table: Rows,
  product: string,
  carried: References,
  shard: number,
  standing?: StandingChunks,
): AsyncGenerator<Reader> => readLeaves(table, carriedAt(product, shard), carried.roots[shard], {}, standing?.note);

/** An account's own carried orders. Only the way to them is read, whatever else the shard carries. */
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
