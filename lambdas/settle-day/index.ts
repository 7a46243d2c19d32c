/**
 * Settle: takes a product's day as far as it can go now. What it may do is decided by the day's state machine; roll, close and
 * clear it notifies, settle, expire and report it does itself, each by one event of the clearing log, and for the report by one for every
 * hundred accounts that are called. Then it looks at the open calls. Every step looks before it acts, so it can be taken any number of times.
 */
import { isApproved, propose, SYSTEM } from '../../lib/domain/clearing/approval.ts';
import { type Day, type DayEvent, decideDay, evolveDay, WAITS } from '../../lib/domain/clearing/day.ts';
import { type DayReport, dayReport } from '../../lib/domain/clearing/day-report.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import type { ProductState, VenueState } from '../../lib/domain/clearing/venue.ts';
import { readTotals } from '../../lib/store/control-totals.ts';
import { lookAtDay, openDay, saveDay } from '../../lib/store/days.ts';
import { approvedActs, changeHeld, hold } from '../../lib/store/held.ts';
import { heldOf, publishIndex, unpublishedIndex } from '../../lib/store/index-values.ts';
import { append, loadVenue, newestEvents } from '../../lib/store/log.ts';
import { METRICS } from '../../lib/store/names.ts';
import { readBehind, shardsTouched } from '../../lib/store/posted.ts';
import type { Table } from '../../lib/store/table.ts';
import { type Backends, measure } from '../backends.ts';
import { commitApproved } from '../operator-acts/approved.ts';
import { consume } from '../queue/consume.ts';
import { lookAtCalls } from './open-calls.ts';

/** Steps of a few days; more in one go means that a step does not move the day on. */
const STEPS_MAX = 50;

/** What a step or a page of calls may take at the worst, with the SDK's retries. */
const STEP_MS_MAX = 30_000;

export const handler = consume('day-runs', (backends, timeLeft) => async ({ product, calls }, { attributes }) => {
  const isTimeLeft = (): boolean => timeLeft() >= STEP_MS_MAX;
  if (calls === undefined) {
    await publishApproved(backends, product);
    if ((await moveOn(backends, product, isTimeLeft)) === 'goes on') return goOn(backends, product);
  }
  const after = await lookAtCalls(backends, product, Number(attributes.SentTimestamp), isTimeLeft, calls?.after);
  if (after !== undefined) await goOn(backends, product, after);
  // Last: what can't be committed must not keep a day from its end.
  await commitAllApproved(backends);
});

/** The API commits an act of operators with its second approval. Where its worker crashed between the two, it is done here. */
async function commitAllApproved(backends: Backends): Promise<void> {
  for (const { id } of await approvedActs(backends.table)) {
    const { ended } = await commitApproved(backends, id);
    backends.logger.warn('done what was approved earlier', { held: id, ended });
  }
}

/** Leaves the rest to the next invocation. */
async function goOn({ queues, logger }: Backends, product: string, after?: string): Promise<void> {
  await queues.notify('day-runs', { v: 1, product, ...(after === undefined ? {} : { calls: { after } }) });
  logger.info('the day run goes on in the next invocation', { product, after });
}

/** Takes the day as far as it can go. Calls are events of a hundred accounts each: there may be more than an invocation has time for. */
async function moveOn(backends: Backends, product: string, isTimeLeft: () => boolean): Promise<'waits' | 'goes on'> {
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    const taken = await step(backends, product);
    if (taken === 'wait') return 'waits';
    if (taken === 'called') steps = 0;
    if (!isTimeLeft()) return 'goes on';
  }
  throw new Error(`the day of ${product} does not get on`);
}

/** The API publishes a value with its second approval. Where its worker crashed between the two, it is done here. */
async function publishApproved({ table, logger }: Backends, product: string): Promise<void> {
  const own = (await loadVenue(table)).products[product];
  if (!own) return;
  for (const { date, value, by } of await unpublishedIndex(table, own, await heldOf(table, own))) {
    await publishIndex(table, product, date, value, by);
    logger.warn('index value published that was approved earlier', { product, date });
  }
}

/**
 * One decision, carried out. 'on': the day stands elsewhere now, or the decision was made on a past that is gone. 'called': accounts have
 * been called, and there may be more.
 */
async function step(backends: Backends, product: string): Promise<'on' | 'called' | 'wait'> {
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
      await queues.notify('closings', { v: 1, product, date });
      return 'wait';
    case 'clear':
      await queues.notify('clearings', { v: 1, product, auction: decision.auction });
      return 'wait';
    case 'post':
      await queues.notifyPostings(venue.seq, (await readBehind(table, venue.seq, shards)).shards, `day.${day.step}`);
      return 'wait';
    case 'hold': {
      const { basis, holds } = decision;
      const { kind } = basis.proposal;
      await hold(table, propose(product, date, basis.proposal, holds, SYSTEM, basis));
      logger.warn('held for approval', { product, date, kind, reasons: holds.map(({ reason }) => reason) });
      measure(backends, METRICS.held, 1);
      return 'wait';
    }
    case 'revise': {
      const { held, next } = decision;
      if (!(await changeHeld(table, held, next))) return 'on';
      const { id, revised } = next;
      logger.warn('held for approval anew', { product, date, held: id, revised, wasApproved: isApproved(held) });
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

async function commit(
  { table, queues, logger, shards }: Backends,
  venue: VenueState,
  event: DayEvent,
): Promise<'on' | 'called' | 'wait'> {
  const next = await append(table, venue, event);
  if (next === undefined) return 'on';
  logger.info(event.kind, { product: event.product, date: event.date, seq: next.seq });
  await queues.notifyPostings(next.seq, shardsTouched(event, shards));
  // What follows a call does not depend on its posting.
  return event.kind === 'margin-called' ? 'called' : 'wait';
}

/** Of the events between the one that closed the books before, or listed the product, and the one that closed these. */
async function reportOf(table: Table, own: ProductState, { product, date }: Day, closedBy: number): Promise<DayReport> {
  const events: ClearingEvent[] = [];
  // From the log, and not by what was noted with the auctions: which event cleared one may not have been noted yet.
  for await (const { seq, event } of newestEvents(table)) {
    if (!('product' in event) || event.product !== product || seq > closedBy) continue;
    if (seq < closedBy && (event.kind === 'day-closed' || (event.kind === 'parameters-changed' && event.listing))) break;
    events.push(event);
  }
  return dayReport(own, date, events, [...(await readTotals(table, closedBy)).shards.values()]);
}
