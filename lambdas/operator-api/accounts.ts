/**
 * Accounts: opening them, moving cash in and out, many at a time, and what each holds. Positions are clearing data; orders are not
 * here. A list is done whole or, when anything in it is refused, not at all; what of it was done before stays as it is.
 */
import type { AccountState } from '../../lib/domain/clearing/account.ts';
import { BANK, movementIn, openingIn } from '../../lib/domain/clearing/events.ts';
import { movementOf, openingOf } from '../../lib/domain/clearing/once.ts';
import { isAccountId, ownerOf } from '../../lib/domain/contract/owner.ts';
import { formatCents } from '../../lib/domain/contract/units.ts';
import { accountsOfOwner, listAccounts as readAccountsOf } from '../../lib/store/accounts.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { claimedBy, loadVenue } from '../../lib/store/log.ts';
import { findAccount, marginJson, positionsOf } from '../http/accounts.ts';
import { listPage } from '../http/paging.ts';
import { notFound, Problem } from '../http/problems.ts';
import { created, ok } from '../http/routes.ts';
import { type Committed, commit, type Tried, tryOut } from './commit.ts';
import type { Answers, OperatorRequest } from './operator.ts';

const isAccount = (id: string): boolean => isAccountId(id) || id === BANK;

/** Shard by shard, each in order of id: the shard of the cursor's account says where to go on. */
export const listAccounts: Answers['listAccounts'] = async ({ backends: { table, shards }, query: { limit, cursor } }) => {
  const rows: AccountState[] = [];
  const first = cursor === undefined ? 0 : shardOf(cursor, shards);
  for (let shard = first; shard < shards && rows.length <= limit; shard++)
    rows.push(...(await readAccountsOf(table, shard, limit + 1 - rows.length, shard === first ? cursor : undefined)));
  return ok(listPage(rows, limit, ({ account }) => account, accountJson));
};

export const showAccount: Answers['showAccountForOperator'] = async ({ backends: { table, shards }, params: { account } }) => {
  const state = isAccount(account) ? await findAccount(table, account, shards) : undefined;
  if (!state) return notFound('such account');
  const own = await accountsOfOwner(table, ownerOf(account), shards);
  return ok({ ...accountJson(state), ...marginJson(await loadVenue(table), state, own) });
};

export const accountJson = (state: AccountState) => ({
  account: state.account,
  name: state.name,
  cash: formatCents(state.cash),
  applied: state.applied,
  positions: positionsOf(state).map(({ contract, lots }) => ({ contract, lots })),
});

export const openAccounts: Answers['openAccounts'] = async (request) => {
  const { accounts } = request.body;
  const ownerless = await refuseWithoutOwner(request, accounts);
  if (ownerless) return ownerless;
  const nameOf = ({ account }: { account: string }): string => openingOf(account);
  const decision = {
    once: accounts.map(nameOf),
    act: (isFree: (name: string) => boolean) => ({
      kind: 'accounts-opened' as const,
      accounts: accounts
        .filter((opening) => isFree(nameOf(opening)))
        .map(({ account, name, product }) => ({ account, name, ...(product === undefined ? {} : { product }) })),
    }),
    compare: (standing: Standing) => {
      const errors = accounts.flatMap((opening, at) => {
        const open = openingIn(standing.get(nameOf(opening)), opening.account);
        return (['name', 'product'] as const)
          .filter((field) => open !== undefined && open[field] !== opening[field])
          .map((field) => ({ path: `$.accounts[${at}].${field}`, rule: `is another than ${opening.account} is open under` }));
      });
      return errors.length ? new Problem('account-exists', 'see errors; nothing was done', errors) : undefined;
    },
  };
  if (request.query.dryRun) return triedAs(await tryOut(request, decision), accounts, nameOf, (done) => ({ accounts: done }));
  return commit(request, decision, (committed) => doneAs(committed, accounts, nameOf, (done) => ({ accounts: done })));
};

/** The events that stand under names, as `Decision.compare` is given them. */
type Standing = Parameters<Parameters<typeof commit>[1]['compare']>[0];

/** An owner's further accounts come after the one that carries its name, or together with it. */
async function refuseWithoutOwner(
  { backends }: OperatorRequest,
  accounts: readonly { account: string }[],
): Promise<Problem | undefined> {
  const ownerless = accounts.filter(({ account }) => !accounts.some((other) => other.account === ownerOf(account)));
  const open = await claimedBy(backends.table, [...new Set(ownerless.map(({ account }) => openingOf(ownerOf(account))))]);
  const errors = accounts.flatMap((opening, at) =>
    ownerless.includes(opening) && !open.has(openingOf(ownerOf(opening.account)))
      ? [{ path: `$.accounts[${at}].account`, rule: `needs the account ${ownerOf(opening.account)} to be open` }]
      : [],
  );
  return errors.length ? new Problem('unknown-account', 'see errors; nothing was done', errors) : undefined;
}

export const moveCash: Answers['moveCash'] = async (request) => {
  const { movements } = request.body;
  const refusal = await refuseUnknown(request, movements);
  if (refusal) return refusal;
  const nameOf = ({ account, reference }: { account: string; reference: string }): string => movementOf(account, reference);
  const shown = movements.map((movement) => ({ ...movement, amount: formatCents(movement.amount) }));
  const decision = {
    once: movements.map(nameOf),
    act: (isFree: (name: string) => boolean) => ({
      kind: 'cash-moved' as const,
      movements: movements
        .filter((movement) => isFree(nameOf(movement)))
        .map(({ account, reference, amount }) => ({ account, cents: amount, reference })),
    }),
    compare: (standing: Standing) => {
      const errors = movements.flatMap((movement, at) => {
        const moved = movementIn(standing.get(nameOf(movement)), movement.account);
        if (moved === undefined || moved.cents === movement.amount) return [];
        return [{ path: `$.movements[${at}].amount`, rule: `is another than has moved under ${movement.reference}` }];
      });
      return errors.length ? new Problem('reference-reused', 'see errors; nothing was done', errors) : undefined;
    },
  };
  if (request.query.dryRun) return triedAs(await tryOut(request, decision), shown, nameOf, (done) => ({ movements: done }));
  return commit(request, decision, (committed) => doneAs(committed, shown, nameOf, (done) => ({ movements: done })));
};

async function refuseUnknown(
  { backends }: OperatorRequest,
  movements: readonly { account: string }[],
): Promise<Problem | undefined> {
  const open = await claimedBy(
    backends.table,
    movements.map(({ account }) => openingOf(account)),
  );
  const errors = movements.flatMap(({ account }, at) =>
    open.has(openingOf(account)) ? [] : [{ path: `$.movements[${at}].account`, rule: 'is not open' }],
  );
  return errors.length ? new Problem('unknown-account', 'see errors; nothing was done', errors) : undefined;
}

/** Each thing with the event that did it, if one has, and whether that was before this request. */
const eachOf = <Item>(items: readonly Item[], nameOf: (item: Item) => string, { seqs, repeated }: Committed) =>
  items.map((item) => {
    const seq = seqs.get(nameOf(item));
    return { ...item, ...(seq === undefined ? {} : { seq }), repeated: repeated.has(nameOf(item)) };
  });

/** 201 when this request did any of it. */
function doneAs<Item, Body>(
  committed: Committed,
  items: readonly Item[],
  nameOf: (item: Item) => string,
  body: (done: ReturnType<typeof eachOf<Item>>) => Body,
) {
  const shown = body(eachOf(items, nameOf, committed));
  return committed.repeated.size === items.length ? ok(shown) : created(shown);
}

function triedAs<Item, Body extends object>(
  tried: Tried | Problem,
  items: readonly Item[],
  nameOf: (item: Item) => string,
  body: (done: ReturnType<typeof eachOf<Item>>) => Body,
) {
  if (tried instanceof Problem) return tried;
  return ok({ ...body(eachOf(items, nameOf, tried)), dryRun: true as const, secondOperator: tried.secondOperator });
}
