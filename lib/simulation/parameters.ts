/** The terms that the product is listed with, as the API takes them. */

/** On every place of the curve. */
const flat = (move: string): readonly string[] => Array.from({ length: 12 }, () => move);
/** Up to a place in one way, behind it in the other: in dollars, half of it each. */
const twisted = (places: number, before: string, behind: string): readonly string[] =>
  Array.from({ length: 12 }, (_, place) => (place < places ? before : behind));

/** Index values for the first month begin on the 19th, so it needs fewer than most. */
const TERMS = {
  lotGpuHours: 1000,
  priceDecimals: 3,
  listedMonths: 12,
  timeZone: 'America/New_York',
  calendar: 'NYSE',
  dayRunTime: '16:00',
  dailyLimit: '0.500',
  rollBand: '0.050',
  indexValuesMin: 12,
  indexAgeDaysMax: 4,
  indexMoveBasisPointsMax: 3000,
  liveOrdersMax: 10_000,
  submissionsMax: 20_000,
  callDueTime: '10:00',
} as const;

/**
 * With all risk rules on. The whole curve up and down by what `npm run margin` proposes from the month's spot prices, and by a tenth of a dollar apart at
 * four places of it.
 */
export const PARAMETERS = {
  ...TERMS,
  margin: {
    scenarios: [
      flat('0.433'),
      flat('-0.433'),
      ...[1, 2, 4, 8].flatMap((places) => [twisted(places, '0.050', '-0.050'), twisted(places, '-0.050', '0.050')]),
    ],
    delivery: '0.050',
    funding: [{ from: '2025-12-22', through: '2026-01-05', addOn: '0.040' }],
    concentration: [
      { lots: 500, addOn: '0.020' },
      { lots: 1000, addOn: '0.050' },
    ],
  },
  limits: { orderLots: 500, monthLots: 2_000, delivery: { lots: 1_000, fromDay: 10 }, allLots: 3_000, reportedLots: 1_500 },
  bands: ['0.150', '0.250', '0.400'],
  creditUsd: 0,
} as const;

/** With risk rules that stop nothing: for worlds that try something else. */
export const WITHOUT_RISK = {
  ...TERMS,
  margin: { scenarios: [flat('0.000')], delivery: '0.000', funding: [], concentration: [] },
  limits: { orderLots: 1_000_000, monthLots: 1e12, delivery: { lots: 1e12, fromDay: 1 }, allLots: 1e12, reportedLots: 1e12 },
  bands: ['100000.000'],
  creditUsd: 999_999_999_999_999,
} as const;
