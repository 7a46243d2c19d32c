/** The auction's second look at its own result, by steps that it shares with nothing: each mistake of the matching is found. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AuctionInvariantError, clearAuction } from '../../../lib/domain/auction/auction.ts';
import type { fillOrders } from '../../../lib/domain/auction/fills.ts';
import { bookOf } from './books.ts';

/** What a mistaken matching would fill; as it is unless a test says otherwise. */
let mistake: (filled: Int32Array) => Int32Array = (filled) => filled;
vi.mock('../../../lib/domain/auction/fills.ts', async (original) => {
  const real = await original<{ fillOrders: typeof fillOrders }>();
  return { ...real, fillOrders: (...given: Parameters<typeof fillOrders>) => mistake(real.fillOrders(...given)) };
});
beforeEach(() => {
  mistake = (filled) => filled;
});

/** Ten lots trade at 2.400: the first two rows better than it, the next two at it, the last two beyond it. */
const BOOK = bookOf(
  [2400, 2410],
  [
    ['buy', 1, 2405, 6],
    ['sell', 1, 2390, 6],
    ['buy', 1, 2400, 4],
    ['sell', 1, 2400, 4],
    ['buy', 1, 2395, 5],
    ['sell', 1, 2408, 5],
  ],
);

it('a book that is matched right is cleared', () => {
  const { prices, filled, surplus, traded } = clearAuction(BOOK);
  expect([[...prices], [...filled], surplus, traded]).toEqual([[2400, 2410], [6, 6, 4, 4, 0, 0], 90n, [true, false]]);
});

describe('a matching is found out that', () => {
  it.each<[what: string, filled: number[], says: string | RegExp]>([
    ['leaves an order better than the price unfilled', [5, 5, 4, 4, 0, 0], 'row 0, 5 ticks better than the price, has 5 of 6'],
    ['fills an order beyond its limit', [6, 6, 4, 4, 1, 0], 'row 4, -5 ticks better than the price, has 1 of 5'],
    ['fills an offer below its limit', [6, 6, 4, 4, 0, 1], 'row 5, -8 ticks better than the price, has 1 of 5'],
    ['fills an order beyond its lots', [7, 6, 4, 4, 0, 0], 'row 0, 5 ticks better than the price, has 7 of 6'],
    ['fills an order at the price beyond its lots', [6, 6, 5, 5, 0, 0], 'row 2, 0 ticks better than the price, has 5 of 4'],
    ['fills less than nothing', [6, 6, -1, -1, 0, 0], 'row 2, 0 ticks better than the price, has -1 of 4'],
    ['fills a losing order with less than nothing', [6, 6, 4, 4, -1, -1], 'row 4, -5 ticks better than the price, has -1 of 5'],
    ['sells a lot that is not bought', [6, 6, 3, 4, 0, 0], 'lots bought and sold differ in a month'],
    ['buys a lot that is not sold', [6, 6, 4, 3, 0, 0], 'lots bought and sold differ in a month'],
  ])('%s', (_, filled, says) => {
    mistake = () => Int32Array.from(filled);
    expect(() => clearAuction(BOOK)).toThrow(says);
    expect(() => clearAuction(BOOK)).toThrow(AuctionInvariantError);
    expect(() => clearAuction(BOOK)).toThrow(expect.objectContaining({ name: 'AuctionInvariantError' }));
  });

  it('trades less at the price than could trade is not its business: any share of it earns the same', () => {
    mistake = () => Int32Array.of(6, 6, 1, 1, 0, 0);
    expect(clearAuction(BOOK).surplus).toBe(90n);
  });
});
