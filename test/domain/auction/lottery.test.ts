/** The draws themselves: which they are, and that none is likelier than another. */
import { describe, expect, it } from 'vitest';
import { Lottery } from '../../../lib/domain/auction/lottery.ts';
import { hashOf } from './books.ts';

const take = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);

describe('the lottery', () => {
  it('draws these numbers for ever, since every replay has to draw what the venue drew', () => {
    const lottery = new Lottery([0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210], 13);
    expect(take(4, () => lottery.below(1000))).toEqual([149, 326, 162, 456]);
    expect(take(2, () => lottery.below(2 ** 52))).toEqual([2_793_553_955_742_722, 3_440_738_261_433_903]);
    const items = [0, 1, 2, 3, 4, 5, 6, 7];
    lottery.shuffle(items);
    expect(items).toEqual([7, 3, 0, 6, 4, 2, 5, 1]);
  });

  it('draws alike for the same book and pair, and otherwise for another pair or another hash', () => {
    const drawn = (pair: number, number = 1) => {
      const lottery = new Lottery(hashOf(number), pair);
      return take(8, () => lottery.below(2 ** 32)).join();
    };
    expect(drawn(1)).toBe(drawn(1));
    const pairs = Array.from({ length: 50 }, (_, pair) => drawn(pair));
    const books = Array.from({ length: 50 }, (_, at) => drawn(1, at + 2));
    expect(new Set([...pairs, ...books]).size).toBe(100);
  });

  it.each([1, 2, 3, 7, 10])('draws every number below %i about equally often', (bound) => {
    const counts = new Array<number>(bound).fill(0);
    const draws = 20_000;
    for (let pair = 0; pair < draws; pair++) counts[new Lottery(hashOf(5), pair).below(bound)]!++;
    for (const count of counts)
      expect(Math.abs(count - draws / bound)).toBeLessThanOrEqual(5 * Math.sqrt((draws / bound) * (1 - 1 / bound)));
  });

  it('draws below the largest bound without favouring either half', () => {
    const bound = 2 ** 52 - 1;
    const lottery = new Lottery(hashOf(6), 0);
    const draws = take(20_000, () => lottery.below(bound));
    expect(draws.every((drawn) => Number.isSafeInteger(drawn) && drawn >= 0 && drawn < bound)).toBe(true);
    expect(Math.abs(draws.filter((drawn) => drawn < bound / 2).length - 10_000)).toBeLessThan(5 * Math.sqrt(5000));
  });

  it('shuffles into every order about equally often', () => {
    const orders = new Map<string, number>();
    const shuffles = 24_000;
    for (let number = 0; number < shuffles; number++) {
      const items = [0, 1, 2, 3];
      new Lottery(hashOf(number), 0).shuffle(items);
      orders.set(items.join(), (orders.get(items.join()) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });
});
