/** A participant's own kill switch: of the caller's account, or of all accounts of its owner, which is the first account's to use. */
import * as z from 'zod';
import { rule } from '../../lib/api/written.ts';
import { WHOLE_OWNER } from '../../lib/domain/auction/stops.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { readOwnerStops } from '../../lib/store/stops.ts';
import { Problem } from '../http/problems.ts';
import { readBody, receivedAt } from '../http/request.ts';
import { type Answer, ok } from '../http/routes.ts';
import { stopsJson, useSwitch } from '../http/stops.ts';
import type { ParticipantRequest } from './participant.ts';

const REASON_RULE = 'must be text of at most 200 characters';
const SCOPE_RULE = 'must be account or owner';
const SWITCH = z.strictObject(
  {
    scope: z.enum(['account', 'owner'], rule(SCOPE_RULE)).default('account'),
    reason: z.string(rule(REASON_RULE)).max(200, REASON_RULE).default(''),
  },
  'must be an object',
);

export const stop = (request: ParticipantRequest): Promise<Answer | Problem> => use(request, 'stop');
export const release = (request: ParticipantRequest): Promise<Answer | Problem> => use(request, 'release');

async function use(request: ParticipantRequest, kind: 'stop' | 'release'): Promise<Answer | Problem> {
  const body = request.event.body === undefined ? ({ scope: 'account', reason: '' } as const) : readBody(request, SWITCH);
  if (body instanceof Problem) return body;
  const { account, sender } = request.caller;
  const owner = ownerOf(account);
  if (body.scope === 'owner' && account !== owner)
    return new Problem('invalid-body', 'see errors', [{ path: '$.scope', rule: `is for ${owner}, the owner's first account` }]);
  const of = body.scope === 'owner' ? WHOLE_OWNER : account;
  const note = { by: sender, at: receivedAt(request), reason: body.reason };
  await useSwitch(request, owner, { of, side: 'participant', kind, note });
  return showStops(request);
}

/** The switches that the caller's account is under. */
export async function showStops({ caller: { account }, backends }: ParticipantRequest): Promise<Answer> {
  const stops = await readOwnerStops(backends.table, ownerOf(account), backends.shards);
  const own = stopsJson(stops, account);
  return ok({ account, stopped: own.some(({ stands }) => stands), stops: own });
}
