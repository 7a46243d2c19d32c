/** Signing in at an issuer by device, and tokens that are renewed there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimsOf } from '../../../lib/cli/session/claims.ts';
import { type IssuerCredentials, renewed, revoked, signInByDevice } from '../../../lib/cli/session/issuer.ts';
import { Profiles } from '../../../lib/cli/session/profiles.ts';
import { sessionOf } from '../../../lib/cli/session/session.ts';
import { Failure } from '../../../lib/cli/terminal/failure.ts';
import { type SmallIssuer, startSmallIssuer } from './small-issuer.ts';

let issuer: SmallIssuer;
let dir: string;
beforeEach(async () => {
  issuer = await startSmallIssuer();
  dir = mkdtempSync(join(tmpdir(), 'profiles-'));
});
afterEach(async () => {
  await issuer[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

const shown: string[] = [];
const signIn = (clientId = 'exchange-cli'): Promise<IssuerCredentials> =>
  signInByDevice({ issuer: issuer.url, clientId, scope: 'openid', show: (uri, code) => shown.push(`${uri} ${code}`) });

test('a code is shown, and the ID token comes when the person has agreed in the browser', async () => {
  const credentials = await signIn();
  expect(shown.at(-1)).toBe(`${issuer.url}/enter WDJB-MJHT`);
  expect(claimsOf(credentials.token)).toMatchObject({ subject: 'acme-trader', issuer: issuer.url });
  expect(credentials).toMatchObject({ kind: 'issuer', issuer: issuer.url, refreshToken: 'refresh-1' });
  // Twice it was too early.
  expect(issuer.grants).toHaveLength(3);
});

test.each([
  [
    'the person refuses',
    () => {
      issuer.person = 'refuses';
    },
    'The sign-in was refused in the browser',
    'not-signed-in',
  ],
  [
    'the code is never entered',
    () => {
      issuer.person = 'is away';
    },
    'the code was not entered',
    'not-signed-in',
  ],
  [
    'the issuer has no sign-in by device',
    () => {
      issuer.hasDevices = false;
    },
    'has no sign-in by device',
    'usage',
  ],
])('%s', async (_, arrange, says, kind) => {
  arrange();
  const ended = await signIn().catch((error: unknown) => error);
  expect(ended).toBeInstanceOf(Failure);
  expect(ended).toMatchObject({ kind, message: expect.stringContaining(says) });
});

test('an issuer that does not know the client, and one that is not there, are told apart', async () => {
  await expect(signIn('other')).rejects.toMatchObject({ kind: 'not-signed-in', message: 'The issuer does not know the client' });
  await issuer[Symbol.asyncDispose]();
  await expect(signIn()).rejects.toMatchObject({ kind: 'try-again', message: expect.stringContaining("can't be reached") });
  issuer = await startSmallIssuer();
});

test('an issuer that is not encrypted is not asked, unless it is on this machine', async () => {
  const other = { issuer: 'http://id.example.com', clientId: 'c', scope: 'openid', show: () => {} };
  await expect(signInByDevice(other)).rejects.toMatchObject({ kind: 'usage', message: expect.stringContaining('not encrypted') });
});

/** A profile whose token has less than a minute left. */
async function expiring(): Promise<Profiles> {
  issuer.tokenSeconds = 30;
  const credentials = await signIn();
  issuer.tokenSeconds = 3600;
  const profiles = new Profiles(join(dir, 'config'));
  await profiles.change(() => [{ inUse: 'desk', profiles: { desk: { url: 'https://x.example', credentials } } }, undefined]);
  return profiles;
}

test('a token that is about to expire is renewed once, though several commands find it so at once', async () => {
  const profiles = await expiring();
  const commands = Array.from({ length: 4 }, () => sessionOf({}, profiles, {}, Date.now));
  const tokens = await Promise.all(commands.map((session) => session.token()));
  expect(new Set(tokens).size).toBe(1);
  expect(issuer.grants.filter((grant) => grant === 'refresh_token')).toHaveLength(1);
  expect(profiles.read().profiles.desk).toMatchObject({ credentials: { token: tokens[0], refreshToken: 'refresh-2' } });
  // And it is used until it expires, too.
  expect(await sessionOf({}, profiles, {}, Date.now).token()).toBe(tokens[0]);
});

test('without a refresh token, or with one that is used up, the person signs in again', async () => {
  issuer.givesRefresh = false;
  const profiles = await expiring();
  await expect(sessionOf({}, profiles, {}, Date.now).token()).rejects.toMatchObject({ kind: 'not-signed-in' });
  issuer.givesRefresh = true;
  const credentials = await signIn();
  await renewed(credentials);
  await expect(renewed(credentials)).rejects.toMatchObject({ message: 'The issuer does not renew the token any more' });
});

test('signing out has the refresh token revoked', async () => {
  const credentials = await signIn();
  await revoked(credentials);
  expect(issuer.revoked).toEqual([credentials.refreshToken]);
});
