/**
 * Makes what Lambda runs: one self-contained ES module a function, the SDK included, so that what was tested is what is
 * deployed. The same sources give the same bytes on any machine, and a file that would not change is not written, so
 * that two syntheses at once do not meet a half-written bundle.
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { buildSync } from 'esbuild';
import { FUNCTIONS } from '../store/names.ts';

/** The root folder of this project. */
export const PROJECT = join(import.meta.dirname, '..', '..');

export interface BundleOptions {
  /** Directory with `<function>/index.ts` for every function; by default `lambdas/`. */
  readonly sources?: string;
  /** Where `<function>/index.mjs` goes; by default `.build/lambdas`. */
  readonly into?: string;
}

/**
 * Other ways to credentials than the environment, which is where a function has them: the SDK would load these only if it had none there,
 * and then it could not go on anyway.
 */
const NOT_NEEDED = ['ini', 'login', 'process', 'sso', 'web-identity'].map((way) => `@aws-sdk/credential-provider-${way}`);

/** Dependencies in CommonJS may call `require`, which an ES module does not have. */
const BANNER = "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";

/** Bundles every function and returns the directory. Throws an Error that names each missing source. */
export function bundleFunctions(options: BundleOptions = {}): string {
  const sources = options.sources ?? join(PROJECT, 'lambdas');
  const into = options.into ?? join(PROJECT, '.build', 'lambdas');
  const entries = FUNCTIONS.map((name) => ({ name, source: join(sources, name, 'index.ts') }));
  const missing = entries.filter(({ source }) => !existsSync(source));
  if (missing.length > 0) {
    throw new Error(`no source for ${missing.map(({ name, source }) => `${name} (${relative(PROJECT, source)})`).join(', ')}`);
  }
  const { outputFiles } = buildSync({
    entryPoints: entries.map(({ name, source }) => ({ in: source, out: `${name}/index` })),
    outdir: into,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: PROJECT,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    external: NOT_NEEDED,
    banner: { js: BANNER },
    // Whitespace and names stay, so that a stack trace from the cloud can be read.
    minifySyntax: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'error',
  });
  for (const { path, contents } of outputFiles) writeIfChanged(path, contents);
  return into;
}

function writeIfChanged(path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}
