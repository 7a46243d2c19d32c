/** Scenarios proposed from history: what they cover, how they rise, and that a proposal is always one that parameters may be. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays } from '../../../lib/domain/contract/calendar.ts';
import { contractMonth, monthAfter } from '../../../lib/domain/contract/months.ts';
import { marginErrors, SCENARIOS_MAX } from '../../../lib/domain/contract/risk-parameters.ts';
import {
  backtest,
  type Coverage,
  coverageIn,
  coverageOf,
  movesOf,
  PROPOSAL_RULE,
  type ProposalRule,
  proposedCoverage,
  type SettledCurve,
  scenariosOf,
} from '../../../lib/domain/risk/scenario-proposal.ts';
import { on } from '../../venue/h100.ts';
import { mulberry32 } from '../auction/books.ts';

const NEAR = contractMonth(2025, 1);
const RULE: ProposalRule = { ...PROPOSAL_RULE, places: 3, periodDays: 1, confidence: 90_000, windowDays: 10 };
/** One curve a day; `first` is how many months the first listed one lies behind January 2025. */
const curve = (day: number, prices: readonly number[], first = 0): SettledCurve => ({
  date: addDays(on('2025-01-01'), day),
  prices: new Map(prices.map((price, place) => [monthAfter(NEAR, first + place), price])),
});

describe('a move', () => {
  it('is that of a contract month, also over the day on which it becomes the near one', () => {
    const history = [
      curve(0, [100, 200, 300]),
      curve(1, [110, 205, 290]),
      curve(2, [207, 285, 400], 1),
      curve(3, [200, 280, 390], 1),
    ];
    expect(movesOf(history, RULE)).toEqual([
      [10, 5, -10],
      [undefined, 2, -5],
      [-7, -5, -10],
    ]);
    expect(movesOf(history, { ...RULE, periodDays: 3 })).toEqual([[undefined, 0, -20]]);
    expect(movesOf(history.slice(0, 1), RULE)).toEqual([]);
  });
});

describe('coverage', () => {
  const walk = (moves: readonly number[]): SettledCurve[] => {
    let level = 1_000;
    return [0, ...moves].map((move, day) => {
      level += move;
      return curve(day, [level, level, level]);
    });
  };

  it('is the move that the stated share of days did not exceed', () => {
    const coverage = coverageOf(walk([1, -2, 3, -4, 5, -6, 7, -8, 9, -100]), RULE);
    expect(coverage).toEqual({ level: [9, 9, 9], apart: [0, 0] });
  });

  it('does not fall below what the whole history says, however calm the newest days are', () => {
    const wild = Array.from({ length: 20 }, (_, at) => (at % 2 ? 50 : -50));
    const calm = Array.from({ length: 60 }, (_, at) => (at % 2 ? 1 : -1));
    expect(coverageOf(walk([...wild, ...calm]), RULE).level[0]).toBe(50);
    expect(coverageOf(walk(calm), RULE).level[0]).toBe(1);
  });

  it('is no less in near than in next, and covers how far the curve comes apart at each cut', () => {
    const history = [curve(0, [100, 100, 100]), curve(1, [101, 104, 80])];
    expect(coverageOf(history, RULE)).toEqual({ level: [20, 20, 20], apart: [21, 24] });
  });
});

describe('what is proposed', () => {
  const flat = (ticks: number): Coverage => ({ level: [ticks, ticks, ticks], apart: [0, 0] });
  const next = (bare: number, now: number): number => proposedCoverage(flat(bare), flat(now), RULE).level[0]!;

  it('has a quarter on top, may be drawn on, and rises by a tenth a day at most', () => {
    expect(proposedCoverage(flat(100), undefined, RULE).level[0]).toBe(125);
    expect(next(100, 125)).toBe(125);
    expect(next(120, 125)).toBe(125);
    expect(next(126, 125)).toBe(137);
    expect(next(400, 125)).toBe(137);
    expect(next(80, 125)).toBe(100);
    expect(next(8, 5)).toBe(6);
  });

  it('is always something that parameters may be: it is taken whatever history says', () => {
    const history = fc.array(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 12, maxLength: 12 }), {
      minLength: 3,
      maxLength: 9,
    });
    fc.assert(
      fc.property(history, history, (one, other) => {
        const rule = { ...RULE, places: 12 };
        const coverage = (of: number[][]) =>
          coverageOf(
            of.map((prices, day) => curve(day, prices)),
            rule,
          );
        const proposed = proposedCoverage(coverage(one), proposedCoverage(coverage(other), undefined, rule), rule);
        const scenarios = scenariosOf(proposed);
        expect(scenarios.length).toBeLessThanOrEqual(SCENARIOS_MAX);
        expect(marginErrors({ scenarios, deliveryTicks: 0, funding: [], concentration: [] }, 12)).toEqual([]);
      }),
    );
  });

  it('is found again in its scenarios', () => {
    const coverage: Coverage = { level: [90, 80, 70], apart: [31, 20] };
    // The twist at the first cut takes the places behind the second with it.
    expect(coverageIn(scenariosOf(coverage), 3)).toEqual({ level: [90, 80, 70], apart: [31, 31] });
    expect(coverageIn([[0, 0, 0]], 3)).toBeUndefined();
    expect(coverageIn([[40], [-40]], 3)).toEqual({ level: [40, 40, 40], apart: [0, 0] });
  });

  it('covers a place bought or sold, and any two against each other, as far as it says', () => {
    const coverage: Coverage = { level: [90, 80, 70], apart: [31, 20] };
    const scenarios = scenariosOf(coverage);
    for (const side of [1, -1]) {
      for (const [place, ticks] of coverage.level.entries())
        expect(Math.max(...scenarios.map((each) => side * each[place]!))).toBe(ticks);
      for (const [cut, ticks] of coverage.apart.entries())
        expect(Math.max(...scenarios.map((each) => side * (each[cut]! - each[cut + 1]!)))).toBeGreaterThanOrEqual(ticks);
    }
  });
});

describe('how a proposal would have done', () => {
  /** A walk with days that are as wild as markets have, and months that expire. */
  function market(seed: number, days: number, crisis = 1): SettledCurve[] {
    const random = mulberry32(seed);
    const step = (size: number): number => Math.round((random() + random() + random() - 1.5) * size * (random() < 0.03 ? 4 : 1));
    const levels = Array.from({ length: 40 }, (_, month) => 2_000 + 10 * month);
    return Array.from({ length: days }, (_, day) => {
      const common = step(60) * (day > 300 ? crisis : 1);
      for (const month of levels.keys()) levels[month]! += common + step(12);
      const first = Math.floor(day / 21);
      return curve(day, levels.slice(first, first + 3), first);
    });
  }
  const rule: ProposalRule = { ...PROPOSAL_RULE, places: 3 };

  it('is counted day by day from what was known on it: few breaches, and no rise that the buffer can take', () => {
    const found = backtest(market(1, 400), rule);
    expect(found.days).toBe(376);
    expect(found.outright.compared).toBeGreaterThan(2_000);
    expect(found.outright.breaches / found.outright.compared).toBeLessThan(0.01);
    expect(found.spread.breaches / found.spread.compared).toBeLessThan(0.01);
    expect(found.rise_percent).toBe(0);
  });

  it('rises in a crisis, by the day and not at once', () => {
    const found = backtest(market(1, 400, 4), rule);
    expect(found.rise_percent).toBeGreaterThan(5);
    expect(found.rise_percent).toBeLessThanOrEqual(10);
    expect(found.inForce.level[0]).toBeGreaterThan(2 * backtest(market(1, 400), rule).inForce.level[0]!);
    expect(found.outright.breaches).toBeGreaterThan(backtest(market(1, 400), rule).outright.breaches);
  });

  it('tells of breaches where there are: of a rule that covers half of the days only', () => {
    const careless = backtest(market(1, 400), { ...rule, confidence: 50_000, bufferPercent: 0 });
    expect(careless.outright.breaches / careless.outright.compared).toBeGreaterThan(0.05);
    expect(careless.outright.worst).toBeGreaterThan(0);
  });

  it('needs a history that is long enough to say anything', () => {
    expect(() => backtest(market(1, 24), rule)).toThrow('too few: 25 are needed');
    expect(backtest(market(1, 25), rule).days).toBe(1);
  });
});
