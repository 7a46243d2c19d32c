/** An account as its shard has posted it: cash, positions at the mark, the journal that explains both, daily statements. */
import * as z from 'zod';
import type { AccountState, JournalEntry } from '../../lib/domain/clearing/account.ts';
import type { Statement } from '../../lib/domain/clearing/statement.ts';
import { type ContractMonth, contractCode } from '../../lib/domain/contract/months.ts';
import { formatPrice } from '../../lib/domain/contract/product.ts';
import { formatCents, type Lots } from '../../lib/domain/contract/units.ts';
import { readJournal } from '../../lib/store/journal.ts';
import { readStatements, statementName } from '../../lib/store/statements.ts';
import { findAccount, positionsOf } from '../http/accounts.ts';
import { limitText, numberText, pageOf } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { readQuery, rule } from '../http/request.ts';
import { type Answer, ok } from '../http/routes.ts';
import type { ParticipantRequest } from './participant.ts';
import { newestVenue } from './recent-venue.ts';

export async function showAccount(request: ParticipantRequest): Promise<Answer> {
  const { account, name, cash, applied } = await accountOf(request);
  return ok({ account, name, cash: formatCents(cash), applied });
}

export async function showPositions(request: ParticipantRequest): Promise<Answer> {
  const state = await accountOf(request);
  const { products } = await newestVenue(request);
  const positions = positionsOf(state).map(({ product, month, contract, lots }) => {
    const { marks, parameters } = products[product]!;
    // A month that has expired and whose last posting has not reached this account has no mark any more.
    const mark = marks[month];
    return { contract, lots, mark: mark === undefined ? null : formatPrice(mark, parameters) };
  });
  return ok({ account: state.account, cash: formatCents(state.cash), positions });
}

/** The caller's account, which is open: no other caller gets this far. */
const accountOf = async ({ caller, backends }: ParticipantRequest): Promise<AccountState> =>
  (await findAccount(backends.table, caller.account, backends.shards))!;

const JOURNAL_QUERY = z.strictObject({ limit: limitText, before: numberText.optional() });

export async function listJournal(request: ParticipantRequest): Promise<Answer | Problem> {
  const query = readQuery(request, JOURNAL_QUERY);
  if (query instanceof Problem) return query;
  const range = { limit: query.limit + 1, ...(query.before === undefined ? {} : { before: query.before }) };
  const entries = await readJournal(request.backends.table, request.caller.account, range);
  return ok(pageOf(entries, query.limit, ({ seq }) => seq, entryJson));
}

const entryJson = ({ seq, kind, product, date, cents, balance, lots, reference }: JournalEntry) => ({
  seq,
  kind,
  ...(product === undefined ? {} : { product, lots: lotsJson(product, lots) }),
  ...(date === undefined ? {} : { date }),
  amount: formatCents(cents),
  balance: formatCents(balance),
  ...(reference === undefined ? {} : { reference }),
});

const lotsJson = (product: string, lots: Readonly<Record<number, Lots>>): Record<string, Lots> =>
  Object.fromEntries(
    Object.entries(lots).map(([month, quantity]) => [contractCode(product, Number(month) as ContractMonth), quantity]),
  );

const STATEMENTS_QUERY = z.strictObject({
  limit: limitText,
  before: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}#[A-Z0-9-]{1,32}$/, rule('must be a cursor'))
    .optional(),
});

export async function listStatements(request: ParticipantRequest): Promise<Answer | Problem> {
  const query = readQuery(request, STATEMENTS_QUERY);
  if (query instanceof Problem) return query;
  const statements = await readStatements(request.backends.table, request.caller.account, query.limit + 1, query.before);
  return ok(pageOf(statements, query.limit, statementName, statementJson));
}

const statementJson = (statement: Statement) => {
  const { date, product, after, through, balance, deposited, variation, rolledLots, rollCost, positions } = statement;
  return {
    date,
    product,
    after,
    through,
    balance: formatCents(balance),
    deposited: formatCents(deposited),
    variation: formatCents(variation),
    rolledLots,
    rollCost: formatCents(rollCost),
    positions: Object.entries(lotsJson(product, positions)).map(([contract, lots]) => ({ contract, lots })),
  };
};
