/** The venue as a whole: how far it has come, and the switch that stops it. */
import * as z from 'zod';
import { rule } from '../../lib/api/written.ts';
import { SYSTEM } from '../../lib/domain/clearing/approval.ts';
import { type Halt, halt, readHalt, resume } from '../../lib/store/halt.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { FUNCTIONS } from '../../lib/store/names.ts';
import { Problem } from '../http/problems.ts';
import { productsOf } from '../http/products.ts';
import { readBody, receivedAt } from '../http/request.ts';
import { type Answer, logAccess, ok } from '../http/routes.ts';
import type { OperatorRequest } from './operator.ts';

export async function showVenue({ backends: { table } }: OperatorRequest): Promise<Answer> {
  const venue = await loadVenue(table);
  const products = productsOf(venue).map(({ product, lastAuction, settledOn, closedOn }) => ({
    product,
    lastAuction,
    settledOn,
    closedOn,
  }));
  return ok({ seq: venue.seq, hash: venue.hash, halted: (await readHalt(table)) ?? null, products });
}

const REASON_RULE = 'must be 1 to 500 characters of text';
const reason = z.string(rule(REASON_RULE)).max(500, REASON_RULE).regex(/\S/, REASON_RULE);
const HALTING = z.strictObject({ reason }, 'must be an object');

/** The first reason stands: halting a halted venue changes nothing. */
export async function haltVenue(request: OperatorRequest): Promise<Answer | Problem> {
  const body = readBody(request, HALTING);
  if (body instanceof Problem) return body;
  const wanted: Halt = { reason: body.reason, by: request.caller.operator, at: receivedAt(request) };
  const thrown = await halt(request.backends.table, wanted);
  if (thrown) logAccess(request, 'venue halted', { reason: body.reason });
  return ok({ halted: thrown ? wanted : ((await readHalt(request.backends.table)) ?? null) });
}

const RESUMING = z.strictObject({ reason: reason.optional() }, 'must be an object');

/**
 * Has the venue swept, which notifies everything that waited: also when nothing was halted, because an earlier resume may have
 * crashed before it did.
 */
export async function resumeVenue(request: OperatorRequest): Promise<Answer | Problem> {
  const body = request.event.body === undefined ? {} : readBody(request, RESUMING);
  if (body instanceof Problem) return body;
  const { table, queues } = request.backends;
  const standing = await readHalt(table);
  if (standing && isVenuesOwn(standing) && body.reason === undefined) {
    const error = { path: '$.reason', rule: 'is required: the venue halted itself, so say why it may go on' };
    return new Problem('invalid-body', standing.reason, [error]);
  }
  if (standing && !(await resume(table, standing)))
    return new Problem('version-conflict', 'the venue was halted again meanwhile; read why before resuming it');
  logAccess(request, 'venue resumed', { halt: standing, reason: body.reason });
  await queues.notify('sweeps', { v: 1, at: receivedAt(request) });
  return ok({ halted: null });
}

/** Whether a function halted the venue, because a posting did not sum to zero, and not an operator. */
const isVenuesOwn = ({ by }: Halt): boolean => by === SYSTEM || (FUNCTIONS as readonly string[]).includes(by);
