/** An account as its shard has posted it: cash, positions at the mark, the journal that explains both, daily statements. */
import type { AccountState, JournalEntry } from '../../lib/domain/clearing/account.ts';
import { ownerLotsOf, requirementFreed } from '../../lib/domain/clearing/account-risk.ts';
import { entryPrice, openProfit } from '../../lib/domain/clearing/entry-cost.ts';
import type { Statement } from '../../lib/domain/clearing/statement.ts';
import type { ProductState, VenueState } from '../../lib/domain/clearing/venue.ts';
import { type ContractMonth, contractCode } from '../../lib/domain/contract/months.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { centsPerTick, formatIndex, formatPrice } from '../../lib/domain/contract/product.ts';
import { addCents, type Cents, cents, formatCents, type Lots, NO_CENTS, type Ticks } from '../../lib/domain/contract/units.ts';
import { accountsOfOwner } from '../../lib/store/accounts.ts';
import { readJournal } from '../../lib/store/journal.ts';
import { postedThrough } from '../../lib/store/posted.ts';
import { readStatements, statementName } from '../../lib/store/statements.ts';
import { findAccount, marginJson, positionsOf } from '../http/accounts.ts';
import { listPage } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { ok } from '../http/routes.ts';
import { fullStatement, statementFigures } from '../http/statements.ts';
import type { Answers, ParticipantRequest } from './participant.ts';
import { newestVenue } from './recent-venue.ts';

export const showAccount: Answers['showAccount'] = async (request) => {
  const { state, own, asOf, venue } = await postedAccount(request);
  const { account, name, cash, applied } = state;
  return ok({ account, name, cash: formatCents(cash), ...marginJson(venue, state, own), applied, asOf, seq: venue.seq });
};

export const showPositions: Answers['showPositions'] = async (request) => {
  const { state, own, asOf, venue } = await postedAccount(request);
  const { account, cash, deposited } = state;
  const held = heldPositions(venue, state, own);
  const { requirement } = marginJson(venue, state, own);
  const open = held.some(({ profit }) => profit === null)
    ? null
    : held.reduce((sum, { profit }) => addCents(sum, profit ?? NO_CENTS), NO_CENTS);
  return ok({
    account,
    cash: formatCents(cash),
    requirement,
    openProfit: open === null ? null : formatCents(open),
    realizedProfit: open === null ? null : formatCents(cents(cash - deposited - open)),
    positions: held.map(positionJson),
    asOf,
    seq: venue.seq,
  });
};

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

/** A position with what it has gained, and what it makes the account need. */
interface HeldPosition {
  readonly product: ProductState;
  readonly contract: string;
  readonly lots: Lots;
  readonly entryCost: Cents;
  /** `null` for a month that has expired and whose last posting has not reached this account. */
  readonly mark: Ticks | null;
  readonly profit: Cents | null;
  readonly freed: Cents | null;
}

function heldPositions(venue: VenueState, state: AccountState, own: readonly AccountState[]): HeldPosition[] {
  return positionsOf(state).map(({ product: code, month, contract, lots }) => {
    const product = venue.products[code]!;
    const mark = product.marks[month] ?? null;
    const entryCost = state.products[code]!.entryCost?.[month] ?? NO_CENTS;
    const profit = mark === null ? null : openProfit(lots, mark, entryCost, centsPerTick(product.parameters));
    const freed = requirementFreed(product, state, month, ownerLotsOf(own, code));
    return { product, contract, lots, entryCost, mark, profit, freed: freed ?? null };
  });
}

function positionJson({ product: { parameters }, contract, lots, entryCost, mark, profit, freed }: HeldPosition) {
  return {
    contract,
    lots,
    mark: mark === null ? null : formatPrice(mark, parameters),
    entryPrice: formatIndex(entryPrice(lots, entryCost, parameters)),
    entryCost: formatCents(entryCost),
    openProfit: profit === null ? null : formatCents(profit),
    requirementFreed: freed === null ? null : formatCents(freed),
  };
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

export const listStatements: Answers['listStatements'] = async ({ query: { limit, cursor }, ...request }) => {
  const statements = await readStatements(request.backends.table, request.caller.account, limit + 1, cursor);
  return ok(listPage(statements, limit, statementName, statementJson));
};

function statementJson(statement: Statement) {
  const { product, deposited, positions } = statement;
  const held = Object.entries(lotsJson(product, positions)).map(([contract, lots]) => ({ contract, lots }));
  return { ...statementFigures(statement), deposited: formatCents(deposited), positions: held };
}

export const showStatement: Answers['showStatement'] = async ({ params, ...request }) => {
  const statement = await fullStatement(request, params);
  return statement instanceof Problem ? statement : ok(statement, { immutable: true });
};
