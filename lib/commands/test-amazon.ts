/** `npm run test:amazon`: the pipeline's tests on Amazon's own DynamoDB engine. docs/engines.md says where it differs. */
import { AMAZON_NEEDS, runOnAmazon } from '../local/dynamodb/on-amazon.ts';
import { command } from './command.ts';

/** Tests of what keeps its state in a table. */
const PIPELINE = ['store', 'lambdas', 'local', 'virtual', 'contracts', 'faults', 'audit', 'operations', 'scenarios'].map(
  (folder) => `test/${folder}`,
);

await command(
  {
    name: 'test:amazon',
    about: AMAZON_NEEDS,
    options: {},
    operands: ['[files...]', "tests to run instead of all of the pipeline's"],
    examples: [
      ['', "the pipeline's tests"],
      ['test/store', 'some of them'],
    ],
  },
  (_, files) => runOnAmazon('npx', ['vitest', 'run', ...(files.length ? files : PIPELINE)]),
);
