/** A statement as it is shown, in every form: what was kept of the day, and what explains it. */
import type { FullStatement } from '../../lib/api/account.ts';
import { excessOf } from '../../lib/domain/clearing/account-risk.ts';
import type { Statement } from '../../lib/domain/clearing/statement.ts';
import { explainStatement } from '../../lib/domain/clearing/statement-detail.ts';
import type { BusinessDate } from '../../lib/domain/contract/calendar.ts';
import { contractCode } from '../../lib/domain/contract/months.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { centsPerTick, formatPrice } from '../../lib/domain/contract/product.ts';
import { formatCents } from '../../lib/domain/contract/units.ts';
import { readJournalOf } from '../../lib/store/journal.ts';
import { loadVenue, readEventsAt } from '../../lib/store/log.ts';
import { readStatement } from '../../lib/store/statements.ts';
import { findAccount } from './accounts.ts';
import { notFound, Problem } from './problems.ts';
import { listedProduct } from './products.ts';
import type { Request } from './request.ts';

/** What a statement itself says. */
export function statementFigures(statement: Statement) {
  const { date, product, after, through, balance, variation, rolledLots, rollCost, requirement, cover } = statement;
  return {
    date,
    product,
    after,
    through,
    balance: formatCents(balance),
    variation: formatCents(variation),
    rolledLots,
    rollCost: formatCents(rollCost),
    requirement: formatCents(requirement),
    cover: formatCents(cover),
    excess: formatCents(excessOf(requirement, cover)),
  };
}

/** The statement of the caller's account, explained by its journal and the log: neither changes, and so neither does this. */
export async function fullStatement(
  { backends, caller: { account } }: Request<{ readonly account: string }>,
  { product, date }: { readonly product: string; readonly date: BusinessDate },
): Promise<FullStatement | Problem> {
  const { table, shards } = backends;
  const state = listedProduct(await loadVenue(table), product);
  if (state instanceof Problem) return state;
  const { parameters } = state;
  const statement = await readStatement(table, account, date, product);
  if (!statement) return notFound(`statement of ${product} for ${date}`);
  const entries = await readJournalOf(table, account, statement.after, statement.through);
  const own = entries.filter((entry) => entry.product === product).map(({ seq }) => seq);
  const [events, holder] = await Promise.all([readEventsAt(table, own), findAccount(table, account, shards)]);
  const { lines, ...moved } = explainStatement(statement, entries, events, centsPerTick(parameters));
  return {
    account,
    name: holder!.name,
    owner: ownerOf(account),
    ...statementFigures(statement),
    opening: formatCents(moved.opening),
    deposits: formatCents(moved.deposits),
    withdrawals: formatCents(moved.withdrawals),
    elsewhere: formatCents(moved.elsewhere),
    contracts: lines.map(({ month, openingLots, lots, mark, variation }) => ({
      contract: contractCode(product, month),
      openingLots,
      lots,
      price: formatPrice(mark, parameters),
      variation: formatCents(variation),
    })),
  };
}
