/**
 * Index values: published by one operator while they are within the product's bounds, else held for a second. A value once published
 * stays; a value once held is amended or approved, never published past its hold.
 */
import * as z from 'zod';
import { type Held, heldId, propose } from '../../lib/domain/clearing/approval.ts';
import { type Hold, judgeIndexValue } from '../../lib/domain/clearing/settlement.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { addDays, type BusinessDate, localDate } from '../../lib/domain/contract/calendar.ts';
import { formatIndex, INDEX_DECIMALS, parseIndex, priceAsIndex } from '../../lib/domain/contract/product.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { hold, readHeld } from '../../lib/store/held.ts';
import { listIndex, newestIndex, publishIndex, readIndexValue } from '../../lib/store/index-values.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { METRICS } from '../../lib/store/names.ts';
import { measure } from '../backends.ts';
import { limitText, pageOf } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { listedProduct } from '../http/products.ts';
import { datePath, dateText, pathOf, readBody, rule } from '../http/request.ts';
import { type Answer, accepted, created, logAccess, ok, withQuery } from '../http/routes.ts';
import type { OperatorRequest } from './operator.ts';

const QUERY = z.strictObject({ limit: limitText, before: dateText().optional() });

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
  const held = await readHeld(request.backends.table, heldId('index', state.product, date));
  if (held) return answerHeld(held, body.value);
  return judge(request, state, date, body.value);
}

async function judge(
  request: OperatorRequest,
  state: ProductState,
  date: BusinessDate,
  value: Micros,
): Promise<Answer | Problem> {
  const { product, parameters } = state;
  const before = await newestIndex(request.backends.table, product, addDays(date, -1));
  // The first value of all has only the market's own opening price to be judged by.
  const opening = priceAsIndex(state.marks[state.listed[0]!]!, parameters);
  const holds = judgeIndexValue(parameters, date, value, before?.value ?? opening);
  return holds.length
    ? holdValue(request, product, date, value, holds)
    : publish(request, product, date, value, [request.caller.operator]);
}

async function holdValue(
  request: OperatorRequest,
  product: string,
  date: BusinessDate,
  value: Micros,
  holds: readonly Hold[],
): Promise<Answer | Problem> {
  const held = propose(product, date, { kind: 'index', micros: `${value}` }, holds, request.caller.operator);
  if (!(await hold(request.backends.table, held))) return answerHeld((await readHeld(request.backends.table, held.id))!, value);
  measure(request.backends, METRICS.held, 1);
  logAccess(request, 'index value held', { held: held.id });
  return accepted({ held: held.id });
}

const answerHeld = ({ id, proposal }: Held, value: Micros): Answer | Problem =>
  proposal.kind === 'index' && proposal.micros === `${value}`
    ? accepted({ held: id })
    : new Problem('index-held', `${id} waits for approval with another value; amend that one`);

/** Publishes the value and notifies the day run, which may be waiting for it. */
export async function publish(
  request: OperatorRequest,
  product: string,
  date: BusinessDate,
  value: Micros,
  by: readonly string[],
): Promise<Answer | Problem> {
  if (!(await publishIndex(request.backends.table, product, date, value, by))) {
    const standing = await readIndexValue(request.backends.table, product, date);
    return answerPublished(request, product, date, value, standing!.value);
  }
  logAccess(request, 'index value published', { product, date });
  await notifyDayRun(request, product);
  return created(valueJson(product, date, value));
}

async function answerPublished(
  request: OperatorRequest,
  product: string,
  date: BusinessDate,
  value: Micros,
  standing: Micros,
): Promise<Answer | Problem> {
  if (value !== standing) return new Problem('index-published', `the value of ${date} is published and stays`);
  await notifyDayRun(request, product);
  return ok(valueJson(product, date, value));
}

export const notifyDayRun = ({ backends }: OperatorRequest, product: string): Promise<void> =>
  backends.queues.notify('day-runs', { v: 1, product });

const valueJson = (product: string, date: BusinessDate, value: Micros) => ({ product, date, value: formatIndex(value) });
