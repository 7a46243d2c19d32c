/** A day in one object: what settled, what traded, what is open, what rolled. Read by operators and by the public prices. */

import { type ShardTotals, sumByKey } from '../../lib/domain/clearing/control-totals.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { rollDay } from '../../lib/domain/clearing/roll.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { type ContractMonth, contractCode, monthAfter, nearMonth } from '../../lib/domain/contract/months.ts';
import { formatPrice } from '../../lib/domain/contract/product.ts';
import { addCents, type Cents, formatCents, type lots, NO_CENTS, type Ticks, ticks } from '../../lib/domain/contract/units.ts';
import { readTotals } from '../../lib/store/control-totals.ts';
import type { Day } from '../../lib/store/days.ts';
import { newestEvents, readEvent } from '../../lib/store/log.ts';
import type { Table } from '../../lib/store/table.ts';

/** Prices and amounts are decimal strings, quantities integers, contracts by code. */
export interface DayReport {
  readonly auction: number;
  readonly settled: Readonly<Record<string, string>>;
  readonly volume: Readonly<Record<string, number>>;
  readonly openInterest: Readonly<Record<string, number>>;
  readonly near: string;
  readonly next: string;
  readonly roll: {
    readonly near: string;
    readonly next: string;
    readonly price: string;
    readonly longsRolled: number;
    readonly shortsRolled: number;
    readonly longsLeft: number;
    readonly longsRollCost: string;
  } | null;
  readonly variation: { readonly collected: string; readonly paid: string };
  readonly expired: { readonly contract: string; readonly finalPrice: string; readonly indexValues: number } | null;
}

export async function dayReport(table: Table, own: ProductState, day: Day): Promise<DayReport> {
  const { product, date } = day;
  const { parameters } = own;
  const code = (month: number): string => contractCode(product, month as ContractMonth);
  const price = (value: Ticks): string => formatPrice(value, parameters);
  const cleared = await eventOf(table, day.events.clear, 'auction-cleared');
  const settled = await eventOf(table, day.events.settle, 'prices-settled');
  const expired = day.events.expire ? await eventOf(table, day.events.expire, 'month-expired') : undefined;
  const shards: ShardTotals[] = [...(await readTotals(table, own.lastEvent)).shards.values()];

  const near = nearMonth(parameters.calendar, date);
  const next = monthAfter(near);
  const rolling = rollDay(parameters.calendar, date);
  const sum = (pick: (totals: NonNullable<ShardTotals['day']>) => Cents): Cents =>
    shards.reduce((total, { day: totals }) => addCents(total, totals ? pick(totals) : NO_CENTS), NO_CENTS);
  const count = (pick: (totals: NonNullable<ShardTotals['day']>) => number): number =>
    shards.reduce((total, { day: totals }) => total + (totals ? pick(totals) : 0), 0);
  const byCode = <T, U>(from: Readonly<Record<number, T>>, show: (value: T) => U): Record<string, U> =>
    Object.fromEntries(Object.entries(from).map(([month, value]) => [code(Number(month)), show(value)]));

  const collected = formatCents(sum((totals) => totals.collected));
  return {
    auction: cleared.auction,
    settled: byCode(settled.settled, price),
    volume: byCode(await dayVolume(table, product, date), (volume) => volume),
    openInterest: byCode(sumByKey(shards.map(({ held }) => held?.long ?? {})), (open) => open),
    near: code(near),
    next: code(next),
    roll: rolling
      ? {
          near: code(near),
          next: code(next),
          price: price(ticks(cleared.months[next]!.price - cleared.months[near]!.price)),
          longsRolled: count((totals) => totals.longsRolled),
          shortsRolled: count((totals) => totals.shortsRolled),
          longsLeft: count((totals) => totals.longsLeft),
          longsRollCost: formatCents(sum((totals) => totals.longsRollCost)),
        }
      : null,
    // What some receive others pay: the postings it is made of have been checked to sum to zero.
    variation: { collected, paid: collected },
    expired: expired
      ? { contract: code(expired.month), finalPrice: price(expired.finalPrice), indexValues: expired.indexValues }
      : null,
  };
}

/** Lots by month over all auctions of the day, from the log: which event cleared an auction may not have been noted with it yet. */
async function dayVolume(table: Table, product: string, date: string): Promise<Record<number, ReturnType<typeof lots>>> {
  const parts: Record<number, ReturnType<typeof lots>>[] = [];
  for await (const { event } of newestEvents(table)) {
    if (!('product' in event) || event.product !== product) continue;
    if (event.kind === 'day-closed' && event.date < date) break;
    if (event.kind !== 'auction-cleared' || event.date !== date) continue;
    parts.push(Object.fromEntries(Object.entries(event.months).map(([month, { volume }]) => [month, volume])));
  }
  return sumByKey(parts);
}

async function eventOf<Kind extends ClearingEvent['kind']>(
  table: Table,
  seq: number | undefined,
  kind: Kind,
): Promise<Extract<ClearingEvent, { kind: Kind }>> {
  const event = seq ? await readEvent(table, seq) : undefined;
  if (event?.kind !== kind) throw new Error(`event ${seq} is not ${kind}`);
  return event as Extract<ClearingEvent, { kind: Kind }>;
}
