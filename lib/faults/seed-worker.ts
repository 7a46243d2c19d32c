/** Plays seeds in a thread of its own, one after the other as they are asked for. */
import { parentPort } from 'node:worker_threads';
import { runSeed } from './run.ts';

parentPort!.on('message', async (seed: number) => parentPort!.postMessage(await runSeed(seed)));
