/**
 * A run: rows in order of a text key, however many, stored in chunks under a tree of index chunks. A chunk is named by the
 * hash of its content, and an index chunk holds the names of the chunks below it, so the name of the topmost one, the root,
 * stands for all rows. Where a chunk ends is decided by a hash of its last row's key and not by its place. So two runs that
 * differ in a row differ in one chunk and in the way to it from the root, and share every other chunk (a prolly tree; see
 * docs/decisions/0012-runs-of-rows.md).
 */
import { hash } from 'node:crypto';
import { compareBytes, textOf } from '../domain/auction/bytes.ts';
import type { Key } from './keys.ts';
import { CHUNK_BYTES } from './limits.ts';
import { PackingError, Reader, Writer } from './packed-bytes.ts';
import { B, bytes, type Item, type Rows } from './table.ts';

/** How rows of one kind are read. No two rows of a run have the same key; keys are compared by code units. */
export interface RowKind<T> {
  readonly keyOf: (row: T) => string;
  /** `before` is the row before it in its chunk, which may say what the row leaves out. */
  readonly read: (from: Reader, before: T | undefined) => T;
}

/** What reading a run needs. */
export type Chunks = Pick<Rows, 'get' | 'getMany'>;

/** Where a run's chunks are stored: the key of the chunk of a name, and what to call the run in an error. */
export interface Place {
  readonly what: string;
  readonly keyOf: (hash: string) => Key;
}

export interface PackedRun {
  /** Name of the topmost chunk; `undefined` when there are no rows. */
  readonly root: string | undefined;
  readonly items: readonly Item[];
  /** The chunks of rows among them, in order. */
  readonly leaves: readonly Uint8Array[];
}

/** The rows of a run to be read: those whose key begins with `prefix` and comes after `after`, and at most `limit` of them. */
export interface RunRange {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
}

const VERSION = 1;
const LEAVES = 0;
const HASH_BYTES = 16;
const BYTES_TYPICAL = CHUNK_BYTES / 4;
const BYTES_MIN = CHUNK_BYTES / 16;
/** What an index chunk says of a chunk below it has so many bytes at most besides the key: its length, a name, and a number. */
const CHILD_BYTES = 8 + HASH_BYTES + 8;
/** Chunks read at once, when all below an index chunk are wanted: a few megabytes at most. */
const READ_TOGETHER = 100;

/** What an index chunk says of a chunk below it. */
interface Child {
  readonly lastKey: string;
  readonly hash: string;
  /** Rows of the run in it, or below it. */
  readonly rows: number;
}

const CHILD: RowKind<Child> = {
  keyOf: ({ lastKey }) => lastKey,
  read: (from) => ({
    lastKey: from.text(),
    hash: Buffer.from(from.bytes(HASH_BYTES)).toString('hex'),
    rows: from.number(),
  }),
};

/** The first 128 bits of the SHA-256, in hex. */
export const contentHash = (body: Uint8Array): string => hash('sha256', body, 'hex').slice(0, HASH_BYTES * 2);

/**
 * Writes a run, row by row in order of their keys: the same rows always give the same items. A row is written into `out`, and
 * then its key is told, as a prefix that many rows may share and what comes behind it: so that of a million rows no key is made as
 * a text. Throws when rows are out of order, and when a row is longer than a chunk.
 */
export class RunWriter {
  readonly #place: Place;
  readonly #rows: Level;

  constructor(place: Place) {
    this.#place = place;
    this.#rows = new Level(LEAVES, place);
  }

  /** Where rows are written. */
  get out(): Writer {
    return this.#rows.out;
  }

  /** What the keys of the rows to come begin with: the first of some bytes. */
  prefix(bytes: Uint8Array, length: number): void {
    this.#rows.prefix(bytes, length);
  }

  /** Begins a row of so many bytes at most. True when it is the first of its chunk under the prefix, so that nothing before it says that. */
  beginRow(bytesMost: number): boolean {
    return this.#rows.beginRow(bytesMost);
  }

  /** Ends a row: its key is the prefix and a stretch of bytes. */
  endRow(bytes: Uint8Array, from: number, to: number): void {
    this.#rows.endRow(bytes, from, to, 1);
  }

  done(): PackedRun {
    const made = this.#rows.done();
    const items = [...made.items];
    const leaves = made.items.map(({ attributes }) => attributes.body!.B!);
    let children = made.children;
    for (let level = 1; children.length > 1; level++) {
      const above = new Level(level, this.#place);
      for (const child of children) above.endChild(child);
      const next = above.done();
      if (next.children.length >= children.length) throw new Error(`a chunk of ${CHUNK_BYTES} bytes has no room for two names`);
      for (const item of next.items) items.push(item);
      children = next.children;
    }
    return { root: children[0]?.hash, items, leaves };
  }
}

const KEY_BYTES_AT_FIRST = 256;

/** A level of a run, cut into chunks. Every index chunk but the last holds two names or more, so that there is an end to the levels. */
class Level {
  readonly out = new Writer();
  readonly #level: number;
  readonly #place: Place;
  readonly #items: Item[] = [];
  readonly #children: Child[] = [];
  /** Rows in the chunk so far, how many of the run's they stand for, and where the row that is being written begins. */
  #held = 0;
  #count = 0;
  #begun = 0;
  /** The key of the last row; it begins with the prefix, unless that is a new one. None yet where its length is below zero. */
  #key = Buffer.alloc(KEY_BYTES_AT_FIRST);
  #keyLength = -1;
  /** The prefix, and room for the first key that begins with it. */
  #next = Buffer.alloc(KEY_BYTES_AT_FIRST);
  #prefixLength = 0;
  #prefixHash: number;
  #isNewPrefix = true;

  constructor(level: number, place: Place) {
    this.#level = level;
    this.#place = place;
    this.#prefixHash = 0x811c9dc5 ^ level;
  }

  prefix(bytes: Uint8Array, length: number): void {
    this.#room(length);
    for (let at = 0; at < length; at++) this.#next[at] = bytes[at]!;
    this.#prefixLength = length;
    this.#prefixHash = hashOn(0x811c9dc5 ^ this.#level, bytes, 0, length);
    this.#isNewPrefix = true;
  }

  endChild({ lastKey, hash: name, rows }: Child): void {
    const key = Buffer.from(lastKey);
    this.beginRow(key.length + CHILD_BYTES);
    this.out.text(lastKey);
    this.out.bytes(Buffer.from(name, 'hex'));
    this.out.number(rows);
    this.endRow(key, 0, key.length, rows);
  }

  beginRow(bytesMost: number): boolean {
    const { out } = this;
    if (this.#held > 0 && out.length + bytesMost > CHUNK_BYTES) this.#cut();
    const isFirst = this.#held === 0;
    if (isFirst) {
      out.number(VERSION);
      out.number(this.#level);
    }
    this.#begun = out.length;
    return isFirst || this.#isNewPrefix;
  }

  endRow(bytes: Uint8Array, from: number, to: number, rows: number): void {
    const { length } = this.out;
    if (length > CHUNK_BYTES) throw new Error(`a row of ${length} bytes is longer than a chunk: ${textOf(bytes, from, to)}`);
    this.#moveKey(bytes, from, to);
    this.#held += 1;
    this.#count += rows;
    const isLongEnough = this.#held >= (this.#level === LEAVES ? 1 : 2) && length >= BYTES_MIN;
    if (isLongEnough && isEnd(hashOn(this.#prefixHash, bytes, from, to), length - this.#begun)) this.#cut();
  }

  done(): { readonly items: readonly Item[]; readonly children: readonly Child[] } {
    if (this.#held > 0) this.#cut();
    return { items: this.#items, children: this.#children };
  }

  /** Ends the chunk. */
  #cut(): void {
    const body = this.out.take();
    const name = contentHash(body);
    this.#items.push({ ...this.#place.keyOf(name), attributes: { body: B(body) } });
    this.#children.push({ lastKey: textOf(this.#key, 0, this.#keyLength), hash: name, rows: this.#count });
    [this.#held, this.#count] = [0, 0];
  }

  /** Takes the next row's key, which comes after the last one. */
  #moveKey(bytes: Uint8Array, from: number, to: number): void {
    const prefix = this.#prefixLength;
    const length = prefix + to - from;
    this.#room(length);
    const isAfter = this.#isNewPrefix
      ? this.#compareKey(bytes, from, to) > 0
      : compareBytes(bytes, from, to - from, this.#key, prefix, this.#keyLength - prefix) > 0;
    if (!isAfter) throw new Error(`rows of a run are out of order at ${textOf(bytes, from, to)}`);
    if (this.#isNewPrefix) [this.#key, this.#next] = [this.#next, this.#key];
    this.#isNewPrefix = false;
    const key = this.#key;
    for (let at = from; at < to; at++) key[prefix + at - from] = bytes[at]!;
    this.#keyLength = length;
  }

  /** The order of a key under a new prefix and of the last one. */
  #compareKey(bytes: Uint8Array, from: number, to: number): number {
    if (this.#keyLength < 0) return 1;
    const begins = Math.min(this.#prefixLength, this.#keyLength);
    const difference = compareBytes(this.#next, 0, this.#prefixLength, this.#key, 0, begins);
    return difference || compareBytes(bytes, from, to - from, this.#key, begins, this.#keyLength - begins);
  }

  #room(length: number): void {
    if (length <= this.#next.length) return;
    this.#next = Buffer.concat([this.#next, Buffer.alloc(length)]);
    this.#key = Buffer.concat([this.#key, Buffer.alloc(length)]);
  }
}

/** FNV-1a, gone on with. */
function hashOn(begun: number, bytes: Uint8Array, from: number, to: number): number {
  let so = begun;
  for (let at = from; at < to; at++) so = Math.imul(so ^ bytes[at]!, 0x01000193);
  return so;
}

/**
 * Whether a chunk ends behind the row of this key: by chance (its FNV-1a hash with murmur3's finish), the more likely the more
 * bytes the row has, so that chunks have as many bytes whatever their rows.
 */
function isEnd(keyHash: number, rowBytes: number): boolean {
  let mixed = Math.imul(keyHash ^ (keyHash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) * BYTES_TYPICAL < rowBytes * 2 ** 32;
}

/**
 * The rows of a run in order, a chunk at a time. Only the way to the rows asked for is read. Throws when a chunk is gone.
 * `onChunk` is told the key of every chunk that was read, index chunks included.
 */
export async function* readRun<T>(
  rows: Chunks,
  kind: RowKind<T>,
  place: Place,
  root: string | undefined,
  range: RunRange = {},
  onChunk: (key: Key) => void = () => {},
): AsyncGenerator<T[]> {
  let left = range.limit ?? Number.POSITIVE_INFINITY;
  for await (const leaf of readLeaves(rows, place, root, range, onChunk)) {
    const found = rowsIn(leaf, kind).filter((row) => isIn(kind.keyOf(row), range));
    const shown = found.length > left ? found.slice(0, left) : found;
    left -= shown.length;
    if (shown.length) yield shown;
    if (left <= 0) return;
  }
}

/** The chunks of a run that may hold rows of a range, in order, each opened where its rows begin; as `readRun`. */
export async function* readLeaves(
  rows: Chunks,
  place: Place,
  root: string | undefined,
  range: RunRange = {},
  onChunk: (key: Key) => void = () => {},
): AsyncGenerator<Reader> {
  if (root === undefined) return;
  // With a limit, rows may be enough before all chunks that could have some are read.
  const together = range.limit === undefined ? READ_TOGETHER : 1;
  const below = async function* (hashes: readonly string[]): AsyncGenerator<Reader> {
    for (let at = 0; at < hashes.length; at += together)
      for (const body of await readBodies(rows, place, hashes.slice(at, at + together), onChunk)) {
        const { level, from } = opened(body);
        if (level > LEAVES) yield* below(withRows(childrenIn(from), range).map(({ hash: name }) => name));
        else yield from;
      }
  };
  yield* below([root]);
}

const isIn = (key: string, { prefix = '', after }: RunRange): boolean =>
  key.startsWith(prefix) && (after === undefined || key > after);

/** The chunks that may hold rows of a range: what is in one comes after the last key of the one before. */
function withRows(children: readonly Child[], { prefix = '', after = '' }: RunRange): Child[] {
  return children.filter(({ lastKey }, at) => {
    const before = children[at - 1]?.lastKey;
    const isPast = before !== undefined && before > prefix && !before.startsWith(prefix);
    return lastKey >= prefix && lastKey > after && !isPast;
  });
}

async function readBodies(rows: Chunks, { what, keyOf }: Place, hashes: readonly string[], onChunk: (key: Key) => void) {
  const keys = hashes.map(keyOf);
  const [only] = keys;
  const items = keys.length === 1 ? [await rows.get(only!)] : await rows.getMany(keys);
  const found = new Map(items.flatMap((item) => (item ? [[item.sk?.S, item]] : [])));
  return keys.map((key) => {
    const item = found.get(key.sk);
    if (!item) throw new Error(`${what} are committed and not there: ${key.pk} ${key.sk}`);
    onChunk(key);
    return bytes(item, 'body');
  });
}

/** A chunk of rows, opened where they begin. */
export const openLeaf = (body: Uint8Array): Reader => opened(body).from;

function opened(body: Uint8Array): { level: number; from: Reader } {
  const from = new Reader(body);
  const version = from.number();
  if (version !== VERSION) throw new PackingError(`chunk version ${version} is not known here`);
  return { level: from.number(), from };
}

const childrenIn = (from: Reader): Child[] => rowsIn(from, CHILD);

function rowsIn<T>(from: Reader, { read }: RowKind<T>): T[] {
  const rows: T[] = [];
  while (!from.isAtEnd) rows.push(read(from, rows.at(-1)));
  return rows;
}

/** A chunk of a run that is not as it was written, and what is wrong with it, as what follows its name in a sentence. */
export interface ChunkFault {
  readonly key: Key;
  readonly what: string;
}

/**
 * What is wrong with the chunks of a run: gone, not the content they are named by, rows out of order, or other rows than the
 * chunk above says. None: every row is there that the root stands for.
 */
export async function chunkFaults<T>(
  rows: Rows,
  kind: RowKind<T>,
  place: Place,
  root: string | undefined,
): Promise<ChunkFault[]> {
  const faults: ChunkFault[] = [];
  let [reached, count] = ['', 0];
  const check = async (hash: string, said: Child | undefined): Promise<void> => {
    const key = place.keyOf(hash);
    const item = await rows.get(key);
    const wrong = !item
      ? 'is missing'
      : contentHash(bytes(item, 'body')) !== hash
        ? 'is not the content it is named by'
        : undefined;
    if (wrong) {
      faults.push({ key, what: wrong });
      [reached, count] = [said?.lastKey ?? '', count + (said?.rows ?? 0)];
      return;
    }
    const before = count;
    const { level, from } = opened(bytes(item!, 'body'));
    if (level > LEAVES) for (const child of childrenIn(from)) await check(child.hash, child);
    else
      for (const row of rowsIn(from, kind)) {
        const next = kind.keyOf(row);
        if (next <= reached) faults.push({ key, what: `has a row out of order: ${next}` });
        [reached, count] = [next, count + 1];
      }
    if (said && (said.rows !== count - before || said.lastKey !== reached))
      faults.push({
        key,
        what: `has ${count - before} rows up to ${reached}, not the ${said.rows} up to ${said.lastKey} said of it`,
      });
  };
  if (root !== undefined) await check(root, undefined);
  return faults;
}
