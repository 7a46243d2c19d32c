/**
 * A statement as rows of CSV (RFC 4180), each with its account, product and date. Nothing in it was typed by a person, names are left out, so that no cell
 * can be a formula of a spreadsheet: ids and codes have no sign in front, and what has one is a number.
 */
import type { FullStatement } from '../../lib/api/account.ts';

const COLUMNS = ['account', 'product', 'date', 'item', 'contract', 'lots', 'price', 'amount'] as const;

interface Row {
  readonly item: string;
  readonly contract?: string;
  readonly lots?: number;
  readonly price?: string;
  readonly amount: string;
}

export function statementCsv(statement: FullStatement): string {
  const { account, product, date } = statement;
  const lines = rowsOf(statement).map(({ item, contract = '', lots = '', price = '', amount }) =>
    [account, product, date, item, contract, lots, price, amount].join(','),
  );
  return [COLUMNS.join(','), ...lines, ''].join('\r\n');
}

function rowsOf(statement: FullStatement): Row[] {
  const { opening, deposits, withdrawals, elsewhere, balance, rolledLots, rollCost, requirement, cover, excess } = statement;
  return [
    { item: 'opening-balance', amount: opening },
    { item: 'deposits', amount: deposits },
    { item: 'withdrawals', amount: withdrawals },
    ...statement.contracts.map(
      ({ contract, lots, price, variation }): Row => ({ item: 'variation', contract, lots, price, amount: variation }),
    ),
    { item: 'other-products', amount: elsewhere },
    { item: 'closing-balance', amount: balance },
    { item: 'roll-cost', lots: rolledLots, amount: rollCost },
    { item: 'requirement', amount: requirement },
    { item: 'cover', amount: cover },
    { item: 'excess', amount: excess },
  ];
}
