/**
 * What new parameters would have made of a product's last trading day: its auctions are cleared again from their frozen books
 * with the roll orders that the new band gives, the curve is settled again, and what would wait for approval is judged
 * again. Both sides are computed by the same rules; the difference is the parameters'.
 */

import type { VenueRows } from '../../audit/rows.ts';
import type { MonthResult } from '../../domain/auction/book.ts';
import { type FrozenBook, fillsOf } from '../../domain/auction/book.ts';
import { ROLLS_BIT } from '../../domain/auction/book-columns.ts';
import type { AuctionCleared, ClearingEvent, MonthExpired, PricesSettled } from '../../domain/clearing/events.ts';
import { decideCurve, decideFinalPrice, type Hold, judgeIndexValue, months } from '../../domain/clearing/settlement.ts';
import { auctionTerms, EMPTY_VENUE, evolveVenue, type ProductState } from '../../domain/clearing/venue.ts';
import type { BusinessDate } from '../../domain/contract/calendar.ts';
import { contractCode } from '../../domain/contract/months.ts';
import type { ProductParameters } from '../../domain/contract/product.ts';
import { type Lots, lots, type Micros, type Ticks } from '../../domain/contract/units.ts';
import { clearBook } from '../../domain/risk/clear.ts';
import { readAuction } from '../../store/auctions.ts';
import { readAuctionBook } from '../../store/frozen-book.ts';
import { newestIndex, readIndex } from '../../store/index-values.ts';
import { readLog } from '../../store/log.ts';

/** The same figure with the parameters of that day and with the new ones. */
export type Sides<T> = readonly [then: T, now: T];

export interface MonthLine {
  readonly contract: string;
  /** Of the closing auction. */
  readonly price: Sides<Ticks>;
  readonly volume: Sides<Lots>;
  readonly settles: Sides<Ticks>;
  readonly held: Sides<boolean>;
}

export interface DryRun {
  readonly date: BusinessDate;
  readonly months: readonly MonthLine[];
  /** Lots that the roll moved. */
  readonly rolled: Sides<Lots>;
  /** What would wait for two operators: prices, the final price of a month that expired, the day's index value. */
  readonly holds: Sides<readonly Hold[]>;
}

/** `undefined` when the product has not closed a day yet. */
export async function dryRun(rows: VenueRows, product: string, parameters: ProductParameters): Promise<DryRun | undefined> {
  const day = await lastDay(rows, product);
  if (!day) return undefined;
  const { closing, state, settled, expired } = day;
  const { date } = closing;
  const auction = (await readAuction(rows, product, closing.auction))!;
  const book = await readAuctionBook(rows, auction, state);
  const newest = await newestIndex(rows, product, date);
  const of = async (given: ProductParameters) => {
    const tried = withBand(book, state, given);
    const cleared = clearBook(tried, auctionTerms({ ...state, parameters: given }, date, true));
    const curve = decideCurve(product, given, date, settled.previous, cleared.months, newest?.date);
    const rolled = fillsOf(tried, cleared).reduce((sum, fill) => sum + (fill.rolls ? fill.lots : 0), 0);
    const holds = [
      ...curve.holds,
      ...(expired ? finalHolds(product, given, expired) : []),
      ...(await indexHolds(rows, product, given, date)),
    ];
    return { months: cleared.months, curve: curve.value, rolled: lots(rolled), holds };
  };
  const [then, now] = [await of(state.parameters), await of(parameters)];
  const isHeld = (contract: string, { holds }: typeof then): boolean =>
    holds.some(({ detail }) => detail.startsWith(`${contract} `));
  return {
    date,
    months: months(settled.previous).map((month) => {
      const contract = contractCode(product, month);
      const both = <T>(read: (side: typeof then) => T): Sides<T> => [read(then), read(now)];
      const result = ({ months: results }: typeof then): MonthResult => results[month]!;
      return {
        contract,
        price: both((side) => result(side).price),
        volume: both((side) => result(side).volume),
        settles: both(({ curve }) => curve[month]!),
        held: both((side) => isHeld(contract, side)),
      };
    }),
    rolled: [then.rolled, now.rolled],
    holds: [then.holds, now.holds],
  };
}

interface Day {
  readonly closing: AuctionCleared;
  /** The product before its closing auction. */
  readonly state: ProductState;
  readonly settled: PricesSettled;
  readonly expired: MonthExpired | undefined;
}

async function lastDay(rows: VenueRows, product: string): Promise<Day | undefined> {
  let venue = EMPTY_VENUE;
  let closing: Pick<Day, 'closing' | 'state'> | undefined;
  let day: Day | undefined;
  for await (const { seq, hash, event } of readLog(rows, EMPTY_VENUE)) {
    const state = venue.products[product];
    if (isOf(event, product) && state) {
      if (event.kind === 'auction-cleared' && event.closing) closing = { closing: event, state };
      if (event.kind === 'prices-settled') day = { ...closing!, settled: event, expired: undefined };
      if (event.kind === 'month-expired') day = { ...day!, expired: event };
    }
    venue = evolveVenue(venue, seq, hash, event);
  }
  return day;
}

const isOf = (event: ClearingEvent, product: string): boolean => 'product' in event && event.product === product;

/**
 * The book with roll orders at the market limited by another band. Such an order's limit is the settled spread and the
 * band of its day; one at a limit of the participant's own stays as it is. Both sides draw from the hash of the book as it
 * was, so that where they differ it is not by the luck of a draw.
 */
function withBand({ orders, hash }: FrozenBook, { marks, parameters: then }: ProductState, given: ProductParameters): FrozenBook {
  const limit = orders.limit.map((was, row) => {
    const settled = marks[orders.buy[row]!]! - marks[orders.sell[row]!]!;
    const atMarket = (orders.terms[row]! & ROLLS_BIT) !== 0 && was === settled + then.rollBandTicks;
    return atMarket ? settled + given.rollBandTicks : was;
  });
  return { orders: { ...orders, limit }, hash };
}

function finalHolds(product: string, given: ProductParameters, expired: MonthExpired): readonly Hold[] {
  const index = new Map(Object.entries(expired.index).map(([date, value]) => [date as BusinessDate, BigInt(value) as Micros]));
  return decideFinalPrice(product, given, expired.month, index, expired.mark).holds;
}

/** The day's own value, judged by the one before it. */
async function indexHolds(rows: VenueRows, product: string, given: ProductParameters, date: BusinessDate): Promise<Hold[]> {
  const values = [...(await readIndex(rows, product, '0000-01-01' as BusinessDate, date))];
  const [before, own] = values.slice(-2);
  return own && own[0] === date ? judgeIndexValue(given, date, own[1], before?.[1]) : [];
}
