/** What waits for whom: approvals, margin calls, and day runs with what they wait for. */
import { APPROVALS_NEEDED, isWaiting } from '../../lib/domain/clearing/approval.ts';
import { type Day, decideDay, WAITS } from '../../lib/domain/clearing/day.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { lookAtDay, openDay } from '../../lib/store/days.ts';
import { type AnyHeld, isAct, openProposals } from '../../lib/store/held.ts';
import { heldOf } from '../../lib/store/index-values.ts';
import { loadVenue } from '../../lib/store/log.ts';
import type { Backends } from '../backends.ts';
import { productsOf } from '../http/products.ts';
import { ok } from '../http/routes.ts';
import { openCalls } from './calls.ts';
import type { Answers, Operator } from './operator.ts';
import { approvalPath } from './propose.ts';

/** Of each kind; what is beyond it stands in a list of its own. */
const SHOWN_MAX = 100;

export const showWaiting: Answers['showWaiting'] = async ({ backends, caller }) => {
  const venue = await loadVenue(backends.table);
  const products = productsOf(venue);
  const held = await allWaiting(backends, products);
  const { calls, end } = await openCalls(backends);
  const first = calls.toSorted((a, b) => (a.due < b.due ? -1 : 1));
  const days = await Promise.all(products.map((state) => dayState(backends, state)));
  return ok({
    held: { items: held.slice(0, SHOWN_MAX).map((each) => heldState(each, caller)), more: held.length > SHOWN_MAX },
    calls: { items: first.slice(0, SHOWN_MAX), more: calls.length > SHOWN_MAX || end !== undefined },
    days: days.filter((day) => day !== null),
  });
};

/** What operators have proposed, and what day runs hold; in order of id. */
async function allWaiting({ table }: Backends, products: readonly ProductState[]): Promise<AnyHeld[]> {
  const found = [await openProposals(table), ...(await Promise.all(products.map((state) => heldOf(table, state))))].flat();
  const byId = new Map(found.filter(isWaiting).map((held) => [held.id, held]));
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

const ACT_KINDS = { 'accounts-opened': 'accounts', 'cash-moved': 'cash', 'parameters-changed': 'parameters' } as const;

function heldState(held: AnyHeld, { operator, roles }: Operator) {
  const { id, proposedBy, approvals, revision } = held;
  const what = isAct(held)
    ? {
        kind: ACT_KINDS[held.proposal.kind],
        ...(held.proposal.kind === 'parameters-changed' ? { product: held.proposal.product } : {}),
      }
    : { kind: held.proposal.kind, product: held.product, date: held.date };
  const mayApprove = roles.has('approver') ? ('may-approve' as const) : ('role-needed' as const);
  return {
    held: id,
    ...what,
    proposedBy,
    approvals,
    needs: APPROVALS_NEEDED - approvals.length,
    you: approvals.includes(operator) ? ('named' as const) : mayApprove,
    revision,
    approve: approvalPath(id),
  };
}

/** The earliest day of a product that is planned and not done, and what it waits for; `null` when there is none. */
export async function dayState({ table, shards }: Backends, state: ProductState) {
  const day = await openDay(table, state.product, state.closedOn);
  if (!day) return null;
  const { waitsFor, says } = await waitOf({ table, shards }, day, state);
  return { product: day.product, date: day.date, step: day.step, waitsFor, says };
}

async function waitOf({ table, shards }: Pick<Backends, 'table' | 'shards'>, day: Day, state: ProductState) {
  const decision = decideDay(day, await lookAtDay(table, day, state, shards));
  switch (decision.kind) {
    case 'wait':
      return { waitsFor: decision.for, says: WAITS[decision.for] };
    case 'hold':
    case 'revise':
      return { waitsFor: 'approval' as const, says: WAITS.approval };
    case 'post':
      return { waitsFor: 'posting' as const, says: 'not every shard has posted the event before it' };
    default:
      return { waitsFor: null, says: `its step ${day.step} is next, and nothing is in its way` };
  }
}
