/** An account's day in one product, on one page: its cash and positions when the day's books close, and what the day moved. */

import type { BusinessDate } from '../contract/calendar.ts';
import { type Cents, type Lots, lots, NO_CENTS } from '../contract/units.ts';
import type { AccountState } from './account.ts';

export interface Statement {
  readonly account: string;
  readonly product: string;
  readonly date: BusinessDate;
  /** The account's cash over all products. */
  readonly balance: Cents;
  /** What the day's trades, settlement and expiry paid, received positive. */
  readonly variation: Cents;
  /** Lots that rolled, longs positive. */
  readonly rolledLots: Lots;
  readonly rollCost: Cents;
  /** Signed lots by contract month. */
  readonly positions: Readonly<Record<number, Lots>>;
}

/** The statement of an account as it stands when the day's books close; `undefined` when it held and moved nothing. */
export function statementOf(state: AccountState, product: string, date: BusinessDate): Statement | undefined {
  const holding = state.products[product];
  if (!holding) return undefined;
  const day = holding.day?.date === date ? holding.day : undefined;
  if (!day && Object.keys(holding.lots).length === 0) return undefined;
  return {
    account: state.account,
    product,
    date,
    balance: state.cash,
    variation: day?.variation ?? NO_CENTS,
    rolledLots: day?.rolledLots ?? lots(0),
    rollCost: day?.rollCost ?? NO_CENTS,
    positions: holding.lots,
  };
}
