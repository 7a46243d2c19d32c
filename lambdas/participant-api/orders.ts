/**
 * An account's live orders: what the last auction carried, changed by what the account has submitted since. It is the fold
 * that accept uses, so an order shown here is one that can be cancelled or replaced by its name.
 */
import * as z from 'zod';
import { openOrders, sendersOf } from '../../lib/domain/auction/open-orders.ts';
import type { Order } from '../../lib/domain/auction/orders.ts';
import { type ProductState, tradedAt } from '../../lib/domain/clearing/venue.ts';
import { CASH, contractCode } from '../../lib/domain/contract/months.ts';
import { formatPrice } from '../../lib/domain/contract/product.ts';
import { ticks } from '../../lib/domain/contract/units.ts';
import { readIntake } from '../../lib/store/auctions.ts';
import { readCarriedOf } from '../../lib/store/results.ts';
import { submissionsSince } from '../../lib/store/submissions.ts';
import { limitText, pageOf } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { listedProduct, productsOf } from '../http/products.ts';
import { type Answer, ok, withQuery } from '../http/routes.ts';
import type { ParticipantRequest } from './participant.ts';
import { newestVenue } from './recent-venue.ts';

/** Longer than any product and name of an order. */
const CURSOR_MAX = 100;
const QUERY = z.strictObject({
  product: z.string().optional(),
  limit: limitText,
  after: z.string().max(CURSOR_MAX, 'must be a cursor').optional(),
});

export const listOrders = withQuery(QUERY, async (request: ParticipantRequest, query): Promise<Answer | Problem> => {
  const venue = await newestVenue(request);
  const chosen = query.product === undefined ? undefined : listedProduct(venue, query.product);
  if (chosen instanceof Problem) return chosen;
  const rows = [];
  for (const state of chosen ? [chosen] : productsOf(venue))
    for (const own of await ownOrders(request, state))
      rows.push({ name: `${state.product}/${own.order.clientOrderId}`, state, own });
  const later = rows
    .filter(({ name }) => query.after === undefined || name > query.after)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return ok(
    pageOf(
      later,
      query.limit,
      ({ name }) => name,
      ({ state, own }) => orderJson(state, own),
    ),
  );
});

interface OwnOrder {
  readonly order: Order;
  readonly sender: string;
}

async function ownOrders({ caller, time, backends: { table } }: ParticipantRequest, state: ProductState): Promise<OwnOrder[]> {
  const { product, lastAuction, carried } = state;
  const { account, shard } = caller;
  const intake = await readIntake(table, product, shard);
  const own = await readCarriedOf(table, product, carried, account);
  // Each is unpacked once: an open order is known by the object that it is.
  const auctions = (await submissionsSince(table, { product, shard, account }, intake, lastAuction)).map((submissions) =>
    submissions.map((submission) => ({ ...submission })),
  );
  const senders = sendersOf(own, auctions.flat());
  const { orders } = openOrders(own, auctions);
  // An order ends with its month, though the next auction is what drops it.
  const traded = new Set([CASH, ...tradedAt(state, time)]);
  return [...orders.values()]
    .filter(({ buy, sell }) => traded.has(buy) && traded.has(sell))
    .map((order) => ({ order, sender: senders.get(order)! }));
}

function orderJson({ product, parameters }: ProductState, { order, sender }: OwnOrder) {
  const { clientOrderId, buy, sell, limit, lots, timeInForce } = order;
  const terms =
    sell === CASH
      ? { side: 'buy', contract: contractCode(product, buy), price: formatPrice(limit, parameters) }
      : buy === CASH
        ? { side: 'sell', contract: contractCode(product, sell), price: formatPrice(ticks(-limit), parameters) }
        : { buy: contractCode(product, buy), sell: contractCode(product, sell), price: formatPrice(limit, parameters) };
  return { clientOrderId, product, ...terms, lots, timeInForce, sender };
}
