/**
 * What CloudWatch measures by itself: functions, queues, the gateway. Names and dimensions are CloudWatch's, because the
 * template's alarms refer to them.
 */
import type { Invocation } from './lambda.ts';
import type { Metrics } from './metrics.ts';
import type { Queue } from './sqs.ts';

export function recordInvocation(metrics: Metrics, { function: FunctionName, durationMs, failure }: Invocation): void {
  const record = (name: string, value: number) =>
    metrics.record({ namespace: 'AWS/Lambda', name, dimensions: { FunctionName } }, value);
  record('Invocations', 1);
  record('Errors', failure === undefined ? 0 : 1);
  record('Duration', durationMs);
}

export function recordThrottle(metrics: Metrics, FunctionName: string): void {
  metrics.record({ namespace: 'AWS/Lambda', name: 'Throttles', dimensions: { FunctionName } }, 1);
}

/** CloudWatch takes these once a minute; here it is once a stop of the clock. */
export function sampleQueue(metrics: Metrics, queue: Queue, nowMs: number): void {
  const QueueName = queue.plan.name;
  const record = (name: string, value: number) =>
    metrics.record({ namespace: 'AWS/SQS', name, dimensions: { QueueName } }, value);
  const { ready, delayed, inflight } = queue.depth();
  record('ApproximateNumberOfMessagesVisible', ready);
  record('ApproximateNumberOfMessagesDelayed', delayed);
  record('ApproximateNumberOfMessagesNotVisible', inflight);
  const oldestMs = ready + delayed + inflight === 0 ? undefined : queue.oldestSentMs();
  record('ApproximateAgeOfOldestMessage', oldestMs === undefined ? 0 : Math.max(0, nowMs - oldestMs) / 1000);
}

export function recordRequest(metrics: Metrics, ApiId: string, status: number, latencyMs: number): void {
  const record = (name: string, value: number) =>
    metrics.record({ namespace: 'AWS/ApiGateway', name, dimensions: { ApiId } }, value);
  record('Count', 1);
  record('4xx', status >= 400 && status < 500 ? 1 : 0);
  record('5xx', status >= 500 ? 1 : 0);
  record('Latency', latencyMs);
}
