/**
 * Settle: takes a product's day as far as it can go now. What it may do is decided by the day's state machine; roll, close and
 * clear it notifies, settle, expire and report it does itself, each by one event of the clearing log. Every step looks before
 * it acts, so it can be taken any number of times.
 */
import { propose, SYSTEM } from '../../lib/domain/clearing/approval.ts';
import { type Day, type DayEvent, decideDay, evolveDay, WAITS } from '../../lib/domain/clearing/day.ts';
import { type DayReport, dayReport } from '../../lib/domain/clearing/day-report.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import type { ProductState, VenueState } from '../../lib/domain/clearing/venue.ts';
import { readTotals } from '../../lib/store/control-totals.ts';
import { lookAtDay, openDay, saveDay } from '../../lib/store/days.ts';
import { hold } from '../../lib/store/held.ts';
import { append, loadVenue, newestEvents } from '../../lib/store/log.ts';
import { METRICS } from '../../lib/store/names.ts';
import type { Table } from '../../lib/store/table.ts';
import { type Backends, measure } from '../backends.ts';
import { consume } from '../queue/consume.ts';

/** Steps of a few days; more in one go means that a step does not move the day on. */
const STEPS_MAX = 50;

export const handler = consume('day-runs', (backends) => async ({ product }) => {
  for (let steps = 0; steps < STEPS_MAX; steps++) if ((await step(backends, product)) === 'wait') return;
  throw new Error(`the day of ${product} does not get on`);
});

/** One decision, carried out. 'on': the day stands elsewhere now, or the decision was made on a past that is gone. */
async function step(backends: Backends, product: string): Promise<'on' | 'wait'> {
  const { table, queues, logger, shards } = backends;
  const venue = await loadVenue(table);
  const own = venue.products[product];
  const day = own && (await openDay(table, product, own.closedOn));
  if (!own || !day) return 'wait';
  const { date, slot } = day;
  const decision = decideDay(day, await lookAtDay(table, day, own, shards));
  switch (decision.kind) {
    case 'look-again':
      return 'on';
    case 'wait':
      logger.info(`day run waits: ${WAITS[decision.for]}`, { product, date, step: day.step });
      if (decision.for === 'approval') measure(backends, METRICS.held, 1);
      return 'wait';
    case 'number':
    case 'roll':
      await queues.notify('rolls', { v: 1, product, slot });
      return 'wait';
    case 'close':
      await queues.notify('closings', { v: 1, product, slot });
      return 'wait';
    case 'clear':
      await queues.notify('clearings', { v: 1, product, auction: decision.auction });
      return 'wait';
    case 'post':
      await queues.notifyPostings(venue.seq, shards, `day.${day.step}`);
      return 'wait';
    case 'hold': {
      const { proposal, holds } = decision;
      await hold(table, propose(product, date, proposal, holds, SYSTEM));
      logger.warn('held for approval', { product, date, kind: proposal.kind, reasons: holds.map(({ reason }) => reason) });
      measure(backends, METRICS.held, 1);
      return 'wait';
    }
    case 'commit':
      return commit(backends, venue, decision.event);
    case 'move':
      await saveDay(table, day, evolveDay(day, decision.moved));
      return 'on';
    case 'report': {
      const report = await reportOf(table, own, day, decision.event);
      await saveDay(table, day, evolveDay(day, { kind: 'reported', event: decision.event, report }));
      return 'on';
    }
  }
}

async function commit({ table, queues, logger, shards }: Backends, venue: VenueState, event: DayEvent): Promise<'on' | 'wait'> {
  const next = await append(table, venue, event);
  if (next === undefined || next === 'claimed') return 'on';
  logger.info(event.kind, { product: event.product, date: event.date, seq: next.seq });
  await queues.notifyPostings(next.seq, shards);
  return 'wait';
}

async function reportOf(table: Table, own: ProductState, { product, date }: Day, closedBy: number): Promise<DayReport> {
  const events: ClearingEvent[] = [];
  // From the log, and not by what was noted with the auctions: which event cleared one may not have been noted yet.
  for await (const { event } of newestEvents(table)) {
    if (!('date' in event) || event.product !== product) continue;
    if (event.kind === 'day-closed' && event.date < date) break;
    if (event.date === date) events.push(event);
  }
  return dayReport(own, date, events, [...(await readTotals(table, closedBy)).shards.values()]);
}
