/**
 * `npm run gate`: may the synthesized app go live? Its bundles work the venue's last days again and must come to the same.
 * Ends with 0 only if they do; `npm run deploy` runs it and stops here otherwise.
 */
import { readSoundExport } from '../audit/export.ts';
import { text, whole } from '../cli/terminal/options.ts';
import { type GateCheck, gate, type Verdict } from '../operations/release/gate.ts';
import { readVenue } from '../operations/venue-table.ts';
import { checkLines } from './check-lines.ts';
import { command } from './command.ts';
import { JSON_RESULT, ONE_SOURCE_OR_EXPORT, SOURCE_OR_EXPORT } from './options.ts';

const SAYS: Readonly<Record<GateCheck['name'], string>> = {
  auctions: 'auctions clear to the same prices, fills and carried orders',
  settlements: 'days settle, expire and close the same, where no operator had a say',
  journal: 'journal entries come out the same',
  accounts: 'accounts stand at the same lots and cents',
  statements: 'statements come out the same',
};

await command(
  {
    name: 'gate',
    about:
      "The candidate's own bundles clear and post those days again, and must come to the same. Nothing is written to the venue.",
    options: {
      assembly: text('--assembly <dir>', 'the candidate, as npm run synth wrote it', 'cdk.out'),
      days: whole('--days <n>', 'how many trading days', { least: 1 }, 5),
      ...SOURCE_OR_EXPORT,
      json: JSON_RESULT,
    },
    oneAtMost: [ONE_SOURCE_OR_EXPORT, ['--export', '--endpoint'], ['--export', '--region']],
    examples: [
      ['--table NAME --region us-east-1', 'cdk.out against a deployed venue'],
      ['--export archive/2025-11-14 --days 20', 'the same against an export, over a month'],
    ],
  },
  async ({ assembly, days, export: archive, json, ...source }) => {
    const rows = archive === undefined ? await readVenue(source) : await readSoundExport(archive);
    const verdict = await gate(assembly, rows, days);
    console.log(json ? JSON.stringify(verdict, null, 2) : lines(verdict).join('\n'));
    return verdict.passes ? 0 : 1;
  },
);

function lines({ candidate, dates, events: [first, last], checks, passes }: Verdict): string[] {
  const fault = checks.flatMap(({ faults }) => faults)[0];
  return [
    `Candidate ${candidate.slice(0, 12)} against ${dates[0]} to ${dates.at(-1)}, events ${first} to ${last}`,
    ...checks.flatMap((check) => checkLines(check, SAYS[check.name], 'not looked at')),
    '',
    passes ? 'The candidate may go live.' : `The candidate must not go live: ${fault?.row} ${fault?.what}`,
  ];
}
