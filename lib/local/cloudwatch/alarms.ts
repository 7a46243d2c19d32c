/**
 * Evaluates the template's alarms as CloudWatch does, once a minute of the movable clock: each on the periods that end with
 * that minute, not on those of the wall clock. Keeps the state of each and every change with the points that made it.
 *
 * Two things are not CloudWatch's. What an alarm would look at from before this cloud began is not missing data, because
 * nothing was measured then: an alarm keeps its first state until it has seen its periods out, or has real points. And a
 * value counts at once, where CloudWatch may wait for values that arrive late.
 *
 * Source: Amazon CloudWatch user guide, "Evaluating an alarm"; the states are decided in alarm-state.ts.
 */

import { LocalCloudError } from '../host/error.ts';
import type { Plan } from '../template/plan.ts';
import { type AlarmRule, ruleOf } from './alarm-rule.ts';
import { type AlarmState, evaluationRange, stateOf } from './alarm-state.ts';
import type { Series } from './metric-math.ts';
import type { MetricSeries, Metrics, Minute } from './metrics.ts';
import type { Statistic } from './statistic.ts';

export interface AlarmChange {
  readonly alarm: string;
  readonly atMs: number;
  readonly from: AlarmState;
  readonly to: AlarmState;
  /** The points it was decided on, or what was said when it was set by hand. */
  readonly reason: string;
  /** The alarm's own, which ends with its heading in the runbook. */
  readonly description: string;
}

/** An alarm as it stands. */
export interface AlarmNow {
  readonly name: string;
  readonly description: string;
  readonly state: AlarmState;
  /** Why it is in that state; of one that has not changed yet, that it has not. */
  readonly reason: string;
  readonly sinceMs: number;
}

export interface Alarms {
  readonly names: readonly string[];
  now(): readonly AlarmNow[];
  state(alarm: string): AlarmState;
  /** Those in ALARM, by name. */
  inAlarm(): readonly string[];
  /** Every change, the oldest first; of one alarm or all. */
  changes(alarm?: string): readonly AlarmChange[];
  /** As `aws cloudwatch set-alarm-state`: until the next minute finds otherwise. */
  set(alarm: string, state: AlarmState, reason: string): void;
  /** Evaluates on what was measured before an instant, which is the end of a minute. */
  evaluate(atMs: number): void;
}

/** What CloudWatch says of an alarm that it has made and not evaluated yet. */
const UNCHANGED = 'Unchecked: Initial alarm creation';

/** Throws LocalCloudError when an alarm of the plan can't be evaluated here. */
export function startAlarms(plan: Plan, metrics: Metrics, startMs: number, onChange: (change: AlarmChange) => void): Alarms {
  const changes: AlarmChange[] = [];
  const newest = new Map<string, AlarmChange>();
  const alarms = new Map(
    plan.alarms.map((each) => {
      const alarm = new Alarm(ruleOf(each, plan), metrics, startMs);
      return [alarm.rule.name, alarm] as const;
    }),
  );
  const change = ({ rule, state: from }: Alarm, to: AlarmState, atMs: number, reason: string) => {
    const one = { alarm: rule.name, atMs, from, to, reason, description: rule.description };
    changes.push(one);
    newest.set(rule.name, one);
    onChange(one);
  };
  const named = (name: string): Alarm => {
    const alarm = alarms.get(name);
    if (alarm === undefined)
      throw new LocalCloudError(`There is no alarm ${name}`, `There are: ${[...alarms.keys()].join(', ')}.`);
    return alarm;
  };
  let evaluatedMs = startMs;
  return {
    names: [...alarms.keys()],
    now: () =>
      [...alarms.values()].map(({ rule: { name, description }, state }) => {
        const { reason = UNCHANGED, atMs = startMs } = newest.get(name) ?? {};
        return { name, description, state, reason, sinceMs: atMs };
      }),
    state: (name) => named(name).state,
    inAlarm: () => [...alarms.values()].filter(({ state }) => state === 'ALARM').map(({ rule }) => rule.name),
    changes: (name) => changes.filter(({ alarm }) => name === undefined || alarm === name),
    set(name, state, reason) {
      const alarm = named(name);
      if (alarm.state !== state) change(alarm, state, evaluatedMs, reason);
      alarm.set(state);
    },
    evaluate(atMs) {
      evaluatedMs = atMs;
      for (const alarm of alarms.values()) {
        const found = alarm.evaluate(atMs);
        if (found === undefined) continue;
        change(alarm, found.state, atMs, found.reason);
        alarm.set(found.state);
      }
    },
  };
}

interface Watched {
  readonly id: string;
  readonly statistic: Statistic;
  readonly series: MetricSeries;
}

class Alarm {
  readonly rule: AlarmRule;
  state: AlarmState = 'INSUFFICIENT_DATA';
  readonly #watched: readonly Watched[];
  readonly #startMs: number;
  /** Nothing was in range when it was last evaluated, so as long as nothing is, the outcome is the same. */
  #settled = false;

  constructor(rule: AlarmRule, metrics: Metrics, startMs: number) {
    this.rule = rule;
    this.#startMs = startMs;
    this.#watched = Object.entries(rule.metrics).map(([id, { id: metric, statistic }]) => {
      const { unit: _, ...own } = metric;
      // The services measure each metric in one unit, which was checked when the rule was read.
      const series = metrics.series(metric.namespace.startsWith('AWS/') ? own : metric, statistic.needsValues);
      return { id, statistic, series };
    });
  }

  set(state: AlarmState): void {
    this.state = state;
    this.#settled = false;
  }

  /** The state it must change to. Called for every minute that passes, so most calls end early. */
  evaluate(atMs: number): { state: AlarmState; reason: string } | undefined {
    const { rule } = this;
    const fromMs = atMs - evaluationRange(rule.evaluationPeriods) * rule.periodMs;
    const isIdle = this.#watched.every(({ series }) => (series.minutes.at(-1)?.startMs ?? -Infinity) < fromMs);
    if (isIdle && this.#settled) return undefined;
    const begun = atMs - this.#startMs >= rule.evaluationPeriods * rule.periodMs;
    this.#settled = isIdle && begun && !rule.expression?.dependsOnTime;

    const startsMs: number[] = [];
    for (let startMs = fromMs; startMs < atMs; startMs += rule.periodMs) startsMs.push(startMs);
    const byPeriod = this.#watched.map(({ series }) => minutesIn(series.minutes, startsMs, rule.periodMs));
    const hasFew = this.#watched.some(({ statistic }, i) => tooFew(byPeriod[i]!.at(-1)!, statistic.samplesMin));
    if (rule.ignoresFewSamples && hasFew) return undefined;
    const values = this.#valuesOf(byPeriod, startsMs);
    const points = values.map((value, i) =>
      startsMs[i]! >= this.#startMs || byPeriod.some((minutes) => minutes[i]!.length > 0) ? value : undefined,
    );
    const state = stateOf(points, rule, begun ? rule.missing : 'ignore', this.state);
    return state === this.state ? undefined : { state, reason: reasonOf(rule, startsMs, points) };
  }

  #valuesOf(byPeriod: readonly Minute[][][], startsMs: readonly number[]): Series {
    const values = this.#watched.map(({ statistic }, i) => byPeriod[i]!.map(statistic.of));
    if (this.rule.expression === undefined) return values[0]!;
    const series: Record<string, Series> = {};
    for (const [i, { id }] of this.#watched.entries()) series[id] = values[i]!;
    return this.rule.expression.over({ startsMs, series });
  }
}

/** The minutes of a metric in each period. */
function minutesIn(minutes: readonly Minute[], startsMs: readonly number[], periodMs: number): Minute[][] {
  const periods: Minute[][] = startsMs.map(() => []);
  const fromMs = startsMs[0]!;
  for (let i = minutes.length - 1; i >= 0 && minutes[i]!.startMs >= fromMs; i--)
    // What begins later than the last period is of a minute that has not ended.
    periods[Math.floor((minutes[i]!.startMs - fromMs) / periodMs)]?.push(minutes[i]!);
  return periods;
}

const tooFew = (minutes: readonly Minute[], samplesMin: number): boolean =>
  samplesMin > 0 && minutes.reduce((count, minute) => count + minute.count, 0) < samplesMin;

function reasonOf(
  { threshold, datapointsToAlarm, evaluationPeriods }: AlarmRule,
  startsMs: readonly number[],
  points: readonly (number | undefined)[],
): string {
  const shown = points
    .map((value, i) =>
      value === undefined ? undefined : `${Number(value.toFixed(3))} at ${new Date(startsMs[i]!).toISOString().slice(0, 16)}Z`,
    )
    .filter((point) => point !== undefined)
    .slice(-evaluationPeriods);
  return `${shown.join(', ') || 'no data'}; in alarm when ${datapointsToAlarm} of ${evaluationPeriods} are ${threshold}`;
}
