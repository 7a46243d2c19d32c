/**
 * Makes what Lambda runs: one self-contained ES module a function, the SDK included, so that what was tested is what is
 * deployed. The same sources give the same bytes on any machine, and a file that would not change is not written, so
 * that two syntheses at once do not meet a half-written bundle.
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { FUNCTIONS } from '../store/names.ts';

export const PROJECT = join(import.meta.dirname, '..', '..');

export interface BundleOptions {
  /** Directory with `<function>/index.ts` for every function; by default `lambdas/`. */
  readonly sources?: string;
  /** Where `<function>/index.mjs` goes; by default `.build/lambdas`. */
  readonly into?: string;
}

/** Dependencies in CommonJS may call `require`, which an ES module does not have. */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

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

/** How code is built that is not deployed but evaluated piece by piece. */
const PIECES = {
  absWorkingDir: PROJECT,
  bundle: true,
  write: false,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  mainFields: ['module', 'main'],
  outdir: '/',
  logLevel: 'error',
} satisfies BuildOptions;

/** The project's own modules of each function in one text, without libraries; by default from `lambdas/`. */
export function ownCode(functions: readonly string[], sources = join(PROJECT, 'lambdas')): Map<string, string> {
  const entryPoints = functions.map((name) => ({ in: join(sources, name, 'index.ts'), out: name }));
  const { outputFiles } = buildSync({ ...PIECES, entryPoints, packages: 'external' });
  return new Map(functions.map((name) => [name, outputFiles.find(({ path }) => basename(path, '.js') === name)!.text]));
}

/** Libraries in one text that exports them by name. */
export function libraryCode(libraries: readonly string[]): string {
  const names = libraries.map((each) => JSON.stringify(each));
  const contents = `module.exports = {${names.map((name) => `${name}: require(${name})`).join()}}`;
  return buildSync({ ...PIECES, stdin: { contents, resolveDir: PROJECT } }).outputFiles[0]!.text;
}

function writeIfChanged(path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}
