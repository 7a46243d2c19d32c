/**
 * `npm run repair`: shows the rows of a halted venue that do not follow from its log and, with --write, puts them right. It
 * writes nothing that the log does not give, and keeps the old and the new of each row.
 */
import { parseArgs } from 'node:util';
import { LocalCloudError } from '../local/host/error.ts';
import { findWrong, repair } from '../operations/recovery/repair.ts';
import { namesTwo, SOURCE_HELP, SOURCE_OPTIONS, withTable } from './source.ts';

const HELP = `Shows which accounts, journals, statements and totals of a halted venue do not follow from its log, and puts them right.

  npm run repair -- [options]

  --write         put them right; without it nothing is written
  --by NAME       who does, kept with each row
  --reason TEXT   why
${SOURCE_HELP}
  --help

It ends with 0 when nothing is wrong or all has been put right, with 1 when something is wrong, with 2 when called wrongly.`;

class UsageError extends Error {}

async function main(args: string[]): Promise<number> {
  const { write, by, reason, help, ...source } = read(args);
  if (help) {
    console.log(HELP);
    return 0;
  }
  if (namesTwo(source)) throw new UsageError('--data and --table name two venues: name one');
  if (write && !(by?.trim() && reason?.trim())) throw new UsageError('--write needs --by and --reason');
  return withTable(source, async (table) => {
    const wrong = await findWrong(table);
    for (const { row, what } of wrong) console.log(`${row}\n${what.map((each) => `  ${each}`).join('\n')}`);
    console.log(wrong.length ? `${wrong.length} rows are wrong.` : 'Every row that has been posted follows from the log.');
    if (wrong.length === 0 || !write) return wrong.length ? 1 : 0;
    await repair(table, wrong, { by: by!, reason: reason!, at: new Date().toISOString() });
    const left = await findWrong(table);
    console.log(
      left.length ? `${left.length} rows are still wrong.` : 'They have been put right; verify, then resume the venue.',
    );
    return left.length ? 1 : 0;
  });
}

function read(args: string[]) {
  try {
    const options = {
      ...SOURCE_OPTIONS,
      write: { type: 'boolean' },
      by: { type: 'string' },
      reason: { type: 'string' },
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
  else if (error instanceof LocalCloudError) console.error(error.message);
  else throw error;
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
