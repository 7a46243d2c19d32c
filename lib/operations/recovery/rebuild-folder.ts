/** A venue built again in a data folder of this machine, in the table that `npm start` will find there. */

import type { VenueRows } from '../../audit/rows.ts';
import { startDynamoDb } from '../../local/dynamodb/dynamodb.ts';
import { openDataFolder } from '../../local/host/data-folder.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { planOf } from '../../local/template/planner.ts';
import { Table } from '../../store/table.ts';
import { OperationsError } from '../error.ts';
import type { MarketFolder } from '../market-folder.ts';
import { type Rebuilt, rebuild } from './rebuild.ts';

/**
 * Makes the folder's table as its assembly has it, and fills it; `synthesize` writes that assembly. `shards` as in `rebuild`. Throws OperationsError
 * when there is a market in the folder, and for what `rebuild` refuses.
 */
export async function rebuildInFolder(
  market: MarketFolder,
  rows: VenueRows,
  synthesize: (assembly: string, shards: number) => unknown,
  shards = rows.shards(),
): Promise<Rebuilt> {
  if (market.hasTables())
    throw new OperationsError(`There is a market in ${market.dir}`, 'Name a folder that npm start has not used yet.');
  const folder = openDataFolder(market.dir);
  try {
    synthesize(market.assembly, shards);
    const engine = await startDynamoDb({ file: folder.tablesFile, onExit: (error) => console.error(error.message) });
    folder.noteEngine(engine.pid);
    try {
      const addresses = { queueUrl: (name: string) => name, apiUrl: 'http://127.0.0.1', tableName: engine.tableName };
      const [plan] = planOf(readAssembly(market.assembly), addresses).tables;
      await engine.createTable(plan!, false);
      const result = await rebuild(rows, new Table(plan!.name, engine.client), shards);
      // It has its products: the next start must not list them anew. Its clock must not be behind its auctions.
      const newest = Math.max(0, ...rows.ofKind('AUCTION').map(({ slot }) => Date.parse(slot?.S ?? '')));
      market.keep({ aheadMs: Math.max(market.kept().aheadMs, newest - Date.now()), seeded: true, shards });
      return result;
    } finally {
      await engine.stop();
    }
  } finally {
    folder.release();
  }
}
