/**
 * A run of rows: read as it was written, whole or in part; cut into chunks that are neither too large nor too many; and of two
 * runs that differ in a row nearly all chunks are the same. All of it at the size that is deployed and at a tiny one.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RowKind } from '../../lib/store/run.ts';
import type { Attributes, Item, Rows } from '../../lib/store/table.ts';

type Row = readonly [key: string, value: number];
const PLACE = { what: 'rows', keyOf: (hash: string) => ({ pk: 'RUN', sk: hash }) };

/** The module with chunks of another size. */
async function sized(bytes: number) {
  vi.resetModules();
  vi.doMock('../../lib/store/limits.ts', () => ({ CHUNK_BYTES: bytes }));
  const { RunWriter, readRun, chunkFaults } = await import('../../lib/store/run.ts');
  const kind: RowKind<Row> = {
    keyOf: ([key]) => key,
    read: (from) => [from.text(), from.number()],
  };
  return {
    /** As of rows whose keys begin alike up to a space, where they have one. */
    pack: (rows: readonly Row[]) => {
      const run = new RunWriter(PLACE);
      let begins = '';
      for (const [key, value] of rows) {
        const prefix = key.slice(0, key.indexOf(' ') + 1);
        if (prefix !== begins) run.prefix(Buffer.from(prefix), Buffer.byteLength(prefix));
        begins = prefix;
        run.beginRow(Buffer.byteLength(key) + 4);
        run.out.text(key);
        run.out.number(value);
        const bytes = Buffer.from(`_${key.slice(prefix.length)}_`);
        run.endRow(bytes, 1, bytes.length - 1);
      }
      return run.done();
    },
    read: async (table: Stored, root: string | undefined, range = {}) =>
      (await Array.fromAsync(readRun(table, kind, PLACE, root, range))).flat(),
    faults: (table: Stored, root: string | undefined) => chunkFaults(table, kind, PLACE, root),
  };
}
afterEach(() => vi.doUnmock('../../lib/store/limits.ts'));

/** Items in memory, which count how often one is read. */
class Stored implements Rows {
  readonly items = new Map<string, Attributes>();
  reads = 0;

  constructor(items: readonly Item[]) {
    for (const { pk, sk, attributes } of items) this.items.set(sk, { pk: { S: pk }, sk: { S: sk }, ...attributes });
  }
  async get({ sk }: { sk: string }): Promise<Attributes | undefined> {
    this.reads += 1;
    return this.items.get(sk);
  }
  async getMany(keys: readonly { sk: string }[]): Promise<Attributes[]> {
    this.reads += keys.length;
    return keys.flatMap(({ sk }) => [this.items.get(sk)].filter((item) => item !== undefined)).reverse();
  }
  async *query(): AsyncGenerator<Attributes> {}
  async *pages(): AsyncGenerator<Attributes[]> {}
  async queryAll(): Promise<Attributes[]> {
    return [];
  }
}

const name = (at: number): string => `account-${String(at % 997).padStart(3, '0')} order-${String(at).padStart(6, '0')}`;
const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, at): Row => [name(at), at]).sort(([a], [b]) => (a < b ? -1 : 1));
const lengths = (items: readonly Item[]): number[] => items.map(({ attributes }) => attributes.body!.B!.length);

const sortedRows = fc
  .uniqueArray(fc.tuple(fc.string({ maxLength: 12 }), fc.nat(1000)), { selector: ([key]) => key, maxLength: 80 })
  .map((rows) => rows.map(([key, value]): Row => [`k${key}`, value]).sort(([a], [b]) => (a < b ? -1 : 1)));

describe.each([
  ['deployed', 32 * 1024],
  ['tiny', 300],
])('with chunks of the %s size', (size, bytes) => {
  const rows = rowsOf(size === 'tiny' ? 2_000 : 20_000);

  it('any rows are read as they were written, also from a key on, by prefix and in part', async () => {
    const { pack, read } = await sized(bytes);
    await fc.assert(
      fc.asyncProperty(
        sortedRows,
        fc.string({ maxLength: 3 }),
        fc.string({ maxLength: 3 }),
        fc.integer({ min: 1, max: 90 }),
        async (written, start, from, limit) => {
          const { root, items } = pack(written);
          const table = new Stored(items);
          expect(await read(table, root)).toEqual(written);
          const [prefix, after] = [`k${start}`, `k${from}`];
          const within = written.filter(([key]) => key.startsWith(prefix));
          expect(await read(table, root, { prefix })).toEqual(within);
          expect(await read(table, root, { after })).toEqual(written.filter(([key]) => key > after));
          expect(await read(table, root, { prefix, after, limit })).toEqual(
            within.filter(([key]) => key > after).slice(0, limit),
          );
        },
      ),
    );
  });

  it('a long run is read in pages as it was written', async () => {
    const { pack, read, faults } = await sized(bytes);
    const { root, items } = pack(rows);
    const table = new Stored(items);
    expect(await read(table, root)).toEqual(rows);
    expect(await faults(table, root)).toEqual([]);
    const paged: Row[] = [];
    for (let page: Row[] = []; ; paged.push(...page)) {
      page = await read(table, root, { limit: 777, ...(paged.length ? { after: paged.at(-1)![0] } : {}) });
      if (page.length === 0) break;
    }
    expect(paged).toEqual(rows);
  });

  it('no chunk is larger than the size, and on average they have a quarter of it', async () => {
    const { pack } = await sized(bytes);
    const sizes = lengths(pack(rows).items);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(bytes);
    const mean = sizes.reduce((sum, length) => sum + length, 0) / sizes.length;
    expect(mean).toBeGreaterThan(bytes / 8);
    expect(mean).toBeLessThan(bytes / 2);
  });

  it('the same rows are the same chunks, and one row that changes, comes or goes touches one way to the root', async () => {
    const { pack } = await sized(bytes);
    const before = pack(rows);
    expect(pack(rows).root).toBe(before.root);
    const known = new Set(before.items.map(({ sk }) => sk));
    const levels = Math.ceil(Math.log(before.items.length) / Math.log(2)) + 1;
    for (const at of [0, 1, 777, rows.length - 1]) {
      const [key] = rows[at]!;
      for (const changed of [
        rows.with(at, [key, 999_999]),
        rows.toSpliced(at, 1),
        rows.toSpliced(at, 0, [key.slice(0, -1), 5]),
      ]) {
        const fresh = pack(changed).items.filter(({ sk }) => !known.has(sk));
        expect(fresh.length).toBeGreaterThan(0);
        expect(fresh.length).toBeLessThanOrEqual(size === 'tiny' ? 2 * levels : 6);
      }
    }
  });

  it('one account’s rows are read without the others', async () => {
    const { pack, read } = await sized(bytes);
    const { root, items } = pack(rows);
    const table = new Stored(items);
    expect((await read(table, root, { prefix: 'account-500 ' })).length).toBeGreaterThan(1);
    expect(table.reads).toBeLessThanOrEqual(size === 'tiny' ? 16 : 5);
    table.reads = 0;
    expect(await read(table, root, { prefix: 'account-500x ' })).toEqual([]);
    expect(table.reads).toBeLessThanOrEqual(size === 'tiny' ? 14 : 4);
  });

  it('a chunk that is gone stops its reader, and every damage is named', async () => {
    const { pack, read, faults } = await sized(bytes);
    const { root, items } = pack(rows);
    for (const { sk } of [items[0]!, items[3]!, items.at(-1)!]) {
      const table = new Stored(items);
      table.items.delete(sk);
      await expect(read(table, root)).rejects.toThrow(`rows are committed and not there: RUN ${sk}`);
      expect(await faults(table, root)).toEqual([{ key: { pk: 'RUN', sk }, what: 'is missing' }]);
      const body = Uint8Array.from(items.find((item) => item.sk === sk)!.attributes.body!.B!);
      body[body.length - 1]! ^= 1;
      table.items.set(sk, { pk: { S: 'RUN' }, sk: { S: sk }, body: { B: body } });
      expect(await faults(table, root)).toEqual([{ key: { pk: 'RUN', sk }, what: 'is not the content it is named by' }]);
    }
  });
});

describe('chunks that are what they are named by, and were not made by this code', () => {
  const chunk = (level: number, ...rows: readonly (readonly [string, ...number[]])[]) => {
    const out = [1, level];
    for (const [key, ...rest] of rows) out.push(key.length, ...Buffer.from(key), ...rest);
    const body = Uint8Array.from(out);
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 32);
    return { pk: 'RUN', sk: hash, attributes: { body: { B: body } }, bytes: [...Buffer.from(hash, 'hex')] };
  };

  it('are named when rows are out of order, in one chunk or over two', async () => {
    const { faults } = await sized(300);
    const turned = chunk(0, ['b', 1], ['a', 1]);
    expect(await faults(new Stored([turned]), turned.sk)).toMatchObject([
      { key: { sk: turned.sk }, what: 'has a row out of order: a' },
    ]);
    const [late, early] = [chunk(0, ['c', 1]), chunk(0, ['b', 1])];
    const index = chunk(1, ['c', ...late.bytes, 1], ['b', ...early.bytes, 1]);
    expect(await faults(new Stored([late, early, index]), index.sk)).toMatchObject([
      { key: { sk: early.sk }, what: 'has a row out of order: b' },
    ]);
  });

  it('are named when they hold other rows than the chunk above says', async () => {
    const { faults } = await sized(300);
    const leaf = chunk(0, ['b', 1], ['c', 1]);
    for (const [key, count] of [
      ['c', 3],
      ['d', 2],
    ] as const) {
      const index = chunk(1, [key, ...leaf.bytes, count]);
      const what = `has 2 rows up to c, not the ${count} up to ${key} said of it`;
      expect(await faults(new Stored([leaf, index]), index.sk)).toEqual([{ key: { pk: 'RUN', sk: leaf.sk }, what }]);
    }
  });

  it('are refused when they are of a version that this code does not know', async () => {
    const { read } = await sized(300);
    const newer = chunk(0);
    newer.attributes.body.B[0] = 2;
    await expect(read(new Stored([newer]), newer.sk)).rejects.toThrow('version 2 is not known');
  });
});

describe('what can’t be stored is refused', () => {
  it('rows out of order, and a key that comes twice', async () => {
    const { pack } = await sized(300);
    const wrong: Row[][] = [
      [
        ['b', 1],
        ['a', 1],
      ],
      [
        ['a', 1],
        ['a', 2],
      ],
    ];
    for (const rows of wrong) expect(() => pack(rows)).toThrow('out of order');
  });

  it('a row longer than a chunk, and names of which a chunk can’t hold two', async () => {
    const { pack } = await sized(300);
    expect(() => pack([['x'.repeat(300), 1]])).toThrow('longer than a chunk');
    expect(() => pack(Array.from({ length: 50 }, (_, at): Row => [`${'x'.repeat(250)}${at + 100}`, 1]))).toThrow('two names');
  });

  it('no rows are no chunks', async () => {
    const { pack, read } = await sized(300);
    expect(pack([])).toEqual({ root: undefined, items: [], leaves: [] });
    expect(await read(new Stored([]), undefined)).toEqual([]);
  });
});
