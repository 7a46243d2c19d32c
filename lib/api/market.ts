/** Routes of the market: what is public, so that none of them needs a token. */
import * as z from 'zod';
import { EXAMPLE as PARAMETERS_EXAMPLE, PRODUCT } from './parameters.ts';
import { route } from './route.ts';
import {
  businessDate,
  contract,
  dateText,
  inCursor,
  instant,
  money,
  page,
  paged,
  price,
  product,
  productText,
} from './written.ts';

const TAG = 'The market';

export const listProducts = route({
  method: 'GET',
  path: '/v1/products',
  for: 'anyone',
  tag: TAG,
  summary: 'The products and their parameters',
  description: 'In order of code; not paged.',
  answers: () => ({
    200: {
      description: 'All of them',
      body: z.object({ items: z.array(PRODUCT) }),
      example: { items: [{ product: 'H100-SXM', version: 1, parameters: PARAMETERS_EXAMPLE }] },
    },
  }),
  problems: [],
});

const CONTRACT = z
  .object({
    contract,
    product,
    month: z.string().meta({ example: '2025-12' }),
    lastTradingDay: businessDate.nullable(),
    rollWindow: z.object({ first: businessDate, last: businessDate }).nullable(),
    settlementPrice: price.meta({ description: 'What positions in it stand at' }),
    band: z.object({ low: price, high: price }),
    lockedInARow: z.int(),
    near: z.boolean(),
  })
  .meta({ id: 'Contract' });

export const listContracts = route({
  method: 'GET',
  path: '/v1/contracts',
  for: 'anyone',
  tag: TAG,
  summary: 'The listed months',
  description: `Near first, of every product or of one; not paged. \`near\` marks the first month whose roll window has not passed.
\`lastTradingDay\` and \`rollWindow\` are \`null\` in years whose holidays the calendar does not know yet. \`band\` is where the month may clear in the
next auction; it is wider while the month was locked in \`lockedInARow\` auctions in a row.`,
  query: z.strictObject({ product: productText.optional() }),
  answers: () => ({
    200: {
      description: 'The months',
      body: z.object({ items: z.array(CONTRACT) }),
      example: {
        items: [
          {
            contract: 'H100-SXM-2025-12',
            product: 'H100-SXM',
            month: '2025-12',
            lastTradingDay: '2025-12-31',
            rollWindow: { first: '2025-11-07', last: '2025-11-13' },
            settlementPrice: '2.400',
            band: { low: '2.150', high: '2.650' },
            lockedInARow: 0,
            near: true,
          },
        ],
      },
    },
  }),
  problems: ['not-found'],
});

const LOCKED = z.object({
  state: z.enum(['limit-bid', 'limit-offered']),
  crowd: z.int().meta({ description: 'Lots of all orders that would buy (or sell) it' }),
  kept: z.int().meta({ description: 'Lots of these that were let in' }),
});
const MONTH = z
  .object({
    contract,
    price: price.meta({ description: 'Where it cleared; of a month in which nothing traded its mark' }),
    traded: z.boolean(),
    volume: z.int().meta({ description: 'Lots' }),
    bid: price.nullable(),
    offer: price.nullable(),
    locked: LOCKED.nullable(),
  })
  .meta({ id: 'AuctionMonth' });
const number = z.int().meta({ description: 'Auctions of a product are numbered from 1', example: 17 });
const AUCTION = {
  product,
  auction: number,
  slot: instant.meta({ description: 'When it was due' }),
  date: businessDate,
  closing: z.boolean().meta({ description: 'The last of its day, whose prices settle' }),
  months: z.array(MONTH),
};
const EXAMPLE = {
  product: 'H100-SXM',
  auction: 17,
  slot: '2025-10-20T14:00:00Z',
  date: '2025-10-20',
  closing: false,
  months: [{ contract: 'H100-SXM-2025-12', price: '2.341', traded: true, volume: 14, bid: '2.340', offer: null, locked: null }],
};

export const listAuctions = route({
  method: 'GET',
  path: '/v1/auctions',
  for: 'anyone',
  tag: TAG,
  summary: 'Cleared auctions',
  description: `Newest first. Of an auction that has not cleared nothing is shown, and of an order that is carried on nothing until it trades or
lapses. \`price\` of a month in which nothing traded is its mark. \`bid\` and \`offer\` are the best outright prices of what lapsed unfilled, \`null\`
when nothing did.

No month clears beyond its band. One that would is *locked* at the edge: \`locked\` is then
\`{"state": "limit-bid", "crowd": 400, "kept": 40}\` (or \`limit-offered\`). Of the \`crowd\`, the lots of all orders that would buy (or sell) it, spreads
included, \`kept\` were let in: every order by the same share of its size, its last lot drawn, whatever its limit. So a locked month shares by size, and an
order there may fill in part though it is better than the price. What was cut is left unfilled: it is carried or lapses as ever. A month that is locked in the
closing auction settles at the edge once two operators agree.`,
  query: z.strictObject({ product: productText, ...paged(inCursor.number) }),
  answers: () => ({
    200: {
      description: 'A page of auctions',
      body: page(z.object(AUCTION).meta({ id: 'Auction' })),
      example: { items: [EXAMPLE] },
    },
  }),
  problems: ['not-found'],
});

const ofAuction = { product: productText, auction: z.string().meta({ description: 'The number of an auction', example: '17' }) };

export const showAuction = route({
  method: 'GET',
  path: '/v1/auctions/{product}/{auction}',
  for: 'anyone',
  tag: TAG,
  summary: 'A cleared auction',
  description: `As in the list and, besides: \`surplus\` (what traders gained against their limits, in USD) and \`orders\` (how many traded or lapsed,
in whole or in part). \`not-found\` until it has cleared; then it never changes.`,
  params: z.strictObject(ofAuction),
  answers: () => ({
    200: {
      description: 'The auction',
      body: z.object({ ...AUCTION, surplus: money, orders: z.int() }),
      example: { ...EXAMPLE, surplus: '1234.00', orders: 6 },
    },
  }),
  problems: ['not-found'],
});

const level = { price, traded: z.int(), lapsed: z.int() };
const LEVEL = z
  .union([z.object({ contract, side: z.enum(['buy', 'sell']), ...level }), z.object({ buy: contract, sell: contract, ...level })])
  .meta({ id: 'DepthLevel' });

export const listDepth = route({
  method: 'GET',
  path: '/v1/auctions/{product}/{auction}/depth',
  for: 'anyone',
  tag: TAG,
  summary: 'The depth of a cleared auction',
  description: `The lots that traded and the lots that lapsed at each limit, without accounts; what was carried on is in neither.
Outright bids by month, then by month sold the outright offers and the spreads, the best limit first.`,
  params: z.strictObject(ofAuction),
  query: z.strictObject({ ...paged(inCursor.matching(/^\d{6}\.\d{6}\.\d{10}$/)) }),
  answers: () => ({
    200: {
      description: 'A page of limits',
      body: page(LEVEL),
      example: {
        items: [
          { contract: 'H100-SXM-2025-12', side: 'buy', price: '2.420', traded: 10, lapsed: 5 },
          { buy: 'H100-SXM-2026-01', sell: 'H100-SXM-2025-12', price: '0.020', traded: 4, lapsed: 0 },
        ],
      },
    },
  }),
  problems: ['not-found'],
});

const PRICES = z.array(z.object({ contract, price })).meta({ description: 'By contract, the first month first' });

export const showSettlementPrices = route({
  method: 'GET',
  path: '/v1/settlement-prices',
  for: 'anyone',
  tag: TAG,
  summary: 'The forward curve',
  description: `Without a date the marks as they stand and the day they were settled; with a
date the settlement prices of that day, once its run is reported, \`not-found\` before.`,
  query: z.strictObject({ product: productText, date: dateText.optional() }),
  answers: () => ({
    200: {
      description: 'The prices',
      body: z.object({ product, date: businessDate, prices: PRICES }),
      example: { product: 'H100-SXM', date: '2025-10-20', prices: [{ contract: 'H100-SXM-2025-12', price: '2.400' }] },
    },
  }),
  problems: ['not-found'],
});

export const showNextAuction = route({
  method: 'GET',
  path: '/v1/auctions/{product}/next',
  for: 'anyone',
  tag: TAG,
  summary: 'The auction that takes orders now',
  description: `Its number, since when it takes orders (\`opened\`, \`null\` before the first) and when it is due to be cut (\`cuts\`), by the calendar and the times
at which the venue trades; never what is in it. A \`cuts\` that has passed is late. A closing auction is held however late it is; an intraday one that is late by a day
run is missed, and its number is the next one's. While trading is \`stopped\` it matches nothing. \`not-found\` where the calendar has no data.`,
  params: z.strictObject({ product: productText }),
  answers: () => ({
    200: {
      description: 'The auction',
      body: z.object({
        product,
        auction: number,
        date: businessDate,
        kind: z.enum(['intraday', 'closing']),
        opened: instant.nullable(),
        cuts: instant,
        stopped: z.boolean(),
      }),
      example: {
        product: 'H100-SXM',
        auction: 18,
        date: '2025-10-20',
        kind: 'intraday',
        opened: '2025-10-20T14:00:00.000Z',
        cuts: '2025-10-20T17:00:00.000Z',
        stopped: false,
      },
    },
  }),
  problems: ['not-found'],
});

const TRADING_DAY = z
  .object({
    date: businessDate,
    auctions: z.array(z.object({ at: instant, kind: z.enum(['intraday', 'closing']) })),
    roll: z.object({ near: contract, next: contract, day: z.int(), days: z.int() }).nullable(),
    lastTradingOf: contract.nullable().meta({ description: 'The month that trades for the last time' }),
  })
  .meta({ id: 'TradingDay' });

export const listCalendar = route({
  method: 'GET',
  path: '/v1/calendar/{product}',
  for: 'anyone',
  tag: TAG,
  summary: 'The trading days ahead',
  description: `From today on, business days alone: when auctions are due, which month rolls into which (\`day\` 1 to 5 of the window), and which month trades for the
last time. The list ends where the holidays are not known yet.`,
  params: z.strictObject({ product: productText }),
  query: z.strictObject({ ...paged(inCursor.date) }),
  answers: () => ({
    200: {
      description: 'A page of days',
      body: page(TRADING_DAY),
      example: {
        items: [
          {
            date: '2025-11-07',
            auctions: [
              { at: '2025-11-07T15:00:00.000Z', kind: 'intraday' },
              { at: '2025-11-07T21:00:00.000Z', kind: 'closing' },
            ],
            roll: { near: 'H100-SXM-2025-12', next: 'H100-SXM-2026-01', day: 1, days: 5 },
            lastTradingOf: null,
          },
        ],
      },
    },
  }),
  problems: ['not-found'],
});

const CLOSED_DAY = z
  .object({
    date: businessDate,
    auction: number.meta({ description: 'The closing auction' }),
    months: z.array(
      z.object({
        contract,
        settlementPrice: price,
        volume: z.int().meta({ description: 'Lots traded since the books were closed before' }),
        openInterest: z.int().meta({ description: 'Lots held long, and as many short' }),
        locked: z.enum(['limit-bid', 'limit-offered']).nullable(),
      }),
    ),
    expired: z.object({ contract, finalPrice: price }).nullable(),
  })
  .meta({ id: 'ClosedDay' });

export const listHistory = route({
  method: 'GET',
  path: '/v1/history/{product}',
  for: 'anyone',
  tag: TAG,
  summary: 'Closed days',
  description: `Newest first, once a day's run is reported: the settlement curve, volume and open interest by contract, and what expired. A month that expired
settled that day before it did; it has no open interest left.`,
  params: z.strictObject({ product: productText }),
  query: z.strictObject({ ...paged(inCursor.date) }),
  answers: () => ({
    200: {
      description: 'A page of days',
      body: page(CLOSED_DAY),
      example: {
        items: [
          {
            date: '2025-10-20',
            auction: 18,
            months: [{ contract: 'H100-SXM-2025-12', settlementPrice: '2.412', volume: 15, openInterest: 40, locked: null }],
            expired: null,
          },
        ],
      },
    },
  }),
  problems: ['not-found'],
});

export const listIndexHistory = route({
  method: 'GET',
  path: '/v1/index/{product}',
  for: 'anyone',
  tag: TAG,
  summary: 'The spot index',
  description: `Published values, newest first: what months settle at in the end is the mean of theirs. A published value never changes; a date may be
published late.`,
  params: z.strictObject({ product: productText }),
  query: z.strictObject({ ...paged(inCursor.date) }),
  answers: () => ({
    200: {
      description: 'A page of values',
      body: page(
        z.object({ date: businessDate, value: z.string().meta({ description: 'USD per GPU-hour, with six decimals' }) }),
      ),
      example: { items: [{ date: '2025-10-20', value: '2.412300' }] },
    },
  }),
  problems: ['not-found'],
});

const ROLL_DAY = z
  .object({
    date: businessDate,
    near: contract,
    next: contract,
    price: price.meta({ description: 'Next less near, of the closing auction' }),
    longsRolled: z.int().meta({ description: 'Lots' }),
    shortsRolled: z.int(),
    longsLeft: z.int().meta({ description: 'Lots with an instruction that are still in the near month' }),
    longsRollCost: money,
  })
  .meta({ id: 'RollDay' });

export const listRolls = route({
  method: 'GET',
  path: '/v1/rolls/{product}',
  for: 'anyone',
  tag: TAG,
  summary: 'The roll, day by day',
  description:
    'Reported days of roll windows, newest first: at which price how much rolled, how much was left, and what it cost.',
  params: z.strictObject({ product: productText }),
  query: z.strictObject({ ...paged(inCursor.date) }),
  answers: () => ({
    200: {
      description: 'A page of days',
      body: page(ROLL_DAY),
      example: {
        items: [
          {
            date: '2025-11-07',
            near: 'H100-SXM-2025-12',
            next: 'H100-SXM-2026-01',
            price: '0.020',
            longsRolled: 40,
            shortsRolled: 12,
            longsLeft: 160,
            longsRollCost: '800.00',
          },
        ],
      },
    },
  }),
  problems: ['not-found'],
});
