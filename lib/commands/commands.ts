/** `npm run commands`: every command with a line, by who uses it. */
import { CATALOGUE, USES, type Use } from './catalogue.ts';
import { command } from './command.ts';

const WIDTH = 24;

await command({ name: 'commands', about: 'Each has --help, with an example.', options: {}, examples: [['', 'the list']] }, () => {
  for (const [use, entries] of Object.entries(CATALOGUE)) {
    console.log(`${USES[use as Use]}\n`);
    for (const { call, does } of entries) console.log(`  ${call.padEnd(WIDTH)}${does}`);
    console.log('');
  }
  console.log('Each says more after two dashes: npm run audit -- --help');
  return 0;
});
