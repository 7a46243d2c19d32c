/** The texts in which a secret could lie: every file of the repository, and what a deployment uploads. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Found, secretsIn } from './secret-scan.ts';

/** The name by which an exception knows a file, and what is in it. */
export type ScannedFile = readonly [file: string, text: string];

/** Every file of a repository that git tracks or would, by its path there. */
export function* trackedFiles(root: string): Generator<ScannedFile> {
  const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', options, { cwd: root, encoding: 'utf8' }).split('\0');
  for (const file of listed)
    if (file !== '' && existsSync(join(root, file))) yield [file, readFileSync(join(root, file), 'utf8')];
}

const UPLOADED = /\.template\.json$|\.assets\.json$|\/asset\./;

/** What a deployment of a synthesized app uploads: the template, its assets' manifest and the bundles, under `deployed/`. */
export function* deployedFiles(assembly: string): Generator<ScannedFile> {
  for (const entry of readdirSync(assembly, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    // An asset's folder is named by the hash of what is in it.
    const name = path.slice(assembly.length + 1).replace(/asset\.[0-9a-f]{64}/, 'asset');
    if (entry.isFile() && UPLOADED.test(path)) yield [`deployed/${name}`, readFileSync(path, 'utf8')];
  }
}

const NOT_TEXT = '\0';

/** Every secret in them, and how many files were texts. */
export async function scan(sources: Iterable<ScannedFile>): Promise<{ files: number; found: Found[] }> {
  const found: Found[] = [];
  let files = 0;
  for (const [file, text] of sources) {
    if (text.includes(NOT_TEXT)) continue;
    files++;
    found.push(...(await secretsIn(file, text)));
  }
  return { files, found };
}
