/** Routes of the roll: whether and how an account's near-month position rolls. */
import * as z from 'zod';
import { route } from './route.ts';
import { price, product, productText, rule } from './written.ts';

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
