/**
 * Makes the cloud assembly that runs here: the CDK app, synthesized as it would be for a deployment, into a folder. What
 * may differ is which products the venue trades and, for tests, any other option of the deployment.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEPLOYMENT, type Deployment, type ProductSchedule } from './deployment.ts';
import { type ExchangeOptions, synthesize } from './synthesize.ts';

export interface LocalDeployment {
  /** Holds the assembly. */
  readonly dir: string;
  readonly shards: number;
  readonly product: ProductSchedule;
}

/**
 * More requests of one caller in a minute than anything here sends: for a clock that stands still, at which a minute has no
 * end, and for floods that are meant.
 */
export const UNLIMITED = { requestsPerMinute: 1_000_000_000 } as const;

/** Synthesizes into `dir`. `product` trades on the schedule of the deployed venue's first product, under its own code. */
export function makeDeployment(
  dir: string,
  product = DEPLOYMENT.products[0]!.code,
  deployment: Partial<Deployment> = {},
): LocalDeployment {
  const schedule = DEPLOYMENT.products.find(({ code }) => code === product) ?? { ...DEPLOYMENT.products[0]!, code: product };
  synthesize(dir, { deployment: { ...deployment, products: [schedule] } });
  return { dir, shards: deployment.shards ?? DEPLOYMENT.shards, product: schedule };
}

const assemblies = new Map<string, string>();

/** The folder of an assembly with these options, synthesized once a process and removed with it. */
export function assemblyOf(options: ExchangeOptions): string {
  const name = JSON.stringify(options);
  const known = assemblies.get(name);
  if (known) return known;
  const dir = mkdtempSync(join(tmpdir(), 'exchange-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  synthesize(dir, options);
  assemblies.set(name, dir);
  return dir;
}
