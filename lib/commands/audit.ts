/**
 * `npm run audit`: proves a venue again from its log, in its table or in an export of it, and says what it looked at and
 * the first row that is wrong. Ends with 0 only if everything holds.
 */

import type { CheckName } from '../audit/audit.ts';
import { readExport } from '../audit/export.ts';
import { type Proof, prove } from '../audit/proof.ts';
import { text } from '../cli/terminal/options.ts';
import { readVenue } from '../operations/venue-table.ts';
import { checkLines } from './check-lines.ts';
import { command } from './command.ts';
import { JSON_RESULT, ONE_SOURCE_OR_EXPORT, SOURCE_OR_EXPORT } from './options.ts';

const SAYS: Readonly<Record<CheckName, string>> = {
  files: 'files are those of the manifest',
  log: "events are chained without a gap and lead to the venue's state",
  head: 'the log leads through the head that was noted',
  books: 'submissions are the rows that were written',
  auctions: 'auctions clear again to the same prices, fills and carried orders',
  decisions: 'submissions are decided again as they were',
  settlements: 'settlements and expiries are at the prices of the rules, or approved',
  calls: 'margin calls are made, met and overdue by the rules',
  posted: 'shards have posted the whole log',
  journal: 'journal entries follow from the log',
  accounts: 'accounts stand at the replayed lots and cents',
  statements: 'statements follow from the log',
  totals: 'event totals follow from the log',
  chain: 'openings and movements make closings, and statements follow each other without a gap',
  records: 'slots, intakes, done-once marks, day runs and approvals agree with the log',
  sums: 'accounts sum to zero lots in every month and zero cents',
};

await command(
  {
    name: 'audit',
    about:
      'Nothing is written: rights to read the table are enough. docs/audit.md says what each check proves, and what none can.',
    options: {
      ...SOURCE_OR_EXPORT,
      head: text('--head <hash>', 'a head noted earlier: the log must still lead through it'),
      json: JSON_RESULT,
    },
    oneAtMost: [ONE_SOURCE_OR_EXPORT, ['--export', '--endpoint'], ['--export', '--region']],
    examples: [
      ['', 'the market of npm start, running or stopped'],
      ['--table NAME --region us-east-1', 'a deployed venue'],
      ['--export archive/2025-11-14', 'files alone, without any table'],
    ],
  },
  async ({ export: archive, head, json, ...source }) => {
    const exported = archive === undefined ? undefined : await readExport(archive);
    const proof = await prove(exported?.rows ?? (await readVenue(source)), { exported, head });
    console.log(json ? report(proof) : lines(proof).join('\n'));
    return proof.holds ? 0 : 1;
  },
);

function lines({ events, venue, stateHash, holds, checks, first }: Proof): string[] {
  return [
    ...checks.flatMap((check) => checkLines(check, SAYS[check.name], "not checked, the log can't be replayed")),
    '',
    `  head  ${venue.hash || 'none'} (event ${events.length})`,
    `  state ${stateHash}`,
    '',
    holds ? 'Everything holds.' : `It does not hold. The first bad row: ${first ? `${first.row} ${first.what}` : 'none'}`,
  ];
}

function report({ events, venue, stateHash, shards, holds, checks, first }: Proof): string {
  const looked = checks.map(({ name, checked, faults }) => ({ name, checked, wrong: faults.length, first: faults[0] ?? null }));
  const found = { holds, events: events.length, head: venue.hash, stateHash, shards, firstFault: first ?? null, checks: looked };
  return JSON.stringify(found, null, 2);
}
