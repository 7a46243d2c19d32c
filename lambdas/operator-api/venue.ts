/** The venue as a whole: how far it has come, and the switch that stops it. */
import { SYSTEM } from '../../lib/domain/clearing/approval.ts';
import { type Halt, halt, readHalt, resume } from '../../lib/store/halt.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { FUNCTIONS } from '../../lib/store/names.ts';
import { Problem } from '../http/problems.ts';
import { productsOf } from '../http/products.ts';
import { receivedAt } from '../http/request.ts';
import { logAccess, ok } from '../http/routes.ts';
import { type Answers, noteOf } from './operator.ts';

export const showVenue: Answers['showVenue'] = async ({ backends: { table } }) => {
  const venue = await loadVenue(table);
  const products = productsOf(venue).map(({ product, lastAuction, settledOn, closedOn }) => ({
    product,
    lastAuction,
    settledOn,
    closedOn,
  }));
  return ok({ seq: venue.seq, hash: venue.hash, halted: (await readHalt(table)) ?? null, products });
};

/** The first reason stands: halting a halted venue changes nothing. */
export const haltVenue: Answers['haltVenue'] = async (request) => {
  const { reason } = request.body;
  const wanted: Halt = { reason, by: request.caller.operator, at: receivedAt(request) };
  const thrown = await halt(request.backends.table, wanted, noteOf(request, { kind: 'halted', reason }));
  if (thrown) logAccess(request, 'venue halted', { reason });
  return ok({ halted: thrown ? wanted : ((await readHalt(request.backends.table)) ?? null) });
};

/**
 * Has the venue swept, which notifies everything that waited: also when nothing was halted, because an earlier resume may have
 * crashed before it did.
 */
export const resumeVenue: Answers['resumeVenue'] = async (request) => {
  const { reason } = request.body ?? {};
  const { table, queues } = request.backends;
  const standing = await readHalt(table);
  if (standing && isVenuesOwn(standing) && reason === undefined) {
    const error = { path: '$.reason', rule: 'is required: the venue halted itself, so say why it may go on' };
    return new Problem('invalid-body', standing.reason, [error]);
  }
  const note = standing && noteOf(request, { kind: 'resumed', halt: standing.reason, ...(reason ? { reason } : {}) });
  if (standing && !(await resume(table, standing, note)))
    return new Problem('version-conflict', 'the venue was halted again meanwhile; read why before resuming it');
  logAccess(request, 'venue resumed', { halt: standing, reason });
  await queues.notify('sweeps', { v: 1, at: receivedAt(request) });
  return ok({ halted: null });
};

/** Whether a function halted the venue, because a posting did not sum to zero, and not an operator. */
const isVenuesOwn = ({ by }: Halt): boolean => by === SYSTEM || (FUNCTIONS as readonly string[]).includes(by);
