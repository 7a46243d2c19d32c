/** Tools that read: the market and the own account. They change nothing, and are there for every agent. */
import * as z from 'zod';
import type { Client } from '../../client/client.ts';

export interface ReadingTool<Input extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  read(client: Client, input: z.output<Input>): Promise<object | undefined>;
}

/** Gives the types of a tool's input to its work. */
const reading = <Input extends z.ZodObject>(tool: ReadingTool<Input>): ReadingTool => tool as unknown as ReadingTool;

const product = z.string().max(32).describe('A product, such as H100-SXM');
const auction = z.int().min(1).describe('The number of a cleared auction');
/** A list comes in pages that an agent can read. */
const paged = {
  limit: z.int().min(1).max(200).default(50).describe('Items at most'),
  cursor: z.string().max(400).optional().describe('The `next` of the page before'),
};
const pageOf = ({ limit, cursor }: { limit: number; cursor?: string | undefined }) => ({
  limit: String(limit),
  ...(cursor === undefined ? {} : { cursor }),
});

const MARKET = [
  reading({
    name: 'list_products',
    title: 'Products',
    description:
      'The products with their parameters: lot size in GPU-hours, price grid, margin scenarios, limits, price bands, calendar.',
    input: z.object({}),
    read: (client) => client.listProducts(),
  }),
  reading({
    name: 'list_contracts',
    title: 'Contracts',
    description:
      'The listed months of a product: mark (settlementPrice, USD per GPU-hour), price band, last trading day, roll window; `near` marks the near month.',
    input: z.object({ product }),
    read: (client, query) => client.listContracts({ query }),
  }),
  reading({
    name: 'list_auctions',
    title: 'Cleared auctions',
    description:
      'Cleared auctions, newest first, with price and volume by month. Books are sealed: nothing is known of an auction before it has cleared.',
    input: z.object({ product, ...paged }),
    read: (client, { product, ...page }) => client.listAuctions({ query: { product, ...pageOf(page) } }),
  }),
  reading({
    name: 'show_auction',
    title: 'A cleared auction',
    description: 'One cleared auction, with its surplus and the number of its orders.',
    input: z.object({ product, auction }),
    read: (client, { product, auction }) => client.showAuction({ params: { product, auction: String(auction) } }),
  }),
  reading({
    name: 'list_depth',
    title: 'Depth of a cleared auction',
    description: 'Lots that traded and that lapsed at each limit, without accounts.',
    input: z.object({ product, auction, ...paged }),
    read: (client, { product, auction, ...page }) =>
      client.listDepth({ params: { product, auction: String(auction) }, query: pageOf(page) }),
  }),
  reading({
    name: 'show_settlement_prices',
    title: 'Forward curve',
    description: 'The settlement prices of a day, or the marks as they stand.',
    input: z.object({ product, date: z.iso.date().optional() }),
    read: (client, { product, date }) =>
      client.showSettlementPrices({ query: { product, ...(date === undefined ? {} : { date }) } }),
  }),
  reading({
    name: 'show_next_auction',
    title: 'The auction that takes orders now',
    description: 'Its number and when it is due to be cut; never what is in it.',
    input: z.object({ product }),
    read: (client, params) => client.showNextAuction({ params }),
  }),
  reading({
    name: 'list_calendar',
    title: 'Trading days ahead',
    description: 'When auctions are due, which month rolls into which, and which month trades for the last time.',
    input: z.object({ product, ...paged }),
    read: (client, { product, ...page }) => client.listCalendar({ params: { product }, query: pageOf(page) }),
  }),
  reading({
    name: 'list_history',
    title: 'Closed days',
    description: 'Settlement prices, volume and open interest by month, newest first.',
    input: z.object({ product, ...paged }),
    read: (client, { product, ...page }) => client.listHistory({ params: { product }, query: pageOf(page) }),
  }),
  reading({
    name: 'list_index_values',
    title: 'The spot index',
    description: 'Published values, newest first, USD per GPU-hour: what months settle at in the end is their mean.',
    input: z.object({ product, ...paged }),
    read: (client, { product, ...page }) => client.listIndexHistory({ params: { product }, query: pageOf(page) }),
  }),
  reading({
    name: 'list_rolls',
    title: 'The roll of the market',
    description: 'Day by day, at which price how much rolled from the near month into the next, and what it cost.',
    input: z.object({ product, ...paged }),
    read: (client, { product, ...page }) => client.listRolls({ params: { product }, query: pageOf(page) }),
  }),
];

const OWN = [
  reading({
    name: 'show_account',
    title: 'The own account',
    description: 'Cash, what the positions require, the excess, and a margin call if there is one, in USD.',
    input: z.object({}),
    read: (client) => client.showAccount(),
  }),
  reading({
    name: 'show_positions',
    title: 'Positions',
    description: 'Lots by month, long positive, at the marks.',
    input: z.object({}),
    read: (client) => client.showPositions(),
  }),
  reading({
    name: 'list_orders',
    title: 'Live orders',
    description: 'Own orders that can still trade or be cancelled.',
    input: z.object({ product: product.optional(), ...paged }),
    read: (client, { product, ...page }) =>
      client.listOrders({ query: { ...pageOf(page), ...(product === undefined ? {} : { product }) } }),
  }),
  reading({
    name: 'list_order_history',
    title: 'Order history',
    description: 'What happened to all own orders, newest first: accepted, refused and why, carried, filled, cancelled, lapsed.',
    input: z.object({ ...paged }),
    read: (client, page) => client.listOrderHistory({ query: pageOf(page) }),
  }),
  reading({
    name: 'list_fills',
    title: 'Fills',
    description: 'What own orders traded, newest first.',
    input: z.object({ ...paged }),
    read: (client, page) => client.listFills({ query: pageOf(page) }),
  }),
  reading({
    name: 'list_journal',
    title: 'Journal',
    description: 'Why the cash is what it is, newest first.',
    input: z.object({ ...paged }),
    read: (client, page) => client.listJournal({ query: pageOf(page) }),
  }),
  reading({
    name: 'list_statements',
    title: 'Daily statements',
    description: 'One a business day, newest first.',
    input: z.object({ ...paged }),
    read: (client, page) => client.listStatements({ query: pageOf(page) }),
  }),
  reading({
    name: 'show_statement',
    title: 'A daily statement',
    description: 'What the day began with, what moved it, by contract, and what it ended with.',
    input: z.object({ product, date: z.iso.date() }),
    read: (client, params) => client.showStatement({ params }),
  }),
  reading({
    name: 'show_roll',
    title: 'The own roll',
    description:
      'Whether positions roll from the near month into the next, what is due on which day, what has rolled and what it cost.',
    input: z.object({ product }),
    read: (client, params) => client.showRoll({ params }),
  }),
  reading({
    name: 'list_roll_instructions',
    title: 'Roll instructions',
    description: 'Whether near-month positions roll forward, by product, and at which limit.',
    input: z.object({}),
    read: (client) => client.listRollInstructions(),
  }),
  reading({
    name: 'show_submission',
    title: 'A submission',
    description: 'What became of orders that were sent, entry by entry.',
    input: z.object({ submission: z.string().max(200) }),
    read: (client, params) => client.showSubmission({ params }),
  }),
  reading({
    name: 'show_stops',
    title: 'Kill switches',
    description: 'Whether the account is stopped, and by which switches.',
    input: z.object({}),
    read: (client) => client.showStops(),
  }),
];

export const READING: readonly ReadingTool[] = [...MARKET, ...OWN];
