/** `npm run reference`: writes the OpenAPI document and the pages on the HTTP API and on the command line anew from what is declared. */
import { writeFileSync } from 'node:fs';
import { commandLinePage } from '../cli/page.ts';
import { openApiText, referenceText } from '../reference/written.ts';
import { command } from './command.ts';

await command(
  {
    name: 'reference',
    about: 'Needed after a change in lib/api or lib/cli; npm test fails until it is done.',
    options: {},
    examples: [['', 'writes lib/api/openapi.json, docs/api.md and docs/command-line.md']],
  },
  () => {
    writeFileSync('lib/api/openapi.json', openApiText());
    writeFileSync('docs/api.md', referenceText());
    writeFileSync('docs/command-line.md', commandLinePage());
    return 0;
  },
);
