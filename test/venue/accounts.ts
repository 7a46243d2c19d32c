/** The accounts that tests trade for, by the shard that holds them. */
import { shardOf } from '../../lib/store/keys.ts';

/** As few as leave more than one. */
export const SHARDS = 2;

const NAMES = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay', 'gus', 'hal', 'ivy', 'joe'];
const inShard = (shard: number): string[] => NAMES.filter((name) => shardOf(name, SHARDS) === shard);

/** Two accounts of shard 0 and two of shard 1. */
export const [ANN, BOB, CAT, DAN] = [...inShard(0).slice(0, 2), ...inShard(1).slice(0, 2)] as [string, string, string, string];

/** Those of a whole venue: three of shard 0 and three of shard 1. */
export const ACCOUNTS = ['fund', 'hedger', 'seller', 'maker', 'acme', 'nimbus'] as const;
export type Account = (typeof ACCOUNTS)[number];
