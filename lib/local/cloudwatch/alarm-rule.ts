/**
 * An alarm of the template, read: what it watches and when that breaches. Every property is either understood or an error
 * when the cloud starts, and so is a metric that nothing here can ever measure: an alarm that is silently not evaluated would
 * look like one that stays OK.
 *
 * Source: AWS CloudFormation reference, `AWS::CloudWatch::Alarm`; Amazon CloudWatch API reference, `PutMetricAlarm`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalCloudError } from '../host/error.ts';
import type { JsonObject } from '../template/intrinsics.ts';
import type { AlarmPlan, Plan } from '../template/plan.ts';
import type { Judgement, MissingData } from './alarm-state.ts';
import { evaluationRange } from './alarm-state.ts';
import { type Expression, parseExpression } from './metric-math.ts';
import type { MetricId } from './metrics.ts';
import { isMeasured } from './service-metrics.ts';
import { parseStatistic, type Statistic } from './statistic.ts';

export interface WatchedMetric {
  readonly id: MetricId;
  readonly statistic: Statistic;
}

export interface AlarmRule extends Judgement {
  readonly name: string;
  readonly description: string;
  readonly periodMs: number;
  /** By the id that the expression uses. */
  readonly metrics: Readonly<Record<string, WatchedMetric>>;
  /** Over the metrics; without one there is a single metric. */
  readonly expression: Expression | undefined;
  readonly missing: MissingData;
  /** A percentile of too few values changes no state. */
  readonly ignoresFewSamples: boolean;
  /** As a person would write it, such as `>= 5`. */
  readonly threshold: string;
}

const COMPARISONS: Readonly<Record<string, { sign: string; breaches: (value: number, threshold: number) => boolean }>> = {
  GreaterThanOrEqualToThreshold: { sign: '>=', breaches: (value, threshold) => value >= threshold },
  GreaterThanThreshold: { sign: '>', breaches: (value, threshold) => value > threshold },
  LessThanThreshold: { sign: '<', breaches: (value, threshold) => value < threshold },
  LessThanOrEqualToThreshold: { sign: '<=', breaches: (value, threshold) => value <= threshold },
};
const MISSING: readonly string[] = ['missing', 'ignore', 'breaching', 'notBreaching'] satisfies MissingData[];

const UNDERSTOOD = new Set([
  'AlarmName',
  'AlarmDescription',
  'ComparisonOperator',
  'DatapointsToAlarm',
  'Dimensions',
  'EvaluateLowSampleCountPercentile',
  'EvaluationPeriods',
  'ExtendedStatistic',
  'MetricName',
  'Metrics',
  'Namespace',
  'Period',
  'Statistic',
  'Threshold',
  'TreatMissingData',
  'Unit',
  // Where it is sent: nothing is sent here, the changes are shown.
  'ActionsEnabled',
  'AlarmActions',
  'InsufficientDataActions',
  'OKActions',
  'Tags',
]);

/** Throws LocalCloudError for an alarm that can't be evaluated here as CloudWatch would. */
export function ruleOf({ name, properties: p }: AlarmPlan, plan: Plan): AlarmRule {
  const refuse = (why: string): never => {
    throw new LocalCloudError(`Alarm ${name} ${why}`, 'Teach lib/local/cloudwatch/alarm-rule.ts, or change the alarm.');
  };
  for (const property of Object.keys(p))
    if (!UNDERSTOOD.has(property)) refuse(`has the property ${property}, which is not known here`);
  const comparison = COMPARISONS[String(p.ComparisonOperator)] ?? refuse(`compares by ${p.ComparisonOperator}`);
  const missing = String(p.TreatMissingData ?? 'missing');
  if (!MISSING.includes(missing)) refuse(`treats missing data as ${missing}`);
  const lowSamples = String(p.EvaluateLowSampleCountPercentile ?? 'evaluate');
  if (!['evaluate', 'ignore'].includes(lowSamples)) refuse(`takes few samples as ${lowSamples}`);
  const threshold = Number(p.Threshold);
  const evaluationPeriods = Number(p.EvaluationPeriods);
  const datapointsToAlarm = Number(p.DatapointsToAlarm ?? evaluationPeriods);
  const { periodMs, ...watched } =
    p.Metrics === undefined ? singleMetric(p, refuse) : metricMath(p.Metrics as JsonObject[], refuse);
  if (!(datapointsToAlarm >= 1 && datapointsToAlarm <= evaluationPeriods) || !Number.isFinite(threshold))
    refuse(`goes into alarm at ${p.Threshold} in ${datapointsToAlarm} of ${evaluationPeriods} periods`);
  if (!(periodMs > 0) || periodMs % MINUTE_MS !== 0 || evaluationRange(evaluationPeriods) * periodMs > DAY_MS)
    refuse(`looks at ${evaluationPeriods} periods of ${periodMs / 1000} s; known here are whole minutes and in all about a day`);
  for (const { id } of Object.values(watched.metrics))
    if (!canOccur(id, plan))
      refuse(`watches ${id.namespace} ${id.name} of ${JSON.stringify(id.dimensions)}, which nothing here measures`);

  return {
    name,
    description: String(p.AlarmDescription ?? ''),
    periodMs,
    ...watched,
    evaluationPeriods,
    datapointsToAlarm,
    breaches: (value) => comparison.breaches(value, threshold),
    // Whatever the alarm says: CloudWatch lets no alarm on the table's metrics change its state for want of data.
    missing: Object.values(watched.metrics).some(({ id }) => id.namespace === 'AWS/DynamoDB')
      ? 'ignore'
      : (missing as MissingData),
    ignoresFewSamples: lowSamples === 'ignore',
    threshold: `${comparison.sign} ${threshold}`,
  };
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

type Refuse = (why: string) => never;
type Watched = Pick<AlarmRule, 'periodMs' | 'metrics' | 'expression'>;

function singleMetric(p: JsonObject, refuse: Refuse): Watched {
  return {
    periodMs: Number(p.Period) * 1000,
    metrics: { metric: watchedMetric(p, p.Statistic ?? p.ExtendedStatistic, p.Unit, refuse) },
    expression: undefined,
  };
}

const QUERY = new Set(['Id', 'Label', 'MetricStat', 'Expression', 'ReturnData', 'Period']);

function metricMath(queries: readonly JsonObject[], refuse: Refuse): Watched {
  for (const property of queries.flatMap((query) => Object.keys(query)))
    if (!QUERY.has(property)) refuse(`has a metric with ${property}, which is not known here`);
  const metrics: Record<string, WatchedMetric> = {};
  const periods = new Set<number>();
  for (const { Id, MetricStat } of queries) {
    if (MetricStat === undefined) continue;
    const { Metric, Period, Stat, Unit, ...more } = MetricStat as JsonObject;
    if (Object.keys(more).length > 0) refuse(`has a metric with ${Object.keys(more)}, which is not known here`);
    metrics[String(Id)] = watchedMetric(Metric as JsonObject, Stat, Unit, refuse);
    periods.add(Number(Period) * 1000);
  }
  const [returned, ...others] = queries.filter(({ ReturnData }) => ReturnData !== false);
  if (returned === undefined || others.length > 0) return refuse('must return exactly one series');
  if (queries.filter(({ Expression }) => Expression !== undefined).length > 1) refuse('has an expression on another expression');
  if (periods.size !== 1) refuse('has metrics of different periods');
  const expression = parseExpression(String(returned.Expression ?? returned.Id), Object.keys(metrics));
  return { periodMs: [...periods][0]!, metrics, expression };
}

function watchedMetric(metric: JsonObject, statistic: unknown, unit: unknown, refuse: Refuse): WatchedMetric {
  const namespace = String(metric.Namespace);
  const dimensions = ((metric.Dimensions ?? []) as JsonObject[]).map(({ Name, Value }) => [String(Name), String(Value)]);
  const id = { namespace, name: String(metric.MetricName), dimensions: Object.fromEntries(dimensions) };
  return {
    id: unit === undefined ? id : { ...id, unit: String(unit) },
    statistic: parseStatistic(String(statistic)) ?? refuse(`takes the statistic ${statistic}`),
  };
}

/** A metric of the functions' own must at least be named in the code of one; which it measures only running shows. */
function canOccur(id: MetricId, plan: Plan): boolean {
  if (id.namespace.startsWith('AWS/')) return isMeasured(id, plan);
  return plan.functions.some(({ codeDir, environment }) => {
    if (environment.POWERTOOLS_METRICS_NAMESPACE !== id.namespace) return false;
    return readFileSync(join(codeDir, 'index.mjs'), 'utf8').includes(id.name);
  });
}
