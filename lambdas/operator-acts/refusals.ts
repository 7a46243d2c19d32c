/** Why an operator's act can't be done behind a state of the venue: asked when it is proposed, and again when it is committed. */
import type { OperatorAct } from '../../lib/domain/clearing/operator-acts.ts';
import { changeErrors, dayRunErrors } from '../../lib/domain/clearing/product-change.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { ACCOUNTS_OF_OWNER_MAX, ownerOf } from '../../lib/domain/contract/owner.ts';
import type { Violation } from '../../lib/domain/contract/violation.ts';
import { accountsOfOwner } from '../../lib/store/accounts.ts';
import { auctionTimes } from '../auction-times.ts';
import type { Backends } from '../backends.ts';
import { Problem } from '../http/problems.ts';
import { findProduct } from '../http/products.ts';
import { bodyErrors } from '../http/request.ts';
import { withdrawalRefusal } from './withdrawals.ts';

/** `undefined` when it can; `look-again` when what it is decided on has come past this state. */
export async function refusalOf(
  backends: Pick<Backends, 'table' | 'shards'>,
  act: OperatorAct,
  venue: VenueState,
): Promise<Problem | 'look-again' | undefined> {
  switch (act.kind) {
    case 'accounts-opened':
      return ownersRefusal(backends, act.accounts);
    case 'cash-moved':
      return withdrawalRefusal(backends, act, venue);
    case 'parameters-changed':
      return changeRefusal(act, venue);
  }
}

/** An owner may have so many accounts: those whose opening is posted, and those of the act. */
async function ownersRefusal(
  { table, shards }: Pick<Backends, 'table' | 'shards'>,
  accounts: readonly { readonly account: string }[],
): Promise<Problem | undefined> {
  const further = accounts.filter(({ account }) => ownerOf(account) !== account);
  const owners = Map.groupBy(further, ({ account }) => ownerOf(account));
  const errors = [];
  for (const [owner, openings] of owners) {
    const open = (await accountsOfOwner(table, owner, shards)).map(({ account }) => account);
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
