/**
 * Participants that quote both sides. A market maker keeps bids and offers in the first months and in the calendar spreads
 * between them, around an estimate that leans against what it holds, and replaces every quote before each auction.
 */
import type { ContractMonth } from '../domain/contract/months.ts';
import { contract, type Entry, type Market, type Own, type OwnOrder, orderName, price, reference } from './market.ts';

export interface MarketMaker {
  /** Ticks by which its estimate differs from that of the market. */
  readonly bias: number;
  /** Ticks from its estimate to its best outright quote. */
  readonly edge: number;
  /** Ticks from its estimate to its best spread quote. */
  readonly spreadEdge: number;
  /** Lots of its best outright quote. */
  readonly size: number;
  /** Lots of its best spread quote; three times that between the months that roll. */
  readonly spreadSize: number;
}

const MONTHS_QUOTED = 6;
const SPREADS_QUOTED = 4;
const LEVELS = 2;
/** Lots it holds for every tick that its estimate leans, and how far it leans at most. */
const LOTS_PER_TICK = 40;
const LEAN_MAX = 14;

export function quote(maker: MarketMaker, market: Market, own: Own): Entry[] {
  const quotes = new Map([...outrights(maker, market, own), ...spreads(maker, market, own)]);
  const standing = new Map(own.orders.map((order) => [quoteOf(order), order]));
  const kept = new Set<string>();
  const entries = [...quotes].map(([name, entry]): Entry => {
    const before = standing.get(name);
    if (before) kept.add(name);
    return { ...(before ? { replaces: before.clientOrderId } : {}), clientOrderId: orderName(market, name), ...entry };
  });
  const cancels = [...standing].filter(([name]) => !kept.has(name)).map(([, order]) => ({ cancel: order.clientOrderId }));
  return [...cancels, ...entries];
}

type Quote = [
  name: string,
  entry: { price: string; lots: number; timeInForce: 'gtc' } & (
    | { side: 'buy' | 'sell'; contract: string }
    | { buy: string; sell: string }
  ),
];

function outrights(maker: MarketMaker, market: Market, own: Own): Quote[] {
  return market.listed.slice(0, MONTHS_QUOTED).flatMap((month, ahead) =>
    levels().flatMap((level): Quote[] => {
      const off = maker.edge + ahead + level * 8;
      const estimate = estimateOf(maker, market, own, month);
      const quoted = { contract: contract(market, month), lots: maker.size * (level + 1), timeInForce: 'gtc' as const };
      return [
        [`bid.${month}.${level}`, { ...quoted, side: 'buy', price: price(market, Math.max(1, estimate - off)) }],
        [`ask.${month}.${level}`, { ...quoted, side: 'sell', price: price(market, Math.max(2, estimate + off)) }],
      ];
    }),
  );
}

/** Each spread is quoted as buying the far month (`up`) and as selling it (`down`). */
function spreads(maker: MarketMaker, market: Market, own: Own): Quote[] {
  const first = market.listed.indexOf(market.near);
  const start = Math.max(0, first - 1);
  return market.listed.slice(start, start + SPREADS_QUOTED).flatMap((near, index) =>
    levels().flatMap((level): Quote[] => {
      const far = market.listed[start + index + 1]!;
      const estimate = estimateOf(maker, market, own, far) - estimateOf(maker, market, own, near);
      const off = maker.spreadEdge + level * 4;
      const lots = maker.spreadSize * (level + 1) * (market.rolling && near === market.near ? 3 : 1);
      const [farCode, nearCode] = [contract(market, far), contract(market, near)];
      const quoted = { lots, timeInForce: 'gtc' as const };
      return [
        [`up.${near}.${level}`, { ...quoted, buy: farCode, sell: nearCode, price: price(market, estimate - off) }],
        [`down.${near}.${level}`, { ...quoted, buy: nearCode, sell: farCode, price: price(market, -(estimate + off)) }],
      ];
    }),
  );
}

function estimateOf(maker: MarketMaker, market: Market, own: Own, month: ContractMonth): number {
  const lean = Math.trunc((own.positions.get(month) ?? 0) / LOTS_PER_TICK);
  return reference(market, month) + maker.bias - Math.max(-LEAN_MAX, Math.min(LEAN_MAX, lean));
}

/** The quote an order was made for: its name without the day and the round. */
const quoteOf = (order: OwnOrder): string => order.clientOrderId.split('.').slice(2).join('.');
const levels = (): number[] => Array.from({ length: LEVELS }, (_, level) => level);
