/** `npm run deploy`: tests, synthesizes, holds the result against the venue's last days, and only then deploys it. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { PROJECT } from '../infra/bundle.ts';
import { releaseSteps, runSteps, type Step } from '../operations/release/release.ts';

const HELP = `Tests, synthesizes, gates and deploys, and stops at the first of these that fails.

  npm run deploy -- --table NAME [options]

  --table NAME    the venue's table (output TableName of the stack): its last days are what the gate goes by
  --region R      the region it is in
  --first         instead of --table: there is no venue yet
  -c KEY=VALUE    context for the app, as cdk takes it; may come several times
  --dry-run       print the steps and run none
  --help`;

class UsageError extends Error {}

function main(args: string[]): number {
  const { table, region, first = false, context = [], help, 'dry-run': dry } = read(args);
  if (help) {
    console.log(HELP);
    return 0;
  }
  if ((table === undefined) !== first) throw new UsageError('name the venue with --table, or say --first');
  const steps = releaseSteps({ table, region, context });
  if (dry) for (const { name, command } of steps) console.log(`${name.padEnd(6)}  ${command.join(' ')}`);
  const failed = dry ? undefined : runSteps(steps, run);
  if (failed) console.error(`\n${failed.name} failed: nothing ${failed.name === 'deploy' ? 'more ' : ''}was deployed.`);
  return failed ? 1 : 0;
}

function run({ name, command: [program, ...args] }: Step): boolean {
  console.log(`\n== ${name}`);
  return spawnSync(program!, args, { cwd: PROJECT, stdio: 'inherit' }).status === 0;
}

function read(args: string[]) {
  try {
    const options = {
      table: { type: 'string' },
      region: { type: 'string' },
      first: { type: 'boolean' },
      context: { type: 'string', short: 'c', multiple: true },
      'dry-run': { type: 'boolean' },
      help: { type: 'boolean' },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
