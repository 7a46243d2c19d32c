/**
 * One run of the virtual cloud, which all its models share: its clock, its line of machine time, the chance that its seed
 * gives, what goes wrong, and the record of all that was asked and delivered. The same seed is the same run.
 */
import { createHash } from 'node:crypto';
import { type Clock, frozenClock } from '../local/host/clock.ts';
import { random } from '../local/host/random.ts';
import type { FaultHooks } from './fault-hooks.ts';
import { AWS_LIMITS, type Limits } from './limits.ts';
import { startTimeline, type Timeline } from './timeline.ts';

export interface Run {
  readonly clock: Clock;
  readonly timeline: Timeline;
  readonly faultHooks: FaultHooks;
  readonly limits: Limits;
  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** From 0 to 1, 1 excluded. */
  fraction(): number;
  shuffled<T>(all: readonly T[]): T[];
  /** Calls when something has arrived that sets out now: mostly soon, now and then late. */
  travel(call: () => void): void;
  /** The same for a request of a function, or its answer. */
  travelAsRequest(call: () => void): void;
  /** Puts a request or a delivery on record. */
  note(...what: string[]): void;
  /** How much is on record, and a hash of all of it in order. */
  trace(): { readonly steps: number; readonly hash: string };
}

/** Now and then something is on its way so long. */
const LATE_MS = [100, 3_000] as const;

export function startRun(start: number, seed: number, faultHooks: FaultHooks, limits = AWS_LIMITS): Run {
  const timeline = startTimeline();
  const { between, chance } = random(seed, 'delays');
  const hash = createHash('sha256');
  let steps = 0;
  return {
    clock: frozenClock(start),
    timeline,
    faultHooks,
    limits,
    between,
    fraction: () => between(0, 2 ** 30 - 1) / 2 ** 30,
    shuffled: (all) => shuffle(all, between),
    travel: (call) => void timeline.after(chance(2) ? between(...LATE_MS) : between(1, 20), call),
    travelAsRequest: (call) => {
      const { least, most, latePercent } = limits.requestMs;
      timeline.after(chance(latePercent) ? between(...LATE_MS) : between(least, most), call);
    },
    note(...what) {
      steps++;
      hash.update(`${timeline.now()} ${what.join(' ')}\n`);
    },
    trace: () => ({ steps, hash: hash.copy().digest('hex') }),
  };
}

function shuffle<T>(all: readonly T[], between: (low: number, high: number) => number): T[] {
  const shuffled = [...all];
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = between(0, at);
    [shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
  }
  return shuffled;
}
