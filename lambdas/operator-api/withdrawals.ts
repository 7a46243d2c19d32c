/**
 * What a withdrawal may not do: take an account under the requirement of its positions. It is decided on the accounts as of the event that it comes
 * behind, whatever of that is posted: of two withdrawals at once, or of one and an auction, the later finds what the earlier has left.
 */
import { excessOf, marginOf, ownerLotsOf, productOf } from '../../lib/domain/clearing/account-risk.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { addCents, type Cents, formatCents } from '../../lib/domain/contract/units.ts';
import { ownersAccounts } from '../../lib/store/owners-accounts.ts';
import type { Backends } from '../backends.ts';
import { type FieldError, Problem } from '../http/problems.ts';

interface Movement {
  readonly account: string;
  readonly amount: Cents;
}

/**
 * The refusal of a list that holds such a withdrawal among the movements which `isNew`; `look-again` when the accounts have come past this state of the
 * venue.
 */
export async function refuseShort<Item extends Movement>(
  { table, shards }: Pick<Backends, 'table' | 'shards'>,
  venue: VenueState,
  movements: readonly Item[],
  isNew: (movement: Item) => boolean,
): Promise<Problem | 'look-again' | undefined> {
  const out = movements.flatMap((movement, at) => (movement.amount < 0n && isNew(movement) ? [{ ...movement, at }] : []));
  if (out.length === 0) return undefined;
  const owners = await ownersAccounts(
    table,
    venue,
    out.map(({ account }) => account),
    shards,
  );
  if (!owners) return 'look-again';
  const errors = out.flatMap(({ account, amount, at }): FieldError[] => {
    const own = owners.get(ownerOf(account))!;
    const state = own.find((each) => each.account === account)!;
    const product = venue.products[productOf(state, venue) ?? ''];
    if (!product) return [];
    const { requirement, cover } = marginOf(product, state, ownerLotsOf(own, product.product));
    if (excessOf(requirement, addCents(cover, amount)) >= 0n) return [];
    const figures = `requires ${formatCents(requirement)}, of a cover of ${formatCents(cover)}`;
    return [{ path: `$.movements[${at}].amount`, rule: `takes ${account} below its requirement: it ${figures}` }];
  });
  return errors.length > 0 ? new Problem('below-requirement', 'see errors; nothing was done', errors) : undefined;
}
