/** Accounts: opening them, moving cash in and out, and what each holds. Positions are clearing data; orders are not here. */
import * as z from 'zod';
import type { AccountState } from '../../lib/domain/clearing/account.ts';
import { BANK } from '../../lib/domain/clearing/events.ts';
import { type Cents, formatCents, parseDecimal } from '../../lib/domain/contract/units.ts';
import { listAccounts } from '../../lib/store/accounts.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { claimedBy } from '../../lib/store/log.ts';
import { ACCOUNT_ID, findAccount, openingOf, positionsOf } from '../http/accounts.ts';
import { limitText, pageOf } from '../http/paging.ts';
import { notFound, Problem } from '../http/problems.ts';
import { pathOf, readBody, receivedAt, rule } from '../http/request.ts';
import { type Answer, created, ok, withQuery } from '../http/routes.ts';
import { commit } from './commit.ts';
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
  return state ? ok(accountJson(state)) : notFound('such account');
}

const accountJson = (state: AccountState) => ({
  account: state.account,
  name: state.name,
  cash: formatCents(state.cash),
  applied: state.applied,
  positions: positionsOf(state).map(({ contract, lots }) => ({ contract, lots })),
});

const ID_RULE = 'must be 1 to 63 of a-z 0-9 -, not starting with -';
const NAME_RULE = 'must be 1 to 200 characters of text';
const line = (most: number, text: string) =>
  z
    .string(rule(text))
    .max(most, text)
    // One printable line, with something on it.
    .regex(/^(?=.*\S)[^\p{Cc}\p{Zl}\p{Zp}]*$/u, text);
const OPENING = z.strictObject(
  { account: z.string(rule(ID_RULE)).regex(ACCOUNT_ID, ID_RULE), name: line(200, NAME_RULE) },
  'must be an object',
);

export async function openAccount(request: OperatorRequest): Promise<Answer | Problem> {
  const body = readBody(request, OPENING);
  if (body instanceof Problem) return body;
  const committed = await commit(request, {
    once: openingOf(body.account),
    decide: () => ({ kind: 'account-opened', ...body, by: request.caller.operator, at: receivedAt(request) }),
    compare: (event) =>
      event.kind === 'account-opened' && event.name === body.name
        ? undefined
        : new Problem('account-exists', `${body.account} is open under another name`),
  });
  if (committed instanceof Problem) return committed;
  return (committed.repeated ? ok : created)({ account: body.account, name: body.name, seq: committed.seq });
}

const REFERENCE_RULE = 'must be 1 to 100 of the characters A-Z a-z 0-9 . _ : / -';
const AMOUNT_RULE = 'must be decimal text with at most 2 decimals, and not zero';
const MOVEMENT = z.strictObject(
  {
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

export async function moveCash(request: OperatorRequest): Promise<Answer | Problem> {
  const account = pathOf(request, 'account');
  const isOpen = ACCOUNT_ID.test(account) && (await claimedBy(request.backends.table, openingOf(account))) !== undefined;
  if (!isOpen) return notFound('such account');
  const body = readBody(request, MOVEMENT);
  if (body instanceof Problem) return body;
  const { reference, amount } = body;
  const committed = await commit(request, {
    once: `cash#${account}#${reference}`,
    decide: () => ({
      kind: 'cash-moved',
      account,
      cents: amount,
      reference,
      by: request.caller.operator,
      at: receivedAt(request),
    }),
    compare: (event) =>
      event.kind === 'cash-moved' && event.cents === amount
        ? undefined
        : new Problem('reference-reused', `under ${reference} another amount has moved`),
  });
  if (committed instanceof Problem) return committed;
  return (committed.repeated ? ok : created)({ account, reference, amount: formatCents(amount), seq: committed.seq });
}
