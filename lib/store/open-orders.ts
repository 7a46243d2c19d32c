/**
 * What one account has live in the auction that is open for its shard. Accept decides on it and participants are shown it,
 * so an order that is shown is one that can be cancelled or replaced by its name.
 */
import type { BookOrder } from '../domain/auction/book.ts';
import { keepExposed, type LiveOrders, replaySubmission } from '../domain/auction/orders.ts';
import type { Intake } from './auctions.ts';
import { liveOrders, type Submission, submissionsOf } from './submissions.ts';
import type { Table } from './table.ts';

export interface AccountBook {
  readonly orders: LiveOrders;
  /** Names of live orders that stand in an auction that is closed and has not cleared. */
  readonly exposed: Set<string>;
  /** The account's submissions into the open auction, in order of arrival. */
  readonly submissions: readonly Submission[];
}

/**
 * `carried` are the account's orders that auction `lastAuction`, the last to clear, carried on. Of auctions that are closed and
 * have not cleared, whatever may be carried counts as live.
 */
export async function accountBook(
  table: Table,
  { product, shard, account }: { product: string; shard: number; account: string },
  intake: Intake,
  lastAuction: number,
  carried: readonly BookOrder[],
): Promise<AccountBook> {
  const orders = liveOrders(carried, []);
  const exposed = new Set<string>();
  let submissions: Submission[] = [];
  for (let auction = lastAuction + 1; auction <= intake.open; auction++) {
    const isOpen = auction === intake.open;
    const dates = isOpen ? intake.dates : (intake.passed.get(auction) ?? []);
    submissions = await submissionsOf(table, product, shard, account, auction, dates, isOpen ? intake.openedAt : '');
    // What the last cleared auction filled in part matters to the one after it alone: what later ones leave is not known.
    const partlyFilled =
      auction === lastAuction + 1 ? carried.filter((order) => order.partlyFilled).map(({ clientOrderId }) => clientOrderId) : [];
    for (const { instructions, outcomes } of submissions) {
      replaySubmission(orders, instructions, outcomes, new Set(partlyFilled));
      instructions.forEach((instruction, index) => {
        keepExposed(exposed, instruction, outcomes[index]!);
      });
    }
    if (isOpen) break;
    for (const [name, { timeInForce }] of orders) if (timeInForce === 'auction') orders.delete(name);
    exposed.clear();
    for (const name of orders.keys()) exposed.add(name);
  }
  return { orders, exposed, submissions };
}
