/** Around a run of the tests: their processes share one folder of assemblies, so that each is synthesized once a run. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { SHARED_ASSEMBLIES } from '../lib/infra/deployment.ts';

export default function setup(project: TestProject): () => void {
  const dir = mkdtempSync(join(tmpdir(), 'exchange-assemblies-'));
  process.env[SHARED_ASSEMBLIES] = dir;
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  // A run that follows a change of the sources, under the eyes of its author, begins with none.
  project.onTestsRerun(() => {
    remove();
    mkdirSync(dir);
  });
  return remove;
}
