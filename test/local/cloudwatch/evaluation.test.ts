/** Alarms over time, on series made by hand: when they go into alarm, when they clear, and that none is taken for granted. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startAlarms } from '../../../lib/local/cloudwatch/alarms.ts';
import { startMetrics } from '../../../lib/local/cloudwatch/metrics.ts';
import { frozenClock } from '../../../lib/local/host/clock.ts';
import type { JsonObject } from '../../../lib/local/template/intrinsics.ts';
import type { FunctionPlan, Plan, QueuePlan } from '../../../lib/local/template/plan.ts';

const START = Date.parse('2025-10-20T12:00:00Z');
const MINUTE = 60_000;

const codeDir = mkdtempSync(join(tmpdir(), 'alarms-'));
writeFileSync(join(codeDir, 'index.mjs'), 'export const handler = () => measure("Late");');
afterAll(() => rmSync(codeDir, { recursive: true, force: true }));

const LATE: JsonObject = {
  AlarmName: 'late',
  AlarmDescription: 'Something is late. runbook#late',
  Namespace: 'Shop',
  MetricName: 'Late',
  Dimensions: [{ Name: 'service', Value: 'till' }],
  Statistic: 'Maximum',
  Period: 300,
  EvaluationPeriods: 1,
  Threshold: 10,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  TreatMissingData: 'notBreaching',
};

function planWith(properties: JsonObject): Plan {
  const fn = { name: 'work', codeDir, environment: { POWERTOOLS_METRICS_NAMESPACE: 'Shop' } } as unknown as FunctionPlan;
  const queue = { name: 'work-dlq' } as QueuePlan;
  const empty = { tables: [], mappings: [], routes: [], webSockets: undefined, schedules: [] };
  return { ...empty, functions: [fn], queues: [queue], alarms: [{ name: String(properties.AlarmName), properties }] };
}

/** Measures `values[minute]`, minute by minute, and gives the changes as `minute state`. */
function changesOf(properties: JsonObject, values: Readonly<Record<number, readonly number[]>>, minutes: number, unit?: string) {
  const clock = frozenClock(START);
  const metrics = startMetrics(clock);
  const seen: string[] = [];
  const alarms = startAlarms(planWith(properties), metrics, START, ({ atMs, to }) => {
    seen.push(`${(atMs - START) / MINUTE} ${to}`);
  });
  const id = { namespace: 'Shop', name: 'Late', dimensions: { service: 'till' }, ...(unit === undefined ? {} : { unit }) };
  for (let minute = 0; minute < minutes; minute++) {
    for (const value of values[minute] ?? []) metrics.record(id, value);
    clock.moveTo(START + (minute + 1) * MINUTE);
    alarms.evaluate(clock.now());
  }
  return { seen, alarms };
}

const everyMinute = (value: (minute: number) => number, minutes: number) =>
  Object.fromEntries(Array.from({ length: minutes }, (_, minute) => [minute, [value(minute)]]));

describe('over time', () => {
  test('goes into alarm with the minute that breached, and clears when the last period with a value is good', () => {
    const { seen, alarms } = changesOf(LATE, { ...everyMinute(() => 0, 30), 7: [3, 12] }, 30);
    expect(seen).toEqual(['1 OK', '8 ALARM', '13 OK']);
    expect(alarms.changes('late')[1]).toMatchObject({
      from: 'OK',
      reason: '12 at 2025-10-20T12:03Z; in alarm when 1 of 1 are >= 10',
      description: 'Something is late. runbook#late',
    });
  });

  test('stays while its last value is in the range of three periods, though silence counts as good', () => {
    expect(changesOf(LATE, { 7: [12] }, 40).seen).toEqual(['5 OK', '8 ALARM', '23 OK']);
  });

  test('keeps its state through silence where silence is ignored', () => {
    const { seen } = changesOf({ ...LATE, TreatMissingData: 'ignore' }, { 7: [12], 60: [0] }, 70);
    expect(seen).toEqual(['8 ALARM', '61 OK']);
  });

  test('falls to insufficient data through silence where that is missing', () => {
    const { TreatMissingData: _, ...missing } = LATE;
    expect(changesOf(missing, { 7: [0] }, 40).seen).toEqual(['8 OK', '23 INSUFFICIENT_DATA']);
  });

  test('goes into alarm at silence where that breaches, but not for what was before it began', () => {
    const beats = everyMinute(() => 20, 20);
    const heartbeat = { ...LATE, ComparisonOperator: 'LessThanThreshold', TreatMissingData: 'breaching', EvaluationPeriods: 2 };
    expect(changesOf(heartbeat, beats, 60).seen).toEqual(['1 OK', '40 ALARM']);
    expect(changesOf(heartbeat, {}, 60).seen).toEqual(['10 ALARM']);
  });

  test('needs M of its N periods', () => {
    const rule = { ...LATE, Period: 60, EvaluationPeriods: 4, DatapointsToAlarm: 2 };
    const values = everyMinute((minute) => (minute === 5 || minute === 8 || minute === 20 ? 12 : 0), 30);
    expect(changesOf(rule, values, 30).seen).toEqual(['1 OK', '9 ALARM', '10 OK']);
  });

  test('stays as a person set it until the next minute finds otherwise', () => {
    const { alarms } = changesOf({ ...LATE, TreatMissingData: 'ignore' }, { 0: [12] }, 60);
    alarms.set('late', 'OK', 'repaired');
    alarms.evaluate(START + 61 * MINUTE);
    expect(alarms.state('late')).toBe('OK');
    expect(alarms.changes().at(-1)).toMatchObject({ from: 'ALARM', to: 'OK', reason: 'repaired' });

    const again = changesOf({ ...LATE, TreatMissingData: 'ignore' }, { 9: [12] }, 10).alarms;
    again.set('late', 'OK', 'too early');
    again.evaluate(START + 11 * MINUTE);
    expect(again.state('late')).toBe('ALARM');
  });
});

describe('statistics', () => {
  const values = { 2: [1, 2, 3], 3: [4, 10] };
  test.each([
    ['Sum', 20],
    ['SampleCount', 5],
    ['Average', 4],
    ['Minimum', 1],
    ['Maximum', 10],
    ['p50', 3],
    ['p90', 7.6],
  ])('%s', (name, value) => {
    const { Statistic: _, ...rest } = LATE;
    const of = name.startsWith('p') ? { ExtendedStatistic: name } : { Statistic: name };
    const at = (threshold: number) => changesOf({ ...rest, ...of, Threshold: threshold }, values, 5).alarms.state('late');
    expect([at(value), at(value + 0.001)]).toEqual(['ALARM', 'OK']);
  });

  test('a percentile of few values changes nothing, where the alarm says so', () => {
    const { Statistic: _, ...rest } = LATE;
    const p90 = { ...rest, ExtendedStatistic: 'p90', EvaluateLowSampleCountPercentile: 'ignore' };
    const high = Array.from({ length: 100 }, () => 12);
    expect(changesOf(p90, { 2: high.slice(1) }, 5).seen).toEqual([]);
    expect(changesOf(p90, { 2: high }, 5).seen).toEqual(['3 ALARM']);
  });

  test('only values of its unit count, where it names one', () => {
    const seconds = { ...LATE, Unit: 'Seconds' };
    expect(changesOf(seconds, { 2: [12] }, 6, 'Seconds').seen).toEqual(['3 ALARM']);
    expect(changesOf(seconds, { 2: [12] }, 6, 'Count').seen).toEqual(['5 OK']);
  });
});

test('an expression is evaluated on the periods that end with the minute', () => {
  const { Namespace, MetricName, Dimensions, Statistic, Period, ...rest } = LATE;
  const Metric = { Namespace, MetricName, Dimensions } as JsonObject;
  const Metrics: JsonObject[] = [
    { Id: 'expr', Expression: 'IF(HOUR(late) >= 13, FILL(late, 99), 0)' },
    { Id: 'late', MetricStat: { Metric, Period: 600, Stat: 'Maximum' }, ReturnData: false },
  ];
  const { seen } = changesOf({ ...rest, Metrics }, { 30: [50], 65: [1], 75: [2] }, 90);
  // From 13:10 on a period begins at 13:00 or later; the last value was seen until 13:25.
  expect(seen).toEqual(['10 OK', '86 ALARM']);
});

describe('an alarm that can not be evaluated here stops the start', () => {
  const { MetricName: _, ...noMetric } = LATE;
  const math = (Expression: string) => ({
    AlarmName: 'late',
    Threshold: 1,
    EvaluationPeriods: 1,
    ComparisonOperator: 'LessThanThreshold',
    Metrics: [
      { Id: 'e', Expression },
      { Id: 'm', MetricStat: { Metric: noMetric, Period: 60, Stat: 'Sum' }, ReturnData: false },
    ],
  });
  const queue = (MetricName: string, QueueName: string) => ({
    ...LATE,
    Namespace: 'AWS/SQS',
    MetricName,
    Dimensions: [{ Name: 'QueueName', Value: QueueName }],
  });
  test.each<[string, JsonObject, string]>([
    ['an unknown property', { ...LATE, ThresholdMetricId: 'band' }, 'ThresholdMetricId'],
    ['an unknown comparison', { ...LATE, ComparisonOperator: 'GreaterThanUpperThreshold' }, 'GreaterThanUpperThreshold'],
    ['an unknown treatment', { ...LATE, TreatMissingData: 'whatever' }, 'whatever'],
    ['an unknown statistic', { ...LATE, Statistic: 'tm90' }, 'tm90'],
    ['seconds', { ...LATE, Period: 10 }, '10 s'],
    ['more to alarm than periods', { ...LATE, DatapointsToAlarm: 2 }, '2 of 1'],
    ['a metric that no function names', { ...LATE, MetricName: 'Early' }, 'Early'],
    ['another namespace', { ...LATE, Namespace: 'Elsewhere' }, 'Elsewhere'],
    ['other dimensions of a queue', { ...queue('ApproximateNumberOfMessagesVisible', 'gone') }, 'gone'],
    ['a metric that queues do not have here', queue('SentMessageSize', 'work-dlq'), 'SentMessageSize'],
    ['a service that is not measured', { ...LATE, Namespace: 'AWS/DynamoDB' }, 'AWS/DynamoDB'],
    ['an unknown function', math('RATE(m)'), 'RATE'],
  ])('%s', (_what, properties, named) => {
    expect(() => changesOf(properties, {}, 0)).toThrow(named);
  });

  test('and one that can does not', () => {
    expect(() => changesOf(queue('ApproximateNumberOfMessagesVisible', 'work-dlq'), {}, 0)).not.toThrow();
  });
});
