/**
 * Makes the cloud assembly that runs here: the CDK app, synthesized as it would be for a deployment, into a folder. What
 * may differ is which products the venue trades and, for tests, any other option of the deployment.
 */

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEPLOYMENT, type Deployment, type ProductSchedule, SHARED_ASSEMBLIES } from './deployment.ts';
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

/** A deployment of one product, which trades on the schedule of the deployed venue's first product, under its own code. */
export function deploymentOf(product = DEPLOYMENT.products[0]!.code, deployment: Partial<Deployment> = {}) {
  const schedule = DEPLOYMENT.products.find(({ code }) => code === product) ?? { ...DEPLOYMENT.products[0]!, code: product };
  return { ...deployment, products: [schedule] as const };
}

/** Synthesizes it into `dir`. */
export function makeDeployment(
  dir: string,
  product = DEPLOYMENT.products[0]!.code,
  deployment: Partial<Deployment> = {},
): LocalDeployment {
  const made = deploymentOf(product, deployment);
  synthesize(dir, { deployment: made });
  return { dir, shards: made.shards ?? DEPLOYMENT.shards, product: made.products[0] };
}

const assemblies = new Map<string, string>();

/** The folder of an assembly with these options, synthesized once: by this process, or by the first of those that share. Nothing writes into it. */
export function assemblyOf(options: ExchangeOptions): string {
  const name = JSON.stringify(options);
  const known = assemblies.get(name);
  if (known) return known;
  const shared = process.env[SHARED_ASSEMBLIES];
  // Other bundles are in a folder that goes with its process.
  const isShared = shared !== undefined && (options.bundles === undefined || options.bundles.startsWith(shared));
  const dir = isShared ? sharedAssembly(shared, name, options) : ownAssembly(options);
  assemblies.set(name, dir);
  return dir;
}

function ownAssembly(options: ExchangeOptions): string {
  const dir = mkdtempSync(join(tmpdir(), 'exchange-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  synthesize(dir, options);
  return dir;
}

/** Of two processes that synthesize the same at once, the second finds the folder of the first. */
function sharedAssembly(shared: string, name: string, options: ExchangeOptions): string {
  const dir = join(shared, createHash('sha256').update(name).digest('hex').slice(0, 16));
  if (existsSync(dir)) return dir;
  const unfinished = mkdtempSync(join(shared, 'unfinished-'));
  synthesize(unfinished, options);
  try {
    renameSync(unfinished, dir);
  } catch (error) {
    if (!existsSync(dir)) throw error;
  }
  return dir;
}
