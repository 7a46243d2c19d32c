/**
 * How an operator's decision becomes an event: once, under names made of what it is about. A repeat finds the names taken and
 * is compared with what was committed; it notifies the shards again, because the first may have crashed before it could. Of a decision
 * about many things, those that are done already stay as they are, and the others are committed together.
 */
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { append, claimedBy, loadVenue, readEventsAt } from '../../lib/store/log.ts';
import { readBehind, shardsTouched } from '../../lib/store/posted.ts';
import { Problem } from '../http/problems.ts';
import { logAccess } from '../http/routes.ts';
import { untilCommitted } from '../until-committed.ts';
import type { OperatorRequest } from './operator.ts';

export interface Decision {
  /** The done-once names of what is to be done: of two requests under one name, the first is committed. */
  readonly once: readonly string[];
  /**
   * What to append behind this state of the venue for the names that are free, or why not. It claims these names. What it is decided on
   * may have to be read; `look-again` says that it is not of this state any more.
   */
  readonly decide: (
    venue: VenueState,
    isFree: (name: string) => boolean,
  ) => ClearingEvent | Problem | Promise<ClearingEvent | Problem | 'look-again'>;
  /** Whether the events that stand under names say the same, or the refusal of this decision. */
  readonly compare: (committed: ReadonlyMap<string, ClearingEvent>) => Problem | undefined;
}

export interface Committed {
  /** The number of the event that stands under each name. */
  readonly seqs: ReadonlyMap<string, number>;
  /** The names that stood in the log before. */
  readonly repeated: ReadonlySet<string>;
}

export function commit(request: OperatorRequest, decision: Decision): Promise<Committed | Problem> {
  return untilCommitted(
    () => attempt(request, decision),
    (): Problem => new Problem('try-again', 'others kept writing to the clearing log; nothing was done'),
  );
}

async function attempt(request: OperatorRequest, { once, decide, compare }: Decision): Promise<Committed | Problem | undefined> {
  const { table, queues, shards } = request.backends;
  const claimed = await claimedBy(table, once);
  const repeated = new Set(claimed.keys());
  if (repeated.size > 0) {
    const events = await readEventsAt(table, claimed.values());
    const refusal = compare(new Map(Array.from(claimed, ([name, seq]) => [name, events.get(seq)!])));
    if (refusal) return refusal;
    await notifyAgain(request, Math.max(...claimed.values()));
    if (repeated.size === once.length) return { seqs: claimed, repeated };
  }
  const venue = await loadVenue(table);
  const event = await decide(venue, (name) => !repeated.has(name));
  if (event === 'look-again') return undefined;
  if (event instanceof Problem) return event;
  const next = await append(table, venue, event);
  if (next === undefined) return undefined;
  await queues.notifyPostings(next.seq, shardsTouched(event, shards));
  logAccess(request, 'event committed', { kind: event.kind, seq: next.seq });
  return { seqs: new Map(once.map((name) => [name, claimed.get(name) ?? next.seq])), repeated };
}

async function notifyAgain({ backends: { table, queues, shards }, time }: OperatorRequest, seq: number): Promise<void> {
  await queues.notifyPostings(seq, (await readBehind(table, seq, shards)).shards, `again.${time}`);
}
