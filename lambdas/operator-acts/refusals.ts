/** Why an operator's act can't be done behind a state of the venue: asked when it is proposed, and again when it is committed. */
import type { OperatorAct } from '../../lib/domain/clearing/operator-acts.ts';
import { changeErrors, dayRunErrors } from '../../lib/domain/clearing/product-change.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { ACCOUNTS_OF_OWNER_MAX, ownerOf } from '../../lib/domain/contract/owner.ts';
import type { Violation } from '../../lib/domain/contract/violation.ts';
import { readOwnerAccounts } from '../../lib/store/accounts.ts';
import { auctionTimes } from '../auction-times.ts';
import type { Backends } from '../backends.ts';
import { Problem } from '../http/problems.ts';
import { findProduct } from '../http/products.ts';
import { bodyErrors } from '../http/request.ts';

/** `undefined` when it can. */
export function refusalOf(act: OperatorAct, venue: VenueState): Problem | undefined {
  return act.kind === 'parameters-changed' ? changeRefusal(act, venue) : undefined;
}

/**
 * Why accounts can't be opened: an owner would have more than it may, by those whose opening is posted and those of the act. Asked of the
 * table, when it is proposed and again when it is committed.
 */
export async function ownersRefusal(
  { table, shards }: Backends,
  accounts: readonly { readonly account: string }[],
): Promise<Problem | undefined> {
  const further = accounts.filter(({ account }) => ownerOf(account) !== account);
  const owners = Map.groupBy(further, ({ account }) => ownerOf(account));
  const errors = [];
  for (const [owner, openings] of owners) {
    const open = (await readOwnerAccounts(table, owner, shards)).map(({ account }) => account);
    const all = new Set([owner, ...open, ...openings.map(({ account }) => account)]);
    if (all.size <= ACCOUNTS_OF_OWNER_MAX) continue;
    const path = `$.accounts[${accounts.indexOf(openings.at(-1)!)}].account`;
    errors.push({ path, rule: `${owner} may have ${ACCOUNTS_OF_OWNER_MAX} accounts, and would have ${all.size}` });
  }
  return errors.length ? new Problem('invalid-body', 'see errors; nothing was done', errors) : undefined;
}

function changeRefusal(change: Extract<OperatorAct, { kind: 'parameters-changed' }>, venue: VenueState): Problem | undefined {
  const { product, version, parameters } = change;
  const state = findProduct(venue, product);
  const reached = state?.version ?? 0;
  if (version !== reached + 1) return versionConflict(reached);
  const errors = [...changeErrors(state, change), ...dayRunErrors(parameters, auctionTimes(product))];
  return errors.length ? invalid(errors) : undefined;
}

export const invalid = (violations: readonly Violation[]): Problem =>
  new Problem('invalid-body', 'see errors for each field', bodyErrors(violations));

export const versionConflict = (version: number): Problem =>
  new Problem('version-conflict', `the product is not at the expected version with these parameters; it has reached ${version}`);
