/**
 * The kill switches of accounts, as both APIs use them. First the switch is written: from then on it stands, whatever becomes of the request.
 * Then each account's own group of `orders.fifo` is told, by a message that takes out all of the account's orders: it stands before or behind
 * a marker like any submission. A request whose worker crashed between the two is sent again, and so tells the groups again.
 */
import { randomBytes } from 'node:crypto';
import { VENUE_SENDER } from '../../lib/domain/auction/book-columns.ts';
import { uuidv7Of } from '../../lib/domain/auction/idempotency-key.ts';
import {
  changeStops,
  type OwnerStops,
  type StopChange,
  type StopNote,
  type StopSide,
  WHOLE_OWNER,
} from '../../lib/domain/auction/stops.ts';
import type { AccountState } from '../../lib/domain/clearing/account.ts';
import { productOf } from '../../lib/domain/clearing/account-risk.ts';
import type { NotedAct } from '../../lib/domain/clearing/noted-acts.ts';
import { accountsOfOwner } from '../../lib/store/accounts.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { readOwnerStops, writeOwnerStops } from '../../lib/store/stops.ts';
import { takeOut, tellReleased } from '../take-out.ts';
import { untilCommitted } from '../until-committed.ts';
import { findAccount } from './accounts.ts';
import type { Request } from './request.ts';
import { logAccess } from './routes.ts';

/** Uses a switch of an owner, whose accounts are open, noted when an operator does. Gives all switches of the owner. */
export async function useSwitch(
  request: Request<unknown>,
  owner: string,
  change: StopChange,
  noted?: NotedAct,
): Promise<OwnerStops> {
  const { table, shards } = request.backends;
  const stops = await untilCommitted(async () => {
    const before = await readOwnerStops(table, owner, shards);
    const next = changeStops(before, change);
    if (next === undefined) return before;
    return (await writeOwnerStops(table, next, shards, noted)) ? next : undefined;
  });
  for (const state of await accountsOf(request, owner, change.of)) await tell(request, state, change);
  logAccess(request, change.kind === 'stop' ? 'trading stopped' : 'trading released', {
    owner,
    of: change.of,
    side: change.side,
    reason: change.note.reason,
  });
  return stops;
}

/** The accounts that a switch is of, so far as their opening is posted: the others have orders of seconds at most, and take no more. */
async function accountsOf({ backends }: Request<unknown>, owner: string, of: string): Promise<AccountState[]> {
  const { table, shards } = backends;
  if (of === WHOLE_OWNER) return accountsOfOwner(table, owner, shards);
  const state = await findAccount(table, of, shards);
  return state ? [state] : [];
}

/** Tells an account's group that its switches have changed; a stop takes out all its orders at that place. */
async function tell(request: Request<unknown>, state: AccountState, { kind, side, note }: StopChange): Promise<void> {
  const product = productOf(state, await loadVenue(request.backends.table));
  if (product === undefined) return;
  const of = {
    product,
    account: state.account,
    sender: side === 'operator' ? VENUE_SENDER : note.by,
    key: uuidv7Of(request.time, randomBytes(16)),
    at: request.time,
  };
  if (kind === 'stop') await takeOut(request.backends, { ...of, why: 'kill-switch' });
  else await tellReleased(request.backends, of);
}

/**
 * An owner's switches as both APIs show them; with `account`, those that it is under, as its participant sees them: which of the venue's
 * operators used one is not among it.
 */
export function stopsJson({ owner, switches }: OwnerStops, account?: string) {
  return Object.entries(switches)
    .filter(([of]) => account === undefined || of === account || of === WHOLE_OWNER)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([of, sides]) =>
      Object.entries(sides).map(([side, { stopped, released }]) => {
        const note = ({ by, at, reason }: StopNote) =>
          side === 'operator' && account !== undefined ? { at, reason } : { by, at, reason };
        const what = of === WHOLE_OWNER ? { owner } : { account: of };
        return {
          ...what,
          side: side as StopSide,
          stands: released === null,
          stopped: note(stopped),
          released: released && note(released),
        };
      }),
    );
}
