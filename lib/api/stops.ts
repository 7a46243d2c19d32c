/** Routes that take an account's orders out: its kill switch, which also lets none in, and its dead-man's switch. */
import * as z from 'zod';
import { SWITCH_SECONDS_MAX } from '../domain/auction/dead-mans-switch.ts';
import { route } from './route.ts';
import { account, instant, productText, rule } from './written.ts';

const TAG = 'Kill switches';

const REASON_RULE = 'must be text of at most 200 characters';
const SCOPE_RULE = 'must be account or owner';
const SWITCH = z
  .strictObject(
    {
      scope: z.enum(['account', 'owner'], rule(SCOPE_RULE)).default('account'),
      reason: z.string(rule(REASON_RULE)).max(200, REASON_RULE).default(''),
    },
    'must be an object',
  )
  .optional();

const NOTE = z.object({ by: z.string().optional(), at: instant, reason: z.string() });
/** A kill switch with its last use. */
export const KILL_SWITCH = z
  .object({
    owner: z.string().optional(),
    account: account.optional(),
    side: z.enum(['participant', 'operator']),
    stands: z.boolean(),
    stopped: NOTE,
    released: NOTE.nullable(),
  })
  .meta({ id: 'KillSwitch' });
const STOPS = z.object({ account, stopped: z.boolean(), stops: z.array(KILL_SWITCH) }).meta({ id: 'Stops' });
const STOPS_ANSWER = {
  200: {
    description: 'The switches that the account is under',
    body: STOPS,
    example: {
      account: 'acme',
      stopped: true,
      stops: [
        {
          owner: 'acme',
          side: 'participant',
          stands: true,
          stopped: { by: '0a1b2c3d-0000-4000-8000-000000000001', at: '2025-10-20T14:00:00.000Z', reason: 'a runaway' },
          released: null,
        },
      ],
    },
  },
} as const;

export const showStops = route({
  method: 'GET',
  path: '/v1/stops',
  for: 'participant',
  tag: TAG,
  summary: 'Whether the account is stopped',
  description: `The kill switches that it is under: its own and those of its whole \`owner\`, of both sides, each with its last use. Which of the venue's operators
used one is not said.`,
  answers: () => STOPS_ANSWER,
  problems: [],
});

export const stop = route({
  method: 'POST',
  path: '/v1/stop',
  for: 'participant',
  tag: TAG,
  summary: 'Stop the account',
  description: `All of its live orders are taken out, and none come in until it is released. \`{"scope": "owner"}\` stops all accounts of its owner, those
opened later included; only the owner's first account may. \`reason\` is optional, up to 200 characters. The orders go at this
place of the queue: in an auction whose cut came before they still trade. The roll makes no orders of a stopped account. Safe to repeat; after a \`5xx\` do:
the switch may be on and the orders not yet out.`,
  body: SWITCH,
  example: { scope: 'account', reason: 'a runaway' },
  answers: () => STOPS_ANSWER,
  problems: [],
});

export const release = route({
  method: 'POST',
  path: '/v1/release',
  for: 'participant',
  tag: TAG,
  summary: 'Release the account',
  description: "Ends a stop of the same `scope`, which its own side has made: one of the operator's is the operator's to end.",
  body: SWITCH,
  example: { scope: 'account' },
  answers: () => STOPS_ANSWER,
  problems: [],
});

const SECONDS_RULE = `must be a whole number of seconds, 0 to ${SWITCH_SECONDS_MAX}`;
const DEAD_MANS_SWITCH = z
  .object({
    state: z.enum(['off', 'on', 'ran-out']),
    expires: instant.nullable().meta({ description: 'When it runs out, or ran out and the orders are not yet out' }),
    ranOut: instant.nullable().meta({ description: 'The last time that it ran out and orders were taken out for it' }),
  })
  .meta({ id: 'DeadMansSwitch' });
const DEAD_MANS_SWITCH_ANSWER = {
  200: {
    description: 'The switch as it stands',
    body: DEAD_MANS_SWITCH,
    example: { state: 'on', expires: '2025-10-20T14:01:00.000Z', ranOut: null },
  },
} as const;

/** The one that the account trades unless given. */
const ONE_PRODUCT = z.strictObject({ product: productText.optional() });

export const setCancelAllAfter = route({
  method: 'PUT',
  path: '/v1/cancel-all-after',
  for: 'participant',
  tag: TAG,
  summary: "Set the dead-man's switch",
  description: `\`{"seconds": 60}\`: unless it is set again within a minute of when the gateway received this, all orders of the account are taken out
in the product that it trades, or in the \`product\` that is given: each has a switch of its own. 1 to ${SWITCH_SECONDS_MAX.toLocaleString('en')} seconds; \`0\` switches it off, as \`DELETE\` does. Set it again as often as you like: each setting counts from its own receipt, and one that was
received before another and is worked after it changes nothing.

It is exact against the cut. When an auction closes, the cancel of every account whose switch had run out by the time the auction was due goes into the account's
own queue ahead of the auction's cut: none of its orders is in the auction, whatever goes on at that moment. A setting that was answered before the switch
ran out always counts. One that comes after it can't undo it: first the orders are taken out, then it is set, and \`ranOut\` says so. Between the two, what the account sends is taken out with the
rest: after it has run out, set it before you send. An auction that is held late, because it was missed or the venue was halted, counts switches as of when it is
closed. Orders that stand in an auction that was closed before still trade there. The order's history says \`taken-out\` by \`dead-mans-switch\`, its submission has the sender \`venue\`.

It cancels, and lets orders in again at once; to keep them out use \`POST /v1/stop\`. Orders of the roll are not touched: they follow the roll instruction. Others run such a timer beside their matching, and
what a timer and an order do at the same moment is anyone's guess; here it is decided by received times and by the queue that the order itself is in.`,
  query: ONE_PRODUCT,
  body: z.strictObject(
    { seconds: z.int(rule(SECONDS_RULE)).min(0, SECONDS_RULE).max(SWITCH_SECONDS_MAX, SECONDS_RULE) },
    'must be an object',
  ),
  example: { seconds: 60 },
  answers: () => DEAD_MANS_SWITCH_ANSWER,
  problems: ['not-found'],
});

export const showCancelAllAfter = route({
  method: 'GET',
  path: '/v1/cancel-all-after',
  for: 'participant',
  tag: TAG,
  summary: "The dead-man's switch as it stands",
  description: `\`ran-out\`: it has run out, and the orders are taken out before the next cut, or with the next \`PUT\` or \`DELETE\` if that comes first. After that it is \`off\`, and \`ranOut\` says
when it was.`,
  query: ONE_PRODUCT,
  answers: () => DEAD_MANS_SWITCH_ANSWER,
  problems: ['not-found'],
});

export const removeCancelAllAfter = route({
  method: 'DELETE',
  path: '/v1/cancel-all-after',
  for: 'participant',
  tag: TAG,
  summary: "Switch the dead-man's switch off",
  description: 'If it had run out before this was received, the orders are taken out all the same.',
  query: ONE_PRODUCT,
  answers: () => DEAD_MANS_SWITCH_ANSWER,
  problems: ['not-found'],
});
