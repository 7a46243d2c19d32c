/**
 * When a schedule of EventBridge Scheduler is due: `cron(...)` in a time zone, `rate(...)`, `at(...)`. croner does the
 * calendar arithmetic; AWS's six fields are put into its seven, and what AWS skips in a change to summer time is skipped.
 *
 * Source: Amazon EventBridge Scheduler user guide, "Schedule types" and "Daylight savings time": an invocation at a time
 * that does not exist is skipped, one at a time that comes twice runs once.
 */
import { Cron } from 'croner';
import { LocalCloudError } from '../host/error.ts';
import type { SchedulePlan } from '../template/plan.ts';

/** The first instant after `afterMs` at which the schedule is due, if there is one. */
export type NextDue = (afterMs: number) => number | undefined;

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** The last value of each field that may be stepped through from a start (`0/15`): minute, hour, day, month, weekday. */
const LAST = ['59', '23', '31', '12', '7'];

/** @param createdMs what `rate` counts from when the schedule has no start of its own */
export function nextDue(
  plan: Pick<SchedulePlan, 'name' | 'expression' | 'timeZone' | 'startMs' | 'endMs'>,
  createdMs: number,
): NextDue {
  const [, kind, body] = /^(cron|rate|at)\((.*)\)$/.exec(plan.expression.trim()) ?? [];
  if (kind === undefined || body === undefined) throw notUnderstood(plan);
  const due = kind === 'cron' ? cron(plan, body) : kind === 'rate' ? rate(plan, body, plan.startMs ?? createdMs) : at(plan, body);
  return (afterMs) => {
    const next = due(Math.max(afterMs, (plan.startMs ?? -Infinity) - 1));
    return next !== undefined && next <= (plan.endMs ?? Infinity) ? next : undefined;
  };
}

function cron(plan: Pick<SchedulePlan, 'name' | 'expression' | 'timeZone'>, body: string): NextDue {
  const fields = body.trim().split(/\s+/);
  const [, , day, , weekday] = fields;
  // AWS wants exactly one of the two to be "?"; its two stars would mean something else in every other cron.
  if (fields.length !== 6 || (day === '?') === (weekday === '?')) throw notUnderstood(plan);
  const steps = fields.map((field, i) => field.replace(/(^|,)(\d+)\/(\d+)/g, `$1$2-${LAST[i] ?? '9999'}/$3`));
  let pattern: Cron;
  try {
    pattern = new Cron(`0 ${steps.join(' ')}`, {
      timezone: plan.timeZone,
      paused: true,
      mode: '7-part',
      alternativeWeekdays: true,
    });
  } catch (cause) {
    throw notUnderstood(plan, cause);
  }
  return (afterMs) => {
    for (let from = new Date(afterMs); ; ) {
      const next = pattern.nextRun(from);
      if (next === null) return undefined;
      // In a gap croner gives the first instant after it, whose local time is not the one asked for.
      if (pattern.match(next)) return next.getTime();
      from = next;
    }
  };
}

function rate(plan: Pick<SchedulePlan, 'name' | 'expression'>, body: string, originMs: number): NextDue {
  const [, count, unit] = /^\s*(\d+)\s+(minute|hour|day)s?\s*$/.exec(body) ?? [];
  const everyMs = Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  if (!(everyMs > 0)) throw notUnderstood(plan);
  return (afterMs) => originMs + Math.max(0, Math.floor((afterMs - originMs) / everyMs) + 1) * everyMs;
}

function at(plan: Pick<SchedulePlan, 'name' | 'expression' | 'timeZone'>, body: string): NextDue {
  const [, year, month, day, hour, minute, second] = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/.exec(body.trim()) ?? [];
  if (year === undefined) throw notUnderstood(plan);
  return cronOnce(plan.timeZone, `${second} ${minute} ${hour} ${day} ${month} ? ${year}`);
}

function cronOnce(timeZone: string, pattern: string): NextDue {
  const once = new Cron(pattern, { timezone: timeZone, paused: true, mode: '7-part' });
  return (afterMs) => once.nextRun(new Date(afterMs))?.getTime();
}

function notUnderstood({ name, expression }: { name: string; expression: string }, cause?: unknown): LocalCloudError {
  return new LocalCloudError(
    `Schedule ${name} can't be understood: ${expression}`,
    'Write it as cron(six fields), rate(...) or at(...).',
    { cause },
  );
}
