/**
 * Where a venue is read from: the data folder of a market on this machine, stopped or running, or any table by name. Rows
 * are only read; a stopped market's engine is started on its file and stopped again, under the folder's lock.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, type DynamoDBClientConfig, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { VenueRows } from '../audit/rows.ts';
import { startDynamoDb } from '../local/dynamodb/dynamodb.ts';
import { openDataFolder } from '../local/host/data-folder.ts';
import { LocalCloudError } from '../local/host/error.ts';
import { LOCAL_REGION } from '../local/template/assembly.ts';
import { MARKET_FOLDER, MarketFolder } from '../operations/market-folder.ts';
import { Table } from '../store/table.ts';

export interface Source {
  readonly data?: string | undefined;
  readonly table?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
}

/** The options of a source, as `parseArgs` takes them. */
export const SOURCE_OPTIONS = {
  data: { type: 'string' },
  table: { type: 'string' },
  endpoint: { type: 'string' },
  region: { type: 'string' },
} as const;

export const SOURCE_HELP = `  --data DIR      data folder of a market on this machine (.market)
  --table NAME    a table instead, with the credentials of the environment
  --endpoint URL  where that table is, unless it is at AWS
  --region R      the region it is in`;

/** Whether two venues are named: neither is then meant for sure. */
export const namesTwo = ({ data, table }: Source): boolean => data !== undefined && table !== undefined;

/** Reads every row once. Throws LocalCloudError when there is no venue to read. */
export async function readVenue(source: Source): Promise<VenueRows> {
  return withTable(source, async (table) => {
    try {
      return await VenueRows.from(table.scan());
    } catch (cause) {
      const what = `The table ${table.name} can't be read (${(cause as Error).message})`;
      throw new LocalCloudError(what, 'Check its name, place and credentials.', { cause });
    }
  });
}

/** Opens a venue's table for as long as `work` takes. Throws LocalCloudError when there is none. */
export async function withTable<T>(source: Source, work: (table: Table) => Promise<T>): Promise<T> {
  const { data = MARKET_FOLDER, table, endpoint, region } = source;
  if (table === undefined) return inFolder(data, work);
  return withClient(clientOf(endpoint, region), (client) => work(new Table(table, client)));
}

async function inFolder<T>(dir: string, work: (table: Table) => Promise<T>): Promise<T> {
  const running = new MarketFolder(dir).running();
  if (running?.tables !== undefined) return withClient(clientOf(running.tables, LOCAL_REGION), onlyTable(work));
  if (!existsSync(join(dir, 'tables.db')))
    throw new LocalCloudError(`There is no market in ${dir}`, 'Name its folder with --data, or make one with npm start.');
  // The lock refuses a folder whose market is running and can't be read beside it.
  const folder = openDataFolder(dir);
  try {
    const engine = await startDynamoDb({
      file: folder.tablesFile,
      onDeath: (error) => console.error(error.message),
      environment: {},
    });
    folder.noteEngine(engine.pid);
    try {
      return await withClient(clientOf(engine.endpoint, LOCAL_REGION), onlyTable(work));
    } finally {
      await engine.stop();
    }
  } finally {
    folder.release();
  }
}

/** The one table of a local engine. */
const onlyTable =
  <T>(work: (table: Table) => Promise<T>) =>
  async (client: DynamoDBClient): Promise<T> => {
    const { TableNames: names = [] } = await client.send(new ListTablesCommand({}));
    if (names.length !== 1)
      throw new LocalCloudError(`There are ${names.length} tables there, not one`, 'Name one with --table and --endpoint.');
    return work(new Table(names[0]!, client));
  };

async function withClient<T>(client: DynamoDBClient, work: (client: DynamoDBClient) => Promise<T>): Promise<T> {
  try {
    return await work(client);
  } finally {
    client.destroy();
  }
}

/** A client of a table anywhere. */
export function clientOf(endpoint: string | undefined, region: string | undefined): DynamoDBClient {
  const config: DynamoDBClientConfig = { ...(endpoint ? { endpoint } : {}), ...(region ? { region } : {}) };
  // A local engine asks for credentials and does not look at them.
  const isLocal = endpoint !== undefined && /^https?:\/\/(127\.0\.0\.1|localhost)(:|\/|$)/.test(endpoint);
  if (!isLocal) return new DynamoDBClient(config);
  return new DynamoDBClient({ region: LOCAL_REGION, ...config, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
}
