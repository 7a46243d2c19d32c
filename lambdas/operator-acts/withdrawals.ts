/**
 * What a withdrawal may not do: take an account under the requirement of its positions. It is decided on the accounts as of the event that it comes
 * behind, whatever of that is posted: of two withdrawals at once, or of one and an auction, the later finds what the earlier has left.
 */
import { excessOf, marginOf, ownerLotsOf, productOf } from '../../lib/domain/clearing/account-risk.ts';
import type { CashMoved } from '../../lib/domain/clearing/events.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { addCents, formatCents } from '../../lib/domain/contract/units.ts';
import { ownersAccounts } from '../../lib/store/owners-accounts.ts';
import type { Backends } from '../backends.ts';
import { type FieldError, Problem } from '../http/problems.ts';

/** Why movements of cash can't come behind this state of the venue; `look-again` when an account has come past it. */
export async function withdrawalRefusal(
  { table, shards }: Pick<Backends, 'table' | 'shards'>,
  { movements }: Pick<CashMoved, 'movements'>,
  venue: VenueState,
): Promise<Problem | 'look-again' | undefined> {
  const out = movements.filter(({ cents }) => cents < 0n);
  if (out.length === 0) return undefined;
  const owners = await ownersAccounts(
    table,
    venue,
    out.map(({ account }) => account),
    shards,
  );
  if (!owners) return 'look-again';
  const errors = out.flatMap(({ account, cents, reference }): FieldError[] => {
    const own = owners.get(ownerOf(account))!;
    const state = own.find((each) => each.account === account)!;
    const product = venue.products[productOf(state, venue) ?? ''];
    if (!product) return [];
    const { requirement, cover } = marginOf(product, state, ownerLotsOf(own, product.product));
    if (excessOf(requirement, addCents(cover, cents)) >= 0n) return [];
    const figures = `its positions require ${formatCents(requirement)} of a cover of ${formatCents(cover)}`;
    return [{ path: '$.movements', rule: `${reference} takes ${account} below its requirement: ${figures}` }];
  });
  return errors.length > 0 ? new Problem('below-requirement', 'see errors; nothing was done', errors) : undefined;
}
