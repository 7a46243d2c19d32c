/**
 * Statistics over a period, from its minutes. A percentile needs every value; between two values it is interpolated, which
 * CloudWatch, too, only comes near: it keeps a digest.
 *
 * Source: Amazon CloudWatch user guide, "CloudWatch statistics definitions" and "Percentile-based CloudWatch alarms and low
 * data samples".
 */
import type { Minute } from './metrics.ts';

export interface Statistic {
  /** Nothing where there is no value. */
  readonly of: (minutes: readonly Minute[]) => number | undefined;
  readonly needsValues: boolean;
  /** Fewer values than this say little: only for percentiles. */
  readonly samplesMin: number;
}

const sum = (minutes: readonly Minute[], of: 'sum' | 'count'): number => minutes.reduce((total, minute) => total + minute[of], 0);

const PLAIN: Readonly<Record<string, (minutes: readonly Minute[]) => number>> = {
  Sum: (minutes) => sum(minutes, 'sum'),
  SampleCount: (minutes) => sum(minutes, 'count'),
  Average: (minutes) => sum(minutes, 'sum') / sum(minutes, 'count'),
  Minimum: (minutes) => Math.min(...minutes.map(({ min }) => min)),
  Maximum: (minutes) => Math.max(...minutes.map(({ max }) => max)),
};

/** `Sum`, `Average`, ... or `p99.9`; undefined for what is not known here. */
export function parseStatistic(name: string): Statistic | undefined {
  const plain = PLAIN[name];
  if (plain !== undefined)
    return { of: (minutes) => (minutes.length === 0 ? undefined : plain(minutes)), needsValues: false, samplesMin: 0 };
  const [, digits] = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/.exec(name) ?? [];
  if (digits === undefined) return undefined;
  const percent = Number(digits);
  return {
    of: (minutes) =>
      percentile(
        minutes.flatMap(({ values = [] }) => values),
        percent / 100,
      ),
    needsValues: true,
    samplesMin: 1000 / (percent < 50 ? percent : 100 - percent),
  };
}

function percentile(values: readonly number[], share: number): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const rank = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!];
  return low + (high - low) * (rank - Math.floor(rank));
}
