/** Routes of what is sent to the book: submissions and what became of them, a preview of one, and cancels by path. */
import * as z from 'zod';
import { REFUSALS, TAKEN_OUT_BY, TIMES_IN_FORCE } from '../domain/auction/orders.ts';
import { route } from './route.ts';
import {
  businessDate,
  clientOrderId,
  contract,
  idempotencyKey,
  inCursor,
  instant,
  lots,
  money,
  orderLots,
  page,
  paged,
  price,
  product,
  productText,
  rule,
  sender,
  seq,
} from './written.ts';

export const TAG = 'Orders';

const ORDERS_MAX = 500;

// What is sent.

const code = z.string(rule('must be text, such as "H100-SXM-2025-12"')).meta({ example: 'H100-SXM-2025-12' });
const IN_FORCE_RULE = `must be one of ${TIMES_IN_FORCE.join(', ')}`;
const common = {
  replaces: clientOrderId.optional().meta({ description: 'The live order that this one takes the place of' }),
  clientOrderId,
  price: z.string(rule('must be decimal text, such as "2.350"')).meta({ example: '2.350' }),
  lots: orderLots,
  timeInForce: z.enum(TIMES_IN_FORCE, rule(IN_FORCE_RULE)).default('auction'),
};
const CANCEL = z.strictObject({ cancel: clientOrderId }).meta({ id: 'Cancel' });
const CANCEL_ALL = z.strictObject({ cancelAll: z.literal(true, rule('must be true')) }).meta({ id: 'CancelAll' });
const OUTRIGHT = z
  .strictObject({ ...common, side: z.enum(['buy', 'sell'], rule('must be buy or sell')), contract: code })
  .meta({ id: 'Outright' });
const SPREAD = z.strictObject({ ...common, buy: code, sell: code }).meta({ id: 'Spread' });
const ANY_ENTRY = z.union([CANCEL, CANCEL_ALL, OUTRIGHT, SPREAD]);

/** An entry is judged as what its fields make it, so that its errors are those of one shape and not of four. */
const ENTRY = z.preprocess((value: z.input<typeof ANY_ENTRY>, context) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    context.addIssue({ code: 'custom', message: value === undefined ? 'is required' : 'must be an object' });
    return z.NEVER;
  }
  const parsed = shapeOf(value).safeParse(value);
  if (parsed.success) return value;
  // Of these a pipe takes no notice.
  for (const issue of parsed.error.issues)
    if (issue.code === 'unrecognized_keys')
      for (const name of issue.keys) context.addIssue({ code: 'custom', path: [name], message: 'is not a field here' });
    else context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
  return z.NEVER;
}, ANY_ENTRY);

function shapeOf(value: object) {
  if ('cancel' in value) return CANCEL;
  if ('cancelAll' in value) return CANCEL_ALL;
  return !('contract' in value || 'side' in value) && ('buy' in value || 'sell' in value) ? SPREAD : OUTRIGHT;
}

const COUNT_RULE = `must have 1 to ${ORDERS_MAX} entries`;
const SUBMISSION_BODY = z.strictObject(
  { product: productText, orders: z.array(ENTRY, rule('must be an array')).min(1, COUNT_RULE).max(ORDERS_MAX, COUNT_RULE) },
  'must be an object',
);
export type SubmissionBody = z.output<typeof SUBMISSION_BODY>;
const SUBMISSION_EXAMPLE = {
  product: 'H100-SXM',
  orders: [
    { clientOrderId: 'b1', side: 'buy', contract: 'H100-SXM-2025-12', price: '2.350', lots: 10, timeInForce: 'gtc' },
    { clientOrderId: 's1', buy: 'H100-SXM-2026-01', sell: 'H100-SXM-2025-12', price: '-0.010', lots: 5 },
    { cancel: 'b0' },
    { replaces: 's0', clientOrderId: 's2', buy: 'H100-SXM-2026-01', sell: 'H100-SXM-2025-12', price: '0.005', lots: 5 },
  ],
};

const KEYED = z.object({ 'idempotency-key': idempotencyKey });

// What is answered.

const submissionId = z
  .string()
  .meta({ description: 'Opaque', example: 'H100-SXM.019a01eb-7700-7000-8000-000000000001.5f26.ac3d' });
const TAKEN = z.object({ submission: submissionId, status: z.string() });
const TAKEN_EXAMPLE = {
  submission: 'H100-SXM.019a01eb-7700-7000-8000-000000000001.5f2679ecbb353db8.ac3df2b5c7e04d19a8f1b602',
  status: '/v1/submissions/H100-SXM.019a01eb-7700-7000-8000-000000000001.5f2679ecbb353db8.ac3df2b5c7e04d19a8f1b602',
};
const TAKEN_ANSWER = {
  202: { description: 'It is on its way to the book; `status` says what became of it', body: TAKEN, example: TAKEN_EXAMPLE },
} as const;

/** By what figures an entry was refused. */
export const FIGURES = z
  .union([
    z.object({ requirement: money, requirementWith: money, cash: money }),
    z.object({ allowed: z.int(), would: z.int(), contract: contract.optional() }),
  ])
  .meta({ id: 'Figures' });
export const REASON = z.enum(REFUSALS).meta({ id: 'Reason' });
export const TAKEN_OUT = z.enum(TAKEN_OUT_BY).meta({ description: 'Why all orders of the account were taken out' });
const DECIDED = z
  .object({
    clientOrderId: z.string().optional(),
    cancel: z.string().optional(),
    cancelAll: z.literal(true).optional(),
    outcome: z.enum(['accepted', 'deferred', 'refused']),
    reason: REASON.optional(),
    figures: FIGURES.optional(),
  })
  .meta({ id: 'DecidedEntry' });
const SUBMISSION = z
  .object({
    submission: submissionId,
    product,
    state: z.enum(['queued', 'decided']),
    sender: sender.optional(),
    auction: z.int().optional(),
    receivedAt: instant.optional(),
    takenOut: TAKEN_OUT.optional(),
    orders: z.array(DECIDED),
  })
  .meta({ id: 'Submission' });
const DECIDED_EXAMPLE = {
  submission: TAKEN_EXAMPLE.submission,
  product: 'H100-SXM',
  state: 'decided',
  sender: '0a1b2c3d-0000-4000-8000-000000000001',
  auction: 17,
  receivedAt: '2025-10-20T14:00:00.000Z',
  orders: [
    { clientOrderId: 'b1', outcome: 'accepted' },
    { cancel: 'b0', outcome: 'refused', reason: 'unknown-order' },
    {
      clientOrderId: 'b2',
      outcome: 'refused',
      reason: 'margin',
      figures: { requirement: '1200.00', requirementWith: '1500.00', cash: '1350.00' },
    },
    {
      clientOrderId: 'b3',
      outcome: 'refused',
      reason: 'position-limit',
      figures: { allowed: 500, would: 520, contract: 'H100-SXM-2025-12' },
    },
  ],
};

const OF_KEY = [
  'idempotency-key-missing',
  'idempotency-key-malformed',
  'idempotency-key-reused',
  'idempotency-key-stale',
] as const;

export const submitOrders = route({
  method: 'POST',
  path: '/v1/submissions',
  for: 'participant',
  tag: TAG,
  summary: 'Submit orders',
  description: `Submits 1 to 500 orders for the next auction. Header \`Idempotency-Key\`: a new UUIDv7 for each submission, the same one
for a repeat of it. A key counts for one product. Its own time must be fresh when the venue first sees it; once the
venue knows it, the same orders get the same answer however much later they come, and other orders are refused. What comes again within two
seconds of the key's own time is sent on as if it were new: of two bodies, the first to reach the book stands, and the \`status\` of the other says
\`idempotency-key-reused\`. Let the rest of it be random: the lottery
for the last lots at a price draws from all keys of an auction, and so no participant can foresee it.

| field | |
|---|---|
| \`clientOrderId\` | your name for the order, 1 to 36 of \`A-Z a-z 0-9 . _ : -\`, unlike that of any other live order of yours |
| \`side\`, \`contract\` | an outright: \`buy\` or \`sell\` one listed month |
| \`buy\`, \`sell\` | a calendar spread: two different listed months |
| \`price\` | the limit: of an outright the price, more than zero; of a spread the price bought minus the price sold, of any sign; within 100,000,000 ticks |
| \`lots\` | 1 to 1,000,000 |
| \`timeInForce\` | \`auction\` (the next one only, the default), \`day\` (through the day's closing auction), \`gtc\` |
| \`replaces\` | the live order that this one takes the place of; with an outright or a spread |
| \`cancel\` | the live order to cancel; alone in its entry |
| \`cancelAll\` | \`true\`: cancels every order of yours that is live at this place, those of earlier entries included; alone in its entry |

An entry with \`cancel\` or \`cancelAll\` is a cancel, one with \`contract\` or \`side\` an outright, one with \`buy\` or \`sell\` a spread. Entries
take effect in order. Orders are accepted while the venue is halted: they rest.

The id is product, key, a digest of the orders and a check that only the venue can make; treat it as opaque. An id that was made up or
altered is \`not-found\`. A venue that was built again from an export checks by another secret: there an older id is \`not-found\` as well, and the same
submission sent again under its key is answered with its new one. A refused submission sends nothing.`,
  headers: KEYED,
  body: SUBMISSION_BODY,
  invalid: 'invalid-submission',
  example: SUBMISSION_EXAMPLE,
  answers: () => TAKEN_ANSWER,
  problems: [...OF_KEY, 'unknown-contract'],
});

export const showSubmission = route({
  method: 'GET',
  path: '/v1/submissions/{submission}',
  for: 'participant',
  tag: TAG,
  summary: 'What became of a submission',
  description: `\`state\` is \`queued\` (then \`orders\` is empty, and \`sender\`, \`auction\` and \`receivedAt\` are absent) until the book has it. \`sender\` is the operator id of the person or
system that sent it: the subject (\`sub\`) of the token, which nothing in a request can change. It stays with the orders and their fills, and no other participant is shown it; what the
venue itself sends (orders of the roll, cancels of an operator's stop, of an overdue call and of a dead-man's switch) has \`venue\`. \`takenOut\` is there where all orders of the account were taken out, and says why. A
submission that never reached the book is \`not-found\` a day after the time in its key. \`outcome\`:

| outcome | |
|---|---|
| \`accepted\` | it has taken effect |
| \`deferred\` | a cancel or replace of an order that stands in an auction now being cleared (a cancel of all: of any such order): what that auction leaves of the order is cancelled, and the replacement enters only if the order did not trade |
| \`refused\` | with \`reason\`, one of those below |

| \`reason\` | |
|---|---|
| \`auction-closed\` | the submission was held up until after its auction; all of it is refused |
| \`overtaken\` | the submission was held up, and you have sent another since; all of it is refused, and what you said since stands |
| \`contract-not-listed\` | the month has expired since you sent it |
| \`unknown-order\` | no live order of yours has the name |
| \`duplicate-client-order-id\` | a live order of yours has the name |
| \`too-many-live-orders\` | you have \`liveOrdersMax\` live orders of the product, carried ones included; cancel some, or replace |
| \`too-many-submissions\` | you have sent \`submissionsMax\` submissions into this auction, or ten instructions for each of \`liveOrdersMax\`; until the next one only cancels are taken, and at twice as much nothing. A submission in which nothing is taken for this reason is answered by this one reason, without names |
| \`stopped\` | a kill switch of the account or of its owner is on (\`GET /v1/stops\`), or trading in the product is stopped; cancels are taken |
| \`other-product\` | the account trades another product, and this one gives no credit: an account's cash is behind one product, and in any other it has only \`creditUsd\` |
| \`order-too-large\` | the order has more than \`limits.orderLots\` lots |
| \`position-limit\` | your owner could come to hold more than \`limits\` allow, in the \`contract\` of the figures, or without one over all months |
| \`margin\` | the order takes no risk off, and the account could not pay for what might come of it, or its margin call is overdue |

All limits are parameters of the product (\`GET /v1/products\`). Send many orders in one submission rather than many submissions.

The last three have \`figures\`: \`allowed\` and \`would\` in lots; \`requirement\` and \`requirementWith\`, what the account may come to need without the
order and with it, and \`cash\`, what it has for that, with the credit that the product gives (\`creditUsd\`). What it may come to need is the worst that can happen: any
of its orders may trade at its limit, in whole or not at all, in an auction that is closed and has not cleared or in a later one, and what it
then holds must meet its requirement. An order that stands in a closed auction goes on counting until that has cleared, also when it is cancelled
or replaced; of it and its deferred replacement the one counts that needs more. A position limit counts all buys of a
month, of all accounts of the owner, on top of what they hold there, and all sells against it. An order that does not raise the worst case is never refused for \`margin\`, and one
that does not add to what is beyond a limit not for that. Orders are decided on the newest cleared auction, settlement and cash, posted or not.

When the venue has other orders under the key, the answer is \`idempotency-key-reused\`: the submission with this id does not stand.`,
  params: z.strictObject({ submission: z.string() }),
  answers: () => ({ 200: { description: 'The submission', body: SUBMISSION, example: DECIDED_EXAMPLE } }),
  problems: ['not-found', 'idempotency-key-reused'],
});

/** Of the last submission of the page before. */
const KEY_CURSOR = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const listSubmissions = route({
  method: 'GET',
  path: '/v1/submissions',
  for: 'participant',
  tag: TAG,
  summary: 'What the account has submitted',
  description: `Submissions that the book has, newest first by the time in their keys, each with the outcome of every entry and who of the account sent
it; those of the venue among them (\`takenOut\` says why). \`product\` is the one that the account trades unless given. The book is kept for 400 days.`,
  query: z.strictObject({ product: productText.optional(), ...paged(inCursor.matching(KEY_CURSOR)) }),
  answers: () => ({
    200: { description: 'A page of submissions', body: page(SUBMISSION), example: { items: [DECIDED_EXAMPLE] } },
  }),
  problems: ['not-found'],
});

const ROLL_PREVIEW = z
  .object({
    date: businessDate,
    day: z.int().meta({ description: 'Of the days of the roll window, from 1' }),
    days: z.int(),
    buy: contract,
    sell: contract,
    price: price.meta({ description: 'The limit, on price bought minus price sold' }),
    lots: lots.meta({ description: 'What is left when it is cut to what the account could pay for' }),
    due: lots.meta({ description: "The day's share" }),
  })
  .meta({ id: 'RollPreview' });
const PREVIEW = z
  .object({
    product,
    auction: z.int().meta({ description: 'The auction that is open' }),
    decidedOn: seq,
    orders: z.array(DECIDED),
    margin: z.object({ requirement: money, requirementWith: money, cash: money }).nullable(),
    positions: z.array(z.object({ contract, lots, lotsWith: lots })),
    roll: ROLL_PREVIEW.nullable(),
  })
  .meta({ id: 'Preview' });

export const previewOrders = route({
  method: 'POST',
  path: '/v1/preview',
  for: 'participant',
  tag: TAG,
  summary: 'Preview a submission',
  description: `The same body as a submission, and what would become of it if it came to the book now. It is decided by the very code that accepts
submissions, on the newest event of the clearing log and on all that the account and the other accounts of its owner have sent: entry by entry
with the same outcomes, reasons and figures, each on what the entries before it left. It changes nothing, takes no \`Idempotency-Key\`, and what it
says is not kept. It differs from what accept says when something comes between the two: another submission of the owner, an auction, a settlement, cash, a
kill switch, or a limit on submissions that is reached; what was sent and has not left its queue yet is not in it.

\`margin\`: what the account may come to need as it stands (\`requirement\`) and with what would be accepted (\`requirementWith\`), the worst over all
subsets of its orders that may trade, and \`cash\`, what it has for that with credit; \`null\` where the account trades another product. \`positions\`: lots as
of \`decidedOn\`, posted or not, and \`lotsWith\` if every order fills whole that this preview would bring in, and none that is there already.
\`roll\`: the order that the roll would make of the account's instruction in the next closing auction, beside all its orders and those of the preview; \`null\` when it
would make none: no instruction, no roll day, nothing due, or the account is stopped.

Others preview one order, or estimate its margin by a formula of their own; here any 500 entries are previewed together, cancels and replacements
among them, by the rule that will decide.`,
  body: SUBMISSION_BODY,
  invalid: 'invalid-submission',
  example: SUBMISSION_EXAMPLE,
  answers: () => ({
    200: {
      description: 'What would become of it',
      body: PREVIEW,
      example: {
        product: 'H100-SXM',
        auction: 17,
        decidedOn: 41,
        orders: [
          { clientOrderId: 'b1', outcome: 'accepted' },
          { cancel: 'b0', outcome: 'refused', reason: 'unknown-order' },
        ],
        margin: { requirement: '1200.00', requirementWith: '4200.00', cash: '250000.00' },
        positions: [{ contract: 'H100-SXM-2025-12', lots: 6, lotsWith: 16 }],
        roll: {
          date: '2025-11-07',
          day: 1,
          days: 5,
          buy: 'H100-SXM-2026-01',
          sell: 'H100-SXM-2025-12',
          price: '0.060',
          lots: 1,
          due: 1,
        },
      },
    },
  }),
  problems: ['unknown-contract'],
});

const PRODUCT_QUERY = z.strictObject({ product: productText });
const CANCELS = `A submission of one entry, by path: it goes the same way, is safe to repeat under its \`Idempotency-Key\`, and its \`status\` says what became of it. Of an
order that stands in an auction that is closed, what that auction leaves is cancelled (\`deferred\`).`;

export const cancelOrder = route({
  method: 'DELETE',
  path: '/v1/orders/{clientOrderId}',
  for: 'participant',
  tag: TAG,
  summary: 'Cancel an order',
  description: `${CANCELS} To cancel many at once, send a submission of cancels.`,
  params: z.strictObject({ clientOrderId }),
  query: PRODUCT_QUERY,
  headers: KEYED,
  answers: () => TAKEN_ANSWER,
  problems: [...OF_KEY, 'unknown-contract'],
});

export const cancelOrders = route({
  method: 'DELETE',
  path: '/v1/orders',
  for: 'participant',
  tag: TAG,
  summary: 'Cancel all orders',
  description: `Cancels every order of the account in the product that is live at this place of its queue. ${CANCELS}`,
  query: PRODUCT_QUERY,
  headers: KEYED,
  answers: () => TAKEN_ANSWER,
  problems: [...OF_KEY, 'unknown-contract'],
});
