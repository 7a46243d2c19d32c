/** The profiles that a market on this machine makes for the command line. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configFolder, type Profile, Profiles } from '../../lib/cli/session/profiles.ts';
import { sessionOf } from '../../lib/cli/session/session.ts';
import { keepReadyProfiles } from '../../lib/commands/ready-profiles.ts';
import { Home } from '../cli/surroundings.ts';

let home: Home;
let profiles: Profiles;
let tokensFile: string;
beforeEach(() => {
  home = new Home();
  profiles = new Profiles(configFolder(home.env));
  tokensFile = join(home.dir, 'tokens.env');
  writeFileSync(tokensFile, "export ACME='a.b.c'\nexport OPS1='d.e.f'\n", { mode: 0o600 });
});
afterEach(() => home[Symbol.dispose]());

const market = (port: number) => ({ url: `http://127.0.0.1:${port}`, listen: `ws://127.0.0.1:${port}/listen`, tokensFile });
const keep = (port = 4010): Promise<string[]> => keepReadyProfiles(market(port), home.env);
const OWN: Profile = { url: 'https://exchange.example.com', credentials: { kind: 'token', token: 'x.y.z' } };

test('are there after the first start, hold no token, and follow the market to another port', async () => {
  expect(await keep()).toEqual([]);
  const local = sessionOf({}, profiles, {}, Date.now);
  expect(local).toMatchObject({ profile: 'local', url: 'http://127.0.0.1:4010', listen: 'ws://127.0.0.1:4010/listen' });
  expect(await local.token()).toBe('a.b.c');
  expect(await sessionOf({ profile: 'local-operator' }, profiles, {}, Date.now).token()).toBe('d.e.f');
  expect(readFileSync(profiles.file, 'utf8')).not.toContain('a.b.c');
  await keep(4011);
  expect(profiles.read().profiles.local).toMatchObject({ url: 'http://127.0.0.1:4011' });
});

test('leave alone what the user has made, and the profile in use', async () => {
  await profiles.change(() => [{ inUse: 'desk', profiles: { desk: OWN, 'local-seller': OWN } }, undefined]);
  expect(await keep()).toEqual(['The profile local-seller is one that you made, and stays as it is.']);
  const { inUse, profiles: all } = profiles.read();
  expect(inUse).toBe('desk');
  expect(all['local-seller']).toEqual(OWN);
  expect(Object.keys(all).sort()).toEqual(['desk', 'local', 'local-approver', 'local-operator', 'local-seller']);
});

test('that could not be kept are told of, and the market runs all the same', async () => {
  await keep();
  chmodSync(profiles.file, 0o644);
  const [line] = await keep(4011);
  expect(line).toMatch(/^No profile of compute-exchange could be kept: Others may read or change .*profiles\.json/);
});
