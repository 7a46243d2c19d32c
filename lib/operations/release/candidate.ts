/**
 * A candidate at work: its assembly, as it would be deployed, runs in a cloud of its own on a table that holds the venue as
 * it stood before the window. Whatever the venue decided then is given to it; what its own code decides, it decides again.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { VenueRows } from '../../audit/rows.ts';
import type { AuctionCleared, ClearingEvent } from '../../domain/clearing/events.ts';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { frozenClock } from '../../local/host/clock.ts';
import { LOCAL_REGION } from '../../local/template/assembly.ts';
import { encodeAccount } from '../../store/accounts.ts';
import { readAuction } from '../../store/auctions.ts';
import { moveCursor } from '../../store/cursors.ts';
import { dayItem } from '../../store/days.ts';
import { ACCOUNT_PREFIX, auctionKey, bookPartition, cursorKey, logKey, ordered, shortPartition } from '../../store/keys.ts';
import { chain, encodeEvent, readEvent } from '../../store/log.ts';
import { readCarried, StandingChunks } from '../../store/results.ts';
import { type Attributes, N, type Rows, S, Table, text } from '../../store/table.ts';
import type { Window } from './window.ts';

export interface Candidate {
  /** Clears an auction. Gives the event its code has written, or `undefined` when it has written none. */
  clear(auction: AuctionCleared): Promise<ClearingEvent | undefined>;
  /** Settles and closes the day of a closing auction that it has cleared. Gives the events its code has written. */
  settle(closing: AuctionCleared): Promise<ClearingEvent[]>;
  /** Puts what the venue decided behind what the candidate has. */
  follow(event: ClearingEvent): Promise<void>;
  /** Lets every shard post the log to its end. */
  post(): Promise<void>;
  /** Its table, and everything in it. */
  readonly table: Rows;
  rows(): Promise<VenueRows>;
  /** Why it got no further, when it did not: what failed in it last. */
  trouble(): string | undefined;
  stop(): Promise<void>;
}

/** When the first auction of the window was due. */
function startOf({ entries }: Window): number {
  const first = entries.find(({ event }) => event.kind === 'auction-cleared');
  return first?.event.kind === 'auction-cleared' ? Date.parse(first.event.slot) : Date.now();
}

/** A large auction may take as long as its function. */
const QUIET_WITHIN_MS = 900_000;

export async function startCandidate(assembly: string, rows: VenueRows, window: Window, shards: number): Promise<Candidate> {
  const { venue, accounts } = window.before;
  const cloud = await startCloud({
    assembly,
    // Of the window and not of now: what was called then is not overdue.
    clock: frozenClock(startOf(window)),
    limits: { redeliveryMs: 20, quietWithinMs: QUIET_WITHIN_MS },
  });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: cloud.dynamodbEndpoint, region: LOCAL_REGION, credentials });
  const table = new Table(cloud.tableName, client);
  const stop = async (): Promise<void> => {
    client.destroy();
    await cloud.stop();
  };
  try {
    await table.putAll((await earlierRows(rows, window)).map(asItem));
    await table.putAll([...accounts.values()].map((state) => encodeAccount(state, shards)));
    for (let shard = 0; shard < shards; shard++) await moveCursor(table, shard, venue.seq);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...at(cloud, table, rows, venue, shards), stop };
}

function at(
  cloud: Cloud,
  table: Table,
  rows: VenueRows,
  from: { seq: number; hash: string },
  shards: number,
): Omit<Candidate, 'stop'> {
  let head = { seq: from.seq, hash: from.hash };
  const next = async (): Promise<ClearingEvent | undefined> => {
    const written = await table.get(logKey(head.seq + 1));
    if (!written) return undefined;
    head = { seq: head.seq + 1, hash: text(written, 'hash') };
    return readEvent(table, head.seq);
  };
  const post = async (): Promise<void> => {
    for (let shard = 0; shard < shards; shard++)
      cloud.send('postings.fifo', { v: 1, shard }, { group: `${shard}`, deduplication: `gate.${head.seq}.${shard}` });
    await cloud.quiet();
  };
  // Which calls are met or overdue, and when, depends on when the venue looked: these events are given to the candidate, which finds none to look at.
  const forgetShort = async (product: string): Promise<void> => {
    for await (const row of table.query(shortPartition(product)))
      await table.delete({ pk: text(row, 'pk'), sk: text(row, 'sk') });
  };
  return {
    async clear({ product, auction }) {
      const { clearedBy: _, ...stored } = (await rows.get(auctionKey(product, auction)))!;
      await table.put(asItem(stored));
      cloud.send('clearings', { v: 1, product, auction });
      await cloud.quiet();
      return next();
    },
    async settle({ product, date, slot, auction }) {
      await table.put(dayItem({ step: 'clear', product, date, slot, auction }));
      cloud.send('day-runs', { v: 1, product });
      await cloud.quiet();
      const events: ClearingEvent[] = [];
      for (let event = await next(); event; event = await next()) events.push(event);
      await forgetShort(product);
      return events;
    },
    async follow(event) {
      const data = encodeEvent(event);
      head = { seq: head.seq + 1, hash: chain(head.hash, data) };
      await table.put({ ...logKey(head.seq), attributes: { data: S(data), hash: S(head.hash), v: N(1) } });
      if (event.kind !== 'day-closed') return;
      await post();
      await forgetShort(event.product);
    },
    post,
    table,
    rows: () => VenueRows.from(table.scan()),
    trouble() {
      const [letter] = cloud.deadLetters();
      const said = cloud.logs.recent().find(({ level }) => level === 'ERROR');
      return said ? `${said.function} said: ${reasonIn(said.text)}` : letter && `a message of ${letter.queue} failed`;
    },
  };
}

const SAID_MAX = 300;

/** A worker's line of log is JSON and names the error; what Lambda itself says is text. */
function reasonIn(line: string): string {
  try {
    const { error } = JSON.parse(line) as { error?: { message?: string } };
    if (error?.message) return error.message;
  } catch {}
  return line.slice(0, SAID_MAX);
}

/** The rows that the window builds on: the log before it, books, index values, the orders carried into it, roll instructions. */
async function earlierRows(rows: VenueRows, { before, entries }: Window): Promise<Attributes[]> {
  const books = new Set<string>();
  for (const { event } of entries) {
    if (event.kind !== 'auction-cleared') continue;
    const { product, auction } = event;
    for (const [shard, dates] of (await readAuction(rows, product, auction))?.closed ?? [])
      for (const date of dates) books.add(bookPartition(product, shard, date));
  }
  // Only those carried into it: what the candidate's own auctions carry on it has to write.
  const carried = new StandingChunks();
  for (const { product, carried: orders } of Object.values(before.venue.products))
    await readCarried(rows, product, orders, carried);
  return [
    ...rows.ofKind('LOG').filter(({ sk }) => sk!.S! <= ordered(before.venue.seq)),
    ...rows.ofKind('BOOK').filter(({ pk }) => books.has(pk!.S!)),
    ...rows.ofKind('ROLL'),
    ...rows.ofKind('INDEX'),
    ...rows.ofKind('CARRIED').filter(({ pk, sk }) => carried.has({ pk: pk!.S!, sk: sk!.S! })),
    ...rows.ofKind('SHARD').filter(({ sk }) => !sk!.S!.startsWith(ACCOUNT_PREFIX) && sk!.S! !== cursorKey(0).sk),
  ];
}

const asItem = ({ pk, sk, ...attributes }: Attributes) => ({ pk: pk!.S!, sk: sk!.S!, attributes });
