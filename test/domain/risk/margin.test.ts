/** What positions need, its properties, and the worst case over orders against every subset of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CASH, type ContractMonth, contractMonth, monthAfter } from '../../../lib/domain/contract/months.ts';
import { type MarginParameters, marginErrors } from '../../../lib/domain/contract/risk-parameters.ts';
import { type MarginSetting, marginLines, type Positions, requirement } from '../../../lib/domain/risk/margin.ts';
import { coveredLots, type OpenOrder, WorstCase } from '../../../lib/domain/risk/worst-case.ts';
import { on } from '../../venue/h100.ts';

const PLACES = 4;
const NEAR = contractMonth(2025, 12);
const MONTHS = Array.from({ length: PLACES }, (_, place) => monthAfter(NEAR, place));
const [, NEXT, THIRD] = MONTHS as [ContractMonth, ContractMonth, ContractMonth];
const SETTING: MarginSetting = { months: MONTHS, delivery: NEAR, date: on('2025-12-15'), ownerLots: 0 };
const PARAMETERS: MarginParameters = {
  scenarios: [
    [-300, -250, -240, -240],
    [300, 250, 240, 240],
    [-100, 50, 50, 50],
  ],
  deliveryTicks: 40,
  funding: [{ from: on('2025-12-29'), through: on('2026-01-02'), ticks: 25 }],
  concentration: [
    { lots: 1_000, ticks: 10 },
    { lots: 5_000, ticks: 60 },
  ],
};

const needs = (positions: Positions, setting: Partial<MarginSetting> = {}, parameters = PARAMETERS): number =>
  requirement(marginLines(parameters, { ...SETTING, ...setting }), positions);

describe('positions need', () => {
  it('their greatest loss over the scenarios', () => {
    expect(needs([[NEXT, 10]])).toBe(2_500);
    expect(needs([[NEXT, -10]])).toBe(2_500);
    expect(needs([])).toBe(0);
  });

  it('more by the lot in the month that is being delivered, long or short', () => {
    expect(needs([[NEAR, 10]])).toBe(3_400);
    expect(needs([[NEAR, -10]])).toBe(3_400);
    expect(needs([[NEAR, 10]], { delivery: undefined })).toBe(3_000);
  });

  it('more for net exposure while funding is scarce, and nothing of it for a spread', () => {
    const yearEnd = { date: on('2025-12-31') };
    expect(needs([[NEXT, 10]], yearEnd)).toBe(2_750);
    const spread: Positions = [
      [NEXT, 10],
      [THIRD, -10],
    ];
    expect(needs(spread, yearEnd)).toBe(100);
    for (const [date, ticks] of [
      ['2025-12-28', 250],
      ['2025-12-29', 275],
      ['2026-01-02', 275],
      ['2026-01-03', 250],
    ] as const)
      expect(needs([[NEXT, -1]], { date: on(date) })).toBe(ticks);
  });

  it('more where the owner is large, by its tier', () => {
    for (const [ownerLots, ticks] of [
      [999, 250],
      [1_000, 260],
      [4_999, 260],
      [5_000, 310],
    ] as const)
      expect(needs([[NEXT, 1]], { ownerLots })).toBe(ticks);
  });

  it('what is computed exactly, or it is refused', () => {
    expect(() => needs([[NEXT, 2 ** 52]])).toThrow('more than can be computed');
    expect(() => needs([[contractMonth(2030, 1), 1]])).toThrow('not listed');
  });
});

/** In half of them next moves no more than near, as markets mostly do. */
const moves = fc.oneof(
  fc.array(fc.integer({ min: -200, max: 200 }), { minLength: PLACES, maxLength: PLACES }),
  fc.tuple(fc.integer({ min: -200, max: 200 }), fc.integer({ min: 0, max: 4 })).map(([near, less]) => {
    const next = Math.trunc((near * (4 - less)) / 4);
    return [near, next, next, next];
  }),
);
const parametersOf = fc.record({
  scenarios: fc.array(moves, { minLength: 1, maxLength: 6 }),
  deliveryTicks: fc.integer({ min: 0, max: 50 }),
  funding: fc.constant([{ from: on('2025-12-01'), through: on('2025-12-31'), ticks: 7 }]),
  concentration: fc.constant(PARAMETERS.concentration),
});
const positionsOf = fc
  .array(fc.integer({ min: -50, max: 50 }), { minLength: PLACES, maxLength: PLACES })
  .map((lots): [ContractMonth, number][] => lots.map((each, place) => [MONTHS[place]!, each]));
const added = (one: [ContractMonth, number][], other: [ContractMonth, number][]): [ContractMonth, number][] =>
  one.map(([month, lots], place) => [month, lots + other[place]![1]]);

describe('whatever the parameters', () => {
  it('positions together need no more than apart: a spread and its legs, an owner’s net and its accounts', () => {
    fc.assert(
      fc.property(parametersOf, positionsOf, positionsOf, (parameters, one, other) => {
        const of = (positions: Positions) => needs(positions, {}, parameters);
        expect(of(added(one, other))).toBeLessThanOrEqual(of(one) + of(other));
      }),
    );
  });

  it('more risk never needs less: twice the positions twice as much, a further or a wider scenario no less', () => {
    fc.assert(
      fc.property(parametersOf, positionsOf, moves, (parameters, positions, further) => {
        const before = needs(positions, {}, parameters);
        const doubled = positions.map(([month, lots]) => [month, 2 * lots] as const);
        expect(needs(doubled, {}, parameters)).toBe(2 * before);
        const more = { ...parameters, scenarios: [...parameters.scenarios, further] };
        expect(needs(positions, {}, more)).toBeGreaterThanOrEqual(before);
        const wider = { ...parameters, scenarios: parameters.scenarios.map((each) => each.map((move) => 3 * move)) };
        expect(needs(positions, {}, { ...wider, deliveryTicks: 3 * parameters.deliveryTicks })).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  it('a position rolled from near to next, lot by lot, never needs more, or the parameters are refused', () => {
    let [taken, refused] = [0, 0];
    fc.assert(
      fc.property(parametersOf, fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, -1), (parameters, lots, side) => {
        if (marginErrors(parameters, PLACES).length > 0) {
          refused++;
          return;
        }
        taken++;
        const rolled = (count: number) =>
          needs(
            [
              [NEAR, side * (lots - count)],
              [NEXT, side * count],
            ],
            {},
            parameters,
          );
        for (let count = 0; count < lots; count++) expect(rolled(count + 1)).toBeLessThanOrEqual(rolled(count));
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(50);
  });

  it('parameters are refused by this only when some position would need more in next: no good ones are', () => {
    fc.assert(
      fc.property(parametersOf, (parameters) => {
        const plain = { ...parameters, deliveryTicks: 0 };
        const refused = marginErrors(plain, PLACES).length > 0;
        const rises = [1, -1].some((side) => {
          const rolled = (count: number) =>
            needs(
              [
                [NEAR, side * (1_000 - count)],
                [NEXT, side * count],
              ],
              {},
              plain,
            );
          return rolled(1_000) > rolled(999);
        });
        expect(refused).toBe(rises);
      }),
      { numRuns: 500 },
    );
  });
});

const MARKS = Object.fromEntries(MONTHS.map((month, place) => [month, 2_000 + 50 * place]));
const orderOf: fc.Arbitrary<OpenOrder> = fc
  .record({
    buy: fc.constantFrom(CASH, ...MONTHS),
    sell: fc.constantFrom(CASH, ...MONTHS),
    better: fc.integer({ min: -120, max: 120 }),
    lots: fc.integer({ min: 1, max: 9 }),
  })
  .filter(({ buy, sell }) => buy !== sell)
  .map(({ buy, sell, better, lots }) => ({ buy, sell, lots, limit: (MARKS[buy] ?? 0) - (MARKS[sell] ?? 0) + better }));

/** What is needed and lost when exactly these orders have traded, whole and at their limits. */
function afterTrades(parameters: MarginParameters, held: [ContractMonth, number][], traded: readonly OpenOrder[]): number {
  const lots = new Map(held);
  let paid = 0;
  for (const { buy, sell, limit, lots: count } of traded) {
    if (buy !== CASH) lots.set(buy, lots.get(buy)! + count);
    if (sell !== CASH) lots.set(sell, lots.get(sell)! - count);
    paid += count * (limit - (MARKS[buy] ?? 0) + (MARKS[sell] ?? 0));
  }
  return paid + needs(lots, {}, parameters);
}

describe('the worst case over an account’s orders', () => {
  it('is the greatest over every subset of them', () => {
    fc.assert(
      fc.property(parametersOf, positionsOf, fc.array(orderOf, { maxLength: 7 }), (parameters, held, orders) => {
        let most = Number.NEGATIVE_INFINITY;
        for (let set = 0; set < 2 ** orders.length; set++)
          most = Math.max(
            most,
            afterTrades(
              parameters,
              held,
              orders.filter((_, at) => set & (1 << at)),
            ),
          );
        expect(new WorstCase(marginLines(parameters, SETTING), MARKS, held, orders).ticks).toBe(most);
      }),
      { numRuns: 300 },
    );
  });

  it('does not depend on the order in which they came, and forgets what is taken back', () => {
    fc.assert(
      fc.property(parametersOf, positionsOf, fc.array(orderOf, { maxLength: 20 }), orderOf, (parameters, held, orders, one) => {
        const lines = marginLines(parameters, SETTING);
        const worst = new WorstCase(lines, MARKS, held, orders);
        const before = worst.ticks;
        expect(new WorstCase(lines, MARKS, held, orders.toReversed()).ticks).toBe(before);
        expect(worst.with(one)).toBe(new WorstCase(lines, MARKS, held, [...orders, one]).ticks);
        worst.add(one);
        expect(worst.ticks).toBeGreaterThanOrEqual(before);
        worst.remove(one);
        expect(worst.ticks).toBe(before);
      }),
    );
  });

  it('says how many lots of an order are covered, and that what takes risk off always is', () => {
    const lines = marginLines(PARAMETERS, SETTING);
    const within = (cash: number) => (ticks: number) => ticks <= cash;
    const buy: OpenOrder = { buy: NEXT, sell: CASH, limit: MARKS[NEXT]!, lots: 10 };
    const flat = new WorstCase(lines, MARKS, []);
    expect([2_500, 2_499, 249].map((cash) => coveredLots(flat, buy, within(cash)))).toEqual([10, 9, 0]);
    const sell: OpenOrder = { buy: CASH, sell: NEXT, limit: -MARKS[NEXT]!, lots: 21 };
    expect(coveredLots(new WorstCase(lines, MARKS, [[NEXT, 10]]), sell, within(0))).toBe(20);
  });
});

describe('parameters are refused', () => {
  it.each<[string, Partial<MarginParameters>, string]>([
    ['without a scenario', { scenarios: [] }, '1 to 32 moves'],
    ['with a scenario that is too short', { scenarios: [[1, 1]] }, 'must have 4 moves'],
    ['with a fraction of a tick', { scenarios: [[1.5, 1, 1, 1]] }, 'whole ticks'],
    ['that reward delivery', { deliveryTicks: -1 }, 'whole ticks, 0 to'],
    [
      'with funding days that end before they begin',
      { funding: [{ from: on('2025-12-02'), through: on('2025-12-01'), ticks: 1 }] },
      'before from',
    ],
    [
      'with tiers that fall',
      {
        concentration: [
          { lots: 5, ticks: 2 },
          { lots: 6, ticks: 1 },
        ],
      },
      'must not fall',
    ],
    ['under which a roll would need more', { scenarios: [[-10, -20, -20, -20]] }, 'a long position must need no more in next'],
    ['under which a short’s roll would', { scenarios: [[10, 20, 20, 20]] }, 'a short position must need no more in next'],
  ])('%s', (_, change, rule) => {
    expect(marginErrors({ ...PARAMETERS, ...change }, PLACES)[0]?.rule).toContain(rule);
  });

  it('and no others', () => {
    expect(marginErrors(PARAMETERS, PLACES)).toEqual([]);
  });
});
