/**
 * A whole venue on the virtual cloud: the deployed template and the functions' own bundles on models of the services, in
 * one thread. A trading day takes a fraction of a second. The product's auctions and day runs fire as they are scheduled.
 */

import { SELDOM } from '../../lib/faults/scripted-market.ts';
import { virtualOperator, virtualParticipant, virtualTableOf } from '../../lib/faults/virtual-market.ts';
import { assemblyOf, UNLIMITED } from '../../lib/infra/local-deployment.ts';
import { startVirtualCloud, type VirtualCloud } from '../../lib/virtual/cloud.ts';
import { SHARDS } from './accounts.ts';
import { newYorkMs, on } from './h100.ts';
import { WholeVenue } from './whole-venue.ts';

export interface VirtualVenueOptions {
  /** The business day before the first trading day: products are listed as of it, and it opens in that evening. */
  readonly listed: string;
  /** Of the participants that ask; the venue has not opened them. */
  readonly accounts: readonly string[];
}

export function openVirtualVenue({ listed, accounts }: VirtualVenueOptions): WholeVenue<VirtualCloud> {
  const cloud = startVirtualCloud({
    assembly: assemblyOf({ deployment: { ...UNLIMITED, shards: SHARDS, sweep: SELDOM } }),
    start: newYorkMs(listed, '20:00'),
    seed: 0,
  });
  const callers = {
    operator: virtualOperator(cloud, 'op-1'),
    second: virtualOperator(cloud, 'op-2'),
    as: Object.fromEntries(accounts.map((account) => [account, virtualParticipant(cloud, account)])),
  };
  return new WholeVenue(cloud, virtualTableOf(cloud), callers, on(listed));
}
