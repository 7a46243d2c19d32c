/** Routes of the operator's side: what waits for two operators to agree, and what became of it. */
import * as z from 'zod';
import { PARAMETERS } from './parameters.ts';
import { route } from './route.ts';
import {
  account,
  businessDate,
  inCursor,
  instant,
  money,
  page,
  paged,
  price,
  product,
  reasonText,
  rule,
  sender,
  seq,
} from './written.ts';

const TAG = 'Operator: approvals';

const id = z.string().meta({ description: 'The id that it is held under', example: 'index.H100-SXM.2025-10-20' });
const count = z.int().meta({ description: 'Counts up with every change', example: 1 });

/** What every write answers that one operator may not do alone. */
export const HELD = {
  description: 'Held until a second operator approves it: what, as it stands, and where. Nothing is in the log until then',
  body: z
    .object({ held: id, revision: count, approve: z.string().meta({ description: 'The path of the approval' }) })
    .meta({ id: 'HeldForApproval' }),
  example: {
    held: 'cash.0b7a4c',
    revision: 1,
    approve: '/v1/operator/held/cash.0b7a4c/approve',
  },
} as const;

/** What an approval answers; and a write that is sent again when two operators have agreed to it and it was not done yet. */
export const AGREED = z.object({ held: id, approved: z.boolean(), revision: count, seq: seq.optional() });

const ENDED = z.union([
  z.object({ kind: z.literal('declined'), by: sender, reason: z.string() }),
  z.object({ kind: z.literal('refused'), code: z.string(), detail: z.string() }),
  z.object({ kind: z.literal('committed'), seq }),
]);
const AGREEMENT = {
  proposedBy: sender.meta({ description: '`system` for what the day run holds' }),
  approvals: z.array(sender).readonly(),
  revision: count,
  revised: z.string().nullable().meta({ description: 'What changed that an earlier revision rested on, or what became of it' }),
  approved: z.boolean(),
  ended: ENDED.nullable(),
};
const CURVE = z.record(z.string(), price).meta({ description: 'Prices by month, such as 2025-12' });
const SETTLEMENT = z.object({ curve: CURVE });
const FINAL_PRICE = z.object({ month: z.string(), price });
const INDEX = z.object({ value: z.string() });
const PRICES = z.union([SETTLEMENT, FINAL_PRICE, INDEX]);

const HELD_PRICE = z
  .object({
    held: id,
    product,
    date: businessDate,
    kind: z.enum(['settlement', 'final-price', 'index']),
    reasons: z.array(z.object({ reason: z.string(), detail: z.string() })).readonly(),
    proposal: PRICES,
    basis: z.object({ proposal: PRICES, index: z.record(z.string(), z.string()) }).nullable(),
    ...AGREEMENT,
  })
  .meta({ id: 'HeldPrice' });
/** An account to be opened, and a movement of cash, as answers have them. */
export const OPENING = z.object({ account, name: z.string(), product: product.optional() });
export const MOVEMENT = z.object({ account, reference: z.string(), amount: money });

const HELD_ACT = z
  .discriminatedUnion('kind', [
    z.object({
      held: id,
      kind: z.literal('accounts'),
      proposal: z.object({ accounts: z.array(OPENING).readonly() }),
      at: instant,
      ...AGREEMENT,
    }),
    z.object({
      held: id,
      kind: z.literal('cash'),
      proposal: z.object({ movements: z.array(MOVEMENT) }),
      at: instant,
      ...AGREEMENT,
    }),
    z.object({
      held: id,
      kind: z.literal('parameters'),
      product,
      proposal: z.object({
        expectedVersion: z.int(),
        parameters: PARAMETERS,
        listing: z.object({ date: businessDate, curve: CURVE }).optional(),
      }),
      at: instant,
      ...AGREEMENT,
    }),
  ])
  .meta({ id: 'HeldAct' });
export const HELD_ITEM = z.union([HELD_PRICE, HELD_ACT]);

const VALUE_HELD = {
  held: 'index.H100-SXM.2025-10-20',
  product: 'H100-SXM',
  date: '2025-10-20',
  kind: 'index',
  reasons: [
    {
      reason: 'index-moved-beyond-limit',
      detail: 'the value of 2025-10-20 moves from 2410000 to 241000000 millionths of a dollar',
    },
  ],
  proposal: { value: '241.000000' },
  basis: null,
  proposedBy: '5c1e0f3a',
  approvals: ['5c1e0f3a'],
  revision: 1,
  revised: null,
  approved: false,
  ended: null,
} as const;
const CASH_HELD = {
  held: 'cash.0b7a4c',
  kind: 'cash',
  proposal: { movements: [{ account: 'acme', reference: 'transfer-1', amount: '250000.00' }] },
  at: '2025-10-20T14:00:00.000Z',
  proposedBy: '5c1e0f3a',
  approvals: ['5c1e0f3a'],
  revision: 1,
  revised: null,
  approved: false,
  ended: null,
} as const;

export const listHeld = route({
  method: 'GET',
  path: '/v1/operator/held',
  for: 'viewer',
  tag: TAG,
  summary: 'What was held for approval',
  description: `By id, approved or not; with \`?waiting=true\` only what still waits. A page can
be shorter than its limit and still have a \`next\`.

What one person could do alone to the books waits until a second operator approves it:

| what | alone |
|---|---|
| listing a product, every change of its parameters | never |
| an index value | never |
| opening an account | when its owner is new: \`acme\`, with \`acme.desk\` in the same list or without |
| moving cash | up to 100,000.00 USD of an operator and day (UTC), unless the deployment says another amount (\`cashAloneCents\`): in and out and over all accounts added up without signs. A list that goes beyond it is held whole |

The answer to such a request is \`202\`: what is held, its revision, and where it is approved. Nothing is in the log until then. The same request again answers the same,
and once it is done, \`200\`. With the second name it is done exactly as it was proposed, once; the event has the proposer as \`by\`, and \`approval\` with the second operator and the id
it was held under. What can't be done any more by then (another has used the reference, opened the account, or changed the parameters) is refused, and
stays in the list with the reason (\`ended\`); nothing of it is done. An operator has 50 proposals waiting at most (\`too-many-held\`).

\`proposal\` is \`{"curve": {month: price}}\` for
\`settlement\`, \`{"month", "price"}\` for \`final-price\`, \`{"value"}\` for \`index\`, and the request's own body for \`cash\`, \`accounts\` and \`parameters\`, which have
no \`reasons\` and no \`basis\` but \`at\`: when it was proposed or, once approved, approved. \`ended\` is \`null\`, or what became of it:
\`{"kind": "committed", "seq"}\`, \`{"kind": "declined", "by", "reason"}\` or \`{"kind": "refused", "code", "detail"}\`. An index value that is approved is published and has no \`ended\`. \`reasons\` are codes
(\`moved-beyond-daily-limit\`, \`price-not-positive\`, \`index-stale\`, \`index-values-too-few\`, \`index-not-positive\`,
\`index-moved-beyond-limit\`, \`month-locked\`), each with a sentence that gives the figures in ticks or millionths of a dollar.

What the day run holds has a \`basis\`: the \`proposal\` that the rules make now, and the published values by date (\`index\`) that a final price
is the mean of. When it or the reasons change (a value comes late), a new revision takes the old one's place, \`revised\` says what
changed, and approvals start again, also when two had agreed and the day run had not gone on yet. A value that the day run proposed is
proposed anew. One that an operator has amended stays, beside the new \`basis\`, until another amendment. What is held stays held when no
reason is left. \`basis\` is \`null\` for an index value, and \`revised\` is until something changes: for what is proposed anew it says what became of it before.`,
  query: z.strictObject({
    ...paged(inCursor.matching(/^[A-Za-z0-9.-]{1,100}$/)),
    waiting: z.literal('true', 'must be true').optional(),
  }),
  answers: () => ({
    200: { description: 'A page of them', body: page(HELD_ITEM), example: { items: [CASH_HELD, VALUE_HELD] } },
  }),
  problems: [],
});

const REVISION_RULE = 'must be the revision that was read, a whole number';
const revision = z.int(rule(REVISION_RULE)).min(1, REVISION_RULE);
const params = z.strictObject({ held: id });

export const approveHeld = route({
  method: 'POST',
  path: '/v1/operator/held/{held}/approve',
  for: 'approver',
  tag: TAG,
  summary: 'Agree to what is held',
  description: `\`revision\` is the one that was read. Two operators must agree, two different people by the subjects of their tokens; the one that proposed or amended counts as one.
Once approved, an index value is published under all names, and
the day run is notified; what becomes an event of the log is committed, and the answer has its \`seq\`. \`second-operator-needed\` when your name is on it,
\`version-conflict\` when it has changed, \`declined\` when an operator has declined it; and, when it can't be done any more, the code that says why.`,
  params,
  body: z.strictObject({ revision }, 'must be an object'),
  example: { revision: 1 },
  answers: () => ({
    200: {
      description: 'As it stands with your name',
      body: AGREED,
      example: { held: 'index.H100-SXM.2025-10-20', approved: true, revision: 2 },
    },
  }),
  problems: [
    'not-found',
    'second-operator-needed',
    'version-conflict',
    'declined',
    'account-exists',
    'reference-reused',
    'below-requirement',
    'index-published',
  ],
});

const text = z.string(rule('must be decimal text'));

export const amendHeld = route({
  method: 'POST',
  path: '/v1/operator/held/{held}/amend',
  for: 'operator',
  tag: TAG,
  summary: 'Put another price or value in its place',
  description: `With the \`revision\` that was read and the one field that fits what is held: \`curve\` with exactly the months of the one held, \`price\`
or \`value\`. It stays when the \`basis\` changes. You become the proposer, earlier approvals are gone, the revision counts up.
Only for prices and index values (\`not-amendable\`).`,
  params,
  body: z.strictObject(
    {
      revision,
      curve: z.record(z.string(), text, 'must be an object of month and price').optional(),
      price: text.optional(),
      value: text.optional(),
    },
    'must be an object',
  ),
  example: { revision: 1, value: '2.4123' },
  answers: () => ({
    200: {
      description: 'What is now held, as in the list',
      body: HELD_PRICE,
      example: { ...VALUE_HELD, proposal: { value: '2.412300' }, revision: 2 },
    },
  }),
  problems: ['not-found', 'not-amendable', 'already-approved', 'declined', 'version-conflict'],
});

export const declineHeld = route({
  method: 'POST',
  path: '/v1/operator/held/{held}/decline',
  for: 'operator-or-approver',
  tag: TAG,
  summary: 'Say that it shall not be done',
  description: `A \`reason\` of at most 500 characters is required. For what no operator wants, and for what the proposer takes back: one operator or approver is enough, since nothing is
done by it. It can't be approved any more; the same may be proposed anew, and starts without
approvals. Not for a price that a day waits for (\`not-declinable\`).`,
  params,
  body: z.strictObject({ revision, reason: reasonText(500) }, 'must be an object'),
  example: { revision: 1, reason: 'not ours' },
  answers: () => ({
    200: {
      description: 'It has ended',
      body: z.object({ held: id, revision: count, ended: ENDED.nullable() }),
      example: {
        held: 'index.H100-SXM.2025-10-20',
        revision: 2,
        ended: { kind: 'declined', by: '5c1e0f3a', reason: 'not ours' },
      },
    },
  }),
  problems: ['not-found', 'not-declinable', 'already-approved', 'declined', 'version-conflict'],
});
