/**
 * The settings of a deployment: the products and the times at which they trade, and how many shards the accounts are spread
 * over. A product's market rules (tick, lot, bands, calendar) are data in the venue's log; only what schedules need is here.
 */

/** When a product trades, on weekdays, in its own time zone; the functions know the holidays. Times are `HH:MM`. */
export interface ProductSchedule {
  /** As in `H100-SXM`: it becomes part of schedule names and of every contract code. */
  readonly code: string;
  /** IANA name; daylight saving moves the schedules with it. */
  readonly timeZone: string;
  /** Intraday auctions. */
  readonly auctions: readonly string[];
  /** The day run, which rolls, holds the closing auction and settles. */
  readonly dayRun: string;
}

export interface Deployment {
  readonly products: readonly ProductSchedule[];
  /** Fixed for the life of a venue: an account's shard is a hash modulo this. */
  readonly shards: number;
  /** IANA name of the zone in whose working hours the sweep runs. */
  readonly timeZone: string;
}

/** The deployment of this repository's stack. */
export const DEPLOYMENT: Deployment = {
  products: [{ code: 'H100-SXM', timeZone: 'America/New_York', auctions: ['10:00', '13:00'], dayRun: '16:00' }],
  shards: 4,
  timeZone: 'America/New_York',
};

/** The sweep runs from `firstHour`:00 until the last quarter of `lastHour`, Monday to Friday, in the venue's time zone. */
export const SWEEP = { everyMinutes: 15, firstHour: 8, lastHour: 19 } as const;

const CODE = /^[A-Z0-9]+(-[A-Z0-9]+)*$/;
const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;
const SHARDS_MAX = 256;

/** Refuses a deployment that could not run; returns it unchanged otherwise. Throws an Error that names every error. */
export function checkedDeployment(deployment: Deployment): Deployment {
  const errors = [
    ...(Number.isInteger(deployment.shards) && deployment.shards >= 1 && deployment.shards <= SHARDS_MAX
      ? []
      : [`shards must be 1 to ${SHARDS_MAX}, not ${deployment.shards}`]),
    ...(isTimeZone(deployment.timeZone) ? [] : [`${deployment.timeZone} is not a time zone`]),
    ...(deployment.products.length > 0 ? [] : ['a deployment needs a product']),
    ...deployment.products.flatMap((product, index) => productErrors(product, deployment.products.slice(0, index))),
  ];
  if (errors.length > 0) throw new Error(`deployment: ${errors.join('; ')}`);
  return deployment;
}

function productErrors(product: ProductSchedule, before: readonly ProductSchedule[]): string[] {
  const { code, auctions, dayRun } = product;
  return [
    ...(CODE.test(code) && code.length <= 32 ? [] : [`product code ${JSON.stringify(code)} is not like H100-SXM`]),
    ...(before.some((other) => other.code === code) ? [`product ${code} is listed twice`] : []),
    ...(isTimeZone(product.timeZone) ? [] : [`${code}: ${product.timeZone} is not a time zone`]),
    ...[...auctions, dayRun].filter((time) => !TIME_OF_DAY.test(time)).map((time) => `${code}: ${time} is not HH:MM`),
    ...(new Set(auctions).size === auctions.length ? [] : [`${code}: an auction is listed twice`]),
    ...auctions.filter((time) => time >= dayRun).map((time) => `${code}: the auction of ${time} is not before the day run`),
  ];
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
