/**
 * How what an operator decides becomes an event: once, under names made of what it is about. A repeat finds the names taken and
 * is compared with what was committed; it notifies the shards again, because the first may have crashed before it could. Of a decision
 * about many things, those that are done already stay as they are, and the others are done together: at once, or, when one operator
 * may not do them alone, with the name of a second.
 */
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { needsSecond, type OperatorAct, proposeAct } from '../../lib/domain/clearing/operator-acts.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { actId } from '../../lib/store/held.ts';
import { append, claimedBy, loadVenue, readEventsAt } from '../../lib/store/log.ts';
import { ENV } from '../../lib/store/names.ts';
import { readBehind, shardsTouched } from '../../lib/store/posted.ts';
import { required } from '../../lib/store/table.ts';
import { Problem } from '../http/problems.ts';
import { receivedAt } from '../http/request.ts';
import { logAccess } from '../http/routes.ts';
import { refusalOf } from '../operator-acts/refusals.ts';
import { untilCommitted } from '../until-committed.ts';
import type { OperatorRequest } from './operator.ts';
import { type Proposed, propose, refuseToHold } from './propose.ts';

export interface Decision {
  /** The done-once names of what is to be done: of two requests under one name, the first is committed. */
  readonly once: readonly string[];
  /** What is to be done for the names that are free. Its event claims these names. */
  readonly act: (isFree: (name: string) => boolean) => OperatorAct;
  /** Whether the events that stand under names say the same, or the refusal of this decision. */
  readonly compare: (committed: ReadonlyMap<string, ClearingEvent>) => Problem | undefined;
}

export interface Committed {
  /** The number of the event that stands under each name. */
  readonly seqs: ReadonlyMap<string, number>;
  /** The names that stood in the log before. */
  readonly repeated: ReadonlySet<string>;
}

/** Answers with what was committed by `answer`, or with what is held for a second operator. */
export async function commit<Done>(
  request: OperatorRequest,
  decision: Decision,
  answer: (committed: Committed) => Done,
): Promise<Done | Proposed | Problem> {
  const tried = await untilCommitted(
    () => attempt(request, decision),
    (): Problem => new Problem('try-again', 'others kept writing to the clearing log; nothing was done'),
  );
  if (tried instanceof Problem) return tried;
  if ('seqs' in tried) return answer(tried);
  return propose(request, actOf(request, tried));
}

const actOf = (request: OperatorRequest, act: OperatorAct) =>
  proposeAct(actId(act), act, request.caller.operator, receivedAt(request));

/** What a decision would do: what stands under its names already, and whether the rest would be held. */
export interface Tried extends Committed {
  readonly secondOperator: boolean;
}

/** Decides as `commit` does, with the same refusals, and changes nothing. */
export async function tryOut(request: OperatorRequest, decision: Decision): Promise<Tried | Problem> {
  const looked = await untilCommitted(
    () => look(request, decision),
    (): Problem => new Problem('try-again', 'others kept writing to the clearing log'),
  );
  if (looked instanceof Problem) return looked;
  const { claimed, repeated, wanted } = looked;
  const secondOperator = wanted !== undefined && isForTwo(request, wanted);
  const refusal = secondOperator ? await refuseToHold(request, actOf(request, wanted.act)) : undefined;
  return refusal ?? { seqs: claimed, repeated, secondOperator };
}

interface Looked {
  /** The numbers of the events that stand under names already. */
  readonly claimed: ReadonlyMap<string, number>;
  readonly repeated: ReadonlySet<string>;
  /** What is left to do, and the venue that it was decided on; nothing when all of it is done. */
  readonly wanted: { readonly act: OperatorAct; readonly venue: VenueState } | undefined;
}

/** `undefined` when what it is decided on has come past this state of the venue. */
async function look(
  request: OperatorRequest,
  { once, act, compare }: Decision,
  onRepeat?: (seq: number) => Promise<void>,
): Promise<Looked | Problem | undefined> {
  const { table } = request.backends;
  const claimed = await claimedBy(table, once);
  const repeated = new Set(claimed.keys());
  if (repeated.size > 0) {
    const events = await readEventsAt(table, claimed.values());
    const refusal = compare(new Map(Array.from(claimed, ([name, seq]) => [name, events.get(seq)!])));
    if (refusal) return refusal;
    await onRepeat?.(Math.max(...claimed.values()));
    if (repeated.size === once.length) return { claimed, repeated, wanted: undefined };
  }
  const venue = await loadVenue(table);
  const wanted = act((name) => !repeated.has(name));
  const refusal = await refusalOf(request.backends, wanted, venue);
  if (refusal === 'look-again') return undefined;
  return refusal ?? { claimed, repeated, wanted: { act: wanted, venue } };
}

const isForTwo = (request: OperatorRequest, { act, venue }: NonNullable<Looked['wanted']>): boolean =>
  needsSecond(act, request.caller.operator, receivedAt(request), venue.movedAlone, BigInt(required(ENV.cashAloneCents)));

async function attempt(request: OperatorRequest, decision: Decision): Promise<Committed | OperatorAct | Problem | undefined> {
  const { table, queues, shards } = request.backends;
  const looked = await look(request, decision, (seq) => notifyAgain(request, seq));
  if (looked === undefined || looked instanceof Problem) return looked;
  const { claimed, repeated, wanted } = looked;
  if (!wanted) return { seqs: claimed, repeated };
  if (isForTwo(request, wanted)) return wanted.act;
  const event: ClearingEvent = { ...wanted.act, by: request.caller.operator, at: receivedAt(request) };
  const { venue } = wanted;
  const next = await append(table, venue, event);
  if (next === undefined) return undefined;
  await queues.notifyPostings(next.seq, shardsTouched(event, shards));
  logAccess(request, 'event committed', { kind: event.kind, seq: next.seq });
  return { seqs: new Map(decision.once.map((name) => [name, claimed.get(name) ?? next.seq])), repeated };
}

async function notifyAgain({ backends: { table, queues, shards }, time }: OperatorRequest, seq: number): Promise<void> {
  await queues.notifyPostings(seq, (await readBehind(table, seq, shards)).shards, `again.${time}`);
}
