/**
 * Whether anything is going on. Queues, functions and the gateway live in one thread, so what is seen here is one instant:
 * a message is deleted only after its invocation ended, and an invocation ends only after what it sent is in a queue, so
 * there is no moment at which work exists and is not counted.
 */
import { LocalCloudError } from './host/error.ts';
import type { LambdaFunction } from './lambda/function.ts';
import type { Queue } from './sqs/sqs.ts';

export interface Activity {
  /** Says that something may have ended. */
  changed(): void;
  /** Nothing will go quiet any more. */
  fail(error: Error): void;
  /** Resolves when nothing is queued (dead letters aside) and nothing runs; rejects with what is stuck. */
  quiet(withinMs: number): Promise<void>;
}

export interface Watched {
  readonly queues: ReadonlyMap<string, Queue>;
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  /** Requests that the gateway is answering. */
  readonly requests: number;
}

/** A delayed message becomes ready without a call of `changed`. */
const LOOK_AGAIN_MS = 50;

export function watchActivity(watched: () => Watched): Activity {
  let waiting: Array<() => void> = [];
  let failure: Error | undefined;
  const changed = () => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  const change = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_AGAIN_MS);
      waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  return {
    changed,
    fail(error) {
      failure = error;
      changed();
    },
    async quiet(withinMs) {
      const deadline = Date.now() + withinMs;
      for (;;) {
        if (failure !== undefined) throw failure;
        const going = goingOn(watched());
        if (going.length === 0) return;
        if (Date.now() > deadline) {
          throw new LocalCloudError(
            `Not quiet after ${withinMs / 1000} s: ${going.join('; ')}`,
            'Look at the log of the function that works on it.',
          );
        }
        await change();
      }
    },
  };
}

function goingOn({ queues, functions, requests }: Watched): string[] {
  const going: string[] = [];
  for (const [name, queue] of queues) {
    const { ready, delayed, inflight } = queue.depth();
    if (ready + delayed + inflight === 0 || queue.plan.deadLetters) continue;
    going.push(`queue ${name} has ${ready} ready, ${delayed} delayed, ${inflight} in flight`);
  }
  for (const [name, fn] of functions) if (fn.running() > 0) going.push(`function ${name} runs ${fn.running()}`);
  if (requests > 0) going.push(`the gateway answers ${requests}`);
  return going;
}
