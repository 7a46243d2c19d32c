/**
 * What a participant knows before an auction: the published prices, its own orders and positions, the spot market, and
 * the providers' rental offers. Nothing here is private to another account. Estimates are whole ticks throughout.
 */
import { addDays, type BusinessDate } from '../domain/contract/calendar.ts';
import { type ContractMonth, contractCode, firstDay, lastDay, monthOf } from '../domain/contract/months.ts';
import { INDEX_DECIMALS, type ProductParameters } from '../domain/contract/product.ts';
import { divideHalfEven, formatDecimal, type Lots, type Ticks, ticks } from '../domain/contract/units.ts';
import { NO_CRASH, type TenthsOn } from './crash.ts';
import type { Offers, Spot } from './prices.ts';

export interface Market {
  readonly product: string;
  readonly priceDecimals: number;
  readonly date: BusinessDate;
  /** Which auction of the day, from zero. */
  readonly round: number;
  readonly closing: boolean;
  /** In order of delivery. */
  readonly listed: readonly ContractMonth[];
  readonly near: ContractMonth;
  /** The date lies in the near month's roll window. */
  readonly rolling: boolean;
  /** Last published price: the last auction's, or the settlement price where that did not trade. */
  readonly last: ReadonlyMap<ContractMonth, Ticks>;
  /** What the spot market says a month is worth. */
  readonly worth: ReadonlyMap<ContractMonth, Ticks>;
  /** Today's offers by provider. */
  readonly offers: ReadonlyMap<string, Offers>;
}

export interface Own {
  readonly orders: readonly OwnOrder[];
  readonly positions: ReadonlyMap<ContractMonth, Lots>;
}

/** A live order as `GET /v1/orders` lists it. */
export interface OwnOrder {
  readonly clientOrderId: string;
  readonly side?: 'buy' | 'sell';
  readonly contract?: string;
  readonly buy?: string;
  readonly sell?: string;
  readonly price: string;
  readonly lots: number;
}

/** An entry of a submission, as the API takes it. */
export type Entry =
  | { readonly cancel: string }
  | (Named & { readonly side: 'buy' | 'sell'; readonly contract: string })
  | (Named & { readonly buy: string; readonly sell: string });
interface Named {
  readonly clientOrderId: string;
  readonly replaces?: string;
  readonly price: string;
  readonly lots: number;
  readonly timeInForce?: 'auction' | 'day' | 'gtc';
}

/** How fast the market's idea of the price level follows the spot: by a quarter of the gap a day. */
const LEVEL_FOLLOWS = 4n;

/** Value of a month before delivery against the level, in basis points: a rising curve that flattens out. */
const carry = (monthsAhead: number): bigint => BigInt(50 * monthsAhead - 2 * monthsAhead * monthsAhead);

/**
 * What each month is worth on a date, from the spot prices known by then. After a crash the market believes in it at once: earlier prices count as if
 * they had fallen as well.
 */
export function worthOf(
  spot: Spot,
  date: BusinessDate,
  months: readonly ContractMonth[],
  parameters: Pick<ProductParameters, 'priceDecimals'>,
  tenths: TenthsOn = NO_CRASH,
): Map<ContractMonth, Ticks> {
  const known = [...spot].filter(([day]) => day <= date).sort(([a], [b]) => (a < b ? -1 : 1));
  const today = tenths(date);
  const believed = known.map(([day, value]) => (value * today) / tenths(day));
  const level = believed.reduce((mean, value) => mean + (value - mean) / LEVEL_FOLLOWS, believed[0]!);
  const microsPerTick = 10n ** BigInt(INDEX_DECIMALS - parameters.priceDecimals);
  const inTicks = (micros: bigint, count = 1n): Ticks => ticks(Number(divideHalfEven(micros, microsPerTick * count)));
  return new Map(
    months.map((month) => {
      const ahead = month - monthOf(date);
      if (ahead > 0) return [month, inTicks(level * (10_000n + carry(ahead)), 10_000n)];
      // In delivery: the values so far count as they are, the days to come at the level.
      const values = known.filter(([day]) => day >= firstDay(month)).map(([, value]) => value as bigint);
      const toCome = BigInt(daysUntil(date, lastDay(month)));
      const sum = values.reduce((total, value) => total + value, level * toCome);
      return [month, inTicks(sum, BigInt(values.length) + toCome)];
    }),
  );
}

function daysUntil(date: BusinessDate, last: BusinessDate): number {
  let count = 0;
  for (let day = date; day < last; day = addDays(day, 1)) count += 1;
  return count;
}

/** Halfway between what a month last traded at and what the spot market says. */
export const reference = (market: Market, month: ContractMonth): Ticks =>
  ticks(Math.trunc((market.last.get(month)! + market.worth.get(month)!) / 2));

export const contract = (market: Market, month: ContractMonth): string => contractCode(market.product, month);
export const price = (market: Pick<Market, 'priceDecimals'>, value: number): string =>
  formatDecimal(BigInt(value), market.priceDecimals);

/** An order's name: the day, the round and what it is, so that a participant never uses one twice. */
export const orderName = (market: Market, what: string): string => `${market.date.slice(5)}.${market.round}.${what}`;

/** `basisPoints` of a price, in whole ticks. */
export const share = (of: number, basisPoints: number): number => Math.trunc((of * basisPoints) / 10_000);
