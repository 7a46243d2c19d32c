/**
 * Products: their parameters, versioned, and the listing that starts one. What a position's worth is made of (lot, tick,
 * months) is fixed once a product is listed: changing it would change what is already held.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ParametersChanged } from '../../lib/domain/clearing/events.ts';
import { versionOf } from '../../lib/domain/clearing/once.ts';
import { type ProductChange, readListing } from '../../lib/domain/clearing/product-change.ts';
import { inside } from '../../lib/domain/contract/violation.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { productJson, productsOf } from '../http/products.ts';
import { ok } from '../http/routes.ts';
import { invalid, versionConflict } from '../operator-acts/refusals.ts';
import { commit } from './commit.ts';
import type { Answers } from './operator.ts';

export const listProducts: Answers['listProductsForOperator'] = async ({ backends }) =>
  ok({ items: productsOf(await loadVenue(backends.table)).map(productJson) });

export const putProduct: Answers['putProduct'] = async (request) => {
  const { body } = request;
  const { product } = request.params;
  const { parameters } = body;
  const listing = body.listing && readListing(body.listing, parameters);
  if (Array.isArray(listing)) return invalid(inside(['listing'], listing));
  const version = body.expectedVersion + 1;
  const change = { product, version, parameters, ...(listing ? { listing } : {}) };
  return commit(
    request,
    {
      once: [versionOf(product, version)],
      act: () => ({ kind: 'parameters-changed', ...change }),
      compare: (committed) =>
        isSame(committed.get(versionOf(product, version)) as ParametersChanged, change) ? undefined : versionConflict(version),
    },
    () => ok({ product, version }),
  );
};

const isSame = ({ parameters, listing }: ParametersChanged, wanted: ProductChange): boolean =>
  isDeepStrictEqual({ parameters, listing }, { parameters: wanted.parameters, listing: wanted.listing });
