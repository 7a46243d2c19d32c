/**
 * `npm run supply-chain`: what this project is built on. A finding ends it with code 1. That the registry does not answer about
 * advisories is a warning, since a build must not stop because a service is out, and is never taken for a pass;
 * `--require-advisories` makes it a failure, for whoever is about to release.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { advisoryFaults, askForAdvisories } from '../supply-chain/advisories.ts';
import { type Licensed, licenceFaults } from '../supply-chain/licences.ts';
import { lockfileFaults } from '../supply-chain/lockfile.ts';
import { type Lockfile, type Manifest, packagesOf } from '../supply-chain/packages.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = <T>(path: string): T => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as T;

function main(requireAdvisories: boolean, registry: string | undefined): boolean {
  const manifest = read<Manifest>('package.json');
  const lockfile = read<Lockfile>('package-lock.json');
  const packages = packagesOf(lockfile);
  let good = report(
    'lockfile',
    lockfileFaults(manifest, lockfile),
    `${packages.length} packages pinned, hashed and from the registry`,
  );
  good = report('licences', licenceFaults(packages.map(licensed)), `${packages.length} packages may be used`) && good;
  const answer = askForAdvisories(ROOT, registry);
  if ('advisories' in answer) {
    const today = new Date().toISOString().slice(0, 10);
    return report('advisories', advisoryFaults(answer.advisories, today), 'none that matters is known') && good;
  }
  console.log(
    `${requireAdvisories ? 'FAILED ' : 'WARNING'}  advisories  NOT CHECKED: the registry did not answer (${answer.unknown})`,
  );
  return good && !requireAdvisories;
}

/** What is installed says it for itself; of what is not installed on this platform the lockfile tells. */
function licensed({ folder, name, locked }: ReturnType<typeof packagesOf>[number]): Licensed {
  const version = locked.version ?? '';
  try {
    const { license } = read<{ license?: string | { type: string } }>(`${folder}/package.json`);
    return { name, version, licence: typeof license === 'object' ? license.type : (license ?? locked.license) };
  } catch {
    return { name, version, licence: locked.license };
  }
}

function report(check: string, faults: readonly string[], passed: string): boolean {
  if (faults.length === 0) console.log(`ok       ${check.padEnd(10)}  ${passed}`);
  for (const fault of faults) console.log(`FAILED   ${check.padEnd(10)}  ${fault}`);
  return faults.length === 0;
}

const options = { 'require-advisories': { type: 'boolean', default: false }, registry: { type: 'string' } } as const;
const { values } = parseArgs({ options });
if (!main(values['require-advisories'], values.registry)) process.exitCode = 1;
