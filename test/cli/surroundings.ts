/** A process for a command to run in: what it reads and prints, with a home of its own that goes when the test is over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { run } from '../../lib/cli/program.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface HowRun {
  /** What stands on standard input. */
  readonly input?: string;
  /** Typed at a terminal; without it standard input is none. */
  readonly typed?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export class Home implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'home-'));

  get env(): Record<string, string> {
    return { HOME: this.dir, XDG_CONFIG_HOME: join(this.dir, 'config'), XDG_STATE_HOME: join(this.dir, 'state') };
  }

  /** Runs one call of the program. */
  async run(
    words: readonly string[],
    { input = '', typed, env = {}, signal = new AbortController().signal }: HowRun = {},
  ): Promise<Ran> {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const [out, err]: [string[], string[]] = [[], []];
    stdout.on('data', (chunk) => out.push(String(chunk)));
    stderr.on('data', (chunk) => err.push(String(chunk)));
    const stdin = Object.assign(Readable.from([typed ?? input]), { isTTY: typed !== undefined });
    const code = await run(words, { stdin, stdout, stderr, env: { ...this.env, ...env }, signal });
    return { code, out: out.join(''), err: err.join('') };
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
