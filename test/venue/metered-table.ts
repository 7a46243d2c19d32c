/** The table of this process, with the units that the engine says each request has cost. */
import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import { ENV } from '../../lib/store/names.ts';
import { required, Table, tableClient } from '../../lib/store/table.ts';

export interface Units {
  read: number;
  write: number;
}

export interface MeteredTable {
  readonly table: Table;
  /** What `work` has cost. */
  metered(work: () => Promise<unknown>): Promise<Units>;
}

export function meteredTable(): MeteredTable {
  const used: Units = { read: 0, write: 0 };
  const client = tableClient();
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const answer = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as never });
        const consumed = (answer.output as { ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[] }).ConsumedCapacity ?? [];
        const isRead = /Get|Query|Scan/.test(commandName ?? '');
        for (const { CapacityUnits = 0 } of [consumed].flat()) used[isRead ? 'read' : 'write'] += CapacityUnits;
        return answer;
      },
    { step: 'initialize' },
  );
  return {
    table: new Table(required(ENV.table), client),
    async metered(work) {
      const before = { ...used };
      await work();
      return { read: used.read - before.read, write: used.write - before.write };
    },
  };
}
