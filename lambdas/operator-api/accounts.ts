/**
 * Accounts: opening them, moving cash in and out, many at a time, and what each holds. Positions are clearing data; orders are not
 * here. A list is done whole or, when anything in it is refused, not at all; what of it was done before stays as it is.
 */
import * as z from 'zod';
import { rule } from '../../lib/api/written.ts';
import type { AccountState } from '../../lib/domain/clearing/account.ts';
import { BANK, LISTED_MAX, movementIn, openingIn } from '../../lib/domain/clearing/events.ts';
import { movementOf, openingOf } from '../../lib/domain/clearing/once.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { isProductCode } from '../../lib/domain/contract/product.ts';
import { type Cents, formatCents, parseDecimal } from '../../lib/domain/contract/units.ts';
import { accountsOfOwner, listAccounts } from '../../lib/store/accounts.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { claimedBy, loadVenue } from '../../lib/store/log.ts';
import { ACCOUNT_ID, findAccount, marginJson, positionsOf } from '../http/accounts.ts';
import { limitText, pageOf } from '../http/paging.ts';
import { notFound, Problem } from '../http/problems.ts';
import { pathOf, readBody } from '../http/request.ts';
import { type Answer, created, ok, withQuery } from '../http/routes.ts';
import { type Committed, commit } from './commit.ts';
import type { OperatorRequest } from './operator.ts';

const isAccount = (id: string): boolean => ACCOUNT_ID.test(id) || id === BANK;

const QUERY = z.strictObject({ limit: limitText, after: z.string().refine(isAccount, 'must be a cursor').optional() });

/** Shard by shard, each in order of id: the shard of the cursor's account says where to go on. */
export const listAllAccounts = withQuery(QUERY, async (request: OperatorRequest, query): Promise<Answer | Problem> => {
  const { table, shards } = request.backends;
  const rows: AccountState[] = [];
  const first = query.after === undefined ? 0 : shardOf(query.after, shards);
  for (let shard = first; shard < shards && rows.length <= query.limit; shard++)
    rows.push(...(await listAccounts(table, shard, query.limit + 1 - rows.length, shard === first ? query.after : undefined)));
  return ok(pageOf(rows, query.limit, ({ account }) => account, accountJson));
});

export async function showAccount(request: OperatorRequest): Promise<Answer | Problem> {
  const account = pathOf(request, 'account');
  const { table, shards } = request.backends;
  const state = isAccount(account) ? await findAccount(table, account, shards) : undefined;
  if (!state) return notFound('such account');
  const own = await accountsOfOwner(table, ownerOf(account), shards);
  return ok({ ...accountJson(state), ...marginJson(await loadVenue(table), state, own) });
}

export const accountJson = (state: AccountState) => ({
  account: state.account,
  name: state.name,
  cash: formatCents(state.cash),
  applied: state.applied,
  positions: positionsOf(state).map(({ contract, lots }) => ({ contract, lots })),
});

const LIST_RULE = `must be a list of 1 to ${LISTED_MAX}`;
/** What one request may do together, no account twice. */
const listOf = <Item extends { account: string }>(item: z.ZodType<Item, unknown>) =>
  z
    .array(item, rule(LIST_RULE))
    .min(1, LIST_RULE)
    .max(LISTED_MAX, LIST_RULE)
    .superRefine((items, context) => {
      const before = new Set<string>();
      for (const [at, { account }] of items.entries()) {
        if (before.has(account)) context.addIssue({ code: 'custom', path: [at, 'account'], message: 'is in the list before' });
        before.add(account);
      }
    });

const ID_RULE = 'must be 1 to 63 of a-z 0-9 -, not starting with -, or two such parts, owner.name';
const NAME_RULE = 'must be 1 to 200 characters of text';
const line = (most: number, text: string) =>
  z
    .string(rule(text))
    .max(most, text)
    // One printable line, with something on it.
    .regex(/^(?=.*\S)[^\p{Cc}\p{Zl}\p{Zp}]*$/u, text);
const PRODUCT_RULE = 'must be a product, such as H100-SXM';
const OPENING = z.strictObject(
  {
    account: z.string(rule(ID_RULE)).regex(ACCOUNT_ID, ID_RULE),
    name: line(200, NAME_RULE),
    product: z.string(rule(PRODUCT_RULE)).refine(isProductCode, PRODUCT_RULE).optional(),
  },
  'must be an object',
);
const OPENINGS = z.strictObject({ accounts: listOf(OPENING) }, 'must be an object');

export async function openAccounts(request: OperatorRequest): Promise<Answer | Problem> {
  const body = readBody(request, OPENINGS);
  if (body instanceof Problem) return body;
  const { accounts } = body;
  const ownerless = await refuseWithoutOwner(request, accounts);
  if (ownerless) return ownerless;
  const nameOf = ({ account }: { account: string }): string => openingOf(account);
  return commit(
    request,
    {
      once: accounts.map(nameOf),
      act: (isFree) => ({
        kind: 'accounts-opened',
        accounts: accounts
          .filter((opening) => isFree(nameOf(opening)))
          .map(({ account, name, product }) => ({ account, name, ...(product === undefined ? {} : { product }) })),
      }),
      compare: (standing) => {
        const errors = accounts.flatMap((opening, at) => {
          const open = openingIn(standing.get(nameOf(opening)), opening.account);
          return (['name', 'product'] as const)
            .filter((field) => open !== undefined && open[field] !== opening[field])
            .map((field) => ({ path: `$.accounts[${at}].${field}`, rule: `is another than ${opening.account} is open under` }));
        });
        return errors.length ? new Problem('account-exists', 'see errors; nothing was done', errors) : undefined;
      },
    },
    (committed) => answerOf('accounts', accounts, nameOf, committed),
  );
}

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

const REFERENCE_RULE = 'must be 1 to 100 of the characters A-Z a-z 0-9 . _ : / -';
const AMOUNT_RULE = 'must be decimal text with at most 2 decimals, and not zero';
const MOVEMENT = z.strictObject(
  {
    account: z.string(rule(ID_RULE)).regex(ACCOUNT_ID, ID_RULE),
    reference: z.string(rule(REFERENCE_RULE)).regex(/^[A-Za-z0-9._:/-]{1,100}$/, REFERENCE_RULE),
    amount: z.string(rule(AMOUNT_RULE)).transform((text, context): Cents => {
      const parsed = parseDecimal(text, 2);
      if (parsed) return parsed as Cents;
      context.addIssue({ code: 'custom', message: AMOUNT_RULE });
      return z.NEVER;
    }),
  },
  'must be an object',
);
const MOVEMENTS = z.strictObject({ movements: listOf(MOVEMENT) }, 'must be an object');

export async function moveCash(request: OperatorRequest): Promise<Answer | Problem> {
  const body = readBody(request, MOVEMENTS);
  if (body instanceof Problem) return body;
  const { movements } = body;
  const refusal = await refuseUnknown(request, movements);
  if (refusal) return refusal;
  const nameOf = ({ account, reference }: { account: string; reference: string }): string => movementOf(account, reference);
  const shown = movements.map((movement) => ({ ...movement, amount: formatCents(movement.amount) }));
  return commit(
    request,
    {
      once: movements.map(nameOf),
      act: (isFree) => ({
        kind: 'cash-moved',
        movements: movements
          .filter((movement) => isFree(nameOf(movement)))
          .map(({ account, reference, amount }) => ({ account, cents: amount, reference })),
      }),
      compare: (standing) => {
        const errors = movements.flatMap((movement, at) => {
          const moved = movementIn(standing.get(nameOf(movement)), movement.account);
          if (moved === undefined || moved.cents === movement.amount) return [];
          return [{ path: `$.movements[${at}].amount`, rule: `is another than has moved under ${movement.reference}` }];
        });
        return errors.length ? new Problem('reference-reused', 'see errors; nothing was done', errors) : undefined;
      },
    },
    (committed) => answerOf('movements', shown, nameOf, committed),
  );
}

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

/** Each thing with the event that did it, and whether that was before this request. 201 when this one did any of them. */
function answerOf<Item>(
  list: string,
  items: readonly Item[],
  nameOf: (item: Item) => string,
  { seqs, repeated }: Committed,
): Answer {
  const done = items.map((item) => ({ ...item, seq: seqs.get(nameOf(item)), repeated: repeated.has(nameOf(item)) }));
  return (repeated.size === items.length ? ok : created)({ [list]: done });
}
