/**
 * Ends this process when its thread runs a loop that never ends. A test runner can't: its own time limits wait for the very
 * thread that the loop holds, so the run would hang for ever and say nothing. A second thread sees that no timer runs any
 * more, says in which test, and ends the process, which the runner then reports.
 */
import { Worker } from 'node:worker_threads';

/** Runs in the second thread. It counts its own looks, not the clock: while a machine sleeps, both threads do. */
const WATCHER = `
const { parentPort, workerData: { beats, everyMs, looksMax } } = require('node:worker_threads');
const { writeSync } = require('node:fs');
let [name, last, looks] = ['a test file that loads', 0, 0];
parentPort.on('message', (next) => { name = next; });
setInterval(() => {
  const beat = Atomics.load(beats, 0);
  looks = beat === last ? looks + 1 : 0;
  last = beat;
  if (looks < looksMax) return;
  writeSync(2, 'No timer has run for ' + (looksMax * everyMs) / 1000 + ' s, as in a loop without end. In work: ' + name + '\\n');
  process.kill(process.pid, 'SIGKILL');
}, everyMs).unref();
`;

/** From now on. Gives a function that says what is in work. */
export function watchForEndlessLoops(limitMs: number, everyMs = 1_000): (inWork: string) => void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { beats, everyMs, looksMax: Math.ceil(limitMs / everyMs) };
  const watcher = new Worker(WATCHER, { eval: true, workerData, execArgv: [], env: {} });
  watcher.unref();
  setInterval(() => Atomics.add(beats, 0, 1), everyMs / 2).unref();
  return (inWork) => watcher.postMessage(inWork);
}
