/** `npm run deploy`: tests, synthesizes, holds the result against the venue's last days, and only then deploys it. */
import { spawnSync } from 'node:child_process';
import { flag, several, text } from '../cli/terminal/options.ts';
import { PROJECT } from '../infra/bundle.ts';
import { releaseSteps, runSteps, type Step } from '../operations/release/release.ts';
import { command } from './command.ts';
import { SOURCE } from './options.ts';

await command(
  {
    name: 'deploy',
    about: 'What is deployed is the assembly that has passed the gate, byte for byte.',
    options: {
      table: text('--table <name>', "the venue's table (output TableName of the stack), whose last days the gate goes by"),
      region: SOURCE.region,
      first: flag('--first', 'instead of --table: there is no venue yet'),
      context: several('-c, --context <key=value>', 'context for the app, as cdk takes it; may come several times'),
      dryRun: flag('--dry-run', 'print the steps and run none'),
    },
    oneOf: [['--table', '--first']],
    examples: [
      ['--first -c alarmEmail=ops@example.com', 'a first deployment'],
      ['--table NAME -c alarmEmail=ops@example.com', 'a later version'],
    ],
  },
  ({ table, region, context, dryRun }) => {
    const steps = releaseSteps({ table, region, context });
    if (dryRun) for (const { name, command: line } of steps) console.log(`${name.padEnd(6)}  ${line.join(' ')}`);
    const failed = dryRun ? undefined : runSteps(steps, run);
    if (failed) console.error(`\n${failed.name} failed: nothing ${failed.name === 'deploy' ? 'more ' : ''}was deployed.`);
    return failed ? 1 : 0;
  },
);

function run({ name, command: [program, ...args] }: Step): boolean {
  console.log(`\n== ${name}`);
  return spawnSync(program!, args, { cwd: PROJECT, stdio: 'inherit' }).status === 0;
}
