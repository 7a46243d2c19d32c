/**
 * `npm run audit`: proves a venue again from its log, in its table or in an export of it, and says what it looked at and
 * the first row that is wrong. Ends with 0 only if everything holds.
 */
import { parseArgs } from 'node:util';
import { type Audit, type AuditCheck, auditRows } from '../audit/audit.ts';
import { ExportError, readExport } from '../audit/export.ts';
import { LocalCloudError } from '../local/host/error.ts';
import { namesTwo, readVenue, SOURCE_HELP, SOURCE_OPTIONS } from './source.ts';

const HELP = `Proves a venue again from its log: the chain, every auction from its book, every journal entry and balance.

  npm run audit -- [options]

${SOURCE_HELP}
  --export DIR    an export instead, without the table
  --head HASH     a head noted earlier: the log must still lead through it
  --json          the report as JSON
  --help`;

const SAYS: Record<string, string> = {
  files: 'files are those of the manifest',
  log: "events are chained without a gap and lead to the venue's state",
  head: 'the log leads through the head that was noted',
  books: 'submissions are the rows that were written',
  auctions: 'auctions clear again to the same prices, fills and carried orders',
  settlements: 'settlements and expiries are at the prices of the rules, or approved',
  posted: 'shards have posted the whole log',
  journal: 'journal entries follow from the log',
  accounts: 'accounts stand at the replayed lots and cents',
  statements: 'statements follow from the log',
  totals: 'event totals follow from the log',
  records: 'slots, intakes, done-once marks, day runs and approvals agree with the log',
  sums: 'accounts sum to zero lots in every month and zero cents',
};

class UsageError extends Error {}

async function main(args: string[]): Promise<number> {
  const { json, help, export: archive, head, ...source } = read(args);
  if (help) {
    console.log(HELP);
    return 0;
  }
  if (namesTwo(source)) throw new UsageError('--data and --table name two venues: name one');
  if (archive !== undefined && Object.keys(source).length) throw new UsageError('--export takes no other source');
  const exported = archive === undefined ? undefined : await readExport(archive);
  const rows = exported?.rows ?? (await readVenue(source));
  const shards = rows.shards();
  const audit = await auditRows(rows, shards);
  const first: AuditCheck[] = [
    ...(exported ? [{ name: 'files', checked: Object.keys(exported.manifest.files).length, faults: exported.faults }] : []),
    ...(head === undefined ? [] : [{ name: 'head', checked: audit.heads.length, faults: headFindings(audit, head) }]),
  ];
  const checks = [...first, ...audit.checks];
  const holds = audit.identical && first.every(({ faults }) => faults.length === 0);
  console.log(json ? report(audit, checks, holds) : lines(audit, checks, holds).join('\n'));
  return holds ? 0 : 1;
}

/** A chain that was computed anew is consistent in itself; it can't lead through a hash that was noted before. */
const headFindings = ({ heads }: Audit, head: string): { row: string; what: string }[] =>
  heads.includes(head)
    ? []
    : [{ row: 'LOG', what: `has no event with the hash ${head}: it is another log, or the end of it is gone` }];

function lines({ events, venue, stateHash }: Audit, checks: readonly AuditCheck[], holds: boolean): string[] {
  const shown = checks.flatMap(({ name, checked, faults }) => {
    if (checked === null) return [`  --    ${''.padStart(8)} ${SAYS[name]}: not checked, the log can't be replayed`];
    const line = `  ${faults.length ? 'WRONG' : 'ok   '} ${`${checked}`.padStart(8)} ${SAYS[name]}`;
    return faults.length
      ? [line, `                 ${faults.length} wrong, the first: ${faults[0]!.row} ${faults[0]!.what}`]
      : [line];
  });
  const first = checks.flatMap(({ faults }) => faults)[0];
  const verdict = holds
    ? 'Everything holds.'
    : `It does not hold. The first bad row: ${first ? `${first.row} ${first.what}` : 'none'}`;
  return [...shown, '', `  head  ${venue.hash || 'none'} (event ${events.length})`, `  state ${stateHash}`, '', verdict];
}

const report = ({ events, venue, stateHash, shards }: Audit, checks: readonly AuditCheck[], holds: boolean): string =>
  JSON.stringify(
    {
      holds,
      events: events.length,
      head: venue.hash,
      stateHash,
      shards,
      firstFault: checks.flatMap(({ faults }) => faults)[0] ?? null,
      checks: checks.map(({ name, checked, faults }) => ({ name, checked, wrong: faults.length, first: faults[0] ?? null })),
    },
    null,
    2,
  );

function read(args: string[]) {
  try {
    const options = {
      ...SOURCE_OPTIONS,
      export: { type: 'string' },
      head: { type: 'string' },
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
