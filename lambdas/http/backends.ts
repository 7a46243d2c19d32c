/** The table, the queues and the logger of an API function, made when first used and kept for the life of the process. */
import { Logger } from '@aws-lambda-powertools/logger';
import { ENV } from '../../lib/store/names.ts';
import { Queues } from '../../lib/store/queues.ts';
import { required, Table, tableClient } from '../../lib/store/table.ts';

/** Few enough that the caller gets a 503 with `retry-after` before the function times out, which would be a plain 500. */
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

/** Logs which caller did what, and what went wrong. Never what a request held: no order, no body, no token. */
export const logger = new Logger();
