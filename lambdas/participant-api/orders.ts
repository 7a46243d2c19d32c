/**
 * An account's live orders: what the last auction carried, changed by what the account has submitted since. It is the fold
 * that accept uses, so an order shown here is one that can be cancelled or replaced by its name.
 */
import { openOrders, sendersOf } from '../../lib/domain/auction/open-orders.ts';
import type { Order } from '../../lib/domain/auction/orders.ts';
import { type ProductState, tradedAt } from '../../lib/domain/clearing/venue.ts';
import { CASH } from '../../lib/domain/contract/months.ts';
import { readIntake } from '../../lib/store/auctions.ts';
import { readCarriedOf } from '../../lib/store/results.ts';
import { submissionsSince } from '../../lib/store/submissions.ts';
import { listPage } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { listedProduct, productsOf } from '../http/products.ts';
import { ok } from '../http/routes.ts';
import { termsJson } from './order-terms.ts';
import type { Answers, ParticipantRequest } from './participant.ts';
import { newestVenue } from './recent-venue.ts';

export const listOrders: Answers['listOrders'] = async ({ query, ...request }) => {
  const venue = await newestVenue(request);
  const chosen = query.product === undefined ? undefined : listedProduct(venue, query.product);
  if (chosen instanceof Problem) return chosen;
  const rows: Row[] = [];
  for (const state of chosen ? [chosen] : productsOf(venue))
    for (const own of await ownOrders(request, state))
      rows.push({ name: `${state.product}/${own.order.clientOrderId}`, state, own });
  const later = rows
    .filter(({ name }) => query.cursor === undefined || name > query.cursor)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return ok(listPage(later, query.limit, ({ name }) => name, orderJson));
};

interface Row {
  readonly name: string;
  readonly state: ProductState;
  readonly own: OwnOrder;
}

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

function orderJson({ state, own: { order, sender } }: Row) {
  return { clientOrderId: order.clientOrderId, product: state.product, ...termsJson(state, order), sender };
}
