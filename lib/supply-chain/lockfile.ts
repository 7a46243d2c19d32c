/**
 * That an install here is an install anywhere: versions are pinned, every package is the registry's and has a hash, and only
 * the packages that `allowScripts` names may run something when they are installed.
 */
import { type Lockfile, type Manifest, packagesOf } from './packages.ts';

const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
/** A lockfile may leave addresses out; npm then asks the registry that it is set up for. Hashes it may not leave out. */
const REGISTRY = 'https://registry.npmjs.org/';
const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/;

/** One sentence a fault, in the order of the files. */
export function lockfileFaults(manifest: Manifest, lockfile: Lockfile): string[] {
  const { dependencies, devDependencies, optionalDependencies, allowScripts = {} } = manifest;
  const asked = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  const packages = packagesOf(lockfile);
  const scripted = packages.filter(({ locked }) => locked.hasInstallScript);
  return [
    ...asked.filter(([, version]) => !EXACT.test(version)).map(([name, version]) => `${name} is not pinned exactly: ${version}`),
    ...(lockfile.lockfileVersion === 3 ? [] : [`the lockfile has version ${lockfile.lockfileVersion}, not 3`]),
    ...packages.flatMap(({ folder, locked: { resolved, integrity, inBundle } }) => [
      ...(resolved === undefined || resolved.startsWith(REGISTRY) ? [] : [`${folder} comes from ${resolved}`]),
      ...(inBundle || SHA512.test(integrity ?? '') ? [] : [`${folder} has no SHA-512 hash`]),
    ]),
    ...scripted
      .filter(({ name }) => !Object.hasOwn(allowScripts, name) || allowScripts[name] !== true)
      .map(({ folder, locked }) => `${folder} ${locked.version} runs a script when it is installed and is not in allowScripts`),
    ...Object.keys(allowScripts)
      .filter((name) => !scripted.some((each) => each.name === name))
      .map((name) => `allowScripts names ${name}, which runs none`),
  ];
}
