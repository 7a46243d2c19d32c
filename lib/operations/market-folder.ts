/**
 * What the local market keeps in its folder besides the cloud's own files: how far its clock is ahead, whether it has been
 * seeded, where it runs now, and tokens to call it with. Other commands of this project find the running market by it.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownerFile } from '../local/dynamodb/dynamodb.ts';
import { tablesFileOf } from '../local/host/data-folder.ts';
import { writeWhole } from '../local/host/whole-file.ts';
import { OperationsError } from './error.ts';

/** Written while the market runs. */
export interface Running {
  readonly pid: number;
  readonly url: string;
  readonly product: string;
  readonly timeZone: string;
  /** Address of the queue that the schedules of auctions put their message into. */
  readonly closings: string;
  /** How far the market's clock is ahead of this machine's. */
  readonly aheadMs: number;
  readonly tokensFile: string;
  /** Its table, and the engine that has it. */
  readonly table: { readonly name: string; readonly endpoint: string };
  /** Where it is played, and what opens that door. */
  readonly control: { readonly url: string; readonly secret: string };
}

export interface Kept {
  /** How far the market's clock is ahead of this machine's. */
  readonly aheadMs: number;
  readonly seeded: boolean;
  /** How many shards its table has; absent until it has one. */
  readonly shards?: number;
  /** The day of its first price, and up to when, milliseconds, all that others do in it has been done; absent until it is seeded. */
  readonly played?: { readonly since: string; readonly doneUntilMs: number; readonly participants: number };
}

/** The folder of one local market. Reading a file of it that is missing gives what a new market would have. */
export class MarketFolder {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  get tokensFile(): string {
    return join(this.dir, 'tokens.env');
  }

  get assembly(): string {
    return join(this.dir, 'assembly');
  }

  /** Whether a market keeps its table here, or in another engine under this folder's name. */
  hasTables(): boolean {
    const file = tablesFileOf(this.dir);
    return existsSync(file) || existsSync(ownerFile(file));
  }

  kept(): Kept {
    return this.#read<Kept>('market.json') ?? { aheadMs: 0, seeded: false };
  }

  keep(kept: Kept): void {
    this.#write('market.json', kept);
  }

  /** The market that runs on this folder; `undefined` when none does. */
  running(): Running | undefined {
    const running = this.#read<Running>('running.json');
    return running && isAlive(running.pid) ? running : undefined;
  }

  noteRunning(running: Running): void {
    this.#write('running.json', running, 0o600);
  }

  noteStopped(): void {
    rmSync(join(this.dir, 'running.json'), { force: true });
  }

  /** Deletes everything in it. Throws OperationsError while a market runs on it. */
  reset(): void {
    const running = this.running();
    if (running) throw new OperationsError(`The market in ${this.dir} is running (process ${running.pid})`, 'Stop it first.');
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Tokens as shell variables; only this user may read them. */
  writeTokens(variables: Readonly<Record<string, string>>): void {
    const lines = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`);
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    writeWhole(this.tokensFile, `${lines.join('\n')}\n`, 0o600);
  }

  readTokens(): Record<string, string> {
    const text = readFileSync(this.tokensFile, 'utf8');
    return Object.fromEntries([...text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name!, value!]));
  }

  #read<T>(name: string): T | undefined {
    let text: string;
    try {
      text = readFileSync(join(this.dir, name), 'utf8');
    } catch {
      return undefined;
    }
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      const way = 'Delete that file, or begin anew with --reset.';
      throw new OperationsError(`${join(this.dir, name)} is damaged`, way, { cause });
    }
  }

  #write(name: string, value: unknown, mode?: number): void {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    writeWhole(join(this.dir, name), `${JSON.stringify(value)}\n`, mode);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const AHEAD_DAYS_MAX = 366;

/**
 * How far the clock of a start is ahead of this machine's, milliseconds: as far as it was, or so that it stands at `until`.
 * Throws OperationsError when that is behind the market's clock or more than a year ahead of it.
 */
export function aheadOf({ aheadMs }: Kept, until: Date | undefined, machineMs: number): number {
  if (until === undefined) return aheadMs;
  const [nowMs, untilMs] = [machineMs + aheadMs, until.getTime()];
  const [now, wanted] = [nowMs, untilMs].map((instant) => new Date(instant).toISOString());
  if (untilMs < nowMs)
    throw new OperationsError(
      `The market's clock stands at ${now} and can't go back to ${wanted}`,
      'Name a later instant, or begin anew with --reset.',
    );
  if (untilMs > nowMs + AHEAD_DAYS_MAX * 86_400_000)
    throw new OperationsError(
      `The market's clock stands at ${now}, and ${wanted} is more than ${AHEAD_DAYS_MAX} days later`,
      'Name an earlier instant; several starts go further.',
    );
  return untilMs - machineMs;
}

export const MARKET_FOLDER = join(import.meta.dirname, '..', '..', '.market');
