/**
 * The units everything is counted in. Prices are integer ticks, quantities integer lots, money integer cents: each its
 * own type, so that a tick can't be paid out as a cent. Text enters through `parseDecimal`, which refuses what is not
 * exactly on the grid; nothing is ever rounded on the way in.
 */

declare const unit: unique symbol;
type In<T, Unit extends string> = T & { readonly [unit]: Unit };

/** A price, or a difference of two prices, in ticks of the product's grid. */
export type Ticks = In<number, 'ticks'>;
/** Contracts: positive bought, negative sold where a sign makes sense. */
export type Lots = In<number, 'lots'>;
/** US dollars in cents. A total never leaves `bigint`. */
export type Cents = In<bigint, 'cents'>;
/** Index values are published finer than a tick: millionths of a dollar per GPU-hour. */
export type Micros = In<bigint, 'micros'>;

/** A number as its unit. The first two throw when it is not an integer that a double holds exactly. */
export const ticks = (value: number): Ticks => integer(value) as Ticks;
export const lots = (value: number): Lots => integer(value) as Lots;
export const cents = (value: bigint): Cents => value as Cents;

export const NO_CENTS = 0n as Cents;
export const addCents = (a: Cents, b: Cents): Cents => (a + b) as Cents;
export const addLots = (a: Lots, b: Lots): Lots => lots(a + b);
export const minusTicks = (a: Ticks, b: Ticks): Ticks => ticks(a - b);

/** What `quantity` lots gain when the price moves by `move` ticks, at `centsPerTick` cents a tick and lot. */
export const gain = (quantity: Lots, move: Ticks, centsPerTick: bigint): Cents =>
  (BigInt(quantity) * BigInt(move) * centsPerTick) as Cents;

/** The largest price and the largest order the venue can hold: far outside any market, well inside 32 bits. */
export const MAX_TICKS = 100_000_000;
export const MAX_LOTS = 1_000_000;

const DECIMAL = /^(-?)(0|[1-9]\d{0,17})(?:\.(\d{1,12}))?$/;

/**
 * Reads decimal text as an integer count of 10^-decimals: "2.350" with 3 decimals is 2350n.
 * `undefined` when the text is not a plain decimal number or has more decimals than the grid.
 */
export function parseDecimal(text: string, decimals: number): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, sign, whole, fraction = ''] = match;
  if (fraction.length > decimals) return undefined;
  const magnitude = BigInt(whole + fraction.padEnd(decimals, '0'));
  return sign ? -magnitude : magnitude;
}

/** The inverse of `parseDecimal`: always writes all decimals, never an exponent, never "-0". */
export function formatDecimal(value: bigint, decimals: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const text = decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return value < 0n ? `-${text}` : text;
}

/** An amount as decimal text in USD, always with two decimals. */
export const formatCents = (value: Cents): string => formatDecimal(value, 2);

/** Division of integers rounded half to even, the rounding of every mean and share that names no other. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError('the denominator must be positive');
  const negative = numerator < 0n;
  const magnitude = negative ? -numerator : numerator;
  const quotient = magnitude / denominator;
  const twice = (magnitude % denominator) * 2n;
  const up = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  const rounded = up ? quotient + 1n : quotient;
  return negative ? -rounded : rounded;
}

function integer(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not an exact integer: ${value}`);
  return value === 0 ? 0 : value;
}
