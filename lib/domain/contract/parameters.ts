/**
 * The rules that a product's parameters keep, and how written ones are read. The route that writes parameters, the command
 * that tries them and the fold that reads them from the log all ask here, so that none takes what another would refuse.
 */
import { CALENDAR_NAMES, type CalendarName } from './calendar.ts';
import { formatPrice, INDEX_DECIMALS, type ProductParameters, parsePrice } from './product.ts';
import { bandErrors, limitErrors, marginErrors } from './risk-parameters.ts';
import { MAX_TICKS, type Ticks } from './units.ts';
import { inside, type Violation } from './violation.ts';
import { asWritten, type RiskParameters, readWrittenRisk, type WrittenRisk, writtenRisk } from './written-risk.ts';

/**
 * The whole numbers that parameters may be, the first and the last included. Near, next and the two months before them must
 * be listed for a roll; with more than twenty, prices could pass 32 bits.
 */
export const PARAMETER_LIMITS = {
  lotGpuHours: [1, 1_000_000],
  priceDecimals: [0, INDEX_DECIMALS],
  listedMonths: [4, 20],
  dailyLimitTicks: [1, MAX_TICKS],
  rollBandTicks: [0, MAX_TICKS],
  indexValuesMin: [1, 31],
  indexAgeDaysMax: [0, 366],
  indexMoveBasisPointsMax: [1, 1_000_000],
  liveOrdersMax: [1, 1_000_000],
  submissionsMax: [1, 1_000_000],
  creditUsd: [0, 999_999_999_999_999],
} as const satisfies Partial<Record<keyof ProductParameters, readonly [least: number, most: number]>>;

/** What one field must be, as said of it and as checked. */
interface FieldRule {
  readonly rule: string;
  readonly holds: (value: unknown) => boolean;
}

const whole = ([least, most]: readonly [least: number, most: number]): FieldRule => ({
  rule: `must be a whole number, ${least} to ${most}`,
  holds: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
});
const text = (rule: string, holds: (value: string) => boolean): FieldRule => ({
  rule,
  holds: (value) => typeof value === 'string' && holds(value),
});
const decimal = text('must be decimal text, such as "0.500"', () => true);

/** Those that are written as they are kept, in the order in which an event has them. */
const SHARED_RULES = {
  lotGpuHours: whole(PARAMETER_LIMITS.lotGpuHours),
  priceDecimals: whole(PARAMETER_LIMITS.priceDecimals),
  listedMonths: whole(PARAMETER_LIMITS.listedMonths),
  timeZone: text('must be an IANA time zone', isTimeZone),
  calendar: text(`must be one of ${CALENDAR_NAMES.join(', ')}`, (name) => CALENDAR_NAMES.includes(name as CalendarName)),
  dayRunTime: text('must be HH:MM', isWallClock),
  indexValuesMin: whole(PARAMETER_LIMITS.indexValuesMin),
  indexAgeDaysMax: whole(PARAMETER_LIMITS.indexAgeDaysMax),
  indexMoveBasisPointsMax: whole(PARAMETER_LIMITS.indexMoveBasisPointsMax),
  liveOrdersMax: whole(PARAMETER_LIMITS.liveOrdersMax),
  submissionsMax: whole(PARAMETER_LIMITS.submissionsMax),
  creditUsd: whole(PARAMETER_LIMITS.creditUsd),
  callDueTime: text('must be HH:MM', isWallClock),
};

const RULES: Readonly<Record<keyof Omit<ProductParameters, keyof RiskParameters>, FieldRule>> = {
  ...SHARED_RULES,
  dailyLimitTicks: whole(PARAMETER_LIMITS.dailyLimitTicks),
  rollBandTicks: whole(PARAMETER_LIMITS.rollBandTicks),
};

/** What is wrong with a set of parameters; empty when nothing is. */
export function parameterErrors(parameters: ProductParameters): Violation[] {
  const errors = fieldErrors(parameters, RULES);
  return errors.length ? errors : [...tickErrors(parameters), ...riskErrors(parameters, parameters.listedMonths)];
}

const riskErrors = ({ margin, limits, bandTicks }: RiskParameters, listedMonths: number): Violation[] => [
  ...inside(['margin'], marginErrors(margin, listedMonths)),
  ...inside(['limits'], limitErrors(limits)),
  ...inside(['bandTicks'], bandErrors(bandTicks)),
];

/** What one tick on one lot is worth can't be a fraction of a cent. The numbers themselves must be right already. */
function tickErrors({ lotGpuHours, priceDecimals }: Pick<ProductParameters, 'lotGpuHours' | 'priceDecimals'>): Violation[] {
  const rule = 'one tick on one lot must be a whole number of cents: lotGpuHours x 100 must be divisible by 10^priceDecimals';
  return (BigInt(lotGpuHours) * 100n) % 10n ** BigInt(priceDecimals) === 0n ? [] : [{ path: [], rule }];
}

function fieldErrors(value: object, rules: Readonly<Record<string, FieldRule>>): Violation[] {
  return Object.entries(rules).flatMap(([name, { rule, holds }]) => {
    const field: unknown = Object.hasOwn(value, name) ? value[name as keyof typeof value] : undefined;
    return holds(field) ? [] : [{ path: [name], rule: field === undefined ? 'is required' : rule }];
  });
}

function isWallClock(time: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(time);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** Terms of the contract itself: what a lot and a tick are worth can't change under positions that are open. */
const FIXED_TERMS = [
  'lotGpuHours',
  'priceDecimals',
  'listedMonths',
  'calendar',
  'timeZone',
] as const satisfies (keyof ProductParameters)[];

/** The terms that a change of parameters would alter and must not. */
export const fixedTermErrors = (before: ProductParameters, after: ProductParameters): Violation[] =>
  FIXED_TERMS.filter((term) => before[term] !== after[term]).map((term) => ({
    path: [term],
    rule: `is fixed at ${before[term]} since the product was listed`,
  }));

/** Parameters as people and the API write them: limits in USD per GPU-hour, as decimal text on the product's grid. */
export interface WrittenParameters
  extends Omit<ProductParameters, 'dailyLimitTicks' | 'rollBandTicks' | keyof RiskParameters>,
    WrittenRisk {
  readonly dailyLimit: string;
  readonly rollBand: string;
}

/** The inverse of `readWrittenParameters`. */
export function writtenParameters(parameters: ProductParameters): WrittenParameters {
  const { dailyLimitTicks, rollBandTicks, margin, limits, bandTicks, ...rest } = parameters;
  return {
    ...rest,
    dailyLimit: formatPrice(dailyLimitTicks, parameters),
    rollBand: formatPrice(rollBandTicks, parameters),
    ...writtenRisk({ margin, limits, bandTicks }, parameters),
  };
}

const present: FieldRule = { rule: 'is required', holds: (value) => value !== undefined };
const WRITTEN_RULES: Readonly<Record<keyof WrittenParameters, FieldRule>> = {
  ...SHARED_RULES,
  dailyLimit: decimal,
  rollBand: decimal,
  margin: present,
  limits: present,
  bands: present,
};

/** Reads written parameters, which may be of any shape; a list is what is wrong with them. */
export function readWrittenParameters(written: unknown): ProductParameters | Violation[] {
  if (typeof written !== 'object' || written === null || Array.isArray(written))
    return [{ path: [], rule: written === undefined ? 'is required' : 'must be an object' }];
  const unknown = Object.keys(written).filter((name) => !Object.hasOwn(WRITTEN_RULES, name));
  const errors = fieldErrors(written, WRITTEN_RULES);
  for (const name of unknown) errors.push({ path: [name], rule: 'is not a field here' });
  if (errors.length) return errors;
  const given = written as WrittenParameters;
  const price = (name: 'dailyLimit' | 'rollBand', least: number, bound: string): Ticks | undefined => {
    const parsed = parsePrice(given[name], given);
    if (parsed !== undefined && parsed >= least) return parsed;
    errors.push({ path: [name], rule: `must be decimal text with at most ${given.priceDecimals} decimals, ${bound}` });
    return undefined;
  };
  const dailyLimitTicks = price('dailyLimit', 1, 'more than zero');
  const rollBandTicks = price('rollBand', 0, 'zero or more');
  const risk = readWrittenRisk(given, given);
  errors.push(...tickErrors(given));
  if (Array.isArray(risk)) return [...errors, ...risk];
  errors.push(...asWritten(riskErrors(risk, given.listedMonths)));
  if (errors.length || dailyLimitTicks === undefined || rollBandTicks === undefined) return errors;
  // Field by field: the order of what was written must not be that of the event.
  const { lotGpuHours, priceDecimals, listedMonths, timeZone, calendar, dayRunTime } = given;
  const { indexValuesMin, indexAgeDaysMax, indexMoveBasisPointsMax, liveOrdersMax, submissionsMax } = given;
  const { creditUsd, callDueTime } = given;
  return {
    lotGpuHours,
    priceDecimals,
    listedMonths,
    timeZone,
    calendar,
    dayRunTime,
    indexValuesMin,
    indexAgeDaysMax,
    indexMoveBasisPointsMax,
    liveOrdersMax,
    submissionsMax,
    dailyLimitTicks,
    rollBandTicks,
    ...risk,
    creditUsd,
    callDueTime,
  };
}
