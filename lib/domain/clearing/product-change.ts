/**
 * A change of a product's parameters, or the listing of a new product: what the fold of the log takes. The operator's route
 * and the command that tries parameters ask the same function, so what they let pass is never refused when it is folded.
 */
import { type BusinessDate, CalendarEndError, nextBusinessDay, parseDate } from '../contract/calendar.ts';
import { type ContractMonth, listedMonths, monthText, parseMonth } from '../contract/months.ts';
import { fixedTermErrors, parameterErrors } from '../contract/parameters.ts';
import { isProductCode, type ProductParameters, parsePrice } from '../contract/product.ts';
import { MAX_TICKS } from '../contract/units.ts';
import { inside, type Violation } from '../contract/violation.ts';
import type { ParametersChanged } from './events.ts';

export type ProductChange = Pick<ParametersChanged, 'product' | 'version' | 'parameters' | 'listing'>;
export type Listing = NonNullable<ParametersChanged['listing']>;

/**
 * Why a product may not be given these parameters, by the fields of the change; empty when it may. `now` is what the product
 * has, `undefined` when it is new.
 */
export function changeErrors(
  now: Pick<ParametersChanged, 'version' | 'parameters'> | undefined,
  { product, version, parameters, listing }: ProductChange,
): Violation[] {
  const errors = inside(['parameters'], parameterErrors(parameters));
  if (!isProductCode(product)) errors.push({ path: ['product'], rule: 'must be at most 32 of A-Z 0-9 -, such as H100-SXM' });
  const reached = now?.version ?? 0;
  if (version !== reached + 1) errors.push({ path: ['version'], rule: `must be ${reached + 1}, not ${version}` });
  if (now) {
    errors.push(...inside(['parameters'], fixedTermErrors(now.parameters, parameters)));
    if (listing) errors.push({ path: ['listing'], rule: 'is only for a product that is new' });
  } else if (!listing) errors.push({ path: ['listing'], rule: 'is required for a product that is new' });
  // Which months are listed is worked out from the parameters: these must be right.
  else if (errors.length === 0) errors.push(...inside(['listing'], listingErrors(parameters, listing.date, pricesOf(listing))));
  return errors;
}

/**
 * Why a day run may not begin then: an intraday auction that comes at that time or after it on the same day is held on no day.
 * `auctionTimes` are those that the deployment schedules, as "HH:MM".
 */
export function dayRunErrors({ dayRunTime }: ProductParameters, auctionTimes: readonly string[]): Violation[] {
  const last = auctionTimes.toSorted().at(-1);
  return last === undefined || dayRunTime > last
    ? []
    : [{ path: ['parameters', 'dayRunTime'], rule: `must be later than the last intraday auction of the day, ${last}` }];
}

/** Reads a listing whose curve is written by months such as "2025-12", in decimal text; a list is what is wrong with it. */
export function readListing(
  { date, curve }: { readonly date: BusinessDate; readonly curve: Readonly<Record<string, string>> },
  parameters: ProductParameters,
): Listing | Violation[] {
  const prices = new Map(Object.entries(curve).map(([name, text]) => [name, parsePrice(text, parameters)] as const));
  const errors = listingErrors(parameters, date, prices);
  if (errors.length) return errors;
  return { date, curve: Object.fromEntries([...prices].map(([name, price]) => [parseMonth(name)!, price!])) };
}

/** A new product starts with a price for every month that it lists, and no other. `prices` are by the months' names. */
function listingErrors(
  { calendar, listedMonths: count, priceDecimals }: ProductParameters,
  date: BusinessDate,
  prices: ReadonlyMap<string, number | undefined>,
): Violation[] {
  const listed = monthsFrom(calendar, date, count)?.map(monthText);
  if (!listed) return [{ path: ['date'], rule: `must be in the years that calendar ${calendar} has data for` }];
  const isPrice = (price: number | undefined): boolean => Number.isInteger(price) && price! >= 1 && price! <= MAX_TICKS;
  const named = [...prices.keys()];
  const wrong = (names: readonly string[], rule: string): Violation[] => names.map((name) => ({ path: ['curve', name], rule }));
  return [
    ...wrong(
      listed.filter((name) => !prices.has(name)),
      'is required',
    ),
    ...wrong(
      named.filter((name) => !listed.includes(name)),
      'is not a month that would be listed',
    ),
    ...wrong(
      named.filter((name) => !isPrice(prices.get(name))),
      `must be decimal text with at most ${priceDecimals} decimals, more than zero`,
    ),
  ];
}

const pricesOf = ({ curve }: Listing): Map<string, number> =>
  new Map(Object.entries(curve).map(([month, price]) => [monthText(Number(month) as ContractMonth), price]));

/** The months listed on the first business day after a date; `undefined` beyond the calendar's data. */
function monthsFrom(calendar: ProductParameters['calendar'], date: BusinessDate, count: number): ContractMonth[] | undefined {
  if (!parseDate(date)) return undefined;
  try {
    return listedMonths(calendar, nextBusinessDay(calendar, date), count);
  } catch (error) {
    if (error instanceof CalendarEndError) return undefined;
    throw error;
  }
}
