/**
 * What CloudWatch measures by itself: functions, queues, the gateway. Names, dimensions and units are CloudWatch's, because
 * the template's alarms refer to them.
 */
import type { Invocation } from '../lambda/function.ts';
import type { Queue } from '../sqs/sqs.ts';
import type { Plan } from '../template/plan.ts';
import type { MetricId, MetricSeries, Metrics } from './metrics.ts';

/** By namespace: the one dimension, and the unit of each metric that is measured here. */
const MEASURED = {
  'AWS/Lambda': {
    dimension: 'FunctionName',
    units: { Invocations: 'Count', Errors: 'Count', Duration: 'Milliseconds', Throttles: 'Count', ConcurrentExecutions: 'Count' },
  },
  'AWS/SQS': {
    dimension: 'QueueName',
    units: {
      ApproximateNumberOfMessagesVisible: 'Count',
      ApproximateNumberOfMessagesDelayed: 'Count',
      ApproximateNumberOfMessagesNotVisible: 'Count',
      ApproximateAgeOfOldestMessage: 'Seconds',
    },
  },
  'AWS/ApiGateway': {
    dimension: 'ApiId',
    units: { Count: 'Count', '4xx': 'Count', '5xx': 'Count', Latency: 'Milliseconds' },
  },
} as const;
type Namespace = keyof typeof MEASURED;

const metric = <N extends Namespace>(namespace: N, name: keyof (typeof MEASURED)[N]['units'] & string, of: string): MetricId => {
  return { namespace, name, dimensions: { [MEASURED[namespace].dimension]: of } };
};

/** Whether something of this plan is measured under that name. Only for the services' own namespaces, `AWS/...`. */
export function isMeasured({ namespace, name, dimensions, unit }: MetricId, plan: Plan): boolean {
  const known = MEASURED[namespace as Namespace] as { dimension: string; units: Record<string, string> } | undefined;
  const measuredIn = known?.units[name];
  if (known === undefined || measuredIn === undefined || (unit !== undefined && unit !== measuredIn)) return false;
  const [[dimension, of] = [], ...more] = Object.entries(dimensions);
  const names: Record<string, readonly string[]> = {
    FunctionName: plan.functions.map((fn) => fn.name),
    QueueName: plan.queues.map((queue) => queue.name),
    ApiId: plan.routes.map(({ api }) => api),
  };
  return dimension === known.dimension && more.length === 0 && names[dimension]!.includes(of!);
}

export function recordInvocation(metrics: Metrics, { function: name, durationMs, running, failure }: Invocation): void {
  metrics.record(metric('AWS/Lambda', 'Invocations', name), 1);
  metrics.record(metric('AWS/Lambda', 'Errors', name), failure === undefined ? 0 : 1);
  metrics.record(metric('AWS/Lambda', 'Throttles', name), 0);
  metrics.record(metric('AWS/Lambda', 'Duration', name), durationMs);
  // No more ran at any time than when the next one ended.
  metrics.record(metric('AWS/Lambda', 'ConcurrentExecutions', name), running);
}

/** A throttled request is no invocation: only this counts it. */
export function recordThrottle(metrics: Metrics, name: string): void {
  metrics.record(metric('AWS/Lambda', 'Throttles', name), 1);
}

/** Takes a queue's readings at an instant, milliseconds. */
export type QueueGauge = (atMs: number) => void;

/**
 * CloudWatch takes these once a minute. `gaugeOf` names the metrics once; `gauge` looks at the queue, so that a minute in
 * which nothing can have happened need not look again.
 */
export function gaugeOf(metrics: Metrics, queue: Queue): () => QueueGauge {
  const series = (name: keyof (typeof MEASURED)['AWS/SQS']['units']): MetricSeries =>
    metrics.series(metric('AWS/SQS', name, queue.plan.name));
  const visible = series('ApproximateNumberOfMessagesVisible');
  const waiting = series('ApproximateNumberOfMessagesDelayed');
  const inWork = series('ApproximateNumberOfMessagesNotVisible');
  const age = series('ApproximateAgeOfOldestMessage');
  return () => {
    const { ready, delayed, inflight } = queue.depth();
    const oldestMs = ready + delayed + inflight === 0 ? undefined : queue.oldestSentMs();
    return (atMs) => {
      visible.add(ready, atMs);
      waiting.add(delayed, atMs);
      inWork.add(inflight, atMs);
      age.add(oldestMs === undefined ? 0 : Math.max(0, atMs - oldestMs) / 1000, atMs);
    };
  };
}

export function recordRequest(metrics: Metrics, api: string, status: number, latencyMs: number): void {
  metrics.record(metric('AWS/ApiGateway', 'Count', api), 1);
  metrics.record(metric('AWS/ApiGateway', '4xx', api), status >= 400 && status < 500 ? 1 : 0);
  metrics.record(metric('AWS/ApiGateway', '5xx', api), status >= 500 ? 1 : 0);
  metrics.record(metric('AWS/ApiGateway', 'Latency', api), latencyMs);
}
