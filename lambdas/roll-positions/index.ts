/**
 * Roll: the first step of a day run. Every position with an instruction becomes a calendar-spread order of the closing
 * auction, for the day's share. The orders are written straight into that auction's book, which no one has closed yet:
 * they need no queue, and a repeat finds what stands there. Each is cut to what its account could pay for, beside its own orders. What an
 * invocation has no time for, the next goes on with.
 */
import type { BookOrder } from '../../lib/domain/auction/book.ts';
import { VENUE_SENDER } from '../../lib/domain/auction/book-columns.ts';
import { isStopped, type OwnerStops } from '../../lib/domain/auction/stops.ts';
import { type DayAt, daysDue, decideDay, evolveDay, WAITS } from '../../lib/domain/clearing/day.ts';
import { decideRoll, rollDay } from '../../lib/domain/clearing/roll.ts';
import type { ProductState, VenueState } from '../../lib/domain/clearing/venue.ts';
import type { BusinessDate } from '../../lib/domain/contract/calendar.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { lots } from '../../lib/domain/contract/units.ts';
import { readAccounts } from '../../lib/store/accounts.ts';
import { openAuction, readIntake } from '../../lib/store/auctions.ts';
import { lookAtDay, openDay, planDay, saveDay } from '../../lib/store/days.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { rollInstructionsOf } from '../../lib/store/roll-instructions.ts';
import { claimRollChunk, newestRollChunk } from '../../lib/store/roll-orders.ts';
import { stopsIn } from '../../lib/store/stops.ts';
import type { Backends } from '../backends.ts';
import { consume, type TimeLeft } from '../queue/consume.ts';
import { untilCommitted } from '../until-committed.ts';
import { CoveredRolls, type DueRoll } from './covered-rolls.ts';

/** Accounts looked at for one chunk of orders; a chunk is one item, and an order is under 120 bytes. */
const CHUNK_ACCOUNTS = 1000;

/** What a chunk of accounts may take at the worst, with the SDK's retries. */
const CHUNK_MS_MAX = 30_000;

export const handler = consume('rolls', (backends, timeLeft) => async ({ product, slot }, { attributes }) => {
  const { table, queues, logger, shards } = backends;
  const venue = await loadVenue(table);
  const state = venue.products[product];
  if (!state) return logger.warn('day run not started: the product is not listed', { product, slot });
  const due = daysDue(state, slot, Number(attributes.SentTimestamp));
  if (due.length === 0)
    logger.info('no day run is due: its day has not come, is no business day, or its books are closed', { product, slot });
  for (const day of due) await planDay(table, product, day.date, day.slot);
  if (await readHalt(table)) return logger.warn(`day run waits: ${WAITS.resume}`, { product, slot });

  const day = await openDay(table, product, state.closedOn);
  if (day?.step === 'close') return queues.notify('closings', { v: 1, product, date: day.date });
  if (day?.step !== 'roll') return queues.notify('day-runs', { v: 1, product });

  const decision = await untilCommitted(() => toRoll(backends, day, state));
  if (decision.kind === 'wait') return logger.info(`day run waits: ${WAITS[decision.for]}`, { product, date: day.date });
  const { auction } = decision;
  for (let shard = 0; shard < shards; shard++)
    if (!(await rollShard(backends, venue, day, auction, shard, timeLeft))) {
      await queues.notify('rolls', { v: 1, product, slot });
      return logger.info('the roll goes on in the next invocation', { product, date: day.date, shard });
    }
  await saveDay(table, day, evolveDay(day, { kind: 'rolled', auction }));
  await queues.notify('closings', { v: 1, product, date: day.date });
  logger.info('roll orders are in the book', { product, date: day.date, auction });
});

/** The auction to roll in, numbered if it was not, or what the day waits for; `undefined`: look again. */
async function toRoll({ table, shards }: Backends, day: DayAt<'roll'>, state: ProductState) {
  const decision = decideDay(day, await lookAtDay(table, day, state, shards));
  switch (decision.kind) {
    case 'wait':
    case 'roll':
      return decision;
    case 'number': {
      const { product, slot, date } = day;
      const { auction } = decision;
      const isOurs = await openAuction(table, { product, auction, slot, date, closing: true, shards });
      return isOurs ? ({ kind: 'roll', auction } as const) : undefined;
    }
    default:
      return undefined;
  }
}

/**
 * Writes a shard's roll orders in chunks. A chunk that stands says which accounts it covered; the next goes on after it. False when the
 * invocation has no time for another.
 */
async function rollShard(
  { table, shards }: Backends,
  venue: VenueState,
  { product, date }: DayAt<'roll'>,
  auction: number,
  shard: number,
  timeLeft: TimeLeft,
): Promise<boolean> {
  const state = venue.products[product]!;
  const today = rollDay(state.parameters.calendar, date);
  const instructions = today ? await rollInstructionsOf(table, product, shard) : [];
  if (!today || instructions.length === 0) return true;
  const newest = await newestRollChunk(table, product, shard, auction);
  if (newest?.last) return true;
  const covered = new CoveredRolls(table, venue, product, shard, await readIntake(table, product, shard));
  const stops = new Map<string, OwnerStops>();
  for await (const own of stopsIn(table, shard)) stops.set(own.owner, own);
  let through = newest?.through ?? '';
  for (let chunk = newest ? newest.chunk + 1 : 0; ; chunk++) {
    const next = instructions.filter(({ account }) => account > through).slice(0, CHUNK_ACCOUNTS);
    const states = await readAccounts(
      table,
      next.map(({ account }) => account),
      shards,
    );
    const due = next.flatMap(({ account, instruction }): DueRoll[] => {
      if (isStopped(stops.get(ownerOf(account)), account)) return [];
      const own = states.get(account);
      const holding = own?.products[product];
      const holds = holding?.lots[today.near] ?? lots(0);
      const order = decideRoll(today, holding?.roll, holds, instruction, state.marks, state.parameters);
      return own && order ? [{ state: own, order }] : [];
    });
    const orders = (await covered.cut(due)).map(
      ({ state: { account }, order }): BookOrder => ({ ...order, account, clientOrderId: rollOrderId(date), ...OURS }),
    );
    const last = next.length < CHUNK_ACCOUNTS;
    const stands = await claimRollChunk(table, product, shard, auction, chunk, {
      orders,
      through: next.at(-1)?.account ?? through,
      last,
    });
    if (stands.last) return true;
    if (timeLeft() < CHUNK_MS_MAX) return false;
    through = stands.through;
  }
}

/** What every order of the roll is. */
const OURS = { sender: VENUE_SENDER, timeInForce: 'auction', rolls: true, partlyFilled: false } as const;

/** Participants can't use a slash in an order's name, so a roll order never meets one of theirs. */
const rollOrderId = (date: BusinessDate): string => `roll/${date}`;
