/**
 * Profiles: where a venue is and by what token this user calls it. They are kept in one file that only its owner may read or
 * write, in a folder that only its owner may open. A file or folder that others may read is refused, not repaired: what was
 * in it may have been read, and the user must know.
 *
 * A token is sent to the URL that it was kept for and to no other. Several commands may run at once, so a change is made
 * under a lock, on what the file says then, and put in place whole.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { Failure } from '../terminal/failure.ts';

/** How the bearer of a profile proves who it is. */
const credentials = z.discriminatedUnion('kind', [
  /** A token as it was given. */
  z.strictObject({ kind: z.literal('token'), token: z.string() }),
  /** A variable of a file of shell variables, such as a market on this machine writes: read at each call, so never stale. */
  z.strictObject({ kind: z.literal('file'), file: z.string(), variable: z.string() }),
  /** Tokens of an issuer, renewed there while it gives refresh tokens. */
  z.strictObject({
    kind: z.literal('issuer'),
    issuer: z.string(),
    clientId: z.string(),
    token: z.string(),
    refreshToken: z.string().optional(),
  }),
]);
const profile = z.strictObject({
  url: z.string(),
  /** The venue's WebSocket API, which tells that there is news. */
  listen: z.string().optional(),
  credentials,
});
const profilesFile = z.strictObject({
  /** The profile of a command that names none. */
  inUse: z.string().optional(),
  profiles: z.record(z.string(), profile),
});

export type Credentials = z.infer<typeof credentials>;
export type Profile = z.infer<typeof profile>;
export type ProfilesOnFile = z.infer<typeof profilesFile>;

export const PROFILE_NAME = /^[a-zA-Z0-9][\w.@-]{0,63}$/;

/** The folder of this program's own files: as the XDG base directory specification has it. */
export function configFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'compute-exchange');
}

const LOCK_STALE_MS = 30_000;
const LOCK_WAIT_MS = 20;
const LOCK_TRIES_MAX = 2_000;

export class Profiles {
  readonly file: string;

  constructor(folder: string) {
    this.file = join(folder, 'profiles.json');
  }

  /** What is kept; nothing when there is no file. Throws a Failure when others may read it, or when it is damaged. */
  read(): ProfilesOnFile {
    const text = readOwn(this.file);
    if (text === undefined) return { profiles: {} };
    refuseOpen(dirname(this.file), 0o700);
    const parsed = profilesFile.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    throw new Failure('usage', `${this.file} is damaged`, 'Delete it and sign in again.');
  }

  /** Puts in place what `decide` makes of what is kept. `decide` may take its time: no other command changes the file meanwhile. */
  async change<T>(decide: (kept: ProfilesOnFile) => Promise<[ProfilesOnFile, T]> | [ProfilesOnFile, T]): Promise<T> {
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    return underLock(this.file, async () => {
      const [next, answer] = await decide(this.read());
      writeOwn(this.file, `${JSON.stringify(next, null, 2)}\n`);
      return answer;
    });
  }
}

/** Runs `work` while no other process does for the same file. A lock whose process was killed is taken over. */
export async function underLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  for (let tries = 0; !taken(lock); tries++) {
    if (tries === LOCK_TRIES_MAX)
      throw new Failure(
        'try-again',
        `${lock} has been there for long`,
        'Another command is at work; delete the file if none is.',
      );
    if (isStale(lock)) rmSync(lock, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, LOCK_WAIT_MS));
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function taken(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isStale(lock: string): boolean {
  const made = statSync(lock, { throwIfNoEntry: false });
  return made !== undefined && Date.now() - made.mtimeMs > LOCK_STALE_MS;
}

/** A file of secrets as text; `undefined` when there is none. Throws a Failure when others may read or write it. */
export function readOwn(file: string): string | undefined {
  try {
    refuseOpen(file, 0o600);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Puts a file in place whole, readable by its owner only. */
export function writeOwn(file: string, text: string): void {
  const unfinished = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' });
    chmodSync(unfinished, 0o600);
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function refuseOpen(path: string, mode: number): void {
  // Windows keeps rights elsewhere, and shows modes that say nothing.
  if (process.platform === 'win32') return;
  const { mode: found, uid } = statSync(path);
  const says = mode.toString(8);
  if (process.getuid !== undefined && uid !== process.getuid())
    throw new Failure('not-signed-in', `${path} belongs to another user`, 'Tokens are read only from files of your own.');
  if ((found & 0o077) !== 0)
    throw new Failure(
      'not-signed-in',
      `Others may read or change ${path} (mode ${(found & 0o777).toString(8)}, not ${says})`,
      `If no other user can have read it: chmod ${says} ${path}\nOtherwise have its tokens revoked, delete it and sign in again.`,
    );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
