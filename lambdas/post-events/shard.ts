import type { AccountState } from '../../lib/domain/clearing/account.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import type { Table } from '../../lib/store/table.ts';
import type { CancelOrders } from './cancel-orders.ts';

/** What posting needs to know besides the event. */
export interface Shard {
  readonly table: Table;
  readonly shard: number;
  readonly shards: number;
  readonly product: (code: string) => ProductState;
  readonly centsPerTick: (product: string) => bigint;
  /** The product that an account trades. */
  readonly productOf: (state: AccountState) => string | undefined;
  readonly cancelOrders: CancelOrders;
  /** Names a wake-up that has failed before, so that its time is no longer now; absent for one that comes for the first time. */
  readonly again?: string;
}
