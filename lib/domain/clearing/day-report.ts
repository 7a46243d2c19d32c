/**
 * A day's statistics in one object: what settled, what traded, what is open, what rolled. Operators read it, and the public
 * settlement prices of a past day are taken from it. It follows from the day's events and the control totals alone.
 */
import type { BusinessDate } from '../contract/calendar.ts';
import { type ContractMonth, contractCode, monthAfter, nearMonth } from '../contract/months.ts';
import { formatPrice } from '../contract/product.ts';
import { addCents, addLots, type Cents, formatCents, type Lots, lots, NO_CENTS, type Ticks, ticks } from '../contract/units.ts';
import type { ClearingEvent } from './events.ts';
import { rollDay } from './roll.ts';
import type { ProductState } from './venue.ts';

/** Prices and amounts are decimal strings, quantities integers, contracts by code. */
export interface DayReport {
  /** Number of the closing auction. */
  readonly auction: number;
  readonly settled: Readonly<Record<string, string>>;
  /** Lots over all auctions of the day. */
  readonly volume: Readonly<Record<string, number>>;
  readonly openInterest: Readonly<Record<string, number>>;
  readonly near: string;
  readonly next: string;
  /** `null` outside the roll window. */
  readonly roll: {
    readonly near: string;
    readonly next: string;
    /** Far price minus near price, of the closing auction. */
    readonly price: string;
    readonly longsRolled: number;
    readonly shortsRolled: number;
    readonly longsLeft: number;
    readonly longsRollCost: string;
  } | null;
  readonly variation: { readonly collected: string; readonly paid: string };
  readonly expired: { readonly contract: string; readonly finalPrice: string; readonly indexValues: number } | null;
}

/** What the report needs of a shard's control totals of the event that closed the day. */
export interface DayTotals {
  readonly held?: { readonly long: Readonly<Record<number, Lots>> };
  readonly day?: {
    readonly collected: Cents;
    readonly longsRolled: Lots;
    readonly shortsRolled: Lots;
    readonly longsLeft: Lots;
    readonly longsRollCost: Cents;
  };
}

/**
 * @param events the log's events of the product and day, in any order
 * @param shards the control totals of the event that closed the day, of every shard
 * Throws when the closing auction or the settlement is not among the events.
 */
export function dayReport(
  { product, parameters }: Pick<ProductState, 'product' | 'parameters'>,
  date: BusinessDate,
  events: readonly ClearingEvent[],
  shards: readonly DayTotals[],
): DayReport {
  const code = (month: number): string => contractCode(product, month as ContractMonth);
  const price = (value: Ticks): string => formatPrice(value, parameters);
  const byCode = <T, U>(from: Readonly<Record<number, T>>, show: (value: T) => U): Record<string, U> =>
    Object.fromEntries(Object.entries(from).map(([month, value]) => [code(Number(month)), show(value)]));

  const auctions = events.filter((event) => event.kind === 'auction-cleared');
  const closing = auctions.find((event) => event.closing);
  const settled = events.find((event) => event.kind === 'prices-settled');
  const expired = events.find((event) => event.kind === 'month-expired');
  if (!closing || !settled) throw new Error(`the log has no closing auction and settlement of ${product} on ${date}`);

  const near = nearMonth(parameters.calendar, date);
  const next = monthAfter(near);
  const rolled = rolledOver(shards);
  const collected = formatCents(rolled.collected);
  return {
    auction: closing.auction,
    settled: byCode(settled.settled, price),
    volume: byCode(sumByMonth(auctions.map(volumes)), (volume) => volume),
    openInterest: byCode(sumByMonth(shards.map(({ held }) => held?.long ?? {})), (open) => open),
    near: code(near),
    next: code(next),
    roll: rollDay(parameters.calendar, date)
      ? {
          near: code(near),
          next: code(next),
          price: price(ticks(closing.months[next]!.price - closing.months[near]!.price)),
          longsRolled: rolled.longsRolled,
          shortsRolled: rolled.shortsRolled,
          longsLeft: rolled.longsLeft,
          longsRollCost: formatCents(rolled.longsRollCost),
        }
      : null,
    // What some receive others pay: the postings it is made of have been checked to sum to zero.
    variation: { collected, paid: collected },
    expired: expired
      ? { contract: code(expired.month), finalPrice: price(expired.finalPrice), indexValues: expired.indexValues }
      : null,
  };
}

const volumes = ({ months }: Extract<ClearingEvent, { kind: 'auction-cleared' }>): Record<number, Lots> =>
  Object.fromEntries(Object.entries(months).map(([month, { volume }]) => [month, volume]));

function sumByMonth(parts: readonly Readonly<Record<number, Lots>>[]): Record<number, Lots> {
  const sum: Record<number, Lots> = {};
  for (const part of parts)
    for (const [month, quantity] of Object.entries(part)) sum[Number(month)] = addLots(sum[Number(month)] ?? lots(0), quantity);
  return sum;
}

/** The statements of all shards, added up. */
function rolledOver(shards: readonly DayTotals[]): NonNullable<DayTotals['day']> {
  const none = { collected: NO_CENTS, longsRolled: lots(0), shortsRolled: lots(0), longsLeft: lots(0), longsRollCost: NO_CENTS };
  return shards.reduce<NonNullable<DayTotals['day']>>(
    (sum, { day = none }) => ({
      collected: addCents(sum.collected, day.collected),
      longsRolled: addLots(sum.longsRolled, day.longsRolled),
      shortsRolled: addLots(sum.shortsRolled, day.shortsRolled),
      longsLeft: addLots(sum.longsLeft, day.longsLeft),
      longsRollCost: addCents(sum.longsRollCost, day.longsRollCost),
    }),
    none,
  );
}
