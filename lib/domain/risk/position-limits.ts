/**
 * Position limits: how much an owner may come to hold, whatever of its orders trades.
 *
 * The rule. Lots count by owner, all its accounts together, by month and over all months, long and short apart. An order counts as if it had
 * traded whole, on the side on which it adds: all buys of a month on top of what is held there, and all sells against it, so that what
 * would trade only if something else did not is counted on both; of alternatives, of which at most one trades, the one that adds most. In
 * the month that is being delivered the limit is a tighter one, from a stated day on. An order that would lead beyond a limit is refused, unless it takes off what is beyond it already. A further, lower
 * level refuses nothing: who passes it is reported.
 *
 * Source: CME Rules 559 (position limits), 560 (accountability), 562 (single month and all months, spot month); the worst of the
 * orders counts, as CFTC Regulation 150.2 counts positions, and as pre-trade limits of clearing members do.
 */
import type { BusinessDate } from '../contract/calendar.ts';
import { CASH, type ContractMonth } from '../contract/months.ts';
import type { PositionLimits } from '../contract/risk-parameters.ts';
import type { MayTrade, OpenOrder } from './worst-case.ts';

/** Which limit an order would lead beyond, and by what figures. */
export interface LimitBreach {
  readonly limit: 'order-lots' | 'month-lots' | 'delivery-lots' | 'all-lots';
  readonly month?: ContractMonth;
  readonly side?: 'long' | 'short';
  /** Lots that the limit allows, and that there would be at the worst. */
  readonly allowed: number;
  readonly would: number;
}

/** What an owner could come to hold: long and short at the worst, by month and over all months. */
export class WorstHoldings {
  /** Lots by month: bought and sold at the most. */
  readonly #long = new Map<ContractMonth, number>();
  readonly #short = new Map<ContractMonth, number>();
  #allLong = 0;
  #allShort = 0;

  /** Positions and orders of all accounts of an owner; those of one month are added up. */
  constructor(positions: Iterable<readonly [month: ContractMonth, lots: number]>, orders: Iterable<MayTrade> = []) {
    for (const [month, lots] of positions) {
      add(this.#long, month, lots);
      add(this.#short, month, -lots);
      this.#allLong += lots;
      this.#allShort -= lots;
    }
    for (const order of orders) this.add(order);
  }

  add(order: MayTrade): void {
    this.exchange([], order);
  }

  /** Counts some in place of others. */
  exchange(gone: MayTrade, come: MayTrade): void {
    this.#count([gone].flat(), -1);
    this.#count([come].flat(), 1);
  }

  #count(orders: readonly OpenOrder[], sign: number): void {
    for (const month of new Set(orders.map(({ buy }) => buy))) add(this.#long, month, sign * mostLots(orders, bought(month)));
    for (const month of new Set(orders.map(({ sell }) => sell))) add(this.#short, month, sign * mostLots(orders, sold(month)));
    this.#allLong += sign * mostLots(orders, addsLong);
    this.#allShort += sign * mostLots(orders, addsShort);
  }

  /** Net lots over all months at the worst, whichever side. */
  get net(): number {
    return Math.max(this.#allLong, this.#allShort);
  }

  /**
   * The first limit that an order would lead beyond, with what it comes in for or beside, `exchange`; `undefined` when it may be
   * taken. What is beyond a limit already keeps out only what adds to it. `delivered` is the month in which the tighter limit is in force.
   */
  breach(
    order: OpenOrder,
    limits: PositionLimits,
    delivered: ContractMonth | undefined,
    exchange: { readonly gone: readonly OpenOrder[]; readonly come: readonly OpenOrder[] } = { gone: [], come: [order] },
  ): LimitBreach | undefined {
    const { buy, sell, lots } = order;
    if (lots > limits.orderLots) return { limit: 'order-lots', allowed: limits.orderLots, would: lots };
    const added = (counts: Counts): number => mostLots(exchange.come, counts) - mostLots(exchange.gone, counts);
    const inMonth = (side: 'long' | 'short', month: ContractMonth): LimitBreach | undefined => {
      if (month === CASH) return undefined;
      const more = added(side === 'long' ? bought(month) : sold(month));
      const would = ((side === 'long' ? this.#long : this.#short).get(month) ?? 0) + more;
      const [limit, allowed] =
        month === delivered ? (['delivery-lots', limits.delivery.lots] as const) : (['month-lots', limits.monthLots] as const);
      return more > 0 && would > allowed ? { limit, month, side, allowed, would } : undefined;
    };
    const overAll = (side: 'long' | 'short'): LimitBreach | undefined => {
      const more = added(side === 'long' ? addsLong : addsShort);
      const would = (side === 'long' ? this.#allLong : this.#allShort) + more;
      return more > 0 && would > limits.allLots ? { limit: 'all-lots', side, allowed: limits.allLots, would } : undefined;
    };
    return inMonth('long', buy) ?? inMonth('short', sell) ?? overAll('long') ?? overAll('short');
  }
}

/** Whether an order counts. */
type Counts = (order: OpenOrder) => boolean;
const bought =
  (month: ContractMonth): Counts =>
  ({ buy }) =>
    buy === month;
const sold =
  (month: ContractMonth): Counts =>
  ({ sell }) =>
    sell === month;
/** A spread adds to no net, whatever of it trades. */
const addsLong: Counts = ({ sell }) => sell === CASH;
const addsShort: Counts = ({ buy }) => buy === CASH;

/** The lots of the largest of the alternatives that count. */
const mostLots = (alternatives: readonly OpenOrder[], counts: Counts): number =>
  alternatives.reduce((most, order) => (counts(order) ? Math.max(most, order.lots) : most), 0);

const add = (to: Map<ContractMonth, number>, month: ContractMonth, lots: number): void => {
  to.set(month, (to.get(month) ?? 0) + lots);
};

/** The month in which the tighter limit is in force on a day, `businessDays` being those of its month up to the day itself. */
export const deliveryLimited = (
  month: ContractMonth,
  businessDays: readonly BusinessDate[],
  { delivery }: PositionLimits,
): ContractMonth | undefined => (businessDays.length >= delivery.fromDay ? month : undefined);
