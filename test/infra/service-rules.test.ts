/**
 * What would be refused on the way into an account, before it gets there: every shape in which the stack is deployed is held
 * against CloudFormation's own resource schemas, and against rules that the services document and no schema states.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Aspects, CfnResource } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { PROJECT } from '../../lib/infra/bundle.ts';
import { addExchange, type ExchangeOptions } from '../../lib/infra/synthesize.ts';
import { METRICS } from '../../lib/store/names.ts';
import {
  parsed,
  placeholderBundles,
  type QueueProperties,
  type Resource,
  type Synthesized,
  synthesized,
  temporaryDirectory,
} from './synthesized.ts';

const SHAPES: Readonly<Record<string, ExchangeOptions>> = {
  'with a user pool of its own': {},
  'with alarms by mail and a published runbook': { alarmEmail: 'ops@example.com', runbook: 'https://example.com/runbook' },
  'with an issuer that is there already': {
    issuer: 'https://id.example.com/venue',
    audience: ['exchange', 'desk'],
    claims: { account: 'account', groups: 'groups', operatorGroup: 'venue-operators', approverGroup: 'venue-approvers' },
  },
  'with a table that was restored': { table: 'compute-exchange-2025-11-14' },
  'released through alarms': { throughAlarms: true },
  'with the most shards and several products': {
    deployment: {
      shards: 256,
      products: ['H100-SXM', 'H200-SXM', 'B200-SXM', 'MI300X'].map((code) => ({
        code,
        timeZone: 'Europe/Berlin',
        auctions: ['09:00', '11:30', '14:00'],
        dayRun: '17:30',
      })),
    },
  },
};

/** A rule, where it is written, what in a template breaks it, and an edit that must show. */
type Rule = readonly [
  rule: string,
  source: string,
  broken: (template: Synthesized) => unknown[],
  edit: { readonly type: string; readonly properties: object },
];

const DOCS = 'https://docs.aws.amazon.com';
const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
const texts = (template: Synthesized, type: string, property: string): string[] =>
  template.of(type).map(({ Properties }) => String(Properties[property]));
const sameRole = (resource: Resource<{ Roles?: readonly { Ref: string }[] }>, role: Resource): boolean =>
  resource.Properties.Roles?.some(({ Ref }) => Ref === role.id) ?? false;

interface AlarmProperties {
  readonly AlarmName: string;
  readonly Period?: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly Metrics?: readonly object[];
}
interface MappingProperties {
  readonly EventSourceArn: { readonly 'Fn::GetAtt': readonly [string, string] };
  readonly BatchSize: number;
  readonly MaximumBatchingWindowInSeconds?: number;
  readonly ScalingConfig?: { readonly MaximumConcurrency: number };
}
interface GroupProperties {
  readonly AlarmConfiguration: { readonly Alarms: readonly { readonly Name: unknown }[] };
}

/** Each names what breaks it. */
const RULES: readonly Rule[] = [
  [
    'a template has at most 1 MB, 500 resources and 200 outputs',
    `${DOCS}/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html`,
    ({ text, all, outputs }) =>
      [
        Buffer.byteLength(text) > 1_000_000 && 'size',
        all.length > 500 && 'resources',
        Object.keys(outputs).length > 200 && 'outputs',
      ].filter(Boolean),
    { type: 'AWS::Lambda::Function', properties: { Description: 'x'.repeat(200_000) } },
  ],
  [
    'a deployment group watches at most ten alarms, none of them twice',
    `${DOCS}/codedeploy/latest/APIReference/API_AlarmConfiguration.html`,
    (template) =>
      template.of<GroupProperties>('AWS::CodeDeploy::DeploymentGroup').filter(({ Properties }) => {
        const names = Properties.AlarmConfiguration.Alarms.map(({ Name }) => JSON.stringify(Name));
        return names.length > 10 || new Set(names).size < names.length;
      }),
    { type: 'AWS::CodeDeploy::DeploymentGroup', properties: { AlarmConfiguration: { Alarms: [{ Name: 'a' }, { Name: 'a' }] } } },
  ],
  [
    "a function's environment has at most 4 KB, its description 256 characters, its name 64",
    `${DOCS}/lambda/latest/dg/gettingstarted-limits.html`,
    (template) =>
      template
        .of<{ Environment: unknown; Description: string; FunctionName: string }>('AWS::Lambda::Function')
        .filter(({ Properties: { Environment, Description, FunctionName } }) => {
          // What a reference becomes is longer than what it is written as: an address of a queue, the name of a table.
          const values = JSON.stringify(Environment).replaceAll(/\{"(Ref|Fn::GetAtt)":[^}]*\}/g, `"${'x'.repeat(128)}"`);
          return values.length > 4096 || Description.length > 256 || FunctionName.length > 64;
        }),
    { type: 'AWS::Lambda::Function', properties: { Environment: { Variables: { MORE: 'x'.repeat(4096) } } } },
  ],
  [
    'what functions reserve leaves 100 of the 1,000 that an account has by quota, and more than half of it to workers',
    `${DOCS}/lambda/latest/dg/configuration-concurrency.html`,
    (template) => {
      const reserved = template
        .of<{ ReservedConcurrentExecutions?: number }>('AWS::Lambda::Function')
        .map(({ Properties }) => Properties.ReservedConcurrentExecutions ?? 0);
      const sum = reserved.reduce((total, each) => total + each, 0);
      return sum > 500 ? [sum] : [];
    },
    { type: 'AWS::Lambda::Function', properties: { ReservedConcurrentExecutions: 100 } },
  ],
  [
    'a mapping of a FIFO queue takes at most ten messages and has neither a batching window nor, to be worked at once, fewer than two functions',
    `${DOCS}/lambda/latest/dg/services-sqs-configure.html`,
    (template) =>
      template.of<MappingProperties>('AWS::Lambda::EventSourceMapping').filter(({ Properties }) => {
        const queue = template
          .of<QueueProperties>('AWS::SQS::Queue')
          .find(({ id }) => id === Properties.EventSourceArn['Fn::GetAtt'][0]);
        const { BatchSize, MaximumBatchingWindowInSeconds: window, ScalingConfig } = Properties;
        const concurrency = ScalingConfig?.MaximumConcurrency ?? 2;
        return BatchSize > 10 || (queue?.Properties.FifoQueue && window !== undefined) || concurrency < 2 || concurrency > 1000;
      }),
    { type: 'AWS::Lambda::EventSourceMapping', properties: { BatchSize: 11 } },
  ],
  [
    'the policies written into a role have at most 10,240 characters together',
    `${DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html`,
    (template) =>
      template.of('AWS::IAM::Role').filter((role) => {
        const own = template
          .of<{ Roles?: { Ref: string }[]; PolicyDocument: unknown }>('AWS::IAM::Policy')
          .filter((each) => sameRole(each, role));
        // An ARN is about as long as what it is written as.
        return own.reduce((sum, { Properties }) => sum + sizeOf(Properties.PolicyDocument), 0) > 10_240;
      }),
    { type: 'AWS::IAM::Policy', properties: { PolicyDocument: 'x'.repeat(10_240) } },
  ],
  [
    'a queue has a name of at most 80 characters and keeps a message for at most 14 days, dead letters for longer than others',
    `${DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html`,
    (template) => {
      const queues = template.of<QueueProperties>('AWS::SQS::Queue');
      return queues.filter(({ Properties: { QueueName, MessageRetentionPeriod, RedrivePolicy, FifoQueue } }) => {
        const dead = queues.find(({ id }) => id === RedrivePolicy?.deadLetterTargetArn['Fn::GetAtt'][0])?.Properties;
        if (!/^[A-Za-z0-9_-]{1,75}(\.fifo)?$/.test(QueueName) || MessageRetentionPeriod > 1_209_600) return true;
        return (
          RedrivePolicy !== undefined &&
          (!dead || dead.FifoQueue !== FifoQueue || dead.MessageRetentionPeriod <= MessageRetentionPeriod)
        );
      });
    },
    { type: 'AWS::SQS::Queue', properties: { MessageRetentionPeriod: 1_209_600 } },
  ],
  [
    'a schedule has a name of at most 64 characters from [0-9a-zA-Z-_.], and tells dead letters to a standard queue',
    `${DOCS}/scheduler/latest/APIReference/API_CreateSchedule.html`,
    (template) =>
      template
        .of<{ Name: string; Target: { DeadLetterConfig: { Arn: { 'Fn::GetAtt': string[] } } } }>('AWS::Scheduler::Schedule')
        .filter(({ Properties: { Name, Target } }) => {
          const dead = template
            .of<QueueProperties>('AWS::SQS::Queue')
            .find(({ id }) => id === Target.DeadLetterConfig.Arn['Fn::GetAtt'][0]);
          return !/^[0-9a-zA-Z-_.]{1,64}$/.test(Name) || !dead || dead.Properties.FifoQueue === true;
        }),
    { type: 'AWS::Scheduler::Schedule', properties: { Name: 'auction-10:00' } },
  ],
  [
    'an alarm looks back over at most a day, or seven by periods of an hour or more, by at most ten metrics',
    `${DOCS}/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html`,
    (template) =>
      template.of<AlarmProperties>('AWS::CloudWatch::Alarm').filter(({ Properties }) => {
        const { AlarmName, Period = 60, EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, Metrics = [] } = Properties;
        const seconds = Period * EvaluationPeriods;
        return (
          AlarmName.length > 255 ||
          seconds > (Period >= 3600 ? 604_800 : 86_400) ||
          DatapointsToAlarm > EvaluationPeriods ||
          Metrics.length > 10
        );
      }),
    { type: 'AWS::CloudWatch::Alarm', properties: { EvaluationPeriods: 10_000 } },
  ],
  [
    'an HTTP API has at most 300 routes, and an authorizer at most 50 audiences',
    `${DOCS}/apigateway/latest/developerguide/http-api-quotas.html`,
    (template) => [
      ...(template.of('AWS::ApiGatewayV2::Route').length > 300 ? ['routes'] : []),
      ...template
        .of<{ JwtConfiguration?: { Audience: unknown[] } }>('AWS::ApiGatewayV2::Authorizer')
        .filter(({ Properties }) => (Properties.JwtConfiguration?.Audience.length ?? 0) > 50),
    ],
    {
      type: 'AWS::ApiGatewayV2::Authorizer',
      properties: { JwtConfiguration: { Audience: Array(51).fill('a') } },
    },
  ],
  [
    'a custom attribute of a user pool has a name of at most 20 characters and is never required',
    `${DOCS}/cognito/latest/developerguide/user-pool-settings-attributes.html`,
    (template) =>
      template
        .of<{ Schema?: { Name: string; Required?: boolean }[] }>('AWS::Cognito::UserPool')
        .flatMap(({ Properties }) => Properties.Schema ?? [])
        .filter(({ Name, Required }) => Name.length > 20 || Required === true),
    { type: 'AWS::Cognito::UserPool', properties: { Schema: [{ Name: 'more', Required: true }] } },
  ],
  [
    'names that must be unique in a region are written once',
    `${DOCS}/AWSCloudFormation/latest/UserGuide/cfn-resource-name.html`,
    (template) =>
      [
        texts(template, 'AWS::Lambda::Function', 'FunctionName'),
        texts(template, 'AWS::SQS::Queue', 'QueueName'),
        texts(template, 'AWS::CloudWatch::Alarm', 'AlarmName'),
        texts(template, 'AWS::Scheduler::Schedule', 'Name'),
        texts(template, 'AWS::Logs::LogGroup', 'LogGroupName'),
      ].flatMap((names) => names.filter((name, at) => names.indexOf(name) !== at)),
    { type: 'AWS::SQS::Queue', properties: { QueueName: 'orders.fifo' } },
  ],
];

describe.each(Object.entries(SHAPES))('the stack %s', (_, options) => {
  // Throws when a resource is not as CloudFormation's schema of it says.
  const template = synthesized({ ...options, validate: true });

  it.each(RULES)('%s (%s)', (_rule, _source, broken) => {
    expect(broken(template)).toEqual([]);
  });
});

it('a resource that is not as its schema says is refused when the stack is synthesized', () => {
  const app = new App({
    outdir: temporaryDirectory(),
    analyticsReporting: false,
    context: { '@aws-cdk/core:validateAgainstDefaultRules': true },
  });
  addExchange(app, { bundles: placeholderBundles() });
  Aspects.of(app).add({
    visit: (node) => {
      if (node instanceof CfnResource && node.cfnResourceType === 'AWS::SQS::Queue')
        node.addPropertyOverride('VisibilityTimeOut', 30);
    },
  });
  expect(() => app.synth()).toThrow(/validat/i);
});

it.each(RULES)('%s: a template that breaks it is noticed (%s)', (_rule, _source, broken, { type, properties }) => {
  const { path, text } = synthesized();
  const template = JSON.parse(text) as { Resources: Record<string, { Type: string; Properties: object }> };
  for (const each of Object.values(template.Resources)) if (each.Type === type) Object.assign(each.Properties, properties);
  expect(broken(parsed(path, JSON.stringify(template)))).not.toEqual([]);
});

it('what the page of the first deployment says that a month at rest costs is counted from the template', () => {
  const { of } = synthesized();
  const page = readFileSync(join(PROJECT, 'docs/first-deployment.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('|'));
  const row = (of: string): string => rows.find((line) => line.startsWith(`| ${of}`)) ?? '';
  const alarmed = of<AlarmProperties>('AWS::CloudWatch::Alarm').reduce(
    (sum, { Properties }) => sum + (Properties.Metrics?.filter((metric) => 'MetricStat' in metric).length ?? 1),
    0,
  );
  const { namespace: _namespace, service: _service, ...metrics } = METRICS;
  const mappings = of<MappingProperties>('AWS::Lambda::EventSourceMapping');
  const polls = mappings.length * 5 * 3 * 60 * 24 * 30;
  expect(row('alarms')).toContain(`| ${alarmed} metrics | 0.10 | ${(alarmed * 0.1).toFixed(2)} |`);
  expect(row('metrics of the venue')).toContain(
    `| ${Object.keys(metrics).length} | 0.30 | ${(Object.keys(metrics).length * 0.3).toFixed(2)} |`,
  );
  expect(row('empty receives')).toContain(`${mappings.length} queues, ${polls.toLocaleString('en-US')} requests`);
  const costs = rows.map((line) => Number(/\| (\d+\.\d\d) \|$/.exec(line)?.[1] ?? 0));
  expect(row('**together**')).toContain(`**${costs.reduce((sum, cost) => sum + cost, 0).toFixed(2)}**`);
  const concurrency = of<{ ReservedConcurrentExecutions?: number }>('AWS::Lambda::Function').map(
    ({ Properties }) => Properties.ReservedConcurrentExecutions ?? 0,
  );
  expect(page).toContain(`room for ${concurrency.reduce((sum, each) => sum + each, 0)} functions`);
});
