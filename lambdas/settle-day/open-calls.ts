/**
 * Looks at the open calls of a product: which are met, and which are overdue at the time of the message. It looks at the accounts that were
 * short when books closed and at no others, a page at a time, each as of the newest event exactly; what it finds is an event behind that one,
 * so two workers that find the same can't both say so.
 */
import { type CallsMet, type CallsOverdue, LISTED_MAX } from '../../lib/domain/clearing/events.ts';
import { decideCalls } from '../../lib/domain/clearing/open-calls.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { append, loadVenue } from '../../lib/store/log.ts';
import { METRICS } from '../../lib/store/names.ts';
import { ownersAccounts } from '../../lib/store/owners-accounts.ts';
import { shardsTouched } from '../../lib/store/posted.ts';
import { readShort, removeShort, type Short } from '../../lib/store/short.ts';
import { type Backends, measure } from '../backends.ts';
import { untilCommitted } from '../until-committed.ts';

/**
 * Looks at the calls of the accounts behind `after`, at an instant in milliseconds since 1970. The answer is where to go on when time
 * was short; `undefined` when all have been looked at, or the venue is halted.
 */
export async function lookAtCalls(
  backends: Backends,
  product: string,
  at: number,
  isTimeLeft: () => boolean,
  after = '',
): Promise<string | undefined> {
  let through = after;
  let overdue = 0;
  for (let left = true; left; ) {
    if (await readHalt(backends.table)) return undefined;
    const rows = await readShort(backends.table, product, LISTED_MAX, through);
    if (rows.length === 0) break;
    overdue += await untilCommitted(() => lookAtPage(backends, product, at, rows));
    measure(backends, METRICS.callsOverdue, overdue);
    through = rows.at(-1)!.account;
    left = rows.length === LISTED_MAX;
    if (left && !isTimeLeft()) return through;
  }
  return undefined;
}

/** The answer is how many of these calls are overdue; `undefined` when another event came first, and all must be looked at again. */
async function lookAtPage(backends: Backends, product: string, at: number, rows: readonly Short[]): Promise<number | undefined> {
  const { table, shards } = backends;
  const venue = await loadVenue(table);
  const found = await ownersAccounts(
    table,
    venue,
    rows.map(({ account }) => account),
    shards,
  );
  if (!found) return undefined;
  const own = venue.products[product]!;
  const seen = decideCalls(
    own,
    rows.map(({ account }) => account),
    found.values(),
    at,
  );
  const { met, late } = seen;
  let head: VenueState | undefined = venue;
  if (met.length > 0) head = await commit(backends, head, { kind: 'calls-met', product, accounts: met });
  if (late.length > 0)
    head &&= await commit(backends, head, { kind: 'calls-overdue', product, at: new Date(at).toISOString(), accounts: late });
  if (!head) return undefined;
  // Of books that closed before the newest: for those, every call has been made and posted.
  const done = new Set(seen.without);
  for (const row of rows) if (row.seq < own.closedBy && done.has(row.account)) await removeShort(table, product, row);
  return seen.overdue;
}

async function commit({ table, queues, logger, shards }: Backends, venue: VenueState, event: CallsMet | CallsOverdue) {
  const next = await append(table, venue, event);
  if (next === undefined) return undefined;
  const { kind, product, accounts } = event;
  if (kind === 'calls-overdue') logger.warn('margin calls are overdue', { product, accounts, seq: next.seq });
  else logger.info('margin calls are met', { product, accounts, seq: next.seq });
  await queues.notifyPostings(next.seq, shardsTouched(event, shards));
  return next;
}
