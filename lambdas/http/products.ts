/** Products and prices as both APIs show them: decimal text on the product's grid, months by their contract codes. */

import { months } from '../../lib/domain/clearing/settlement.ts';
import type { ProductState, VenueState } from '../../lib/domain/clearing/venue.ts';
import { contractCode } from '../../lib/domain/contract/months.ts';
import { writtenParameters } from '../../lib/domain/contract/parameters.ts';
import { type ForwardCurve, formatPrice, type ProductParameters } from '../../lib/domain/contract/product.ts';
import { notFound, type Problem } from './problems.ts';

/** A product by its code; `undefined` when it is not listed. Only own properties count: a caller may ask for `constructor`. */
export const findProduct = ({ products }: VenueState, product: string): ProductState | undefined =>
  Object.hasOwn(products, product) ? products[product] : undefined;

export const listedProduct = (venue: VenueState, product: string): ProductState | Problem =>
  findProduct(venue, product) ?? notFound('such product');

/** In order of code. */
export const productsOf = ({ products }: VenueState): ProductState[] =>
  Object.values(products).sort((a, b) => (a.product < b.product ? -1 : 1));

export const productJson = ({ product, version, parameters }: ProductState) => ({
  product,
  version,
  parameters: writtenParameters(parameters),
});

export const curveJson = (
  product: string,
  curve: ForwardCurve,
  parameters: ProductParameters,
): { contract: string; price: string }[] =>
  months(curve).map((month) => ({ contract: contractCode(product, month), price: formatPrice(curve[month]!, parameters) }));
