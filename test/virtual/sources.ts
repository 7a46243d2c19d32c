/** Functions of a few lines for the virtual cloud: sources in a folder like `lambdas/`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../local/small-app.ts';

/** TypeScript by name of the function; gives the folder, which goes with the test file. */
export function sourcesOf(functions: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, source] of Object.entries(functions)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.ts'), source);
  }
  return folder;
}
