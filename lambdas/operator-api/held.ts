/**
 * What waits for two operators to agree. The operator that proposes or amends counts as one of them; each change counts the
 * revision up, so that no operator approves what they have not read. With the second name it takes effect, and a repeat lets
 * it take effect again.
 */
import type * as z from 'zod';
import type { OPERATOR } from '../../lib/api/operator.ts';
import { VALUE_RULE } from '../../lib/api/operator-index.ts';
import type { FieldError } from '../../lib/api/problems.ts';
import {
  decideAmendment,
  decideApproval,
  decideDecline,
  type Held,
  type HeldDecision,
  type HeldProposal,
  isApproved,
  isWaiting,
} from '../../lib/domain/clearing/approval.ts';
import type { Noting } from '../../lib/domain/clearing/noted-acts.ts';
import { months } from '../../lib/domain/clearing/settlement.ts';
import { type ContractMonth, monthText, parseMonth } from '../../lib/domain/contract/months.ts';
import { type ForwardCurve, type ProductParameters, parseIndex, parsePrice } from '../../lib/domain/contract/product.ts';
import { type AnyHeld, changeHeld, isAct, pageOfHeld, readAnyHeld } from '../../lib/store/held.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { nextFrom } from '../http/paging.ts';
import { notFound, Problem } from '../http/problems.ts';
import { receivedAt } from '../http/request.ts';
import { logAccess, ok } from '../http/routes.ts';
import { untilCommitted } from '../until-committed.ts';
import { heldJson, heldPriceJson } from './held-json.ts';
import { type Answers, noteOf, type OperatorRequest } from './operator.ts';
import { approvalJson, takeEffect } from './propose.ts';

/** As `heldId` makes them; not longer than a key may be. */
const HELD_ID = /^[A-Za-z0-9.-]{1,100}$/;

/** Rows that one request looks at. Most of what was ever held is approved, and a page of what waits may end early. */
const ROWS_MAX = 1000;

/** Characters that end a page before its limit does: an answer of a function has six megabytes. */
const PAGE_LENGTH_MAX = 1_000_000;

export const listHeld: Answers['listHeld'] = async ({ backends: { table }, query }) => {
  const venue = await loadVenue(table);
  const { limit, cursor: after } = query;
  const most = query.waiting === undefined ? limit + 1 : ROWS_MAX;
  const rows = await pageOfHeld(table, most, after);
  const items: ReturnType<typeof heldJson>[] = [];
  let length = 0;
  let last: string | undefined;
  for (const held of rows) {
    if (items.length === limit || length > PAGE_LENGTH_MAX)
      return ok(nextFrom({ items, ...(last === undefined ? {} : { next: last }) }));
    last = held.id;
    if (query.waiting !== undefined && !isWaiting(held)) continue;
    const item = heldJson(held, venue);
    length += JSON.stringify(item).length;
    items.push(item);
  }
  return ok(nextFrom({ items, ...(rows.length === most && last !== undefined ? { next: last } : {}) }));
};

/** A request about what is held under an id. */
type HeldRequest = OperatorRequest & { readonly params: { readonly held: string } };

async function heldIn({ params: { held }, backends: { table } }: HeldRequest): Promise<AnyHeld | Problem> {
  return (HELD_ID.test(held) ? await readAnyHeld(table, held) : undefined) ?? notFound('such thing held');
}

export const approveHeld: Answers['approveHeld'] = (request) =>
  changing(
    request,
    (held) => {
      const decision = decideApproval(held, request.caller.operator, request.body.revision);
      if (decision.kind !== 'changed' || !isAct(decision.held)) return decision;
      return { kind: 'changed', held: { ...decision.held, at: receivedAt(request) } };
    },
    ({ id, revision, ...held }) => ({ kind: 'approved', held: id, revision, agreed: isApproved(held) }),
    (held) => (isApproved(held) ? takeEffect(request, held) : ok(approvalJson(held))),
  );

/**
 * Changes what is held as `decide` says, notes it as `noting` says, and answers with what stands then. When another change was first it is decided again, on that: it may
 * have been this one's own, whose answer the table's client has lost.
 */
async function changing<Answered>(
  request: HeldRequest,
  decide: (held: AnyHeld) => HeldDecision<AnyHeld> | Problem,
  noting: (changed: AnyHeld) => Noting,
  answer: (held: AnyHeld) => Answered | Promise<Answered>,
): Promise<Answered | Problem> {
  const changed = await untilCommitted<AnyHeld | Problem>(async () => {
    const held = await heldIn(request);
    if (held instanceof Problem) return held;
    const decision = decide(held);
    if (decision instanceof Problem) return decision;
    if (decision.kind === 'refused') return refusal(decision.why, held);
    if (decision.kind === 'repeated') return held;
    const note = noteOf(request, noting(decision.held));
    if (!(await changeHeld(request.backends.table, held, decision.held, note))) return undefined;
    logAccess(request, 'held changed', { held: held.id, revision: held.revision });
    return decision.held;
  });
  return changed instanceof Problem ? changed : answer(changed);
}

/** What an operator has proposed is declined by one: by another, or by the one who takes it back. The same may be proposed anew. */
export const declineHeld: Answers['declineHeld'] = (request) => {
  const { revision, reason } = request.body;
  return changing(
    request,
    (held) =>
      isAct(held) || held.proposal.kind === 'index'
        ? decideDecline(held, request.caller.operator, revision, reason)
        : new Problem('not-declinable', 'a day of the product waits for this price; amend it'),
    (declined) => ({ kind: 'declined', held: declined.id, revision: declined.revision, reason }),
    (held) => ok({ held: held.id, revision: held.revision, ended: held.ended }),
  );
};

function refusal(
  why: Extract<HeldDecision<AnyHeld>, { kind: 'refused' }>['why'],
  { revision: reached, ended }: AnyHeld,
): Problem {
  switch (why) {
    case 'second-operator-needed':
      return new Problem(why, 'your name is on it; another operator must approve');
    case 'already-approved':
      return new Problem(why, 'two operators have agreed to it');
    case 'version-conflict':
      return new Problem(why, `it is not at the revision that was read; it has reached ${reached}`);
    case 'declined':
      return new Problem(why, ended?.kind === 'declined' ? `${ended.by} declined it: ${ended.reason}` : 'it has ended');
  }
}

type Amendment = z.output<(typeof OPERATOR)['amendHeld']['body']>;

/** Puts another proposal in the place of the one held. Approvals of the old one are gone. */
export const amendHeld: Answers['amendHeld'] = async (request) => {
  const venue = await loadVenue(request.backends.table);
  const { body } = request;
  return changing(
    request,
    (held) => {
      if (isAct(held)) return new Problem('not-amendable', 'decline it, and propose what is wanted in its place');
      const proposal = amended(held.proposal, body, venue.products[held.product]!.parameters);
      return proposal instanceof Problem ? proposal : decideAmendment(held, request.caller.operator, body.revision, proposal);
    },
    ({ id, revision }) => ({ kind: 'amended', held: id, revision }),
    // What is amended is a price or a value, so what stands then is.
    (held) => ok(heldPriceJson(held as Held, venue)),
  );
};

const FIELD = { settlement: 'curve', 'final-price': 'price', index: 'value' } as const;

function amended(proposal: HeldProposal, body: Amendment, parameters: ProductParameters): HeldProposal | Problem {
  const wanted = FIELD[proposal.kind];
  const errors: FieldError[] = Object.values(FIELD).flatMap((field) => {
    if (field === wanted) return body[field] === undefined ? [{ path: `$.${field}`, rule: 'is required' }] : [];
    return body[field] === undefined ? [] : [{ path: `$.${field}`, rule: `is not for what is held here, which has a ${wanted}` }];
  });
  const grid = `must be decimal text with at most ${parameters.priceDecimals} decimals`;
  const read = <T>(path: string, parsed: T | undefined, broken: string): T => {
    if (parsed === undefined) errors.push({ path, rule: broken });
    return parsed!;
  };
  let next: HeldProposal = proposal;
  if (errors.length === 0 && proposal.kind === 'settlement')
    next = { kind: 'settlement', curve: amendedCurve(proposal.curve, body.curve!, parameters, errors) };
  else if (errors.length === 0 && proposal.kind === 'final-price')
    next = { ...proposal, price: read('$.price', parsePrice(body.price!, parameters), grid) };
  else if (errors.length === 0) next = { kind: 'index', micros: `${read('$.value', parseIndex(body.value!), VALUE_RULE)}` };
  return errors.length ? new Problem('invalid-body', 'see errors for each field', errors) : next;
}

/** The months are those that were held, no more and no less. */
function amendedCurve(
  held: ForwardCurve,
  given: Record<string, string>,
  parameters: ProductParameters,
  errors: FieldError[],
): ForwardCurve {
  const path = (month: string): string => `$.curve[${JSON.stringify(month.slice(0, 64))}]`;
  for (const name of Object.keys(given))
    if (!((parseMonth(name) ?? 0) in held)) errors.push({ path: path(name), rule: 'is not a month of this curve' });
  const entries = months(held).map((month): [ContractMonth, ForwardCurve[number]] => {
    const text = given[monthText(month)];
    const parsed = text === undefined ? undefined : parsePrice(text, parameters);
    if (parsed === undefined)
      errors.push({
        path: path(monthText(month)),
        rule: text === undefined ? 'is required' : `must be decimal text with at most ${parameters.priceDecimals} decimals`,
      });
    return [month, parsed!];
  });
  return Object.fromEntries(entries);
}
