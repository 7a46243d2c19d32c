/**
 * Where a venue's table is: in the data folder of a market on this machine, stopped or running, or anywhere by its name. A
 * stopped market's engine is started on its file and stopped again, under the folder's lock; if the market was started on
 * another engine (`DYNAMODB_ENDPOINT`), the table is looked for there.
 */
import { existsSync } from 'node:fs';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { VenueRows } from '../audit/rows.ts';
import { type DynamoDb, ownerFile, startDynamoDb } from '../local/dynamodb/dynamodb.ts';
import { openDataFolder } from '../local/host/data-folder.ts';
import { LOCAL_REGION } from '../local/template/assembly.ts';
import { Table } from '../store/table.ts';
import { OperationsError } from './error.ts';
import { MARKET_FOLDER, MarketFolder } from './market-folder.ts';

/** A table by its name, or else the market in a data folder. */
export interface VenueSource {
  readonly data?: string | undefined;
  readonly table?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
}

/** Reads every row once. Throws OperationsError when there is no venue to read. */
export async function readVenue(source: VenueSource): Promise<VenueRows> {
  return withTable(source, async (table) => VenueRows.from(table.scan()));
}

/** Opens a venue's table for as long as `work` takes. Throws OperationsError when there is none. */
export async function withTable<T>(source: VenueSource, work: (table: Table) => Promise<T>): Promise<T> {
  const { data = MARKET_FOLDER, table, endpoint, region } = source;
  if (table !== undefined)
    return atTable(table, () => withClient(clientOf(endpoint, region), (client) => work(new Table(table, client))));
  const folder = new MarketFolder(data);
  const running = folder.running()?.table;
  if (running === undefined) return inFolder(folder, work);
  return withClient(clientOf(running.endpoint, LOCAL_REGION), (client) => work(new Table(running.name, client)));
}

async function inFolder<T>(market: MarketFolder, work: (table: Table) => Promise<T>): Promise<T> {
  if (!market.hasTables())
    throw new OperationsError(`There is no market in ${market.dir}`, 'Name its folder with --data, or make one with npm start.');
  // The lock refuses a folder whose market is running and can't be read beside it.
  const folder = openDataFolder(market.dir);
  try {
    const engine = await startDynamoDb({
      file: folder.tablesFile,
      onExit: (error) => console.error(error.message),
      environment: engineOf(folder.tablesFile),
    });
    folder.noteEngine(engine.pid);
    try {
      return await work(new Table(await onlyTable(engine), engine.client));
    } finally {
      await engine.stop();
    }
  } finally {
    folder.release();
  }
}

/** The environment with the engine that the market was started on: the default one, unless its tables are in another. */
function engineOf(tablesFile: string): Readonly<Record<string, string | undefined>> {
  if (!existsSync(ownerFile(tablesFile))) return {};
  if (process.env.DYNAMODB_ENDPOINT) return process.env;
  if (existsSync(tablesFile)) return {};
  throw new OperationsError(
    `The tables of ${tablesFile} are in another DynamoDB engine`,
    'Set DYNAMODB_ENDPOINT to its address, as it was when the market was started.',
  );
}

async function onlyTable(engine: DynamoDb): Promise<string> {
  const names = await engine.tableNames();
  if (names.length === 1) return names[0]!;
  throw new OperationsError(`There are ${names.length} tables there, not one`, 'Name one with --table and --endpoint.');
}

/** What the caller, and not this project, has to put right when a table is named. */
const CALLERS = new RegExp(
  [
    'ResourceNotFoundException|TableNotFoundException|TableAlreadyExistsException|ResourceInUseException',
    'AccessDeniedException|UnrecognizedClientException|InvalidSignatureException|ExpiredToken|CredentialsProviderError',
    'ENOTFOUND|ECONNREFUSED|EAI_AGAIN|Region is missing',
  ].join('|'),
);

/** Works at a table that the caller has named. Throws OperationsError when its name, place or credentials are why it can't. */
export async function atTable<T>(table: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { name, message, code } = cause as { name?: string; message?: string; code?: string };
    if (!CALLERS.test(`${name} ${code} ${message}`)) throw cause;
    const why = [name === 'Error' ? undefined : name, message || code].filter(Boolean).join(': ');
    throw new OperationsError(
      `The table ${table} can't be used (${why})`,
      'Check its name, its region or endpoint, and the credentials of the environment.',
      {
        cause,
      },
    );
  }
}

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
