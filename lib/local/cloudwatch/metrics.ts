/**
 * What CloudWatch would have measured: the functions' embedded metrics and the services' own, by minute of the movable
 * clock, for alarms to be evaluated on. Sums, counts and extremes are kept, for the last day and a bounded number of series;
 * the values themselves only where an alarm needs percentiles.
 *
 * Source of the embedded format: Amazon CloudWatch user guide, "Specification: Embedded metric format".
 */
import type { Clock } from '../host/clock.ts';

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** Only values recorded in this unit, as CloudWatch names them; in any, unless given. */
  readonly unit?: string;
}

/** One minute of one metric. */
export interface Minute {
  readonly startMs: number;
  sum: number;
  count: number;
  min: number;
  max: number;
  /** In the order they came, where they are kept. */
  values?: number[];
}

/** One metric at hand, so that its name need not be looked up for every value. */
export interface MetricSeries {
  /** The minutes that have values, the oldest first. */
  readonly minutes: readonly Minute[];
  add(value: number, atMs: number): void;
}

export interface Metrics {
  /** Records a value now; its unit is the metric's. */
  record(id: MetricId, value: number): void;
  /** The series of a metric, made if nothing was recorded yet. `keepValues`: also every single value, from now on. */
  series(id: MetricId, keepValues?: boolean): MetricSeries;
  /** Records what is an embedded metric among the lines of an output; gives back the other lines. */
  recordOutput(text: string): string[];
  /** The minutes that begin in [fromMs, toMs), oldest first; dimensions must match exactly. */
  minutes(id: MetricId, fromMs?: number, toMs?: number): readonly Minute[];
  /** Every metric that was ever recorded. */
  list(): readonly MetricId[];
}

const MINUTE_MS = 60_000;
/** Minutes with values that are kept at least. */
const MINUTES_MAX = 24 * 60;
const SERIES_MAX = 1_000;

class Kept implements MetricSeries {
  readonly id: MetricId;
  readonly minutes: Minute[] = [];
  keepsValues = false;

  constructor(id: MetricId) {
    this.id = id;
  }

  add(value: number, atMs: number): void {
    const startMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    let last = this.minutes.at(-1);
    if (last === undefined || last.startMs < startMs) {
      last = { startMs, sum: 0, count: 0, min: Infinity, max: -Infinity };
      this.minutes.push(last);
      if (this.minutes.length >= 2 * MINUTES_MAX) this.minutes.splice(0, MINUTES_MAX);
    }
    last.sum += value;
    last.count++;
    last.min = Math.min(last.min, value);
    last.max = Math.max(last.max, value);
    if (!this.keepsValues) return;
    last.values ??= [];
    last.values.push(value);
  }
}

export function startMetrics(clock: Clock): Metrics {
  const series = new Map<string, Kept>();

  const seriesOf = (id: MetricId): Kept | undefined => {
    const key = keyOf(id);
    const one = series.get(key);
    if (one !== undefined || series.size >= SERIES_MAX) return one;
    const made = new Kept(id);
    series.set(key, made);
    return made;
  };
  const record = ({ unit, ...id }: MetricId, value: number) => {
    if (!Number.isFinite(value)) return;
    seriesOf(id)?.add(value, clock.now());
    // Only where an alarm asks for the unit: few do.
    if (unit !== undefined) series.get(keyOf({ ...id, unit }))?.add(value, clock.now());
  };

  return {
    record,
    series(id, keepValues = false) {
      const one = seriesOf(id);
      if (one === undefined) throw new RangeError(`There are more than ${SERIES_MAX} metrics`);
      one.keepsValues ||= keepValues;
      return one;
    },
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
    list: () => [...series.values()].filter(({ minutes }) => minutes.length > 0).map(({ id }) => id),
  };
}

interface Directive {
  readonly Namespace?: string;
  readonly Dimensions?: readonly (readonly string[])[];
  readonly Metrics?: readonly { readonly Name: string; readonly Unit?: string }[];
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
      for (const { Name, Unit = 'None' } of Metrics) {
        const value = document[Name];
        const values = (Array.isArray(value) ? value : [value]).filter((one): one is number => typeof one === 'number');
        found.push({ id: { namespace: Namespace, name: Name, dimensions, unit: Unit }, values });
      }
    }
  }
  return found;
}

function keyOf({ namespace, name, dimensions, unit }: MetricId): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1)), unit]);
}
