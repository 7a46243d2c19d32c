/**
 * Holds what one operator proposes until a second agrees, and lets it take effect then. Proposed again as it is, it changes nothing; another
 * proposal under its id is refused while it waits. An operator has so many waiting at most, and can't bury what others propose.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ProblemCode } from '../../lib/api/problems.ts';
import { isApproved, PROPOSED_MAX, proposeAnew } from '../../lib/domain/clearing/approval.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { type AnyHeld, holdProposal, isAct, readAnyHeld, readManyHeld, readProposed } from '../../lib/store/held.ts';
import { METRICS } from '../../lib/store/names.ts';
import { measure } from '../backends.ts';
import { Problem } from '../http/problems.ts';
import { type Answered, accepted, logAccess, ok } from '../http/routes.ts';
import { commitApproved } from '../operator-acts/approved.ts';
import { untilCommitted } from '../until-committed.ts';
import { noteOf, type OperatorRequest } from './operator.ts';
import { notifyDayRun, publish } from './publish.ts';

/** Nothing of it is done any more, unless it is proposed anew. */
const isOver = ({ ended }: AnyHeld): boolean => ended?.kind === 'declined' || ended?.kind === 'refused';
const isOpen = (held: AnyHeld): boolean => held.ended === null && (isAct(held) || !isApproved(held));

/** What is held for a second operator; or, when two have agreed to it already, what came of it. */
export type Proposed = Exclude<Awaited<ReturnType<typeof attempt>>, Problem | undefined>;

export function propose(request: OperatorRequest, fresh: AnyHeld): Promise<Proposed | Problem> {
  return untilCommitted(
    () => attempt(request, fresh),
    () => new Problem('try-again', 'others kept proposing; nothing was held'),
  );
}

async function attempt(request: OperatorRequest, fresh: AnyHeld) {
  const { table } = request.backends;
  const looked = await look(request, fresh);
  if (looked instanceof Problem) return looked;
  if ('stands' in looked) return isApproved(looked.stands) ? takeEffect(request, looked.stands) : waiting(looked.stands);
  const { before, list, open } = looked;
  const held = before ? proposeAnew(fresh, before) : fresh;
  const note = noteOf(request, { kind: 'proposed', held: held.id, revision: held.revision });
  if (!(await holdProposal(table, held, before, list, [...new Set([...open, held.id])], note))) return undefined;
  // The sweep counts what has waited for a while; what the rules object to is measured at once.
  if (!isAct(held) && held.holds.length > 0) measure(request.backends, METRICS.held, 1);
  logAccess(request, 'held', { held: held.id, revision: held.revision });
  return waiting(held);
}

/** Why something can't be held for a second operator; changes nothing. */
export async function refuseToHold(request: OperatorRequest, fresh: AnyHeld): Promise<Problem | undefined> {
  const looked = await look(request, fresh);
  return looked instanceof Problem ? looked : undefined;
}

/** The same proposal, if it stands already; or what is to be written over, and with which others of its operator. */
async function look({ backends: { table }, caller }: OperatorRequest, fresh: AnyHeld) {
  const before = await readAnyHeld(table, fresh.id);
  if (before && !isOver(before)) {
    if (isDeepStrictEqual(before.proposal, fresh.proposal)) return { stands: before };
    return new Problem('another-held', `${fresh.id} waits for approval with other content; decline that one first`);
  }
  const list = await readProposed(table, caller.operator);
  const open = (await readManyHeld(table, list.ids)).filter(isOpen).map(({ id }) => id);
  return open.length >= PROPOSED_MAX
    ? new Problem('too-many-held', `${open.length} of your proposals wait; have them approved or declined first`)
    : { before, list, open };
}

const waiting = ({ id, revision }: AnyHeld) => accepted({ held: id, revision, approve: approvalPath(id) });

export const approvalPath = (id: string): string => `/v1/operator/held/${encodeURIComponent(id)}/approve`;

/** With the number of the event, of what became one. */
type Effect = Answered<200, ReturnType<typeof approvalJson> & { readonly seq?: number }>;

/** Commits an approved act, publishes an approved index value, and notifies the day run, which takes up everything else. */
export async function takeEffect(request: OperatorRequest, held: AnyHeld): Promise<Effect | Problem> {
  if (isAct(held)) {
    const { ended, ...done } = await commitApproved(request.backends, held.id);
    if (ended?.kind === 'refused') return new Problem(ended.code as ProblemCode, ended.detail);
    return ok({ ...approvalJson(done), ...(ended?.kind === 'committed' ? { seq: ended.seq } : {}) });
  }
  const { product, date, proposal, approvals } = held;
  if (proposal.kind === 'index') {
    const published = await publish(request, product, date, BigInt(proposal.micros) as Micros, approvals);
    if (published instanceof Problem) return published;
  } else await notifyDayRun(request, product);
  return ok(approvalJson(held));
}

export const approvalJson = (held: Pick<AnyHeld, 'id' | 'approvals' | 'revision'>) => ({
  held: held.id,
  approved: isApproved(held),
  revision: held.revision,
});
