/**
 * How an operator's decision becomes an event: once, under a name made of what it is about. A repeat finds the name taken and
 * is compared with what was committed; it notifies the shards again, because the first may have crashed before it could.
 */
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { append, claimedBy, loadVenue, readEvent } from '../../lib/store/log.ts';
import { readBehind, shardsTouched } from '../../lib/store/posted.ts';
import { Problem } from '../http/problems.ts';
import { logAccess } from '../http/routes.ts';
import { untilCommitted } from '../until-committed.ts';
import type { OperatorRequest } from './operator.ts';

export interface Decision {
  /** The done-once name: of two requests under one name, the first is committed. */
  readonly once: string;
  /** What to append behind this state of the venue, or why not. */
  readonly decide: (venue: VenueState) => ClearingEvent | Problem;
  /** Whether what stands under the name says the same, or the refusal of this decision. */
  readonly compare: (committed: ClearingEvent) => Problem | undefined;
}

export interface Committed {
  readonly seq: number;
  /** It stood in the log before. */
  readonly repeated: boolean;
}

export function commit(request: OperatorRequest, decision: Decision): Promise<Committed | Problem> {
  return untilCommitted(
    () => attempt(request, decision),
    (): Problem => new Problem('try-again', 'others kept writing to the clearing log; nothing was done'),
  );
}

async function attempt(request: OperatorRequest, decision: Decision): Promise<Committed | Problem | undefined> {
  const { table, queues, shards } = request.backends;
  const claimed = await claimedBy(table, decision.once);
  if (claimed !== undefined) return repeat(request, decision, claimed);
  const venue = await loadVenue(table);
  const event = decision.decide(venue);
  if (event instanceof Problem) return event;
  const next = await append(table, venue, event, decision.once);
  if (next === undefined || next === 'claimed') return undefined;
  await queues.notifyPostings(next.seq, shardsTouched(event, shards));
  logAccess(request, 'event committed', { kind: event.kind, seq: next.seq });
  return { seq: next.seq, repeated: false };
}

async function repeat({ backends, time }: OperatorRequest, { compare }: Decision, seq: number): Promise<Committed | Problem> {
  const refusal = compare((await readEvent(backends.table, seq))!);
  if (refusal) return refusal;
  const { table, queues, shards } = backends;
  await queues.notifyPostings(seq, (await readBehind(table, seq, shards)).shards, `again.${time}`);
  return { seq, repeated: true };
}
