/**
 * What an account needs and what it has: the requirement of its positions, by the rules in `lib/domain/risk` on its product as the log has it.
 * The day is that whose books are open, so the same event gives the same requirement whenever it is asked.
 */
import { monthOf } from '../contract/months.ts';
import { centsPerTick } from '../contract/product.ts';
import { addCents, type Cents, cents, NO_CENTS } from '../contract/units.ts';
import { type MarginLines, marginCents, marginLines, requirement } from '../risk/margin.ts';
import { type AccountState, positions } from './account.ts';
import { openBooks, type ProductState, type VenueState } from './venue.ts';

/**
 * The product that an account's cash stands behind; `undefined` while the venue lists none. It is one, so that cash is never promised twice: orders in
 * two products are decided side by side.
 */
export const productOf = ({ product }: Pick<AccountState, 'product'>, { products }: VenueState): string | undefined =>
  product ?? Object.keys(products)[0];

/** An account as it stands in a product: its cash is behind the one that it trades, and in any other it has only what credit that gives. */
export const standingIn = (state: AccountState, product: ProductState, venue: VenueState): AccountState =>
  state.name === '' || productOf(state, venue) === product.product ? state : { ...state, cash: NO_CENTS };

/** The size of an owner at the last settlement: net lots of its accounts, without their signs, summed. */
export const ownerLotsOf = (states: Iterable<AccountState>, product: string): number => {
  let size = 0;
  for (const { products } of states) size += Math.abs(products[product]?.settledLots ?? 0);
  return size;
};

/** The lines of the requirement of an owner of a size. */
export function marginLinesOf(product: ProductState, ownerLots: number): MarginLines {
  const date = openBooks(product);
  const delivered = monthOf(date);
  const delivery = product.listed.find((month) => month === delivered);
  return marginLines(product.parameters.margin, { months: product.listed, delivery, date, ownerLots });
}

/** What an account's positions in a product need. Throws on a position in a month that is not listed. */
export function requirementOf(product: ProductState, { products }: Pick<AccountState, 'products'>, ownerLots: number): Cents {
  const holding = products[product.product];
  if (!holding || Object.keys(holding.lots).length === 0) return NO_CENTS;
  const needed = requirement(marginLinesOf(product, ownerLots), positions(holding));
  return marginCents(needed, centsPerTick(product.parameters));
}

/**
 * How much less an account would need without one of its positions, negative where that offsets others; `undefined` while a month that it holds is not
 * listed any more.
 */
export function requirementFreed(
  product: ProductState,
  state: Pick<AccountState, 'products'>,
  month: number,
  ownerLots: number,
): Cents | undefined {
  const holding = state.products[product.product];
  if (!holding || Object.keys(holding.lots).some((held) => product.marks[Number(held)] === undefined)) return undefined;
  const { [month]: _, ...others } = holding.lots;
  const without = { products: { [product.product]: { ...holding, lots: others } } };
  return cents(requirementOf(product, state, ownerLots) - requirementOf(product, without, ownerLots));
}

const CENTS_IN_USD = 100n;

/** What an account has towards its requirement: cash, and the credit that the product gives. */
export const coverOf = ({ cash }: Pick<AccountState, 'cash'>, { parameters }: ProductState): Cents =>
  addCents(cash, (BigInt(parameters.creditUsd) * CENTS_IN_USD) as Cents);

/** What is left of the cover, negative when the account is short. */
export const excessOf = (requirement: Cents, cover: Cents): Cents => (cover - requirement) as Cents;

/** Both for one account. */
export interface Margin {
  readonly requirement: Cents;
  readonly cover: Cents;
}

export const marginOf = (product: ProductState, state: AccountState, ownerLots: number): Margin => ({
  requirement: requirementOf(product, state, ownerLots),
  cover: coverOf(state, product),
});
