/** An account as its shard has posted it: cash, positions at the mark, the journal that explains both, daily statements. */
import * as z from 'zod';
import { rule } from '../../lib/api/written.ts';
import type { AccountState, JournalEntry } from '../../lib/domain/clearing/account.ts';
import { excessOf } from '../../lib/domain/clearing/account-risk.ts';
import type { Statement } from '../../lib/domain/clearing/statement.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { type ContractMonth, contractCode } from '../../lib/domain/contract/months.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { formatPrice } from '../../lib/domain/contract/product.ts';
import { formatCents, type Lots } from '../../lib/domain/contract/units.ts';
import { accountsOfOwner } from '../../lib/store/accounts.ts';
import { readJournal } from '../../lib/store/journal.ts';
import { postedThrough } from '../../lib/store/posted.ts';
import { readStatements, statementName } from '../../lib/store/statements.ts';
import { findAccount, marginJson, positionsOf } from '../http/accounts.ts';
import { limitText, listPage, pageOf } from '../http/paging.ts';
import type { Problem } from '../http/problems.ts';
import { type Answer, ok, withQuery } from '../http/routes.ts';
import type { Answers, ParticipantRequest } from './participant.ts';
import { newestVenue } from './recent-venue.ts';

export async function showAccount(request: ParticipantRequest): Promise<Answer> {
  const { state, own, asOf, venue } = await postedAccount(request);
  const { account, name, cash, applied } = state;
  return ok({ account, name, cash: formatCents(cash), ...marginJson(venue, state, own), applied, asOf, seq: venue.seq });
}

export async function showPositions(request: ParticipantRequest): Promise<Answer> {
  const { state, asOf, venue } = await postedAccount(request);
  const positions = positionsOf(state).map(({ product, month, contract, lots }) => {
    const { marks, parameters } = venue.products[product]!;
    // A month that has expired and whose last posting has not reached this account has no mark any more.
    const mark = marks[month];
    return { contract, lots, mark: mark === undefined ? null : formatPrice(mark, parameters) };
  });
  return ok({ account: state.account, cash: formatCents(state.cash), positions, asOf, seq: venue.seq });
}

interface PostedAccount {
  /** The caller's, which is open: no other caller gets this far. */
  readonly state: AccountState;
  /** All accounts of its owner that have been posted. */
  readonly own: readonly AccountState[];
  /** The last event that is in it: events after it, up to the venue's newest, may still change the account. */
  readonly asOf: number;
  readonly venue: VenueState;
}

/** What is behind is read first, so that nothing here is newer than the venue it is shown with. */
async function postedAccount(request: ParticipantRequest): Promise<PostedAccount> {
  const { table, shards } = request.backends;
  const { account, shard } = request.caller;
  const posted = await postedThrough(table, shard, shards);
  const own = await accountsOfOwner(table, ownerOf(account), shards);
  const state = own.find((each) => each.account === account) ?? (await findAccount(table, account, shards))!;
  return { state, own, asOf: Math.max(posted, state.applied), venue: await newestVenue(request) };
}

export const listJournal: Answers['listJournal'] = async ({ query: { limit, cursor }, ...request }) => {
  const range = { limit: limit + 1, ...(cursor === undefined ? {} : { before: cursor }) };
  const entries = await readJournal(request.backends.table, request.caller.account, range);
  return ok(listPage(entries, limit, ({ seq }) => seq, entryJson));
};

const entryJson = ({ seq, kind, product, date, cents, balance, lots, reference, call }: JournalEntry) => ({
  seq,
  kind,
  ...(product === undefined ? {} : { product, lots: lotsJson(product, lots) }),
  ...(date === undefined ? {} : { date }),
  amount: formatCents(cents),
  balance: formatCents(balance),
  ...(reference === undefined ? {} : { reference }),
  ...(call === undefined ? {} : { called: formatCents(call.cents), due: call.due }),
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

export const listStatements = withQuery(
  STATEMENTS_QUERY,
  async (request: ParticipantRequest, query): Promise<Answer | Problem> => {
    const statements = await readStatements(request.backends.table, request.caller.account, query.limit + 1, query.before);
    return ok(pageOf(statements, query.limit, statementName, statementJson));
  },
);

const statementJson = (statement: Statement) => {
  const { date, product, after, through, balance, deposited, variation, rolledLots, rollCost, positions } = statement;
  const { requirement, cover } = statement;
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
    requirement: formatCents(requirement),
    cover: formatCents(cover),
    excess: formatCents(excessOf(requirement, cover)),
  };
};
