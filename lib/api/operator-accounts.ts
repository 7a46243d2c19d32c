/** Routes of the operator's side: accounts and owners, their cash, margin calls and switches. */
import * as z from 'zod';
import { BANK, LISTED_MAX } from '../domain/clearing/events.ts';
import { isAccountId } from '../domain/contract/owner.ts';
import { type Cents, parseDecimal } from '../domain/contract/units.ts';
import { AGREED, HELD, MOVEMENT, OPENING } from './operator-held.ts';
import { route } from './route.ts';
import { KILL_SWITCH } from './stops.ts';
import {
  account,
  accountId,
  businessDate,
  contract,
  inCursor,
  instant,
  lots,
  money,
  page,
  paged,
  product,
  productCode,
  reasonText,
  rule,
  sender,
  seq,
} from './written.ts';

const TAG = 'Operator: accounts';

const POSITIONS = z.array(z.object({ contract, lots }));
const ACCOUNT = z
  .object({ account, name: z.string(), cash: money, applied: seq, positions: POSITIONS })
  .meta({ id: 'AccountOfVenue' });
const CALL = z.object({ date: businessDate, amount: money, due: instant, overdue: z.boolean() });
const EXAMPLE = {
  account: 'acme',
  name: 'Acme Compute',
  cash: '249820.00',
  applied: 41,
  positions: [{ contract: 'H100-SXM-2025-12', lots: 6 }],
};

export const listAccounts = route({
  method: 'GET',
  path: '/v1/operator/accounts',
  for: 'viewer',
  tag: TAG,
  summary: 'All accounts',
  description: `The bank \`${BANK}\` among them, shard by shard and by id within one. An
account appears once its opening is posted.`,
  query: z.strictObject({ ...paged(inCursor.account) }),
  answers: () => ({ 200: { description: 'A page of accounts', body: page(ACCOUNT), example: { items: [EXAMPLE] } } }),
  problems: [],
});

/** A part of a path: whether there is such an account is for the answer to say. */
const inPath = z.string().meta({ example: 'acme' });

export const showAccountForOperator = route({
  method: 'GET',
  path: '/v1/operator/accounts/{account}',
  for: 'viewer',
  tag: TAG,
  summary: 'One account',
  description:
    'As in the list, from its opening on, with `requirement`, `excess` and `call` as its participant sees them in `GET /v1/account`.',
  params: z.strictObject({ account: inPath }),
  answers: () => ({
    200: {
      description: 'The account',
      body: ACCOUNT.extend({
        requirement: money.nullable(),
        excess: money.nullable(),
        call: CALL.nullable(),
      }),
      example: { ...EXAMPLE, requirement: '1980.00', excess: '247840.00', call: null },
    },
  }),
  problems: ['not-found'],
});

export const SWITCHES = z.array(KILL_SWITCH).meta({ description: 'Of the `owner`, or of one `account`' });
const SWITCHED = {
  owner: 'acme',
  side: 'operator',
  stands: true,
  stopped: { by: '5c1e0f3a', at: '2025-10-20T14:00:00.000Z', reason: 'orders out of bounds' },
  released: null,
};

export const showOwner = route({
  method: 'GET',
  path: '/v1/operator/owners/{owner}',
  for: 'viewer',
  tag: TAG,
  summary: 'An owner, its accounts and its switches',
  description: `\`accounts\` as the list of accounts shows them, and \`stops\`: every kill switch that was ever used, as participants see theirs and
with the operator id of both sides. An owner has at most 16 accounts.`,
  params: z.strictObject({ owner: inPath }),
  answers: () => ({
    200: {
      description: 'The owner',
      body: z.object({ owner: account, name: z.string(), accounts: z.array(ACCOUNT), stops: SWITCHES }),
      example: { owner: 'acme', name: 'Acme Compute', accounts: [EXAMPLE], stops: [SWITCHED] },
    },
  }),
  problems: ['not-found'],
});

const LIST_RULE = `must be a list of 1 to ${LISTED_MAX}`;
/** What one request may do together, nothing of it twice. */
export const listOf = <Name extends string, Item extends { readonly [Each in Name]: string }>(
  item: z.ZodType<Item, unknown>,
  name: Name,
) =>
  z
    .array(item, rule(LIST_RULE))
    .min(1, LIST_RULE)
    .max(LISTED_MAX, LIST_RULE)
    .superRefine((items, context) => {
      const before = new Set<string>();
      for (const [at, { [name]: its }] of items.entries()) {
        if (before.has(its)) context.addIssue({ code: 'custom', path: [at, name], message: 'is in the list before' });
        before.add(its);
      }
    });

const NAME_RULE = 'must be 1 to 200 characters of text';
const line = (most: number, text: string) =>
  z
    .string(rule(text))
    .max(most, text)
    // One printable line, with something on it.
    .regex(/^(?=.*\S)[^\p{Cc}\p{Zl}\p{Zp}]*$/u, text);

/** Whether a list is to be done, or only said what it would do. */
const dryRun = z
  .literal('true', 'must be true')
  .optional()
  .meta({ description: 'Changes nothing: the same checks and the same refusals, and what would be done' });
/** What both answers to a list have: what is done, or what would be. */
const TRIED = {
  dryRun: z.literal(true).optional().meta({ description: 'Nothing was done' }),
  secondOperator: z.boolean().optional().meta({ description: 'Of a dry run: whether it would be held for a second operator' }),
};
const DRY = `With \`?dryRun=true\` nothing changes: the list is checked and refused as ever, and the answer, \`200\`, is the list with \`dryRun\`, whether a second operator would be
needed (\`secondOperator\`), and \`seq\` only for what is done already. It holds for the moment that it was asked in.`;
const DONE = { repeated: z.boolean().meta({ description: 'It was done before this request' }), seq: seq.optional() };

export const openAccounts = route({
  method: 'POST',
  path: '/v1/operator/accounts',
  for: 'operator',
  tag: TAG,
  summary: 'Open accounts',
  description: `Opens 1 to ${LISTED_MAX} accounts, none of them twice, by one event. An account of an owner that is there before takes two operators, and so
does a list with one in it. \`account\` is 1 to 63 of \`a-z 0-9 -\`, not starting with \`-\`: an owner; or \`owner.name\` of the same, once the account \`owner\` is open. \`product\` is the one that the account's cash stands behind, the venue's first when it is left out; \`name\` one line of at
most 200 characters. An owner may have 16 accounts. Accounts are never closed.

The list is opened whole or not at all. An account that is open under its name stays as it is (\`repeated\`), so a list may be sent again, whole or with
others. One that is open under another name refuses the list: \`account-exists\`, and \`errors\` names each. \`201\`, or \`200\` when all of them were open: each
account with the \`seq\` of the event that opened it.

${DRY}`,
  query: z.strictObject({ dryRun }),
  body: z.strictObject(
    {
      accounts: listOf(
        z.strictObject({ account: accountId, name: line(200, NAME_RULE), product: productCode.optional() }, 'must be an object'),
        'account',
      ),
    },
    'must be an object',
  ),
  example: {
    accounts: [
      { account: 'acme', name: 'Acme Compute' },
      { account: 'nimbus', name: 'Nimbus Data Centres' },
    ],
  },
  answers: () => {
    const body = z.object({ accounts: z.array(OPENING.extend(DONE)), ...TRIED });
    const acme = { account: 'acme', name: 'Acme Compute', seq: 2, repeated: true };
    const nimbus = { account: 'nimbus', name: 'Nimbus Data Centres' };
    return {
      200: {
        description: 'All of them were open, a dry run, or what two operators have agreed to',
        body: z.union([body, AGREED]),
        example: { accounts: [acme, { ...nimbus, repeated: false }], dryRun: true, secondOperator: false },
      },
      201: { description: 'They are open', body, example: { accounts: [acme, { ...nimbus, seq: 7, repeated: false }] } },
      202: HELD,
    };
  },
  problems: ['account-exists', 'unknown-account', 'too-many-held'],
});

const REFERENCE_RULE = 'must be 1 to 100 of the characters A-Z a-z 0-9 . _ : / -';
const AMOUNT_RULE = 'must be decimal text with at most 2 decimals, and not zero';
const amount = z
  .string(rule(AMOUNT_RULE))
  .meta({ example: '250000.00' })
  .transform((text, context): Cents => {
    const parsed = parseDecimal(text, 2);
    if (parsed) return parsed as Cents;
    context.addIssue({ code: 'custom', message: AMOUNT_RULE });
    return z.NEVER;
  });

export const moveCash = route({
  method: 'POST',
  path: '/v1/operator/cash-movements',
  for: 'operator',
  tag: TAG,
  summary: 'Move cash in or out',
  description: `Moves cash of 1 to ${LISTED_MAX} accounts, none of them twice, by one event: in (positive) or out (negative), against the bank. Beyond what one operator may
move alone it takes two operators. \`reference\` is 1 to 100 of
\`A-Z a-z 0-9 . _ : / -\` and stands for this movement of this account for ever; other accounts may have one under the same. A withdrawal that would leave
less than the account's positions require is refused (\`below-requirement\`), whatever of the log is posted; \`errors\` gives the figures. So is one that takes cash on which open orders were
accepted, without a figure: books are sealed.

The list moves whole or not at all. What has moved under its reference stays as it is (\`repeated\`). An account that is not open refuses the list
(\`unknown-account\`), and so does a reference under which another amount has moved (\`reference-reused\`); \`errors\` names each. \`201\`, or \`200\` when all
of it had moved: each movement with the \`seq\` of its event.

${DRY}`,
  query: z.strictObject({ dryRun }),
  body: z.strictObject(
    {
      movements: listOf(
        z.strictObject(
          {
            account: accountId,
            reference: z
              .string(rule(REFERENCE_RULE))
              .regex(/^[A-Za-z0-9._:/-]{1,100}$/, REFERENCE_RULE)
              .meta({ example: 'transfer-1' }),
            amount,
          },
          'must be an object',
        ),
        'account',
      ),
    },
    'must be an object',
  ),
  example: {
    movements: [
      { account: 'acme', reference: 'transfer-1', amount: '250000.00' },
      { account: 'nimbus', reference: 'transfer-1', amount: '-10.00' },
    ],
  },
  answers: () => {
    const body = z.object({ movements: z.array(MOVEMENT.extend(DONE)), ...TRIED });
    const acme = { account: 'acme', reference: 'transfer-1', amount: '250000.00', seq: 5, repeated: true };
    const nimbus = { account: 'nimbus', reference: 'transfer-1', amount: '-10.00' };
    return {
      200: {
        description: 'All of it had moved, a dry run, or what two operators have agreed to',
        body: z.union([body, AGREED]),
        example: { movements: [acme, { ...nimbus, repeated: false }], dryRun: true, secondOperator: false },
      },
      201: { description: 'It has moved', body, example: { movements: [acme, { ...nimbus, seq: 8, repeated: false }] } },
      202: HELD,
    };
  },
  problems: ['unknown-account', 'reference-reused', 'below-requirement', 'too-many-held'],
});

/** A product and an account, with a stroke between them. */
const isPlaceOfCall = (text: string): boolean => {
  const [of = '', named = '', ...more] = text.split('/');
  return /^[A-Z0-9-]{1,32}$/.test(of) && isAccountId(named) && more.length === 0;
};

export const CALL_ITEM = CALL.extend({ account, product }).meta({ id: 'MarginCall' });

export const listMarginCalls = route({
  method: 'GET',
  path: '/v1/operator/calls',
  for: 'viewer',
  tag: TAG,
  summary: 'Open margin calls',
  description: 'By product and account. A page can be shorter than its limit and still have a `next`.',
  query: z.strictObject({
    ...paged(z.string().refine(isPlaceOfCall, 'must be the `next` of a page of this list')),
    overdue: z.literal('true', 'must be true').optional().meta({ description: 'Only those that are overdue' }),
  }),
  answers: () => ({
    200: {
      description: 'A page of calls',
      body: page(CALL_ITEM),
      example: {
        items: [
          {
            account: 'acme',
            product: 'H100-SXM',
            date: '2025-10-20',
            amount: '200.00',
            due: '2025-10-21T14:00:00.000Z',
            overdue: false,
          },
        ],
      },
    },
  }),
  problems: [],
});

const name = z.string(rule('must be text'));
const reason = reasonText(500);
const SWITCH = z.discriminatedUnion(
  'scope',
  [
    z.strictObject({ scope: z.literal('owner'), owner: name, reason }),
    z.strictObject({ scope: z.literal('account'), account: name, reason }),
    z.strictObject({ scope: z.literal('product'), product: name, reason }),
    z.strictObject({ scope: z.literal('venue'), reason }),
  ],
  rule('must be an object with scope owner, account, product or venue'),
);
export const STOP = z
  .object({ reason: z.string(), by: sender, at: instant, through: z.int().nullable() })
  .nullable()
  .meta({ description: '`through` is the last auction that matches nothing, `null` while the stop stands' });
const switched = () => ({
  200: {
    description: 'What stands now: of an owner or account, or by product',
    body: z.union([
      z.object({ owner: account, stops: SWITCHES }),
      z.object({ products: z.array(z.object({ product, stop: STOP })) }),
    ]),
    example: { owner: 'acme', stops: [SWITCHED] },
  },
});

export const stopTrading = route({
  method: 'POST',
  path: '/v1/operator/stops',
  for: 'operator',
  tag: 'Operator: the venue',
  summary: 'Stop trading',
  description: `A \`reason\` of up to 500 characters is required. What it stops says the \`scope\`:

| body | |
|---|---|
| \`{"scope": "owner", "owner": "acme", ...}\`, \`{"scope": "account", "account": "acme.desk", ...}\` | orders out and none in, at this place of the queue, until an operator releases it. Answers with the owner's \`stops\` |
| \`{"scope": "product", "product": "H100-SXM", ...}\` | an event: orders are refused (\`stopped\`), and every auction that clears matches nothing and drops what was sent or carried to it. Days go on: prices are settled without trades. Answers with each product's \`stop\` |
| \`{"scope": "venue", ...}\` | the same of every product that is listed |

Not a halt, which takes orders, leaves them in the book, and holds up clearing, settling and posting. Safe to repeat: the first stop stays on record.`,
  body: SWITCH,
  example: { scope: 'owner', owner: 'acme', reason: 'orders out of bounds' },
  answers: switched,
  problems: ['unknown-account', 'not-found'],
});

export const releaseTrading = route({
  method: 'POST',
  path: '/v1/operator/stops/release',
  for: 'operator',
  tag: 'Operator: the venue',
  summary: 'Let trading go on',
  description: `Ends a stop, by the same body. Orders of a product come in again behind the next cut: the auctions up to the one that was open, which may hold orders from before the stop, clear
empty (\`stop.through\`).`,
  body: SWITCH,
  example: { scope: 'owner', owner: 'acme', reason: 'put right' },
  answers: switched,
  problems: ['unknown-account', 'not-found'],
});
