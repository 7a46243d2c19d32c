/** What this project is built on, checked: the lockfile, the licences, and what the registry knows to be wrong with a package. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { advisoryFaults, askForAdvisories } from './advisories.ts';
import { type Licensed, licenceFaults } from './licences.ts';
import { lockfileFaults } from './lockfile.ts';
import { type Lockfile, type Manifest, packagesOf } from './packages.ts';

export type SupplyCheck =
  | { readonly name: string; readonly faults: readonly string[]; readonly passed: string }
  /** Nothing could be learnt, which is not the same as nothing being wrong. */
  | { readonly name: string; readonly unknown: string };

/** Checks the project in a folder; `today` is a date, `registry` another address to ask for advisories. */
export function checkSupplyChain(root: string, today: string, registry?: string): SupplyCheck[] {
  const read = <T>(path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T;
  const lockfile = read<Lockfile>('package-lock.json');
  const packages = packagesOf(lockfile);
  const licensed = packages.map(({ folder, name, locked }): Licensed => {
    const version = locked.version ?? '';
    return { name, version, licence: installedLicence(join(root, folder)) ?? locked.license };
  });
  const answer = askForAdvisories(root, registry);
  return [
    {
      name: 'lockfile',
      faults: lockfileFaults(read<Manifest>('package.json'), lockfile),
      passed: `${packages.length} packages pinned, hashed and from the registry`,
    },
    { name: 'licences', faults: licenceFaults(licensed), passed: `${packages.length} packages may be used` },
    'advisories' in answer
      ? { name: 'advisories', faults: advisoryFaults(answer.advisories, today), passed: 'none that matters is known' }
      : { name: 'advisories', unknown: answer.unknown },
  ];
}

/** What is installed says it for itself; of what is not installed on this platform the lockfile tells. */
function installedLicence(folder: string): string | undefined {
  try {
    const { license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      license?: string | { type: string };
    };
    return typeof license === 'object' ? license.type : license;
  } catch {
    return undefined;
  }
}
