/** Routes of an account: what it holds and why. */
import * as z from 'zod';
import { route } from './route.ts';
import {
  account,
  businessDate,
  contract,
  dateText,
  inCursor,
  instant,
  lots,
  money,
  page,
  paged,
  price,
  product,
  productText,
  seq,
} from './written.ts';

const TAG = 'The account';

const CALL = z.object({ date: businessDate, amount: money, due: instant, overdue: z.boolean() }).meta({ id: 'OpenCall' });
const asOf = seq.meta({ description: 'The last event that is in it' });
const newest = seq.meta({ description: 'The newest event of the venue' });

export const showAccount = route({
  method: 'GET',
  path: '/v1/account',
  for: 'participant',
  tag: TAG,
  summary: 'Cash and margin',
  description: `\`applied\` is the number of the last event of the clearing log that touched the account; 0 when none is posted yet. \`asOf\` and \`seq\` as in
positions. \`requirement\` is what the positions need, and \`excess\` what cash and credit are beyond that, negative when the account lacks
margin; both are \`null\` while an expiry is being posted. \`call\` is the open margin call, or \`null\`: the \`date\` at whose close the account was called
first, the \`amount\` that it lacked when books closed last, when it is \`due\`, and whether it is \`overdue\`. A call is met when \`excess\` is not
negative any more, by cash or by less risk, at the latest with the next sweep. When it becomes overdue the account's open orders are taken out, by a
submission whose \`sender\` is \`venue\`, and until it is met only orders that add no risk are accepted (\`margin\`).`,
  answers: () => ({
    200: {
      description: 'The account as posted',
      body: z.object({
        account,
        name: z.string(),
        cash: money,
        requirement: money.nullable(),
        excess: money.nullable(),
        call: CALL.nullable(),
        applied: z.int(),
        asOf,
        seq: newest,
      }),
      example: {
        account: 'acme',
        name: 'Acme Compute',
        cash: '249820.00',
        requirement: '250020.00',
        excess: '-200.00',
        call: { date: '2025-10-20', amount: '200.00', due: '2025-10-21T14:00:00.000Z', overdue: false },
        applied: 41,
        asOf: 41,
        seq: 41,
      },
    },
  }),
  problems: [],
});

const POSITION = z
  .object({
    contract,
    lots,
    mark: price.nullable(),
    entryPrice: z.string().meta({ description: 'USD per GPU-hour, with six decimals', example: '2.341500' }),
    entryCost: money,
    openProfit: money.nullable(),
    requirementFreed: money.nullable(),
  })
  .meta({ id: 'Position' });

export const showPositions = route({
  method: 'GET',
  path: '/v1/positions',
  for: 'participant',
  tag: TAG,
  summary: 'Positions, what they have gained and what they need',
  description: `Positions stand at the \`mark\`, the last settlement price: all that they have gained is in the cash already. \`entryCost\` says what the lots cost
to enter, by average cost (negative for a short, which received it): it grows with what is added, leaves in proportion with what is taken off, and starts anew when a
position crosses zero; a roll leaves one month and enters the other. \`entryPrice\` is the same for a lot. \`openProfit\` is lots x mark less the entry cost, and
\`realizedProfit\` what closed and expired lots have brought: deposits, open and realized profit add up to the cash.

\`requirement\` is the account's, as in \`GET /v1/account\`. Spreads get their credit, so it has no exact share of each position; \`requirementFreed\` is how much
less would be needed without this one alone, negative where it offsets others. They do not add up to the requirement.

\`asOf\` is the last event of the clearing log that is in the answer, and \`seq\` the venue's newest: with events between, what they did to the account is to come. Both
\`mark\` and what follows from it are \`null\` while the expiry of a month is being posted.`,
  answers: () => ({
    200: {
      description: 'The positions as posted, by product and month',
      body: z.object({
        account,
        cash: money,
        requirement: money.nullable(),
        openProfit: money.nullable(),
        realizedProfit: money.nullable(),
        positions: z.array(POSITION),
        asOf,
        seq: newest,
      }),
      example: {
        account: 'acme',
        cash: '249820.00',
        requirement: '1800.00',
        openProfit: '-60.00',
        realizedProfit: '-120.00',
        positions: [
          {
            contract: 'H100-SXM-2025-12',
            lots: 6,
            mark: '2.400',
            entryPrice: '2.410000',
            entryCost: '14460.00',
            openProfit: '-60.00',
            requirementFreed: '1800.00',
          },
        ],
        asOf: 41,
        seq: 41,
      },
    },
  }),
  problems: [],
});

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

const STATEMENT = {
  date: businessDate,
  product,
  after: seq.meta({ description: 'It covers the events behind this one' }),
  through: seq.meta({ description: 'up to this one' }),
  balance: money.meta({ description: 'Cash at its end, over all products' }),
  variation: money.meta({ description: 'Gains and losses in the product' }),
  rolledLots: lots,
  rollCost: money.meta({ description: 'Lots x (far price - near price); not a payment' }),
  requirement: money.meta({ description: 'What the positions at its end need' }),
  cover: money.meta({ description: 'Cash and credit that are there for it' }),
  excess: money,
};
const EXAMPLE = {
  date: '2025-10-20',
  product: 'H100-SXM',
  after: 12,
  through: 44,
  balance: '249820.00',
  variation: '-180.00',
  rolledLots: 4,
  rollCost: '80.00',
  requirement: '1800.00',
  cover: '249820.00',
  excess: '248020.00',
};

export const listStatements = route({
  method: 'GET',
  path: '/v1/statements',
  for: 'participant',
  tag: TAG,
  summary: 'Daily statements',
  description: `One a product and business day on which the account held, traded or moved cash, newest first. It
covers the events behind \`after\`, up to \`through\` (numbers of the journal's \`seq\`), and begins where the one before it ended, so every
entry of the journal is in exactly one of a product. \`balance\` is the cash at its end over all products, \`deposited\` all cash ever moved in less what was
moved out, \`variation\` the gains and losses in the product, \`rolledLots\` (long positive) and \`rollCost\` (far minus near) what rolled. While a
day's settlement is held its books stay open: auctions of the days after it are in its statement. \`requirement\` is what the positions need, \`cover\` the
cash and credit that are there for it, and \`excess\` what is left, negative when the account lacks margin and is called.`,
  query: z.strictObject({ ...paged(inCursor.matching(/^\d{4}-\d{2}-\d{2}#[A-Z0-9-]{1,32}$/)) }),
  answers: () => ({
    200: {
      description: 'A page of statements',
      body: page(
        z
          .object({ ...STATEMENT, deposited: money, positions: z.array(z.object({ contract, lots })) })
          .meta({ id: 'ListedStatement' }),
      ),
      example: {
        items: [{ ...EXAMPLE, deposited: '250000.00', positions: [{ contract: 'H100-SXM-2025-12', lots: 6 }] }],
      },
    },
  }),
  problems: [],
});

const ofDay = z.strictObject({ product: productText, date: dateText });

/** A statement with all that explains it: what its three forms show. */
const FULL_STATEMENT = z
  .object({
    account,
    name: z.string(),
    owner: account,
    ...STATEMENT,
    opening: money.meta({ description: 'Cash when the books were opened' }),
    deposits: money,
    withdrawals: money.meta({ description: 'Zero or negative' }),
    elsewhere: money.meta({ description: 'What the other products of the account brought meanwhile' }),
    contracts: z.array(
      z.object({
        contract,
        openingLots: lots,
        lots,
        price: price.meta({ description: 'The settlement price, or what an expired month settled at' }),
        variation: money,
      }),
    ),
  })
  .meta({ id: 'Statement' });
export type FullStatement = z.infer<typeof FULL_STATEMENT>;

export const showStatement = route({
  method: 'GET',
  path: '/v1/statements/{product}/{date}',
  for: 'participant',
  tag: TAG,
  summary: 'A statement, explained',
  description: `The cash that the day began with, what moved it, and what it ended with: \`opening\` + \`deposits\` + \`withdrawals\` + \`variation\` + \`elsewhere\` is
\`balance\`, and the \`variation\` of the contracts adds up to the whole. It never changes.`,
  params: ofDay,
  answers: () => ({
    200: {
      description: 'The statement',
      body: FULL_STATEMENT,
      example: {
        account: 'acme',
        name: 'Acme Compute',
        owner: 'acme',
        ...EXAMPLE,
        opening: '0.00',
        deposits: '250000.00',
        withdrawals: '0.00',
        elsewhere: '0.00',
        contracts: [{ contract: 'H100-SXM-2025-12', openingLots: 0, lots: 6, price: '2.400', variation: '-180.00' }],
      },
    },
  }),
  problems: ['not-found'],
});

export const showStatementCsv = route({
  method: 'GET',
  path: '/v1/statements/{product}/{date}/csv',
  for: 'participant',
  tag: TAG,
  summary: 'A statement as CSV',
  description: `The same as rows (RFC 4180, UTF-8): \`account,product,date,item,contract,lots,price,amount\`. Every row says whose it is and of which day, so that files
of many days can be put behind each other. \`item\` is \`opening-balance\`, \`deposits\`, \`withdrawals\`, \`variation\` (one a contract, with the lots and the price at the end of the
day), \`other-products\`, \`closing-balance\`, \`roll-cost\`, \`requirement\`, \`cover\` or \`excess\`. The same bytes whenever it is asked for.`,
  params: ofDay,
  answers: () => ({
    200: {
      description: 'The file',
      type: 'text/csv',
      example:
        'account,product,date,item,contract,lots,price,amount\r\nacme,H100-SXM,2025-10-20,opening-balance,,,,0.00\r\nacme,H100-SXM,2025-10-20,variation,H100-SXM-2025-12,6,2.400,-180.00\r\n',
    },
  }),
  problems: ['not-found'],
});

export const showStatementPdf = route({
  method: 'GET',
  path: '/v1/statements/{product}/{date}/pdf',
  for: 'participant',
  tag: TAG,
  summary: 'A statement as PDF',
  description: `The same as a page to print and to keep, A4. Its fonts have Western European letters: any other character of the account's name stands there as its code,
\`[U+4E2D]\`, and the page says so. The same bytes whenever it is asked for.`,
  params: ofDay,
  answers: () => ({ 200: { description: 'The file', type: 'application/pdf' } }),
  problems: ['not-found'],
});
