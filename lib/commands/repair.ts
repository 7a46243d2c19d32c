/**
 * `npm run repair`: shows the rows of a halted venue that do not follow from its log and, with --write, puts them right. It
 * writes nothing that the log does not give, and keeps the old and the new of each row.
 */

import { flag, text } from '../cli/terminal/options.ts';
import { findWrong, repair } from '../operations/recovery/repair.ts';
import { withTable } from '../operations/venue-table.ts';
import { command, UsageError } from './command.ts';
import { ONE_SOURCE, SOURCE } from './options.ts';

await command(
  {
    name: 'repair',
    about: 'Rows are accounts, journals, statements and totals. The old and the new of each row that is put right are kept.',
    options: {
      write: flag('--write', 'put them right; without it nothing is written'),
      by: text('--by <name>', 'the operator, kept with each row'),
      reason: text('--reason <text>', 'why, kept with each row'),
      ...SOURCE,
    },
    oneAtMost: [ONE_SOURCE],
    examples: [
      ['--table NAME', 'what is wrong'],
      ['--table NAME --write --by ann --reason "edited by hand"', 'puts it right'],
    ],
  },
  async ({ write, by, reason, ...source }) => {
    if (write && !(by?.trim() && reason?.trim())) throw new UsageError('--write needs --by and --reason');
    return withTable(source, async (table) => {
      const wrong = await findWrong(table);
      for (const { row, what } of wrong) console.log(`${row}\n${what.map((each) => `  ${each}`).join('\n')}`);
      console.log(wrong.length ? `${wrong.length} rows are wrong.` : 'Every row that has been posted follows from the log.');
      if (wrong.length === 0 || !write) return wrong.length ? 1 : 0;
      await repair(table, wrong, { by: by!, reason: reason!, at: new Date().toISOString() });
      const left = await findWrong(table);
      console.log(
        left.length ? `${left.length} rows are still wrong.` : 'They have been put right; audit the venue, then resume it.',
      );
      return left.length ? 1 : 0;
    });
  },
);
