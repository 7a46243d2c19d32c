/**
 * The dead-man's switch of the caller's account. One that has run out by the time the gateway received a request is run out first, and only
 * then set: no request undoes that it has run out (`lib/domain/auction/dead-mans-switch.ts`).
 */
import { type DeadMansSwitch, runsOut, setSwitch } from '../../lib/domain/auction/dead-mans-switch.ts';
import { readDeadMansSwitch, type SwitchPlace, writeDeadMansSwitch } from '../../lib/store/dead-mans-switches.ts';
import { runOut } from '../dead-mans-switch.ts';
import { Problem } from '../http/problems.ts';
import { receivedAt } from '../http/request.ts';
import { logAccess, ok } from '../http/routes.ts';
import { untilCommitted } from '../until-committed.ts';
import { ownProduct } from './own-product.ts';
import type { Answers, ParticipantRequest } from './participant.ts';
import { newestVenue } from './recent-venue.ts';

export const setCancelAllAfter: Answers['setCancelAllAfter'] = ({ body, query, ...request }) =>
  set(request, query.product, body.seconds);
export const removeCancelAllAfter: Answers['removeCancelAllAfter'] = ({ query, ...request }) => set(request, query.product, 0);

export const showCancelAllAfter: Answers['showCancelAllAfter'] = async ({ query, ...request }) => {
  const place = await placeOf(request, query.product);
  if (place instanceof Problem) return place;
  const { table, shards } = request.backends;
  return ok(switchJson(await readDeadMansSwitch(table, place, shards), receivedAt(request)));
};

async function set(request: ParticipantRequest, product: string | undefined, seconds: number) {
  const place = await placeOf(request, product);
  if (place instanceof Problem) return place;
  const { table, shards } = request.backends;
  const at = receivedAt(request);
  const own = await untilCommitted(async () => {
    const read = await readDeadMansSwitch(table, place, shards);
    const before = runsOut(read, at) ? await runOut(request.backends, place, read, request.time) : read;
    if (before === undefined) return undefined;
    const next = setSwitch(before, at, seconds);
    if (next === before) return before;
    return (await writeDeadMansSwitch(table, place, next, shards)) ? next : undefined;
  });
  logAccess(request, "dead-man's switch set", { account: place.account, product: place.product, state: own.state });
  return ok(switchJson(own, at));
}

async function placeOf(request: ParticipantRequest, product: string | undefined): Promise<SwitchPlace | Problem> {
  const state = await ownProduct(request, await newestVenue(request), product);
  return state instanceof Problem ? state : { product: state.product, account: request.caller.account };
}

function switchJson(own: DeadMansSwitch, at: string) {
  const { ranOut } = own;
  if (own.state === 'off') return { state: 'off' as const, expires: null, ranOut };
  return { state: runsOut(own, at) ? ('ran-out' as const) : ('on' as const), expires: own.expiry, ranOut };
}
