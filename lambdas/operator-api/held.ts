/**
 * What waits for two operators to agree. The operator that proposes or amends counts as one of them; each change counts the
 * revision up, so that no operator approves what they have not read. With the second name it takes effect, and a repeat lets
 * it take effect again.
 */
import * as z from 'zod';
import type { FieldError } from '../../lib/api/problems.ts';
import { rule } from '../../lib/api/written.ts';
import {
  decideAmendment,
  decideApproval,
  decideDecline,
  type HeldDecision,
  type HeldProposal,
  isApproved,
  isWaiting,
} from '../../lib/domain/clearing/approval.ts';
import { months } from '../../lib/domain/clearing/settlement.ts';
import { type ContractMonth, monthText, parseMonth } from '../../lib/domain/contract/months.ts';
import { type ForwardCurve, type ProductParameters, parseIndex, parsePrice } from '../../lib/domain/contract/product.ts';
import { type AnyHeld, changeHeld, isAct, pageOfHeld, readAnyHeld } from '../../lib/store/held.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { limitText } from '../http/paging.ts';
import { notFound, Problem } from '../http/problems.ts';
import { pathOf, readBody, receivedAt } from '../http/request.ts';
import { type Answer, logAccess, ok, withQuery } from '../http/routes.ts';
import { untilCommitted } from '../until-committed.ts';
import { heldJson } from './held-json.ts';
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

export function approve(request: OperatorRequest): Promise<Answer | Problem> {
  return changing(
    request,
    APPROVAL,
    (held, body) => {
      const decision = decideApproval(held, request.caller.operator, body.revision);
      if (decision.kind !== 'changed' || !isAct(decision.held)) return decision;
      return { kind: 'changed', held: { ...decision.held, at: receivedAt(request) } };
    },
    (held) => (isApproved(held) ? takeEffect(request, held) : ok(approvalJson(held))),
  );
}

/**
 * Changes what is held as `decide` says, and answers with what stands then. When another change was first it is decided again, on that: it may
 * have been this one's own, whose answer the table's client has lost.
 */
async function changing<Body extends z.ZodType>(
  request: OperatorRequest,
  schema: Body,
  decide: (held: AnyHeld, body: z.infer<Body>) => HeldDecision<AnyHeld> | Problem,
  answer: (held: AnyHeld) => Answer | Problem | Promise<Answer | Problem>,
): Promise<Answer | Problem> {
  const changed = await untilCommitted<AnyHeld | Problem>(async () => {
    const held = await heldIn(request);
    if (held instanceof Problem) return held;
    const body = readBody(request, schema);
    if (body instanceof Problem) return body;
    const decision = decide(held, body);
    if (decision instanceof Problem) return decision;
    if (decision.kind === 'refused') return refusal(decision.why, held);
    if (decision.kind === 'repeated') return held;
    if (!(await changeHeld(request.backends.table, held, decision.held))) return undefined;
    logAccess(request, 'held changed', { held: held.id, revision: held.revision });
    return decision.held;
  });
  return changed instanceof Problem ? changed : answer(changed);
}

const REASON_RULE = 'must be 1 to 500 characters of text';
const DECLINE = z.strictObject(
  { revision, reason: z.string(rule(REASON_RULE)).max(500, REASON_RULE).regex(/\S/, REASON_RULE) },
  'must be an object',
);

/** What an operator has proposed is declined by one: by another, or by the one who takes it back. The same may be proposed anew. */
export function decline(request: OperatorRequest): Promise<Answer | Problem> {
  return changing(
    request,
    DECLINE,
    (held, { revision, reason }) =>
      isAct(held) || held.proposal.kind === 'index'
        ? decideDecline(held, request.caller.operator, revision, reason)
        : new Problem('not-declinable', 'a day of the product waits for this price; amend it'),
    ({ id, revision, ended }) => ok({ held: id, revision, ended }),
  );
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
  const venue = await loadVenue(request.backends.table);
  return changing(
    request,
    AMENDMENT,
    (held, body) => {
      if (isAct(held)) return new Problem('not-amendable', 'decline it, and propose what is wanted in its place');
      const proposal = amended(held.proposal, body, venue.products[held.product]!.parameters);
      return proposal instanceof Problem ? proposal : decideAmendment(held, request.caller.operator, body.revision, proposal);
    },
    (held) => ok(heldJson(held, venue)),
  );
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
