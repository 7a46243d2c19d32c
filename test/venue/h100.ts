/** The product that the tests trade: its terms, and dates, times and months short enough for tables. */
import { type BusinessDate, instantOf, parseDate } from '../../lib/domain/contract/calendar.ts';
import { type ContractMonth, parseMonth } from '../../lib/domain/contract/months.ts';
import { writtenParameters } from '../../lib/domain/contract/parameters.ts';
import type { ProductParameters } from '../../lib/domain/contract/product.ts';
import { ticks } from '../../lib/domain/contract/units.ts';

export const PRODUCT = 'H100-SXM';

export const H100: ProductParameters = {
  lotGpuHours: 1000,
  priceDecimals: 3,
  listedMonths: 12,
  timeZone: 'America/New_York',
  calendar: 'NYSE',
  dayRunTime: '16:00',
  dailyLimitTicks: ticks(250),
  rollBandTicks: ticks(50),
  indexValuesMin: 18,
  indexAgeDaysMax: 4,
  indexMoveBasisPointsMax: 2500,
  liveOrdersMax: 10_000,
  submissionsMax: 20_000,
};

/** The same as the API takes and shows them. */
export const PARAMETERS = writtenParameters(H100);

export function on(text: string): BusinessDate {
  const day = parseDate(text);
  if (!day) throw new Error(`not a date: ${text}`);
  return day;
}

export function month(text: string): ContractMonth {
  const parsed = parseMonth(text);
  if (parsed === undefined) throw new Error(`not a month: ${text}`);
  return parsed;
}

/** The instant at which clocks in New York show a time, milliseconds. */
export const newYorkMs = (date: string, time: string): number => instantOf(on(date), time, H100.timeZone);
/** The same as ISO text in UTC. */
export const newYork = (date: string, time: string): string => new Date(newYorkMs(date, time)).toISOString();

export const OCT = month('2025-10');
export const NOV = month('2025-11');
export const DEC = month('2025-12');
