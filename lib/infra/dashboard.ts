/**
 * The page a person looks at first: is anything wrong, is the venue on time, and where in the pipeline does it stop. Rows
 * follow the pipeline from top to bottom.
 */

import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { ITableV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { ExchangeApi } from './api.ts';
import type { PipelineFunction } from './pipeline-function.ts';
import { SWEEP } from './venue.ts';
import { type VenueMetric, venueMetric } from './venue-metric.ts';
import type { WorkQueue } from './work-queue.ts';

const ROW = 24;
const THIRD = ROW / 3;
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

export function dashboard(scope: Construct, id: string, props: DashboardProps): cloudwatch.Dashboard {
  const { alarms, api, functions, queues, table } = props;
  const board = new cloudwatch.Dashboard(scope, id, {
    dashboardName: Stack.of(scope).stackName,
    defaultInterval: Duration.hours(12),
  });
  board.addWidgets(new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: ROW, height: 6 }));
  board.addWidgets(
    venueGraph('Lateness (s)', ['auctionLate', 'dayRunLate']),
    venueGraph('Posting behind (events)', ['postingBehind']),
    venueGraph('Held, out of balance, sweep', ['held', 'outOfBalance', 'sweep']),
  );
  board.addWidgets(
    graph('Requests', [
      api.api.metricCount({ statistic: SUM, period: MINUTE, label: 'requests' }),
      api.api.metricClientError({ statistic: SUM, period: MINUTE, label: 'refused (4xx)' }),
      api.api.metricServerError({ statistic: SUM, period: MINUTE, label: 'failed (5xx)' }),
    ]),
    graph('Latency of the API (ms)', [
      api.api.metricLatency({ statistic: 'p50', period: MINUTE, label: 'p50' }),
      api.api.metricLatency({ statistic: 'p99', period: MINUTE, label: 'p99' }),
    ]),
    graph('Table', [
      table.metricConsumedWriteCapacityUnits({ statistic: SUM, period: MINUTE, label: 'write units' }),
      table.metricConsumedReadCapacityUnits({ statistic: SUM, period: MINUTE, label: 'read units' }),
    ]),
  );
  board.addWidgets(
    graph(
      'Oldest message (s)',
      queues.map(({ queue, queueName: label }) =>
        queue.metricApproximateAgeOfOldestMessage({ statistic: MAXIMUM, period: MINUTE, label }),
      ),
    ),
    graph(
      'Messages waiting',
      queues.map(({ queue, queueName: label }) =>
        queue.metricApproximateNumberOfMessagesVisible({ statistic: MAXIMUM, period: MINUTE, label }),
      ),
    ),
    graph(
      'Dead letters',
      queues.map(({ deadLetters, queueName: label }) =>
        deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: MAXIMUM, period: MINUTE, label }),
      ),
    ),
  );
  board.addWidgets(
    graph(
      'Longest run (ms)',
      functions.map(({ fn, functionName: label }) => fn.metricDuration({ statistic: MAXIMUM, period: FIVE_MINUTES, label })),
    ),
    graph(
      'Runs',
      functions.map(({ fn, functionName: label }) => fn.metricInvocations({ statistic: SUM, period: FIVE_MINUTES, label })),
    ),
    graph(
      'Errors',
      functions.map(({ fn, functionName: label }) => fn.metricErrors({ statistic: SUM, period: FIVE_MINUTES, label })),
    ),
  );
  return board;
}

function venueGraph(title: string, metrics: readonly VenueMetric[]): cloudwatch.GraphWidget {
  return graph(
    title,
    metrics.map((metric) => venueMetric(metric, Duration.minutes(SWEEP.everyMinutes))),
  );
}

function graph(title: string, left: cloudwatch.IMetric[]): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, left, width: THIRD, height: 6, leftYAxis: { min: 0 } });
}
