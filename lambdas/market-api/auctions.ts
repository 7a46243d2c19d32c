/**
 * Auctions, once they have cleared: prices, volumes and the depth of what traded or lapsed are public, individual orders never,
 * and of an order that is carried on nothing. Of an auction that has not cleared nothing is shown, not even that it is there.
 */
import type { DepthLevel, Locked } from '../../lib/domain/auction/book.ts';
import { lockedState } from '../../lib/domain/clearing/day-report.ts';
import type { AuctionCleared } from '../../lib/domain/clearing/events.ts';
import { months } from '../../lib/domain/clearing/settlement.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { CASH, contractCode } from '../../lib/domain/contract/months.ts';
import { centsPerTick, formatPrice } from '../../lib/domain/contract/product.ts';
import { type Cents, formatCents, type Ticks, ticks } from '../../lib/domain/contract/units.ts';
import { type Auction, newestAuctions, readAuction } from '../../lib/store/auctions.ts';
import { readEventsAt } from '../../lib/store/log.ts';
import { levelName, readDepth } from '../../lib/store/results.ts';
import type { Table } from '../../lib/store/table.ts';
import { listPage } from '../http/paging.ts';
import { notFound, Problem } from '../http/problems.ts';
import { ok } from '../http/routes.ts';
import { type Answers, type PublicRequest, productOf } from './public.ts';

export const listAuctions: Answers['listAuctions'] = async ({ query: { product, limit, cursor }, ...request }) => {
  const state = await productOf(request, product);
  if (state instanceof Problem) return state;
  const before = Math.min(cursor ?? Number.POSITIVE_INFINITY, state.lastAuction + 1);
  const rows = await newestAuctions(request.backends.table, state.product, limit + 1, before);
  const events = await eventsOf(request.backends.table, rows);
  const { items, ...next } = listPage(
    rows,
    limit,
    ({ auction }) => auction,
    ({ auction }) => events.get(auction),
  );
  const shown = items.flatMap((event) => (event ? [auctionJson(state, event)] : []));
  // A page that begins below the newest has all of its auctions for good, once each is shown.
  return ok({ items: shown, ...next }, { immutable: before <= state.lastAuction && shown.length === items.length });
};

export const showAuction: Answers['showAuction'] = async ({ params, ...request }) => {
  const cleared = await clearedAuction(request, params);
  if (cleared instanceof Problem) return cleared;
  const { state, event } = cleared;
  const surplus = formatCents((BigInt(event.surplus) * centsPerTick(state.parameters)) as Cents);
  return ok({ ...auctionJson(state, event), surplus, orders: event.orders }, { immutable: true });
};

export const listDepth: Answers['listDepth'] = async ({ params, query: { limit, cursor }, ...request }) => {
  const cleared = await clearedAuction(request, params);
  if (cleared instanceof Problem) return cleared;
  const { state, event } = cleared;
  const range = { limit: limit + 1, ...(cursor === undefined ? {} : { after: cursor }) };
  const levels = await readDepth(request.backends.table, state.product, event.auction, event.depth, range);
  return ok(
    listPage(levels, limit, levelName, (level) => levelJson(state, level)),
    { immutable: true },
  );
};

const AUCTION = /^[1-9]\d{0,11}$/;

async function clearedAuction(
  request: PublicRequest,
  { product, auction }: { readonly product: string; readonly auction: string },
): Promise<{ state: ProductState; event: AuctionCleared } | Problem> {
  const state = await productOf(request, product);
  if (state instanceof Problem) return state;
  const row = AUCTION.test(auction) ? await readAuction(request.backends.table, state.product, Number(auction)) : undefined;
  const event = row && (await eventsOf(request.backends.table, [row])).get(row.auction);
  return event ? { state, event } : notFound('cleared auction of that number');
}

/** By auction. Which event cleared an auction is noted after the commit, so of the newest it can be missing for a moment. */
async function eventsOf(table: Table, rows: readonly Auction[]): Promise<Map<number, AuctionCleared>> {
  const events = await readEventsAt(
    table,
    rows.flatMap(({ clearedBy }) => clearedBy ?? []),
  );
  return new Map([...events.values()].flatMap((event) => (event.kind === 'auction-cleared' ? [[event.auction, event]] : [])));
}

function auctionJson({ product, parameters }: ProductState, event: AuctionCleared) {
  const price = (of: Ticks): string => formatPrice(of, parameters);
  const quote = (of: Ticks | null): string | null => (of === null ? null : price(of));
  const { auction, slot, date, closing } = event;
  // A month whose last trading day is over and whose final price is held has a mark and no result.
  const traded = months(event.marks).filter((month) => event.months[month]);
  const results = traded.map((month) => {
    const { price: at, traded, volume, bid, offer, locked } = event.months[month]!;
    const quotes = { bid: quote(bid), offer: quote(offer) };
    return {
      contract: contractCode(product, month),
      price: price(at),
      traded,
      volume,
      ...quotes,
      locked: locked ? lockedJson(locked) : null,
    };
  });
  return { product, auction, slot, date, closing, months: results };
}

const lockedJson = (locked: Locked) => ({ state: lockedState(locked), crowd: locked.crowd, kept: locked.kept });

function levelJson({ product, parameters }: ProductState, { buy, sell, limit, traded, lapsed }: DepthLevel) {
  const price = (of: Ticks): string => formatPrice(of, parameters);
  if (sell === CASH) return { contract: contractCode(product, buy), side: 'buy' as const, price: price(limit), traded, lapsed };
  if (buy === CASH)
    return { contract: contractCode(product, sell), side: 'sell' as const, price: price(ticks(-limit)), traded, lapsed };
  return { buy: contractCode(product, buy), sell: contractCode(product, sell), price: price(limit), traded, lapsed };
}
