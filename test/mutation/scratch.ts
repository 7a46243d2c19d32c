/** A copy of this tree to make mutants in, so that no change, and no test that a change breaks, touches the tree itself. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

export interface Scratch {
  readonly root: string;
  remove(): void;
}

/** Copies what git tracks or would; packages are linked. It goes with the process, if it is not removed before. */
export function makeScratch(): Scratch {
  const root = mkdtempSync(join(tmpdir(), 'exchange-mutation-'));
  const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  for (const file of execFileSync('git', options, { cwd: ROOT, encoding: 'utf8' }).split('\0')) {
    if (file === '' || !existsSync(join(ROOT, file))) continue;
    mkdirSync(join(root, dirname(file)), { recursive: true });
    cpSync(join(ROOT, file), join(root, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const remove = (): void => rmSync(root, { recursive: true, force: true });
  process.once('exit', remove);
  return { root, remove };
}

/**
 * Runs a script of a package there, and all that it starts as one group: a test that hangs is ended with its engines. Gives the
 * exit code, or `hung` when it took longer than it may. What it says goes to `say`.
 */
export async function runScript(
  { root }: Scratch,
  script: string,
  args: readonly string[],
  { millisecondsMax, say }: { millisecondsMax: number; say: (text: string) => void },
): Promise<number | 'hung'> {
  const child = spawn(process.execPath, [join('node_modules', script), ...args], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', say);
  const stop = (): void => endGroup(child);
  process.once('exit', stop);
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<'hung'>((resolve) => {
    timer = setTimeout(() => resolve('hung'), millisecondsMax);
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve(code ?? 1));
  });
  try {
    return await Promise.race([ended, hung]);
  } finally {
    clearTimeout(timer);
    stop();
    process.removeListener('exit', stop);
  }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended by itself.
  }
}
