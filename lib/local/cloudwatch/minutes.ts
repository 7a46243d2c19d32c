/** What CloudWatch does at the end of every minute of the clock: it takes the queues' readings and evaluates the alarms. */
import type { CountingClock } from '../host/clock.ts';
import type { Queue } from '../sqs/sqs.ts';
import type { Alarms } from './alarms.ts';
import type { Metrics } from './metrics.ts';
import { gaugeOf } from './service-metrics.ts';

export function evaluateEveryMinute(
  clock: CountingClock,
  alarms: Alarms,
  metrics: Metrics,
  queues: ReadonlyMap<string, Queue>,
): void {
  const gauges = [...queues.values()].map((queue) => gaugeOf(metrics, queue));
  clock.onMinutes((endsMs) => {
    // However many end at once, what is in the queues is the same in all of them.
    const readings = gauges.map((gauge) => gauge());
    for (const endMs of endsMs) {
      for (const reading of readings) reading(endMs - 1);
      alarms.evaluate(endMs);
    }
  });
}
