/**
 * Products: their parameters, versioned, and the listing that starts one. What a position's worth is made of (lot, tick,
 * months) is fixed once a product is listed: changing it would change what is already held.
 */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { dateText, readBy, rule } from '../../lib/api/written.ts';
import type { ParametersChanged } from '../../lib/domain/clearing/events.ts';
import { versionOf } from '../../lib/domain/clearing/once.ts';
import { type ProductChange, readListing } from '../../lib/domain/clearing/product-change.ts';
import { readWrittenParameters } from '../../lib/domain/contract/parameters.ts';
import { isProductCode } from '../../lib/domain/contract/product.ts';
import { inside } from '../../lib/domain/contract/violation.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { Problem } from '../http/problems.ts';
import { productJson, productsOf } from '../http/products.ts';
import { pathOf, readBody } from '../http/request.ts';
import { type Answer, ok } from '../http/routes.ts';
import { invalid, versionConflict } from '../operator-acts/refusals.ts';
import { commit } from './commit.ts';
import type { OperatorRequest } from './operator.ts';

const VERSION_RULE = 'must be a whole number, 0 to 1000000000';
const PRICE = z.string(rule('must be decimal text, such as "0.500"'));
const LISTING = z.strictObject(
  { date: dateText, curve: z.record(z.string(), PRICE, rule('must be an object of month and price')) },
  'must be an object',
);
const BODY = z.strictObject(
  {
    expectedVersion: z.int(rule(VERSION_RULE)).min(0, VERSION_RULE).max(1_000_000_000, VERSION_RULE),
    parameters: readBy(readWrittenParameters),
    listing: LISTING.optional(),
  },
  'must be an object',
);

export async function listProducts({ backends }: OperatorRequest): Promise<Answer> {
  return ok({ items: productsOf(await loadVenue(backends.table)).map(productJson) });
}

export async function putProduct(request: OperatorRequest): Promise<Answer | Problem> {
  const product = pathOf(request, 'product');
  if (!isProductCode(product))
    return new Problem('invalid-request', 'see errors', [
      { path: '{product}', rule: 'must be at most 32 of A-Z 0-9 -, such as H100-SXM' },
    ]);
  const body = readBody(request, BODY);
  if (body instanceof Problem) return body;
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
}

const isSame = ({ parameters, listing }: ParametersChanged, wanted: ProductChange): boolean =>
  isDeepStrictEqual({ parameters, listing }, { parameters: wanted.parameters, listing: wanted.listing });
