/**
 * What each function is given: memory, time, rights on the table and queues to send to. A right that is not in this table
 * does not exist. The consumer of a queue is named in `QUEUES`, the function of a route in `routes.ts`.
 */

import type { FunctionName, QueueName } from '../store/names.ts';

export type TableRight = 'GetItem' | 'Query' | 'BatchGetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'BatchWriteItem';

const WRITES: ReadonlySet<TableRight> = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']);
export const isWrite = (right: TableRight): boolean => WRITES.has(right);

/** Rights that end at some partitions, which are written as IAM matches them. */
export interface BoundedWrites {
  readonly rights: readonly TableRight[];
  readonly partitions: readonly string[];
}

export interface PipelineStep {
  /** One sentence: the function's description in the console. */
  readonly does: string;
  readonly memory_mb: number;
  readonly timeout_s: number;
  /** A transaction needs the right of each thing in it, and no right of its own. */
  readonly table: readonly TableRight[];
  /** Where it may write; everywhere unless given. Not for writers of transactions. */
  readonly writesTo?: readonly BoundedWrites[];
  readonly sendsTo: readonly QueueName[];
  /** What it may do with the connections of listeners, whichever they are. */
  readonly manages?: readonly ('GET' | 'POST' | 'DELETE')[];
  /** Serves routes. */
  readonly servesApi?: true;
  /**
   * At most so many run at once, which are kept free for it; all that the account has unless given. What callers start is held,
   * so that no flood of requests leaves the functions that read queues without a place to run.
   */
  readonly concurrencyMax?: number;
}

/** Partitions, or how they begin, as `lib/store/keys.ts` makes them. */
const SHARDS = 'SHARD#';
const STOPS = 'STOPS#';
const DEAD_MANS_SWITCHES = 'DEADMAN#';
const RATES = 'RATE#participant#';
const ADDRESS_RATES = 'RATE#address#';
const ID_KEY = 'IDS';
const LISTENERS = 'LISTENERS#';
const CONNECTIONS = 'CONNECTION#';
const LISTENER_RATES = 'RATE#listener#';

/** The functions of the pipeline, in its order. */
export const PIPELINE: Readonly<Record<FunctionName, PipelineStep>> = {
  'participant-api': {
    does: 'Answers participants: takes submissions, shows their own orders, fills, positions and statements.',
    memory_mb: 256,
    timeout_s: 10,
    table: ['GetItem', 'Query', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
    // Roll instructions lie with the accounts. It is reached from outside, so it gets no way to the log.
    writesTo: [
      { rights: ['PutItem', 'DeleteItem'], partitions: [`${SHARDS}*`, `${STOPS}*`, `${DEAD_MANS_SWITCHES}*`] },
      { rights: ['UpdateItem'], partitions: [`${RATES}*`, ID_KEY] },
    ],
    sendsTo: ['orders'],
    servesApi: true,
    // A burst, and the gateway's 1,000 requests a second at a tenth of a second each (`lib/infra/api.ts`).
    concurrencyMax: 340,
  },
  'statement-api': {
    does: 'Answers participants: their statements as CSV and PDF.',
    // What writes a PDF is loaded first, and a processor's share follows memory.
    memory_mb: 512,
    timeout_s: 10,
    table: ['GetItem', 'Query', 'BatchGetItem', 'UpdateItem'],
    writesTo: [{ rights: ['UpdateItem'], partitions: [`${RATES}*`] }],
    sendsTo: [],
    servesApi: true,
    concurrencyMax: 10,
  },
  'market-api': {
    does: 'Answers anyone, without a token: products, prices, cleared auctions and what is due.',
    memory_mb: 256,
    timeout_s: 10,
    // It only reads: what it writes is how often an address has asked.
    table: ['GetItem', 'Query', 'BatchGetItem', 'UpdateItem'],
    writesTo: [{ rights: ['UpdateItem'], partitions: [`${ADDRESS_RATES}*`] }],
    sendsTo: [],
    servesApi: true,
    // So that callers without a name leave places to those who have one.
    concurrencyMax: 40,
  },
  'operator-api': {
    does: 'Answers the operator: products, accounts, index values, what is held for approval, halting and resuming.',
    memory_mb: 256,
    timeout_s: 10,
    table: ['GetItem', 'Query', 'BatchGetItem', 'PutItem', 'UpdateItem'],
    sendsTo: ['postings', 'day-runs', 'sweeps', 'orders'],
    servesApi: true,
    concurrencyMax: 50,
  },
  'accept-orders': {
    does: 'Writes each submission into the book of the auction that is open for its shard; a marker closes the shard.',
    memory_mb: 256,
    timeout_s: 30,
    table: ['GetItem', 'Query', 'BatchGetItem', 'PutItem', 'UpdateItem'],
    sendsTo: ['clearings'],
  },
  'close-auction': {
    does: 'Puts the marker that closes an auction into every group of the orders queue, and notifies the day run that waits for it.',
    memory_mb: 256,
    timeout_s: 60,
    table: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
    sendsTo: ['orders', 'closings', 'day-runs'],
  },
  // A million orders are held in memory at once, and a processor's share follows memory.
  'clear-auction': {
    does: 'Clears a closed auction and appends the result to the clearing log.',
    memory_mb: 3008,
    timeout_s: 300,
    table: ['GetItem', 'Query', 'BatchGetItem', 'PutItem', 'UpdateItem', 'BatchWriteItem'],
    sendsTo: ['postings', 'clearings', 'closings', 'news'],
  },
  'post-events': {
    does: 'Applies the clearing log to the accounts of a shard, in order, and checks that each event sums to zero.',
    memory_mb: 512,
    timeout_s: 120,
    table: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'BatchWriteItem', 'BatchGetItem'],
    sendsTo: ['day-runs', 'postings', 'orders', 'news'],
  },
  'roll-positions': {
    does: 'Opens the day run: turns positions in their roll window into calendar spreads, then closes the last auction.',
    memory_mb: 512,
    timeout_s: 120,
    table: ['GetItem', 'Query', 'BatchGetItem', 'PutItem', 'UpdateItem'],
    sendsTo: ['rolls', 'closings', 'day-runs'],
  },
  'settle-day': {
    does: 'Moves a day run on: settles, expires, calls for margin, reports; says which calls are met or overdue.',
    memory_mb: 512,
    timeout_s: 120,
    table: ['GetItem', 'Query', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
    sendsTo: ['postings', 'rolls', 'closings', 'clearings', 'day-runs'],
  },
  'sweep-venue': {
    does: 'Looks on a schedule for what is late or stands still: measures it and notifies the function that moves it on.',
    memory_mb: 256,
    timeout_s: 60,
    // It writes nothing: whatever it notifies looks for itself.
    table: ['GetItem', 'Query', 'BatchGetItem'],
    sendsTo: ['postings', 'rolls', 'closings', 'clearings', 'day-runs'],
  },
  'authorize-listener': {
    does: 'Verifies the token that a listener connects with, if it has one.',
    memory_mb: 256,
    timeout_s: 10,
    table: [],
    sendsTo: [],
    concurrencyMax: 10,
  },
  listen: {
    does: 'Notes listeners as they connect and forgets them as they leave; answers what they send with the numbers as they are now.',
    memory_mb: 256,
    timeout_s: 10,
    table: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    writesTo: [
      { rights: ['PutItem', 'DeleteItem'], partitions: [`${LISTENERS}*`, `${CONNECTIONS}*`] },
      { rights: ['UpdateItem'], partitions: [`${LISTENER_RATES}*`] },
    ],
    sendsTo: [],
    manages: ['GET', 'DELETE'],
    concurrencyMax: 20,
  },
  'tell-listeners': {
    does: 'Tells listeners the number of the newest event of their account, and that an auction has cleared or a day is settled.',
    memory_mb: 256,
    timeout_s: 60,
    table: ['GetItem', 'Query', 'BatchGetItem', 'DeleteItem'],
    writesTo: [{ rights: ['DeleteItem'], partitions: [`${LISTENERS}*`, `${CONNECTIONS}*`] }],
    sendsTo: ['news'],
    manages: ['POST', 'DELETE'],
  },
};
