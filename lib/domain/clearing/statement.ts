/**
 * An account's day in one product, on one page: its cash and positions when the day's books close, and what has moved since they
 * were closed before. Each begins where the one before it ends, so every posting of an account is in exactly one, also one of
 * the next day's auctions that cleared while the day's settlement was held.
 */

import type { BusinessDate } from '../contract/calendar.ts';
import { type Cents, type Lots, lots, NO_CENTS } from '../contract/units.ts';
import type { AccountState } from './account.ts';
import type { Margin } from './account-risk.ts';
import type { DayClosed } from './events.ts';

export interface Statement {
  readonly account: string;
  readonly product: string;
  readonly date: BusinessDate;
  /** It covers the events behind `after`, up to `through`, by their numbers in the log. */
  readonly after: number;
  readonly through: number;
  /** The account's cash over all products. */
  readonly balance: Cents;
  /** All cash ever moved into the account, less what was moved out. */
  readonly deposited: Cents;
  /** What trades, settlement and expiry paid in the product, received positive. */
  readonly variation: Cents;
  /** Lots that rolled, longs positive. */
  readonly rolledLots: Lots;
  readonly rollCost: Cents;
  /** Signed lots by contract month. */
  readonly positions: Readonly<Record<number, Lots>>;
  /** What these need, and the cash and credit that is there for it. */
  readonly requirement: Cents;
  readonly cover: Cents;
}

/** The statement of an account as event `seq` closes the day's books; `undefined` when it held and moved nothing. */
export function statementOf(
  state: AccountState,
  seq: number,
  { product, date, after }: Pick<DayClosed, 'product' | 'date' | 'after'>,
  { requirement, cover }: Margin,
): Statement | undefined {
  const { lots: held = {}, day: newest } = state.products[product] ?? {};
  const day = newest?.date === date ? newest : undefined;
  if (!day && Object.keys(held).length === 0 && state.depositedBy <= after) return undefined;
  return {
    account: state.account,
    product,
    date,
    after,
    through: seq,
    balance: state.cash,
    deposited: state.deposited,
    variation: day?.variation ?? NO_CENTS,
    rolledLots: day?.rolledLots ?? lots(0),
    rollCost: day?.rollCost ?? NO_CENTS,
    positions: held,
    requirement,
    cover,
  };
}
