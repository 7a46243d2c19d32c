/** Routes of the operator's side: what waits for whom, and how the venue is. */
import * as z from 'zod';
import { WAITS } from '../domain/clearing/day.ts';
import { CALL_ITEM, STOP } from './operator-accounts.ts';
import { route } from './route.ts';
import { account, businessDate, instant, product, sender, seq } from './written.ts';

const TAG = 'Operator: the venue';

const WAITING_FOR = [...(Object.keys(WAITS) as (keyof typeof WAITS)[]), 'posting'] as const;
const DAY = z
  .object({
    product,
    date: businessDate,
    step: z.string().meta({ description: 'The step that comes next' }),
    waitsFor: z.enum(WAITING_FOR).nullable().meta({ description: '`null` when the step is being taken' }),
    says: z.string(),
  })
  .meta({ id: 'OpenDay' });
const CLEARING = {
  product: 'H100-SXM',
  date: '2025-10-20',
  step: 'settle',
  waitsFor: 'approval',
  says: 'two operators must agree to what is held',
} as const;

export const showWaiting = route({
  method: 'GET',
  path: '/v1/operator/waiting',
  for: 'viewer',
  tag: TAG,
  summary: 'What waits for whom',
  description: `What is held and may still be approved: by whom (\`needs\`, any approver but those named in \`approvals\`), and whether you may (\`you\`: \`may-approve\`, \`named\` when your name is on it, \`role-needed\` when you are no approver).
Open margin calls, those that are due first to pay: the participant's. And the day run of each product that is not done, with what it waits for. At most a hundred of what is held, and of calls: \`more\` says that there are others, which \`GET /v1/operator/held?waiting=true\` and \`GET /v1/operator/calls\` list.`,
  answers: () => ({
    200: {
      description: 'All that waits',
      body: z.object({
        held: z.object({
          items: z.array(
            z.object({
              held: z.string(),
              kind: z.enum(['settlement', 'final-price', 'index', 'accounts', 'cash', 'parameters']),
              product: product.optional(),
              date: businessDate.optional(),
              proposedBy: sender,
              approvals: z.array(sender).readonly(),
              needs: z.int().meta({ description: 'Approvals that are missing' }),
              you: z.enum(['may-approve', 'named', 'role-needed']),
              revision: z.int(),
              approve: z.string(),
            }),
          ),
          more: z.boolean(),
        }),
        calls: z.object({ items: z.array(CALL_ITEM), more: z.boolean() }),
        days: z.array(DAY),
      }),
      example: {
        held: {
          items: [
            {
              held: 'settlement.H100-SXM.2025-10-20',
              kind: 'settlement',
              product: 'H100-SXM',
              date: '2025-10-20',
              proposedBy: 'system',
              approvals: ['5c1e0f3a'],
              needs: 1,
              you: 'may-approve',
              revision: 2,
              approve: '/v1/operator/held/settlement.H100-SXM.2025-10-20/approve',
            },
          ],
          more: false,
        },
        calls: { items: [], more: false },
        days: [CLEARING],
      },
    },
  }),
  problems: [],
});

const messages = z.int().meta({ description: 'About as many, as the queue says' });

const state = () =>
  z.object({
    at: instant,
    seq,
    halted: z.object({ reason: z.string(), by: sender, at: z.string() }).nullable(),
    products: z.array(
      z.object({
        product,
        lastAuction: z.int(),
        settledOn: businessDate,
        closedOn: businessDate,
        stop: STOP,
        day: DAY.nullable(),
        pending: z.array(
          z.object({ auction: z.int(), slot: instant, closing: z.boolean(), closedShards: z.int(), shards: z.int() }),
        ),
        intake: z.object({ least: z.int(), most: z.int() }).meta({ description: 'Auctions that shards take orders into' }),
      }),
    ),
    stops: z.object({
      items: z.array(z.object({ owner: account, account: account.optional(), side: z.string(), since: instant })),
      more: z.boolean(),
    }),
    posting: z.object({ shards: z.int(), behind: z.array(z.int()).readonly(), events: z.int() }).meta({
      description:
        'Shards that have not come to the end of the log, and how many events there are from the first on that one of them has to post: 0 when none touches them',
    }),
    queues: z
      .array(
        z.object({
          queue: z.string(),
          visible: messages,
          inFlight: messages,
          delayed: messages,
          deadLetters: messages,
        }),
      )
      .nullable(),
    alarms: z
      .array(
        z.object({
          alarm: z.string(),
          state: z.string().meta({ description: '`ALARM`, `OK` or `INSUFFICIENT_DATA`' }),
          since: instant,
          says: z.string(),
          runbook: z.string().meta({ description: 'Where its heading is' }),
          reason: z.string(),
        }),
      )
      .nullable(),
  });

const STATE = {
  at: '2025-10-20T20:20:00.000Z',
  seq: 41,
  halted: null,
  products: [
    {
      product: 'H100-SXM',
      lastAuction: 18,
      settledOn: '2025-10-17',
      closedOn: '2025-10-17',
      stop: null,
      day: CLEARING,
      pending: [],
      intake: { least: 19, most: 19 },
    },
  ],
  stops: { items: [], more: false },
  posting: { shards: 16, behind: [], events: 0 },
  queues: [{ queue: 'orders.fifo', visible: 0, inFlight: 0, delayed: 0, deadLetters: 0 }],
  alarms: [
    {
      alarm: 'held-for-approval',
      state: 'ALARM',
      since: '2025-10-20T20:15:00.000Z',
      says: 'Something waits for the approval of a second operator.',
      runbook: 'docs/runbook.md#held-for-approval',
      reason: '1 at 2025-10-20T20:00Z; in alarm when 1 of 1 are >= 1',
    },
  ],
} as const;

export const showState = route({
  method: 'GET',
  path: '/v1/operator/state',
  for: 'viewer',
  tag: TAG,
  summary: 'How the venue is, in one answer',
  description: `The halt that stands; of each product its day run, the auctions that have a number and have not cleared (at most twenty, the oldest first) with how many shards have closed each, the numbers of the auctions that shards
take orders into, and its stop; owners and accounts whose trading an operator or participant has stopped (at most a hundred); how far shards are behind the log; the queues with their dead letters; and the alarms with their state, those in ALARM first, each with
its heading of the runbook. \`queues\` and \`alarms\` are \`null\` when the service that knows does not answer: the rest is there all the same. Numbers of messages are approximate, and of one moment each: the answer is put together from many reads.`,
  answers: () => ({
    200: {
      description: 'The state of the venue',
      body: state(),
      example: STATE,
    },
  }),
  problems: [],
});
