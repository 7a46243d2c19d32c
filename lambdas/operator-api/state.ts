/**
 * How the venue is, in one answer: put together from the table, the queues and the alarms. The services that know of queues and alarms may
 * fail without the rest: then that part is not known, and says so, since this is asked most when something is wrong.
 */
import { WHOLE_OWNER } from '../../lib/domain/auction/stops.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { type AlarmReading, readAlarms } from '../../lib/store/alarms.ts';
import { auctionsAfter, readIntake } from '../../lib/store/auctions.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { ENV } from '../../lib/store/names.ts';
import { readBehind } from '../../lib/store/posted.ts';
import { stopsIn } from '../../lib/store/stops.ts';
import { required } from '../../lib/store/table.ts';
import type { Backends } from '../backends.ts';
import { productsOf } from '../http/products.ts';
import { receivedAt } from '../http/request.ts';
import { ok } from '../http/routes.ts';
import type { Answers } from './operator.ts';
import { dayState } from './waiting.ts';

const PENDING_MAX = 20;
const STOPS_MAX = 100;
/** Owners whose switches one request looks at: those that were ever used. */
const OWNERS_MAX = 1000;

export const showState: Answers['showState'] = async (request) => {
  const { backends } = request;
  const { table, shards } = backends;
  const venue = await loadVenue(table);
  const [halted, products, stops, behind, queues, alarms] = await Promise.all([
    readHalt(table),
    Promise.all(productsOf(venue).map((state) => productState(backends, state))),
    standingStops(backends),
    readBehind(table, venue.seq, shards),
    known(backends, 'queues', () => backends.queues.depths()),
    known(backends, 'alarms', () => readAlarms(required(ENV.alarms).split(','))),
  ]);
  return ok({
    at: receivedAt(request),
    seq: venue.seq,
    halted: halted ?? null,
    products,
    stops,
    posting: { shards, behind: behind.shards, events: behind.events },
    queues,
    alarms: alarms && inOrder(alarms).map(alarmJson),
  });
};

async function known<Value>({ logger }: Backends, what: string, read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read();
  } catch (error) {
    logger.warn(`${what} not known`, { error: error as Error });
    return null;
  }
}

async function productState(backends: Backends, state: ProductState) {
  const { table, shards } = backends;
  const { product, lastAuction, settledOn, closedOn, stop } = state;
  const [day, pending, intakes] = await Promise.all([
    dayState(backends, state),
    auctionsAfter(table, product, lastAuction, PENDING_MAX),
    Promise.all(Array.from({ length: shards }, (_, shard) => readIntake(table, product, shard))),
  ]);
  const open = intakes.map((intake) => intake.open);
  return {
    product,
    lastAuction,
    settledOn,
    closedOn,
    stop,
    day,
    pending: pending.map(({ auction, slot, closing, closed, shards: all }) => ({
      auction,
      slot,
      closing,
      closedShards: closed.size,
      shards: all,
    })),
    intake: { least: Math.min(...open), most: Math.max(...open) },
  };
}

/** Switches that stand, shard by shard, as far as so many owners show. */
async function standingStops({ table, shards }: Backends) {
  const items = [];
  let owners = 0;
  for (let shard = 0; shard < shards; shard++)
    for await (const { owner, switches } of stopsIn(table, shard)) {
      if (owners++ === OWNERS_MAX || items.length >= STOPS_MAX) return { items: items.slice(0, STOPS_MAX), more: true };
      for (const [of, sides] of Object.entries(switches))
        for (const [side, { stopped, released }] of Object.entries(sides))
          if (released === null) items.push({ owner, ...(of === WHOLE_OWNER ? {} : { account: of }), side, since: stopped.at });
    }
  return { items: items.slice(0, STOPS_MAX), more: items.length > STOPS_MAX };
}

const STATES = ['ALARM', 'INSUFFICIENT_DATA', 'OK'];
/** Those in ALARM first, then by name. */
const inOrder = (alarms: readonly AlarmReading[]): AlarmReading[] =>
  alarms.toSorted((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || (a.alarm < b.alarm ? -1 : 1));

/** An alarm's description ends with its heading of the runbook. */
function alarmJson({ description, ...alarm }: AlarmReading) {
  const end = description.lastIndexOf(' ');
  return { ...alarm, says: description.slice(0, end), runbook: description.slice(end + 1) };
}
