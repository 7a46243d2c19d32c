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
  type Held,
  type HeldDecision,
  type HeldProposal,
  isApproved,
} from '../../lib/domain/clearing/approval.ts';
import { months } from '../../lib/domain/clearing/settlement.ts';
import { type ContractMonth, monthText, parseMonth } from '../../lib/domain/contract/months.ts';
import {
  type ForwardCurve,
  formatIndex,
  formatPrice,
  type ProductParameters,
  parseIndex,
  parsePrice,
} from '../../lib/domain/contract/product.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { changeHeld, pageOfHeld, readHeld } from '../../lib/store/held.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { limitText, pageOf } from '../http/paging.ts';
import { type FieldError, notFound, Problem } from '../http/problems.ts';
import { pathOf, readBody, rule } from '../http/request.ts';
import { type Answer, logAccess, ok, withQuery } from '../http/routes.ts';
import { notifyDayRun, publish, VALUE_RULE } from './index-values.ts';
import type { OperatorRequest } from './operator.ts';

/** As `heldId` makes them; not longer than a key may be. */
const HELD_ID = /^[A-Za-z0-9.-]{1,100}$/;
const QUERY = z.strictObject({
  limit: limitText,
  after: z.string().regex(HELD_ID, 'must be a cursor').optional(),
  waiting: z.literal('true', 'must be true').optional(),
});

/** Rows that one request looks at. Most of what was ever held is approved, and a page of what waits may end early. */
const ROWS_MAX = 1000;

export const listAllHeld = withQuery(QUERY, async (request: OperatorRequest, query): Promise<Answer | Problem> => {
  const { table } = request.backends;
  const { products } = await loadVenue(table);
  const itemOf = (held: Held) => heldJson(held, products[held.product]!.parameters);
  const { limit, after } = query;
  if (query.waiting === undefined) return ok(pageOf(await pageOfHeld(table, limit + 1, after), limit, ({ id }) => id, itemOf));
  const rows = await pageOfHeld(table, ROWS_MAX, after);
  const waiting = rows.filter((held) => !isApproved(held));
  const last = waiting.length > limit ? waiting[limit - 1] : rows.length === ROWS_MAX ? rows.at(-1) : undefined;
  return ok({ items: waiting.slice(0, limit).map(itemOf), ...(last ? { next: last.id } : {}) });
});

/** What is held under the id that the path names. */
async function heldIn(request: OperatorRequest): Promise<Held | Problem> {
  const id = pathOf(request, 'held');
  return (HELD_ID.test(id) ? await readHeld(request.backends.table, id) : undefined) ?? notFound('such thing held');
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
  const next = decision.held;
  if (!(await changeHeld(request.backends.table, held, next))) return refusal('version-conflict', held);
  logAccess(request, 'approved', { held: held.id, revision: held.revision });
  return isApproved(next) ? takeEffect(request, next) : ok(approvalJson(next));
}

function refusal(why: Extract<HeldDecision, { kind: 'refused' }>['why'], { revision: reached }: Held): Problem {
  switch (why) {
    case 'second-operator-needed':
      return new Problem(why, 'your name is on it; another operator must approve');
    case 'already-approved':
      return new Problem(why, 'two operators have agreed to it');
    case 'version-conflict':
      return new Problem(why, `it is not at the revision that was read; it has reached ${reached}`);
  }
}

const approvalJson = (held: Held) => ({ held: held.id, approved: isApproved(held), revision: held.revision });

/** Publishes an approved index value, and notifies the day run, which takes up everything else. */
async function takeEffect(request: OperatorRequest, held: Held): Promise<Answer | Problem> {
  const { product, date, proposal, approvals } = held;
  if (proposal.kind === 'index') {
    const published = await publish(request, product, date, BigInt(proposal.micros) as Micros, approvals);
    if (published instanceof Problem) return published;
  } else await notifyDayRun(request, product);
  return ok(approvalJson(held));
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
  const { parameters } = (await loadVenue(request.backends.table)).products[held.product]!;
  const proposal = amended(held.proposal, body, parameters);
  if (proposal instanceof Problem) return proposal;
  const decision = decideAmendment(held, request.caller.operator, body.revision, proposal);
  if (decision.kind === 'refused') return refusal(decision.why, held);
  if (decision.kind === 'repeated') return ok(heldJson(held, parameters));
  if (!(await changeHeld(request.backends.table, held, decision.held))) return refusal('version-conflict', held);
  logAccess(request, 'amended', { held: held.id, revision: held.revision });
  return ok(heldJson(decision.held, parameters));
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

function heldJson(held: Held, parameters: ProductParameters) {
  const { id, product, date, proposal, holds, basis, revised, proposedBy, approvals } = held;
  return {
    held: id,
    product,
    date,
    kind: proposal.kind,
    reasons: holds,
    proposal: proposalJson(proposal, parameters),
    // What the rules propose by now: not what is proposed above, once an operator has amended that.
    basis: basis && { proposal: proposalJson(basis.proposal, parameters), index: indexJson(basis.index) },
    revised,
    proposedBy,
    approvals,
    revision: held.revision,
    approved: isApproved(held),
  };
}

const indexJson = (index: Basis['index']): Record<string, string> =>
  Object.fromEntries(Object.entries(index).map(([date, micros]) => [date, formatIndex(BigInt(micros) as Micros)]));

function proposalJson(proposal: HeldProposal, parameters: ProductParameters) {
  switch (proposal.kind) {
    case 'settlement':
      return {
        curve: Object.fromEntries(
          months(proposal.curve).map((month) => [monthText(month), formatPrice(proposal.curve[month]!, parameters)]),
        ),
      };
    case 'final-price':
      return { month: monthText(proposal.month as ContractMonth), price: formatPrice(proposal.price, parameters) };
    case 'index':
      return { value: formatIndex(BigInt(proposal.micros) as Micros) };
  }
}
