import { describe, expect, it, test } from 'vitest';
import { type AuctionBook, AuctionBookError, BOOK_LOTS_MAX, checkBook } from '../../../lib/domain/auction/columns.ts';
import { bookOf, hashOf } from './books.ts';

const good = bookOf(
  [100, 110],
  [
    ['buy', 1, 105, 5],
    ['sell', 2, 100, 5],
    ['spread', 2, 1, 10, 5],
  ],
);

test('a row is named by its pair: node sold times nodes, and node bought', () => {
  const { nodes, pair } = checkBook(good);
  expect([nodes, [...pair]]).toEqual([3, [1, 6, 5]]);
});

describe('a book that can’t be cleared is refused with the rule and the row', () => {
  it.each<[rule: string, wrong: Record<string, unknown>]>([
    ['months must be an integer from 1 to 254', { months: 255 }],
    ['buy and sell must be Uint8Array', { sell: [0, 2, 1] }],
    ['reference, limit and lots must be Int32Array', { lots: [5, 5, 5] }],
    ['reference must hold one price per month', { reference: Int32Array.of(100) }],
    ['owner must be Uint32Array', { owner: [0, 1, 2] }],
    ['buy, sell, limit, lots and owner must have one length', { lots: Int32Array.of(5) }],
    ['buy and sell must be nodes 0 to 2 (at 0)', { buy: Uint8Array.of(3, 0, 2) }],
    ['buy and sell must be nodes 0 to 2 (at 2)', { sell: Uint8Array.of(0, 2, 3) }],
    ['buy and sell must differ (at 2)', { sell: Uint8Array.of(0, 2, 2) }],
    ['lots must be at least 1 (at 2)', { lots: Int32Array.of(5, 5, 0) }],
  ])('%s', (rule, wrong) => {
    const check = (): unknown => checkBook({ ...good, ...wrong } as AuctionBook);
    expect(check).toThrow(expect.objectContaining({ message: rule }));
    expect(check).toThrow(AuctionBookError);
  });
});

test('a book may list 254 months, the last of which is a node like any', () => {
  const reference = Array.from({ length: 254 }, () => 100);
  expect(checkBook(bookOf(reference, [['buy', 254, 100, 1]])).pair[0]).toBe(254);
});

test('a book may hold as many lots as add up exactly, and not one more', () => {
  const rows = 2 ** 20 + 1;
  const lots = new Int32Array(rows).fill(2 ** 31 - 1);
  // Each row but the last is one short of 2^31: the last makes up for them all.
  lots[rows - 1] = BOOK_LOTS_MAX - (rows - 1) * (2 ** 31 - 1);
  const book = {
    months: 1,
    reference: Int32Array.of(100),
    buy: new Uint8Array(rows).fill(1),
    sell: new Uint8Array(rows),
    limit: new Int32Array(rows),
    lots,
    owner: new Uint32Array(rows),
    hash: hashOf(1),
  };
  expect(checkBook(book).pair).toHaveLength(rows);
  lots[rows - 1]!++;
  expect(() => checkBook(book)).toThrow(`a book holds at most ${2 ** 51} lots`);
});
