/**
 * Makes the cloud assembly that runs here: the CDK app, synthesized as it would be for a deployment, into a folder. The
 * only thing that may differ is which products the venue trades.
 */

import { DEPLOYMENT, type ProductSchedule } from './deployment.ts';
import { synthesize } from './synthesize.ts';

export interface LocalDeployment {
  /** Holds the assembly. */
  readonly dir: string;
  readonly shards: number;
  readonly product: ProductSchedule;
}

/** Synthesizes into `dir`. `product` trades on the schedule of the deployed venue's first product, under its own code. */
export function makeDeployment(dir: string, product = DEPLOYMENT.products[0]!.code): LocalDeployment {
  const schedule = DEPLOYMENT.products.find(({ code }) => code === product) ?? { ...DEPLOYMENT.products[0]!, code: product };
  synthesize(dir, { deployment: { products: [schedule] } });
  return { dir, shards: DEPLOYMENT.shards, product: schedule };
}
