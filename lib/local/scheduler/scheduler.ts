/**
 * EventBridge Scheduler on the movable clock: what is due goes into its queue, in order of time, with the instant it was due
 * written into it. On a clock moved by hand, the caller may let the cloud go quiet between two firings.
 *
 * What came due while this cloud was stopped is made up for when it starts again on the same data folder, in order, as far
 * back as a day: on AWS the scheduler would have gone on. Further back than that it is only reported, so that a folder found
 * again after a month does not begin with a month of work.
 */
import { type Clock, parseInstant } from '../host/clock.ts';
import type { Queue } from '../sqs/sqs.ts';
import type { SchedulePlan } from '../template/plan.ts';
import { type NextDue, nextDue } from './cron.ts';

const SCHEDULED_TIME = '<aws.scheduler.scheduled-time>';
const CAUGHT_UP_MS_MAX = 24 * 3_600_000;
const SLEEP_MS_MAX = 60_000;

export interface Firing {
  readonly schedule: string;
  readonly queue: string;
  readonly dueMs: number;
}

/**
 * What may go wrong with a firing: it comes twice, with those due next, or not at all. `undelivered`: its queue can't be
 * reached, so the message ends with the schedule's dead letters; the retries that come before are not waited for.
 */
export type FiringFault = 'twice' | 'late' | 'never' | 'undelivered';
export type FiringHook = (firing: Firing) => FiringFault | undefined;

export interface SchedulesOptions {
  readonly fault?: FiringHook | undefined;
  readonly clock: Clock;
  readonly queueOf: (name: string) => Pick<Queue, 'send'>;
  /** Up to where everything due has been fired, from an earlier run. */
  readonly firedUntilMs: number | undefined;
  readonly onFiredUntil: (instantMs: number) => void;
  /** After each firing; the next waits for it. */
  readonly afterFiring: (firing: Firing) => Promise<void>;
  readonly onSkipped: (message: string) => void;
  readonly onError: (error: unknown) => void;
}

export interface Schedules {
  /** The next firing, after now. */
  next(): Firing | undefined;
  /** Moves the clock to an instant and fires what is due on the way, each at its own time. */
  advanceTo(instant: number | string): Promise<readonly Firing[]>;
  stop(): Promise<void>;
}

export function startSchedules(plans: readonly SchedulePlan[], options: SchedulesOptions): Schedules {
  const { clock } = options;
  const schedules = plans.map((plan) => ({ plan, due: nextDue(plan, clock.now()) }));
  const delivery = startDelivery(options);
  let firedUntilMs = startFrom(options);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let wakeSleeper = () => {};

  const next = (afterMs: number) => firstDue(schedules, afterMs);
  /** Fires all that is due up to an instant; what is due at the same instant goes out together before the clock moves on. */
  const fireUntil = async (untilMs: number): Promise<Firing[]> => {
    const fired: Firing[] = [];
    for (let first = next(firedUntilMs); !stopped && first !== undefined && first.dueMs <= untilMs; first = next(firedUntilMs)) {
      if (first.dueMs > clock.now()) clock.moveTo(first.dueMs);
      const overdue = delivery.takeLate();
      for (const plan of first.plans) fired.push(await delivery.fire({ plan, dueMs: first.dueMs }));
      for (const one of overdue) fired.push(await delivery.fire(one, true));
      firedUntilMs = first.dueMs;
      options.onFiredUntil(firedUntilMs);
    }
    return fired;
  };

  const advance = async (untilMs: number): Promise<Firing[]> => {
    const fired = await fireUntil(untilMs);
    if (clock.now() < untilMs) clock.moveTo(untilMs);
    firedUntilMs = Math.max(firedUntilMs, untilMs);
    options.onFiredUntil(firedUntilMs);
    return fired;
  };
  // A clock that runs may be moved while what came due by itself is being fired.
  const inTurn = oneAtATime();

  const follow = async () => {
    while (!stopped) {
      // Read once: what comes due while it fires is for the next round, and must not count as fired.
      await inTurn(() => advance(clock.now()));
      const waitMs = Math.min(SLEEP_MS_MAX, (next(firedUntilMs)?.dueMs ?? Infinity) - clock.now());
      await new Promise<void>((resolve) => {
        wakeSleeper = resolve;
        timer = setTimeout(resolve, Math.max(waitMs, 1));
        timer.unref();
      });
    }
  };
  const following = clock.frozen ? undefined : follow().catch(options.onError);

  return {
    next() {
      const first = next(firedUntilMs);
      return first && { schedule: first.plans[0]!.name, queue: first.plans[0]!.queue, dueMs: first.dueMs };
    },
    async advanceTo(instant) {
      const untilMs = parseInstant(instant);
      const fired = await inTurn(() => advance(untilMs));
      wakeSleeper();
      return fired;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      wakeSleeper();
      await following;
    },
  };
}

/** Runs each piece of work once the one before it has ended, however that ended. */
function oneAtATime() {
  let last: Promise<unknown> = Promise.resolve();
  return <Result>(work: () => Promise<Result>): Promise<Result> => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
}

interface Due {
  readonly plan: SchedulePlan;
  readonly dueMs: number;
}

/** Puts what is due into its queue, or does with it what the fault hook says. */
function startDelivery({ queueOf, fault: hook, afterFiring }: Pick<SchedulesOptions, 'queueOf' | 'fault' | 'afterFiring'>) {
  let late: Due[] = [];
  let repeats = 0;
  return {
    /** What was to come late, once. */
    takeLate(): readonly Due[] {
      const taken = late;
      late = [];
      return taken;
    },
    async fire({ plan, dueMs }: Due, isLate = false): Promise<Firing> {
      const due = new Date(dueMs).toISOString().replace('.000Z', 'Z');
      const body = plan.input.replaceAll(SCHEDULED_TIME, due);
      const group = plan.messageGroup;
      const firing = { schedule: plan.name, queue: plan.queue, dueMs };
      const fault = isLate ? undefined : hook?.(firing);
      if (fault === 'late') late.push({ plan, dueMs });
      if (fault === 'undelivered' && plan.deadLetters !== undefined) queueOf(plan.deadLetters).send(body);
      for (let times = fault === 'twice' ? 2 : fault === undefined ? 1 : 0; times > 0; times--) {
        const deduplication = `${plan.name} ${due}${fault === 'twice' ? ` ${++repeats}` : ''}`;
        queueOf(plan.queue).send(body, group === undefined ? {} : { group, deduplication });
      }
      await afterFiring(firing);
      return firing;
    },
  };
}

function startFrom({ clock, firedUntilMs, onSkipped }: SchedulesOptions): number {
  const now = clock.now();
  if (firedUntilMs === undefined || firedUntilMs > now) return now;
  const earliest = now - CAUGHT_UP_MS_MAX;
  if (firedUntilMs >= earliest) return firedUntilMs;
  onSkipped(
    `Schedules between ${new Date(firedUntilMs).toISOString()} and ${new Date(earliest).toISOString()} were not fired: this cloud was stopped for more than a day.`,
  );
  return earliest;
}

function firstDue(schedules: ReadonlyArray<{ plan: SchedulePlan; due: NextDue }>, afterMs: number) {
  let first: { plans: SchedulePlan[]; dueMs: number } | undefined;
  for (const { plan, due } of schedules) {
    const dueMs = due(afterMs);
    if (dueMs === undefined || (first !== undefined && dueMs > first.dueMs)) continue;
    if (first !== undefined && dueMs === first.dueMs) first.plans.push(plan);
    else first = { plans: [plan], dueMs };
  }
  return first;
}
