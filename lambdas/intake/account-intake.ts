/** An account's intake as it is read: what is carried, and what the account has sent since, by the dates of its shard's intake. */
import { AccountIntake } from '../../lib/domain/auction/account-intake.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import type { Intake } from '../../lib/store/auctions.ts';
import { readCarriedOf } from '../../lib/store/results.ts';
import type { Chunks } from '../../lib/store/run.ts';
import { type AccountPlace, submissionsSince } from '../../lib/store/submissions.ts';
import type { Table } from '../../lib/store/table.ts';

/** `chunks` are where carried orders are read from: the table, or what of it a worker keeps. */
export async function readAccountIntake(
  chunks: Chunks,
  table: Table,
  place: AccountPlace,
  intake: Intake,
  { carried, lastAuction }: Pick<ProductState, 'carried' | 'lastAuction'>,
): Promise<AccountIntake> {
  const orders = await readCarriedOf(chunks, place.product, carried, place.account);
  return new AccountIntake(orders, await submissionsSince(table, place, intake, lastAuction));
}
