import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { keyDate, keyTime } from '../../lib/domain/auction/idempotency-key.ts';
import {
  accountOfSort,
  accountSort,
  auctionKey,
  journalKey,
  logKey,
  ordered,
  resultPartition,
  rollChunkKey,
  shardOf,
  submissionKey,
  totalsKey,
} from '../../lib/store/keys.ts';

const number = fc.nat(999_999_999_999);

describe('sort keys', () => {
  test.each<[string, (at: number) => string]>([
    ['numbers', ordered],
    ['events', (at) => logKey(at).sk],
    ['totals', (at) => totalsKey(at).sk],
    ['journal entries', (at) => journalKey('a', at).sk],
    ['auctions', (at) => auctionKey('P', at).sk],
    ['results', (at) => resultPartition('P', at)],
    ['roll orders', (at) => rollChunkKey('P', 0, at, 0).sk],
  ])('of %s sort as their numbers do', (_, keyOf) => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(keyOf(a) < keyOf(b)).toBe(a < b);
      }),
    );
  });

  it('of chunks sort within their auction', () => {
    const keys = [0, 1, 9, 10, 99, 100, 9999].map((chunk) => rollChunkKey('P', 0, 7, chunk).sk);
    expect(keys.toSorted()).toEqual(keys);
    expect(rollChunkKey('P', 0, 8, 0).sk > keys.at(-1)!).toBe(true);
  });

  it("of an account's submissions sort by the time in their keys", () => {
    const time = fc.nat(2 ** 48 - 1);
    fc.assert(
      fc.property(time, time, (a, b) => {
        const [first, second] = [a, b].map((at) => submissionKey('P', 0, '', 'a', numberedKey(at)).sk) as [string, string];
        expect(first < second).toBe(a < b);
        expect(keyTime(numberedKey(a))).toBe(a);
      }),
    );
  });
});

test.each([
  ['2025-10-20T23:59:59.999Z', '2025-10-20'],
  ['2025-10-21T00:00:00.000Z', '2025-10-21'],
  ['2025-10-20T20:00:00-04:00', '2025-10-21'],
])('a key made at %s is of the UTC date %s', (at, date) => {
  expect(keyDate(numberedKey(Date.parse(at)))).toBe(date);
});

describe('shards', () => {
  it.each([1, 2, 3, 8, 16])('%d of them share ten thousand accounts out evenly, within a tenth', (shards) => {
    const sizes = new Array<number>(shards).fill(0);
    for (let at = 0; at < 10_000; at++) sizes[shardOf(`account-${at}`, shards)]! += 1;
    for (const size of sizes) expect(Math.abs(size * shards - 10_000)).toBeLessThan(1000);
  });

  // The vectors of FNV-1a, 32 bits (Fowler, Noll, Vo). Another hash would leave every account's state behind in its old shard.
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('are found by FNV-1a: %j', (account, hash) => {
    expect(shardOf(account, 2 ** 32)).toBe(hash);
    expect(shardOf(account, 7)).toBe(hash % 7);
  });
});

describe('an owner and its accounts', () => {
  it('lie in one shard, whatever they are called', () => {
    for (const shards of [1, 2, 16, 97])
      expect(new Set(['acme', 'acme.desk', 'acme.a', 'acme.9'].map((account) => shardOf(account, shards))).size).toBe(1);
  });

  it('lie together there: no other owner comes between them', () => {
    const sorted = ['acme-2', 'acme.z', 'acme', 'acme9', 'acme.a', 'acme-', 'acmea'].map(accountSort).sort();
    expect(sorted.map(accountOfSort)).toEqual(['acme', 'acme.a', 'acme.z', 'acme-', 'acme-2', 'acme9', 'acmea']);
  });
});
