/**
 * Which venue a command calls, and as whom. The profile that is named, the one in use, or the only one; a URL and a token of
 * the environment instead, for scripts. A token goes only where it was kept for: with another `--url` a command has no token,
 * and can read the public market.
 */
import { Failure } from '../terminal/failure.ts';
import type { Common } from '../terminal/verb.ts';
import { claimsOf } from './claims.ts';
import { renewed } from './issuer.ts';
import { type Credentials, type Profile, type Profiles, type ProfilesOnFile, readOwn } from './profiles.ts';
import { secureUrl } from './urls.ts';

export interface Session {
  /** Without a slash at its end. */
  readonly url: string;
  /** The venue's WebSocket API; `undefined` when it is not known. */
  readonly listen: string | undefined;
  /** The profile; `undefined` when the environment gives the token, or there is none. */
  readonly profile: string | undefined;
  /** `undefined` for a caller who has not signed in. Throws a Failure when there is one that is not good any more. */
  readonly token: () => Promise<string | undefined>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function sessionOf({ profile: named, url }: Common, profiles: Profiles, env: Environment, nowMs: () => number): Session {
  const wanted = url ?? env.COMPUTE_EXCHANGE_URL;
  if (env.COMPUTE_EXCHANGE_TOKEN && named === undefined) {
    if (wanted === undefined)
      throw new Failure('usage', 'COMPUTE_EXCHANGE_TOKEN is set, and no venue', 'Set COMPUTE_EXCHANGE_URL, too.');
    const token = env.COMPUTE_EXCHANGE_TOKEN.trim();
    return { url: originOf(wanted), listen: undefined, profile: undefined, token: async () => token };
  }
  const kept = profiles.read();
  const name = nameOf(named ?? env.COMPUTE_EXCHANGE_PROFILE, kept);
  const profile = name === undefined ? undefined : kept.profiles[name]!;
  if (profile === undefined || (wanted !== undefined && originOf(wanted) !== profile.url)) {
    if (wanted === undefined)
      throw new Failure(
        'not-signed-in',
        'No venue is named, and there is no profile',
        'compute-exchange sign-in --url URL makes one; npm start makes some for the market on this machine.',
      );
    if (named !== undefined)
      throw new Failure(
        'usage',
        `The profile ${named} is for ${profile!.url}, not ${wanted}`,
        'Leave out one of --profile and --url.',
      );
    return { url: originOf(wanted), listen: undefined, profile: undefined, token: async () => undefined };
  }
  return { url: profile.url, listen: profile.listen, profile: name, token: () => tokenOf(name!, profile, profiles, nowMs) };
}

/** The base of every route, as it is kept and compared. */
export const originOf = (url: string): string => secureUrl(url, 'The venue').href.replace(/\/+$/, '');

/** The profile that a command uses; `undefined` when there is none at all. Throws a Failure for one that is not there. */
export function nameOf(named: string | undefined, { inUse, profiles }: ProfilesOnFile): string | undefined {
  const names = Object.keys(profiles);
  if (named !== undefined && !Object.hasOwn(profiles, named))
    throw new Failure(
      'usage',
      `There is no profile ${JSON.stringify(named)}`,
      names.length === 0 ? 'compute-exchange sign-in makes one.' : `There are: ${names.join(', ')}`,
    );
  return named ?? (inUse !== undefined && Object.hasOwn(profiles, inUse) ? inUse : names.length === 1 ? names[0] : undefined);
}

/** A token is renewed when it has less than this left, so that it does not expire on its way. */
const RENEWED_BEFORE_MS = 60_000;

async function tokenOf(name: string, profile: Profile, profiles: Profiles, nowMs: () => number): Promise<string> {
  const { credentials } = profile;
  if (credentials.kind === 'token') return credentials.token;
  if (credentials.kind === 'file') return variableOf(credentials);
  if (isGood(credentials, nowMs())) return credentials.token;
  // Another command may have renewed it by the time the lock is ours, and a refresh token may be good only once.
  return profiles.change(async (kept) => {
    const found = kept.profiles[name]?.credentials;
    if (found?.kind !== 'issuer') throw new Failure('not-signed-in', `The profile ${name} is gone`, 'compute-exchange sign-in');
    if (isGood(found, nowMs())) return [kept, found.token];
    const fresh = await renewed(found);
    return [{ ...kept, profiles: { ...kept.profiles, [name]: { ...profile, credentials: fresh } } }, fresh.token];
  });
}

function isGood({ token }: { readonly token: string }, nowMs: number): boolean {
  const expiresAtMs = claimsOf(token)?.expiresAtMs;
  return expiresAtMs === undefined || expiresAtMs - RENEWED_BEFORE_MS > nowMs;
}

function variableOf({ file, variable }: Extract<Credentials, { kind: 'file' }>): string {
  const text = readOwn(file);
  const found = text
    ?.split('\n')
    .map((line) => /^export (\w+)='([^']*)'$/.exec(line))
    .find((match) => match?.[1] === variable);
  if (found) return found[2]!;
  throw new Failure(
    'not-signed-in',
    text === undefined ? `${file}, where the token of this profile is, is not there` : `${file} has no ${variable}`,
    'A market on this machine writes it when it starts: npm start',
  );
}
