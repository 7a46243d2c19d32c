/** `npm run export`: writes a venue's log and books as files that can be archived and verified without the table. */
import { parseArgs } from 'node:util';
import { ExportError, writeExport } from '../audit/export.ts';
import { LocalCloudError } from '../local/host/error.ts';
import { namesTwo, readVenue, SOURCE_HELP, SOURCE_OPTIONS } from './source.ts';

const HELP = `Writes a venue as files: JSON Lines, one file a kind, and a manifest of their SHA-256 hashes.

  npm run export -- --out DIR [options]

  --out DIR       a new folder for the files
${SOURCE_HELP}
  --help`;

class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const { out, help, ...source } = read(args);
  if (help) return console.log(HELP);
  if (namesTwo(source)) throw new UsageError('--data and --table name two venues: name one');
  if (out === undefined) throw new UsageError('--out is missing');
  const { files, events, head } = writeExport(out, await readVenue(source));
  for (const [name, { rows, sha256 }] of Object.entries(files))
    console.log(`${name.padEnd(20)} ${`${rows}`.padStart(8)} rows  ${sha256}`);
  console.log(`\n${events} events, head ${head || 'none'}, in ${out}`);
}

function read(args: string[]) {
  try {
    const options = { ...SOURCE_OPTIONS, out: { type: 'string' }, help: { type: 'boolean' } } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${HELP}`);
  else if (error instanceof LocalCloudError || error instanceof ExportError) console.error(error.message);
  else throw error;
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
