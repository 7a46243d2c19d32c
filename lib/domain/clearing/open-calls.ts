/** Which open calls are met, and which have become overdue: decided on the accounts as of one event, so the next one may say so. */
import type { AccountState } from './account.ts';
import { excessOf, marginOf, ownerLotsOf } from './account-risk.ts';
import { decideCall } from './calls.ts';
import type { ProductState } from './venue.ts';

/** What has become of calls, by account, in the order that they were given. */
export interface CallsSeen {
  readonly met: readonly string[];
  /** Overdue from now on. */
  readonly late: readonly string[];
  /** All that are overdue, these included. */
  readonly overdue: number;
  /** Accounts that have no call open, before this. */
  readonly without: readonly string[];
}

/** @param owners accounts by owner, with all others of their owners; `at` is an instant in milliseconds since 1970 */
export function decideCalls(
  product: ProductState,
  accounts: readonly string[],
  owners: Iterable<readonly AccountState[]>,
  at: number,
): CallsSeen {
  const wanted = new Set(accounts);
  const seen = { met: [] as string[], late: [] as string[], overdue: 0, without: [] as string[] };
  for (const own of owners) {
    const ownerLots = ownerLotsOf(own, product.product);
    for (const state of own) {
      if (!wanted.has(state.account)) continue;
      const decided = state.call && decideCall(state.call, excessIn(product, state, ownerLots), at);
      if (decided === undefined) seen.without.push(state.account);
      else if (decided === 'met') seen.met.push(state.account);
      else if (decided === 'overdue') seen.late.push(state.account);
      if (decided === 'overdue' || (decided === 'stands' && state.call?.overdue)) seen.overdue += 1;
    }
  }
  return seen;
}

const excessIn = (product: ProductState, state: AccountState, ownerLots: number) => {
  const { requirement, cover } = marginOf(product, state, ownerLots);
  return excessOf(requirement, cover);
};
