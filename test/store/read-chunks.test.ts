/** Chunks that were read once: from memory as from the table, and of those that it holds the latest. */
import { expect, test } from 'vitest';
import type { Key } from '../../lib/store/keys.ts';
import { ReadChunks } from '../../lib/store/read-chunks.ts';
import { type Attributes, B, S } from '../../lib/store/table.ts';

const at = (sk: string): Key => ({ pk: 'CARRIED#HOG#0', sk });
const chunk = (sk: string): Attributes => ({ pk: S(at(sk).pk), sk: S(sk), body: B(new Uint8Array(10)) });

/** A table of chunks a to e, and what is asked of it. */
function open(bytesMax: number) {
  const asked: string[] = [];
  const ask = async ({ sk }: Key): Promise<Attributes | undefined> => {
    asked.push(sk);
    return 'abcde'.includes(sk) ? chunk(sk) : undefined;
  };
  const table = {
    name: 'table',
    get: ask,
    getMany: async (keys: readonly Key[]) => (await Promise.all(keys.map(ask))).flatMap((item) => (item ? [item] : [])),
  };
  const kept = new ReadChunks(bytesMax);
  return { chunks: kept.of(table), other: kept.of({ ...table, name: 'another' }), asked };
}

test('a chunk is read once, alone and among others, and each table has its own', async () => {
  const { chunks, other, asked } = open(1000);
  expect(await chunks.get(at('a'))).toEqual(chunk('a'));
  expect(await chunks.getMany(['a', 'b', 'c'].map(at))).toEqual(['a', 'b', 'c'].map(chunk));
  expect(await chunks.getMany(['a', 'b'].map(at))).toEqual(['a', 'b'].map(chunk));
  expect(await chunks.get(at('c'))).toEqual(chunk('c'));
  expect(asked).toEqual(['a', 'b', 'c']);
  await other.get(at('a'));
  expect(asked).toEqual(['a', 'b', 'c', 'a']);
});

test('a chunk that is not there is asked for each time', async () => {
  const { chunks, asked } = open(1000);
  expect([await chunks.get(at('z')), await chunks.getMany([at('z')])]).toEqual([undefined, []]);
  expect(asked).toEqual(['z', 'z']);
});

test('of more than there is room for, those go first that were not read for the longest', async () => {
  const { chunks, asked } = open(30);
  for (const sk of ['a', 'b', 'c', 'a', 'd', 'a', 'c', 'd', 'b']) await chunks.get(at(sk));
  expect(asked).toEqual(['a', 'b', 'c', 'd', 'b']);
});
