/**
 * `npm run restore`: brings a deployed table back as it was at a point in time, as a new table beside it, or makes an empty one
 * for `npm run rebuild`. With --dry-run it only prints the calls. docs/recovery.md says what comes before and after.
 */
import { parseArgs } from 'node:util';
import { LocalCloudError } from '../local/host/error.ts';
import { type Restore, restoreSteps, restoreTable, type Step } from '../operations/recovery/restore-calls.ts';
import { clientOf } from './source.ts';

const HELP = `Brings a table back as it was, as a new table beside it; or makes an empty table like it.

  npm run restore -- --table NAME --to NEW (--at INSTANT | --latest | --empty) [options]

  --at INSTANT   ISO 8601, as 2025-11-14T15:29:59Z: the second before the damage
  --latest       the newest instant there is, about five minutes ago
  --empty        no rows: a table for npm run rebuild
  --dry-run      print each call, make none
  --region R     the region it is in
  --help`;

class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const options = read(args);
  if (options === undefined) return console.log(HELP);
  const { restore, dryRun, region } = options;
  const show = ({ call, input, why }: Step): void => console.log(`${call}  (${why})\n  ${JSON.stringify(input)}`);
  if (dryRun) {
    for (const step of restoreSteps(restore)) show(step);
    return console.log('\nNothing was called.');
  }
  const started = performance.now();
  const client = clientOf(undefined, region);
  try {
    await restoreTable(client, restore, show);
  } finally {
    client.destroy();
  }
  console.log(`\n${restore.to} is there after ${Math.round((performance.now() - started) / 1000)} s. Go on in docs/recovery.md.`);
}

function read(args: string[]): { restore: Restore; dryRun: boolean; region: string | undefined } | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const options = { table: text, to: text, at: text, region: text, latest: flag, empty: flag, 'dry-run': flag, help: flag };
  const { values } = parsed(() => parseArgs({ args, options }));
  if (values.help) return undefined;
  const { table, to, at, latest, empty, region } = values;
  if (!table || !to) throw new UsageError('--table and --to are needed');
  if (table === to) throw new UsageError('a table is never restored over itself: name another with --to');
  if ([at !== undefined, latest, empty].filter(Boolean).length !== 1)
    throw new UsageError('name one of --at, --latest and --empty');
  const instant = at === undefined ? undefined : new Date(at);
  if (instant && (Number.isNaN(instant.getTime()) || !/T.*(Z|[+-]\d\d:\d\d)$/.test(at!)))
    throw new UsageError(`--at must be an instant with its zone, not ${at}`);
  return { restore: { table, to, at: instant ?? (latest ? 'latest' : 'empty') }, dryRun: values['dry-run'], region };
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${HELP}`);
  else console.error(error instanceof LocalCloudError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
