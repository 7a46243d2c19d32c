/**
 * Where a venue is read from: the data folder of a market on this machine, stopped or running, or any table by name. Rows
 * are only read; a stopped market's engine is started on its file and stopped again, under the folder's lock.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, type DynamoDBClientConfig, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { Table } from '../../store/table.ts';
import { LOCAL_REGION } from '../assembly.ts';
import { openDataFolder } from '../data-folder.ts';
import { startDynamoDb } from '../dynamodb.ts';
import { LocalCloudError } from '../error.ts';
import { MARKET_FOLDER, MarketFolder } from '../market/folder.ts';
import { VenueRows } from './rows.ts';

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

/** Reads every row once. Throws LocalCloudError when there is no venue to read. */
export async function readVenue({ data = MARKET_FOLDER, table, endpoint, region }: Source): Promise<VenueRows> {
  if (table === undefined) return readFolder(data);
  return readTable(clientOf(endpoint, region), table);
}

async function readFolder(dir: string): Promise<VenueRows> {
  const running = new MarketFolder(dir).running();
  if (running?.tables !== undefined) return readOnly(clientOf(running.tables, LOCAL_REGION));
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
      return await readOnly(clientOf(engine.endpoint, LOCAL_REGION));
    } finally {
      await engine.stop();
    }
  } finally {
    folder.release();
  }
}

/** The one table of a local engine. */
async function readOnly(client: DynamoDBClient): Promise<VenueRows> {
  const { TableNames: names = [] } = await client.send(new ListTablesCommand({}));
  if (names.length !== 1)
    throw new LocalCloudError(`There are ${names.length} tables there, not one`, 'Name one with --table and --endpoint.');
  return readTable(client, names[0]!);
}

async function readTable(client: DynamoDBClient, name: string): Promise<VenueRows> {
  try {
    return await VenueRows.from(new Table(name, client).scan());
  } catch (cause) {
    throw new LocalCloudError(
      `The table ${name} can't be read (${(cause as Error).message})`,
      'Check its name, place and credentials.',
      {
        cause,
      },
    );
  } finally {
    client.destroy();
  }
}

function clientOf(endpoint: string | undefined, region: string | undefined): DynamoDBClient {
  const config: DynamoDBClientConfig = { ...(endpoint ? { endpoint } : {}), ...(region ? { region } : {}) };
  // A local engine asks for credentials and does not look at them.
  const isLocal = endpoint !== undefined && /^https?:\/\/(127\.0\.0\.1|localhost)(:|\/|$)/.test(endpoint);
  if (!isLocal) return new DynamoDBClient(config);
  return new DynamoDBClient({ region: LOCAL_REGION, ...config, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
}
