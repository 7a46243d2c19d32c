/**
 * The folder in which a cloud outlives its process: which process uses it now, and up to when its schedules have fired. One
 * cloud at a time: the engines would let two write to the same files and neither would notice.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LocalCloudError } from './error.ts';
import { writeWhole } from './whole-file.ts';

export interface DataFolder {
  readonly dir: string;
  readonly tablesFile: string;
  /** Notes the engine's process, so that one left behind can be named. */
  noteEngine(pid: number | undefined): void;
  firedUntilMs(): number | undefined;
  setFiredUntil(instantMs: number): void;
  release(): void;
}

interface Lock {
  readonly pid: number;
  readonly enginePid: number | null;
}

/** Where the default engine keeps the tables of a data folder. */
export const tablesFileOf = (dir: string): string => join(dir, 'tables.db');

export function openDataFolder(dir: string): DataFolder {
  const lockFile = join(dir, 'in-use.json');
  const schedulesFile = join(dir, 'schedules.json');
  const tablesFile = tablesFileOf(dir);
  try {
    mkdirSync(join(dir, 'logs'), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new LocalCloudError(`The data folder ${dir} can't be made (${(cause as Error).message})`, 'Choose another folder.', {
      cause,
    });
  }
  refuseIfUsed(dir, readJson<Lock>(lockFile));
  writeWhole(lockFile, JSON.stringify({ pid: process.pid, enginePid: null } satisfies Lock));
  return {
    dir,
    tablesFile,
    noteEngine: (pid) => writeWhole(lockFile, JSON.stringify({ pid: process.pid, enginePid: pid ?? null } satisfies Lock)),
    firedUntilMs() {
      const { firedUntil } = readJson<{ firedUntil: string }>(schedulesFile) ?? {};
      return firedUntil === undefined ? undefined : Date.parse(firedUntil);
    },
    setFiredUntil(instantMs) {
      writeWhole(schedulesFile, JSON.stringify({ firedUntil: new Date(instantMs).toISOString() }));
    },
    release: () => rmSync(lockFile, { force: true }),
  };
}

function refuseIfUsed(dir: string, lock: Lock | undefined): void {
  if (lock === undefined) return;
  if (lock.pid !== process.pid ? isAlive(lock.pid) : true) {
    throw new LocalCloudError(
      `The data folder ${dir} is in use by process ${lock.pid}`,
      `Stop that one first. If it is something else that got the same number, delete ${join(dir, 'in-use.json')}.`,
    );
  }
  if (lock.enginePid !== null && isAlive(lock.enginePid) && procFile(lock.enginePid, 'cmdline').includes(tablesFileOf(dir))) {
    throw new LocalCloudError(
      `A DynamoDB engine of an earlier run (process ${lock.enginePid}) still has the tables of ${dir} open`,
      `End it: kill ${lock.enginePid}`,
    );
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // One that has ended keeps its number until its parent has waited for it.
  return !/\) Z /.test(procFile(pid, 'stat'));
}

/** What the system tells of a process (Linux); nothing elsewhere. */
function procFile(pid: number, name: 'stat' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function readJson<T>(file: string): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new LocalCloudError(`${file} is damaged`, 'Delete it, or move the data folder away to begin with an empty one.', {
      cause,
    });
  }
}
