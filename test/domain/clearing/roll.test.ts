import { describe, expect, test } from 'vitest';
import { decideRoll, type RollInstruction, rollCost, rollDay, rollOpening } from '../../../lib/domain/clearing/roll.ts';
import { businessDays } from '../../../lib/domain/contract/calendar.ts';
import { monthText } from '../../../lib/domain/contract/months.ts';
import type { ForwardCurve } from '../../../lib/domain/contract/product.ts';
import { lots, ticks } from '../../../lib/domain/contract/units.ts';
import { H100, month, on } from '../../venue/h100.ts';

const [DEC, JAN] = [month('2025-12'), month('2026-01')];
const MARKS = { [DEC]: ticks(2350), [JAN]: ticks(2380) };
const MARKET: RollInstruction = { at: 'market' };

const decide = (
  day: number,
  held: number,
  rolled: number,
  holdsNow: number,
  instruction: RollInstruction = MARKET,
  marks: ForwardCurve = MARKS,
) =>
  decideRoll(
    { near: DEC, next: JAN, day, days: 5 },
    { near: DEC, held: lots(held), rolled: lots(rolled) },
    lots(holdsNow),
    instruction,
    marks,
    H100,
  );

test.each<[day: string, which: number | undefined]>([
  ['2025-11-06', undefined],
  ['2025-11-07', 1],
  ['2025-11-08', undefined],
  ['2025-11-10', 2],
  ['2025-11-11', 3],
  ['2025-11-12', 4],
  ['2025-11-13', 5],
  ['2025-11-14', undefined],
])('December rolls into January from 7 to 13 November 2025: %s is day %s', (day, which) => {
  expect(rollDay('NYSE', on(day))).toEqual(which && { near: DEC, next: JAN, day: which, days: 5 });
});

test('each month has one day on which its window opens, and five on which it rolls', () => {
  const year = businessDays('NYSE', on('2026-01-01'), on('2026-12-31'));
  const opening = year.flatMap((day) => rollOpening('NYSE', day) ?? []);
  expect(opening.map(monthText)).toEqual([
    ...Array.from({ length: 11 }, (_, at) => `2026-${String(at + 2).padStart(2, '0')}`),
    '2027-01',
  ]);
  expect(year.filter((day) => rollDay('NYSE', day))).toHaveLength(60);
});

describe('a day’s order is its cumulative fifth, rounded half-up, less what has rolled', () => {
  test.each<[held: number, shares: number[]]>([
    [100, [20, 20, 20, 20, 20]],
    [5, [1, 1, 1, 1, 1]],
    [1, [0, 0, 1, 0, 0]],
    [2, [0, 1, 0, 1, 0]],
    [3, [1, 0, 1, 0, 1]],
    [4, [1, 1, 0, 1, 1]],
    [7, [1, 2, 1, 2, 1]],
    [12, [2, 3, 2, 3, 2]],
    [13, [3, 2, 3, 2, 3]],
    [999_999, [200_000, 200_000, 199_999, 200_000, 200_000]],
  ])('%i lots roll as %j, when every order fills', (held, shares) => {
    let rolled = 0;
    const orders = shares.map((_, at) => {
      const due = decide(at + 1, held, rolled, held - rolled)?.lots ?? 0;
      rolled += due;
      return due;
    });
    expect(orders).toEqual(shares);
    expect(rolled).toBe(held);
  });

  test.each<[rule: string, day: number, held: number, rolled: number, holdsNow: number, due: number | undefined]>([
    ['what did not fill is tried again the next day', 2, 100, 5, 95, 35],
    ['what never filled is tried whole on the last day', 5, 100, 0, 100, 100],
    ['a day done is not done twice', 2, 100, 40, 60, undefined],
    ['more rolled than due waits', 2, 100, 50, 50, undefined],
    ['lots sold in between leave less to roll', 3, 100, 40, 10, 10],
    ['a position closed in between does not roll', 3, 100, 40, 0, undefined],
    ['a position turned short in between does not roll', 3, 100, 40, -10, undefined],
    ['lots bought after the window opened do not roll', 5, 100, 80, 500, 20],
    ['nothing held when the window opened, nothing rolls', 1, 0, 0, 50, undefined],
    ['a short rolls likewise', 2, -100, -5, -95, 35],
    ['a short bought back in between leaves less', 3, -100, -40, -10, 10],
    ['a short turned long does not roll', 3, -100, -40, 10, undefined],
    ['one short lot rolls on the third day', 3, -1, 0, -1, 1],
  ])('%s', (_, day, held, rolled, holdsNow, due) => expect(decide(day, held, rolled, holdsNow)?.lots).toBe(due));

  test('without progress, or with that of another month, nothing rolls', () => {
    const today = { near: DEC, next: JAN, day: 1, days: 5 };
    expect(decideRoll(today, undefined, lots(100), MARKET, MARKS, H100)).toBeUndefined();
    const old = { near: month('2025-11'), held: lots(100), rolled: lots(0) };
    expect(decideRoll(today, old, lots(100), MARKET, MARKS, H100)).toBeUndefined();
  });
});

describe('the limit is on far minus near, and shorts mirror it', () => {
  test.each<
    [rule: string, held: number, instruction: RollInstruction, marks: Record<number, number>, buy: number, limit: number]
  >([
    ['a long pays at most the settled spread and the band', 100, MARKET, { [DEC]: 2350, [JAN]: 2380 }, JAN, 80],
    ['a short receives at least the settled spread less the band', -100, MARKET, { [DEC]: 2350, [JAN]: 2380 }, DEC, 20],
    ['a falling curve has a negative limit', 100, MARKET, { [DEC]: 2350, [JAN]: 2250 }, JAN, -50],
    ['a falling curve and a short', -100, MARKET, { [DEC]: 2350, [JAN]: 2250 }, DEC, 150],
    ['a band that meets the spread gives zero', -100, MARKET, { [DEC]: 2350, [JAN]: 2400 }, DEC, 0],
    ['a long’s own limit stands as it is', 100, { at: 'limit', limit: ticks(12) }, { [DEC]: 2350, [JAN]: 2380 }, JAN, 12],
    ['a short’s own limit is turned round', -100, { at: 'limit', limit: ticks(12) }, { [DEC]: 2350, [JAN]: 2380 }, DEC, -12],
    ['a limit of zero is zero both ways', -100, { at: 'limit', limit: ticks(0) }, { [DEC]: 2350, [JAN]: 2380 }, DEC, 0],
  ])('%s', (_, held, instruction, marks, buy, limit) => {
    const curve = Object.fromEntries(Object.entries(marks).map(([key, price]) => [key, ticks(price)]));
    const order = decide(1, held, 0, held, instruction, curve);
    expect(order).toEqual({ buy, sell: buy === JAN ? DEC : JAN, limit, lots: 20 });
    expect(Object.is(order?.limit, -0)).toBe(false);
  });
});

test.each<[rule: string, rolled: number, far: number, near: number, cost: bigint]>([
  ['a long pays for a rising curve', 20, 2380, 2350, 60_000n],
  ['a long is paid by a falling one', 20, 2300, 2350, -100_000n],
  ['a short is paid by a rising curve', -20, 2380, 2350, -60_000n],
  ['nothing rolled costs nothing', 0, 2380, 2350, 0n],
])('roll cost is lots x (far price - near price): %s', (_, rolled, far, near, cost) => {
  expect(rollCost(lots(rolled), ticks(far), ticks(near), 100n)).toBe(cost);
});
