/**
 * The metrics that the functions measure themselves, as alarms and dashboard see them. Powertools puts one dimension on
 * each, `service`; it has the same value in every function, so that a metric is one series whichever function wrote it.
 */

import type { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS } from '../store/names.ts';

export type PipelineMetric = Exclude<keyof typeof METRICS, 'namespace' | 'service'>;

/** The largest value in each period: a late auction must not be averaged away by a punctual one. */
export function pipelineMetric(metric: PipelineMetric, period: Duration): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRICS.namespace,
    metricName: METRICS[metric],
    dimensionsMap: { service: METRICS.service },
    statistic: cloudwatch.Stats.MAXIMUM,
    period,
  });
}
