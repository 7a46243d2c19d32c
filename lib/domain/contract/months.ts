/**
 * Contract months: which are listed, when they stop trading, when they are rolled. A month is one number, years times
 * twelve plus the month from zero, so that the next month is plus one and a year end is nothing special.
 */
import { addDays, type BusinessDate, businessDays, type CalendarName } from './calendar.ts';

declare const month: unique symbol;
/** A delivery month: year x 12 + (month - 1). */
export type ContractMonth = number & { readonly [month]: true };

/** Cash stands opposite the month of an outright order. */
export const CASH = 0 as ContractMonth;

/** Business days of the month before delivery on which its longs roll, first and last included. */
export const ROLL_DAYS = { first: 5, last: 9 } as const;

/** `monthOfYear` is 1 to 12. */
export const contractMonth = (year: number, monthOfYear: number): ContractMonth => (year * 12 + monthOfYear - 1) as ContractMonth;
export const monthAfter = (from: ContractMonth, count = 1): ContractMonth => (from + count) as ContractMonth;
/** The calendar month that a date lies in. */
export const monthOf = (day: BusinessDate): ContractMonth => contractMonth(Number(day.slice(0, 4)), Number(day.slice(5, 7)));

/** "2025-12" */
export const monthText = (of: ContractMonth): string =>
  `${String(Math.floor(of / 12)).padStart(4, '0')}-${String((of % 12) + 1).padStart(2, '0')}`;

/** "H100-SXM-2025-12" */
export const contractCode = (product: string, of: ContractMonth): string => `${product}-${monthText(of)}`;

/** `undefined` for anything but a month of the years 1000 to 9999: month zero stands for cash. */
export function parseMonth(text: string): ContractMonth | undefined {
  const match = /^([1-9]\d{3})-(0[1-9]|1[0-2])$/.exec(text);
  return match ? contractMonth(Number(match[1]), Number(match[2])) : undefined;
}

/** Splits "H100-SXM-2025-12" into product and month; `undefined` when it is not a contract code. */
export function parseContractCode(code: string): { product: string; month: ContractMonth } | undefined {
  const match = /^(.+)-(\d{4}-\d{2})$/.exec(code);
  const parsed = match && parseMonth(match[2]!);
  return match && parsed !== undefined && parsed !== null ? { product: match[1]!, month: parsed } : undefined;
}

export const firstDay = (of: ContractMonth): BusinessDate => `${monthText(of)}-01` as BusinessDate;
export const lastDay = (of: ContractMonth): BusinessDate => addDays(firstDay(monthAfter(of)), -1);

/** The last business day of the delivery month. */
export const lastTradingDay = (calendar: CalendarName, of: ContractMonth): BusinessDate =>
  businessDays(calendar, firstDay(of), lastDay(of)).at(-1)!;

/** Of some listed months, those that trade on a date: their last trading day has not passed. */
export const tradedOn = (calendar: CalendarName, listed: readonly ContractMonth[], day: BusinessDate): ContractMonth[] =>
  // Only the date's own month is looked up: the far months may be past the end of the calendar's data.
  listed.filter((of) => of > monthOf(day) || (of === monthOf(day) && lastTradingDay(calendar, of) >= day));

/** The business days on which positions in the month roll: days 5 to 9 of the month before it. */
export const rollWindow = (calendar: CalendarName, of: ContractMonth): BusinessDate[] =>
  businessDays(calendar, firstDay(monthAfter(of, -1)), lastDay(monthAfter(of, -1))).slice(ROLL_DAYS.first - 1, ROLL_DAYS.last);

/** The near month on a date: the first month whose roll window has not passed. The window of the date's own month always has. */
export function nearMonth(calendar: CalendarName, day: BusinessDate): ContractMonth {
  let candidate = monthAfter(monthOf(day));
  while (rollWindow(calendar, candidate).at(-1)! < day) candidate = monthAfter(candidate);
  return candidate;
}

/** The `count` months listed on a date: those whose last trading day has not passed. */
export function listedMonths(calendar: CalendarName, day: BusinessDate, count: number): ContractMonth[] {
  const current = monthOf(day);
  const first = lastTradingDay(calendar, current) < day ? monthAfter(current) : current;
  return Array.from({ length: count }, (_, offset) => monthAfter(first, offset));
}
