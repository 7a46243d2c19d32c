/** The settlement prices that margin is proposed from: those in a venue's own log, or those in a file. */

import { EMPTY_VENUE, evolveVenue, type ProductState } from '../../domain/clearing/venue.ts';
import { parseDate } from '../../domain/contract/calendar.ts';
import { type ContractMonth, parseContractCode } from '../../domain/contract/months.ts';
import { type ProductParameters, parsePrice } from '../../domain/contract/product.ts';
import type { SettledCurve } from '../../domain/risk/scenario-proposal.ts';
import { readLog } from '../../store/log.ts';
import type { Rows } from '../../store/table.ts';
import { OperationsError } from '../error.ts';

/** A product as its log has it, with every curve that it has settled at, the oldest first. Throws OperationsError when there is none. */
export async function settledCurves(
  rows: Rows,
  product: string,
): Promise<{ readonly state: ProductState; readonly history: readonly SettledCurve[] }> {
  let venue = EMPTY_VENUE;
  const history: SettledCurve[] = [];
  for await (const { seq, hash, event } of readLog(rows, EMPTY_VENUE)) {
    venue = evolveVenue(venue, seq, hash, event);
    if (event.kind !== 'prices-settled' || event.product !== product) continue;
    const { listed, marks } = venue.products[product]!;
    history.push({ date: event.date, prices: new Map(listed.map((month) => [month, marks[month]!])) });
  }
  const state = venue.products[product];
  if (state) return { state, history };
  const there = Object.keys(venue.products).join(', ') || 'none';
  throw new OperationsError(`There is no product ${product}`, `There are: ${there}.`);
}

export const CURVE_COLUMNS = 'date,contract,price';
const FAULTS_SHOWN = 12;

/**
 * Settlement prices of one product from CSV with the columns date, contract and price, in any order of lines. The file is read whole or not at all:
 * throws OperationsError that names every line that is not right.
 */
export function readSettlements(
  text: string,
  file: string,
  product: string,
  grid: Pick<ProductParameters, 'priceDecimals'>,
): SettledCurve[] {
  const [head, ...lines] = text.trimEnd().split(/\r?\n/);
  const hint = 'Put the file right, or take another.';
  if (head !== CURVE_COLUMNS) throw new OperationsError(`${file}:1: the columns must be ${CURVE_COLUMNS}`, hint);
  const byDate = new Map<string, Map<ContractMonth, number>>();
  const faults: string[] = [];
  for (const [at, line] of lines.entries()) {
    const [dateText = '', code = '', priceText = '', ...more] = line.split(',');
    const date = parseDate(dateText);
    const contract = parseContractCode(code);
    const price = parsePrice(priceText, grid);
    const say = (what: string): void => void faults.push(`${file}:${at + 2}: ${what}`);
    if (more.length > 0) say(`has ${3 + more.length} fields, not 3`);
    else if (!date) say(`date ${JSON.stringify(dateText)} is not a date like 2025-10-19`);
    else if (contract?.product !== product) say(`contract ${JSON.stringify(code)} is none of ${product}`);
    else if (price === undefined)
      say(`price ${JSON.stringify(priceText)} is not decimal text with at most ${grid.priceDecimals} decimals`);
    else {
      const prices = byDate.get(date) ?? new Map<ContractMonth, number>();
      if (prices.has(contract.month)) say(`${code} on ${date} is there twice`);
      byDate.set(date, prices.set(contract.month, price));
    }
  }
  const more = faults.length > FAULTS_SHOWN ? [`and ${faults.length - FAULTS_SHOWN} more lines`] : [];
  if (faults.length > 0) throw new OperationsError([...faults.slice(0, FAULTS_SHOWN), ...more].join('\n'), hint);
  return [...byDate]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([date, prices]) => ({ date: parseDate(date)!, prices: new Map([...prices].sort(([a], [b]) => a - b)) }));
}
