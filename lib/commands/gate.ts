/**
 * `npm run gate`: may the synthesized app go live? Its bundles work the venue's last days again and must come to the same.
 * Ends with 0 only if they do; `npm run deploy` runs it and stops here otherwise.
 */
import { parseArgs } from 'node:util';
import { ExportError, readExport } from '../audit/export.ts';
import { LocalCloudError } from '../local/host/error.ts';
import { type GateCheck, gate, type Verdict } from '../operations/release/gate.ts';
import { readVenue, SOURCE_HELP, SOURCE_OPTIONS } from './source.ts';

const DAYS = 5;
const ASSEMBLY = 'cdk.out';

const HELP = `Holds a candidate against the venue's last days: its own bundles clear and post them again.

  npm run gate -- [options]

  --assembly DIR  the candidate, as npx cdk synth wrote it (${ASSEMBLY})
  --days N        how many trading days (${DAYS})
${SOURCE_HELP}
  --export DIR    an export instead, without the table
  --json          the verdict as JSON
  --help`;

const SAYS: Record<GateCheck['name'], string> = {
  auctions: 'auctions clear to the same prices, fills and carried orders',
  settlements: 'days settle, expire and close the same, where no operator had a say',
  journal: 'journal entries come out the same',
  accounts: 'accounts stand at the same lots and cents',
  statements: 'statements come out the same',
};

class UsageError extends Error {}

async function main(args: string[]): Promise<number> {
  const { json, help, assembly = ASSEMBLY, days: wanted = `${DAYS}`, export: archive, ...source } = read(args);
  if (help) {
    console.log(HELP);
    return 0;
  }
  const days = Number(wanted);
  if (!Number.isInteger(days) || days < 1) throw new UsageError(`--days must be a whole number from 1 on, not ${wanted}`);
  if (archive !== undefined && Object.keys(source).length) throw new UsageError('--export takes no other source');
  const verdict = await gate(assembly, await rowsOf(archive, source), days);
  console.log(json ? JSON.stringify(verdict, null, 2) : lines(verdict).join('\n'));
  return verdict.passes ? 0 : 1;
}

async function rowsOf(archive: string | undefined, source: Parameters<typeof readVenue>[0]) {
  if (archive === undefined) return readVenue(source);
  const { rows, faults } = await readExport(archive);
  if (faults[0]) throw new LocalCloudError(`The export is damaged: ${faults[0].row} ${faults[0].what}`, 'Take another.');
  return rows;
}

function lines({ candidate, dates, events: [first, last], checks, passes }: Verdict): string[] {
  const shown = checks.flatMap(({ name, checked, faults }) => {
    if (checked === null) return [`  --    ${''.padStart(8)} ${SAYS[name]}: not looked at`];
    const line = `  ${faults.length ? 'WRONG' : 'ok   '} ${`${checked}`.padStart(8)} ${SAYS[name]}`;
    return faults[0] ? [line, `                 ${faults.length} wrong, the first: ${faults[0].row} ${faults[0].what}`] : [line];
  });
  const fault = checks.flatMap(({ faults }) => faults)[0];
  return [
    `Candidate ${candidate.slice(0, 12)} against ${dates[0]} to ${dates.at(-1)}, events ${first} to ${last}`,
    ...shown,
    '',
    passes ? 'The candidate may go live.' : `The candidate must not go live: ${fault?.row} ${fault?.what}`,
  ];
}

function read(args: string[]) {
  try {
    const options = {
      ...SOURCE_OPTIONS,
      assembly: { type: 'string' },
      days: { type: 'string' },
      export: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${HELP}`);
  else if (error instanceof LocalCloudError || error instanceof ExportError) console.error(error.message);
  else throw error;
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
