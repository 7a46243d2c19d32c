/**
 * What an account is called and whether it is open. The mark that its opening left is asked, not the account's own item:
 * the mark stands from the moment of the commit, the item only once its shard has posted the event.
 */
import { type AccountState, emptyAccount, positions } from '../../lib/domain/clearing/account.ts';
import { excessOf, marginOf, ownerLotsOf, productOf } from '../../lib/domain/clearing/account-risk.ts';
import type { OpenCall } from '../../lib/domain/clearing/calls.ts';
import { BANK, openingIn } from '../../lib/domain/clearing/events.ts';
import { openingOf } from '../../lib/domain/clearing/once.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { contractCode } from '../../lib/domain/contract/months.ts';
import { formatCents, type Lots } from '../../lib/domain/contract/units.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { claimedBy, readEvent } from '../../lib/store/log.ts';
import type { Table } from '../../lib/store/table.ts';

/** The account as posted so far; `undefined` when it was never opened. */
export async function findAccount(table: Table, account: string, shards: number): Promise<AccountState | undefined> {
  const state = await readAccount(table, account, shards);
  if (state) return state;
  const seq = (await claimedBy(table, [openingOf(account)])).get(openingOf(account));
  const opening = seq === undefined ? undefined : openingIn(await readEvent(table, seq), account);
  if (!opening) return undefined;
  const { name, product } = opening;
  return { ...emptyAccount(account), name, ...(product === undefined ? {} : { product }) };
}

/** Positions over all products, in order of product and month. */
export const positionsOf = ({ products }: AccountState): { product: string; month: number; contract: string; lots: Lots }[] =>
  Object.keys(products)
    .sort()
    .flatMap((product) =>
      positions(products[product]!).map(([month, lots]) => ({ product, month, contract: contractCode(product, month), lots })),
    );

/**
 * What an account needs, what it has beyond that, and its open call, as posted; `own` are all accounts of its owner. Requirement and excess are `null` before
 * a product is listed, and while an expiry that took a month of the account's off the list is not posted.
 */
export function marginJson(venue: VenueState, state: AccountState, own: readonly AccountState[]) {
  const product = venue.products[productOf(state, venue) ?? ''];
  const months = Object.keys(state.products[product?.product ?? '']?.lots ?? {});
  const isListed = product !== undefined && months.every((month) => product.marks[Number(month)] !== undefined);
  const call = state.call ? callJson(state.call) : null;
  if (!isListed || state.account === BANK) return { requirement: null, excess: null, call };
  const { requirement, cover } = marginOf(product, state, ownerLotsOf(own, product.product));
  return { requirement: formatCents(requirement), excess: formatCents(excessOf(requirement, cover)), call };
}

export const callJson = ({ date, due, cents, overdue }: OpenCall) => ({ date, amount: formatCents(cents), due, overdue });
