/**
 * Profiles of the command line for a market on this machine, so that it can be called without signing in. A profile holds no token: it
 * names the market's own file of tokens, which only this user may read and which every start writes anew, so that none is ever
 * stale, and none is left behind when the market is deleted.
 */
import { configFolder, type Profile, Profiles } from '../cli/session/profiles.ts';
import { Failure } from '../cli/terminal/failure.ts';

/** Each profile, and the variable of the file that has its token. */
const READY = {
  local: 'ACME',
  'local-seller': 'NIMBUS',
  'local-operator': 'OPS1',
  'local-approver': 'OPS2',
} as const;

export interface RunningMarket {
  readonly url: string;
  /** Its WebSocket API; `undefined` when it has none. */
  readonly listen: string | undefined;
  readonly tokensFile: string;
}

/**
 * Keeps them, and puts `local` in use unless another profile is. One of these names that the user made by signing in stays as it is.
 * Gives a line for each that could not be kept.
 */
export async function keepReadyProfiles(
  { url, listen, tokensFile }: RunningMarket,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const made = (variable: string): Profile => ({
    url,
    ...(listen === undefined ? {} : { listen }),
    credentials: { kind: 'file', file: tokensFile, variable },
  });
  try {
    return await new Profiles(configFolder(env)).change((kept) => {
      const own = Object.keys(READY).filter((name) => (kept.profiles[name]?.credentials.kind ?? 'file') !== 'file');
      const ready = Object.entries(READY).filter(([name]) => !own.includes(name));
      const profiles = { ...kept.profiles, ...Object.fromEntries(ready.map(([name, variable]) => [name, made(variable)])) };
      const inUse = kept.inUse !== undefined && Object.hasOwn(profiles, kept.inUse) ? kept.inUse : 'local';
      return [{ inUse, profiles }, own.map((name) => `The profile ${name} is one that you made, and stays as it is.`)];
    });
  } catch (error) {
    // The market runs all the same.
    if (error instanceof Failure) return [`No profile of compute-exchange could be kept: ${error.message}. ${error.hint}`];
    throw error;
  }
}
