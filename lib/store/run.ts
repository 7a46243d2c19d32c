/**
 * A run: rows in order of a text key, however many, stored in chunks under a tree of index chunks. A chunk is named by the
 * hash of its content, and an index chunk holds the names of the chunks below it, so the name of the topmost one, the root,
 * stands for all rows. Where a chunk ends is decided by a hash of its last row's key and not by its place. So two runs that
 * differ in a row differ in one chunk and in the way to it from the root, and share every other chunk (a prolly tree; see
 * docs/decisions/0012-runs-of-rows.md).
 */
import { createHash } from 'node:crypto';
import type { Key } from './keys.ts';
import { CHUNK_BYTES } from './limits.ts';
import { PackingError, Reader, type RowCodec, Writer } from './packing.ts';
import { B, bytes, type Item, type Rows } from './table.ts';

/** Rows of one kind. No two rows of a run have the same key; keys are compared by code units. */
export interface RowKind<T> extends RowCodec<T> {
  readonly keyOf: (row: T) => string;
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
/** Version and level. */
const HEADER_BYTES = 2;
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
  write: (out, { lastKey, hash, rows }) => {
    out.text(lastKey);
    out.bytes(Buffer.from(hash, 'hex'));
    out.number(rows);
  },
  read: (from) => ({
    lastKey: from.text(),
    hash: Buffer.from(from.bytes(HASH_BYTES)).toString('hex'),
    rows: from.number(),
  }),
};

/** The first 128 bits of the SHA-256, in hex. */
export const contentHash = (body: Uint8Array): string =>
  createHash('sha256')
    .update(body)
    .digest('hex')
    .slice(0, HASH_BYTES * 2);

/**
 * Rows, in order of their keys, as the items of a run: the same rows always give the same items. Throws when rows are out of
 * order, and when a row is longer than a chunk.
 */
export function packRun<T>(rows: Iterable<T>, kind: RowKind<T>, place: Place): PackedRun {
  const items: Item[] = [];
  const named = ({ body, lastKey, count }: Cut): Child => {
    const hash = contentHash(body);
    items.push({ ...place.keyOf(hash), attributes: { body: B(body) } });
    return { lastKey, hash, rows: count };
  };
  let children = Array.from(
    cut(rows, kind, LEAVES, () => 1),
    named,
  );
  for (let level = 1; children.length > 1; level++) {
    const above = Array.from(
      cut(children, CHILD, level, ({ rows: below }) => below),
      named,
    );
    if (above.length >= children.length) throw new Error(`a chunk of ${CHUNK_BYTES} bytes has no room for two names`);
    children = above;
  }
  return { root: children[0]?.hash, items };
}

interface Cut {
  readonly body: Uint8Array;
  readonly lastKey: string;
  readonly count: number;
}

/** Cuts a level into chunks. Every index chunk but the last holds two names or more, so that there is an end to the levels. */
function* cut<T>(rows: Iterable<T>, { keyOf, write }: RowKind<T>, level: number, countOf: (row: T) => number): Generator<Cut> {
  const out = new Writer();
  const least = level === LEAVES ? 1 : 2;
  let lastKey: string | undefined;
  let [held, count] = [0, 0];
  const chunk = (length: number): Cut => {
    const made = { body: withHeader(level, out.take(length)), lastKey: lastKey!, count };
    [held, count] = [0, 0];
    return made;
  };
  for (const row of rows) {
    const key = keyOf(row);
    if (lastKey !== undefined && key <= lastKey) throw new Error(`rows of a run are out of order at ${key}`);
    let begun = out.length;
    write(out, row);
    if (out.length + HEADER_BYTES > CHUNK_BYTES && held > 0) {
      yield chunk(begun);
      begun = 0;
    }
    if (out.length + HEADER_BYTES > CHUNK_BYTES) throw new Error(`a row of ${out.length} bytes is longer than a chunk: ${key}`);
    lastKey = key;
    held += 1;
    count += countOf(row);
    if (held >= least && out.length >= BYTES_MIN && isEnd(key, level, out.length - begun)) yield chunk(out.length);
  }
  if (held > 0) yield chunk(out.length);
}

function withHeader(level: number, rows: Uint8Array): Uint8Array {
  const body = new Uint8Array(HEADER_BYTES + rows.length);
  body.set([VERSION, level]);
  body.set(rows, HEADER_BYTES);
  return body;
}

/**
 * Whether a chunk ends behind the row of this key: by chance (FNV-1a with murmur3's finish), the more likely the more bytes
 * the row has, so that chunks have as many bytes whatever their rows.
 */
function isEnd(key: string, level: number, rowBytes: number): boolean {
  let hash = 0x811c9dc5 ^ level;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) * BYTES_TYPICAL < rowBytes * 2 ** 32;
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
  if (root === undefined) return;
  let left = range.limit ?? Number.POSITIVE_INFINITY;
  // With a limit, rows may be enough before all chunks that could have some are read.
  const together = range.limit === undefined ? READ_TOGETHER : 1;
  const below = async function* (hashes: readonly string[]): AsyncGenerator<T[]> {
    for (let at = 0; at < hashes.length && left > 0; at += together)
      for (const body of await readBodies(rows, place, hashes.slice(at, at + together), onChunk)) {
        const { level, from } = opened(body);
        if (level > LEAVES) yield* below(withRows(childrenIn(from), range).map(({ hash }) => hash));
        else {
          const found = rowsIn(from, kind).filter((row) => isIn(kind.keyOf(row), range));
          const shown = found.length > left ? found.slice(0, left) : found;
          left -= shown.length;
          if (shown.length) yield shown;
        }
        if (left <= 0) return;
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

function opened(body: Uint8Array): { level: number; from: Reader } {
  const from = new Reader(body);
  const version = from.number();
  if (version !== VERSION) throw new PackingError(`chunk version ${version} is not known here`);
  return { level: from.number(), from };
}

const childrenIn = (from: Reader): Child[] => rowsIn(from, CHILD);

function rowsIn<T>(from: Reader, { read }: RowCodec<T>): T[] {
  const rows: T[] = [];
  while (!from.isAtEnd) rows.push(read(from));
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
