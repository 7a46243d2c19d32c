/** Routes of the operator's side: products and their parameters. */
import * as z from 'zod';
import { readWrittenParameters } from '../domain/contract/parameters.ts';
import { AGREED, HELD } from './operator-held.ts';
import { EXAMPLE, PRODUCT } from './parameters.ts';
import { route } from './route.ts';
import { dateText, product, productCode, readBy, rule } from './written.ts';

const TAG = 'Operator: products';

export const listProductsForOperator = route({
  method: 'GET',
  path: '/v1/operator/products',
  for: 'viewer',
  tag: TAG,
  summary: 'The products and their parameters',
  description: 'As participants see them, in order of code.',
  answers: () => ({
    200: {
      description: 'All of them',
      body: z.object({ items: z.array(PRODUCT) }),
      example: { items: [{ product: 'H100-SXM', version: 1, parameters: EXAMPLE }] },
    },
  }),
  problems: [],
});

const VERSION_RULE = 'must be a whole number, 0 to 1000000000';
const PRICE = z.string(rule('must be decimal text, such as "0.500"'));
const LISTING = z.strictObject(
  { date: dateText, curve: z.record(z.string(), PRICE, rule('must be an object of month and price')) },
  'must be an object',
);

export const putProduct = route({
  method: 'PUT',
  path: '/v1/operator/products/{product}',
  for: 'operator',
  tag: TAG,
  summary: 'List a product, or change its parameters',
  description: `\`expectedVersion\` is the version that was read, 0 for a new one. \`listing\` is
for a new one only: a day before the first trading day, and as \`curve\` a price for each month that will be listed.

| parameter | |
|---|---|
| \`lotGpuHours\` | 1 to 1,000,000; one tick on one lot must be whole cents; fixed once listed |
| \`priceDecimals\` | 0 to 6; fixed once listed |
| \`listedMonths\` | 4 (a roll needs them) to 20 (more could pass the range of prices); fixed once listed |
| \`timeZone\`, \`calendar\`, \`dayRunTime\` | an IANA zone; \`NYSE\`; \`HH:MM\`, later than the last intraday auction that the deployment schedules for the product |
| \`dailyLimit\` | more than zero: a settlement that moves further is held |
| \`rollBand\` | zero or more: how far from the last settled spread a roll at the market may trade |
| \`indexValuesMin\` | 1 to 31: values that a final settlement price needs |
| \`indexAgeDaysMax\` | 0 to 366: days after which the newest value is stale |
| \`indexMoveBasisPointsMax\` | 1 to 1,000,000: a value that moves further is held |
| \`liveOrdersMax\` | 1 to 1,000,000: orders that an account may have live at a time; a lower limit takes none away |
| \`submissionsMax\` | 1 to 1,000,000: submissions that an account may send into one auction, with ten instructions for each of \`liveOrdersMax\`; of later ones only cancels are taken, up to twice as many |
| \`margin.scenarios\` | 1 to 32 moves of the forward curve, each with one for every listed month: positions need their greatest loss over them. A position must need no more in the next month than in the near one |
| \`margin.delivery\` | zero or more: added for each lot of the month that is being delivered |
| \`margin.funding\` | days, the first and the last included, on which each lot of net exposure needs so much more; at most 32 |
| \`margin.concentration\` | net lots of an owner at the last settlement, from which on each lot of its net exposure needs so much more; at most 32, both rising |
| \`limits\` | lots of one order; of an owner in a month, long or short; in the month that is being delivered, from a business day of it on; net over all months; and net from which on an owner is reported |
| \`bands\` | 1 to 32 widths: how far from its mark a month may clear, and in the auctions after one in which it was locked |
| \`creditUsd\` | whole dollars that an account may lack: 0 in a market of strangers |
| \`callDueTime\` | \`HH:MM\` of the next business day: when a margin call is due |

It takes two operators. \`version-conflict\` when
the product is at another version, or reached this one with other parameters; \`another-held\` when other parameters wait for this version.`,
  params: z.strictObject({ product: productCode }),
  body: z.strictObject(
    {
      expectedVersion: z.int(rule(VERSION_RULE)).min(0, VERSION_RULE).max(1_000_000_000, VERSION_RULE),
      parameters: readBy(readWrittenParameters),
      listing: LISTING.optional(),
    },
    'must be an object',
  ),
  example: {
    expectedVersion: 0,
    parameters: EXAMPLE,
    listing: { date: '2025-10-17', curve: { '2025-10': '2.400', '2025-11': '2.400' } },
  },
  answers: () => ({
    200: {
      description: 'It is at this version, with these parameters; or what two operators have agreed to',
      body: z.union([z.object({ product, version: z.int() }), AGREED]),
      example: { product: 'H100-SXM', version: 1 },
    },
    202: HELD,
  }),
  problems: ['version-conflict', 'another-held', 'too-many-held'],
});
