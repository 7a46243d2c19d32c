/** Routes of the operator's side: index values, one or a file of them. */
import * as z from 'zod';
import { INDEX_DECIMALS, parseIndex } from '../domain/contract/product.ts';
import type { Micros } from '../domain/contract/units.ts';
import { listOf } from './operator-accounts.ts';
import { AGREED, HELD } from './operator-held.ts';
import { route } from './route.ts';
import { businessDate, dateText, page, paged, product, rule, sender } from './written.ts';

const TAG = 'Operator: products';

const value = z.string().meta({ description: `USD per GPU-hour, with ${INDEX_DECIMALS} decimals`, example: '2.412300' });
const VALUE = z.object({ product, date: businessDate, value });

export const listPublishedIndex = route({
  method: 'GET',
  path: '/v1/operator/index/{product}',
  for: 'viewer',
  tag: TAG,
  summary: 'Published index values',
  description: 'Newest first. `by` names the operators that published or approved.',
  params: z.strictObject({ product }),
  query: z.strictObject({ ...paged(dateText) }),
  answers: () => ({
    200: {
      description: 'A page of values',
      body: page(z.object({ date: businessDate, value, by: z.array(sender).readonly() })),
      example: { items: [{ date: '2025-10-20', value: '2.412300', by: ['5c1e0f3a', '77aa01'] }] },
    },
  }),
  problems: ['not-found'],
});

export const VALUE_RULE = `must be decimal text with at most ${INDEX_DECIMALS} decimals`;
const valueText = z
  .string(rule(VALUE_RULE))
  .meta({ example: '2.4123' })
  .transform((text, context): Micros => {
    const parsed = parseIndex(text);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: VALUE_RULE });
    return z.NEVER;
  });

const published = { body: z.union([VALUE, AGREED]), example: { product: 'H100-SXM', date: '2025-10-20', value: '2.412300' } };

export const putIndexValue = route({
  method: 'PUT',
  path: '/v1/operator/index/{product}/{date}',
  for: 'operator',
  tag: TAG,
  summary: 'Put in an index value',
  description: `At most ${INDEX_DECIMALS} decimals; not for a date in the future. It takes two operators: \`202\`, and \`200\` when it was published
before with the same value. What is held says under \`reasons\` what the product's bounds object to: the value is zero, negative, or moves further from the value
before it than they allow. It is amended, approved or declined; a put of another value does not go past it (\`another-held\`). A published value
stays (\`index-published\`).`,
  params: z.strictObject({ product, date: dateText }),
  body: z.strictObject({ value: valueText }, 'must be an object'),
  example: { value: '2.4123' },
  answers: () => ({
    200: { description: 'It is published, or two operators have agreed to it', ...published },
    202: HELD,
  }),
  problems: ['not-found', 'another-held', 'index-published', 'too-many-held'],
});

const ROW = z.discriminatedUnion('outcome', [
  z.object({ date: businessDate, outcome: z.literal('held'), ...HELD.body.shape }),
  z.object({ date: businessDate, outcome: z.literal('published'), value }),
  z.object({ date: businessDate, outcome: z.literal('refused'), code: z.string(), detail: z.string() }),
]);

export const putIndexValues = route({
  method: 'POST',
  path: '/v1/operator/index/{product}',
  for: 'operator',
  tag: TAG,
  summary: 'Put in many index values',
  description: `1 to 98 values of one product, no date twice. A value that can't be read, or a date in the future, refuses the whole list, and nothing is done.
Otherwise each is put in as by itself, in the order given, and the answer has a row for each: \`held\` until a second operator approves it, \`published\` when it was published
before with the same value, or \`refused\` with the \`code\` that says why (\`another-held\`, \`index-published\`, \`too-many-held\`). Each is held by itself: some may be approved and others not.
Safe to repeat. What moves further than the bounds allow is judged against the published value before it, not against the rows of the list.`,
  params: z.strictObject({ product }),
  body: z.strictObject(
    { values: listOf(z.strictObject({ date: dateText, value: valueText }, 'must be an object'), 'date') },
    'must be an object',
  ),
  example: {
    values: [
      { date: '2025-10-19', value: '2.4101' },
      { date: '2025-10-20', value: '2.4123' },
    ],
  },
  answers: () => ({
    200: {
      description: 'What became of each',
      body: z.object({ values: z.array(ROW) }),
      example: {
        values: [
          { date: '2025-10-19', outcome: 'published', value: '2.410100' },
          {
            date: '2025-10-20',
            outcome: 'held',
            held: 'index.H100-SXM.2025-10-20',
            revision: 1,
            approve: '/v1/operator/held/index.H100-SXM.2025-10-20/approve',
          },
        ],
      },
    },
  }),
  problems: ['not-found'],
});
