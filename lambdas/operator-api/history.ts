/** What has happened: day runs with their reports, and the clearing log itself. */
import * as z from 'zod';
import { dateText } from '../../lib/api/written.ts';
import type { MonthResult } from '../../lib/domain/auction/book.ts';
import type { Day } from '../../lib/domain/clearing/day.ts';
import { listDays, readDay } from '../../lib/store/days.ts';
import { encodeEvent, eventsAfter, loadVenue } from '../../lib/store/log.ts';
import { limitText, pageOf } from '../http/paging.ts';
import { notFound, Problem } from '../http/problems.ts';
import { listedProduct } from '../http/products.ts';
import { datePath, pathOf } from '../http/request.ts';
import { type Answer, ok, withQuery } from '../http/routes.ts';
import type { OperatorRequest } from './operator.ts';

const DAYS_QUERY = z.strictObject({ limit: limitText, before: dateText.optional() });

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

/** Characters of events that end a page before its limit does: an answer of a function has six megabytes. */
const PAGE_LENGTH_MAX = 1_000_000;

/** Left out of the log as it is shown: what it says of orders that have neither traded nor lapsed. */
const SEALED: ReadonlySet<string> = new Set<keyof MonthResult>(['sealedBid', 'sealedOffer']);

/** Events as they were written, but for what is sealed. The hashes are of the whole text: the audit checks them. */
export const listLog = withQuery(LOG_QUERY, async (request: OperatorRequest, query): Promise<Answer | Problem> => {
  const items: { readonly seq: number; readonly hash: string; readonly event: unknown }[] = [];
  let length = 0;
  for await (const { seq, hash, event } of eventsAfter(request.backends.table, query.after, query.limit + 1)) {
    const last = items.at(-1);
    if (last && (items.length === query.limit || length > PAGE_LENGTH_MAX)) return ok({ items, next: `${last.seq}` });
    const written = encodeEvent(event);
    length += written.length;
    items.push({ seq, hash, event: shown(written) });
  }
  return ok({ items });
});

const shown = (event: string): unknown => JSON.parse(event, (name, value) => (SEALED.has(name) ? undefined : value));
