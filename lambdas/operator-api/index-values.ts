/**
 * Index values that operators put in by hand: each is held for a second operator, with what the product's bounds object to. A value once
 * published stays; a value once held is amended, approved or declined, never published past its hold.
 */
import * as z from 'zod';
import { dateText, rule } from '../../lib/api/written.ts';
import { type Held, propose as proposeValue } from '../../lib/domain/clearing/approval.ts';
import { judgeIndexValue } from '../../lib/domain/clearing/settlement.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { addDays, type BusinessDate, localDate } from '../../lib/domain/contract/calendar.ts';
import { formatIndex, INDEX_DECIMALS, parseIndex, priceAsIndex } from '../../lib/domain/contract/product.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { listIndex, newestIndex, readIndexValue } from '../../lib/store/index-values.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { limitText, pageOf } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { listedProduct } from '../http/products.ts';
import { datePath, pathOf, readBody } from '../http/request.ts';
import { type Answer, ok, withQuery } from '../http/routes.ts';
import type { OperatorRequest } from './operator.ts';
import { propose } from './propose.ts';
import { answerPublished } from './publish.ts';

const QUERY = z.strictObject({ limit: limitText, before: dateText.optional() });

export const listIndexValues = withQuery(QUERY, async (request: OperatorRequest, query): Promise<Answer | Problem> => {
  const state = listedProduct(await loadVenue(request.backends.table), pathOf(request, 'product'));
  if (state instanceof Problem) return state;
  const values = await listIndex(request.backends.table, state.product, query.limit + 1, query.before);
  return ok(
    pageOf(
      values,
      query.limit,
      ({ date }) => date,
      ({ date, value, by }) => ({ date, value: formatIndex(value), by }),
    ),
  );
});

export const VALUE_RULE = `must be decimal text with at most ${INDEX_DECIMALS} decimals`;
export const valueText = z.string(rule(VALUE_RULE)).transform((text, context): Micros => {
  const parsed = parseIndex(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: VALUE_RULE });
  return z.NEVER;
});
const BODY = z.strictObject({ value: valueText }, 'must be an object');

export async function putIndexValue(request: OperatorRequest): Promise<Answer | Problem> {
  const state = listedProduct(await loadVenue(request.backends.table), pathOf(request, 'product'));
  if (state instanceof Problem) return state;
  const date = datePath(request, 'date');
  if (date instanceof Problem) return date;
  if (date > localDate(request.time, state.parameters.timeZone))
    return new Problem('invalid-request', 'see errors', [{ path: '{date}', rule: 'must not be in the future' }]);
  const body = readBody(request, BODY);
  if (body instanceof Problem) return body;
  const published = await readIndexValue(request.backends.table, state.product, date);
  if (published) return answerPublished(request, state.product, date, body.value, published.value);
  return propose(request, await judged(request, state, date, body.value));
}

async function judged(request: OperatorRequest, state: ProductState, date: BusinessDate, value: Micros): Promise<Held> {
  const { product, parameters } = state;
  const before = await newestIndex(request.backends.table, product, addDays(date, -1));
  // The first value of all has only the market's own opening price to be judged by.
  const opening = priceAsIndex(state.marks[state.listed[0]!]!, parameters);
  const holds = judgeIndexValue(parameters, date, value, before?.value ?? opening);
  return proposeValue(product, date, { kind: 'index', micros: `${value}` }, holds, request.caller.operator);
}
