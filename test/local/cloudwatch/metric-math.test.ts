/** Metric math: the documentation's own examples, the heartbeat's expression, and that nothing unknown passes. */
import { expect, test } from 'vitest';
import { parseExpression, type Series } from '../../../lib/local/cloudwatch/metric-math.ts';

const _ = undefined;
const value = (
  text: string,
  series: Record<string, Series>,
  startsMs: readonly number[] = series.m1!.map((__, i) => i),
): Series => parseExpression(text, Object.keys(series)).over({ startsMs, series });

test.each([
  ['m1 < m2', [0, 0, 1, 0]],
  ['m1 >= 30', [1, 0, 0, 0]],
  ['m1 > 15 AND m2 > 15', [1, 0, 0, 0]],
  ['m1 > 15 || m2 > 15', [1, 1, 1, 0]],
  ['m2 + 1', [21, _, 21, _]],
  ['m1 - m2 * 2', [-10, 20, -40, 0]],
  ['-(m1 + m2) / m2', [-2.5, _, -1, _]],
  ['FILL(m2, 7)', [20, 7, 20, 7]],
])('%s', (text, wanted) => {
  expect(value(text, { m1: [30, 20, 0, 0], m2: [20, _, 20, _] })).toEqual(wanted);
});

test.each([
  ['IF(m1, m2, m3)', [30, 0, 20, _, _]],
  ['IF(m1, 5, m3)', [5, 5, 20, _, _]],
  ['IF(m1, m2, 5)', [30, 0, 5, 5, _]],
  ['IF(m1, m2)', [30, 0, _, _, _]],
  ['IF(0, m2, m3)', [0, 0, 20, _, 20]],
  ['IF(1, m2)', [30, _, 0, 0, 30]],
])('%s', (text, wanted) => {
  expect(value(text, { m1: [1, 1, 0, 0, _], m2: [30, _, 0, 0, 30], m3: [0, 0, 20, _, 20] })).toEqual(wanted);
});

test('a day is counted from Monday, in UTC, and has a value where the metric has none', () => {
  const at = ['2025-10-20T13:30:00Z', '2025-10-26T23:59:00Z'].map(Date.parse);
  expect(value('DAY(m1)', { m1: [_, _] }, at)).toEqual([1, 7]);
  expect(value('HOUR(m1)', { m1: [_, _] }, at)).toEqual([13, 23]);
  expect(value('MINUTE(m1)', { m1: [_, _] }, at)).toEqual([30, 59]);
});

test('says whether it gives something else at another time', () => {
  expect(parseExpression('FILL(m1, 0)', ['m1']).dependsOnTime).toBe(false);
  expect(parseExpression('IF(HOUR(m1) > 3, m1)', ['m1']).dependsOnTime).toBe(true);
});

test.each([
  ['an unknown function', 'RATE(m1)', 'RATE of 1 arguments'],
  ['an unknown way to fill', 'FILL(m1, REPEAT)', 'REPEAT'],
  ['a metric it does not have', 'm1 + m9', 'm9'],
  ['too many arguments', 'HOUR(m1, m1)', 'HOUR of 2 arguments'],
  ['an unfinished expression', 'IF(m1 > 2, 1', 'the end'],
  ['something after the end', 'm1 m1', 'm1'],
  ['an unknown sign', 'm1 ^ 2', 'read ^ 2'],
])('%s is an error when it is read', (_what, text, named) => {
  expect(() => parseExpression(text, ['m1'])).toThrow(named);
});
