/**
 * Commits what two operators have agreed to. The event, its done-once names and the end of what was held are written together: so
 * however often and in however many workers it is done, there is one event of an approval or none, and none of what was declined. What can't be done
 * any more is refused then, and stays on record.
 */
import { isApproved } from '../../lib/domain/clearing/approval.ts';
import { onceNames } from '../../lib/domain/clearing/once.ts';
import { approvedEvent, type HeldAct, type OperatorEvent } from '../../lib/domain/clearing/operator-acts.ts';
import { changeHeld, heldChange, isAct, readAnyHeld } from '../../lib/store/held.ts';
import { append, claimedBy, loadVenue } from '../../lib/store/log.ts';
import { shardsTouched } from '../../lib/store/posted.ts';
import type { Backends } from '../backends.ts';
import { Problem } from '../http/problems.ts';
import { untilCommitted } from '../until-committed.ts';
import { refusalOf } from './refusals.ts';

/** What became of it; as it stands when operators have changed their minds meanwhile. */
export const commitApproved = (backends: Backends, id: string): Promise<HeldAct> => untilCommitted(() => attempt(backends, id));

async function attempt(backends: Backends, id: string): Promise<HeldAct | undefined> {
  const { table, queues, shards } = backends;
  const held = await readAnyHeld(table, id);
  if (!held || !isAct(held)) throw new Error(`${id} is not held`);
  if (held.ended || !isApproved(held)) return held;
  const venue = await loadVenue(table);
  const event = approvedEvent(held);
  const refusal = (await takenRefusal(table, event)) ?? (await refusalOf(backends, held.proposal, venue));
  if (refusal === 'look-again') return undefined;
  const revision = held.revision + 1;
  if (refusal) {
    const refused: HeldAct = { ...held, revision, ended: { kind: 'refused', code: refusal.code, detail: detailOf(refusal) } };
    return (await changeHeld(table, held, refused)) ? refused : undefined;
  }
  const done: HeldAct = { ...held, revision, ended: { kind: 'committed', seq: venue.seq + 1 } };
  const next = await append(table, venue, event, [heldChange(held, done)]);
  if (next === undefined) return undefined;
  await queues.notifyPostings(next.seq, shardsTouched(event, shards));
  return done;
}

/** What another event has done meanwhile is not done again, nor is the rest of the list without it. */
async function takenRefusal(table: Backends['table'], event: OperatorEvent): Promise<Problem | undefined> {
  const [taken] = await claimedBy(table, onceNames(event));
  if (!taken) return undefined;
  const code = (
    { 'accounts-opened': 'account-exists', 'cash-moved': 'reference-reused', 'parameters-changed': 'version-conflict' } as const
  )[event.kind];
  return new Problem(code, `event ${taken[1]} has done ${taken[0]} meanwhile; nothing of this was done`);
}

const detailOf = ({ detail, errors }: Problem): string =>
  errors.length === 0 ? detail : errors.map(({ path, rule }) => `${path} ${rule}`).join('; ');
