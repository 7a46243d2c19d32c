/**
 * `npm run restore`: brings a deployed table back as it was at a point in time, as a new table beside it, or makes an empty one
 * for `npm run rebuild`. With --dry-run it only prints the calls. docs/recovery.md says what comes before and after.
 */

import { flag, instant, required, text } from '../cli/terminal/options.ts';
import { type Restore, restoreSteps, restoreTable, type Step } from '../operations/recovery/restore-calls.ts';
import { atTable, clientOf } from '../operations/venue-table.ts';
import { command, UsageError } from './command.ts';
import { SOURCE } from './options.ts';

await command(
  {
    name: 'restore',
    about: 'The old table is never touched. docs/recovery.md says what comes before and after.',
    options: {
      table: required(text('--table <name>', 'the table to bring back')),
      to: required(text('--to <name>', 'the table that it becomes, which is not there yet')),
      at: instant('--at <instant>', 'as it was then: the second before the damage'),
      latest: flag('--latest', 'as it was at the newest instant there is, about five minutes ago'),
      empty: flag('--empty', 'without rows: a table for npm run rebuild'),
      dryRun: flag('--dry-run', 'print each call, make none'),
      region: SOURCE.region,
    },
    oneOf: [['--at', '--latest', '--empty']],
    examples: [
      ['--table OLD --to BACKUP --at 2025-11-14T15:29:59Z --dry-run', 'the calls it would make'],
      ['--table OLD --to NEW --empty', 'an empty table like the old one'],
    ],
  },
  async ({ table, to, at, latest, dryRun, region }) => {
    if (table === to) throw new UsageError('a table is never restored over itself: name another with --to');
    const restore: Restore = { table, to, at: at ?? (latest ? 'latest' : 'empty') };
    if (dryRun) {
      restoreSteps(restore).forEach(show);
      console.log('\nNothing was called.');
      return 0;
    }
    const started = performance.now();
    const client = clientOf(undefined, region);
    try {
      await atTable(table, () => restoreTable(client, restore, show));
    } finally {
      client.destroy();
    }
    console.log(`\n${to} is there after ${Math.round((performance.now() - started) / 1000)} s. Go on in docs/recovery.md.`);
    return 0;
  },
);

function show({ call, input, why }: Step): void {
  console.log(`${call}  (${why})\n  ${JSON.stringify(input)}`);
}
