/**
 * Orders as a file or a pipe brings them: a JSON submission, a JSON list, JSON lines, or CSV with a heading. Nothing is
 * repaired: text that is none of these is refused with its line, and what a field may be is the venue's to say.
 */
import { CsvError, parse } from 'csv-parse/sync';
import { Failure } from '../terminal/failure.ts';

/** One entry of a submission, as docs/api.md has it. */
export type WrittenOrder = Readonly<Record<string, unknown>>;

export interface OrdersIn {
  /** As a whole submission names it. */
  readonly product: string | undefined;
  readonly orders: readonly WrittenOrder[];
}

/** Columns that a CSV may have; an empty cell is a field that is left out. */
export const COLUMNS = [
  'clientOrderId',
  'side',
  'contract',
  'buy',
  'sell',
  'price',
  'lots',
  'timeInForce',
  'replaces',
  'cancel',
  'cancelAll',
] as const;

/** Throws a Failure `usage` for what is no list of orders. */
export function ordersIn(text: string): OrdersIn {
  const first = text.trimStart()[0];
  if (first === undefined) throw new Failure('usage', 'There are no orders in the input', FORMS);
  if (first === '[') return { product: undefined, orders: entries(json(text, 'The input')) };
  if (first === '{') return objectsIn(text);
  return { product: undefined, orders: fromCsv(text) };
}

const FORMS = `Give JSON ({"orders": [...]}, a list, or a line an order) or CSV with a heading of: ${COLUMNS.join(',')}`;

/** One object is a submission, or the only line of JSON lines. */
function objectsIn(text: string): OrdersIn {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const whole = parsed(text);
  if (whole === undefined) return { product: undefined, orders: entries(lines.map((line, at) => json(line, `Line ${at + 1}`))) };
  if (!isObject(whole) || !('orders' in whole)) return { product: undefined, orders: entries([whole]) };
  const { product, orders, ...others } = whole;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new Failure('usage', `A submission has no field ${JSON.stringify(other)}`, FORMS);
  if (product !== undefined && typeof product !== 'string') throw new Failure('usage', 'The product of a submission is a text');
  return { product, orders: entries(orders) };
}

function entries(list: unknown): WrittenOrder[] {
  if (!Array.isArray(list) || list.length === 0) throw new Failure('usage', 'The orders are no list, or an empty one', FORMS);
  return list.map((entry: unknown, at) => {
    if (isObject(entry)) return entry;
    throw new Failure('usage', `Order ${at + 1} is no object`, FORMS);
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Throws a Failure `usage` for what is no JSON. */
export function json(text: string, what: string, forms = FORMS): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure('usage', `${what} is no JSON: ${(error as Error).message}`, forms);
  }
}

function fromCsv(text: string): WrittenOrder[] {
  const rows = rowsOf(text, COLUMNS, FORMS);
  return entries(
    rows.map((row, at) => ({
      ...row,
      // The two fields that are no text in JSON.
      ...(row.lots === undefined ? {} : { lots: wholeNumber(row.lots, `Row ${at + 1}: lots`) }),
      ...(row.cancelAll === undefined ? {} : { cancelAll: truth(row.cancelAll, `Row ${at + 1}: cancelAll`) }),
    })),
  );
}

/** Rows of a CSV with a heading (RFC 4180) as objects of the cells that are not empty. Throws a Failure `usage`. */
export function rowsOf(text: string, columns: readonly string[], forms: string): Record<string, string>[] {
  const heading = (names: string[]): string[] => {
    const unknown = names.find((name) => !columns.includes(name));
    if (unknown !== undefined) throw new Failure('usage', `The heading has a column ${JSON.stringify(unknown)}`, forms);
    if (new Set(names).size < names.length) throw new Failure('usage', 'The heading has a column twice', forms);
    return names;
  };
  try {
    const rows = parse(text, { columns: heading, bom: true, trim: true, skip_empty_lines: true });
    return (rows as Record<string, string>[]).map((row) =>
      Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== '')),
    );
  } catch (error) {
    if (error instanceof CsvError) throw new Failure('usage', `The input is no CSV: ${error.message}`, forms);
    throw error;
  }
}

function wholeNumber(text: string, what: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new Failure('usage', `${what} is no whole number: ${JSON.stringify(text)}`);
}

function truth(text: string, what: string): true {
  if (text === 'true') return true;
  throw new Failure('usage', `${what} is true or left out, not ${JSON.stringify(text)}`);
}

/** A code of a contract ends in its month: this is the product before it. */
const CODE = /^(.+)-\d{4}-\d{2}$/;
const MONTH = /^\d{4}-\d{2}$/;

/** The product that the contracts of the orders are of. `undefined` when none says it. Throws a Failure when they name two. */
export function productOf(orders: readonly WrittenOrder[]): string | undefined {
  const products = new Set(
    orders
      .flatMap(({ contract, buy, sell }) => [contract, buy, sell])
      .flatMap((code) => (typeof code === 'string' ? (CODE.exec(code)?.[1] ?? []) : [])),
  );
  if (products.size > 1)
    throw new Failure(
      'usage',
      `The orders are of several products: ${[...products].join(', ')}`,
      'A submission is of one. Send one for each.',
    );
  return products.values().next().value;
}

/** The orders with whole codes for bare months, and a name for those without one, made of the key so that a repeat has the same. */
export function completed(orders: readonly WrittenOrder[], product: string, key: string): WrittenOrder[] {
  const code = (value: unknown): unknown => (typeof value === 'string' && MONTH.test(value) ? `${product}-${value}` : value);
  return orders.map((order, at) => {
    const codes = Object.entries(order).map(([name, value]) => [
      name,
      ['contract', 'buy', 'sell'].includes(name) ? code(value) : value,
    ]);
    const isNew = ['contract', 'buy', 'sell'].some((name) => name in order);
    const named = isNew && order.clientOrderId === undefined ? { clientOrderId: `${key.slice(-12)}-${at + 1}` } : {};
    return { ...named, ...Object.fromEntries(codes) };
  });
}
