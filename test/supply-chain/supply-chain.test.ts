/** What the checks of `npm run supply-chain` refuse, and that this project passes those that need no service. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Advisory, type Answer, advisoryFaults, askForAdvisories } from '../../lib/supply-chain/advisories.ts';
import { type Licensed, licenceFaults } from '../../lib/supply-chain/licences.ts';
import { lockfileFaults } from '../../lib/supply-chain/lockfile.ts';
import { type LockedPackage, type Lockfile, type Manifest, packagesOf } from '../../lib/supply-chain/packages.ts';

const read = <T>(path: string): T => JSON.parse(readFileSync(join(import.meta.dirname, '../..', path), 'utf8')) as T;
/** npm asks which versions there are, and looks only at those. */
/** Of a package that no other one needs: npm would ask the registry about those too. */
const CRONER = read<Manifest>('package.json').devDependencies!.croner!;
/** As a registry answers it. */
const LEAK = {
  id: 1,
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
  title: 'It leaks',
  severity: 'high',
  vulnerable_versions: '<2.0.0',
  cwe: [],
  cvss: { score: 7 },
};
const HASH = `sha512-${'A'.repeat(86)}==`;

describe('the lockfile', () => {
  const manifest: Manifest = { dependencies: { good: '1.2.3' }, allowScripts: { good: true } };
  const good: LockedPackage = { version: '1.2.3', integrity: HASH, hasInstallScript: true };
  const lockfile = (packages: Record<string, LockedPackage>): Lockfile => ({
    lockfileVersion: 3,
    packages: { '': {}, 'node_modules/good': good, ...packages },
  });

  it('of this project has nothing to refuse', () => {
    expect(lockfileFaults(read('package.json'), read('package-lock.json'))).toEqual([]);
  });

  it('passes when all is pinned, hashed and the registry’s own, with what lies in another’s archive', () => {
    const resolved = 'https://registry.npmjs.org/more/-/more-1.0.0.tgz';
    const more = { 'node_modules/more': { resolved, integrity: HASH }, 'node_modules/good/node_modules/in': { inBundle: true } };
    expect(lockfileFaults(manifest, lockfile(more))).toEqual([]);
  });

  it.each<[why: string, fault: string, manifest: Manifest, packages: Record<string, LockedPackage>]>([
    ['a range', 'loose is not pinned exactly: ^1.0.0', { ...manifest, devDependencies: { loose: '^1.0.0' } }, {}],
    ['a tag', 'loose is not pinned exactly: latest', { ...manifest, optionalDependencies: { loose: 'latest' } }, {}],
    [
      'an address',
      'loose is not pinned exactly: github:a/b',
      { ...manifest, dependencies: { good: '1.2.3', loose: 'github:a/b' } },
      {},
    ],
    [
      'another registry',
      'node_modules/other comes from https://registry.npmjs.org.evil.example/o.tgz',
      manifest,
      { 'node_modules/other': { resolved: 'https://registry.npmjs.org.evil.example/o.tgz', integrity: HASH } },
    ],
    ['no hash', 'node_modules/other has no SHA-512 hash', manifest, { 'node_modules/other': { version: '1.0.0' } }],
    ['a weak hash', 'node_modules/other has no SHA-512 hash', manifest, { 'node_modules/other': { integrity: 'sha1-abc=' } }],
    [
      'a script at install',
      'node_modules/other 1.0.0 runs a script when it is installed and is not in allowScripts',
      manifest,
      { 'node_modules/other': { version: '1.0.0', integrity: HASH, hasInstallScript: true } },
    ],
    [
      'a script that is gone',
      'allowScripts names gone, which runs none',
      { ...manifest, allowScripts: { good: true, gone: true } },
      {},
    ],
  ])('is refused for %s', (_, fault, asked, packages) => {
    expect(lockfileFaults(asked, lockfile(packages))).toEqual([fault]);
  });
});

describe('licences', () => {
  const of = (licence: string | undefined, name = 'it'): Licensed => ({ name, version: '1.0.0', licence });
  const exception = { package: 'odd*', licence: 'MPL-2.0', because: 'a test' };

  it('of this project may all be used, by the lockfile', () => {
    const packages = packagesOf(read<Lockfile>('package-lock.json'));
    expect(
      licenceFaults(packages.map(({ name, locked }) => ({ name, version: locked.version!, licence: locked.license }))),
    ).toEqual([]);
  });

  it.each(['MIT', '(MIT OR GPL-3.0-or-later)', 'GPL-3.0-or-later OR Apache-2.0', 'MIT AND ISC'])('%s may be used', (licence) => {
    expect(licenceFaults([of(licence)], [])).toEqual([]);
  });

  it.each([
    ['GPL-3.0-or-later', 'the licence GPL-3.0-or-later'],
    ['MIT AND GPL-3.0-or-later', 'the licence MIT AND GPL-3.0-or-later'],
    ['UNLICENSED', 'the licence UNLICENSED'],
    ['SEE LICENSE IN LICENSE.txt', 'the licence SEE LICENSE IN LICENSE.txt'],
    [undefined, 'no licence in its package.json'],
  ])('%s may not, and package, version and licence are named', (licence, shown) => {
    expect(licenceFaults([of(licence)], [])).toEqual([`it 1.0.0 has ${shown}`]);
  });

  it('may be argued for, one package and licence at a time, for as long as it is needed', () => {
    expect(licenceFaults([of('MPL-2.0', 'odd-linux')], [exception])).toEqual([]);
    expect(licenceFaults([of('GPL-3.0', 'odd')], [exception])).toEqual([
      'odd 1.0.0 has the licence GPL-3.0',
      'the exception for odd* (MPL-2.0) is not needed',
    ]);
  });
});

describe('advisories', () => {
  const found: Advisory = { id: 'GHSA-aaaa-bbbb-cccc', package: 'it', severity: 'high', title: 'It leaks' };
  const exception = { id: found.id, package: 'it', until: '2026-06-30', because: 'a test' };
  const line = 'it: It leaks (high, GHSA-aaaa-bbbb-cccc)';

  it('are failures, unless argued away until a date', () => {
    expect(advisoryFaults([found], '2026-06-30', [])).toEqual([line]);
    expect(advisoryFaults([found], '2026-06-30', [exception])).toEqual([]);
    expect(advisoryFaults([found], '2026-07-01', [exception])).toEqual([`${line}; its exception ended on 2026-06-30`]);
  });

  it('that are argued away and gone leave a failure until the exception goes too', () => {
    expect(advisoryFaults([], '2026-06-30', [exception])).toEqual(['the exception for GHSA-aaaa-bbbb-cccc in it is not needed']);
  });

  const ADVISED = { leaky: [LEAK] };
  it.each<[registry: string, status: number, body: unknown, answer: Answer]>([
    [
      'that knows of one',
      200,
      ADVISED,
      { advisories: [{ id: 'GHSA-aaaa-bbbb-cccc', package: 'leaky', severity: 'high', title: 'It leaks' }] },
    ],
    ['that knows of none', 200, {}, { advisories: [] }],
    ['that is not asked such things', 405, {}, { unknown: expect.stringContaining('405') }],
    ['that is out', 503, {}, { unknown: expect.stringContaining('503') }],
  ])('are asked of a registry %s, by npm itself', async (_, status, body, answer) => {
    const folder = mkdtempSync(join(tmpdir(), 'audit-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const packages = { '': { dependencies: { leaky: '1.0.0' } }, 'node_modules/leaky': { version: '1.0.0', integrity: HASH } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies: { leaky: '1.0.0' } }));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, requires: true, packages }));
    writeFileSync(join(folder, '.npmrc'), 'fetch-retries=0\n');
    const registry = await startRegistry(status, body);
    expect(askForAdvisories(folder, registry)).toEqual(answer);
  });
});

describe('the command', () => {
  const croner = { ...LEAK, id: 2, vulnerable_versions: '*' };
  it.each<[ends: string, status: number, body: unknown, args: string[], code: number, says: RegExp]>([
    ['well, with a warning, when nothing can be known', 405, {}, [], 0, /^WARNING .* NOT CHECKED: .*405/m],
    ['badly when nothing can be known and it must', 405, {}, ['--require-advisories'], 1, /^FAILED .* NOT CHECKED: .*405/m],
    [
      'badly when something is known',
      200,
      { croner: [croner] },
      [],
      1,
      /^FAILED {3}advisories {2}croner: It leaks \(high, GHSA-/m,
    ],
  ])('ends %s', async (_, status, body, args, code, says) => {
    const registry = await startRegistry(status, body);
    const script = join(import.meta.dirname, '../../lib/commands/supply-chain.ts');
    const done = spawnSync(process.execPath, [script, '--registry', registry, ...args], { encoding: 'utf8' });
    expect([done.status, done.stdout]).toEqual([code, expect.stringMatching(says)]);
    expect(done.stdout).toMatch(/^ok {7}lockfile/m);
  });
});

/** In a thread of its own, since the caller blocks its thread until it has the answer. */
async function startRegistry(status: number, advised: unknown): Promise<string> {
  const serve = (
    create: typeof createServer,
    tell: (port: number) => void,
    answered: { status: number; body: unknown; versions: string[] },
  ): void => {
    const server = create(({ method, url }, answer) => {
      const name = decodeURIComponent(url!.slice(1));
      const versions = Object.fromEntries(answered.versions.map((version) => [version, { name, version, dist: {} }]));
      if (method === 'POST') answer.writeHead(answered.status).end(JSON.stringify(answered.body));
      else answer.end(JSON.stringify({ name, 'dist-tags': { latest: answered.versions[0] }, versions }));
    });
    server.listen(0, '127.0.0.1', () => tell((server.address() as AddressInfo).port));
  };
  const program = `const { parentPort } = require('node:worker_threads');
    (${serve})(require('node:http').createServer, (port) => parentPort.postMessage(port), ${JSON.stringify({ status, body: advised, versions: ['1.0.0', CRONER] })});`;
  const worker = new Worker(program, { eval: true });
  onTestFinished(() => void worker.terminate());
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  return `http://127.0.0.1:${port}`;
}
