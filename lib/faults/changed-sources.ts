/** This tree's functions with a few lines made otherwise: for a world of another size, for another version, or wrong on purpose. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../infra/bundle.ts';

/** A text that stands exactly once in its file, and what stands there instead. */
export type Edit = readonly [file: string, before: string, after: string];

/** What the functions are made of, and the audit, which works out what they have stored. */
const FOLDERS = ['lambdas', 'lib/api', 'lib/store', 'lib/domain', 'lib/audit'];

let made: string | undefined;
function folder(): string {
  if (made === undefined) {
    const own = mkdtempSync(join(tmpdir(), 'changed-sources-'));
    process.once('exit', () => rmSync(own, { recursive: true, force: true }));
    made = own;
  }
  return made;
}

/**
 * Gives the folder of the functions' changed sources, like `lambdas/`; it goes when the process ends. Throws an Error that names the edit
 * whose text does not stand exactly once in its file.
 */
export function sourcesWith(edits: readonly Edit[]): string {
  const tree = mkdtempSync(join(folder(), 'tree-'));
  for (const folder of FOLDERS) cpSync(join(PROJECT, folder), join(tree, folder), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(tree, 'node_modules'));
  for (const [file, before, after] of edits) {
    const source = readFileSync(join(tree, file), 'utf8');
    const times = source.split(before).length - 1;
    if (times !== 1) throw new Error(`${file} has ${times} times what is to be changed once: ${before}`);
    writeFileSync(
      join(tree, file),
      source.replace(before, () => after),
    );
  }
  return join(tree, 'lambdas');
}
