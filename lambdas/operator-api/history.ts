/** What has happened: day runs with their reports, and the clearing log itself. */
import * as z from 'zod';
import type { MonthResult } from '../../lib/domain/auction/book.ts';
import type { Day } from '../../lib/domain/clearing/day.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { listDays, readDay } from '../../lib/store/days.ts';
import { encodeEvent, loadVenue, readEvents } from '../../lib/store/log.ts';
import { limitText, pageOf } from '../http/paging.ts';
import { notFound, Problem } from '../http/problems.ts';
import { listedProduct } from '../http/products.ts';
import { datePath, dateText, pathOf } from '../http/request.ts';
import { type Answer, ok, withQuery } from '../http/routes.ts';
import type { OperatorRequest } from './operator.ts';

const DAYS_QUERY = z.strictObject({ limit: limitText, before: dateText().optional() });

export const listAllDays = withQuery(DAYS_QUERY, async (request: OperatorRequest, query): Promise<Answer | Problem> => {
  const state = listedProduct(await loadVenue(request.backends.table), pathOf(request, 'product'));
  if (state instanceof Problem) return state;
  const days = await listDays(request.backends.table, state.product, query.limit + 1, query.before);
  return ok(pageOf(days, query.limit, ({ date }) => date, dayJson));
});

export async function showDay(request: OperatorRequest): Promise<Answer | Problem> {
  const state = listedProduct(await loadVenue(request.backends.table), pathOf(request, 'product'));
  if (state instanceof Problem) return state;
  const date = datePath(request, 'date');
  if (date instanceof Problem) return date;
  const day = await readDay(request.backends.table, state.product, date);
  return day ? ok(dayJson(day)) : notFound(`day run of ${state.product} for ${date}`);
}

const dayJson = (day: Day) => ({
  product: day.product,
  date: day.date,
  step: day.step,
  ...(day.step === 'roll' ? {} : { auction: day.auction }),
  ...(day.step === 'done' ? { report: day.report } : {}),
});

const LOG_QUERY = z.strictObject({
  limit: limitText,
  after: z
    .string()
    .regex(/^(0|[1-9]\d{0,11})$/, 'must be the number of an event')
    .transform(Number)
    .default(0),
});

/** Left out of the log as it is shown: what it says of orders that have neither traded nor lapsed. */
const SEALED: ReadonlySet<string> = new Set<keyof MonthResult>(['sealedBid', 'sealedOffer']);

/** Events as they were written, but for what is sealed. The hashes are of the whole text: the audit checks them. */
export const listLog = withQuery(LOG_QUERY, async (request: OperatorRequest, query): Promise<Answer | Problem> => {
  const entries = await readEvents(request.backends.table, query.after, query.limit + 1);
  return ok(
    pageOf(
      entries,
      query.limit,
      ({ seq }) => seq,
      ({ seq, hash, event }) => ({ seq, hash, event: shown(event) }),
    ),
  );
});

const shown = (event: ClearingEvent): unknown =>
  JSON.parse(encodeEvent(event), (name, value) => (SEALED.has(name) ? undefined : value));
