/**
 * Each function may do what it is for and nothing else. The table of rights stands here a second time on purpose: adding
 * a right is a change that must be written twice.
 */

import { describe, expect, it } from 'vitest';
import {
  bookPartition,
  deadMansSwitchPartition,
  idKeyKey,
  logKey,
  rateKey,
  resultPartition,
  shardPartition,
  stopsPartition,
} from '../../lib/store/keys.ts';
import { FUNCTIONS, type FunctionName, QUEUES, type QueueName } from '../../lib/store/names.ts';
import { type Attribute, type FunctionProperties, type QueueProperties, type Resource, synthesized } from './synthesized.ts';

/** Also sees how full every queue is, dead letters among them, and the state of every alarm. */
const WATCHES: FunctionName = 'operator-api';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

const READ_WRITE = ['GetItem', 'Query', 'PutItem', 'UpdateItem'];
interface Rights {
  readonly table: string[];
  readonly sendsTo: QueueName[];
  readonly receivesFrom?: QueueName;
  /** What it may do with the connections of listeners. */
  readonly manages?: string[];
}
const RIGHTS: Record<FunctionName, Rights> = {
  'participant-api': { table: [...READ_WRITE, 'BatchGetItem', 'DeleteItem'], sendsTo: ['orders'] },
  'statement-api': { table: ['GetItem', 'Query', 'BatchGetItem', 'UpdateItem'], sendsTo: [] },
  'market-api': { table: ['GetItem', 'Query', 'BatchGetItem', 'UpdateItem'], sendsTo: [] },
  'operator-api': { table: [...READ_WRITE, 'BatchGetItem'], sendsTo: ['postings', 'day-runs', 'sweeps', 'orders'] },
  'accept-orders': { table: [...READ_WRITE, 'BatchGetItem'], sendsTo: ['clearings'], receivesFrom: 'orders' },
  'close-auction': { table: READ_WRITE, sendsTo: ['orders', 'closings', 'day-runs'], receivesFrom: 'closings' },
  'clear-auction': {
    table: [...READ_WRITE, 'BatchWriteItem', 'BatchGetItem'],
    sendsTo: ['postings', 'clearings', 'closings', 'news'],
    receivesFrom: 'clearings',
  },
  'post-events': {
    table: [...READ_WRITE, 'BatchWriteItem', 'BatchGetItem'],
    sendsTo: ['day-runs', 'postings', 'orders', 'news'],
    receivesFrom: 'postings',
  },
  'roll-positions': { table: [...READ_WRITE, 'BatchGetItem'], sendsTo: ['rolls', 'closings', 'day-runs'], receivesFrom: 'rolls' },
  'settle-day': {
    table: [...READ_WRITE, 'BatchGetItem', 'DeleteItem'],
    sendsTo: ['postings', 'rolls', 'closings', 'clearings', 'day-runs'],
    receivesFrom: 'day-runs',
  },
  'sweep-venue': {
    table: ['GetItem', 'Query', 'BatchGetItem'],
    sendsTo: ['postings', 'rolls', 'closings', 'clearings', 'day-runs'],
    receivesFrom: 'sweeps',
  },
  'authorize-listener': { table: [], sendsTo: [] },
  listen: { table: [...READ_WRITE, 'DeleteItem'], sendsTo: [], manages: ['GET', 'DELETE'] },
  'tell-listeners': {
    table: ['GetItem', 'Query', 'BatchGetItem', 'DeleteItem'],
    sendsTo: ['news'],
    receivesFrom: 'news',
    manages: ['POST', 'DELETE'],
  },
};

const template = synthesized();
const functions = template.of<FunctionProperties>('AWS::Lambda::Function');
const roles = template.of<{ ManagedPolicyArns?: unknown[]; Policies?: unknown[]; AssumeRolePolicyDocument: unknown }>(
  'AWS::IAM::Role',
);
const policies = template.of<{ Roles: { Ref: string }[]; PolicyDocument: { Statement: Statement[] } }>('AWS::IAM::Policy');
const [table] = template.of('AWS::DynamoDB::GlobalTable');
const webSocketApi = template
  .of<{ ProtocolType: string }>('AWS::ApiGatewayV2::Api')
  .find(({ Properties }) => Properties.ProtocolType === 'WEBSOCKET');

const alarmNames = template.of<{ AlarmName: string }>('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties.AlarmName);
const arnOf = (alarm: string) => ({
  'Fn::Join': [
    '',
    [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':cloudwatch:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      `:alarm:${alarm}`,
    ],
  ],
});

const functionNamed = (name: FunctionName) =>
  functions.find((fn) => fn.Properties.FunctionName === name) as Resource<FunctionProperties>;
const roleOf = (fn: Resource<FunctionProperties>) => fn.Properties.Role['Fn::GetAtt'][0];
const queueId = (name: QueueName) =>
  template.of<QueueProperties>('AWS::SQS::Queue').find((queue) => queue.Properties.QueueName === QUEUES[name].name)?.id;

/** What a role is allowed, one `action on logical id` each. */
function allowed(role: string): string[] {
  const statements = policies
    .filter((policy) => policy.Properties.Roles.some(({ Ref }) => Ref === role))
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement);
  return statements
    .flatMap(({ Action, Resource }) => list(Action).flatMap((action) => list(Resource).map((on) => `${action} on ${idOf(on)}`)))
    .sort();
}

/** All connections of the one stage: their ids are made as they come. */
const connections = (method: string): string =>
  JSON.stringify({
    'Fn::Join': [
      '',
      [
        'arn:',
        { Ref: 'AWS::Partition' },
        ':execute-api:',
        { Ref: 'AWS::Region' },
        ':',
        { Ref: 'AWS::AccountId' },
        ':',
        { Ref: webSocketApi?.id },
        `/listen/${method}/@connections/*`,
      ],
    ],
  });

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

function idOf(resource: unknown): string {
  const [id, attribute] = (resource as Attribute)['Fn::GetAtt'] ?? [];
  return attribute === 'Arn' ? (id as string) : JSON.stringify(resource);
}

describe.each(FUNCTIONS)('%s', (name) => {
  const fn = functionNamed(name);
  const rights = RIGHTS[name];

  it('has a role of its own, without managed or inline policies', () => {
    expect(functions.filter((other) => roleOf(other) === roleOf(fn))).toEqual([fn]);
    const role = roles.find(({ id }) => id === roleOf(fn));
    expect(role?.Properties.ManagedPolicyArns).toBeUndefined();
    expect(role?.Properties.Policies).toBeUndefined();
    expect(role?.Properties.AssumeRolePolicyDocument).toMatchObject({
      Statement: [{ Principal: { Service: 'lambda.amazonaws.com' } }],
    });
  });

  it('has exactly the rights of the table above, and writes to its own log group', () => {
    const receiving = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];
    const expected = [
      ...['CreateLogStream', 'PutLogEvents'].map((action) => `logs:${action} on ${fn.Properties.LoggingConfig.LogGroup.Ref}`),
      ...rights.table.map((right) => `dynamodb:${right} on ${table?.id}`),
      ...rights.sendsTo.map((queue) => `sqs:SendMessage on ${queueId(queue)}`),
      ...(name === WATCHES
        ? template.of<QueueProperties>('AWS::SQS::Queue').map(({ id }) => `sqs:GetQueueAttributes on ${id}`)
        : []),
      ...(name === WATCHES ? alarmNames.map((alarm) => `cloudwatch:DescribeAlarms on ${JSON.stringify(arnOf(alarm))}`) : []),
      ...(rights.manages ?? []).map((method) => `execute-api:ManageConnections on ${connections(method)}`),
      ...(rights.receivesFrom ? receiving.map((action) => `sqs:${action} on ${queueId(rights.receivesFrom as QueueName)}`) : []),
    ];
    expect(allowed(roleOf(fn))).toEqual(expected.sort());
  });

  it('has the address of everything it may use, and of no other queue', () => {
    const variables = fn.Properties.Environment.Variables;
    expect(variables).toMatchObject({ TABLE_NAME: { Ref: table?.id }, SHARDS: '16' });
    const addresses = Object.fromEntries(rights.sendsTo.map((queue) => [QUEUES[queue].url, { Ref: queueId(queue) }]));
    expect(Object.fromEntries(Object.entries(variables).filter(([key]) => key.endsWith('_QUEUE_URL')))).toEqual(addresses);
    expect(variables.ALARMS).toBe(name === WATCHES ? alarmNames.join(',') : undefined);
  });
});

describe('the function that participants talk to', () => {
  const role = roleOf(functionNamed('participant-api'));
  const statements = policies
    .filter((policy) => policy.Properties.Roles.some(({ Ref }) => Ref === role))
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement)
    .filter(({ Action }) => list(Action).some((action) => action.startsWith('dynamodb:')));
  const writes = /Put|Update|Delete|Write/;

  it('may write only to the partitions of shards, of stops, of rates and of its key, so never to the log, a book or a result', () => {
    const writing = statements.filter(({ Action }) => list(Action).some((action) => writes.test(action)));
    const only = (partitions: string[]) => ({
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    });
    expect(writing.map(({ Action, Condition }) => [Action, Condition])).toEqual([
      [['dynamodb:DeleteItem', 'dynamodb:PutItem'], only(['SHARD#*', 'STOPS#*', 'DEADMAN#*'])],
      ['dynamodb:UpdateItem', only(['RATE#participant#*', 'IDS'])],
    ]);
    const own = /^(SHARD#.*|STOPS#.*|DEADMAN#.*|IDS|RATE#participant#.*)$/;
    for (const partition of [
      shardPartition(0),
      stopsPartition(0),
      deadMansSwitchPartition('P', 0),
      idKeyKey.pk,
      rateKey('participant#acme', 0).pk,
    ])
      expect(partition).toMatch(own);
    for (const partition of [logKey(1).pk, bookPartition('H100-SXM', 0, '2025-10-20'), resultPartition('H100-SXM', 1)])
      expect(partition).not.toMatch(own);
  });

  it('may read wherever it has to', () => {
    const reading = statements.filter(({ Action }) => !list(Action).some((action) => writes.test(action)));
    expect(reading.map(({ Condition }) => Condition)).toEqual([undefined]);
  });
});

it.each([
  ['market-api', 'RATE#address#*', 'address#192.0.2.1'],
  ['statement-api', 'RATE#participant#*', 'participant#acme'],
] as const)('%s, which reads, writes nothing but how often a caller has asked', (name, partitions, caller) => {
  const role = roleOf(functionNamed(name));
  const writing = policies
    .filter((policy) => policy.Properties.Roles.some(({ Ref }) => Ref === role))
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement)
    .filter(({ Action }) => list(Action).some((action) => /^dynamodb:(Put|Update|Delete|BatchWrite)/.test(action)));
  expect(writing.map(({ Action, Condition }) => [Action, Condition])).toEqual([
    [
      'dynamodb:UpdateItem',
      {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [partitions] },
        Null: { 'dynamodb:LeadingKeys': 'false' },
      },
    ],
  ]);
  expect(rateKey(caller, 0).pk.startsWith(partitions.slice(0, -1))).toBe(true);
});

describe('no policy of the stack', () => {
  it('allows a wildcard, except a key its own account, and the connections of a stage, which have no other name', () => {
    const found: string[] = [];
    for (const { id, Type, Properties } of template.all) {
      const { PolicyDocument, KeyPolicy } = Properties as Record<string, { Statement: Statement[] } | undefined>;
      for (const { Effect, Action, Resource } of (PolicyDocument ?? KeyPolicy)?.Statement ?? []) {
        if (Effect !== 'Allow') continue;
        const wide = [...list(Action), ...list(Resource)].filter((each) => JSON.stringify(each)?.includes('*'));
        found.push(...wide.map((each) => `${Type} ${id}: ${JSON.stringify(each)}`));
      }
    }
    // A key's policy can only call the key `*`, and without `kms:*` for the account the policy could never be changed again.
    const ownKey = (line: string) => /^AWS::KMS::Key \w+: "(\*|kms:\*)"$/.test(line);
    const connections = (line: string) => /\/listen\/(GET|POST|DELETE)\/@connections\/\*/.test(line);
    expect(found.filter((line) => !ownKey(line) && !connections(line))).toEqual([]);
    expect(found.filter(connections)).toHaveLength(4);
    expect(found.filter(ownKey)).toHaveLength(3);
  });

  it('belongs to a role that no function, schedule or release uses', () => {
    const used = new Set(functions.map(roleOf));
    for (const schedule of template.of<{ Target: { RoleArn: Attribute } }>('AWS::Scheduler::Schedule')) {
      used.add(schedule.Properties.Target.RoleArn['Fn::GetAtt'][0]);
    }
    for (const group of template.of<{ ServiceRoleArn: Attribute }>('AWS::CodeDeploy::DeploymentGroup')) {
      used.add(group.Properties.ServiceRoleArn['Fn::GetAtt'][0]);
    }
    expect(roles.map(({ id }) => id).sort()).toEqual([...used].sort());
  });
});
