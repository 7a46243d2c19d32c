/** What is public: products, listed contracts and settlement prices. */
import { type ProductState, widthOf } from '../../lib/domain/clearing/venue.ts';
import { type BusinessDate, CalendarEndError, localDate } from '../../lib/domain/contract/calendar.ts';
import {
  type ContractMonth,
  contractCode,
  lastTradingDay,
  monthText,
  nearMonth,
  rollWindow,
} from '../../lib/domain/contract/months.ts';
import { formatPrice } from '../../lib/domain/contract/product.ts';
import { ticks } from '../../lib/domain/contract/units.ts';
import { readDay } from '../../lib/store/days.ts';
import { loadVenue } from '../../lib/store/log.ts';
import type { Table } from '../../lib/store/table.ts';
import { notFound, Problem } from '../http/problems.ts';
import { curveJson, listedProduct, productJson, productsOf } from '../http/products.ts';
import { ok } from '../http/routes.ts';
import { type Answers, productOf } from './public.ts';

export const listProducts: Answers['listProducts'] = async ({ backends }) =>
  ok({ items: productsOf(await loadVenue(backends.table)).map(productJson) });

export const listContracts: Answers['listContracts'] = async ({ query, backends, time }) => {
  const venue = await loadVenue(backends.table);
  const chosen = query.product === undefined ? undefined : listedProduct(venue, query.product);
  if (chosen instanceof Problem) return chosen;
  const states = chosen ? [chosen] : productsOf(venue);
  return ok({ items: states.flatMap((state) => state.listed.map((month) => contractJson(state, month, time))) });
};

function contractJson(state: ProductState, month: ContractMonth, time: number) {
  const { product, parameters, marks, lockedInARow } = state;
  const { calendar, timeZone } = parameters;
  const window = inCalendar(() => rollWindow(calendar, month));
  return {
    contract: contractCode(product, month),
    product,
    month: monthText(month),
    lastTradingDay: inCalendar(() => lastTradingDay(calendar, month)) ?? null,
    rollWindow: window ? { first: window.at(0)!, last: window.at(-1)! } : null,
    settlementPrice: formatPrice(marks[month]!, parameters),
    band: bandJson(state, month),
    lockedInARow: lockedInARow[month] ?? 0,
    near: inCalendar(() => nearMonth(calendar, localDate(time, timeZone))) === month,
  };
}

/** Where the next auction may clear. */
function bandJson(state: ProductState, month: ContractMonth) {
  const [mark, width] = [state.marks[month]!, widthOf(state, month)];
  const price = (at: number): string => formatPrice(ticks(at), state.parameters);
  return { low: price(mark - width), high: price(mark + width) };
}

/** The far months may lie in years whose holidays are not known yet: what depends on them is not known either. */
function inCalendar<T>(rule: () => T): T | undefined {
  try {
    return rule();
  } catch (error) {
    if (error instanceof CalendarEndError) return undefined;
    throw error;
  }
}

export const showSettlementPrices: Answers['showSettlementPrices'] = async ({ query, ...request }) => {
  const state = await productOf(request, query.product);
  if (state instanceof Problem) return state;
  const { product, parameters, marks, settledOn } = state;
  if (query.date === undefined) return ok({ product, date: settledOn, prices: curveJson(product, marks, parameters) });
  const prices = await settledPrices(request.backends.table, product, query.date);
  if (!prices) return notFound(`report of ${product} for ${query.date}`);
  return ok({ product, date: query.date, prices }, { immutable: true });
};

/** From the report of the day, once there is one. */
async function settledPrices(
  table: Table,
  product: string,
  date: BusinessDate,
): Promise<{ contract: string; price: string }[] | undefined> {
  const day = await readDay(table, product, date);
  return day?.step === 'done' ? Object.entries(day.report.settled).map(([contract, price]) => ({ contract, price })) : undefined;
}
