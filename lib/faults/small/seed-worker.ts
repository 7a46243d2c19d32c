/** Plays seeds of the small world in a thread of its own, one after the other as they are asked for. */
import { parentPort, workerData } from 'node:worker_threads';
import { runSmallSeed } from './run.ts';

parentPort!.on('message', async (seed: number) => parentPort!.postMessage(await runSmallSeed(seed, workerData as string)));
