/**
 * A day's statistics in one object: what settled, what traded, what is open, what rolled. Operators read it, and the public
 * settlement prices of a past day are taken from it. It follows from the events of the day's books and the control totals
 * alone; the statements of the day are of the same events.
 */
import type { Locked } from '../auction/book.ts';
import type { BusinessDate } from '../contract/calendar.ts';
import { type ContractMonth, contractCode, monthAfter, nearMonth } from '../contract/months.ts';
import { formatPrice } from '../contract/product.ts';
import { cents, formatCents, type Lots, type Ticks, ticks } from '../contract/units.ts';
import { addTotals, type ShardTotals, sumByKey } from './control-totals.ts';
import type { ClearingEvent } from './events.ts';
import { rollDay } from './roll.ts';
import { NONE_CALLED, type ProductState } from './venue.ts';

/** A locked month as it is published. */
export type LockedState = 'limit-bid' | 'limit-offered';
export const lockedState = ({ side }: Pick<Locked, 'side'>): LockedState => (side === 'bid' ? 'limit-bid' : 'limit-offered');

/** Prices and amounts are decimal strings, quantities integers, contracts by code. */
export interface DayReport {
  /** Number of the closing auction. */
  readonly auction: number;
  readonly settled: Readonly<Record<string, string>>;
  /** The contracts that were locked in the closing auction. */
  readonly locked: Readonly<Record<string, LockedState>>;
  /** Lots over all auctions in the day's books: those of the next day that cleared while its settlement was held are among them. */
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
  /** Accounts that were short of margin when the books closed, and what they were called for together. */
  readonly called: { readonly accounts: number; readonly amount: string };
}

/**
 * @param product the product once the calls of the day are made
 * @param events the log's events of the product since its books were closed before, in any order
 * @param shards the control totals of the event that closed the day, of every shard
 * Throws when the closing auction or the settlement is not among the events, or the totals are of another event.
 */
export function dayReport(
  { product, parameters, called = NONE_CALLED }: Pick<ProductState, 'product' | 'parameters' | 'called'>,
  date: BusinessDate,
  events: readonly ClearingEvent[],
  shards: readonly ShardTotals[],
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
  const { held, day } = shards.reduce(addTotals);
  if (!held || !day) throw new Error(`the control totals are not of the event that closed ${date}`);
  const collected = formatCents(day.collected);
  return {
    auction: closing.auction,
    settled: byCode(settled.settled, price),
    locked: Object.fromEntries(
      Object.entries(closing.months).flatMap(([month, { locked }]) =>
        locked ? [[code(Number(month)), lockedState(locked)]] : [],
      ),
    ),
    volume: byCode(sumByKey(auctions.map(volumes)), (volume) => volume),
    openInterest: byCode(held.long, (open) => open),
    near: code(near),
    next: code(next),
    roll: rollDay(parameters.calendar, date)
      ? {
          near: code(near),
          next: code(next),
          price: price(ticks(closing.months[next]!.price - closing.months[near]!.price)),
          longsRolled: day.longsRolled,
          shortsRolled: day.shortsRolled,
          longsLeft: day.longsLeft,
          longsRollCost: formatCents(day.longsRollCost),
        }
      : null,
    // What some receive others pay: the postings it is made of have been checked to sum to zero.
    variation: { collected, paid: collected },
    expired: expired
      ? {
          contract: code(expired.month),
          finalPrice: price(expired.finalPrice),
          indexValues: Object.keys(expired.index).length,
        }
      : null,
    called: { accounts: called.accounts, amount: formatCents(cents(BigInt(called.cents))) },
  };
}

const volumes = ({ months }: Extract<ClearingEvent, { kind: 'auction-cleared' }>): Record<number, Lots> =>
  Object.fromEntries(Object.entries(months).map(([month, { volume }]) => [month, volume]));
