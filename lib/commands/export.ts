/** `npm run export`: writes a venue's log and books as files that can be archived and audited without the table. */
import { writeExport } from '../audit/export.ts';
import { required, text } from '../cli/terminal/options.ts';
import { readVenue } from '../operations/venue-table.ts';
import { command } from './command.ts';
import { ONE_SOURCE, SOURCE } from './options.ts';

await command(
  {
    name: 'export',
    about: 'JSON Lines, one file a kind, and a manifest of their SHA-256 hashes. The same rows always give the same bytes.',
    options: { out: required(text('--out <dir>', 'a new folder for the files')), ...SOURCE },
    oneAtMost: [ONE_SOURCE],
    examples: [
      ['--out archive/2025-11-14', 'the market of npm start, running or stopped'],
      ['--out archive/2025-11-14 --table NAME --region us-east-1', 'a deployed venue, with read rights on its table'],
    ],
  },
  async ({ out, ...source }) => {
    const { files, events, head } = writeExport(out, await readVenue(source));
    for (const [name, { rows, sha256 }] of Object.entries(files))
      console.log(`${name.padEnd(20)} ${`${rows}`.padStart(8)} rows  ${sha256}`);
    console.log(`\n${events} events, head ${head || 'none'}, in ${out}`);
    return 0;
  },
);
