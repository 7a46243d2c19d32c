/**
 * Settlement prices. The closing auction's price vector is the curve, so settled spreads are the spreads that traded. A
 * month that did not trade keeps its spread to the nearest month that did, within its own unfilled bid and offer; one that was
 * locked settles at the edge of its band. A
 * curve outside the sanity bounds is proposed, not posted: two operators must agree to it.
 */

import type { MonthResult } from '../auction/book.ts';
import { type BusinessDate, type CalendarName, daysBetween } from '../contract/calendar.ts';
import { type ContractMonth, contractCode, firstDay, lastTradingDay, monthAfter, monthOf } from '../contract/months.ts';
import { type ForwardCurve, INDEX_DECIMALS, type ProductParameters } from '../contract/product.ts';
import { divideHalfEven, type Micros, type Ticks, ticks } from '../contract/units.ts';

/** Why something waits for approval. Codes are stable. */
export const HOLD_REASONS = [
  'moved-beyond-daily-limit',
  'price-not-positive',
  'index-stale',
  'index-values-too-few',
  'index-not-positive',
  'index-moved-beyond-limit',
  'month-locked',
] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];

export interface Hold {
  readonly reason: HoldReason;
  /** The contract or date it is about, and the figures, as one sentence. */
  readonly detail: string;
}

export interface Proposal<T> {
  readonly value: T;
  /** Empty: it may be posted as it is. */
  readonly holds: readonly Hold[];
}

/**
 * The settlement prices (ticks, by month) that a closing auction gives, and the reasons why they must be approved first.
 * `previous` are the marks they move from, `newestIndex` is the date of the newest published index value.
 */
export function decideCurve(
  product: string,
  parameters: ProductParameters,
  date: BusinessDate,
  previous: ForwardCurve,
  results: Readonly<Record<number, MonthResult>>,
  newestIndex: BusinessDate | undefined,
): Proposal<ForwardCurve> {
  const curve = settlementCurve(previous, results);
  const holds: Hold[] = [];
  for (const month of months(previous)) {
    const [from, to] = [previous[month]!, curve[month]!];
    const contract = contractCode(product, month);
    if (to <= 0) holds.push({ reason: 'price-not-positive', detail: `${contract} would settle at ${to} ticks` });
    const locked = results[month]?.locked;
    if (locked) {
      const { side, crowd, kept } = locked;
      holds.push({
        reason: 'month-locked',
        detail: `${contract} is limit ${side} at ${to} ticks: ${kept} of ${crowd} lots were let in`,
      });
    }
    if (Math.abs(to - from) > parameters.dailyLimitTicks)
      holds.push({ reason: 'moved-beyond-daily-limit', detail: `${contract} would move from ${from} to ${to} ticks` });
  }
  if (!newestIndex || daysBetween(newestIndex, date) > parameters.indexAgeDaysMax)
    holds.push({ reason: 'index-stale', detail: `the newest index value is of ${newestIndex ?? 'no day'}` });
  return { value: curve, holds };
}

/** The closing prices in ticks, with months that did not trade filled in by the rule at the top of this file. */
export function settlementCurve(previous: ForwardCurve, results: Readonly<Record<number, MonthResult>>): ForwardCurve {
  const listed = months(previous);
  const traded = listed.filter((month) => results[month]?.traded);
  return Object.fromEntries(
    listed.map((month) => {
      const result = results[month];
      if (result?.traded || result?.locked) return [month, result.price];
      // Of two traded months equally near, the earlier: it has less time left to move.
      const nearest = traded.reduce<ContractMonth | undefined>(
        (best, other) => (best === undefined || Math.abs(other - month) < Math.abs(best - month) ? other : best),
        undefined,
      );
      const kept = nearest === undefined ? previous[month]! : results[nearest]!.price + previous[month]! - previous[nearest]!;
      return [month, within(kept, result?.sealedBid ?? null, result?.sealedOffer ?? null)];
    }),
  );
}

/** The month that expires with the business day's settlement, if any. */
export function expiringMonth(
  calendar: CalendarName,
  listed: readonly ContractMonth[],
  date: BusinessDate,
): ContractMonth | undefined {
  // Only the date's own month is looked up: the far months may be past the end of the calendar's data.
  return listed.find((month) => month === monthOf(date) && lastTradingDay(calendar, month) === date);
}

/**
 * The final settlement price: the mean of the index over the delivery month, up to its last trading day, rounded
 * half-even to the tick. Held when there are too few values, the last trading day's own is missing, or it is not positive.
 */
export function decideFinalPrice(
  product: string,
  parameters: ProductParameters,
  month: ContractMonth,
  index: ReadonlyMap<BusinessDate, Micros>,
  fallback: Ticks,
): Proposal<Ticks> {
  const last = lastTradingDay(parameters.calendar, month);
  const values = [...indexOf(parameters, month, index).values()];
  const holds: Hold[] = [];
  const contract = contractCode(product, month);
  if (values.length < parameters.indexValuesMin)
    holds.push({
      reason: 'index-values-too-few',
      detail: `${contract} has ${values.length} index values of the ${parameters.indexValuesMin} it needs`,
    });
  if (!index.has(last))
    holds.push({ reason: 'index-stale', detail: `${contract} has no index value for its last trading day ${last}` });
  if (values.length === 0) return { value: fallback, holds };
  const microsPerTick = 10n ** BigInt(INDEX_DECIMALS - parameters.priceDecimals);
  const sum = values.reduce((total, value) => total + value, 0n);
  const value = ticks(Number(divideHalfEven(sum, BigInt(values.length) * microsPerTick)));
  if (value <= 0) holds.push({ reason: 'price-not-positive', detail: `${contract} would settle finally at ${value} ticks` });
  return { value, holds };
}

/** Index values used by a final settlement price. */
export const indexOf = (
  parameters: ProductParameters,
  month: ContractMonth,
  index: ReadonlyMap<BusinessDate, Micros>,
): Map<BusinessDate, Micros> =>
  new Map([...index].filter(([day]) => day >= firstDay(month) && day <= lastTradingDay(parameters.calendar, month)));

/**
 * Why an index value must be approved before it is published: it is not positive, or jumps from the value before it. Empty
 * when it may be published at once.
 */
export function judgeIndexValue(
  parameters: ProductParameters,
  date: BusinessDate,
  value: Micros,
  before: Micros | undefined,
): Hold[] {
  if (value <= 0n) return [{ reason: 'index-not-positive', detail: `the value of ${date} is ${value} millionths of a dollar` }];
  if (before === undefined) return [];
  const moved = value > before ? value - before : before - value;
  return moved * 10_000n > before * BigInt(parameters.indexMoveBasisPointsMax)
    ? [
        {
          reason: 'index-moved-beyond-limit',
          detail: `the value of ${date} moves from ${before} to ${value} millionths of a dollar`,
        },
      ]
    : [];
}

/** The contract that takes an expired one's place at the far end, and the price it starts from: the far month's. */
export function nextListing(listed: readonly ContractMonth[], marks: ForwardCurve): { month: ContractMonth; price: Ticks } {
  const far = listed.at(-1)!;
  return { month: monthAfter(far), price: marks[far]! };
}

/** The months of a forward curve, in order of delivery. */
export const months = (curve: ForwardCurve): ContractMonth[] => Object.keys(curve).map((key) => Number(key) as ContractMonth);

const within = (price: number, bid: Ticks | null, offer: Ticks | null): Ticks =>
  ticks(Math.min(Math.max(price, bid ?? Number.NEGATIVE_INFINITY), offer ?? Number.POSITIVE_INFINITY));
