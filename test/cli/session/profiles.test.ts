/** Where tokens are kept, and where they are sent. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configFolder, type Profile, Profiles } from '../../../lib/cli/session/profiles.ts';
import { sessionOf } from '../../../lib/cli/session/session.ts';

let dir: string;
let profiles: Profiles;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'profiles-'));
  profiles = new Profiles(join(dir, 'config'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const DESK: Profile = { url: 'https://exchange.example.com', credentials: { kind: 'token', token: 'a.b.c' } };
const keep = (...names: string[]) =>
  profiles.change(() => [{ inUse: names[0]!, profiles: Object.fromEntries(names.map((name) => [name, DESK])) }, undefined]);

test('the file is readable by its owner only, in a folder that only the owner may open, whatever the umask', async () => {
  const before = process.umask(0);
  await keep('desk').finally(() => process.umask(before));
  expect(statSync(profiles.file).mode & 0o777).toBe(0o600);
  expect(statSync(join(dir, 'config')).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(dir, 'config'))).toEqual(['profiles.json']);
});

test.each([
  ['a file that the group may read', 'profiles.json', 0o640, 'mode 640, not 600'],
  ['a file that all may read', 'profiles.json', 0o604, 'chmod 600'],
  ['a file that others may write', 'profiles.json', 0o602, 'Otherwise have its tokens revoked'],
  ['a folder that others may open', '', 0o755, 'mode 755, not 700'],
])('%s is refused and not repaired', async (_, name, mode, says) => {
  await keep('desk');
  chmodSync(join(dir, 'config', name), mode);
  const refused = () => profiles.read();
  expect(refused).toThrow('Others may read or change');
  try {
    refused();
  } catch (error) {
    const { kind, message, hint } = error as { kind: string; message: string; hint: string };
    expect([kind, `${message} ${hint}`]).toEqual(['not-signed-in', expect.stringContaining(says)]);
  }
  await expect(keep('other')).rejects.toThrow('Others may read or change');
  expect(statSync(join(dir, 'config', name)).mode & 0o777).toBe(mode);
});

test('a damaged file says so', async () => {
  await keep('desk');
  writeFileSync(profiles.file, '{"profiles":{"desk":{"url":1}}}');
  expect(() => profiles.read()).toThrow('profiles.json is damaged');
});

test('changes of several commands at once are all kept', async () => {
  await keep('a');
  const add = (name: string) =>
    profiles.change(async (kept) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return [{ ...kept, profiles: { ...kept.profiles, [name]: DESK } }, undefined];
    });
  await Promise.all(['b', 'c', 'd', 'e'].map(add));
  expect(Object.keys(profiles.read().profiles).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('the lock of a command that was killed is taken over, and a failure gives it back', async () => {
  mkdirSync(join(dir, 'config'), { mode: 0o700 });
  const lock = `${profiles.file}.lock`;
  writeFileSync(lock, '');
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(lock, longAgo, longAgo);
  await keep('desk');
  await expect(profiles.change(() => Promise.reject(new Error('given up')))).rejects.toThrow('given up');
  expect(existsSync(lock)).toBe(false);
});

test.each([
  ['where XDG says', { XDG_CONFIG_HOME: '/x', HOME: '/home/a' }, '/x/compute-exchange'],
  ['in the home', { HOME: '/home/a' }, '/home/a/.config/compute-exchange'],
  ['in the home when XDG is empty', { XDG_CONFIG_HOME: '', HOME: '/home/a' }, '/home/a/.config/compute-exchange'],
])('the folder is %s', (_, env, folder) => expect(configFolder(env)).toBe(folder));

describe('a token goes only where it was kept for', () => {
  const session = (common: object, env = {}) => sessionOf(common, profiles, env, Date.now);

  test('by the profile that is named, the one in use, or the only one', async () => {
    await keep('desk', 'other');
    expect(session({})).toMatchObject({ profile: 'desk', url: 'https://exchange.example.com' });
    expect(session({ profile: 'other' })).toMatchObject({ profile: 'other' });
    expect(session({}, { COMPUTE_EXCHANGE_PROFILE: 'other' })).toMatchObject({ profile: 'other' });
    expect(await session({}).token()).toBe('a.b.c');
    expect(() => session({ profile: 'third' })).toThrow('There is no profile "third"');
  });

  test('never to another venue: a URL without its profile has no token', async () => {
    await keep('desk');
    const elsewhere = session({ url: 'https://elsewhere.example.com' });
    expect(elsewhere.profile).toBeUndefined();
    expect(await elsewhere.token()).toBeUndefined();
    expect(() => session({ profile: 'desk', url: 'https://elsewhere.example.com' })).toThrow('The profile desk is for');
    expect(await session({ url: 'https://exchange.example.com/' }).token()).toBe('a.b.c');
  });

  test.each([
    ['http://exchange.example.com', 'not encrypted'],
    ['ftp://exchange.example.com', 'no URL of http or https'],
    ['exchange.example.com', 'no URL of http or https'],
    [`https://user:${'secret'}@exchange.example.com`, 'a user or a password'],
    ['http://127.0.0.1.example.com', 'not encrypted'],
  ])('not to %s', (url, says) => expect(() => session({ url })).toThrow(says));

  test('a script gives both in the environment', async () => {
    const env = { COMPUTE_EXCHANGE_URL: 'http://127.0.0.1:4010', COMPUTE_EXCHANGE_TOKEN: ' x.y.z\n' };
    expect(await session({}, env).token()).toBe('x.y.z');
    expect(() => session({}, { COMPUTE_EXCHANGE_TOKEN: 'x.y.z' })).toThrow('COMPUTE_EXCHANGE_TOKEN is set, and no venue');
    expect(() => session({})).toThrow('No venue is named, and there is no profile');
  });

  test('the token of a file is read at each call, from a file that only its owner may read', async () => {
    const file = join(dir, 'tokens.env');
    const credentials = { kind: 'file', file, variable: 'ACME' } as const;
    await profiles.change(() => [{ profiles: { local: { url: 'http://127.0.0.1:4010', credentials } } }, undefined]);
    await expect(session({}).token()).rejects.toThrow('is not there');
    writeFileSync(file, "export MARKET='x'\nexport ACME='a.b.c'\n", { mode: 0o600 });
    expect(await session({}).token()).toBe('a.b.c');
    writeFileSync(file, "export ACME='d.e.f'\n");
    expect(await session({}).token()).toBe('d.e.f');
    chmodSync(file, 0o644);
    await expect(session({}).token()).rejects.toThrow('Others may read or change');
  });
});
