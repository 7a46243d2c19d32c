/**
 * Tools that act on orders: preview, place what was previewed, cancel, stop. Placing is there only when the user has switched it on,
 * with limits of lots and of loss a day; cancelling and stopping take risk off and have none.
 */
import * as z from 'zod';
import type { WrittenOrder } from '../orders/orders-in.ts';
import { decided, previewed, type Ready, ready, type Submission, sent } from '../orders/sending.ts';
import { type PricedOrder, type Terms, worstLoss } from '../orders/worst-loss.ts';
import type { Context } from '../session/context.ts';
import { Failure } from '../terminal/failure.ts';
import { type DayLimits, dollars, type Limits } from './day-limits.ts';
import { Previews } from './previews.ts';

const code = z.string().max(64).describe('A contract, such as H100-SXM-2025-12');
const common = {
  clientOrderId: z.string().max(36).optional().describe('Your name for the order; one is made unless given'),
  replaces: z.string().max(36).optional().describe('The live order that this one takes the place of'),
  price: z.string().max(20).describe('The limit, USD per GPU-hour, decimal text such as "2.350"; of a spread bought minus sold'),
  lots: z.int().min(1).max(1_000_000),
  timeInForce: z
    .enum(['auction', 'day', 'gtc'])
    .default('auction')
    .describe('auction: the next one only; day; gtc: until cancelled'),
};
const ENTRY = z.union([
  z.strictObject({ side: z.enum(['buy', 'sell']), contract: code, ...common }),
  z.strictObject({ buy: code, sell: code, ...common }),
  z.strictObject({ cancel: z.string().max(36).describe('The live order to cancel') }),
]);
export const PREVIEW_INPUT = z.object({
  product: z.string().max(32).optional().describe('Where the venue lists several'),
  orders: z.array(ENTRY).min(1).max(100),
});
export const PLACE_INPUT = z.object({ preview: z.string().max(64).describe('The token that preview_orders gave') });
export const CANCEL_INPUT = z.object({
  product: z.string().max(32).optional(),
  orders: z.array(z.string().max(36)).max(100).default([]).describe('Names of live orders'),
  all: z.boolean().default(false).describe('Every live order of the product, instead of names'),
});

const WAIT_MS = 20_000;

/** What one server does with orders. */
export class Ordering {
  readonly #context: Context;
  readonly #limits: DayLimits | undefined;
  readonly #previews = new Previews();

  /** Without limits it previews, and places nothing. */
  constructor(context: Context, limits: DayLimits | undefined) {
    this.#context = context;
    this.#limits = limits;
  }

  async preview({ product, orders }: z.output<typeof PREVIEW_INPUT>): Promise<object> {
    const prepared = await ready(this.#context, { product, orders });
    const found = await previewed(this.#context, prepared);
    const asked = await this.#asked(prepared);
    const counts = { lots: asked.lots, lossUsd: dollars(asked.lossCents) };
    if (this.#limits === undefined || found.orders.every(({ outcome }) => outcome === 'refused')) return { ...found, counts };
    const nowMs = this.#context.connection.now();
    const { token, untilMs } = this.#previews.keep(prepared, asked, nowMs);
    return { ...found, counts, today: this.today(), preview: token, placeBefore: new Date(untilMs).toISOString() };
  }

  async place({ preview }: z.output<typeof PLACE_INPUT>): Promise<object> {
    return this.#previews.place(preview, this.#context.connection.now(), async (previewed) => {
      const { asked, ready } = previewed;
      try {
        if (!previewed.counted) await this.#limits!.count(asked, this.#context.connection.now());
        previewed.counted = true;
        return await this.#send(ready);
      } catch (error) {
        // It may have arrived, or may go through later: the same token sends it again under the same key, and it counts once.
        previewed.placed = undefined;
        throw error;
      }
    });
  }

  async cancel({ product, orders: names, all }: z.output<typeof CANCEL_INPUT>): Promise<object> {
    if (all === names.length > 0) throw new Failure('usage', 'Give names of orders, or all: true');
    const orders: WrittenOrder[] = all ? [{ cancelAll: true }] : names.map((cancel) => ({ cancel }));
    return this.#send(await ready(this.#context, { product, orders }));
  }

  async stop(): Promise<object> {
    return (await this.#context.client()).stop({ body: { reason: 'by an agent' } });
  }

  /** What is used of the day, and what the user allows. */
  today(): object {
    if (this.#limits === undefined) return { orders: 'off' };
    const { day, lots, lossCents } = this.#limits.used(this.#context.connection.now());
    const { limits } = this.#limits;
    return {
      day,
      lots: { used: lots, limit: limits.lots },
      lossUsd: { used: dollars(lossCents), limit: dollars(limits.lossCents) },
    };
  }

  async #send(prepared: Ready): Promise<Submission & { key: string }> {
    const submission = await sent(this.#context, prepared);
    return { key: prepared.key, ...(await decided(this.#context, submission, WAIT_MS)) };
  }

  /** What the new orders among them count for. */
  async #asked({ body }: Ready): Promise<Limits> {
    const priced = (body.orders as readonly WrittenOrder[]).filter((order) => 'price' in order).map(pricedOf);
    if (priced.length === 0) return { lots: 0, lossCents: 0n };
    const terms = await termsOf(this.#context, body.product);
    try {
      return { lots: priced.reduce((sum, { lots }) => sum + lots, 0), lossCents: worstLoss(priced, terms) };
    } catch (error) {
      throw new Failure(
        'refused',
        (error as Error).message,
        'list_contracts shows what is listed, list_products the grid of prices.',
      );
    }
  }
}

function pricedOf({ side, contract, buy, sell, price, lots }: WrittenOrder): PricedOrder {
  const months = contract === undefined ? { buy, sell } : side === 'buy' ? { buy: contract } : { sell: contract };
  return { ...(months as { buy?: string; sell?: string }), price: String(price), lots: Number(lots) };
}

async function termsOf(context: Context, product: string): Promise<Terms> {
  const client = await context.client();
  const [{ items: products }, { items: contracts }] = await Promise.all([
    client.listProducts(),
    client.listContracts({ query: { product } }),
  ]);
  const parameters = products.find((each) => each.product === product)?.parameters;
  if (parameters === undefined) throw new Failure('refused', `${product} is not listed`);
  const { lotGpuHours, priceDecimals, margin } = parameters;
  const inOrder = [...contracts].sort((a, b) => (a.month < b.month ? -1 : 1));
  return { lotGpuHours, priceDecimals, scenarios: margin.scenarios, contracts: inOrder };
}
