/**
 * A run as text: a line a day as a trader would read it, then the roll, the groups and the checks; or all of it as one
 * JSON object for a program. Money in JSON is integer cents, prices are the venue's own decimal text.
 */
import { type Cents, formatCents } from '../domain/contract/units.ts';
import type { DayReport } from './operator.ts';
import { amount, type Result } from './reconciliation.ts';

/** Months of the curve shown, from the near month at the start of the run less one. */
const MONTHS_SHOWN = 4;

const DAY_COLUMNS = ['volume', 'OI near', 'OI next', 'rolled', 'left', 'roll price', 'roll cost', 'variation'];

/** The head of the table of days. */
export function headLines(first: DayReport): string[] {
  const codes = shownContracts(first);
  const head = ['date', ...codes.map((code) => code.slice(-7)), ...DAY_COLUMNS];
  return [line(head), line(head.map((_, column) => '-'.repeat(width(column))))];
}

/** One day; `first` chooses the months shown, so that the columns stay. */
export function dayLine(day: DayReport, first: DayReport): string {
  const { roll } = day;
  const price = (code: string): string => {
    const settled = day.settled[code];
    return settled === undefined ? '' : `${settled}${code === day.near ? '*' : ' '}`;
  };
  const line_ = [
    day.date,
    ...shownContracts(first).map(price),
    count(Object.values(day.volume).reduce((sum, lots) => sum + lots, 0)),
    count(day.openInterest[day.near] ?? 0),
    count(day.openInterest[day.next] ?? 0),
    roll ? count(roll.longsRolled + roll.shortsRolled) : '',
    roll ? count(roll.longsLeft) : '',
    roll ? roll.price : '',
    roll ? dollars(amount(roll.longsRollCost)) : '',
    dollars(amount(day.variation.collected)),
  ];
  const expired = day.expired
    ? `\n${' '.repeat(12)}${day.expired.contract} settled finally at ${day.expired.finalPrice}, the mean of ${day.expired.indexValues} index values`
    : '';
  return line(line_) + expired;
}

export function summaryLines(result: Result, seconds: number): string[] {
  const { ledger } = result;
  const refused = Object.entries(ledger.refused).map(([reason, times]) => `${count(times)} ${reason}`);
  return [
    '',
    'prices in USD per GPU-hour, * near month; volume, open interest and rolls in lots; roll cost of longs and variation paid and collected in USD',
    '',
    `${count(result.auctions)} auctions over ${result.days.length} days, ${count(result.participants)} participants, seed ${result.seed}`,
    `${count(result.submissions)} submissions, ${count(ledger.orders)} orders and ${count(ledger.rollOrders)} roll orders, ${count(result.fills)} fills, ${count(result.lotsTraded)} lots traded`,
    `refused: ${refused.join(', ') || 'none'}; months locked at the edge of their band: ${count(result.locked)}; approvals by two operators: ${result.approvals}`,
    `rolled ${count(result.lotsRolled)} lots at a cost of ${dollars(result.rollCostCents)} USD to the longs, ${count(result.lotsLeftUnrolled)} lots left behind`,
    '',
    [...['group', 'accounts', 'long lots', 'short lots', 'profit or loss', 'best', 'worst']].map(groupCell).join(' '),
    ...result.groups.map((group) =>
      [
        group.group,
        count(group.accounts),
        count(group.longLots),
        count(group.shortLots),
        dollars(group.profitCents),
        dollars(group.bestCents),
        dollars(group.worstCents),
      ]
        .map(groupCell)
        .join(' '),
    ),
    '',
    [...['margin calls', 'called', 'calls', 'met', 'overdue', 'paid in', 'cut back']].map(callCell).join(' '),
    ...result.calls.map(({ group, accounts, calls, met, overdue, paidCents, cutBack }) =>
      [group, count(accounts), count(calls), count(met), count(overdue), dollars(paidCents), count(cutBack)]
        .map(callCell)
        .join(' '),
    ),
    ...(result.shortfalls.length === 0
      ? ['no account has lost more than its cash']
      : result.shortfalls.map(
          ({ name, account, cents }) => `${name} (${account}) has lost ${dollars(-cents)} USD more than its cash`,
        )),
    '',
    ...result.checks.map(({ name, holds, detail }) => `${holds ? 'ok  ' : 'FAIL'} ${name}: ${detail}`),
    '',
    `state ${result.stateHash}`,
    `${seconds} seconds`,
  ];
}

/** The object of `--json`. */
export function resultJson(result: Result, seconds: number): Record<string, unknown> {
  const { ledger } = result;
  return {
    seed: result.seed,
    product: result.product,
    participants: result.participants,
    auctions: result.auctions,
    submissions: result.submissions,
    orders: ledger.orders,
    rollOrders: ledger.rollOrders,
    refused: ledger.refused,
    orderLots: ledger.lots,
    fills: result.fills,
    lotsTraded: result.lotsTraded,
    lotsRolled: result.lotsRolled,
    lotsLeftUnrolled: result.lotsLeftUnrolled,
    rollCostCents: whole(result.rollCostCents),
    expiries: result.expiries,
    approvals: result.approvals,
    lotsSum: result.lotsSum,
    centsSum: whole(result.centsSum),
    replayIdentical: result.replayIdentical,
    stateHash: result.stateHash,
    seconds,
    days: result.days,
    groups: result.groups.map(({ profitCents, bestCents, worstCents, ...group }) => ({
      ...group,
      profitCents: whole(profitCents),
      bestCents: whole(bestCents),
      worstCents: whole(worstCents),
    })),
    locked: result.locked,
    calls: result.calls.map(({ paidCents, ...group }) => ({ ...group, paidCents: whole(paidCents) })),
    shortfalls: result.shortfalls.map(({ cents, ...account }) => ({ ...account, cents: whole(cents) })),
    checks: result.checks,
  };
}

function shownContracts(first: DayReport): string[] {
  const codes = Object.keys(first.settled).sort();
  const start = Math.max(0, codes.indexOf(first.near) - 1);
  return codes.slice(start, start + MONTHS_SHOWN);
}

const WIDTHS = [10, ...Array.from({ length: MONTHS_SHOWN }, () => 8), 8, 8, 8, 7, 7, 10, 10, 12];
const width = (column: number): number => WIDTHS[column] ?? 10;
const line = (cells: readonly string[]): string =>
  cells
    .map((cell, column) => cell.padStart(width(column)))
    .join(' ')
    .trimEnd();

const GROUP_WIDTHS = [14, 9, 11, 11, 17, 15, 15];
const groupCell = (cell: string, column: number): string =>
  column === 0 ? cell.padEnd(GROUP_WIDTHS[0]!) : cell.padStart(GROUP_WIDTHS[column]!);

const CALL_WIDTHS = [14, 9, 9, 9, 9, 15, 9];
const callCell = (cell: string, column: number): string =>
  column === 0 ? cell.padEnd(CALL_WIDTHS[0]!) : cell.padStart(CALL_WIDTHS[column]!);

const count = (value: number): string => grouped(`${value}`);
const dollars = (value: bigint): string => grouped(formatCents(value as Cents));
/** "-1234567.00" as "-1,234,567.00". */
const grouped = (text: string): string => text.replace(/\d(?=(\d{3})+(\.|$))/g, '$&,');

/** A JSON number that is exact. */
function whole(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} cents do not fit a JSON number`);
  return number;
}
