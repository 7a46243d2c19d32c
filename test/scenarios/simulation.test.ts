/** The simulation on a small scale: the venue as it is deployed, a few participants, real prices, audited books. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Result } from '../../lib/simulation/reconciliation.ts';
import { dayLine, headLines, resultJson, summaryLines } from '../../lib/simulation/report.ts';
import { simulate } from '../../lib/simulation/simulation.ts';

const file = (name: string) => ({ name, text: readFileSync(join(import.meta.dirname, '..', '..', 'data', name), 'utf8') });
const run = (seed: number, days: number): Promise<Result> =>
  simulate({
    seed,
    days,
    participants: 12,
    product: 'H100-SXM',
    spot: file('gpu-spot-daily.csv'),
    offers: file('gpu-offers-daily.csv'),
  });

const failed = (result: Result): string[] =>
  result.checks.filter(({ holds }) => !holds).map(({ name, detail }) => `${name}: ${detail}`);

test('the same seed ends in the same state, whichever request is answered first, and another seed in another', {
  timeout: 180_000,
}, async () => {
  const [first, second, other] = [await run(1, 1), await run(1, 1), await run(2, 1)];
  expect([first, second, other].flatMap(failed)).toEqual([]);
  expect(second.stateHash).toBe(first.stateHash);
  expect(other.stateHash).not.toBe(first.stateHash);
});

describe('sixteen days, through an expiry and into the roll', () => {
  let result: Result;
  beforeAll(async () => {
    result = await run(1, 16);
  }, 180_000);

  test('leave books on which every check holds', () => {
    expect(failed(result)).toEqual([]);
    expect(result).toMatchObject({ auctions: 48, lotsSum: 0, centsSum: 0n, replayIdentical: true });
  });

  test('settle October at the mean of its index and list a month in its place', () => {
    const { days, expiries } = result;
    expect(expiries).toEqual([{ date: '2025-10-31', contract: 'H100-SXM-2025-10', finalPrice: '2.362', indexValues: 13 }]);
    expect(Object.keys(days.at(-1)!.settled)).toHaveLength(12);
    expect(days.at(-1)!.settled).not.toHaveProperty('H100-SXM-2025-10');
  });

  test('roll December into January on the days of its window, and on no other', () => {
    const { days, lotsRolled } = result;
    expect(days.filter(({ roll }) => roll).map(({ date }) => date)).toEqual(['2025-11-07', '2025-11-10']);
    expect(lotsRolled).toBeGreaterThan(0);
  });

  test('can be read as a report and as exact JSON', () => {
    const { days } = result;
    const text = [...headLines(days[0]!), ...days.map((day) => dayLine(day, days[0]!)), ...summaryLines(result, 9)].join('\n');
    expect(text).toContain('2025-11-07');
    expect(text).toContain('H100-SXM-2025-10 settled finally at 2.362, the mean of 13 index values');
    expect(text).not.toContain('undefined');
    const json = JSON.stringify(resultJson(result, 9));
    expect(json.replace(/"(\\.|[^"\\])*"/g, '')).not.toMatch(/\d\.\d|\de[+-]?\d/);
  });
});
