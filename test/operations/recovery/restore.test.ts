/** The script that restores a deployed table: which calls, in which order, and what it refuses. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { restoreTable } from '../../../lib/operations/recovery/restore-calls.ts';
import { runCommand } from '../../venue/command.ts';
import { inputErrors } from './service-model.ts';

const restore = (...args: string[]) => runCommand('restore', args);
const AT = '2025-11-14T15:29:59.000Z';

/** Answers as AWS would, and notes what was asked: there is no local engine that restores. */
function answering(statuses: string[]) {
  const asked: [string, Record<string, unknown>][] = [];
  const send = async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
    const [call, { input }] = [command.constructor.name.replace(/Command$/, ''), command];
    expect(inputErrors(call, input)).toEqual([]);
    asked.push([call, input]);
    if (call === 'DescribeContinuousBackups') {
      const window = { EarliestRestorableDateTime: new Date('2025-11-01'), LatestRestorableDateTime: new Date('2025-11-15') };
      return { ContinuousBackupsDescription: { PointInTimeRecoveryDescription: window } };
    }
    if (call === 'DescribeTable')
      return { Table: { TableStatus: statuses.shift() ?? 'ACTIVE', TableArn: `arn:${input.TableName}` } };
    if (call !== 'ListTagsOfResource') return {};
    return input.NextToken
      ? { Tags: [{ Key: 'aws:cloudformation:stack-name', Value: 'x' }] }
      : { Tags: [{ Key: 'venue', Value: 'main' }], NextToken: 'more' };
  };
  return { client: { send } as unknown as Pick<DynamoDBClient, 'send'>, asked };
}

test('a dry run prints each call with its input, and makes none', async () => {
  const { stdout, status } = await restore('--table', 'venue', '--to', 'venue-2', '--at', AT, '--dry-run');
  expect(status).toBe(0);
  const calls = [...stdout.matchAll(/^(\w+) {2}\(/gm)].map(([, call]) => call);
  expect(calls).toEqual([
    'DescribeContinuousBackups',
    'RestoreTableToPointInTime',
    'DescribeTable',
    'UpdateTimeToLive',
    'UpdateContinuousBackups',
    'UpdateTable',
    'TagResource',
  ]);
  expect(stdout).toContain(`"RestoreDateTime":"${AT}"`);
  expect(stdout).toContain('Nothing was called.');
});

test.each([
  [['--table', 'venue', '--to', 'venue', '--latest'], 'never restored over itself'],
  [['--table', 'venue', '--to', 'venue-2', '--at', '2025-11-14 15:29'], 'an instant with its zone'],
  [['--table', 'venue', '--to', 'venue-2', '--latest', '--empty'], 'name one of'],
  [['--to', 'venue-2', '--latest'], '--table is missing'],
])('%j is refused', async (args, says) => {
  const { stderr, status } = await restore(...args);
  expect([status, stderr]).toEqual([2, expect.stringContaining(says)]);
});

test('what a restore leaves behind is set again, once the table is there, and tags are copied', async () => {
  const { client, asked } = answering(['CREATING', 'CREATING', 'ACTIVE', 'UPDATING']);
  await restoreTable(client, { table: 'venue', to: 'venue-2', at: new Date(AT) }, () => {}, 1);
  const writes = asked.filter(([call]) => !/^(Describe|List)/.test(call));
  expect(writes.map(([call]) => call)).toEqual([
    'RestoreTableToPointInTime',
    'UpdateTimeToLive',
    'UpdateContinuousBackups',
    'UpdateTable',
    'TagResource',
  ]);
  expect(asked.slice(0, 6).map(([call]) => call)).toEqual([
    'DescribeContinuousBackups',
    'RestoreTableToPointInTime',
    'DescribeTable',
    'DescribeTable',
    'DescribeTable',
    'UpdateTimeToLive',
  ]);
  expect(writes.at(-1)![1]).toEqual({ ResourceArn: 'arn:venue-2', Tags: [{ Key: 'venue', Value: 'main' }] });
});

test('an instant outside the window is refused before anything is made', async () => {
  const { client, asked } = answering([]);
  const wrong = { table: 'venue', to: 'venue-2', at: new Date('2025-11-16') };
  await expect(restoreTable(client, wrong, () => {}, 1)).rejects.toThrow('can go back to an instant from');
  expect(asked).toHaveLength(1);
});

test.each(['latest', 'empty', new Date(AT)] as const)(
  'every request of a restore at %s is one that the service takes',
  async (at) => {
    const { client, asked } = answering([]);
    await restoreTable(client, { table: 'venue', to: 'venue-2', at }, () => {}, 1);
    expect(asked.length).toBeGreaterThan(8);
  },
);

test.each([
  ['CreateTable', {}, 'CreateTable.TableName is missing'],
  ['CreateTable', { TableName: 'venue', BillingModus: 'PAY_PER_REQUEST' }, 'CreateTable.BillingModus is not known'],
  ['TagResource', { ResourceArn: 'arn', Tags: [{ Key: 'venue' }] }, 'TagResource.Tags[0].Value is missing'],
  ['TagResource', { ResourceArn: 'arn', Tags: 'those of venue' }, 'TagResource.Tags is not a list'],
  [
    'RestoreTableToPointInTime',
    { TargetTableName: 'venue', RestoreDateTime: AT },
    'RestoreTableToPointInTime.RestoreDateTime is not of its type',
  ],
])("the service's model refuses %s %j", (call, input, error) => {
  expect(inputErrors(call, input)).toEqual([error]);
});
