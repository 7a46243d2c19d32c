/** The tables of which a trading day is written: what goes in (deposits, orders, index values) and what must come out. */
import { type Form, type Forms, readTables, TableError, type Written } from './tables.ts';

const form = (pattern: RegExp, says: string): Form => ({ pattern, says });
const MONTH = '(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) 20\\d\\d';
const account = form(/^[a-z][a-z0-9-]*$/, 'an account');
const name = form(/^[A-Za-z0-9._:-]{1,36}$/, 'the name of an order');
const filledName = form(/^([A-Za-z0-9._:-]{1,36}|the roll)$/, 'the name of an order, or "the roll"');
const order = form(new RegExp(`^(buy|sell) ${MONTH}$|^buy ${MONTH}, sell ${MONTH}$`), 'an order, as "buy Dec 2025"');
const months = form(new RegExp(`^(${MONTH}|every (other )?month)$`), 'a month, as Dec 2025, or "every other month"');
const traded = form(new RegExp(`^(${MONTH}|nothing)$`), 'a month, as Dec 2025, or "nothing"');
const price = form(/^-?\d+\.\d{3}$/, 'a price with three decimals');
const priceOrNone = form(/^(-?\d+\.\d{3})?$/, 'a price with three decimals');
const usd = form(/^-?\d+\.\d{2}$/, 'an amount with two decimals');
const lots = form(/^[1-9]\d*$/, 'lots');
const lotsOrNone = form(/^([1-9]\d*)?$/, 'lots');
const signedLots = form(/^(0|-?[1-9]\d*)$/, 'lots');
const holding = form(new RegExp(`^(none|-?[1-9]\\d* ${MONTH}(, -?[1-9]\\d* ${MONTH})*)$`), 'a position, as "10 Dec 2025"');
const goodFor = form(/^(auction|day|gtc)$/, 'auction, day or gtc');
const date = form(/^\d{4}-\d{2}-\d{2}$/, 'a date');
const time = form(/^\d{2}:\d{2}$/, 'a time');
const value = form(/^-?\d+\.\d{1,6}$/, 'an index value');
const words = form(/^[a-z-]+(: [a-z-]+)?$/, 'an answer');
const rolls = form(/^(at market|at -?\d+\.\d{3}|not)$/, 'at market, at a limit, or not');
const operator = form(/^(first|second)$/, 'the first or second operator');
const act = form(
  new RegExp(`^(halts|resumes|approves|amends (${MONTH} )?to \\d+\\.\\d{3,6})$`),
  'halts, resumes, approves or amends to a price',
);
const dueTime = form(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$/, 'a date and a time');
const step = form(/^(none|roll|close|clear|settle|expire|report|done)$/, 'a step of the day run');
const lockedAt = form(/^limit-(bid|offered)$/, 'limit-bid or limit-offered');
const heldKind = form(/^(index|settlement|final-price)$/, 'index, settlement or final-price');
const term = form(/^(index values for a final price|daily limit|margin of a lot|price bands)$/, 'a term of the product');
const termValue = form(/^\d+(\.\d{3})?(, \d+\.\d{3})*$/, 'a number, or several prices');

/** Every table, by its header: first what goes in, then what must come out. */
const FORMS = {
  'term | value': [term, termValue],
  'contract | listed at': [months, price],
  'account | deposit': [account, usd],
  'index of | value': [date, value],
  'account | rolls': [account, rolls],
  'account | name | order | price | lots': [account, name, order, price, lots],
  'account | name | order | price | lots | good for': [account, name, order, price, lots, goodFor],
  'account | cancels | answer': [account, name, words],
  'account | withdraws | answer': [account, usd, words],
  'operator | act | answer': [operator, act, words],
  'auction | contract | price | lots': [time, traded, priceOrNone, lotsOrNone],
  'auction | contract | locked | crowd | kept': [time, months, lockedAt, lots, lots],
  'account | name | filled | price | lots': [account, filledName, order, price, lots],
  'account | name | self-matched | lots': [account, filledName, order, lots],
  'account | name | rests | price | lots': [account, name, order, price, lots],
  'contract | mark': [months, price],
  'account | cash | position': [account, usd, holding],
  'account | variation | rolled lots | roll cost': [account, usd, signedLots, usd],
  'account | requirement | cover | excess': [account, usd, usd, usd],
  'account | called | due | stands': [account, usd, dueTime, words],
  'held | reason': [heldKind, words],
  'day run of | stands at': [date, step],
} as const satisfies Forms;
export type Header = keyof typeof FORMS;

/** What stands before the first day. */
const BEFORE: ReadonlySet<string> = new Set<Header>(['term | value', 'contract | listed at']);
/** What must come out: these headers and all below them. */
export const OUTCOMES: ReadonlySet<string> = new Set(
  Object.keys(FORMS).slice(Object.keys(FORMS).indexOf('auction | contract | price | lots' satisfies Header)),
);

/** Reads the days and checks that each table stands where it can be played. Throws TableError. */
export function readTradingDays(text: string): Written {
  const written = readTables(text, FORMS);
  for (const { line, header, date: day } of written.tables)
    if ((day === undefined) !== BEFORE.has(header))
      throw new TableError(line, day === undefined ? 'must stand under a day' : 'must stand before the first day');
  if (!written.tables.some(({ header }) => OUTCOMES.has(header))) throw new TableError(1, 'nothing must come out of it');
  return written;
}
