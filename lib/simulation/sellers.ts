/**
 * Participants that sell: data centres and short hedgers. A data centre turns its provider's offers into asks for the months ahead, a
 * slice a day until its capacity is sold. A short hedger sells the near month and lets the venue roll it.
 */
import type { ContractMonth } from '../domain/contract/months.ts';
import type { Random } from '../local/host/random.ts';
import { contract, type Entry, type Market, type Own, orderName, price, reference, share } from './market.ts';

export interface DataCentre {
  readonly provider: string;
  /** Lots it can sell in all, over every month. */
  readonly capacity: number;
  /** Lots a day, month and standing offer. */
  readonly lotsPerOffer: number;
  /** What it wants above its estimate, in basis points; below when negative. */
  readonly margin: number;
}

/** Months ahead that a data centre sells, from the first after the one in delivery. */
const MONTHS_SOLD = 5;
const LOTS_QUOTED_MAX = 40;

/** In the morning: cancels what is left of yesterday's asks and asks anew; nothing on a day without offers of its provider. */
export function sellCapacity(centre: DataCentre, market: Market, own: Own): Entry[] {
  const offers = market.offers.get(centre.provider);
  const standing = new Map(own.orders.map((order) => [order.contract, order.clientOrderId]));
  const asks: Entry[] = [];
  let left = centre.capacity - lotsShort(own);
  for (const month of offers ? market.listed.slice(1, 1 + MONTHS_SOLD) : []) {
    const lots = Math.min(left, LOTS_QUOTED_MAX, offers!.offers * centre.lotsPerOffer);
    if (lots <= 0) break;
    left -= lots;
    const code = contract(market, month);
    const replaces = standing.get(code);
    standing.delete(code);
    asks.push({
      ...(replaces === undefined ? {} : { replaces }),
      clientOrderId: orderName(market, `ask.${month}`),
      side: 'sell',
      contract: code,
      price: price(market, asked(centre, market, month, offers!.average)),
      lots,
      timeInForce: 'gtc',
    });
  }
  return [...[...standing.values()].map((cancel) => ({ cancel })), ...asks];
}

/** A third its provider's rental price, two thirds the market: a cheap provider sells first, a dear one seldom. */
function asked(centre: DataCentre, market: Market, month: ContractMonth, street: number): number {
  const estimate = Math.trunc((street + 2 * reference(market, month)) / 3);
  return Math.max(1, estimate + share(estimate, centre.margin));
}

export interface ShortHedger {
  /** Lots to be short in the near month. */
  readonly target: number;
}

/** Sells the near month, but not while it rolls. `undefined` once it is as short as it wants to be. */
export function sellNear(hedger: ShortHedger, market: Market, own: Own, random: Random): Entry[] | undefined {
  const below = random.between(0, 120);
  const missing = hedger.target - lotsShort(own);
  if (missing <= 0) return undefined;
  const estimate = reference(market, market.near);
  return [
    {
      clientOrderId: orderName(market, 'hedge'),
      side: 'sell',
      contract: contract(market, market.near),
      price: price(market, Math.max(1, estimate - share(estimate, below))),
      lots: Math.min(missing, Math.ceil(hedger.target / 6)),
    },
  ];
}

const lotsShort = (own: Own): number => [...own.positions.values()].reduce((sum, lots) => sum - Math.min(0, lots), 0);
