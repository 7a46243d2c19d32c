/**
 * The last trading days of a venue: the part of its log that a candidate has to work again, and the venue and its accounts as
 * they stood before it, folded from the log.
 */

import { type Replay, replay } from '../../audit/replay.ts';
import type { VenueRows } from '../../audit/rows.ts';
import type { AccountState } from '../../domain/clearing/account.ts';
import { EMPTY_VENUE, type VenueState } from '../../domain/clearing/venue.ts';
import type { BusinessDate } from '../../domain/contract/calendar.ts';
import { cursorKey, ordered } from '../../store/keys.ts';
import { type LogEntry, readLog } from '../../store/log.ts';
import { integer, type Range, type Rows } from '../../store/table.ts';
import { OperationsError } from '../error.ts';

export interface Window {
  /** Of the auctions in it, in order. */
  readonly dates: readonly BusinessDate[];
  readonly entries: readonly LogEntry[];
  readonly before: { readonly venue: VenueState; readonly accounts: ReadonlyMap<string, AccountState> };
}

/** Throws OperationsError when there is nothing to work again, or the venue is not at rest. */
export async function lastDays(rows: VenueRows, shards: number, days: number): Promise<Window> {
  const log = await Array.fromAsync(readLog(rows, EMPTY_VENUE));
  const dates = [...new Set(log.flatMap(({ event }) => (event.kind === 'auction-cleared' ? [event.date] : [])))]
    .sort()
    .slice(-days);
  if (dates.length === 0)
    throw new OperationsError('This venue has not cleared an auction yet', 'There is nothing to hold a candidate against.');
  for (let shard = 0; shard < shards; shard++) {
    const cursor = await rows.get(cursorKey(shard));
    if ((cursor ? integer(cursor, 'seq') : 0) !== log.length)
      throw new OperationsError(
        `Shard ${shard} has not posted the whole log`,
        'Try again when posting is done, between auctions.',
      );
  }
  const first = log.findIndex(({ event }) => event.kind === 'auction-cleared' && event.date >= dates[0]!);
  const { venue, accounts } = await upTo(rows, first, shards);
  return { dates, entries: log.slice(first), before: { venue, accounts } };
}

async function upTo(rows: VenueRows, seq: number, shards: number): Promise<Replay> {
  const earlier: Rows = {
    get: (key) => rows.get(key),
    getMany: (keys) => rows.getMany(keys),
    query: (partition, range) => rows.query(partition, until(partition, range, seq)),
    pages: (partition, range) => rows.pages(partition, until(partition, range, seq)),
    queryAll: (partition, range) => rows.queryAll(partition, until(partition, range, seq)),
  };
  const replayed = await replay(earlier, shards);
  if (replayed.complete) return replayed;
  const fault = [...replayed.faults.log, ...replayed.faults.auctions][0];
  throw new OperationsError(`The venue can't be folded up to event ${seq}: ${fault?.row} ${fault?.what}`, 'See `npm run audit`.');
}

const until = (partition: string, range: Range | undefined, seq: number): Range | undefined =>
  partition === 'LOG' ? { ...range, to: ordered(seq) } : range;
