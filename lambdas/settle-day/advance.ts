/** Takes a product's day as far as it can go now. Every step looks before it acts, so it can be taken any number of times. */

import { type HeldProposal, heldId, isApproved, propose, SYSTEM } from '../../lib/domain/clearing/approval.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { rollOpening } from '../../lib/domain/clearing/roll.ts';
import {
  decideCurve,
  decideFinalPrice,
  expiringMonth,
  type Hold,
  indexValuesOf,
  nextListing,
} from '../../lib/domain/clearing/settlement.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { nextBusinessDay } from '../../lib/domain/contract/calendar.ts';
import { firstDay } from '../../lib/domain/contract/months.ts';
import type { ForwardCurve } from '../../lib/domain/contract/product.ts';
import type { Ticks } from '../../lib/domain/contract/units.ts';
import { readAuction } from '../../lib/store/auctions.ts';
import { isPosted } from '../../lib/store/control-totals.ts';
import { type Day, moveDay, openDay } from '../../lib/store/days.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { hold, readHeld } from '../../lib/store/held.ts';
import { newestIndex, readIndex } from '../../lib/store/index-values.ts';
import { append, loadVenue } from '../../lib/store/log.ts';
import { ENV, METRICS } from '../../lib/store/names.ts';
import { required } from '../../lib/store/table.ts';
import { type Backends, measure } from '../queue/consume.ts';
import { dayReport } from './report.ts';

/** Steps of a few days; more in one go means that a step does not move the day on. */
const STEPS_MAX = 50;

export async function advance(backends: Backends, product: string): Promise<void> {
  for (let steps = 0; steps < STEPS_MAX; steps++) if ((await step(backends, product)) === 'wait') return;
  throw new Error(`the day of ${product} does not get on`);
}

async function step(backends: Backends, product: string): Promise<'on' | 'wait'> {
  const { table, queues, logger } = backends;
  const shards = Number(required(ENV.shards));
  const state = await loadVenue(table);
  const own = state.products[product];
  const day = own && (await openDay(table, product, own.closedOn));
  if (!own || !day) return 'wait';
  if (await readHalt(table)) {
    logger.warn('day run waits: the venue is halted', { product, date: day.date, step: day.step });
    return 'wait';
  }
  const notifyAndWait = async (): Promise<'wait'> => {
    await queues.notifyPostings(state.seq, shards, `day.${day.step}`);
    return 'wait';
  };
  const posted = (): Promise<boolean> => isPosted(table, own.lastEvent, shards);
  const commit = async (event: ClearingEvent): Promise<'on' | 'wait'> => {
    const next = await append(table, state, event);
    if (next === undefined || next === 'claimed') return 'on';
    logger.info(event.kind, { product, date: day.date, seq: next.seq });
    await queues.notifyPostings(next.seq, shards);
    return 'wait';
  };

  switch (day.step) {
    case 'roll':
      await queues.notify('rolls', { v: 1, product, slot: day.slot });
      return 'wait';
    case 'close':
      await queues.notify('closings', { v: 1, product, slot: day.slot });
      return 'wait';
    case 'clear':
      if (own.lastAuction < day.auction!) {
        const auction = await readAuction(table, product, day.auction!);
        if (auction?.closed.size === shards) await queues.notify('clearings', { v: 1, product, auction: day.auction! });
        return 'wait';
      }
      if (!(await posted())) return notifyAndWait();
      await moveDay(table, day, 'clear', 'settle', { event: own.lastEvent });
      return 'on';
    case 'settle':
      if (own.settledOn < day.date) {
        const event = await settlement(backends, own, day);
        return event ? commit(event) : 'wait';
      }
      if (!(await posted())) return notifyAndWait();
      await moveDay(table, day, 'settle', 'expire', { event: own.lastEvent });
      return 'on';
    case 'expire': {
      const month = expiringMonth(own.parameters.calendar, own.listed, day.date);
      if (month !== undefined) {
        const event = await expiry(backends, own, day, month);
        return event ? commit(event) : 'wait';
      }
      if (!(await posted())) return notifyAndWait();
      const expired = own.lastEvent > (day.events.settle ?? 0) ? own.lastEvent : 0;
      await moveDay(table, day, 'expire', 'report', { event: expired });
      return 'on';
    }
    case 'report':
      if (own.closedOn < day.date) return commit({ kind: 'day-closed', product, date: day.date });
      if (!(await posted())) return notifyAndWait();
      await moveDay(table, day, 'report', 'done', { event: own.lastEvent, report: await dayReport(table, own, day) });
      return 'on';
    case 'done':
      return 'wait';
  }
}

/** The event that settles the day, unless its curve is held for approval. */
async function settlement(backends: Backends, own: ProductState, day: Day): Promise<ClearingEvent | undefined> {
  const { product, date } = day;
  const { parameters, marks, toSettle } = own;
  const newest = await newestIndex(backends.table, product, date);
  const { value, holds } = decideCurve(product, parameters, date, marks, toSettle!.months, newest?.date);
  const agreed = await agree(backends, day, { kind: 'settlement', curve: value }, holds);
  if (!agreed) return undefined;
  const settled: ForwardCurve = agreed.proposal.kind === 'settlement' ? agreed.proposal.curve : value;
  const rollOpens = rollOpening(parameters.calendar, nextBusinessDay(parameters.calendar, date)) ?? null;
  return {
    kind: 'prices-settled',
    product,
    date,
    auction: toSettle!.auction,
    previous: marks,
    settled,
    rollOpens,
    approvedBy: agreed.by,
  };
}

/** The event that expires a month, unless its final settlement price is held for approval. */
async function expiry(
  backends: Backends,
  own: ProductState,
  day: Day,
  month: ProductState['listed'][number],
): Promise<ClearingEvent | undefined> {
  const { product, date } = day;
  const index = await readIndex(backends.table, product, firstDay(month), date);
  const { value, holds } = decideFinalPrice(product, own.parameters, month, index, own.marks[month]!);
  const agreed = await agree(backends, day, { kind: 'final-price', month, price: value }, holds);
  if (!agreed) return undefined;
  const finalPrice: Ticks = agreed.proposal.kind === 'final-price' ? agreed.proposal.price : value;
  const next = nextListing(own.listed, own.marks);
  return {
    kind: 'month-expired',
    product,
    date,
    month,
    mark: own.marks[month]!,
    finalPrice,
    indexValues: indexValuesOf(own.parameters, month, index),
    listed: next.month,
    listedAt: next.price,
    approvedBy: agreed.by,
  };
}

/** What may be posted: the proposal itself when nothing speaks against it, what two operators approved when it was held. */
async function agree(
  backends: Backends,
  day: Day,
  proposal: HeldProposal,
  holds: readonly Hold[],
): Promise<{ proposal: HeldProposal; by: readonly string[] } | undefined> {
  const { table, logger } = backends;
  const { product, date } = day;
  const id = heldId(proposal.kind, product, date);
  const held = await readHeld(table, id);
  if (held && isApproved(held)) return { proposal: held.proposal, by: held.approvals };
  if (!held && holds.length === 0) return { proposal, by: [] };
  if (!held) {
    await hold(table, propose(product, date, proposal, holds, SYSTEM));
    logger.warn('held for approval', { product, date, held: id, reasons: holds.map(({ reason }) => reason) });
  }
  measure(backends, METRICS.held, 1);
  return undefined;
}
