/**
 * The prices that a run replays: a daily spot index and the providers' offers, from CSV. A file is read whole or not at
 * all: every line that is not right is named, with its number, so that it can be put right in one go.
 */
import { type BusinessDate, parseDate } from '../domain/contract/calendar.ts';
import { INDEX_DECIMALS } from '../domain/contract/product.ts';
import { divideHalfEven, type Micros, parseDecimal, type Ticks, ticks } from '../domain/contract/units.ts';

/** One provider's standing offers on a day. */
export interface Offers {
  readonly provider: string;
  readonly offers: number;
  /** Average asked, rounded half-even to the tick. */
  readonly average: Ticks;
}

export type Spot = ReadonlyMap<BusinessDate, Micros>;
export type OffersByDay = ReadonlyMap<BusinessDate, readonly Offers[]>;

/** A file of prices that can't be used, with what is wrong, a line each, and what to do. */
export class PricesError extends Error {
  override name = 'PricesError';
  /** What to do about it; the message ends with it. */
  readonly hint: string;

  constructor(message: string, hint = 'Put the file right, or take other prices.') {
    super(`${message}\n  ${hint}`);
    this.hint = hint;
  }
}

export const SPOT_COLUMNS = ['date', 'grade', 'mean_usd_per_gpu_hour', 'median', 'p10', 'p90', 'snapshots'];
const OFFERS_COLUMNS = ['date', 'grade', 'provider', 'offers', 'min_usd_per_gpu_hour', 'avg_usd_per_gpu_hour'];
const FAULTS_SHOWN_MAX = 12;

/** The daily mean of one grade, every calendar day from the first to the last. Throws PricesError. */
export function readSpot(text: string, file: string, grade: string): Spot {
  const spot = new Map<BusinessDate, Micros>();
  const grades = new Set<string>();
  const seen = new Set<string>();
  readRows(text, file, SPOT_COLUMNS, ([date, of, mean, median, p10, p90, snapshots]) => {
    const day = dateOf(date!);
    grades.add(of!);
    once(seen, `${date} ${of}`);
    const value = priceOf('mean_usd_per_gpu_hour', mean!);
    for (const [name, figure] of [
      ['median', median],
      ['p10', p10],
      ['p90', p90],
    ] as const)
      priceOf(name, figure!);
    countOf('snapshots', snapshots!);
    if (of === grade) spot.set(day, value);
  });
  if (spot.size === 0)
    throw new PricesError(`${file} has no prices of ${grade}; it has ${[...grades].sort().join(', ') || 'none'}`);
  return spot;
}

/** The offers of one grade by day, in order of provider. A day without any is absent. Throws PricesError. */
export function readOffers(text: string, file: string, grade: string, priceDecimals: number): OffersByDay {
  const byDay = new Map<BusinessDate, Offers[]>();
  const seen = new Set<string>();
  const microsPerTick = 10n ** BigInt(INDEX_DECIMALS - priceDecimals);
  readRows(text, file, OFFERS_COLUMNS, ([date, of, provider, offers, least, average]) => {
    const day = dateOf(date!);
    once(seen, `${date} ${of} ${provider}`);
    if (!/^\S{1,40}$/.test(provider!)) throw new LineError(`provider ${JSON.stringify(provider)} is not a name`);
    const count = countOf('offers', offers!);
    priceOf('min_usd_per_gpu_hour', least!);
    const asked = ticks(Number(divideHalfEven(priceOf('avg_usd_per_gpu_hour', average!), microsPerTick)));
    if (of !== grade) return;
    const row = { provider: provider!, offers: count, average: asked };
    byDay.set(
      day,
      [...(byDay.get(day) ?? []), row].sort((a, b) => (a.provider < b.provider ? -1 : 1)),
    );
  });
  if (byDay.size === 0) throw new PricesError(`${file} has no offers of ${grade}`);
  return byDay;
}

/**
 * What a series of days says of a day after it began at `since`: its days one after the other, then back again, and so on, so that no
 * day is far from the one before.
 */
export function replayed<Value>(series: ReadonlyMap<BusinessDate, Value>, since: BusinessDate, date: BusinessDate): Value {
  const values = [...series].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  const day = Math.max(0, Math.round((Date.parse(date) - Date.parse(since)) / DAY_MS));
  const around = 2 * (values.length - 1) || 1;
  const at = day % around;
  return values[at < values.length ? at : around - at]!;
}

const DAY_MS = 86_400_000;

class LineError extends Error {}

function readRows(text: string, file: string, columns: readonly string[], read: (fields: string[]) => void): void {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines[0] !== columns.join(',')) throw new PricesError(`${file}:1: the columns must be ${columns.join(',')}`);
  const faults: string[] = [];
  lines.forEach((line, index) => {
    if (index === 0) return;
    try {
      const fields = line.split(',');
      if (fields.length !== columns.length) throw new LineError(`has ${fields.length} fields, not ${columns.length}`);
      read(fields);
    } catch (fault) {
      if (!(fault instanceof LineError)) throw fault;
      faults.push(`${file}:${index + 1}: ${fault.message}`);
    }
  });
  if (faults.length === 0) return;
  const more = faults.length > FAULTS_SHOWN_MAX ? [`and ${faults.length - FAULTS_SHOWN_MAX} more lines`] : [];
  throw new PricesError([...faults.slice(0, FAULTS_SHOWN_MAX), ...more].join('\n'));
}

function dateOf(text: string): BusinessDate {
  const day = parseDate(text);
  if (!day) throw new LineError(`date ${JSON.stringify(text)} is not a date like 2025-10-19`);
  return day;
}

function priceOf(column: string, text: string): Micros {
  const value = parseDecimal(text, INDEX_DECIMALS);
  if (value === undefined || value <= 0n) throw new LineError(`${column} ${JSON.stringify(text)} is not a price above zero`);
  return value as Micros;
}

function countOf(column: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new LineError(`${column} ${JSON.stringify(text)} is not a count above zero`);
  return Number(text);
}

function once(seen: Set<string>, what: string): void {
  if (seen.has(what)) throw new LineError(`${what} is there twice`);
  seen.add(what);
}
