/** Around a run of the tests: their processes share one folder of assemblies, so that each is synthesized once a run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHARED_ASSEMBLIES } from '../lib/infra/deployment.ts';

export default function setup(): () => void {
  const dir = mkdtempSync(join(tmpdir(), 'exchange-assemblies-'));
  process.env[SHARED_ASSEMBLIES] = dir;
  return () => rmSync(dir, { recursive: true, force: true });
}
