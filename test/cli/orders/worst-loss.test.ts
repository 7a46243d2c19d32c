/** What orders could lose, for the limit of an agent. */
import { expect, test } from 'vitest';
import { type PricedOrder, type Terms, ticksOf, worstLoss } from '../../../lib/cli/orders/worst-loss.ts';

/** One tick on one lot is 1.00 USD. Marks 2.400 and 2.500; the curve moves by 0.300, or its far end alone by 0.100. */
const TERMS: Terms = {
  lotGpuHours: 1000,
  priceDecimals: 3,
  scenarios: [['0.300'], ['-0.300'], ['0.000', '0.100'], ['0.000', '-0.100']],
  contracts: [
    { contract: 'A', settlementPrice: '2.400' },
    { contract: 'B', settlementPrice: '2.500' },
  ],
};
const usd = (...orders: PricedOrder[]): number => Number(worstLoss(orders, TERMS)) / 100;

test.each<[what: string, orders: PricedOrder[], usd: number]>([
  ['a lot bought at the mark: what the worst fall takes', [{ buy: 'A', price: '2.400', lots: 1 }], 300],
  ['a lot bought above it: that much more', [{ buy: 'A', price: '2.450', lots: 1 }], 350],
  ['a lot bought below all that may come: nothing', [{ buy: 'A', price: '2.000', lots: 1 }], 0],
  ['a lot sold at the mark: what the worst rise takes', [{ sell: 'A', price: '2.400', lots: 1 }], 300],
  ['a lot given away: nearly all it is worth then', [{ sell: 'A', price: '0.001', lots: 1 }], 2699],
  ['a spread at the marks: what its legs can part', [{ buy: 'B', sell: 'A', price: '0.100', lots: 2 }], 200],
  ['a spread at a negative limit', [{ buy: 'A', sell: 'B', price: '-0.050', lots: 1 }], 150],
  [
    'orders on both sides: either may fill alone',
    [
      { buy: 'A', price: '2.400', lots: 1 },
      { sell: 'A', price: '2.400', lots: 1 },
    ],
    300,
  ],
  [
    'two bought together: both fall',
    [
      { buy: 'A', price: '2.400', lots: 1 },
      { buy: 'B', price: '2.500', lots: 3 },
    ],
    1200,
  ],
  ['no order', [], 0],
])('%s', (_, orders, most) => expect(usd(...orders)).toBe(most));

test('a month that is not listed and a price off the grid can not be counted', () => {
  expect(() => usd({ buy: 'C', price: '2.400', lots: 1 })).toThrow('C is not listed');
  expect(() => usd({ buy: 'A', price: '2.4001', lots: 1 })).toThrow('2.4001 is no decimal of 3 places');
  expect(() => ticksOf('1e3', 3)).toThrow(RangeError);
  expect(ticksOf('-0.05', 3)).toBe(-50n);
});
