/**
 * The operator's kill switches: of an owner or an account, by its row and its group of the orders queue; of a product or the venue, by an
 * event of the log. Both take the orders out and let none in. A halt (`venue.ts`) does neither: it leaves orders where they are and holds
 * up clearing, settling and posting.
 */
import type * as z from 'zod';
import type { OPERATOR } from '../../lib/api/operator.ts';
import { type StopChange, WHOLE_OWNER } from '../../lib/domain/auction/stops.ts';
import { openingOf } from '../../lib/domain/clearing/once.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { isAccountId, ownerOf } from '../../lib/domain/contract/owner.ts';
import { accountsOfOwner } from '../../lib/store/accounts.ts';
import { readIntake } from '../../lib/store/auctions.ts';
import { append, claimedBy, loadVenue } from '../../lib/store/log.ts';
import { shardsTouched } from '../../lib/store/posted.ts';
import { readOwnerStops } from '../../lib/store/stops.ts';
import { findAccount } from '../http/accounts.ts';
import { notFound, Problem } from '../http/problems.ts';
import { findProduct, productsOf } from '../http/products.ts';
import { receivedAt } from '../http/request.ts';
import { logAccess, ok } from '../http/routes.ts';
import { stopsJson, useSwitch } from '../http/stops.ts';
import { untilCommitted } from '../until-committed.ts';
import { accountJson } from './accounts.ts';
import { type Answers, noteOf, type OperatorRequest } from './operator.ts';

type Kind = StopChange['kind'];
type Wanted = z.output<(typeof OPERATOR)['stopTrading']['body']>;
type SwitchRequest = OperatorRequest & { readonly body: Wanted };

export const stopTrading: Answers['stopTrading'] = (request) => use(request, 'stop');
export const releaseTrading: Answers['releaseTrading'] = (request) => use(request, 'release');

async function use(request: SwitchRequest, kind: Kind) {
  const { body } = request;
  switch (body.scope) {
    case 'owner':
      return useOwners(request, kind, body.owner, WHOLE_OWNER, body.reason);
    case 'account':
      return useOwners(request, kind, ownerOf(body.account), body.account, body.reason);
    case 'product':
      return useProducts(request, kind, body.product, body.reason);
    case 'venue':
      return useProducts(request, kind, undefined, body.reason);
  }
}

async function useOwners(request: OperatorRequest, kind: Kind, owner: string, of: string, why: string) {
  const named = of === WHOLE_OWNER ? owner : of;
  const isAccount = isAccountId(named) && ownerOf(named) === owner;
  const claimed = isAccount ? await claimedBy(request.backends.table, [openingOf(named)]) : new Map();
  if (claimed.size === 0) {
    const path = of === WHOLE_OWNER ? '$.owner' : '$.account';
    return new Problem('unknown-account', 'see errors; nothing was done', [{ path, rule: 'is not open' }]);
  }
  const note = { by: request.caller.operator, at: receivedAt(request), reason: why };
  const what = { kind: kind === 'stop' ? ('stopped' as const) : ('released' as const), owner, of, reason: why };
  const stops = await useSwitch(request, owner, { of, side: 'operator', kind, note }, noteOf(request, what));
  return ok({ owner, stops: stopsJson(stops) });
}

/** One product, or all that the venue lists, each by an event of its own; those that are as they shall be already stay so. */
async function useProducts(request: OperatorRequest, kind: Kind, product: string | undefined, why: string) {
  const venue = await loadVenue(request.backends.table);
  const chosen = product === undefined ? productsOf(venue).map((state) => state.product) : [product];
  if (product !== undefined && !findProduct(venue, product)) return notFound('such product');
  const products = [];
  for (const each of chosen) products.push(await useProduct(request, kind, each, why));
  return ok({ products });
}

async function useProduct(request: OperatorRequest, kind: Kind, product: string, why: string) {
  const { table, queues, shards } = request.backends;
  const common = { product, reason: why, by: request.caller.operator, at: receivedAt(request) };
  return untilCommitted(async () => {
    const venue = await loadVenue(table);
    const { stop: standing } = venue.products[product]!;
    const isStopped = standing?.through === null;
    if (isStopped === (kind === 'stop')) return productJson(venue, product);
    const event =
      kind === 'stop'
        ? ({ kind: 'trading-stopped', ...common } as const)
        : ({ kind: 'trading-resumed', ...common, through: await newestOpen(request, product) } as const);
    const next = await append(table, venue, event);
    if (next === undefined) return undefined;
    await queues.notifyPostings(next.seq, shardsTouched(event, shards));
    logAccess(request, 'event committed', { kind: event.kind, product, reason: why, seq: next.seq });
    return productJson(next, product);
  });
}

/** The newest auction that any shard takes orders into: what came before the stop is in it or in one before. */
async function newestOpen({ backends: { table, shards } }: OperatorRequest, product: string): Promise<number> {
  const intakes = await Promise.all(Array.from({ length: shards }, (_, shard) => readIntake(table, product, shard)));
  return Math.max(...intakes.map(({ open }) => open));
}

const productJson = ({ products }: VenueState, product: string) => ({ product, stop: products[product]!.stop });

/** An owner: its name, its accounts and its switches. */
export const showOwner: Answers['showOwner'] = async ({ backends: { table, shards }, params: { owner } }) => {
  const isOwner = isAccountId(owner) && ownerOf(owner) === owner;
  const first = isOwner ? await findAccount(table, owner, shards) : undefined;
  if (!first) return notFound('such owner');
  const others = (await accountsOfOwner(table, owner, shards)).filter(({ account }) => account !== owner);
  const stops = stopsJson(await readOwnerStops(table, owner, shards));
  return ok({ owner, name: first.name, accounts: [first, ...others].map(accountJson), stops });
};
