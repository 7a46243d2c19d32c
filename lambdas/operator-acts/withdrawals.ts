/**
 * What a withdrawal may not do: take an account below zero, under the requirement of its positions, or take the cash that its open orders were accepted on. It is
 * decided on the accounts as of the event that it comes behind, whatever of that is posted, and on the orders in the book at that moment: of two
 * withdrawals at once, or of one and an auction, the later finds what the earlier has left. An order that accept is deciding on an earlier event at
 * that moment is not in the book yet.
 */

import type { FieldError } from '../../lib/api/problems.ts';
import { AccountIntake } from '../../lib/domain/auction/account-intake.ts';
import { marginOf, ownerLotsOf, productOf } from '../../lib/domain/clearing/account-risk.ts';
import type { CashMoved } from '../../lib/domain/clearing/events.ts';
import { worstCaseOf } from '../../lib/domain/clearing/owner-intake.ts';
import type { ProductState, VenueState } from '../../lib/domain/clearing/venue.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { addCents, formatCents } from '../../lib/domain/contract/units.ts';
import { readIntake } from '../../lib/store/auctions.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { ownersAccounts } from '../../lib/store/owners-accounts.ts';
import { readCarriedOf } from '../../lib/store/results.ts';
import { submissionsSince } from '../../lib/store/submissions.ts';
import type { Table } from '../../lib/store/table.ts';
import type { Backends } from '../backends.ts';
import { Problem } from '../http/problems.ts';

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
  const errors: FieldError[] = [];
  for (const { account, cents, reference } of out) {
    const own = owners.get(ownerOf(account))!;
    const state = own.find((each) => each.account === account)!;
    // What credit covers is margin: it is not paid out.
    if (state.cash + cents < 0n) {
      errors.push({ path: '$.movements', rule: `${reference} takes ${account} below zero: it has ${formatCents(state.cash)}` });
      continue;
    }
    const product = venue.products[productOf(state, venue) ?? ''];
    if (!product) continue;
    const ownerLots = ownerLotsOf(own, product.product);
    const { requirement, cover } = marginOf(product, state, ownerLots);
    const left = addCents(cover, cents);
    const says = (why: string): unknown =>
      errors.push({ path: '$.movements', rule: `${reference} takes ${account} below ${why}` });
    if (left < requirement)
      says(`its requirement: its positions require ${formatCents(requirement)} of a cover of ${formatCents(cover)}`);
    // By how much would say what its sealed orders are.
    else if (left < worstCaseOf(product, state, ownerLots, await intakeOf(table, shards, product, account)))
      says('what its open orders may come to require');
  }
  return errors.length > 0 ? new Problem('below-requirement', 'see errors; nothing was done', errors) : undefined;
}

/** An account's orders that may still trade, as they stand in the book. */
async function intakeOf(table: Table, shards: number, { product, lastAuction, carried }: ProductState, account: string) {
  const shard = shardOf(account, shards);
  const [intake, own] = await Promise.all([readIntake(table, product, shard), readCarriedOf(table, product, carried, account)]);
  return new AccountIntake(own, await submissionsSince(table, { product, shard, account }, intake, lastAuction));
}
