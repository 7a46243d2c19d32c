/**
 * The alarms. An alarm's name is its heading in the runbook, and its description ends with the link. Alarms on what the
 * sweep measures keep their state while the sweep rests (nights, weekends): what was late in the evening is still late in
 * the morning. Counts of what goes wrong are filled with 0 where nothing ran: CloudWatch looks past missing periods for
 * older values, so a single error of a function that seldom runs would be in ALARM for a quarter of an hour, and go into it
 * twice.
 */

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ExchangeApi } from './api.ts';
import { type Deployment, SWEEP } from './deployment.ts';
import { PIPELINE } from './pipeline.ts';
import type { PipelineFunction } from './pipeline-function.ts';
import { type PipelineMetric, pipelineMetric } from './pipeline-metric.ts';
import { sweepHeartbeat } from './sweep-watch.ts';

const { IGNORE, NOT_BREACHING, BREACHING } = cloudwatch.TreatMissingData;
const { GREATER_THAN_OR_EQUAL_TO_THRESHOLD, LESS_THAN_THRESHOLD } = cloudwatch.ComparisonOperator;

const FIVE_MINUTES = Duration.minutes(5);
const BETWEEN_SWEEPS = Duration.minutes(SWEEP.everyMinutes);

/** An auction clears within minutes; the first sweep after it is due finds it a quarter of an hour late. */
export const AUCTION_LATE_S = 600;
/** A day run is a chain of steps, each started by the one before or, at worst, by the next sweep. */
export const DAY_RUN_LATE_S = 2_700;
/** One failed request is a retry; five in five minutes are a fault. */
const API_FAILURES = 5;
/** For nine requests in ten. A function that starts anew takes about one second, and does so seldom. */
const API_SLOW_MS = 2_000;

export interface AlarmsProps {
  readonly deployment: Deployment;
  readonly topic: sns.ITopic;
  /** Address of the runbook, without a heading. */
  readonly runbook: string;
  readonly functions: readonly PipelineFunction[];
  /** Dead-letter queues by the name of what they are behind. */
  readonly deadLetters: Readonly<Record<string, sqs.IQueue>>;
  readonly api: ExchangeApi;
}

interface Rule {
  readonly metric: cloudwatch.IMetric;
  readonly threshold: number;
  /** One sentence. */
  readonly says: string;
  readonly missing: cloudwatch.TreatMissingData;
  readonly below?: true;
  readonly periods?: number;
  /** Of the periods, how many must breach; all of them unless given. */
  readonly breaching?: number;
}

/** Every alarm of the stack, each with its link into the runbook. */
export class Alarms extends Construct {
  readonly all: cloudwatch.Alarm[] = [];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    for (const [name, rule] of this.rules(props)) this.alarm(name, rule, props);
  }

  private rules({ deployment, functions, deadLetters, api }: AlarmsProps): [string, Rule][] {
    return [
      ...this.exchangeRules(deployment),
      ['api-failures', apiFailures(api, functions)],
      ['api-slow', apiSlow(api)],
      ...Object.entries(deadLetters).map(([name, queue]): [string, Rule] => [`dead-letters-${name}`, deadLettersIn(queue, name)]),
      ...functions.map((each): [string, Rule] => [`errors-${each.functionName}`, errorsOf(each)]),
      ...functions.map((each): [string, Rule] => [`throttles-${each.functionName}`, throttlesOf(each)]),
    ];
  }

  private exchangeRules(deployment: Deployment): [string, Rule][] {
    const measured = (metric: PipelineMetric, threshold: number, says: string): Rule => ({
      metric: pipelineMetric(metric, BETWEEN_SWEEPS),
      threshold,
      says,
      missing: IGNORE,
    });
    return [
      // Only an operator resets it: a venue that is out of balance is not right again because nothing is measured.
      ['venue-out-of-balance', measured('outOfBalance', 1, 'A posting run did not sum to zero; the venue has halted itself.')],
      ['auction-late', measured('auctionLate', AUCTION_LATE_S, 'An auction is due and has not cleared.')],
      // In two sweeps running: an auction that clears as a sweep runs is not yet posted, and that is no fault.
      ['posting-behind', { ...measured('postingBehind', 1, 'A shard has been behind the log for two sweeps.'), periods: 2 }],
      ['day-run-late', measured('dayRunLate', DAY_RUN_LATE_S, 'A day run is due and has not finished.')],
      ['held-for-approval', measured('held', 1, 'Something waits for the approval of a second operator.')],
      ['locked-at-stop', measured('lockedAtStop', 1, 'A month is locked in the widest of its price bands.')],
      ['calls-overdue', measured('callsOverdue', 1, 'An account has not met its margin call in time.')],
      [
        'sweep-missing',
        {
          metric: sweepHeartbeat(deployment.timeZone),
          threshold: 1,
          below: true,
          periods: 2,
          says: 'The sweep has not run for an hour in which it is due, so lateness is not being measured.',
          missing: BREACHING,
        },
      ],
    ];
  }

  private alarm(name: string, rule: Rule, { topic, runbook }: AlarmsProps): void {
    const alarm = new cloudwatch.Alarm(this, name, {
      alarmName: name,
      alarmDescription: `${rule.says} ${runbook}#${name}`,
      metric: rule.metric,
      threshold: rule.threshold,
      comparisonOperator: rule.below ? LESS_THAN_THRESHOLD : GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: rule.periods ?? 1,
      ...(rule.breaching === undefined ? {} : { datapointsToAlarm: rule.breaching }),
      treatMissingData: rule.missing,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
    this.all.push(alarm);
  }
}

/** A sum over five minutes that is 0 where there is no value, and not unknown. */
function counted(metric: cloudwatch.Metric): cloudwatch.MathExpression {
  return new cloudwatch.MathExpression({
    expression: 'FILL(count, 0)',
    usingMetrics: { count: metric },
    label: metric.metricName,
    period: FIVE_MINUTES,
  });
}

/**
 * Without the requests for which no function had a place: a caller can send so many at once, and that must neither look like a
 * fault nor keep a release back. Where it is a fault, `throttles-` says so.
 */
function apiFailures({ api }: ExchangeApi, functions: readonly PipelineFunction[]): Rule {
  const serving = functions.filter(({ functionName }) => PIPELINE[functionName].servesApi);
  const throttled = serving.map(({ fn }, index) => [`throttled${index}`, throttlesMetric(fn)] as const);
  return {
    metric: new cloudwatch.MathExpression({
      expression: ['FILL(count, 0)', ...throttled.map(([id]) => `FILL(${id}, 0)`)].join(' - '),
      usingMetrics: {
        count: api.metricServerError({ statistic: cloudwatch.Stats.SUM, period: FIVE_MINUTES }),
        ...Object.fromEntries(throttled),
      },
      label: 'server errors',
      period: FIVE_MINUTES,
    }),
    threshold: API_FAILURES,
    says: 'The API answered with server errors.',
    missing: NOT_BREACHING,
  };
}

function apiSlow({ api }: ExchangeApi): Rule {
  return {
    metric: api.metricLatency({ statistic: 'p90', period: FIVE_MINUTES }),
    threshold: API_SLOW_MS,
    // One slow request in a quiet hour is no fault; a second period of them is.
    periods: 3,
    breaching: 2,
    says: 'The API answers slowly.',
    missing: NOT_BREACHING,
  };
}

function deadLettersIn(queue: sqs.IQueue, name: string): Rule {
  const dead =
    name === 'schedules' ? 'A schedule could not deliver its message.' : `A message of ${name} could not be processed.`;
  return {
    metric: queue.metricApproximateNumberOfMessagesVisible({ statistic: cloudwatch.Stats.MAXIMUM, period: Duration.minutes(1) }),
    threshold: 1,
    says: dead,
    missing: NOT_BREACHING,
  };
}

function errorsOf({ fn, functionName }: PipelineFunction): Rule {
  return {
    metric: counted(fn.metricErrors({ statistic: cloudwatch.Stats.SUM, period: FIVE_MINUTES })),
    threshold: 1,
    says: `${functionName} failed as a whole: it threw, ran out of time or out of memory.`,
    missing: NOT_BREACHING,
  };
}

const throttlesMetric = (fn: lambda.Function): cloudwatch.Metric =>
  fn.metricThrottles({ statistic: cloudwatch.Stats.SUM, period: FIVE_MINUTES });

/** Of a function with a reserve only while it did not have all of that: what comes beyond it comes from callers. */
function throttlesOf({ fn, functionName }: PipelineFunction): Rule {
  const { concurrencyMax } = PIPELINE[functionName];
  const running = fn.metric('ConcurrentExecutions', { statistic: cloudwatch.Stats.MAXIMUM, period: FIVE_MINUTES });
  return {
    metric:
      concurrencyMax === undefined
        ? counted(throttlesMetric(fn))
        : new cloudwatch.MathExpression({
            expression: `IF(FILL(running, 0) < ${concurrencyMax}, FILL(count, 0), 0)`,
            usingMetrics: { count: throttlesMetric(fn), running },
            label: 'throttles below the reserve',
            period: FIVE_MINUTES,
          }),
    threshold: 1,
    says: `${functionName} was refused concurrency.`,
    missing: NOT_BREACHING,
  };
}
