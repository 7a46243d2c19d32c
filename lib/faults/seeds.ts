/** Many seeds over all processors. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { SeedResult } from './run.ts';

/** A file that plays seeds in a thread, and what it is told when it begins. */
export interface SeedWorker {
  readonly file: URL;
  readonly told?: string;
}

/** Plays the scripted market under faults. */
export const FAULTS_WORKER: SeedWorker = { file: new URL('./seed-worker.ts', import.meta.url) };

/** Plays `count` seeds from `first`; results come as they end, which need not be in order. Rejects when a thread fails. */
export async function runSeeds(
  { file, told }: SeedWorker,
  first: number,
  count: number,
  onResult: (result: SeedResult) => void,
): Promise<void> {
  // Lambda runs in UTC; a thread can't change its time zone.
  process.env.TZ = 'UTC';
  let next = first;
  const threads = Math.min(availableParallelism(), count);
  await Promise.all(
    Array.from({ length: threads }, async () => {
      const worker = new Worker(file, { workerData: told });
      try {
        while (next < first + count) {
          worker.postMessage(next++);
          onResult(await answerOf(worker));
        }
      } finally {
        await worker.terminate();
      }
    }),
  );
}

const answerOf = (worker: Worker): Promise<SeedResult> =>
  new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (result: SeedResult) => {
      worker.off('error', reject);
      resolve(result);
    });
  });
