/** `npm run reference`: writes the OpenAPI document and the page on the HTTP API anew from the declared routes. */
import { writeFileSync } from 'node:fs';
import { openApiText, referenceText } from '../reference/written.ts';
import { command } from './command.ts';

await command(
  {
    name: 'reference',
    about: 'Needed after a change in lib/api; npm test fails until it is done.',
    options: {},
    examples: [['', 'writes lib/api/openapi.json and docs/api.md']],
  },
  () => {
    writeFileSync('lib/api/openapi.json', openApiText());
    writeFileSync('docs/api.md', referenceText());
    return 0;
  },
);
