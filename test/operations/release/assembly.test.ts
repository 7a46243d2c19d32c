/** What the CDK's command line writes is what the gate and the local cloud must be able to read: a deployment consists of it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { PROJECT } from '../../../lib/infra/bundle.ts';
import { synthesize } from '../../../lib/infra/synthesize.ts';
import { readAssembly } from '../../../lib/local/template/assembly.ts';
import { planOf } from '../../../lib/local/template/planner.ts';

const dir = mkdtempSync(join(tmpdir(), 'assembly-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const planIn = (assembly: string) => planOf(readAssembly(assembly), { queueUrl: (name) => name, apiUrl: '' });

test('the assembly of `cdk synth` is read, and is the one that tools and tests synthesize', () => {
  const [byHand, byTools] = [join(dir, 'cli'), join(dir, 'tools')];
  const cdk = join(PROJECT, 'node_modules', '.bin', 'cdk');
  const { status, stderr } = spawnSync(cdk, ['synth', '--quiet', '--output', byHand], { cwd: PROJECT, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  synthesize(byTools);
  const withoutPlace = (plan: object): unknown => JSON.parse(JSON.stringify(plan).replaceAll(byHand, '').replaceAll(byTools, ''));
  expect(withoutPlace(planIn(byHand))).toEqual(withoutPlace(planIn(byTools)));
  expect(readAssembly(byHand).template.Resources).toEqual(readAssembly(byTools).template.Resources);
});
