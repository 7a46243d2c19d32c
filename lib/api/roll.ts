/** Routes of the roll: whether and how an account's near-month position rolls. */
import * as z from 'zod';
import { route } from './route.ts';
import { businessDate, contract, lots, money, price, product, productText, rule } from './written.ts';

const TAG = 'The roll';

const AT_MARKET = z.strictObject({ at: z.literal('market') });
const AT_LIMIT = z.strictObject({ at: z.literal('limit'), limit: z.string(rule('must be decimal text, such as "0.015"')) });
const WANTED = z.discriminatedUnion('at', [AT_MARKET, AT_LIMIT], 'must be market or limit');

const INSTRUCTION = z
  .discriminatedUnion('at', [
    z.object({ product, at: z.literal('market') }),
    z.object({ product, at: z.literal('limit'), limit: price }),
  ])
  .meta({ id: 'RollInstruction' });
const EXAMPLE = { product: 'H100-SXM', at: 'limit', limit: '0.015' };

export const listRollInstructions = route({
  method: 'GET',
  path: '/v1/roll-instructions',
  for: 'participant',
  tag: TAG,
  summary: 'Roll instructions of the account',
  description: 'One for each product that has one; not paged. Without an instruction a position does not roll.',
  answers: () => ({
    200: { description: 'The instructions', body: z.object({ items: z.array(INSTRUCTION) }), example: { items: [EXAMPLE] } },
  }),
  problems: [],
});

export const putRollInstruction = route({
  method: 'PUT',
  path: '/v1/roll-instructions/{product}',
  for: 'participant',
  tag: TAG,
  summary: 'Switch the roll on',
  description: `\`{"at": "market"}\`: at the market, within the product's band around the last settled spread. \`{"at": "limit", "limit": "0.015"}\`:
at a limit on far minus near, of any sign. The last instruction counts. A day's order is cut to what the account could pay for beside its own
orders; what is cut off stays in the near month, and is due again the next day.`,
  params: z.strictObject({ product: productText }),
  body: WANTED,
  example: { at: 'limit', limit: '0.015' },
  answers: () => ({ 200: { description: 'The instruction as it stands', body: INSTRUCTION, example: EXAMPLE } }),
  problems: ['not-found'],
});

export const removeRollInstruction = route({
  method: 'DELETE',
  path: '/v1/roll-instructions/{product}',
  for: 'participant',
  tag: TAG,
  summary: 'Switch the roll off',
  description: 'Also when there was no instruction.',
  params: z.strictObject({ product: productText }),
  answers: () => ({ 204: { description: 'There is no instruction' } }),
  problems: ['not-found'],
});

const WINDOW = z
  .object({
    near: contract,
    next: contract,
    held: lots.nullable().meta({ description: 'Lots in the near month when the window opened; null before it does' }),
    rolled: lots.meta({ description: 'Of these, what has rolled' }),
    left: lots.meta({ description: 'Lots in the near month now' }),
    cost: money.meta({ description: 'Of what has rolled: lots x (next price - near price); not a payment' }),
    days: z.array(
      z.object({
        date: businessDate,
        due: lots
          .nullable()
          .meta({ description: 'What would roll, if the days before it fill whole; null when the day is over' }),
        rolled: lots,
        price: price.nullable().meta({ description: 'Next less near, at which it rolled' }),
        cost: money,
      }),
    ),
  })
  .meta({ id: 'AccountRollWindow' });

export const showRoll = route({
  method: 'GET',
  path: '/v1/roll/{product}',
  for: 'participant',
  tag: TAG,
  summary: 'What rolls when, what has, and what it cost',
  description: `The account's \`instruction\`, or \`null\`, and its windows: the one that is open or opens next and, once that is another, the last one in which the
account held anything. A fifth of what was held when the window opened is due each day, and what did not roll the days before; without an instruction nothing is due. A day's order trades
in the closing auction, cut to what the account could pay for, and not beyond the limit: so what is \`due\` is the most that rolls. What is left after the last day stays in
the near month and settles at its expiry. Lots of longs are positive, of shorts negative.`,
  params: z.strictObject({ product: productText }),
  answers: () => ({
    200: {
      description: 'The roll of the account',
      body: z.object({ product, instruction: INSTRUCTION.nullable(), windows: z.array(WINDOW) }),
      example: {
        product: 'H100-SXM',
        instruction: EXAMPLE,
        windows: [
          {
            near: 'H100-SXM-2025-12',
            next: 'H100-SXM-2026-01',
            held: 10,
            rolled: 2,
            left: 8,
            cost: '40.00',
            days: [
              { date: '2025-11-07', due: null, rolled: 2, price: '0.020', cost: '40.00' },
              { date: '2025-11-10', due: 2, rolled: 0, price: null, cost: '0.00' },
            ],
          },
        ],
      },
    },
  }),
  problems: ['not-found'],
});
