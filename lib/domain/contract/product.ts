/**
 * A product's parameters: everything about a contract that the operator may choose. Code holds the rules, parameters
 * hold the numbers; a change of parameters is an event of the clearing log like any other.
 */
import { CALENDAR_NAMES, type CalendarName } from './calendar.ts';
import { formatDecimal, MAX_TICKS, type Micros, parseDecimal, type Ticks, ticks } from './units.ts';

export interface ProductParameters {
  /** GPU-hours in one lot. */
  readonly lotGpuHours: number;
  /** Decimals of a price in USD per GPU-hour; one tick is 10^-priceDecimals. */
  readonly priceDecimals: number;
  /** Contract months listed at a time. */
  readonly listedMonths: number;
  readonly timeZone: string;
  readonly calendar: CalendarName;
  /** When the day run starts, wall clock of the time zone, "HH:MM". */
  readonly dayRunTime: string;
  /** A settlement price that moves more than this from the day before is held for approval. */
  readonly dailyLimitTicks: Ticks;
  /** How far from the last settled spread a roll "at market" may trade. */
  readonly rollBandTicks: Ticks;
  /** Index values that a final settlement price needs. */
  readonly indexValuesMin: number;
  /** Calendar days after which the newest index value is stale. */
  readonly indexAgeDaysMax: number;
  /** An index value that moves more than this share of the one before is held for approval, in basis points. */
  readonly indexMoveBasisPointsMax: number;
}

/** Prices by contract month, in the order the months are listed. Keys are contract month numbers. */
export type ForwardCurve = Readonly<Record<number, Ticks>>;

/** Whether two curves have the same months at the same prices. */
export function isSameCurve(one: ForwardCurve, other: ForwardCurve): boolean {
  const months = Object.keys(one);
  return months.length === Object.keys(other).length && months.every((month) => one[Number(month)] === other[Number(month)]);
}

/** Decimals of a published index value. */
export const INDEX_DECIMALS = 6;

/** Cents that one lot gains when its price rises one tick. Whole by validation: see `parameterErrors`. */
export const centsPerTick = (parameters: ProductParameters): bigint =>
  (BigInt(parameters.lotGpuHours) * 100n) / 10n ** BigInt(parameters.priceDecimals);

/** A price as decimal text in USD per GPU-hour, with all decimals of the product's grid. */
export const formatPrice = (price: Ticks, parameters: ProductParameters): string =>
  formatDecimal(BigInt(price), parameters.priceDecimals);

/** A price or price difference on the product's grid; `undefined` when it is off the grid or beyond any market. */
export function parsePrice(text: string, parameters: ProductParameters): Ticks | undefined {
  const parsed = parseDecimal(text, parameters.priceDecimals);
  return parsed === undefined || parsed > BigInt(MAX_TICKS) || parsed < BigInt(-MAX_TICKS) ? undefined : ticks(Number(parsed));
}

/** An index value as decimal text in USD per GPU-hour, with all six decimals. */
export const formatIndex = (value: Micros): string => formatDecimal(value, INDEX_DECIMALS);
/** An index value in USD per GPU-hour; `undefined` when it is no decimal, too precise, or a million dollars and more. */
export function parseIndex(text: string): Micros | undefined {
  const parsed = parseDecimal(text, INDEX_DECIMALS);
  return parsed === undefined || parsed >= 10n ** 12n || parsed <= -(10n ** 12n) ? undefined : (parsed as Micros);
}

/** A price as an index value, so that the two can be compared. */
export const priceAsIndex = (price: Ticks, parameters: ProductParameters): Micros =>
  (BigInt(price) * 10n ** BigInt(INDEX_DECIMALS - parameters.priceDecimals)) as Micros;

/**
 * The whole numbers that parameters may be, the first and the last included. Near, next and the two months before them must
 * be listed for a roll; with more than twenty, prices could pass 32 bits.
 */
export const PARAMETER_LIMITS = {
  lotGpuHours: [1, 1_000_000],
  priceDecimals: [0, INDEX_DECIMALS],
  listedMonths: [4, 20],
  dailyLimitTicks: [1, MAX_TICKS],
  rollBandTicks: [0, MAX_TICKS],
  indexValuesMin: [1, 31],
  indexAgeDaysMax: [0, 366],
  indexMoveBasisPointsMax: [1, 1_000_000],
} as const satisfies Partial<Record<keyof ProductParameters, readonly [least: number, most: number]>>;

const PRODUCT_CODE = /^(?=.{1,32}$)[A-Z0-9]+(-[A-Z0-9]+)*$/;
/** Such as H100-SXM: it becomes part of contract codes, queue groups and keys. */
export const isProductCode = (text: string): boolean => PRODUCT_CODE.test(text);

/** A time of day, `HH:MM`. */
export const DAY_TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/**
 * What is wrong with a set of parameters, as one sentence each; empty when nothing is. The route that writes parameters and
 * the fold that reads them both ask this function, so that neither takes what the other would refuse.
 */
export function parameterErrors(parameters: ProductParameters): string[] {
  const faults: string[] = [];
  for (const [name, [least, most]] of Object.entries(PARAMETER_LIMITS)) {
    const value = parameters[name as keyof typeof PARAMETER_LIMITS];
    if (!Number.isInteger(value) || value < least || value > most)
      faults.push(`${name} must be a whole number, ${least} to ${most}`);
  }
  if (!CALENDAR_NAMES.includes(parameters.calendar)) faults.push(`calendar must be one of ${CALENDAR_NAMES.join(', ')}`);
  if (!DAY_TIME.test(parameters.dayRunTime)) faults.push('dayRunTime must be HH:MM');
  // What follows computes with these numbers.
  if (faults.length) return faults;
  if ((BigInt(parameters.lotGpuHours) * 100n) % 10n ** BigInt(parameters.priceDecimals) !== 0n)
    faults.push('one tick on one lot must be a whole number of cents: lotGpuHours x 100 must be divisible by 10^priceDecimals');
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: parameters.timeZone });
  } catch {
    faults.push(`timeZone is not a known IANA time zone: ${parameters.timeZone}`);
  }
  return faults;
}

/** Terms of the contract itself: what a lot and a tick are worth can't change under positions that are open. */
const FIXED_TERMS = [
  'lotGpuHours',
  'priceDecimals',
  'listedMonths',
  'calendar',
  'timeZone',
] as const satisfies (keyof ProductParameters)[];

/** The terms that a change of parameters would alter and must not. */
export const fixedTermsChanged = (before: ProductParameters, after: ProductParameters): (typeof FIXED_TERMS)[number][] =>
  FIXED_TERMS.filter((term) => before[term] !== after[term]);

/** Parameters as people and the API write them: limits in USD per GPU-hour, as decimal text on the product's grid. */
export interface WrittenParameters extends Omit<ProductParameters, 'dailyLimitTicks' | 'rollBandTicks'> {
  readonly dailyLimit: string;
  readonly rollBand: string;
}

/** The inverse of `readWrittenParameters`. */
export function writtenParameters(parameters: ProductParameters): WrittenParameters {
  const { dailyLimitTicks, rollBandTicks, ...rest } = parameters;
  return { ...rest, dailyLimit: formatPrice(dailyLimitTicks, parameters), rollBand: formatPrice(rollBandTicks, parameters) };
}

/** Reads written parameters that may be of any shape; a list is what is wrong with them, as one sentence each. */
export function readWrittenParameters(written: WrittenParameters): ProductParameters | string[] {
  const { dailyLimit, rollBand, ...rest } = written;
  const grid = { ...rest, dailyLimitTicks: ticks(1), rollBandTicks: ticks(0) };
  const faults = parameterErrors(grid);
  if (faults.length) return faults;
  const [limit, band] = [dailyLimit, rollBand].map((text) => (typeof text === 'string' ? parsePrice(text, grid) : undefined));
  if (limit === undefined || limit < 1)
    faults.push(`dailyLimit must be decimal text with at most ${rest.priceDecimals} decimals, more than zero`);
  if (band === undefined || band < 0)
    faults.push(`rollBand must be decimal text with at most ${rest.priceDecimals} decimals, zero or more`);
  return faults.length ? faults : { ...rest, dailyLimitTicks: limit!, rollBandTicks: band! };
}
