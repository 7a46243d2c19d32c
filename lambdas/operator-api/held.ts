/**
 * What waits for two operators to agree. The operator that proposes or amends counts as one of them; each change counts the
 * revision up, so that no operator approves what they have not read. With the second name it takes effect, and a repeat lets
 * it take effect again.
 */
import * as z from 'zod';
import {
  type Basis,
  decideAmendment,
  decideApproval,
  decideDecline,
  type HeldDecision,
  type HeldProposal,
  isApproved,
  isWaiting,
} from '../../lib/domain/clearing/approval.ts';
import type { OperatorAct } from '../../lib/domain/clearing/operator-acts.ts';
import { months } from '../../lib/domain/clearing/settlement.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { type ContractMonth, monthText, parseMonth } from '../../lib/domain/contract/months.ts';
import { writtenParameters } from '../../lib/domain/contract/parameters.ts';
import {
  type ForwardCurve,
  formatIndex,
  formatPrice,
  type ProductParameters,
  parseIndex,
  parsePrice,
} from '../../lib/domain/contract/product.ts';
import { formatCents, type Micros } from '../../lib/domain/contract/units.ts';
import { type AnyHeld, changeHeld, isAct, pageOfHeld, readAnyHeld } from '../../lib/store/held.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { limitText } from '../http/paging.ts';
import { type FieldError, notFound, Problem } from '../http/problems.ts';
import { pathOf, readBody, receivedAt, rule } from '../http/request.ts';
import { type Answer, logAccess, ok, withQuery } from '../http/routes.ts';
import { VALUE_RULE } from './index-values.ts';
import type { OperatorRequest } from './operator.ts';
import { approvalJson, takeEffect } from './propose.ts';

/** As `heldId` makes them; not longer than a key may be. */
const HELD_ID = /^[A-Za-z0-9.-]{1,100}$/;
const QUERY = z.strictObject({
  limit: limitText,
  after: z.string().regex(HELD_ID, 'must be a cursor').optional(),
  waiting: z.literal('true', 'must be true').optional(),
});

/** Rows that one request looks at. Most of what was ever held is approved, and a page of what waits may end early. */
const ROWS_MAX = 1000;

/** Characters that end a page before its limit does: an answer of a function has six megabytes. */
const PAGE_LENGTH_MAX = 1_000_000;

export const listAllHeld = withQuery(QUERY, async (request: OperatorRequest, query): Promise<Answer | Problem> => {
  const { table } = request.backends;
  const venue = await loadVenue(table);
  const { limit, after } = query;
  const most = query.waiting === undefined ? limit + 1 : ROWS_MAX;
  const rows = await pageOfHeld(table, most, after);
  const items: object[] = [];
  let length = 0;
  let last: string | undefined;
  for (const held of rows) {
    if (items.length === limit || length > PAGE_LENGTH_MAX) return ok({ items, next: last });
    last = held.id;
    if (query.waiting !== undefined && !isWaiting(held)) continue;
    const item = heldJson(held, venue);
    length += JSON.stringify(item).length;
    items.push(item);
  }
  return ok({ items, ...(rows.length === most && last !== undefined ? { next: last } : {}) });
});

/** What is held under the id that the path names. */
async function heldIn(request: OperatorRequest): Promise<AnyHeld | Problem> {
  const id = pathOf(request, 'held');
  return (HELD_ID.test(id) ? await readAnyHeld(request.backends.table, id) : undefined) ?? notFound('such thing held');
}

const REVISION_RULE = 'must be the revision that was read, a whole number';
const revision = z.int(rule(REVISION_RULE)).min(1, REVISION_RULE);
const APPROVAL = z.strictObject({ revision }, 'must be an object');

export async function approve(request: OperatorRequest): Promise<Answer | Problem> {
  const held = await heldIn(request);
  if (held instanceof Problem) return held;
  const body = readBody(request, APPROVAL);
  if (body instanceof Problem) return body;
  const decision = decideApproval(held, request.caller.operator, body.revision);
  if (decision.kind === 'refused') return refusal(decision.why, held);
  if (decision.kind === 'repeated') return takeEffect(request, held);
  const next = isAct(decision.held) ? { ...decision.held, at: receivedAt(request) } : decision.held;
  if (!(await changeHeld(request.backends.table, held, next))) return refusal('version-conflict', held);
  logAccess(request, 'approved', { held: held.id, revision: held.revision });
  return isApproved(next) ? takeEffect(request, next) : ok(approvalJson(next));
}

const REASON_RULE = 'must be 1 to 500 characters of text';
const DECLINE = z.strictObject(
  { revision, reason: z.string(rule(REASON_RULE)).max(500, REASON_RULE).regex(/\S/, REASON_RULE) },
  'must be an object',
);

/** What an operator has proposed is declined by one: by another, or by the one who takes it back. The same may be proposed anew. */
export async function decline(request: OperatorRequest): Promise<Answer | Problem> {
  const held = await heldIn(request);
  if (held instanceof Problem) return held;
  const body = readBody(request, DECLINE);
  if (body instanceof Problem) return body;
  if (!isAct(held) && held.proposal.kind !== 'index')
    return new Problem('not-declinable', 'a day of the product waits for this price; amend it');
  const decision = decideDecline(held, request.caller.operator, body.revision, body.reason);
  if (decision.kind === 'refused') return refusal(decision.why, held);
  const next = decision.kind === 'changed' ? decision.held : held;
  if (next !== held && !(await changeHeld(request.backends.table, held, next))) return refusal('version-conflict', held);
  logAccess(request, 'declined', { held: held.id, revision: held.revision });
  return ok({ held: held.id, revision: next.revision, ended: next.ended });
}

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

const price = z.string(rule('must be decimal text'));
const AMENDMENT = z.strictObject(
  {
    revision,
    curve: z.record(z.string(), price, 'must be an object of month and price').optional(),
    price: price.optional(),
    value: price.optional(),
  },
  'must be an object',
);
type Amendment = z.infer<typeof AMENDMENT>;

/** Puts another proposal in the place of the one held. Approvals of the old one are gone. */
export async function amend(request: OperatorRequest): Promise<Answer | Problem> {
  const held = await heldIn(request);
  if (held instanceof Problem) return held;
  const body = readBody(request, AMENDMENT);
  if (body instanceof Problem) return body;
  if (isAct(held)) return new Problem('not-amendable', 'decline it, and propose what is wanted in its place');
  const venue = await loadVenue(request.backends.table);
  const { parameters } = venue.products[held.product]!;
  const proposal = amended(held.proposal, body, parameters);
  if (proposal instanceof Problem) return proposal;
  const decision = decideAmendment(held, request.caller.operator, body.revision, proposal);
  if (decision.kind === 'refused') return refusal(decision.why, held);
  if (decision.kind === 'repeated') return ok(heldJson(held, venue));
  if (!(await changeHeld(request.backends.table, held, decision.held))) return refusal('version-conflict', held);
  logAccess(request, 'amended', { held: held.id, revision: held.revision });
  return ok(heldJson(decision.held, venue));
}

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

function heldJson(held: AnyHeld, venue: VenueState) {
  const { id, proposedBy, approvals, revision, revised, ended } = held;
  const agreement = { proposedBy, approvals, revision, revised, approved: isApproved(held), ended };
  if (isAct(held)) return { held: id, ...actJson(held.proposal), at: held.at, ...agreement };
  const { product, date, proposal, holds, basis } = held;
  const { parameters } = venue.products[product]!;
  return {
    held: id,
    product,
    date,
    kind: proposal.kind,
    reasons: holds,
    proposal: proposalJson(proposal, parameters),
    // What the rules propose by now: not what is proposed above, once an operator has amended that.
    basis: basis && { proposal: proposalJson(basis.proposal, parameters), index: indexJson(basis.index) },
    ...agreement,
  };
}

/** What would be done, as it was asked for. */
function actJson(act: OperatorAct) {
  switch (act.kind) {
    case 'accounts-opened':
      return { kind: 'accounts', proposal: { accounts: act.accounts } };
    case 'cash-moved': {
      const movements = act.movements.map(({ account, reference, cents }) => ({
        account,
        reference,
        amount: formatCents(cents),
      }));
      return { kind: 'cash', proposal: { movements } };
    }
    case 'parameters-changed': {
      const { product, version, parameters, listing } = act;
      const curve = listing && curveJson(listing.curve, parameters);
      const proposal = {
        expectedVersion: version - 1,
        parameters: writtenParameters(parameters),
        ...(listing ? { listing: { date: listing.date, curve } } : {}),
      };
      return { kind: 'parameters', product, proposal };
    }
  }
}

const indexJson = (index: Basis['index']): Record<string, string> =>
  Object.fromEntries(Object.entries(index).map(([date, micros]) => [date, formatIndex(BigInt(micros) as Micros)]));

function proposalJson(proposal: HeldProposal, parameters: ProductParameters) {
  switch (proposal.kind) {
    case 'settlement':
      return { curve: curveJson(proposal.curve, parameters) };
    case 'final-price':
      return { month: monthText(proposal.month as ContractMonth), price: formatPrice(proposal.price, parameters) };
    case 'index':
      return { value: formatIndex(BigInt(proposal.micros) as Micros) };
  }
}

const curveJson = (curve: ForwardCurve, parameters: ProductParameters): Record<string, string> =>
  Object.fromEntries(months(curve).map((month) => [monthText(month), formatPrice(curve[month]!, parameters)]));
