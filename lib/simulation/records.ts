/** The auctions of a run as they are stored: what was submitted, rolled, filled and carried, for the order ledger. */

import { VENUE_SENDER } from '../domain/auction/book-columns.ts';
import { byArrival } from '../domain/auction/open-orders.ts';
import type { ClearingEvent } from '../domain/clearing/events.ts';
import type { ContractMonth } from '../domain/contract/months.ts';
import { readAuction } from '../store/auctions.ts';
import { readCarried, readFills } from '../store/results.ts';
import { rollOrders } from '../store/roll-orders.ts';
import { submissionsInto } from '../store/submissions.ts';
import type { Table } from '../store/table.ts';
import type { AuctionRecord } from './order-ledger.ts';

/** An auction's record, with the key of every submission in it. */
export interface StoredAuction extends AuctionRecord {
  readonly keys: readonly string[];
  /** Those that the venue has sent itself. */
  readonly byVenue: readonly string[];
}

/** Every cleared auction among the events, in order. */
export async function storedAuctions(table: Table, events: readonly ClearingEvent[]): Promise<StoredAuction[]> {
  const records: StoredAuction[] = [];
  for (const event of events) {
    if (event.kind !== 'auction-cleared') continue;
    const { product, auction } = event;
    const { shards, closed } = (await readAuction(table, product, auction))!;
    const parts = await Promise.all(
      Array.from({ length: shards }, async (_, shard) => ({
        submissions: await submissionsInto(table, product, shard, auction, closed.get(shard) ?? []),
        rolls: await rollOrders(table, product, shard, auction),
      })),
    );
    const submissions = parts.flatMap((part) => part.submissions).sort(byArrival);
    records.push({
      auction,
      closing: event.closing,
      listed: new Set(Object.keys(event.months).map((month) => Number(month) as ContractMonth)),
      submissions,
      keys: submissions.map(({ account, key }) => `${account} ${key}`),
      byVenue: submissions.filter(({ sender }) => sender === VENUE_SENDER).map(({ account, key }) => `${account} ${key}`),
      rolls: parts.flatMap((part) => part.rolls),
      fills: await readFills(table, event),
      carried: await readCarried(table, product, event.carried),
    });
  }
  return records;
}
