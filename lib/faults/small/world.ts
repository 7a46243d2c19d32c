/**
 * The small world: the virtual cloud with limits a hundredfold smaller than AWS's, and this tree's code with the constants that
 * are tied to those limits made smaller with them. A book of some hundred orders is there what a million are at AWS: it fills items,
 * pages, batches, messages, answers and invocations.
 */
import { TABLE_LIMITS } from '../../virtual/dynamodb/limits.ts';
import { AWS_LIMITS, type Limits } from '../../virtual/limits.ts';
import { type Edit, sourcesWith } from '../changed-sources.ts';

/** What stays as it is at AWS: the lengths of keys, since names and ids are as long in any world. */
export const SMALL_LIMITS: Limits = {
  ...AWS_LIMITS,
  table: {
    ...TABLE_LIMITS,
    itemBytes: 4 * 1024,
    pageBytes: 10 * 1024,
    transactionItems: 10,
    transactionBytes: 40 * 1024,
    // A hundredth of a batch would be none.
    batchWriteItems: 4,
    batchWriteBytes: 16 * 1024,
    batchGetItems: 6,
    batchGetBytes: 16 * 1024,
  },
  queue: { messageBytes: 2_560, batchEntries: 1 },
  payloadBytes: 60 * 1024,
  bodyBytes: 100 * 1024,
  // Some fifty requests in the ten seconds of an API, a hundred and fifty in the thirty of accept.
  requestMs: { least: 30, most: 150, latePercent: 0 },
};

/**
 * Every constant of the code that is tied to a limit, and what it is here. One that is missing shows itself: what it lets
 * through is refused.
 */
export const SCALED: readonly Edit[] = [
  // A thirtieth: what an index chunk says of a chunk below it is as long in any world.
  ['lib/store/limits.ts', 'export const CHUNK_BYTES = 32 * 1024;', 'export const CHUNK_BYTES = 1024;'],
  ['lib/store/run.ts', 'const READ_TOGETHER = 100;', 'const READ_TOGETHER = 4;'],
  ['lambdas/participant-api/fills.ts', 'const AUCTIONS_TOGETHER = 20;', 'const AUCTIONS_TOGETHER = 2;'],
  ['lib/store/table.ts', 'const BATCH_WRITE_MAX = 25;', 'const BATCH_WRITE_MAX = 4;'],
  ['lib/store/table.ts', 'const BATCH_GET_MAX = 100;', 'const BATCH_GET_MAX = 6;'],
  ['lib/store/queues.ts', 'const BATCH_MAX = 10;', 'const BATCH_MAX = 1;'],
  ['lambdas/http/request.ts', 'const BODY_BYTES_MAX = 256 * 1024;', 'const BODY_BYTES_MAX = 2_560;'],
  ['lib/api/submissions.ts', 'const ORDERS_MAX = 500;', 'const ORDERS_MAX = 5;'],
  ['lib/api/written.ts', 'const LIMIT_MAX = 500;', 'const LIMIT_MAX = 5;'],
  ['lib/api/written.ts', 'const LIMIT_DEFAULT = 100;', 'const LIMIT_DEFAULT = 3;'],
  ['lambdas/market-api/days.ts', 'const DAYS_TOGETHER = 100;', 'const DAYS_TOGETHER = 6;'],
  ['lambdas/participant-api/order-history.ts', 'const AUCTIONS_MAX = 100;', 'const AUCTIONS_MAX = 3;'],
  ['lambdas/participant-api/told-auctions.ts', 'const AUCTIONS_TOGETHER = 20;', 'const AUCTIONS_TOGETHER = 2;'],
  ['lambdas/participant-api/told-auctions.ts', 'const CHUNK_BYTES_MAX = 8 * 1024 * 1024;', 'const CHUNK_BYTES_MAX = 1024;'],
  ['lambdas/participant-api/preview.ts', 'const KEPT_ACCOUNTS_MAX = 1_000;', 'const KEPT_ACCOUNTS_MAX = 2;'],
  ['lib/store/submissions.ts', 'const DAYS_TOGETHER_MAX = 32;', 'const DAYS_TOGETHER_MAX = 2;'],
  ['lambdas/close-auction/run-out-switches.ts', 'const ACCOUNTS_TOGETHER = 25;', 'const ACCOUNTS_TOGETHER = 1;'],
  ['lambdas/participant-api/fills.ts', 'const ENTRIES_MAX = 1000;', 'const ENTRIES_MAX = 10;'],
  ['lambdas/participant-api/fills.ts', 'const ENTRIES_A_TIME = 200;', 'const ENTRIES_A_TIME = 2;'],
  ['lambdas/operator-api/held.ts', 'const ROWS_MAX = 1000;', 'const ROWS_MAX = 10;'],
  ['lambdas/operator-api/history.ts', 'const PAGE_LENGTH_MAX = 1_000_000;', 'const PAGE_LENGTH_MAX = 10_000;'],
  ['lambdas/http/rate.ts', 'const CALLERS_MAX = 10_000;', 'const CALLERS_MAX = 100;'],
  ['lambdas/accept-orders/account-intakes.ts', 'const KEPT_ORDERS_MAX = 400_000;', 'const KEPT_ORDERS_MAX = 500;'],
  ['lambdas/accept-orders/account-intakes.ts', 'const MET_MAX = 200_000;', 'const MET_MAX = 8;'],
  ['lambdas/accept-orders/account-intakes.ts', 'const CARRIED_BYTES_MAX = 16 * 1024 * 1024;', 'const CARRIED_BYTES_MAX = 1024;'],
  ['lambdas/intake/owner-accounts.ts', 'const KEPT_MAX = 40_000;', 'const KEPT_MAX = 8;'],
  ['lambdas/intake/owner-accounts.ts', 'const EVENTS_MAX = 64;', 'const EVENTS_MAX = 4;'],
  ['lambdas/intake/owner-accounts.ts', 'const FILLS_BYTES_MAX = 8 * 1024 * 1024;', 'const FILLS_BYTES_MAX = 1024;'],
  ['lambdas/operator-api/acts.ts', 'const EVENTS_MAX = 1000;', 'const EVENTS_MAX = 10;'],
  ['lambdas/operator-api/calls.ts', 'const ROWS_MAX = 500;', 'const ROWS_MAX = 5;'],
  ['lambdas/operator-api/held.ts', 'const PAGE_LENGTH_MAX = 1_000_000;', 'const PAGE_LENGTH_MAX = 10_000;'],
  ['lambdas/roll-positions/covered-rolls.ts', 'const CARRIED_BYTES_MAX = 16 * 1024 * 1024;', 'const CARRIED_BYTES_MAX = 1024;'],
  ['lambdas/roll-positions/index.ts', 'const CHUNK_ACCOUNTS = 1000;', 'const CHUNK_ACCOUNTS = 10;'],
  ['lambdas/post-events/index.ts', 'const EVENTS_MAX = 50;', 'const EVENTS_MAX = 5;'],
  ['lambdas/post-events/post-event.ts', 'const SLICE = 250;', 'const SLICE = 1;'],
  // Of the two minutes of an invocation a hundredth is for posting, which takes a dozen requests.
  ['lambdas/post-events/index.ts', 'const SLICE_MS_MAX = 30_000;', 'const SLICE_MS_MAX = 118_800;'],
];

/** Orders of a submission at most, in this world. */
export const ORDERS_MAX = 5;
/** Rows of a page at most, in this world. */
export const ROWS_MAX = 5;

let scaled: string | undefined;
/** The folder of the functions' sources as they are in the small world. */
export function smallSources(edits: readonly Edit[] = []): string {
  if (edits.length > 0) return sourcesWith([...SCALED, ...edits]);
  scaled ??= sourcesWith(SCALED);
  return scaled;
}
