/**
 * `npm run rebuild`: builds a venue again in an empty table, from an export, a table or a data folder; with --salvage, from a
 * backup and the newer, damaged source it was restored beside. Ends with 0 only when the new table verifies.
 */
import { readSoundExport } from '../audit/export.ts';
import { text, whole } from '../cli/terminal/options.ts';
import { SHARDS_MAX } from '../infra/deployment.ts';
import { makeDeployment } from '../infra/local-deployment.ts';
import { MarketFolder } from '../operations/market-folder.ts';
import { type Rebuilt, rebuild } from '../operations/recovery/rebuild.ts';
import { rebuildInFolder } from '../operations/recovery/rebuild-folder.ts';
import { salvage } from '../operations/recovery/salvage.ts';
import { readVenue, withTable } from '../operations/venue-table.ts';
import { command } from './command.ts';
import { ONE_SOURCE_OR_EXPORT, SOURCE_OR_EXPORT } from './options.ts';

await command(
  {
    name: 'rebuild',
    about:
      'The log, books and decisions are copied, everything else is replayed. With --shards, into another number of shards. With --salvage, what the first source lacks is taken from a second, newer and damaged one, as far as it proves itself.',
    options: {
      toData: text('--to-data <dir>', 'a folder that npm start has not used yet'),
      toTable: text('--to-table <name>', 'an empty table instead'),
      toEndpoint: text('--to-endpoint <url>', 'where that is, unless it is at AWS'),
      toRegion: text('--to-region <region>', 'the region that it is in'),
      ...SOURCE_OR_EXPORT,
      shards: whole('--shards <n>', 'move the venue into this many shards; it must be halted', { least: 1, most: SHARDS_MAX }),
      salvage: text('--salvage <name>', 'the newer, damaged table beside the source, which is then its backup'),
      salvageData: text('--salvage-data <dir>', 'the same of a data folder'),
    },
    oneOf: [['--to-data', '--to-table'], ONE_SOURCE_OR_EXPORT],
    oneAtMost: [['--salvage', '--salvage-data']],
    examples: [
      ['--table OLD --to-table NEW --shards 64', 'a halted venue that has outgrown its shards, in more of them'],
      ['--export archive/2025-11-14 --to-data .market-2', 'a market on this machine, from an export'],
      ['--table BACKUP --salvage OLD --to-table NEW', 'a deployed venue, from a backup and what proves itself of the rest'],
    ],
  },
  async ({ toData, toTable, toEndpoint, toRegion, shards, export: archive, salvage: damaged, salvageData, ...source }) => {
    const started = performance.now();
    let rows = archive === undefined ? await readVenue(source) : await readSoundExport(archive);
    if (damaged !== undefined || salvageData !== undefined) {
      const newer = damaged === undefined ? { data: salvageData } : { ...source, data: undefined, table: damaged };
      const joined = await salvage(rows, await readVenue(newer));
      rows = joined.rows;
      console.log(`salvaged  ${joined.added} rows added, ${joined.moved.length} further, ${joined.repaired.length} repaired`);
      for (const name of joined.repaired) console.log(`          ${name} is the backup's`);
    }
    const readSeconds = (performance.now() - started) / 1000;
    const rebuilt =
      toData === undefined
        ? await withTable({ table: toTable, endpoint: toEndpoint, region: toRegion }, (table) => rebuild(rows, table, shards))
        : await rebuildInFolder(new MarketFolder(toData), rows, deploymentOf, shards);
    show(rebuilt, readSeconds);
    return 0;
  },
);

function deploymentOf(assembly: string, shards: number): void {
  makeDeployment(assembly, undefined, { shards });
}

function show({ shards, copied, recomputed, events, head, before, after, seconds }: Rebuilt, readSeconds: number): void {
  console.log(`copied    ${copied} rows`);
  console.log(`replayed  ${events} events into ${recomputed} rows`);
  console.log(`shards    ${shards}`);
  console.log(`head      ${head || 'none'}`);
  console.log(`state     ${before} before, by the accounts as they were stored`);
  console.log(`          ${after} after${after === before ? ', the same' : ': stored accounts were not what the log gives'}`);
  console.log(`time      ${readSeconds.toFixed(1)} s to read, ${seconds.toFixed(1)} s to build and verify`);
}
