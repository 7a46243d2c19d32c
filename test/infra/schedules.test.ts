/** The schedules: what starts when, and in which time zone. */

import { describe, expect, it } from 'vitest';
import { checkedDeployment, DEPLOYMENT, type Deployment, type ProductSchedule } from '../../lib/infra/deployment.ts';
import { watchedHours } from '../../lib/infra/sweep-watch.ts';
import { QUEUES, type QueueName } from '../../lib/store/names.ts';
import { type Attribute, type QueueProperties, synthesized } from './synthesized.ts';

interface ScheduleProperties {
  readonly Name: string;
  readonly ScheduleExpression: string;
  readonly ScheduleExpressionTimezone: string;
  readonly FlexibleTimeWindow: { readonly Mode: string };
  readonly Target: {
    readonly Arn: Attribute;
    readonly RoleArn: Attribute;
    readonly Input: string;
    readonly DeadLetterConfig: { readonly Arn: Attribute };
    readonly RetryPolicy: { readonly MaximumEventAgeInSeconds: number; readonly MaximumRetryAttempts: number };
  };
}

const TOKYO: ProductSchedule = { code: 'B200', timeZone: 'Asia/Tokyo', auctions: ['09:30'], dayRun: '15:05' };
const template = synthesized({ deployment: { products: [...DEPLOYMENT.products, TOKYO] } });
const schedules = template.of<ScheduleProperties>('AWS::Scheduler::Schedule');
const queues = template.of<QueueProperties>('AWS::SQS::Queue');
const queueNamed = (name: string) => queues.find((queue) => queue.Properties.QueueName === name)?.id;
const slot = (product: string) => ({ v: 1, product, slot: '<aws.scheduler.scheduled-time>' });
const sweep = { v: 1, at: '<aws.scheduler.scheduled-time>' };

it.each<{ name: string; cron: string; zone: string; to: QueueName; message: object }>([
  { name: 'H100-SXM-auction-1000', cron: '0 10', zone: 'America/New_York', to: 'closings', message: slot('H100-SXM') },
  { name: 'H100-SXM-auction-1300', cron: '0 13', zone: 'America/New_York', to: 'closings', message: slot('H100-SXM') },
  { name: 'H100-SXM-day-run', cron: '0 16', zone: 'America/New_York', to: 'rolls', message: slot('H100-SXM') },
  { name: 'B200-auction-0930', cron: '30 9', zone: 'Asia/Tokyo', to: 'closings', message: slot('B200') },
  { name: 'B200-day-run', cron: '5 15', zone: 'Asia/Tokyo', to: 'rolls', message: slot('B200') },
  {
    name: 'sweep',
    cron: '0,15,30,45 8,9,10,11,12,13,14,15,16,17,18,19',
    zone: 'America/New_York',
    to: 'sweeps',
    message: sweep,
  },
])('$name is due at $cron on weekdays in $zone and goes to $to', ({ name, cron, zone, to, message }) => {
  const properties = schedules.find((each) => each.Properties.Name === name)?.Properties;
  expect(properties).toMatchObject({
    ScheduleExpression: `cron(${cron} ? * MON-FRI *)`,
    ScheduleExpressionTimezone: zone,
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: { 'Fn::GetAtt': [queueNamed(QUEUES[to].name), 'Arn'] } },
  });
  expect(JSON.parse(properties?.Target.Input ?? '')).toEqual(message);
});

describe('every schedule', () => {
  it('is one of the six above', () => {
    expect(schedules).toHaveLength(6);
  });

  it('is retried for an hour, then kept', () => {
    for (const { Properties } of schedules) {
      expect(Properties.Target.DeadLetterConfig.Arn['Fn::GetAtt'][0]).toBe(queueNamed('schedules-dlq'));
      expect(Properties.Target.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 185 });
    }
  });

  it('uses a role that may send to the three queues it starts and to its dead letters, and nothing else', () => {
    const roles = new Set(schedules.map(({ Properties }) => Properties.Target.RoleArn['Fn::GetAtt'][0]));
    expect(roles.size).toBe(1);
    const [policy] = template
      .of<{ Roles: { Ref: string }[]; PolicyDocument: { Statement: unknown[] } }>('AWS::IAM::Policy')
      .filter(({ Properties }) => Properties.Roles.some(({ Ref }) => roles.has(Ref)));
    const targets = ['closings', 'rolls', 'sweeps', 'schedules-dlq'].map((name) => ({
      'Fn::GetAtt': [queueNamed(name), 'Arn'],
    }));
    expect(policy?.Properties.PolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: expect.toSatisfy((each) => sameSet(each, targets)) },
    ]);
  });

  it('is made after the policy it needs', () => {
    const policies = new Set(template.of('AWS::IAM::Policy').map(({ id }) => id));
    for (const schedule of schedules) expect(schedule.DependsOn?.some((id) => policies.has(id))).toBe(true);
  });
});

it('the sweep looks when the deployment says', () => {
  const { of } = synthesized({ deployment: { sweep: { hours: [11, 16], minutes: [30] } } });
  const [sweep] = of<ScheduleProperties>('AWS::Scheduler::Schedule').filter(({ Properties }) => Properties.Name === 'sweep');
  expect(sweep?.Properties.ScheduleExpression).toBe('cron(30 11,16 ? * MON-FRI *)');
});

describe('a missing sweep is noticed', () => {
  it.each([
    { zone: 'America/New_York', first: 13, last: 23 },
    { zone: 'America/Chicago', first: 14, last: 23 },
    { zone: 'Europe/London', first: 8, last: 18 },
    { zone: 'UTC', first: 8, last: 19 },
    { zone: 'Asia/Tokyo', first: 0, last: 10 },
    { zone: 'Asia/Kolkata', first: 3, last: 13 },
  ])('in $zone from $first to $last UTC, in winter and summer', ({ zone, first, last }) => {
    expect(watchedHours(zone)).toEqual({ first, last });
  });
});

describe('a deployment is refused', () => {
  const product = (change: Partial<ProductSchedule>): Partial<Deployment> => ({
    products: [{ code: 'H100-SXM', timeZone: 'America/New_York', auctions: ['10:00'], dayRun: '16:00', ...change }],
  });

  it.each<{ because: string; change: Partial<Deployment>; says: string }>([
    { because: 'it has no product', change: { products: [] }, says: 'a deployment needs a product' },
    { because: 'it has no shard', change: { shards: 0 }, says: 'shards must be 1 to 256, not 0' },
    { because: 'it has half a shard', change: { shards: 1.5 }, says: 'shards must be 1 to 256, not 1.5' },
    {
      because: 'its sweep has no hour',
      change: { sweep: { hours: [], minutes: [0] } },
      says: "the sweep's hours must be 0 to 23",
    },
    {
      because: 'its sweep is at no minute of an hour',
      change: { sweep: { hours: [8], minutes: [0, 60] } },
      says: "the sweep's minutes must be 0 to 59, not 0,60",
    },
    { because: 'a message has no chance', change: { receivesMax: 0 }, says: 'a message must be received 1 to 1000 times, not 0' },
    { because: 'its time zone does not exist', change: { timeZone: 'Mars/Olympus' }, says: 'Mars/Olympus is not a time zone' },
    { because: "a product's time zone does not exist", change: product({ timeZone: 'EDT5' }), says: 'EDT5 is not a time zone' },
    { because: 'a code would not fit a name', change: product({ code: 'H100 SXM' }), says: '"H100 SXM" is not like H100-SXM' },
    { because: 'a time is not one', change: product({ auctions: ['9:30'] }), says: '9:30 is not HH:MM' },
    { because: 'an auction comes twice', change: product({ auctions: ['10:00', '10:00'] }), says: 'an auction is listed twice' },
    {
      because: 'an auction comes after the day run',
      change: product({ auctions: ['16:30'] }),
      says: 'the auction of 16:30 is not before the day run',
    },
    {
      because: 'a product comes twice',
      change: { products: [...DEPLOYMENT.products, ...DEPLOYMENT.products] },
      says: 'product H100-SXM is listed twice',
    },
  ])('when $because', ({ change, says }) => {
    expect(() => checkedDeployment({ ...DEPLOYMENT, ...change })).toThrow(says);
  });
});

function sameSet(actual: unknown, expected: readonly unknown[]): boolean {
  const sorted = (values: readonly unknown[]) => JSON.stringify(values.map((value) => JSON.stringify(value)).sort());
  return Array.isArray(actual) && sorted(actual) === sorted(expected);
}
