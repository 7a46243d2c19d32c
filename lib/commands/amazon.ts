/**
 * `npm run amazon -- COMMAND`: runs a command on Amazon's own DynamoDB engine in place of the default one, by
 * `DYNAMODB_ENDPOINT`, and ends with the command's code.
 */
import { AMAZON_NEEDS, runOnAmazon } from '../local/dynamodb/on-amazon.ts';
import { command, UsageError } from './command.ts';

await command(
  {
    name: 'amazon',
    about: `${AMAZON_NEEDS} The exit code is that of the command.`,
    options: {},
    operands: ['[command...]', 'the command and its own arguments'],
    examples: [['npm run simulate', 'the month of real prices on that engine']],
  },
  (_, [program, ...args]) => {
    if (program === undefined) throw new UsageError('there is no command to run');
    return runOnAmazon(program, args);
  },
);
