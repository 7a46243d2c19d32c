/**
 * A product's parameters: everything about a contract that the operator may choose. Code holds the rules, parameters
 * hold the numbers; a change of parameters is an event of the clearing log like any other.
 */
import type { CalendarName } from './calendar.ts';
import type { BandSteps, MarginParameters, PositionLimits } from './risk-parameters.ts';
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
  /** Orders that an account may have live at a time, carried ones included. */
  readonly liveOrdersMax: number;
  /** Submissions that an account may send into one auction; of later ones only cancels are taken. */
  readonly submissionsMax: number;
  /** What positions need in collateral. */
  readonly margin: MarginParameters;
  /** What an owner may come to hold. */
  readonly limits: PositionLimits;
  /** How far from the marks an auction may clear. */
  readonly bandTicks: BandSteps;
  /** Whole dollars by which an account may lack what it needs: none among strangers, more where a guarantee from outside stands for members. */
  readonly creditUsd: number;
  /** By when a margin call is to be met, on the next business day: wall clock of the time zone, "HH:MM". */
  readonly callDueTime: string;
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

/** Cents that one lot gains when its price rises one tick. Whole by validation: see `parameterErrors` in parameters.ts. */
export const centsPerTick = (parameters: ProductParameters): bigint =>
  (BigInt(parameters.lotGpuHours) * 100n) / 10n ** BigInt(parameters.priceDecimals);

/** A price as decimal text in USD per GPU-hour, with all decimals of the product's grid. */
export const formatPrice = (price: Ticks, parameters: ProductParameters): string =>
  formatDecimal(BigInt(price), parameters.priceDecimals);

/** A price or price difference on the product's grid; `undefined` when it is off the grid or beyond any market. */
export function parsePrice(text: string, { priceDecimals }: Pick<ProductParameters, 'priceDecimals'>): Ticks | undefined {
  const parsed = parseDecimal(text, priceDecimals);
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

/** With a letter in it: products are kept by their codes in the order of their listing, and a name of digits alone would come before all others. */
const PRODUCT_CODE = /^(?=.{1,32}$)(?=.*[A-Z])[A-Z0-9]+(-[A-Z0-9]+)*$/;
/** Such as H100-SXM: it becomes part of contract codes, queue groups and keys. */
export const isProductCode = (text: string): boolean => PRODUCT_CODE.test(text);
