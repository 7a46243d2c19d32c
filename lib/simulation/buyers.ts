/**
 * Participants that buy: hedgers and investors. A hedger buys the months in which it will train or serve, a slice at a time. An
 * investor builds up the near month, then holds it: the venue's roll carries it forward.
 */
import type { ContractMonth } from '../domain/contract/months.ts';
import type { Random } from '../local/host/random.ts';
import { contract, type Entry, type Market, type Own, orderName, price, reference, share } from './market.ts';

export interface Hedger {
  /** Lots it needs, by month. */
  readonly needs: ReadonlyMap<ContractMonth, number>;
  /** What it pays above its estimate at most, in basis points. */
  readonly urgency: number;
}

/** Whether a month it needs is listed and not yet bought in full. */
export const hasNeeds = (hedger: Hedger, market: Market, own: Own): boolean =>
  [...hedger.needs].some(([month, need]) => market.listed.includes(month) && (own.positions.get(month) ?? 0) < need);

/** Each slice is a quarter of a month's need, good for this auction or, now and then, for the day. */
export function buyNeeds(hedger: Hedger, market: Market, own: Own, random: Random): Entry[] {
  const timeInForce = random.chance(30) ? 'day' : 'auction';
  const over = random.between(-40, hedger.urgency);
  return [...hedger.needs].flatMap(([month, need]): Entry[] => {
    if (!market.listed.includes(month)) return [];
    const code = contract(market, month);
    const working = own.orders.reduce((sum, order) => sum + (order.contract === code ? order.lots : 0), 0);
    const missing = need - working - (own.positions.get(month) ?? 0);
    if (missing <= 0) return [];
    const estimate = reference(market, month);
    return [
      {
        clientOrderId: orderName(market, `need.${month}`),
        side: 'buy',
        contract: code,
        price: price(market, Math.max(1, estimate + share(estimate, over))),
        lots: Math.min(missing, Math.ceil(need / 4)),
        timeInForce,
      },
    ];
  });
}

export interface Investor {
  /** Lots to hold. */
  readonly target: number;
}

/** Buys the near month, but not while it rolls: what is bought then would not. `undefined` once it holds its target. */
export function buyNear(investor: Investor, market: Market, own: Own, random: Random): Entry[] | undefined {
  const over = random.between(0, 120);
  const held = [...own.positions.values()].reduce((sum, lots) => sum + Math.max(0, lots), 0);
  const missing = investor.target - held;
  if (missing <= 0) return undefined;
  const estimate = reference(market, market.near);
  return [
    {
      clientOrderId: orderName(market, 'invest'),
      side: 'buy',
      contract: contract(market, market.near),
      price: price(market, estimate + share(estimate, over)),
      lots: Math.min(missing, Math.ceil(investor.target / 6)),
    },
  ];
}
