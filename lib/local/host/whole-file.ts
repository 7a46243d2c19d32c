/** Files that are there whole or not at all, whenever this process is killed: written beside their place and moved into it. */
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** Replaces what stands there. */
export function writeWhole(file: string, text: string, mode = 0o644): void {
  const unfinished = `${file}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, text, { mode });
  renameSync(unfinished, file);
}

/** Throws EEXIST when something stands there already. */
export function createWhole(file: string, text: string, mode = 0o644): void {
  const unfinished = `${file}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, text, { mode });
  linkSync(unfinished, file);
  rmSync(unfinished);
}
