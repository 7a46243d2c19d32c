/**
 * A command in a process of its own, and not waited for by this thread: the venue that it calls may run here, and a thread
 * that stands still lets the venue's idle connections end unnoticed.
 */
import { execFile } from 'node:child_process';
import { PROJECT } from '../../lib/infra/bundle.ts';

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `lib/commands/<name>.ts`; `environment` is added to this process's own. */
export const runCommand = (name: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { cwd: PROJECT, env: { ...process.env, ...environment } };
    execFile(process.execPath, [`lib/commands/${name}.ts`, ...args], options, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
