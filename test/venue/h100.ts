/** The product that the tests trade: its terms, and dates, times and months short enough for tables. */
import { type BusinessDate, instantOf, parseDate } from '../../lib/domain/contract/calendar.ts';
import { type ContractMonth, parseMonth } from '../../lib/domain/contract/months.ts';
import { writtenParameters } from '../../lib/domain/contract/parameters.ts';
import type { ProductParameters } from '../../lib/domain/contract/product.ts';
import { MAX_TICKS, ticks } from '../../lib/domain/contract/units.ts';

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
  ...unbounded(12),
};

/** Risk parameters that stop nothing: for tests of everything else. */
export function unbounded(
  listedMonths: number,
): Pick<ProductParameters, 'margin' | 'limits' | 'bandTicks' | 'creditUsd' | 'callDueTime'> {
  const most = 1_000_000_000_000;
  return {
    margin: { scenarios: [Array.from({ length: listedMonths }, () => 0)], deliveryTicks: 0, funding: [], concentration: [] },
    limits: { orderLots: 1_000_000, monthLots: most, delivery: { lots: most, fromDay: 1 }, allLots: most, reportedLots: most },
    bandTicks: [ticks(MAX_TICKS)],
    creditUsd: 999_999_999_999_999,
    callDueTime: '10:00',
  };
}

/**
 * The same product with all risk rules on: the curve up and down by 30 cents (a lot needs 300 USD) and 10 cents apart between any two months, 5 cents more in
 * the month of delivery, a band of 25 cents that widens to 40, no credit.
 */
export const RISKY: ProductParameters = {
  ...H100,
  margin: {
    scenarios: [flat(300), flat(-300), twisted(100), twisted(-100)],
    deliveryTicks: 50,
    funding: [],
    concentration: [],
  },
  limits: { orderLots: 1000, monthLots: 2000, delivery: { lots: 500, fromDay: 10 }, allLots: 3000, reportedLots: 1500 },
  bandTicks: [ticks(250), ticks(400)],
  creditUsd: 0,
};

function flat(move: number): number[] {
  return Array.from({ length: 12 }, () => move);
}

/** Months by turns: any two neighbours move apart. */
function twisted(move: number): number[] {
  return Array.from({ length: 12 }, (_, place) => (place % 2 === 0 ? move / 2 : -move / 2));
}

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
