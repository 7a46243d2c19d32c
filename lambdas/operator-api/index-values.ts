/**
 * Index values that operators put in by hand: each is held for a second operator, with what the product's bounds object to. A value once
 * published stays; a value once held is amended, approved or declined, never published past its hold.
 */
import type { FieldError } from '../../lib/api/problems.ts';
import { type Held, propose as proposeValue } from '../../lib/domain/clearing/approval.ts';
import { judgeIndexValue } from '../../lib/domain/clearing/settlement.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { addDays, type BusinessDate, localDate } from '../../lib/domain/contract/calendar.ts';
import { formatIndex, priceAsIndex } from '../../lib/domain/contract/product.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { listIndex, newestIndex, readIndexValue } from '../../lib/store/index-values.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { listPage } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { listedProduct } from '../http/products.ts';
import { ok } from '../http/routes.ts';
import type { Answers, OperatorRequest } from './operator.ts';
import { approvalPath, propose } from './propose.ts';
import { answerPublished } from './publish.ts';

export const listPublishedIndex: Answers['listPublishedIndex'] = async ({ backends: { table }, params, query }) => {
  const state = listedProduct(await loadVenue(table), params.product);
  if (state instanceof Problem) return state;
  const values = await listIndex(table, state.product, query.limit + 1, query.cursor);
  const place = ({ date }: { date: BusinessDate }) => date;
  return ok(listPage(values, query.limit, place, ({ date, value, by }) => ({ date, value: formatIndex(value), by })));
};

const FUTURE = 'must not be in the future';
const isFuture = ({ time }: OperatorRequest, { parameters }: ProductState, date: BusinessDate): boolean =>
  date > localDate(time, parameters.timeZone);

export const putIndexValue: Answers['putIndexValue'] = async (request) => {
  const { product, date } = request.params;
  const state = listedProduct(await loadVenue(request.backends.table), product);
  if (state instanceof Problem) return state;
  if (isFuture(request, state, date)) return new Problem('invalid-request', 'see errors', [{ path: '{date}', rule: FUTURE }]);
  return putValue(request, state, date, request.body.value);
};

async function putValue(request: OperatorRequest, state: ProductState, date: BusinessDate, value: Micros) {
  const published = await readIndexValue(request.backends.table, state.product, date);
  if (published) return answerPublished(request, state.product, date, value, published.value);
  return propose(request, await judged(request, state, date, value));
}

/** Each by itself, one after the other: all of them go into the one list of what their operator has proposed. */
export const putIndexValues: Answers['putIndexValues'] = async (request) => {
  const state = listedProduct(await loadVenue(request.backends.table), request.params.product);
  if (state instanceof Problem) return state;
  const { values } = request.body;
  const errors = values.flatMap(({ date }, at): FieldError[] =>
    isFuture(request, state, date) ? [{ path: `$.values[${at}].date`, rule: FUTURE }] : [],
  );
  if (errors.length > 0) return new Problem('invalid-body', 'see errors; nothing was done', errors);
  const rows = [];
  for (const { date, value } of values) rows.push(rowOf(date, value, await putValue(request, state, date, value)));
  return ok({ values: rows });
};

function rowOf(date: BusinessDate, value: Micros, put: Awaited<ReturnType<typeof putValue>>) {
  if (put instanceof Problem) return { date, outcome: 'refused' as const, code: put.code, detail: put.detail };
  const { body } = put;
  if ('approve' in body || ('held' in body && !body.approved)) {
    const { held, revision } = body;
    return { date, outcome: 'held' as const, held, revision, approve: approvalPath(held) };
  }
  return { date, outcome: 'published' as const, value: formatIndex(value) };
}

async function judged(request: OperatorRequest, state: ProductState, date: BusinessDate, value: Micros): Promise<Held> {
  const { product, parameters } = state;
  const before = await newestIndex(request.backends.table, product, addDays(date, -1));
  // The first value of all has only the market's own opening price to be judged by.
  const opening = priceAsIndex(state.marks[state.listed[0]!]!, parameters);
  const holds = judgeIndexValue(parameters, date, value, before?.value ?? opening);
  return proposeValue(product, date, { kind: 'index', micros: `${value}` }, holds, request.caller.operator);
}
