/** The steps of a release: in this order, the gate before the deployment, and none after one that fails. */
import { describe, expect, it, test } from 'vitest';
import { releaseSteps, runSteps } from '../../../lib/operations/release/release.ts';
import { runCommand } from '../../venue/command.ts';

const steps = releaseSteps({ table: 'venue', region: 'eu-west-1', context: ['alarmEmail=a@example.com', 'throughAlarms=true'] });
const named = (name: string) => steps.find((step) => step.name === name)?.command.join(' ');

describe('a release', () => {
  it('is tested, synthesized once, held against the live table, and deployed as it was held', () => {
    expect(steps.map(({ name }) => name)).toEqual(['test', 'synth', 'gate', 'deploy']);
    expect(named('synth')).toContain('--output cdk.out --context alarmEmail=a@example.com --context throughAlarms=true');
    expect(named('gate')).toContain('gate -- --assembly cdk.out --table venue --region eu-west-1');
    expect(named('deploy')).toBe('npx cdk deploy --app cdk.out');
  });

  it.each(['test', 'synth', 'gate', 'deploy'])('stops when %s fails', (fails) => {
    const ran: string[] = [];
    const failed = runSteps(steps, ({ name }) => ran.push(name) > 0 && name !== fails);
    expect(failed?.name).toBe(fails);
    expect(ran.at(-1)).toBe(fails);
    expect(ran.includes('deploy')).toBe(fails === 'deploy');
  });

  it('leaves out the gate only when there is no venue yet', () => {
    expect(releaseSteps({ table: undefined, region: undefined, context: [] }).map(({ name }) => name)).toEqual([
      'test',
      'synth',
      'deploy',
    ]);
  });
});

test.each([
  [[], 2, 'name one of --table and --first'],
  [['--table', 'venue', '--first'], 2, 'name one of --table and --first'],
  [['--table', 'venue', '--dry-run'], 0, 'gate    npm run --silent gate -- --assembly cdk.out --table venue'],
])('deploy %j ends with %i', async (args, code, says) => {
  const { status, stdout, stderr } = await runCommand('deploy', args);
  expect(status).toBe(code);
  expect(stdout + stderr).toContain(says);
});
