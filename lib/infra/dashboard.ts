/**
 * The page an operator looks at first: is anything wrong, is the venue on time, and where in the pipeline does it stop. Alarms
 * on top, then what the sweep measured, then the API, then a column for each step of the pipeline, from left to right: what
 * waits for the step above, what the step does below; and last the sweep and the listeners, which are no steps of it.
 */

import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { ITableV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { QUEUES, type QueueName } from '../store/names.ts';
import { AUCTION_LATE_S, DAY_RUN_LATE_S } from './alarms.ts';
import type { ExchangeApi } from './api.ts';
import { SWEEP } from './deployment.ts';
import { PIPELINE } from './pipeline.ts';
import type { PipelineFunction } from './pipeline-function.ts';
import { type PipelineMetric, pipelineMetric } from './pipeline-metric.ts';
import type { WorkQueue } from './work-queue.ts';

/** Queues of no step of the pipeline. */
const BESIDE: ReadonlySet<QueueName> = new Set(['sweeps', 'news']);

const ROW = 24;
const QUARTER = ROW / 4;
const HEIGHT = 6;
const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);
const { MAXIMUM, SUM } = cloudwatch.Stats;

export interface DashboardProps {
  readonly alarms: readonly cloudwatch.IAlarm[];
  readonly api: ExchangeApi;
  readonly functions: readonly PipelineFunction[];
  readonly queues: readonly WorkQueue[];
  readonly table: TableV2 | ITableV2;
}

/** The dashboard of the stack, under the stack's name. */
export function dashboard(scope: Construct, id: string, props: DashboardProps): cloudwatch.Dashboard {
  const { alarms, api, functions, queues, table } = props;
  const board = new cloudwatch.Dashboard(scope, id, {
    dashboardName: Stack.of(scope).stackName,
    defaultInterval: Duration.hours(12),
  });
  board.addWidgets(new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: ROW, height: HEIGHT }));
  board.addWidgets(
    new cloudwatch.GraphWidget({
      ...shape('Lateness (s)', QUARTER),
      left: (['auctionLate', 'dayRunLate'] as const).map(measured),
      leftAnnotations: [
        { value: AUCTION_LATE_S, label: 'auction-late' },
        { value: DAY_RUN_LATE_S, label: 'day-run-late' },
      ],
    }),
    graph('Posting behind (events)', [measured('postingBehind')]),
    graph(
      'Held, overdue calls, reported, out of balance, sweep',
      (['held', 'lockedAtStop', 'callsOverdue', 'reported', 'outOfBalance', 'sweep'] as const).map(measured),
    ),
    graph('Table', [
      table.metricConsumedWriteCapacityUnits({ statistic: SUM, period: MINUTE, label: 'write units' }),
      table.metricConsumedReadCapacityUnits({ statistic: SUM, period: MINUTE, label: 'read units' }),
    ]),
  );
  board.addWidgets(
    graph('Requests', [
      api.api.metricCount({ statistic: SUM, period: MINUTE, label: 'requests' }),
      api.api.metricClientError({ statistic: SUM, period: MINUTE, label: 'refused (4xx)' }),
      api.api.metricServerError({ statistic: SUM, period: MINUTE, label: 'failed (5xx)' }),
    ]),
    graph('Latency of the API (ms)', [
      api.api.metricLatency({ statistic: 'p50', period: MINUTE, label: 'p50' }),
      api.api.metricLatency({ statistic: 'p90', period: FIVE_MINUTES, label: 'p90' }),
      api.api.metricLatency({ statistic: 'p99', period: MINUTE, label: 'p99' }),
    ]),
    ...functions.filter(({ functionName }) => PIPELINE[functionName].servesApi).map((each) => work(each, QUARTER)),
  );
  const steps = queues.filter(({ queueName }) => !BESIDE.has(queueName));
  const beside = queues.filter(({ queueName }) => BESIDE.has(queueName));
  const column = ROW / steps.length;
  const consumerOf = (queue: WorkQueue): PipelineFunction =>
    functions.find(({ functionName }) => functionName === QUEUES[queue.queueName].consumer)!;
  board.addWidgets(...steps.map((queue) => waiting(queue, column)));
  board.addWidgets(...steps.map((queue) => work(consumerOf(queue), column)));
  board.addWidgets(...beside.flatMap((queue) => [waiting(queue, QUARTER), work(consumerOf(queue), QUARTER)]));
  const ofListeners = functions.filter(({ functionName }) => functionName === 'authorize-listener' || functionName === 'listen');
  board.addWidgets(...ofListeners.map((each) => work(each, QUARTER)));
  return board;
}

/** How many messages wait for a step, the age of the oldest, and how many have become dead letters. */
function waiting({ queue, deadLetters, queueName }: WorkQueue, width: number): cloudwatch.GraphWidget {
  const sampled = { statistic: MAXIMUM, period: MINUTE };
  return new cloudwatch.GraphWidget({
    ...shape(queueName, width),
    left: [
      queue.metricApproximateNumberOfMessagesVisible({ ...sampled, label: 'waiting' }),
      deadLetters.metricApproximateNumberOfMessagesVisible({ ...sampled, label: 'dead letters' }),
    ],
    right: [queue.metricApproximateAgeOfOldestMessage({ ...sampled, label: 'oldest (s)' })],
    rightYAxis: { min: 0 },
  });
}

/** What a function does, and how long it takes. */
function work({ fn, functionName }: PipelineFunction, width: number): cloudwatch.GraphWidget {
  const counted = { statistic: SUM, period: FIVE_MINUTES };
  return new cloudwatch.GraphWidget({
    ...shape(functionName, width),
    left: [
      fn.metricInvocations({ ...counted, label: 'runs' }),
      fn.metricErrors({ ...counted, label: 'errors' }),
      fn.metricThrottles({ ...counted, label: 'throttles' }),
    ],
    right: [fn.metricDuration({ statistic: MAXIMUM, period: FIVE_MINUTES, label: 'longest run (ms)' })],
    rightYAxis: { min: 0 },
  });
}

const measured = (metric: PipelineMetric): cloudwatch.Metric => pipelineMetric(metric, Duration.minutes(SWEEP.everyMinutes));

const shape = (title: string, width: number) => ({ title, width, height: HEIGHT, leftYAxis: { min: 0 } });

const graph = (title: string, left: cloudwatch.IMetric[]): cloudwatch.GraphWidget =>
  new cloudwatch.GraphWidget({ ...shape(title, QUARTER), left });
