/** CloudWatch as functions reach it, asked by the SDK that they use. */
import { CloudWatchClient, DescribeAlarmsCommand, type DescribeAlarmsCommandInput } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AlarmNow } from '../../../lib/local/cloudwatch/alarms.ts';
import { type CloudWatch, startCloudWatch } from '../../../lib/local/cloudwatch/cloudwatch.ts';

const SINCE = Date.parse('2025-10-20T14:00:30Z');
const alarm = (name: string, state: AlarmNow['state'] = 'OK'): AlarmNow => ({
  name,
  description: `Something. runbook#${name}`,
  state,
  reason: 'because',
  sinceMs: SINCE,
});
const ALARMS = [alarm('late', 'ALARM'), alarm('errors-b'), alarm('errors-a')];

let service: CloudWatch;
let client: CloudWatchClient;

beforeAll(async () => {
  service = await startCloudWatch(() => ALARMS);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new CloudWatchClient({ endpoint: service.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await service.stop();
});

const ask = (input: DescribeAlarmsCommandInput) => client.send(new DescribeAlarmsCommand(input));
const names = async (input: DescribeAlarmsCommandInput) =>
  ((await ask(input)).MetricAlarms ?? []).map(({ AlarmName }) => AlarmName);

test('alarms are described with their state, its reason and since when it stands', async () => {
  const { MetricAlarms = [], NextToken } = await ask({ AlarmNames: ['late', 'no-such-alarm'] });
  expect(NextToken).toBeUndefined();
  expect(MetricAlarms).toMatchObject([
    {
      AlarmName: 'late',
      AlarmArn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:late',
      AlarmDescription: 'Something. runbook#late',
      StateValue: 'ALARM',
      StateReason: 'because',
      StateUpdatedTimestamp: new Date(SINCE),
    },
  ]);
});

test('they come in order of name, by prefix and by state', async () => {
  expect(await names({})).toEqual(['errors-a', 'errors-b', 'late']);
  expect(await names({ AlarmNamePrefix: 'errors-' })).toEqual(['errors-a', 'errors-b']);
  expect(await names({ StateValue: 'ALARM' })).toEqual(['late']);
  expect(await names({ AlarmTypes: ['CompositeAlarm'] })).toEqual([]);
});

test('they come in pages', async () => {
  const first = await ask({ MaxRecords: 2 });
  expect(first.MetricAlarms).toHaveLength(2);
  expect(await names({ MaxRecords: 2, NextToken: first.NextToken })).toEqual(['late']);
});

test.each<[string, DescribeAlarmsCommandInput, string]>([
  ['names beside a prefix', { AlarmNames: ['late'], AlarmNamePrefix: 'l' }, 'InvalidParameterCombinationException'],
  ['a page of more than a hundred', { MaxRecords: 101 }, 'InvalidParameterValueException'],
  ['what is not known here', { ActionPrefix: 'arn:' }, 'InvalidParameterValueException'],
  ['a token of no page', { NextToken: '?' }, 'InvalidNextToken'],
])('%s is refused', async (_, input, name) => {
  await expect(ask(input)).rejects.toMatchObject({ name });
});
