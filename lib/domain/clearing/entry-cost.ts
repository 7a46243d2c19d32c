/**
 * What an open position cost to enter, by average cost: a position that grows adds what it pays, one that shrinks lets its cost leave in
 * proportion, and one that crosses zero starts anew with what is left of the trade. Positions are kept at the mark, and no cash follows
 * from this: it says what of an account's cash is profit of positions that are still open.
 */
import type { ProductParameters } from '../contract/product.ts';
import {
  addCents,
  addLots,
  type Cents,
  cents,
  divideHalfEven,
  gain,
  type Lots,
  type Micros,
  NO_CENTS,
  type Ticks,
} from '../contract/units.ts';

/**
 * The entry cost of a position of `held` lots at `cost` once `quantity` lots more are bought (sold: negative) at `price`. Signed as the lots
 * are at a positive price: a long has paid it, a short has received it. The share that leaves is rounded half to even; the remainder stays.
 */
export function entryCostAfter(held: Lots, cost: Cents, quantity: Lots, price: Ticks, centsPerTick: bigint): Cents {
  const left = addLots(held, quantity);
  if (left === 0) return NO_CENTS;
  if (Math.sign(held) !== Math.sign(left)) return gain(left, price, centsPerTick);
  if (Math.sign(held) === Math.sign(quantity)) return addCents(cost, gain(quantity, price, centsPerTick));
  const leaves = divideHalfEven(cost * magnitude(quantity), magnitude(held));
  return cents(cost - leaves);
}

/** What a position has gained since it was entered: lots x mark - entry cost. */
export const openProfit = (held: Lots, mark: Ticks, entryCost: Cents, centsPerTick: bigint): Cents =>
  cents(gain(held, mark, centsPerTick) - entryCost);

/** What a lot of a position cost to enter, in USD per GPU-hour: rounded half to even to six decimals. */
export const entryPrice = (held: Lots, entryCost: Cents, { lotGpuHours }: Pick<ProductParameters, 'lotGpuHours'>): Micros =>
  divideHalfEven(entryCost * BigInt(Math.sign(held)) * MICROS_IN_CENT, magnitude(held) * BigInt(lotGpuHours)) as Micros;

const MICROS_IN_CENT = 10_000n;
const magnitude = (quantity: Lots): bigint => BigInt(Math.abs(quantity));
