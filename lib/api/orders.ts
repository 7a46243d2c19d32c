/** Routes of an account's own orders: those that are live, what became of all of them, and their fills. */
import * as z from 'zod';
import { TIMES_IN_FORCE } from '../domain/auction/orders.ts';
import { route } from './route.ts';
import { FIGURES, REASON, TAG, TAKEN_OUT } from './submissions.ts';
import {
  businessDate,
  clientOrderId,
  contract,
  inCursor,
  instant,
  page,
  paged,
  price,
  product,
  productText,
  sender,
  seq,
} from './written.ts';

const lots = z.int().meta({ example: 10 });
/** Orders of the roll have a stroke in theirs. */
const orderName = z.string().meta({ example: 'b1' });
/** Of an outright `side` and `contract`, of a spread `buy` and `sell`. */
const pair = {
  side: z.enum(['buy', 'sell']).optional(),
  contract: contract.optional(),
  buy: contract.optional(),
  sell: contract.optional(),
};
const terms = { ...pair, price, lots, timeInForce: z.enum(TIMES_IN_FORCE) };

const LIVE = z.object({ clientOrderId: orderName, product, ...terms, sender }).meta({ id: 'LiveOrder' });
const SENDER = '0a1b2c3d-0000-4000-8000-000000000001';

export const listOrders = route({
  method: 'GET',
  path: '/v1/orders',
  for: 'participant',
  tag: TAG,
  summary: 'Live orders',
  description: `By product and name: those that a cancel or replace can name. \`lots\` is what is left. An order in an auction that is closed and
not yet cleared is shown if it may be carried.`,
  query: z.strictObject({
    product: productText.optional(),
    ...paged(inCursor.matching(/^[A-Z0-9-]{1,32}\/[A-Za-z0-9._:-]{1,36}$/)),
  }),
  answers: () => ({
    200: {
      description: 'A page of live orders',
      body: page(LIVE),
      example: {
        items: [
          {
            clientOrderId: 'b1',
            product: 'H100-SXM',
            side: 'buy',
            contract: 'H100-SXM-2025-12',
            price: '2.350',
            lots: 4,
            timeInForce: 'gtc',
            sender: SENDER,
          },
          {
            clientOrderId: 's1',
            product: 'H100-SXM',
            buy: 'H100-SXM-2026-01',
            sell: 'H100-SXM-2025-12',
            price: '-0.010',
            lots: 5,
            timeInForce: 'auction',
            sender: SENDER,
          },
        ],
      },
    },
  }),
  problems: ['not-found'],
});

export const ORDER_EVENTS = [
  'accepted',
  'refused',
  'cancelled',
  'replaced',
  'taken-out',
  'too-late',
  'not-entered',
  'filled',
  'self-matched',
  'carried',
  'lapsed',
] as const;

const EVENT = z
  .object({
    clientOrderId: orderName,
    auction: z.int(),
    event: z.enum(ORDER_EVENTS),
    at: instant.meta({ description: 'When it was received; of what an auction did, when that was due' }),
    submission: z.string().optional(),
    sender: sender.optional(),
    order: z.object(terms).optional(),
    replaces: orderName.optional(),
    replacedBy: orderName.optional(),
    reason: REASON.optional(),
    figures: FIGURES.optional(),
    takenOut: TAKEN_OUT.optional(),
    ...pair,
    lots: lots.optional(),
    price: price.optional(),
    seq: seq.optional(),
    lapsed: z.enum(['time-in-force', 'month-expired', 'product-stopped']).optional(),
  })
  .meta({ id: 'OrderEvent' });

const EVENTS = `| \`event\` | |
|---|---|
| \`accepted\` | it came in, by \`submission\` of \`sender\`, as \`order\`; perhaps in place of the one that it \`replaces\` |
| \`refused\` | an order, or a cancel of one, was refused for \`reason\`, with its \`figures\` |
| \`cancelled\`, \`replaced\` | by \`submission\` of \`sender\`, \`replacedBy\` another order |
| \`taken-out\` | with all orders of the account: \`kill-switch\`, \`overdue-call\` or \`dead-mans-switch\` (\`takenOut\`) |
| \`too-late\` | a cancel or replacement waited for an auction, and that left nothing of the order |
| \`not-entered\` | a replacement waited for an auction in which the order traded that it \`replaces\` |
| \`filled\` | \`lots\` at \`price\` in \`auction\`, the event \`seq\` of the clearing log |
| \`self-matched\` | \`lots\` that would have traded with its owner's other orders were taken out |
| \`carried\` | \`lots\` go on into the next auction |
| \`lapsed\` | \`lots\` ended with the auction: their \`time-in-force\` is over, their \`month-expired\`, or \`product-stopped\`: trading was stopped |

While an auction has not cleared, what was said of orders that stand in it is shown as it will be if nothing of them trades. Nothing is stored for this:
it follows from the book and the auctions' results, as the book of each auction itself does, so it can say nothing else than what was cleared.`;

const EVENTS_EXAMPLE = [
  {
    clientOrderId: 'b1',
    auction: 17,
    event: 'filled',
    at: '2025-10-20T14:00:00.000Z',
    seq: 41,
    side: 'buy',
    contract: 'H100-SXM-2025-12',
    lots: 6,
    price: '2.341',
  },
  {
    clientOrderId: 'b1',
    auction: 17,
    event: 'accepted',
    at: '2025-10-20T13:58:01.000Z',
    submission: 'H100-SXM.019a01eb-7700-7000-8000-000000000001.5f2679ecbb353db8.ac3df2b5c7e04d19a8f1b602',
    sender: SENDER,
    order: { side: 'buy', contract: 'H100-SXM-2025-12', price: '2.350', lots: 10, timeInForce: 'gtc' },
  },
];

/** An auction, and of its events so many that stand behind. */
const PLACE = /^[1-9]\d{0,11}(\.\d{1,9})?$/;
const HISTORY_QUERY = z.strictObject({ product: productText.optional(), ...paged(inCursor.matching(PLACE)) });

export const showOrder = route({
  method: 'GET',
  path: '/v1/orders/{clientOrderId}',
  for: 'participant',
  tag: TAG,
  summary: 'The whole history of an order',
  description: `Of the newest order of that name: what happened to it, newest first, back to where it came in; with what was refused under the name since.
\`product\` is the one that the account trades unless given. A page looks through so many auctions at most: it can be empty and still have a \`next\`. \`not-found\` when the
first page has looked through all auctions, and no order of the account had the name.

${EVENTS}`,
  params: z.strictObject({ clientOrderId }),
  query: HISTORY_QUERY,
  answers: () => ({ 200: { description: 'A page of events', body: page(EVENT), example: { items: EVENTS_EXAMPLE } } }),
  problems: ['not-found'],
});

export const listOrderHistory = route({
  method: 'GET',
  path: '/v1/order-history',
  for: 'participant',
  tag: TAG,
  summary: 'What happened to all orders of the account',
  description: `Newest first, orders of the roll among them. \`product\` is the one that the account trades unless given. A page looks through so many auctions at
most: it can be shorter than its limit, or empty, and still have a \`next\`.

${EVENTS}`,
  query: HISTORY_QUERY,
  answers: () => ({ 200: { description: 'A page of events', body: page(EVENT), example: { items: EVENTS_EXAMPLE } } }),
  problems: ['not-found'],
});

const FILL = z
  .object({
    seq,
    product,
    auction: z.int(),
    date: businessDate,
    clientOrderId: orderName,
    ...pair,
    lots,
    price,
    rolls: z.boolean(),
    selfMatched: lots,
    sender,
  })
  .meta({ id: 'Fill' });

/** An event, and of its fills those of orders whose names come after this one. Orders of the roll have a stroke in theirs. */
const FILL_PLACE = /^[1-9]\d{0,11}(\.[A-Za-z0-9._:/-]{1,36})?$/;

export const listFills = route({
  method: 'GET',
  path: '/v1/fills',
  for: 'participant',
  tag: TAG,
  summary: 'Fills',
  description: `Newest auction first, those of one auction by the names of their orders; with \`clientOrderId\` those of the orders of that name alone. A page can be
shorter than its limit and still have a \`next\`. \`price\` is the auction's: the month's price, or of a spread the price bought minus the price sold. \`rolls\` marks orders that the day run made.

An owner never trades with itself. What its orders, of all its accounts and of the roll, would trade with each other is taken out of both sides before the
auction: an offer at or below one's own bid, or spreads and outrights that close a circle. \`selfMatched\` is the lots taken out of the order; \`lots\` is 0 where that
is all that happened to it, so the sum of \`lots\` is what traded. They are gone; what is left of the order trades, and is carried while it is good.
No other participant can tell that they were there.

An order better than the auction's price fills whole, unless its month is locked (\`GET /v1/auctions\`). What trades of the orders exactly at it is shared: first between
owners (accounts \`fund\` and \`fund.two\` are both of the owner \`fund\`), in proportion to the lots that each has in all at
that price in the same contract, or the same two of a spread; then among an owner's own orders by size, the largest
remainders first. An owner gets its share rounded down or up. The last lots are drawn by a lottery, in which the part of a
lot that a share leaves over is the chance of one more. So the number of your orders, their sizes, their names, the name of
your account and when you sent them make no difference to what you get.`,
  query: z.strictObject({
    clientOrderId: z
      .string()
      .regex(/^[A-Za-z0-9._:/-]{1,36}$/, 'must be the name of an order')
      .optional()
      .meta({ example: 'b1' }),
    ...paged(inCursor.matching(FILL_PLACE)),
  }),
  answers: () => ({
    200: {
      description: 'A page of fills',
      body: page(FILL),
      example: {
        items: [
          {
            seq: 41,
            product: 'H100-SXM',
            auction: 17,
            date: '2025-10-20',
            clientOrderId: 'b1',
            side: 'buy',
            contract: 'H100-SXM-2025-12',
            lots: 6,
            price: '2.341',
            rolls: false,
            selfMatched: 4,
            sender: SENDER,
          },
          {
            seq: 41,
            product: 'H100-SXM',
            auction: 17,
            date: '2025-10-20',
            clientOrderId: 's1',
            buy: 'H100-SXM-2026-01',
            sell: 'H100-SXM-2025-12',
            lots: 5,
            price: '-0.012',
            rolls: false,
            selfMatched: 0,
            sender: SENDER,
          },
        ],
      },
    },
  }),
  problems: [],
});
