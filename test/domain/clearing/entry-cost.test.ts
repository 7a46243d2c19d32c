import { describe, expect, test } from 'vitest';
import { entryCostAfter, openProfit } from '../../../lib/domain/clearing/entry-cost.ts';
import { cents, lots, ticks } from '../../../lib/domain/contract/units.ts';

/** Trades as [lots, price in ticks], a tick on a lot worth 100 cents; what is left has cost so much. */
describe('the entry cost of a position', () => {
  test.each<[rule: string, trades: [number, number][], cost: bigint]>([
    ['is what its lots were bought for', [[10, 2350]], 2_350_000n],
    ['is negative for a short, which has received it', [[-10, 2350]], -2_350_000n],
    [
      'grows by what is added',
      [
        [10, 2350],
        [5, 2400],
      ],
      3_550_000n,
    ],
    [
      'leaves in proportion when some is sold, at whatever price',
      [
        [10, 2350],
        [5, 2400],
        [-3, 9999],
      ],
      2_840_000n,
    ],
    [
      'leaves with the last lot',
      [
        [10, 2350],
        [-10, 2400],
      ],
      0n,
    ],
    [
      'starts anew when the position crosses zero',
      [
        [10, 2350],
        [-12, 2400],
      ],
      -480_000n,
    ],
    [
      'starts anew from zero too',
      [
        [10, 2350],
        [-10, 2400],
        [1, 2500],
      ],
      250_000n,
    ],
    [
      'of a short leaves alike',
      [
        [-3, 2350],
        [1, 1],
      ],
      -470_000n,
    ],
    ['may be negative at a price below zero', [[2, -10]], -2_000n],
    [
      'of nothing traded stays',
      [
        [2, 2350],
        [0, 9999],
      ],
      470_000n,
    ],
  ])('%s', (_, trades, cost) => {
    expect(costOf(trades, 100n)).toBe(cost);
  });

  test.each([
    // A third of 8, a quarter of 10, and a quarter of 14 cents.
    [
      'up',
      [
        [2, 3],
        [1, 2],
        [-1, 9],
      ],
      5n,
    ],
    [
      'half down to the even cent',
      [
        [3, 3],
        [1, 1],
        [-1, 9],
      ],
      8n,
    ],
    [
      'half up to the even cent',
      [
        [3, 4],
        [1, 2],
        [-1, 9],
      ],
      10n,
    ],
  ] as [string, [number, number][], bigint][])('rounds what leaves %s, and the remainder stays', (_, trades, cost) => {
    expect(costOf(trades, 1n)).toBe(cost);
  });
});

test('open profit is what the lots are worth at the mark, less what they cost', () => {
  expect(openProfit(lots(10), ticks(2400), cents(2_350_000n), 100n)).toBe(50_000n);
  expect(openProfit(lots(-10), ticks(2400), cents(-2_350_000n), 100n)).toBe(-50_000n);
});

function costOf(trades: readonly [number, number][], centsPerTick: bigint): bigint {
  let [held, cost] = [lots(0), cents(0n)];
  for (const [quantity, price] of trades) {
    cost = entryCostAfter(held, cost, lots(quantity), ticks(price), centsPerTick);
    held = lots(held + quantity);
  }
  return cost;
}
