/** Statements: an account's days, one item for each product and day. */

import type { Statement } from '../domain/clearing/statement.ts';
import type { BusinessDate } from '../domain/contract/calendar.ts';
import { amount, amountsToJson } from './amounts.ts';
import { statementKey, statementPartition } from './keys.ts';
import { type Attributes, type Item, S, type Table, text } from './table.ts';

export async function writeStatements(table: Table, statements: readonly Statement[]): Promise<void> {
  await table.putAll(statements.map(statementItem));
}

export const statementItem = (statement: Statement): Item => ({
  ...statementKey(statement.account, statement.date, statement.product),
  attributes: { data: S(amountsToJson(statement)) },
});

/** The statement of an account for a day of a product; `undefined` when it has none. */
export async function readStatement(
  table: Table,
  account: string,
  date: BusinessDate,
  product: string,
): Promise<Statement | undefined> {
  const item = await table.get(statementKey(account, date, product));
  return item && decodeStatement(item);
}

/** Those that there are of some days of a product. */
export async function readStatementsOf(
  table: Table,
  account: string,
  dates: readonly BusinessDate[],
  product: string,
): Promise<Statement[]> {
  return (await table.getMany(dates.map((date) => statementKey(account, date, product)))).map(decodeStatement);
}

/** The newest first, those before the statement named `before` (as `statementName` names it). */
export async function readStatements(table: Table, account: string, limit: number, before?: string): Promise<Statement[]> {
  const range = before === undefined ? { limit } : { to: before, limit: limit + 1 };
  const items = await table.queryAll(statementPartition(account), { newestFirst: true, ...range });
  const earlier = items.filter((item) => text(item, 'sk') !== before).slice(0, limit);
  return earlier.map(decodeStatement);
}

export function decodeStatement(item: Attributes): Statement {
  const data = JSON.parse(text(item, 'data'));
  return {
    ...data,
    balance: amount(data.balance),
    deposited: amount(data.deposited),
    variation: amount(data.variation),
    rollCost: amount(data.rollCost),
    requirement: amount(data.requirement),
    cover: amount(data.cover),
  };
}

export const statementName = ({ account, date, product }: Statement): string => statementKey(account, date, product).sk;
