/** What became of the caller's orders, newest first: of all of them, or of the newest one of a name. */
import type { OrderEvent } from '../../lib/domain/clearing/order-history.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { CASH, type ContractMonth } from '../../lib/domain/contract/months.ts';
import { minusTicks, type Ticks, ticks } from '../../lib/domain/contract/units.ts';
import { nextFrom } from '../http/paging.ts';
import { notFound, Problem } from '../http/problems.ts';
import { ok } from '../http/routes.ts';
import { figuresJson } from './decided-entries.ts';
import { pairJson, termsJson } from './order-terms.ts';
import { ownProduct } from './own-product.ts';
import type { Answers, ParticipantRequest } from './participant.ts';
import { newestVenue } from './recent-venue.ts';
import { type SubmissionIds, submissionIds } from './submission-id.ts';
import { type ToldAuction, toldAuctions } from './told-auctions.ts';

/** Auctions that one request looks through; beyond them the page ends early and says where to go on. */
const AUCTIONS_MAX = 100;

interface Query {
  readonly product?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export const listOrderHistory: Answers['listOrderHistory'] = async ({ query, ...request }) => {
  const state = await ownProduct(request, await newestVenue(request), query.product);
  return state instanceof Problem ? state : answer(request, state, query);
};

export const showOrder: Answers['showOrder'] = async ({ params, query, ...request }) => {
  const state = await ownProduct(request, await newestVenue(request), query.product);
  return state instanceof Problem ? state : answer(request, state, query, params.clientOrderId);
};

async function answer(request: ParticipantRequest, state: ProductState, query: Query, name?: string) {
  const { rows, next } = await findEvents(request, state, query, name);
  if (name !== undefined && query.cursor === undefined && rows.length === 0 && next === undefined) return notFound('such order');
  const ids = await submissionIds(request.backends);
  const items = rows.map(({ told, event }) => eventJson(request, state, ids, told, event));
  return ok(nextFrom({ items, ...(next === undefined ? {} : { next }) }));
}

interface Row {
  readonly told: ToldAuction;
  readonly event: OrderEvent;
}

/** A place is an auction, and of its events so many that are still to come: those that are added to an open one stand behind them. */
async function findEvents(
  request: ParticipantRequest,
  state: ProductState,
  { limit, cursor }: Query,
  name: string | undefined,
): Promise<{ rows: Row[]; next?: string }> {
  const [from, rest] = cursor === undefined ? [] : cursor.split('.').map(Number);
  const rows: Row[] = [];
  let auctions = 0;
  for await (const told of toldAuctions(request, state, from)) {
    if (auctions++ === AUCTIONS_MAX) return { rows, next: `${told.auction}` };
    const own = told.events.filter(({ clientOrderId }) => name === undefined || clientOrderId === name);
    let left = told.auction === from && rest !== undefined ? Math.min(rest, own.length) : own.length;
    for (; left > 0; left--) {
      if (rows.length === limit) return { rows, next: `${told.auction}.${left}` };
      const event = own[left - 1]!;
      rows.push({ told, event });
      if (name !== undefined && event.what === 'accepted') return { rows };
    }
  }
  return { rows };
}

function eventJson(
  request: ParticipantRequest,
  state: ProductState,
  ids: SubmissionIds,
  { cleared }: ToldAuction,
  event: OrderEvent,
) {
  const { product } = state;
  const common = { clientOrderId: event.clientOrderId, auction: event.auction, event: event.what };
  if ('by' in event) {
    const { key, digest, sender, receivedAt } = event.by;
    const submission = ids.idOf(request.caller.account, { product, key, digest });
    return { ...common, at: receivedAt, submission, sender, ...saidJson(state, event) };
  }
  const { seq, event: result } = cleared!;
  const at = result.slot;
  if (event.what === 'filled') {
    const { buy, sell, lots } = event.fill;
    const price = (of: ContractMonth): Ticks => (of === CASH ? ticks(0) : result.months[of]!.price);
    return { ...common, at, seq, ...pairJson(state, event.fill, minusTicks(price(buy), price(sell))), lots };
  }
  return { ...common, at, seq, lots: event.lots, ...(event.what === 'lapsed' ? { lapsed: event.why } : {}) };
}

/** What a submission said of an order. */
function saidJson(state: ProductState, event: Extract<OrderEvent, { readonly by: unknown }>) {
  switch (event.what) {
    case 'accepted':
      return { order: termsJson(state, event.order), ...(event.replaces === undefined ? {} : { replaces: event.replaces }) };
    case 'refused':
      return {
        reason: event.reason,
        ...(event.order ? { order: termsJson(state, event.order) } : {}),
        ...(event.figures ? { figures: figuresJson(state.product, event.figures) } : {}),
      };
    case 'replaced':
      return { replacedBy: event.replacedBy };
    case 'not-entered':
      return { replaces: event.replaces };
    case 'taken-out':
      return { takenOut: event.why };
    default:
      return {};
  }
}
