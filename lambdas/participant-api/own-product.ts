/** The product that a caller's account trades: an account's orders are all of one. */
import { productOf } from '../../lib/domain/clearing/account-risk.ts';
import type { ProductState, VenueState } from '../../lib/domain/clearing/venue.ts';
import { findAccount } from '../http/accounts.ts';
import { notFound, type Problem } from '../http/problems.ts';
import { findProduct, listedProduct } from '../http/products.ts';
import type { ParticipantRequest } from './participant.ts';

/** `named` is a product that the request names. */
export async function ownProduct(
  { caller, backends: { table, shards } }: ParticipantRequest,
  venue: VenueState,
  named?: string,
): Promise<ProductState | Problem> {
  if (named !== undefined) return listedProduct(venue, named);
  const state = await findAccount(table, caller.account, shards);
  const own = state && productOf(state, venue);
  return (own === undefined ? undefined : findProduct(venue, own)) ?? notFound('product that the account trades');
}
