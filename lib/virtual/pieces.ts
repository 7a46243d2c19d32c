/**
 * The functions' code in pieces: each function's own modules in one text and the libraries that all of them stand on in
 * another, so that the libraries need to be evaluated once only. Built like what deploys, but never deployed.
 */
import { basename, join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';

const PROJECT = join(import.meta.dirname, '..', '..');

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
