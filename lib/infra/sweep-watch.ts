/**
 * When a missing sweep is a fault. The sweep rests at night and at weekends, and CloudWatch's clock is UTC while the
 * sweep's is the venue's, so the heartbeat is watched only in the UTC hours that lie in the sweep's hours, on the same
 * weekday, in winter and in summer alike. For New York that is 13:00 to 23:59 UTC, so each sweep day's first quarter to
 * hour and a quarter goes unwatched; the hours that decide (auctions and day run) do not.
 */

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SWEEP } from './deployment.ts';
import { pipelineMetric } from './pipeline-metric.ts';

/** Both offsets a zone with daylight saving has; a Wednesday, so that a neighbouring day is still a weekday. */
const WINTER = Date.UTC(2025, 0, 15);
const SUMMER = Date.UTC(2025, 6, 16);
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Two sweeps to a period, so that one that comes a little late is not a miss. */
const PERIOD = Duration.minutes(2 * SWEEP.everyMinutes);

/** 1 where there was a heartbeat or none is expected, 0 where one is missing. `DAY` is 1 on Monday; `HOUR` is UTC. */
export function sweepHeartbeat(timeZone: string): cloudwatch.MathExpression {
  const hours = watchedHours(timeZone);
  return new cloudwatch.MathExpression({
    expression: `IF(DAY(beat) < 6 AND HOUR(beat) >= ${hours.first} AND HOUR(beat) <= ${hours.last}, FILL(beat, 0), 1)`,
    usingMetrics: { beat: pipelineMetric('sweep', PERIOD) },
    label: 'sweep heartbeat, in the hours it is due',
    period: PERIOD,
  });
}

/** First and last UTC hour of the longest run of hours in which the sweep is due all year round. */
export function watchedHours(timeZone: string): { first: number; last: number } {
  const local = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', hourCycle: 'h23' });
  const isSweptAt = (instant: number): boolean => {
    const parts = local.formatToParts(instant);
    const part = (type: string): string | undefined => parts.find((each) => each.type === type)?.value;
    const hour = Number(part('hour'));
    return part('weekday') === 'Wed' && hour >= SWEEP.firstHour && hour <= SWEEP.lastHour;
  };
  const isWatched = (hour: number): boolean =>
    [WINTER, SUMMER].every((day) => {
      const start = day + hour * HOUR_MS;
      return isSweptAt(start) && isSweptAt(start + HOUR_MS - MINUTE_MS);
    });
  const runs: { first: number; last: number }[] = [];
  for (let hour = 0; hour < 24; hour++) {
    const run = runs.at(-1);
    if (!isWatched(hour)) continue;
    if (run !== undefined && run.last === hour - 1) run.last = hour;
    else runs.push({ first: hour, last: hour });
  }
  const longest = runs.sort((a, b) => b.last - b.first - (a.last - a.first))[0];
  if (longest === undefined) throw new Error(`no UTC hour lies in the sweep's hours of ${timeZone} all year round`);
  return longest;
}
