/**
 * What CloudWatch would have measured: the functions' embedded metrics and the services' own, by minute of the movable
 * clock, for alarms to be evaluated on. Only sums, counts and extremes are kept, for the last day and a bounded number of
 * series: enough for every statistic but percentiles.
 *
 * Source of the embedded format: Amazon CloudWatch user guide, "Specification: Embedded metric format".
 */
import type { Clock } from './clock.ts';

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** One minute of one metric. */
export interface Minute {
  readonly startMs: number;
  sum: number;
  count: number;
  min: number;
  max: number;
}

export interface Metrics {
  record(id: MetricId, value: number): void;
  /** Records what is an embedded metric among the lines of an output; gives back the other lines. */
  recordOutput(text: string): string[];
  /** The minutes that begin in [fromMs, toMs), oldest first; dimensions must match exactly. */
  minutes(id: MetricId, fromMs?: number, toMs?: number): readonly Minute[];
  /** Every metric that was ever recorded. */
  list(): readonly MetricId[];
}

const MINUTE_MS = 60_000;
const MINUTES_MAX = 24 * 60;
const SERIES_MAX = 1_000;

export function startMetrics(clock: Clock): Metrics {
  const series = new Map<string, { readonly id: MetricId; readonly minutes: Minute[] }>();

  const record = (id: MetricId, value: number) => {
    if (!Number.isFinite(value)) return;
    const key = keyOf(id);
    let one = series.get(key);
    if (one === undefined) {
      if (series.size >= SERIES_MAX) return;
      one = { id, minutes: [] };
      series.set(key, one);
    }
    const startMs = Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS;
    let minute = one.minutes.at(-1);
    if (minute?.startMs !== startMs) {
      minute = { startMs, sum: 0, count: 0, min: Infinity, max: -Infinity };
      one.minutes.push(minute);
      if (one.minutes.length > MINUTES_MAX) one.minutes.shift();
    }
    minute.sum += value;
    minute.count++;
    minute.min = Math.min(minute.min, value);
    minute.max = Math.max(minute.max, value);
  };

  return {
    record,
    recordOutput(text) {
      const rest: string[] = [];
      for (const line of text.split('\n')) {
        const embedded = line.includes('"_aws"') ? parseEmbedded(line) : undefined;
        if (embedded !== undefined) for (const { id, values } of embedded) for (const value of values) record(id, value);
        else if (line.trim() !== '') rest.push(line);
      }
      return rest;
    },
    minutes: (id, fromMs = -Infinity, toMs = Infinity) =>
      (series.get(keyOf(id))?.minutes ?? []).filter(({ startMs }) => startMs >= fromMs && startMs < toMs),
    list: () => [...series.values()].map(({ id }) => id),
  };
}

interface Directive {
  readonly Namespace?: string;
  readonly Dimensions?: readonly (readonly string[])[];
  readonly Metrics?: readonly { readonly Name: string }[];
}

/** The values that a line in embedded metric format carries; nothing if it is not one. */
function parseEmbedded(line: string): Array<{ id: MetricId; values: number[] }> | undefined {
  let document: Record<string, unknown>;
  try {
    document = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const directives = (document._aws as { CloudWatchMetrics?: readonly Directive[] } | undefined)?.CloudWatchMetrics;
  if (!Array.isArray(directives)) return undefined;
  const found: Array<{ id: MetricId; values: number[] }> = [];
  for (const { Namespace = '', Dimensions = [[]], Metrics = [] } of directives as readonly Directive[]) {
    for (const names of Dimensions.length > 0 ? Dimensions : [[]]) {
      const dimensions = Object.fromEntries(names.map((name) => [name, String(document[name])]));
      for (const { Name } of Metrics) {
        const value = document[Name];
        const values = (Array.isArray(value) ? value : [value]).filter((one): one is number => typeof one === 'number');
        found.push({ id: { namespace: Namespace, name: Name, dimensions }, values });
      }
    }
  }
  return found;
}

function keyOf({ namespace, name, dimensions }: MetricId): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
