/**
 * The books of a day, closed for the accounts of one shard, a slice at a time: writes the statements, and a row for each account that is
 * short of margin. All of it follows from the accounts as the event finds them, so a repeat writes the same.
 */
import type { AccountState } from '../../lib/domain/clearing/account.ts';
import { ownerLotsOf } from '../../lib/domain/clearing/account-risk.ts';
import type { ShardTotals } from '../../lib/domain/clearing/control-totals.ts';
import type { DayClosed } from '../../lib/domain/clearing/events.ts';
import { closeBooks, type Rolling } from '../../lib/domain/clearing/posting.ts';
import { rollDay } from '../../lib/domain/clearing/roll.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { accountsOfOwner } from '../../lib/store/accounts.ts';
import { parametersAt } from '../../lib/store/log.ts';
import { rollInstructionsOf } from '../../lib/store/roll-instructions.ts';
import { writeShort } from '../../lib/store/short.ts';
import { writeStatements } from '../../lib/store/statements.ts';
import type { Shard } from './shard.ts';

/** Closes the books by event `seq`: what comes of a slice of accounts, in order of their keys. */
export async function booksCloser(
  shard: Shard,
  seq: number,
  event: DayClosed,
): Promise<(states: readonly AccountState[]) => Promise<ShardTotals>> {
  const { table, productOf } = shard;
  // The venue may have come further since. Of all that requirements depend on, only parameters change before this is posted.
  const newest = shard.product(event.product);
  const product: ProductState = { ...newest, parameters: await parametersAt(table, newest, seq) };
  let ownerLots: ReadonlyMap<string, number> = new Map();
  return async (states) => {
    ownerLots = await ownersOf(shard, event.product, states, ownerLots);
    const rolling = await rollingOf(shard, event, states);
    const { statements, short, totals } = closeBooks(seq, event, states, { product, productOf, rolling, ownerLots });
    await writeStatements(table, statements);
    await writeShort(
      table,
      event.product,
      short.map((each) => ({ ...each, seq })),
    );
    return totals;
  };
}

/** The sizes of owners by all their accounts: the first and the last of a slice may have some in those beside it. */
async function ownersOf(
  { table, shards }: Shard,
  product: string,
  states: readonly AccountState[],
  before: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  const cut = new Set([states.at(0), states.at(-1)].map((state) => state && ownerOf(state.account)));
  const sizes = new Map<string, number>();
  for (const [owner, own] of Map.groupBy(states, ({ account }) => ownerOf(account))) {
    const all = cut.has(owner) && !before.has(owner) ? await accountsOfOwner(table, owner, shards) : own;
    sizes.set(owner, before.get(owner) ?? ownerLotsOf(all, product));
  }
  return sizes;
}

async function rollingOf(
  { table, shard, product }: Shard,
  event: DayClosed,
  states: readonly AccountState[],
): Promise<Rolling | undefined> {
  const near = rollDay(product(event.product).parameters.calendar, event.date)?.near;
  if (near === undefined) return undefined;
  // Instructions are in order of id, and accounts in that of their keys, which for those of one owner is another.
  const ids = states.map(({ account }) => account).sort();
  const [first, last] = [ids.at(0), ids.at(-1)];
  if (first === undefined || last === undefined) return { near, accounts: new Set() };
  const instructed = await rollInstructionsOf(table, event.product, shard, { first, last });
  return { near, accounts: new Set(instructed.map(({ account }) => account)) };
}
