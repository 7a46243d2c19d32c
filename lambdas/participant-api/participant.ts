/** A participant: an account named by the token and opened by the operator. Accounts are never closed, so a yes is kept. */
import type { PARTICIPANT } from '../../lib/api/participant.ts';
import { openingOf } from '../../lib/domain/clearing/once.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { claimedBy } from '../../lib/store/log.ts';
import type { Backends } from '../backends.ts';
import { senderOf } from '../http/caller.ts';
import { Problem } from '../http/problems.ts';
import type { Request } from '../http/request.ts';
import type { Handlers } from '../http/routes.ts';

export interface Participant {
  readonly account: string;
  /** The operator id of the person or system that calls for it. */
  readonly sender: string;
  readonly shard: number;
}
export type ParticipantRequest = Request<Participant>;
/** What answers each operation. */
export type Answers = Handlers<typeof PARTICIPANT, Participant>;

const opened = new Set<string>();

/** Lets an account in that is open. */
export async function admitParticipant(
  account: string,
  backends: Backends,
  event: ParticipantRequest['event'],
): Promise<Participant | Problem> {
  const sender = senderOf(event);
  if (sender instanceof Problem) return sender;
  if (!opened.has(account)) {
    if ((await claimedBy(backends.table, [openingOf(account)])).size === 0)
      return new Problem('account-not-open', 'the operator has not opened the account that the token names');
    opened.add(account);
  }
  return { account, sender, shard: shardOf(account, backends.shards) };
}
