/** Routes of an account: what it holds and why. */
import * as z from 'zod';
import { route } from './route.ts';
import { businessDate, inCursor, instant, lots, money, page, paged, product, seq } from './written.ts';

const TAG = 'The account';

const ENTRY = z
  .object({
    seq,
    kind: z.enum([
      'accounts-opened',
      'cash-moved',
      'auction-cleared',
      'prices-settled',
      'month-expired',
      'margin-called',
      'calls-met',
      'calls-overdue',
    ]),
    product: product.optional(),
    lots: z.record(z.string(), lots).optional().meta({ description: 'The change of position, by contract' }),
    date: businessDate.optional(),
    amount: money,
    balance: money,
    reference: z.string().optional().meta({ description: 'Of a cash movement' }),
    called: money.optional(),
    due: instant.optional(),
  })
  .meta({ id: 'JournalEntry' });

export const listJournal = route({
  method: 'GET',
  path: '/v1/journal',
  for: 'participant',
  tag: TAG,
  summary: 'Why the cash is what it is',
  description: `Newest first: one entry an event. An entry that calls the account for margin says for how much (\`called\`) and when that is
\`due\`; those of calls move nothing. \`product\`, \`date\` and \`lots\` are there for events of a product, \`reference\` for cash movements.`,
  query: z.strictObject({ ...paged(inCursor.number) }),
  answers: () => ({
    200: {
      description: 'A page of entries',
      body: page(ENTRY),
      example: {
        items: [
          {
            seq: 41,
            kind: 'auction-cleared',
            product: 'H100-SXM',
            lots: { 'H100-SXM-2025-12': 6 },
            date: '2025-10-20',
            amount: '-180.00',
            balance: '249820.00',
          },
          { seq: 5, kind: 'cash-moved', amount: '250000.00', balance: '250000.00', reference: 'transfer-1' },
        ],
      },
    },
  }),
  problems: [],
});
