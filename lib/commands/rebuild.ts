/**
 * `npm run rebuild`: builds a venue again in an empty table, from an export, a table or a data folder; with --salvage, from a
 * backup and the newer, damaged source it was restored beside. Ends with 0 only when the new table verifies.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ExportError, readExport } from '../audit/export.ts';
import type { VenueRows } from '../audit/rows.ts';
import { makeDeployment } from '../infra/local-deployment.ts';
import { startDynamoDb } from '../local/dynamodb/dynamodb.ts';
import { openDataFolder } from '../local/host/data-folder.ts';
import { LocalCloudError } from '../local/host/error.ts';
import { readAssembly } from '../local/template/assembly.ts';
import { planOf } from '../local/template/plan.ts';
import { MarketFolder } from '../operations/market-folder.ts';
import { type Rebuilt, rebuild } from '../operations/recovery/rebuild.ts';
import { salvage } from '../operations/recovery/salvage.ts';
import { Table } from '../store/table.ts';
import { clientOf, readVenue, SOURCE_HELP, SOURCE_OPTIONS } from './source.ts';

const HELP = `Builds a venue again in an empty table: the log, books and decisions are copied, everything else is replayed.

  npm run rebuild -- (--to-data DIR | --to-table NAME) [options]

  --to-data DIR      a folder that npm start has not used yet
  --to-table NAME    an empty table instead
  --to-endpoint URL  where that is, unless it is at AWS
  --to-region R      the region it is in
from
  --export DIR       an export
${SOURCE_HELP}
  --salvage NAME     the newer, damaged table beside the one above, which is then its backup; what the backup lacks is taken
                     from it, as far as it proves itself
  --salvage-data DIR the same of a data folder
  --help`;

class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const options = read(args);
  if (options.help) return console.log(HELP);
  const started = performance.now();
  let rows = await sourceOf(options);
  const { salvage: damaged, 'salvage-data': damagedFolder, endpoint, region } = options;
  if (damaged !== undefined || damagedFolder !== undefined) {
    const newer = await readVenue(damaged === undefined ? { data: damagedFolder } : { table: damaged, endpoint, region });
    const joined = await salvage(rows, newer);
    rows = joined.rows;
    console.log(`salvaged  ${joined.added} rows added, ${joined.moved.length} further, ${joined.repaired.length} repaired`);
    for (const name of joined.repaired) console.log(`          ${name} is the backup's`);
  }
  const readSeconds = (performance.now() - started) / 1000;
  const { 'to-data': folder, 'to-table': table } = options;
  const result =
    folder === undefined
      ? await rebuild(rows, new Table(table!, clientOf(options['to-endpoint'], options['to-region'])))
      : await inFolder(folder, rows);
  show(result, readSeconds);
}

async function sourceOf({ export: archive, data, table, endpoint, region }: ReturnType<typeof read>): Promise<VenueRows> {
  if (archive === undefined) return readVenue({ data, table, endpoint, region });
  const { rows, faults } = await readExport(archive);
  if (faults.length)
    throw new LocalCloudError(`The export is damaged: ${faults[0]!.row} ${faults[0]!.what}`, 'Take another one.');
  return rows;
}

/** Makes the folder's table as the deployment makes it, and fills it. */
async function inFolder(dir: string, rows: VenueRows): Promise<Rebuilt> {
  if (existsSync(join(dir, 'tables.db')))
    throw new LocalCloudError(`There is a market in ${dir}`, 'Name a folder that npm start has not used yet.');
  const market = new MarketFolder(dir);
  const folder = openDataFolder(dir);
  try {
    makeDeployment(market.assembly);
    const addresses = { queueUrl: (name: string) => name, apiUrl: 'http://127.0.0.1' };
    const [plan] = planOf(readAssembly(market.assembly), addresses).tables;
    const engine = await startDynamoDb({
      file: folder.tablesFile,
      onDeath: (error) => console.error(error.message),
      environment: {},
    });
    folder.noteEngine(engine.pid);
    try {
      await engine.createTable(plan!, false);
      const result = await rebuild(rows, new Table(plan!.name, engine.client));
      // It has its products: the next start must not list them anew. Its clock must not be behind its auctions.
      const newest = Math.max(0, ...rows.ofKind('AUCTION').map(({ slot }) => Date.parse(slot?.S ?? '')));
      market.keep({ aheadMs: Math.max(market.kept().aheadMs, newest - Date.now()), seeded: true });
      return result;
    } finally {
      await engine.stop();
    }
  } finally {
    folder.release();
  }
}

function show({ copied, recomputed, events, head, before, after, seconds }: Rebuilt, readSeconds: number): void {
  console.log(`copied    ${copied} rows`);
  console.log(`replayed  ${events} events into ${recomputed} rows`);
  console.log(`head      ${head || 'none'}`);
  console.log(`state     ${before} before, by the accounts as they were stored`);
  console.log(`          ${after} after${after === before ? ', the same' : ': stored accounts were not what the log gives'}`);
  console.log(`time      ${readSeconds.toFixed(1)} s to read, ${seconds.toFixed(1)} s to build and verify`);
}

function read(args: string[]) {
  const text = { type: 'string' } as const;
  const parsed = () =>
    parseArgs({
      args,
      options: {
        ...SOURCE_OPTIONS,
        export: text,
        salvage: text,
        'salvage-data': text,
        'to-data': text,
        'to-table': text,
        'to-endpoint': text,
        'to-region': text,
        help: { type: 'boolean' },
      },
    }).values;
  let values: ReturnType<typeof parsed>;
  try {
    values = parsed();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.help) return values;
  if ((values['to-data'] === undefined) === (values['to-table'] === undefined))
    throw new UsageError('name --to-data or --to-table');
  if ([values.export, values.data, values.table].filter((source) => source !== undefined).length !== 1)
    throw new UsageError('name one of --export, --data and --table');
  if (values.salvage !== undefined && values['salvage-data'] !== undefined) throw new UsageError('name one --salvage');
  return values;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${HELP}`);
  else if (error instanceof LocalCloudError || error instanceof ExportError) console.error(error.message);
  else throw error;
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
