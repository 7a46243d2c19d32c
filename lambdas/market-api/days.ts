/** Days of a product: those ahead, by its calendar; those that are closed, by their reports; the spot index; the roll. */
import type { DayAt } from '../../lib/domain/clearing/day.ts';
import type { DayReport } from '../../lib/domain/clearing/day-report.ts';
import { nextAuction } from '../../lib/domain/clearing/next-auction.ts';
import { rollDaysBefore } from '../../lib/domain/clearing/roll-plan.ts';
import { type DueAuction, type TradingDay, tradingDays } from '../../lib/domain/clearing/trading-days.ts';
import { isTradingStopped, type ProductState } from '../../lib/domain/clearing/venue.ts';
import { addDays, type BusinessDate, localDate } from '../../lib/domain/contract/calendar.ts';
import { contractCode } from '../../lib/domain/contract/months.ts';
import { formatIndex } from '../../lib/domain/contract/product.ts';
import { newestAuctions } from '../../lib/store/auctions.ts';
import { listDays, readDays } from '../../lib/store/days.ts';
import { listIndex } from '../../lib/store/index-values.ts';
import type { Table } from '../../lib/store/table.ts';
import { auctionTimes } from '../auction-times.ts';
import { listPage } from '../http/paging.ts';
import { notFound, Problem } from '../http/problems.ts';
import { ok } from '../http/routes.ts';
import { type Answers, productOf } from './public.ts';

const instant = (ms: number): string => new Date(ms).toISOString();
const kindOf = ({ closing }: DueAuction) => (closing ? ('closing' as const) : ('intraday' as const));

export const showNextAuction: Answers['showNextAuction'] = async ({ params, ...request }) => {
  const state = await productOf(request, params.product);
  if (state instanceof Problem) return state;
  const { product } = state;
  const [newest] = await newestAuctions(request.backends.table, product, 1);
  const next = nextAuction(state, auctionTimes(product), newest, request.time);
  if (!next) return notFound('auction ahead: the calendar has no data for it');
  const { auction, date, slot } = next;
  // One that is being cut was opened by the one before it, whose row there is no need to read.
  const opened = newest && newest.auction < auction ? instant(Date.parse(newest.slot)) : null;
  const stopped = isTradingStopped(state, auction);
  return ok({ product, auction, date, kind: kindOf(next), opened, cuts: instant(slot), stopped });
};

export const listCalendar: Answers['listCalendar'] = async ({ params, query: { limit, cursor }, ...request }) => {
  const state = await productOf(request, params.product);
  if (state instanceof Problem) return state;
  const { product, parameters } = state;
  const from = cursor === undefined ? localDate(request.time, parameters.timeZone) : dayBehind(cursor);
  const days = tradingDays(parameters, auctionTimes(product), from, limit + 1);
  return ok(
    listPage(
      days,
      limit,
      ({ date }) => date,
      (day) => dayJson(product, day),
    ),
  );
};

const dayJson = (product: string, { date, auctions, roll, lastTradingOf }: TradingDay) => ({
  date,
  auctions: auctions.map((due) => ({ at: instant(due.slot), kind: kindOf(due) })),
  roll: roll
    ? { near: contractCode(product, roll.near), next: contractCode(product, roll.next), day: roll.day, days: roll.days }
    : null,
  lastTradingOf: lastTradingOf === undefined ? null : contractCode(product, lastTradingOf),
});

type Done = DayAt<'done'>;

export const listHistory: Answers['listHistory'] = async ({ params, query: { limit, cursor }, ...request }) => {
  const state = await productOf(request, params.product);
  if (state instanceof Problem) return state;
  const days = await listDays(request.backends.table, state.product, limit + 1, cursor);
  const { items, ...next } = listPage(
    days,
    limit,
    ({ date }) => date,
    (day) => day,
  );
  const done = items.filter((day): day is Done => day.step === 'done');
  const immutable = cursor !== undefined && cursor <= state.closedOn && done.length === items.length;
  return ok({ items: done.map(({ date, report }) => closedJson(date, report)), ...next }, { immutable });
};

function closedJson(date: BusinessDate, { auction, settled, volume, openInterest, locked, expired }: DayReport) {
  const months = Object.entries(settled).map(([contract, settlementPrice]) => ({
    contract,
    settlementPrice,
    volume: volume[contract] ?? 0,
    openInterest: openInterest[contract] ?? 0,
    locked: locked[contract] ?? null,
  }));
  return { date, auction, months, expired: expired && { contract: expired.contract, finalPrice: expired.finalPrice } };
}

export const listIndexHistory: Answers['listIndexHistory'] = async ({ params, query: { limit, cursor }, ...request }) => {
  const state = await productOf(request, params.product);
  if (state instanceof Problem) return state;
  const values = await listIndex(request.backends.table, state.product, limit + 1, cursor);
  return ok(
    listPage(
      values,
      limit,
      ({ date }) => date,
      ({ date, value }) => ({ date, value: formatIndex(value) }),
    ),
  );
};

export const listRolls: Answers['listRolls'] = async ({ params, query: { limit, cursor }, ...request }) => {
  const state = await productOf(request, params.product);
  if (state instanceof Problem) return state;
  const days = await rolledBefore(request.backends.table, state, cursor, limit + 1);
  return ok(
    listPage(
      days,
      limit,
      ({ date }) => date,
      ({ date, roll }) => ({ date, ...roll }),
    ),
  );
};

/** Days that are looked for at a time: as many as one request of the table reads. */
const DAYS_TOGETHER = 100;

type Rolled = Pick<Done, 'date'> & { readonly roll: NonNullable<DayReport['roll']> };

/** The newest reported days of roll windows. The calendar's data bounds how far back is looked, some dozens of windows. */
async function rolledBefore(
  table: Table,
  { product, parameters, closedOn }: ProductState,
  before: BusinessDate | undefined,
  limit: number,
): Promise<Rolled[]> {
  const behind = dayBehind(closedOn);
  const dates = [...rollDaysBefore(parameters.calendar, before !== undefined && before < behind ? before : behind)];
  const rolled: Rolled[] = [];
  for (let at = 0; at < dates.length && rolled.length < limit; at += DAYS_TOGETHER) {
    const days = await readDays(table, product, dates.slice(at, at + DAYS_TOGETHER));
    for (const day of days.toSorted((a, b) => (a.date < b.date ? 1 : -1)))
      if (day.step === 'done' && day.report.roll) rolled.push({ date: day.date, roll: day.report.roll });
  }
  return rolled.slice(0, limit);
}

const dayBehind = (date: BusinessDate): BusinessDate => addDays(date, 1);
