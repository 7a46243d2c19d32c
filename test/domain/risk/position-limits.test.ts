/** What an owner may come to hold, against every subset of its orders. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { businessDays } from '../../../lib/domain/contract/calendar.ts';
import { CASH, type ContractMonth, contractMonth, monthAfter } from '../../../lib/domain/contract/months.ts';
import { limitErrors, type PositionLimits } from '../../../lib/domain/contract/risk-parameters.ts';
import { deliveryLimited, WorstHoldings } from '../../../lib/domain/risk/position-limits.ts';
import type { OpenOrder } from '../../../lib/domain/risk/worst-case.ts';
import { on } from '../../venue/h100.ts';

const NEAR = contractMonth(2025, 12);
const NEXT = monthAfter(NEAR);
const MONTHS: ContractMonth[] = [NEAR, NEXT, monthAfter(NEAR, 2)];
const LIMITS: PositionLimits = {
  orderLots: 60,
  monthLots: 100,
  delivery: { lots: 20, fromDay: 10 },
  allLots: 100,
  reportedLots: 80,
};
const order = (buy: ContractMonth, sell: ContractMonth, lots: number): OpenOrder => ({ buy, sell, lots, limit: 0 });

describe('an order is refused that would lead an owner beyond', () => {
  const held = new WorstHoldings(
    [
      [NEAR, 90],
      [NEXT, -50],
    ],
    [order(NEAR, CASH, 5), order(NEXT, NEAR, 10)],
  );

  it.each([
    ['the lots of one order', order(NEXT, CASH, 61), { limit: 'order-lots', allowed: 60, would: 61 }],
    [
      'what it may be long in a month',
      order(NEAR, CASH, 6),
      { limit: 'month-lots', month: NEAR, side: 'long', allowed: 100, would: 101 },
    ],
    [
      'what it may be short in a month',
      order(CASH, NEXT, 60),
      { limit: 'month-lots', month: NEXT, side: 'short', allowed: 100, would: 110 },
    ],
    [
      'what it may hold over all months',
      order(monthAfter(NEAR, 2), CASH, 56),
      { limit: 'all-lots', side: 'long', allowed: 100, would: 101 },
    ],
  ])('%s', (_, one, breach) => {
    expect(held.breach(one!, LIMITS, undefined)).toEqual(breach);
  });

  it('the tighter limit of the month that is being delivered, from its day on', () => {
    const small = new WorstHoldings([[NEAR, 15]]);
    expect(small.breach(order(NEAR, CASH, 6), LIMITS, undefined)).toBeUndefined();
    expect(small.breach(order(NEAR, CASH, 6), LIMITS, NEAR)).toEqual({
      limit: 'delivery-lots',
      month: NEAR,
      side: 'long',
      allowed: 20,
      would: 21,
    });
    const until = (day: string) => businessDays('NYSE', on('2025-12-01'), on(day));
    expect(deliveryLimited(NEAR, until('2025-12-11'), LIMITS)).toBeUndefined();
    expect(deliveryLimited(NEAR, until('2025-12-12'), LIMITS)).toBe(NEAR);
  });

  it('nothing of that, when it takes off what is beyond already', () => {
    const large = new WorstHoldings([[NEAR, 300]]);
    expect(large.breach(order(CASH, NEAR, 60), LIMITS, NEAR)).toBeUndefined();
    expect(large.breach(order(NEXT, NEAR, 60), LIMITS, NEAR)).toBeUndefined();
    expect(large.breach(order(NEXT, CASH, 1), LIMITS, NEAR)).toMatchObject({ limit: 'all-lots', would: 301 });
  });
});

describe('on random holdings', () => {
  const months = fc.constantFrom(CASH, ...MONTHS);
  const orderOf = fc
    .record({ buy: months, sell: months, lots: fc.integer({ min: 1, max: 40 }) })
    .filter(({ buy, sell }) => buy !== sell)
    .map(({ buy, sell, lots }) => order(buy, sell, lots));
  const positionsOf = fc.array(fc.integer({ min: -60, max: 60 }), { minLength: 3, maxLength: 3 });

  it('if orders are taken only while none is refused, no set of them leads beyond a limit that was kept', () => {
    fc.assert(
      fc.property(positionsOf, fc.array(orderOf, { maxLength: 9 }), (lots, sent) => {
        const positions = lots.map((each, place) => [MONTHS[place]!, each] as const);
        const worst = new WorstHoldings(positions);
        const taken = sent.filter((one) => {
          if (worst.breach(one, LIMITS, undefined)) return false;
          worst.add(one);
          return true;
        });
        let net = 0;
        for (let set = 0; set < 2 ** taken.length; set++) {
          const held = new Map<number, number>(positions);
          for (const [at, { buy, sell, lots: count }] of taken.entries()) {
            if (!(set & (1 << at))) continue;
            held.set(buy, (held.get(buy) ?? 0) + count);
            held.set(sell, (held.get(sell) ?? 0) - count);
          }
          for (const month of MONTHS) expect(Math.abs(held.get(month)!)).toBeLessThanOrEqual(LIMITS.monthLots);
          const sum = MONTHS.reduce((all, month) => all + held.get(month)!, 0);
          net = Math.max(net, Math.abs(sum));
        }
        expect(worst.net).toBe(net);
        if (Math.abs(lots.reduce((sum, each) => sum + each, 0)) <= LIMITS.allLots)
          expect(net).toBeLessThanOrEqual(LIMITS.allLots);
      }),
      { numRuns: 200 },
    );
  });

  it('what is held in one account and owed in another counts together', () => {
    const owner = new WorstHoldings([
      [NEAR, 90],
      [NEAR, -80],
    ]);
    expect(owner.breach(order(NEAR, CASH, 60), LIMITS, undefined)).toBeUndefined();
    expect(owner.net).toBe(10);
  });
});

it('limits that are none are refused', () => {
  expect(limitErrors(LIMITS)).toEqual([]);
  const wrong = {
    ...LIMITS,
    orderLots: 0,
    monthLots: 1.5,
    delivery: { lots: 101, fromDay: 32 },
    allLots: -1,
    reportedLots: 2 ** 60,
  };
  expect(limitErrors(wrong).map(({ path }) => path.join('.'))).toEqual([
    'orderLots',
    'monthLots',
    'delivery.lots',
    'delivery.fromDay',
    'allLots',
    'reportedLots',
  ]);
});
