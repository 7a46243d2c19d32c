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
  /**
   * An account's shard is a hash modulo this, so it belongs to the table: another number needs a table that was built with it, by `npm
   * run rebuild` (docs/decisions/0017).
   */
  readonly shards: number;
  /** IANA name of the zone in whose working hours the sweep runs. */
  readonly timeZone: string;
  readonly sweep: SweepTimes;
  /** How often a message is received before its queue gives it up. */
  readonly receivesMax: number;
  /** Requests that a participant's account may send in a minute; an operator may send five times as many. */
  readonly requestsPerMinute: number;
  /**
   * Cash that one operator may move without a second on a day (UTC), in cents, in and out and over all accounts added up. 0: none.
   */
  readonly cashAloneCents: number;
}

/** When the sweep looks, Monday to Friday in the venue's time zone: at each of these minutes of each of these hours. */
export interface SweepTimes {
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
}

/** What the alarms are made for: a look every quarter of an hour, from `firstHour`:00 until the last quarter of `lastHour`. */
export const SWEEP = { everyMinutes: 15, firstHour: 8, lastHour: 19 } as const;

export const DEPLOYMENT: Deployment = {
  products: [{ code: 'H100-SXM', timeZone: 'America/New_York', auctions: ['10:00', '13:00'], dayRun: '16:00' }],
  // Each takes about a hundred submissions a second: more in all than the gateway lets in. See docs/decisions/0017.
  shards: 16,
  timeZone: 'America/New_York',
  sweep: { hours: counting(SWEEP.firstHour, SWEEP.lastHour), minutes: counting(0, 59, SWEEP.everyMinutes) },
  // Below five, throttling alone could carry a good message to the dead letters.
  receivesMax: 5,
  requestsPerMinute: 1200,
  // 100,000.00 USD.
  cashAloneCents: 10_000_000,
};

/** The environment variable with the folder in which local processes share what they synthesize; the process that made it removes it. */
export const SHARED_ASSEMBLIES = 'EXCHANGE_ASSEMBLIES';

const CODE = /^[A-Z0-9]+(-[A-Z0-9]+)*$/;
const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;
export const SHARDS_MAX = 256;
/** What SQS allows. */
const RECEIVES_MAX = 1000;
/** More than the gateway passes on in a day. */
const REQUESTS_MAX = 1_000_000_000;

/** Refuses a deployment that could not run; returns it unchanged otherwise. Throws an Error that names every error. */
export function checkedDeployment(deployment: Deployment): Deployment {
  const errors = [
    ...(isEachWithin([deployment.shards], SHARDS_MAX, 1) ? [] : [`shards must be 1 to ${SHARDS_MAX}, not ${deployment.shards}`]),
    ...(isTimeZone(deployment.timeZone) ? [] : [`${deployment.timeZone} is not a time zone`]),
    ...(isEachWithin(deployment.sweep.hours, 23) ? [] : [`the sweep's hours must be 0 to 23, not ${deployment.sweep.hours}`]),
    ...(isEachWithin(deployment.sweep.minutes, 59)
      ? []
      : [`the sweep's minutes must be 0 to 59, not ${deployment.sweep.minutes}`]),
    ...(isEachWithin([deployment.receivesMax], RECEIVES_MAX, 1)
      ? []
      : [`a message must be received 1 to ${RECEIVES_MAX} times, not ${deployment.receivesMax}`]),
    ...(isEachWithin([deployment.requestsPerMinute], REQUESTS_MAX, 1)
      ? []
      : [`a caller must have 1 to ${REQUESTS_MAX} requests a minute, not ${deployment.requestsPerMinute}`]),
    ...(isEachWithin([deployment.cashAloneCents], Number.MAX_SAFE_INTEGER)
      ? []
      : [`the cash that an operator may move alone must be whole cents, not ${deployment.cashAloneCents}`]),
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

function counting(first: number, last: number, step = 1): number[] {
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}

const isEachWithin = (numbers: readonly number[], most: number, least = 0): boolean =>
  numbers.length > 0 && numbers.every((number) => Number.isInteger(number) && number >= least && number <= most);

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
