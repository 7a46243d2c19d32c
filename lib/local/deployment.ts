/**
 * Makes the cloud assembly that runs here: the CDK app, synthesized as it would be for a deployment, into a folder. The
 * only thing that may differ is which products the venue trades.
 */
import { synthesize } from '../infra/synthesize.ts';
import { type ProductSchedule, VENUE } from '../infra/venue.ts';

export interface Deployment {
  /** Holds the assembly. */
  readonly dir: string;
  readonly shards: number;
  readonly product: ProductSchedule;
}

/** Synthesizes into `dir`. `product` trades on the schedule of the deployed venue's first product, under its own code. */
export function makeDeployment(dir: string, product = VENUE.products[0]!.code): Deployment {
  const schedule = VENUE.products.find(({ code }) => code === product) ?? { ...VENUE.products[0]!, code: product };
  synthesize(dir, { venue: { products: [schedule] } });
  return { dir, shards: VENUE.shards, product: schedule };
}
