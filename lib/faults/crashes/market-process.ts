/** `npm start` as a process of its own, so that it can be killed without notice, as by a machine that fails. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MarketFolder, type Running } from '../../operations/market-folder.ts';

const START = join(import.meta.dirname, '..', '..', 'commands', 'start.ts');
const READY_WITHIN_MS = 120_000;
const SAID_MAX = 4_000;

export interface MarketProcess {
  /** The market's address and clock; `undefined` when it was killed before it was there. Throws when it ended by itself. */
  readonly ready: Promise<Running | undefined>;
  readonly alive: () => boolean;
  kill(): Promise<void>;
}

/** `untilMs`: the instant that its clock is set ahead to. */
export function startMarket(dir: string, untilMs?: number): MarketProcess {
  const until = untilMs === undefined ? [] : ['--until', new Date(untilMs).toISOString()];
  const args = [START, '--empty', '--port', '0', '--data', dir, ...until];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  // The market must not outlive a crash test that is itself stopped.
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('exit', () => process.off('exit', endWithUs));
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-SAID_MAX);
    });
  let killed = false;
  const alive = (): boolean => child.exitCode === null && child.signalCode === null;
  const untilReady = async (): Promise<Running | undefined> => {
    for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await sleep(20)) {
      if (killed) return undefined;
      if (!alive()) throw new Error(`the market ended by itself (${child.signalCode ?? child.exitCode}): ${said.trim()}`);
      const running = readRunning(dir);
      if (running?.pid === child.pid) return running;
    }
    throw new Error(`the market is not there after ${READY_WITHIN_MS / 1000} s: ${said.trim()}`);
  };
  const ready = untilReady();
  // A caller that kills the market before it is ready may never wait for this.
  ready.catch(() => {});
  return {
    ready,
    alive,
    async kill() {
      killed = true;
      if (!alive()) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Where the market runs; `undefined` while the file is missing or half written. */
function readRunning(dir: string): Running | undefined {
  try {
    return new MarketFolder(dir).running();
  } catch {
    return undefined;
  }
}
