/** Counts for the alarm at once that something waits for approval; the sweep goes on counting until nothing does. */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRICS } from '../../lib/store/names.ts';

let metrics: Metrics | undefined;

export function measureHeld(): void {
  metrics ??= new Metrics({ namespace: METRICS.namespace, serviceName: METRICS.service });
  metrics.addMetric(METRICS.held, MetricUnit.NoUnit, 1);
  metrics.publishStoredMetrics();
}
