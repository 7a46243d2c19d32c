/** A participant's own kill switch: of the caller's account, or of all accounts of its owner, which is the first account's to use. */
import { WHOLE_OWNER } from '../../lib/domain/auction/stops.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { readOwnerStops } from '../../lib/store/stops.ts';
import { Problem } from '../http/problems.ts';
import { receivedAt } from '../http/request.ts';
import { ok } from '../http/routes.ts';
import { stopsJson, useSwitch } from '../http/stops.ts';
import type { Answers, ParticipantRequest } from './participant.ts';

export const stop: Answers['stop'] = ({ body, ...request }) => use(request, 'stop', body);
export const release: Answers['release'] = ({ body, ...request }) => use(request, 'release', body);

async function use(
  request: ParticipantRequest,
  kind: 'stop' | 'release',
  { scope, reason }: { readonly scope: 'account' | 'owner'; readonly reason: string } = { scope: 'account', reason: '' },
) {
  const { account, sender } = request.caller;
  const owner = ownerOf(account);
  if (scope === 'owner' && account !== owner)
    return new Problem('invalid-body', 'see errors', [{ path: '$.scope', rule: `is for ${owner}, the owner's first account` }]);
  const of = scope === 'owner' ? WHOLE_OWNER : account;
  const note = { by: sender, at: receivedAt(request), reason };
  await useSwitch(request, owner, { of, side: 'participant', kind, note });
  return stopsOf(request);
}

export const showStops: Answers['showStops'] = (request) => stopsOf(request);

/** The switches that the caller's account is under. */
async function stopsOf({ caller: { account }, backends }: ParticipantRequest) {
  const stops = await readOwnerStops(backends.table, ownerOf(account), backends.shards);
  const own = stopsJson(stops, account);
  return ok({ account, stopped: own.some(({ stands }) => stands), stops: own });
}
