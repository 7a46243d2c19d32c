/**
 * Roll: the first step of a day run. Every position with an instruction becomes a calendar-spread order of the closing
 * auction, for the day's share. The orders are written straight into that auction's book, which no one has closed yet:
 * they need no queue, and a repeat finds what stands there.
 */
import type { BookOrder } from '../../lib/domain/auction/book.ts';
import { decideRoll, rollDay } from '../../lib/domain/clearing/roll.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import {
  type BusinessDate,
  businessDays,
  instantOf,
  isBusinessDay,
  localDate,
  nextBusinessDay,
} from '../../lib/domain/contract/calendar.ts';
import { lots } from '../../lib/domain/contract/units.ts';
import { readAccounts } from '../../lib/store/accounts.ts';
import { findAuction, newestAuctions, openAuction } from '../../lib/store/auctions.ts';
import { isPosted } from '../../lib/store/control-totals.ts';
import { type Day, moveDay, openDay, planDay } from '../../lib/store/days.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { ENV } from '../../lib/store/names.ts';
import { rollInstructionsOf } from '../../lib/store/roll-instructions.ts';
import { claimRollChunk } from '../../lib/store/roll-orders.ts';
import { required } from '../../lib/store/table.ts';
import { type Backends, consume, untilCommitted } from '../queue/consume.ts';

/** Accounts looked at for one chunk of orders; a chunk is one item, and an order is under 120 bytes. */
const CHUNK_ACCOUNTS = 1000;

export const handler = consume('rolls', (backends) => async ({ product, slot }) => {
  const { table, queues, logger } = backends;
  const shards = Number(required(ENV.shards));
  const state = (await loadVenue(table)).products[product];
  if (!state) return logger.warn('day run not started: the product is not listed', { product, slot });
  await planDays(backends, product, state, slot);
  if (await readHalt(table)) return logger.warn('day run waits: the venue is halted', { product, slot });

  const day = await openDay(table, product, state.closedOn);
  if (day?.step === 'close') return queues.notify('closings', { v: 1, product, slot: day.slot });
  if (day?.step !== 'roll') return queues.notify('day-runs', { v: 1, kind: 'product', product });

  const auction = await untilCommitted(() => closingAuction(backends, day, state, shards));
  if (auction === 'early')
    return logger.info('day run waits: an auction before it has not been posted', { product, date: day.date });
  for (let shard = 0; shard < shards; shard++) await rollShard(backends, day, state, auction, shard, shards);
  await moveDay(table, day, 'roll', 'close', { auction });
  await queues.notify('closings', { v: 1, product, slot: day.slot });
  logger.info('roll orders are in the book', { product, date: day.date, auction });
});

/** Plans the day that is due and every business day before it that nobody ran, so that they run in order of date. */
async function planDays({ table, logger }: Backends, product: string, state: ProductState, slot: string): Promise<void> {
  const { calendar, timeZone, dayRunTime } = state.parameters;
  const due = localDate(Date.parse(slot), timeZone);
  if (!isBusinessDay(calendar, due)) return logger.info('no day run: it is no business day', { product, date: due });
  for (const date of businessDays(calendar, nextBusinessDay(calendar, state.closedOn), due))
    await planDay(table, product, date, date === due ? slot : new Date(instantOf(date, dayRunTime, timeZone)).toISOString());
}

/** The number of the day's closing auction, given once every auction before it has been posted. */
async function closingAuction(
  { table }: Backends,
  day: Day,
  state: ProductState,
  shards: number,
): Promise<number | 'early' | undefined> {
  const { product, slot, date } = day;
  const known = await findAuction(table, product, slot);
  if (known !== undefined) return known;
  const [newest] = await newestAuctions(table, product, 1);
  // Numbered since it was looked for, by another worker with the same message.
  if (newest?.slot === slot) return undefined;
  const last = newest?.auction ?? 0;
  if (last > state.lastAuction || !(await isPosted(table, state.lastEvent, shards))) return 'early';
  return (await openAuction(table, { product, auction: last + 1, slot, date, closing: true })) ? last + 1 : undefined;
}

/** Writes a shard's roll orders in chunks. A chunk that stands says which accounts it covered; the next goes on after it. */
async function rollShard(
  { table }: Backends,
  day: Day,
  state: ProductState,
  auction: number,
  shard: number,
  shards: number,
): Promise<void> {
  const { product, date } = day;
  const today = rollDay(state.parameters.calendar, date);
  const instructions = today ? await rollInstructionsOf(table, product, shard) : [];
  if (!today || instructions.length === 0) return;
  let through = '';
  for (let chunk = 0; ; chunk++) {
    const next = instructions.filter(({ account }) => account > through).slice(0, CHUNK_ACCOUNTS);
    const states = await readAccounts(
      table,
      next.map(({ account }) => account),
      shards,
    );
    const orders = next.flatMap(({ account, instruction }): BookOrder[] => {
      const holding = states.get(account)?.products[product];
      const holds = holding?.lots[today.near] ?? lots(0);
      const order = decideRoll(today, holding?.roll, holds, instruction, state.marks, state.parameters);
      return order
        ? [{ ...order, account, clientOrderId: rollOrderId(date), timeInForce: 'auction', rolls: true, partlyFilled: false }]
        : [];
    });
    const last = next.length < CHUNK_ACCOUNTS;
    const stands = await claimRollChunk(table, product, shard, auction, chunk, {
      orders,
      through: next.at(-1)?.account ?? through,
      last,
    });
    if (stands.last) return;
    through = stands.through;
  }
}

/** Participants can't use a slash in an order's name, so a roll order never meets one of theirs. */
const rollOrderId = (date: BusinessDate): string => `roll/${date}`;
