/** Routes of the operator's side: how far the venue has come, halting it, its days and its log. */
import * as z from 'zod';
import { DAY_STEPS } from '../domain/clearing/day.ts';
import { route } from './route.ts';
import {
  businessDate,
  dateText,
  inCursor,
  instant,
  money,
  page,
  paged,
  price,
  product,
  reasonText,
  sender,
  seq,
} from './written.ts';

const TAG = 'Operator: the venue';

const HALT = z
  .object({ reason: z.string(), by: sender, at: z.string() })
  .meta({ description: '`by` is a function where the venue halted itself, and `at` the event that did not sum to zero' });

export const showVenue = route({
  method: 'GET',
  path: '/v1/operator/venue',
  for: 'viewer',
  tag: TAG,
  summary: 'How far the venue has come',
  description: `\`seq\` and \`hash\` of the newest event. \`halted\` is \`null\`, or the \`reason\`, the operator (\`by\`) and the instant (\`at\`); a venue
that is out of balance halts itself, and then \`by\` is a function's name.`,
  answers: () => ({
    200: {
      description: 'The venue',
      body: z.object({
        seq,
        hash: z.string(),
        halted: HALT.nullable(),
        products: z.array(z.object({ product, lastAuction: z.int(), settledOn: businessDate, closedOn: businessDate })),
      }),
      example: {
        seq: 41,
        hash: '9f2c',
        halted: null,
        products: [{ product: 'H100-SXM', lastAuction: 17, settledOn: '2025-10-17', closedOn: '2025-10-17' }],
      },
    },
  }),
  problems: [],
});

const HALTED = z.object({ halted: HALT.nullable() });

export const haltVenue = route({
  method: 'POST',
  path: '/v1/operator/venue/halt',
  for: 'operator',
  tag: TAG,
  summary: 'Halt the venue',
  description: `A \`reason\` of at most 500 characters. Nothing clears, settles or posts from then on; submissions are still taken.
Answers with the halt that stands: the first reason stays.`,
  body: z.strictObject({ reason: reasonText(500) }, 'must be an object'),
  example: { reason: 'the index is wrong' },
  answers: () => ({
    200: {
      description: 'The halt that stands',
      body: HALTED,
      example: { halted: { reason: 'the index is wrong', by: '5c1e0f3a', at: '2025-10-20T14:00:00.000Z' } },
    },
  }),
  problems: [],
});

export const resumeVenue = route({
  method: 'POST',
  path: '/v1/operator/venue/resume',
  for: 'operator',
  tag: TAG,
  summary: 'Let the venue go on',
  description: `No body, or a \`reason\`; a venue that halted itself needs the reason, which is kept in the list of what operators did. It has the venue swept at
once: what closed during the halt clears, an auction and day runs that were due are held, and every shard posts. \`"halted": null\`, also when it was not halted.
\`version-conflict\` when it was halted again meanwhile.`,
  body: z.strictObject({ reason: reasonText(500).optional() }, 'must be an object').optional(),
  example: { reason: 'the posting was put right' },
  answers: () => ({ 200: { description: 'It goes on', body: HALTED, example: { halted: null } } }),
  problems: ['version-conflict'],
});

const ofDays = 'Operator: days and the log';
const byContract = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value);
const REPORT = z
  .object({
    auction: z.int(),
    settled: byContract(price),
    locked: byContract(z.unknown()),
    volume: byContract(z.int()),
    openInterest: byContract(z.int()),
    near: z.string(),
    next: z.string(),
    roll: z
      .object({
        near: z.string(),
        next: z.string(),
        price,
        longsRolled: z.int(),
        shortsRolled: z.int(),
        longsLeft: z.int(),
        longsRollCost: money,
      })
      .nullable(),
    variation: z.object({ collected: money, paid: money }),
    expired: z.object({ contract: z.string(), finalPrice: price, indexValues: z.int() }).nullable(),
    called: z.object({ accounts: z.int(), amount: money }),
  })
  .meta({ id: 'DayReport' });
const DAY = z
  .object({
    product,
    date: businessDate,
    step: z.enum(DAY_STEPS).meta({ description: 'The step that comes next' }),
    auction: z.int().optional().meta({ description: 'Its closing auction' }),
    report: REPORT.optional().meta({ description: 'There once it is done' }),
  })
  .meta({ id: 'DayRun' });
const SETTLING = { product: 'H100-SXM', date: '2025-10-20', step: 'settle', auction: 18 } as const;

export const listDayRuns = route({
  method: 'GET',
  path: '/v1/operator/days/{product}',
  for: 'viewer',
  tag: ofDays,
  summary: 'Day runs',
  description: `Newest first. \`step\` is the one it is at: \`roll\`, \`close\`, \`clear\`, \`settle\`,
\`expire\`, \`report\`, \`done\`. \`auction\` is its closing auction, \`report\` is there once it is done.`,
  params: z.strictObject({ product }),
  query: z.strictObject({ ...paged(dateText) }),
  answers: () => ({ 200: { description: 'A page of days', body: page(DAY), example: { items: [SETTLING] } } }),
  problems: ['not-found'],
});

export const showDayRun = route({
  method: 'GET',
  path: '/v1/operator/days/{product}/{date}',
  for: 'viewer',
  tag: ofDays,
  summary: 'One day run',
  description: `Its report, when it has one:

| field | |
|---|---|
| \`auction\` | the closing auction |
| \`settled\`, \`volume\`, \`openInterest\` | by contract: settlement price, lots traded since the books were closed before, lots held long |
| \`near\`, \`next\` | the near contract and the one after it |
| \`roll\` | \`null\`, or \`near\`, \`next\`, \`price\` (far minus near), \`longsRolled\`, \`shortsRolled\`, \`longsLeft\`, \`longsRollCost\` |
| \`variation\` | \`collected\` and \`paid\` over all accounts |
| \`expired\` | \`null\`, or \`contract\`, \`finalPrice\`, \`indexValues\` |
| \`called\` | \`accounts\` that were short of margin when the books closed, and the \`amount\` that they were called for together |`,
  params: z.strictObject({ product, date: dateText }),
  answers: () => ({ 200: { description: 'The day', body: DAY, example: SETTLING } }),
  problems: ['not-found'],
});

export const listLog = route({
  method: 'GET',
  path: '/v1/operator/log',
  for: 'viewer',
  tag: ofDays,
  summary: 'The clearing log in order',
  description: `\`?after=\` begins behind an event by its number; \`cursor\` goes on with a list. A page of long events ends before its limit, with a \`next\`. Each \`hash\` is the SHA-256, in hex, of the hash before it
(empty for the first), a line feed, and the event's JSON text without spaces, fields in the order shown: so any reader can
check that nothing was changed. The months of a cleared auction have two fields more there, \`sealedBid\` and \`sealedOffer\`, of
orders that live on: no route gives them, and \`npm run audit\` checks those events, too. Inside events prices are integer ticks,
amounts are cents as text, a month is its year times twelve plus its number from zero, and orders and fills are only hashes that
stand for them.`,
  query: z.strictObject({
    ...paged(inCursor.number),
    after: z
      .string()
      .regex(/^(0|[1-9]\d{0,11})$/, 'must be the number of an event')
      .transform(Number)
      .optional()
      .meta({ description: 'The number of an event, 0 for the beginning', example: '40' }),
  }),
  answers: () => ({
    200: {
      description: 'A page of events',
      body: page(
        z.object({
          seq,
          hash: z.string(),
          event: z.looseObject({ kind: z.string() }).meta({ description: 'As it was written, but for what is sealed' }),
        }),
      ),
      example: {
        items: [
          {
            seq: 2,
            hash: '9f2c',
            event: {
              kind: 'accounts-opened',
              accounts: [{ account: 'acme', name: 'Acme Compute' }],
              by: '5c1e0f3a',
              at: '2025-10-20T14:00:00.000Z',
            },
          },
        ],
      },
    },
  }),
  problems: [],
});

/** What operators did: an event of the log, or what is noted beside it. */
const ACT = z
  .object({
    at: instant,
    by: sender,
    act: z.enum([
      'accounts-opened',
      'cash-moved',
      'parameters-changed',
      'trading-stopped',
      'trading-resumed',
      'proposed',
      'approved',
      'amended',
      'declined',
      'halted',
      'resumed',
      'stopped',
      'released',
    ]),
    seq: seq.optional().meta({ description: 'Of an event of the log: its number' }),
    second: sender.optional().meta({ description: 'Of an event that took two: who approved it' }),
    held: z.string().optional().meta({ description: 'The id that it is, or was, held under' }),
    revision: z.int().optional(),
    agreed: z.boolean().optional().meta({ description: 'Of an approval: with it two operators agree' }),
    product: product.optional(),
    version: z.int().optional(),
    accounts: z.int().optional().meta({ description: 'How many were opened, or had cash moved' }),
    paidIn: money.optional(),
    paidOut: money.optional(),
    owner: z.string().optional(),
    account: z.string().optional(),
    halt: z.string().optional().meta({ description: 'Of what resumed the venue: the reason of the halt that it ended' }),
    reason: z.string().optional(),
  })
  .meta({ id: 'Act' });

const PLACE = /^\d{1,12}\/[\x20-\x7e]{0,250}$/;

export const listActs = route({
  method: 'GET',
  path: '/v1/operator/acts',
  for: 'viewer',
  tag: ofDays,
  summary: 'Who did what',
  description: `What operators did, newest first, by the subject of their tokens. It is made of two lists that can't be changed afterwards: the events of the clearing log that name an operator
(\`accounts-opened\`, \`cash-moved\`, \`parameters-changed\`, \`trading-stopped\` and \`trading-resumed\` of products), and what is written together with every other change that an operator
makes: \`proposed\`, \`approved\`, \`amended\` and \`declined\` of what is held, \`halted\` and \`resumed\` of the venue, \`stopped\` and \`released\` of owners and accounts. What takes two shows as it was proposed, as it was
approved, and as the event that came of it, with the proposer as \`by\` and the other as \`second\`; an index value is published by the approval that has \`agreed\`. The \`seq\` says where an event stands in the log, which has it whole.

Not in it: who has read what, and what was refused (both in the access log); what participants do; what the venue does by itself, such as a halt because a posting does not sum to zero; and what is done beside the
API: a redrive of dead letters, a deployment, \`npm run repair\` (its rows are in an export), changes of who is in which group (the issuer's).
A page can be shorter than its limit, or empty, and still have a \`next\`.`,
  query: z.strictObject({ ...paged(inCursor.matching(PLACE)) }),
  answers: () => ({
    200: {
      description: 'A page of acts',
      body: page(ACT),
      example: {
        items: [
          {
            at: '2025-10-20T14:05:00.000Z',
            by: '5c1e0f3a',
            act: 'cash-moved',
            seq: 5,
            second: '77aa01',
            held: 'cash.0b7a4c',
            accounts: 1,
            paidIn: '250000.00',
            paidOut: '0.00',
          },
          {
            at: '2025-10-20T14:05:00.000Z',
            by: '77aa01',
            act: 'approved',
            held: 'cash.0b7a4c',
            revision: 2,
            agreed: true,
          },
          { at: '2025-10-20T14:00:00.000Z', by: '5c1e0f3a', act: 'halted', reason: 'the index is wrong' },
        ],
      },
    },
  }),
  problems: [],
});
