/**
 * One line of machine time for everything that runs in the virtual cloud: requests on their way, timers, deliveries. The
 * earliest is taken, run until nothing moves any more, and only then the next. So what happens, and in which order, depends
 * on the delays that were asked for and on nothing else; no real time passes between two of them.
 *
 * Machine time is not the venue's clock: that one stands still while work goes on and is moved from schedule to schedule.
 */
export interface Timeline {
  /** Milliseconds of machine time since the start. */
  now(): number;
  /** Calls after so many milliseconds; what is due at the same time goes in order of asking. */
  after(delayMs: number, call: () => void): Pending;
  /** Resolves when nothing is pending; rejects when that took more than `steps`, as it does in an endless retry. */
  idle(steps: number): Promise<void>;
}

export interface Pending {
  cancel(): void;
}

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  call: (() => void) | undefined;
}

export class EndlessError extends Error {
  override name = 'EndlessError';
}

export function startTimeline(): Timeline {
  const heap: Entry[] = [];
  let nowMs = 0;
  let orders = 0;
  let going = false;
  let waiting: { left: number; resolve(): void; reject(error: Error): void }[] = [];

  const step = () => {
    for (let first = pop(heap); first !== undefined; first = pop(heap)) {
      if (first.call === undefined) continue;
      nowMs = first.dueMs;
      const { call } = first;
      first.call = undefined;
      call();
      for (const each of waiting) each.left--;
      const [lost, patient] = partition(waiting, ({ left }) => left < 0);
      waiting = patient;
      for (const { reject } of lost) reject(new EndlessError('work goes on and on'));
      // Promises, ticks and streams of what was called run to their end before the event loop comes back here.
      setImmediate(step);
      return;
    }
    going = false;
    const done = waiting;
    waiting = [];
    for (const { resolve } of done) resolve();
  };
  const go = () => {
    if (going) return;
    going = true;
    setImmediate(step);
  };
  return {
    now: () => nowMs,
    after(delayMs, call) {
      const entry: Entry = { dueMs: nowMs + Math.max(0, delayMs), order: orders++, call };
      push(heap, entry);
      go();
      return {
        cancel: () => {
          entry.call = undefined;
        },
      };
    },
    idle(steps) {
      const idle = new Promise<void>((resolve, reject) => waiting.push({ left: steps, resolve, reject }));
      go();
      return idle;
    },
  };
}

function partition<T>(all: readonly T[], is: (one: T) => boolean): [T[], T[]] {
  return [all.filter(is), all.filter((one) => !is(one))];
}

const isBefore = (a: Entry, b: Entry) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

/** A binary heap, the earliest at its root. */
function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  for (let parent = (at - 1) >> 1; at > 0 && isBefore(entry, heap[parent]!); parent = (at - 1) >> 1) {
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}
