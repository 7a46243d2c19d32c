/**
 * Products: their parameters, versioned, and the listing that starts one. What a position's worth is made of (lot, tick,
 * months) is fixed once a product is listed: changing it would change what is already held.
 */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { ParametersChanged } from '../../lib/domain/clearing/events.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { type BusinessDate, CALENDAR_NAMES, CalendarEndError, nextBusinessDay } from '../../lib/domain/contract/calendar.ts';
import { listedMonths, monthText, parseMonth } from '../../lib/domain/contract/months.ts';
import {
  DAY_TIME,
  type ForwardCurve,
  fixedTermsChanged,
  isProductCode,
  PARAMETER_LIMITS,
  type ProductParameters,
  parameterErrors,
  parsePrice,
} from '../../lib/domain/contract/product.ts';
import { type Ticks, ticks } from '../../lib/domain/contract/units.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { backends } from '../http/backends.ts';
import { type FieldError, Problem } from '../http/problems.ts';
import { findProduct, productJson, productsOf } from '../http/products.ts';
import { dateText, pathOf, readBody, receivedAt, rule } from '../http/request.ts';
import { type Answer, created, ok } from '../http/routes.ts';
import { commit } from './commit.ts';
import type { OperatorRequest } from './operator.ts';

const wholeNumber = ([least, most]: readonly [least: number, most: number]) => {
  const text = `must be a whole number, ${least} to ${most}`;
  return z.int(rule(text)).min(least, text).max(most, text);
};
const decimal = z.string(rule('must be decimal text, such as "0.500"'));

const PARAMETERS = z.strictObject(
  {
    lotGpuHours: wholeNumber(PARAMETER_LIMITS.lotGpuHours),
    priceDecimals: wholeNumber(PARAMETER_LIMITS.priceDecimals),
    listedMonths: wholeNumber(PARAMETER_LIMITS.listedMonths),
    timeZone: z.string(rule('must be an IANA time zone')).min(1, 'must be an IANA time zone'),
    calendar: z.enum(CALENDAR_NAMES, rule(`must be one of ${CALENDAR_NAMES.join(', ')}`)),
    dayRunTime: z.string(rule('must be HH:MM')).regex(DAY_TIME, 'must be HH:MM'),
    dailyLimit: decimal,
    rollBand: decimal,
    indexValuesMin: wholeNumber(PARAMETER_LIMITS.indexValuesMin),
    indexAgeDaysMax: wholeNumber(PARAMETER_LIMITS.indexAgeDaysMax),
    indexMoveBasisPointsMax: wholeNumber(PARAMETER_LIMITS.indexMoveBasisPointsMax),
  },
  rule('must be an object'),
);
const CURVE = z.record(z.string(), decimal, rule('must be an object of month and price'));
const BODY = z.strictObject(
  {
    expectedVersion: wholeNumber([0, 1_000_000_000]),
    parameters: PARAMETERS,
    listing: z.strictObject({ date: dateText(), curve: CURVE }, 'must be an object').optional(),
  },
  'must be an object',
);
type Body = z.infer<typeof BODY>;

export async function listProducts(): Promise<Answer> {
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
  const wanted = readParameters(body);
  if (wanted instanceof Problem) return wanted;
  const version = body.expectedVersion + 1;
  const committed = await commit(request, {
    once: `parameters#${product}#${version}`,
    decide: (venue) => {
      const state = findProduct(venue, product);
      if ((state?.version ?? 0) !== body.expectedVersion) return versionConflict(state?.version ?? 0);
      const faults = state ? changeErrors(state, body, wanted.parameters) : body.listing ? [] : [LISTING_MISSING];
      if (faults.length) return new Problem('invalid-body', 'see errors for each field', faults);
      return { kind: 'parameters-changed', product, version, ...wanted, by: request.caller.operator, at: receivedAt(request) };
    },
    compare: (event) => (isSame(event as ParametersChanged, wanted) ? undefined : versionConflict(version)),
  });
  if (committed instanceof Problem) return committed;
  return (committed.repeated || version > 1 ? ok : created)({ product, version });
}

const LISTING_MISSING: FieldError = { path: '$.listing', rule: 'is required for a product that is new' };

const versionConflict = (version: number): Problem =>
  new Problem('version-conflict', `the product is not at the expected version with these parameters; it has reached ${version}`);

type Wanted = Pick<ParametersChanged, 'parameters' | 'listing'>;

const isSame = ({ parameters, listing }: ParametersChanged, wanted: Wanted): boolean =>
  isDeepStrictEqual({ parameters, listing }, { parameters: wanted.parameters, listing: wanted.listing });

function changeErrors({ parameters: now }: ProductState, body: Body, parameters: ProductParameters): FieldError[] {
  const faults = fixedTermsChanged(now, parameters).map((name) => ({
    path: `$.parameters.${name}`,
    rule: `is fixed at ${now[name]} since the product was listed`,
  }));
  return body.listing ? [...faults, { path: '$.listing', rule: 'is only for a product that is new' }] : faults;
}

function readParameters({ parameters: given, listing }: Body): Wanted | Problem {
  const faults: FieldError[] = [];
  const { dailyLimit, rollBand, ...rest } = given;
  const grid = `must be decimal text with at most ${given.priceDecimals} decimals`;
  const price = (path: string, text: string, least: number, bound: string): Ticks => {
    const parsed = parsePrice(text, given as unknown as ProductParameters);
    const fits = parsed !== undefined && parsed >= least;
    if (!fits) faults.push({ path, rule: `${grid}, ${bound}` });
    return fits ? parsed : ticks(least);
  };
  const parameters: ProductParameters = {
    ...rest,
    dailyLimitTicks: price('$.parameters.dailyLimit', dailyLimit, 1, 'more than zero'),
    rollBandTicks: price('$.parameters.rollBand', rollBand, 0, 'zero or more'),
  };
  faults.push(...parameterErrors(parameters).map((broken) => ({ path: '$.parameters', rule: broken })));
  const start = listing && faults.length === 0 ? readListing(parameters, listing, price, faults) : undefined;
  if (faults.length) return new Problem('invalid-body', 'see errors for each field', faults);
  return { parameters, ...(start ? { listing: start } : {}) };
}

function readListing(
  parameters: ProductParameters,
  { date, curve }: { date: BusinessDate; curve: Record<string, string> },
  price: (path: string, text: string, least: number, bound: string) => Ticks,
  faults: FieldError[],
): { date: BusinessDate; curve: ForwardCurve } | undefined {
  const listed = monthsFrom(parameters, date);
  if (!listed) {
    faults.push({ path: '$.listing.date', rule: `must be in the years that calendar ${parameters.calendar} has data for` });
    return undefined;
  }
  const path = (month: string): string => `$.listing.curve[${JSON.stringify(month)}]`;
  for (const month of listed)
    if (!Object.hasOwn(curve, monthText(month))) faults.push({ path: path(monthText(month)), rule: 'is required' });
  for (const name of Object.keys(curve))
    if (!listed.some((month) => monthText(month) === name))
      faults.push({ path: path(name.slice(0, 64)), rule: 'is not a month that would be listed' });
  const entries = Object.entries(curve).map(
    ([name, text]) => [parseMonth(name), price(path(name.slice(0, 64)), text, 1, 'more than zero')] as const,
  );
  return { date, curve: Object.fromEntries(entries) };
}

function monthsFrom({ calendar, listedMonths: count }: ProductParameters, date: BusinessDate) {
  try {
    return listedMonths(calendar, nextBusinessDay(calendar, date), count);
  } catch (error) {
    if (error instanceof CalendarEndError) return undefined;
    throw error;
  }
}
