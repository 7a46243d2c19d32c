/** The table, the queues and the voice of a function, made when first used and kept for the life of the process. */
import { Logger } from '@aws-lambda-powertools/logger';
import { ENV } from '../../lib/store/names.ts';
import { Queues } from '../../lib/store/queues.ts';
import { required, Table, tableClient } from '../../lib/store/table.ts';

/** Few enough that who asks is told to try again before the function's time is up, which would be an answer of its own. */
const ATTEMPTS_MAX = 3;

let table: Table | undefined;
let queues: Queues | undefined;

export const backends = {
  get table(): Table {
    table ??= new Table(required(ENV.table), tableClient(ATTEMPTS_MAX));
    return table;
  },
  get queues(): Queues {
    queues ??= new Queues(ATTEMPTS_MAX);
    return queues;
  },
  get shards(): number {
    return Number(required(ENV.shards));
  },
};

/** Who did what, and what went wrong. Never what a request held: no order, no body, no token. */
export const logger = new Logger();
