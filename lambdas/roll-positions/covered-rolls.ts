/** Roll orders of a shard, cut to what their accounts could pay for: on the accounts as posted, and on all of their orders that may still trade. */
import { openOrders } from '../../lib/domain/auction/open-orders.ts';
import type { AccountState } from '../../lib/domain/clearing/account.ts';
import { ownerLotsOf, standingIn } from '../../lib/domain/clearing/account-risk.ts';
import { coveredRoll } from '../../lib/domain/clearing/owner-intake.ts';
import type { RollOrder } from '../../lib/domain/clearing/roll.ts';
import type { ProductState, VenueState } from '../../lib/domain/clearing/venue.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { readOwnersFrom } from '../../lib/store/accounts.ts';
import type { Intake } from '../../lib/store/auctions.ts';
import { ReadChunks } from '../../lib/store/read-chunks.ts';
import { readCarriedOf } from '../../lib/store/results.ts';
import { submissionsSince } from '../../lib/store/submissions.ts';
import type { Table } from '../../lib/store/table.ts';

/** Accounts whose orders are in memory at a time. */
const AT_ONCE = 10;
const OWNER_PAGE = 12;
const CARRIED_BYTES_MAX = 16 * 1024 * 1024;

export interface DueRoll {
  readonly state: AccountState;
  readonly order: RollOrder;
}

export class CoveredRolls {
  readonly #table: Table;
  readonly #venue: VenueState;
  readonly #product: ProductState;
  readonly #shard: number;
  readonly #intake: Intake;
  readonly #carried = new ReadChunks(CARRIED_BYTES_MAX);

  constructor(table: Table, venue: VenueState, product: string, shard: number, intake: Intake) {
    this.#table = table;
    this.#venue = venue;
    this.#product = venue.products[product]!;
    this.#shard = shard;
    this.#intake = intake;
  }

  /** The same, in their order, without those of which nothing is covered. */
  async cut(due: readonly DueRoll[]): Promise<DueRoll[]> {
    const left: DueRoll[] = [];
    for (let at = 0; at < due.length; at += AT_ONCE) {
      const some = await Promise.all(due.slice(at, at + AT_ONCE).map((each) => this.#cutOne(each)));
      left.push(...some.filter(({ order }) => order.lots > 0));
    }
    return left;
  }

  async #cutOne({ state, order }: DueRoll): Promise<DueRoll> {
    const { product, lastAuction, carried } = this.#product;
    const { account } = state;
    const place = { product, shard: this.#shard, account };
    const orders = await readCarriedOf(this.#carried.of(this.#table), product, carried, account);
    const auctions = await submissionsSince(this.#table, place, this.#intake, lastAuction);
    const mayTrade = openOrders(orders, auctions).mayTrade();
    const standing = standingIn(state, this.#product, this.#venue);
    return {
      state,
      order: { ...order, lots: coveredRoll(this.#product, standing, await this.#ownerLots(account), mayTrade, order) },
    };
  }

  /** The size of an account's owner, where anything depends on it. */
  async #ownerLots(account: string): Promise<number> {
    if (this.#product.parameters.margin.concentration.length === 0) return 0;
    const { owners } = await readOwnersFrom(this.#table, this.#shard, ownerOf(account), OWNER_PAGE);
    return ownerLotsOf(owners.get(ownerOf(account)) ?? [], this.#product.product);
  }
}
