/**
 * One line of machine time for everything that runs in the virtual cloud: requests on their way, timers, deliveries. The
 * earliest is taken, run until nothing moves any more, and only then the next. So what happens, and in which order, depends
 * on the delays that were asked for and on nothing else; no real time passes between two of them.
 *
 * Machine time is not the clock: the clock stands still while work goes on, and is moved from schedule to schedule.
 */
import { cancel, type Entry, push, takeNext } from './pending.ts';

export interface Timeline {
  /** Milliseconds of machine time since the start. */
  now(): number;
  /** Calls after so many milliseconds; what is due at the same time goes in the order in which it was asked for. */
  after(delayMs: number, call: () => void): { cancel(): void };
  /** Resolves when nothing is pending; rejects as `until` does. */
  idle(steps: number): Promise<void>;
  /**
   * Settles as `awaited` does. Rejects with a StuckError that names it when nothing is pending any more that could settle it,
   * and when that takes more than so many steps, as in an endless retry; and with what a call on this line threw: nothing
   * is called any more after that.
   */
  until<T>(awaited: Promise<T>, name: string, steps: number): Promise<T>;
}

interface Waiting {
  left: number;
  resolve(): void;
  reject(error: unknown): void;
}

export class StuckError extends Error {
  override name = 'StuckError';
}

export function startTimeline(): Timeline {
  const heap: Entry[] = [];
  let nowMs = 0;
  let orders = 0;
  let going = false;
  let waiting: Waiting[] = [];
  let broken: { error: unknown } | undefined;

  const step = () => {
    const next = takeNext(heap);
    if (next === undefined) return end(({ resolve }) => resolve());
    nowMs = next.dueMs;
    try {
      next.call();
    } catch (error) {
      broken = { error };
      return end(({ reject }) => reject(error));
    }
    for (const each of waiting) each.left--;
    const [lost, patient] = partition(waiting, ({ left }) => left < 0);
    waiting = patient;
    for (const { reject } of lost) reject(new StuckError(`work goes on and on, at ${nowMs} ms of machine time`));
    // Promises, ticks and streams of what was called run to their end before the event loop comes back here.
    setImmediate(step);
  };
  const end = (tell: (waiting: Waiting) => void) => {
    going = false;
    const told = waiting;
    waiting = [];
    told.forEach(tell);
  };
  const go = () => {
    if (going || broken) return;
    going = true;
    setImmediate(step);
  };
  const idle = async (steps: number) => {
    if (broken) throw broken.error;
    const idle = new Promise<void>((resolve, reject) => waiting.push({ left: steps, resolve, reject }));
    go();
    await idle;
  };
  return {
    now: () => nowMs,
    after(delayMs, call) {
      const entry: Entry = { dueMs: nowMs + Math.max(0, delayMs), order: orders++, call };
      push(heap, entry);
      go();
      return { cancel: () => cancel(entry) };
    },
    idle,
    until: (awaited, name, steps) =>
      Promise.race([
        awaited,
        idle(steps).then(
          () => Promise.reject(new StuckError(`${name} never comes: nothing is pending any more`)),
          (error) =>
            Promise.reject(error instanceof StuckError ? new StuckError(`${name} does not come: ${error.message}`) : error),
        ),
      ]),
  };
}

function partition<T>(all: readonly T[], is: (one: T) => boolean): [T[], T[]] {
  return [all.filter(is), all.filter((one) => !is(one))];
}
