/** Why an operator's act can't be done behind a state of the venue: asked when it is proposed, and again when it is committed. */
import type { OperatorAct } from '../../lib/domain/clearing/operator-acts.ts';
import { changeErrors, dayRunErrors } from '../../lib/domain/clearing/product-change.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import type { Violation } from '../../lib/domain/contract/violation.ts';
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
  if (act.kind === 'parameters-changed') return changeRefusal(act, venue);
  return act.kind === 'cash-moved' ? withdrawalRefusal(backends, act, venue) : undefined;
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
