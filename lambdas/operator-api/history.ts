/** What has happened: day runs with their reports, and the clearing log itself. */
import type { MonthResult } from '../../lib/domain/auction/book.ts';
import type { Day } from '../../lib/domain/clearing/day.ts';
import { listDays, readDay } from '../../lib/store/days.ts';
import { encodeEvent, eventsAfter, loadVenue } from '../../lib/store/log.ts';
import { listPage, nextFrom } from '../http/paging.ts';
import { notFound, Problem } from '../http/problems.ts';
import { listedProduct } from '../http/products.ts';
import { ok } from '../http/routes.ts';
import type { Answers } from './operator.ts';

export const listDayRuns: Answers['listDayRuns'] = async ({ backends: { table }, params, query: { limit, cursor } }) => {
  const state = listedProduct(await loadVenue(table), params.product);
  if (state instanceof Problem) return state;
  return ok(listPage(await listDays(table, state.product, limit + 1, cursor), limit, ({ date }) => date, dayJson));
};

export const showDayRun: Answers['showDayRun'] = async ({ backends: { table }, params: { product, date } }) => {
  const state = listedProduct(await loadVenue(table), product);
  if (state instanceof Problem) return state;
  const day = await readDay(table, state.product, date);
  // The report of a day that is done can't change any more.
  return day ? ok(dayJson(day), { immutable: day.step === 'done' }) : notFound(`day run of ${state.product} for ${date}`);
};

const dayJson = (day: Day) => ({
  product: day.product,
  date: day.date,
  step: day.step,
  ...(day.step === 'roll' ? {} : { auction: day.auction }),
  ...(day.step === 'done' ? { report: day.report } : {}),
});

/** Characters of events that end a page before its limit does: an answer of a function has six megabytes. */
const PAGE_LENGTH_MAX = 1_000_000;

/** Left out of the log as it is shown: what it says of orders that have neither traded nor lapsed. */
const SEALED: ReadonlySet<string> = new Set<keyof MonthResult>(['sealedBid', 'sealedOffer']);

/** Events as they were written, but for what is sealed. The hashes are of the whole text: the audit checks them. */
export const listLog: Answers['listLog'] = async ({ backends: { table }, query: { limit, cursor, after = 0 } }) => {
  const items: { readonly seq: number; readonly hash: string; readonly event: ShownEvent }[] = [];
  let length = 0;
  for await (const { seq, hash, event } of eventsAfter(table, cursor ?? after, limit + 1)) {
    const last = items.at(-1);
    if (last && (items.length === limit || length > PAGE_LENGTH_MAX)) return ok(nextFrom({ items, next: `${last.seq}` }));
    const written = encodeEvent(event);
    length += written.length;
    items.push({ seq, hash, event: shown(written) });
  }
  return ok(nextFrom({ items }));
};

type ShownEvent = { readonly kind: string; readonly [field: string]: unknown };
const shown = (event: string): ShownEvent => JSON.parse(event, (name, value) => (SEALED.has(name) ? undefined : value));
