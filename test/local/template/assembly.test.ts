/** Reading a template: names, references, and what is refused before anything starts. */
import { describe, expect, test } from 'vitest';
import { readAssembly } from '../../../lib/local/template/assembly.ts';
import { type Json, resolve, type TemplateScope } from '../../../lib/local/template/intrinsics.ts';
import { planOf } from '../../../lib/local/template/planner.ts';
import { type SmallApp, synthesizeSmallApp, temporaryFolder } from '../small-app.ts';

const NOTHING = 'export const handler = async () => null;';
const ADDRESSES = { queueUrl: (name: string) => `http://local/${name}`, apiUrl: 'http://api' };

function plan(app: SmallApp) {
  return planOf(readAssembly(synthesizeSmallApp(app)), ADDRESSES);
}

test('a resource of an unknown type is an error that names it', () => {
  const app = { functions: {}, extra: { Mystery: { Type: 'AWS::Kinesis::Stream', Properties: {} } } };
  expect(() => plan(app)).toThrow('Mystery (AWS::Kinesis::Stream)');
});

test('resources without a local meaning are passed over', () => {
  const types = [
    'AWS::IAM::Policy',
    'AWS::Logs::LogGroup',
    'AWS::SNS::TopicPolicy',
    'AWS::CloudWatch::Dashboard',
    'AWS::Cognito::UserPoolGroup',
    'AWS::CodeDeploy::Application',
    'AWS::CodeDeploy::DeploymentGroup',
  ];
  const extra = Object.fromEntries(types.map((Type, i) => [`Extra${i}`, { Type, Properties: {} }]));
  expect(plan({ functions: {}, extra }).functions).toEqual([]);
});

test('a resource whose condition does not hold is not there', () => {
  const dir = synthesizeSmallApp({
    functions: {},
    extra: { Mystery: { Type: 'AWS::Kinesis::Stream', Condition: 'Never', Properties: {} } },
  });
  expect(() => readAssembly(dir)).toThrow('Condition Never: no such condition');
});

test('functions get exactly the variables of the template, with references resolved', () => {
  const { functions } = plan({ functions: { work: NOTHING }, queues: { 'orders.fifo': {} } });
  expect(functions).toMatchObject([
    {
      name: 'work',
      handler: 'index.handler',
      memoryMb: 128,
      timeoutMs: 5_000,
      environment: { TABLE_NAME: 'table', ORDERSFIFO_URL: 'http://local/orders.fifo' },
    },
  ]);
});

test('dead-letter queues are told from the others', () => {
  const { queues } = plan({ functions: {}, queues: { work: {} } });
  expect(queues.map(({ name, deadLetters }) => [name, deadLetters])).toEqual([
    ['work-dlq', true],
    ['work', false],
  ]);
});

describe('an alias', () => {
  const ALIASED = {
    Version1: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Functionwork' } } },
    Live: {
      Type: 'AWS::Lambda::Alias',
      Properties: {
        FunctionName: { Ref: 'Functionwork' },
        FunctionVersion: { 'Fn::GetAtt': ['Version1', 'Version'] },
        Name: 'live',
      },
    },
  };
  const mapped = (FunctionName: Json) =>
    plan({
      functions: { work: NOTHING },
      queues: { q: {} },
      extra: {
        ...ALIASED,
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: { EventSourceArn: { 'Fn::GetAtt': ['Queueq', 'Arn'] }, FunctionName },
        },
      },
    });

  test.each<[string, Json]>([
    ['its ARN', { Ref: 'Live' }],
    ['function and alias', { 'Fn::Join': ['', [{ 'Fn::Select': [6, { 'Fn::Split': [':', { Ref: 'Live' }] }] }, ':live']] }],
  ])('leads to its function, by %s', (_, callee) => {
    const { functions, mappings } = mapped(callee);
    expect(functions).toMatchObject([{ name: 'work', alias: 'live' }]);
    expect(mappings).toMatchObject([{ queue: 'q', function: 'work' }]);
  });

  test('that is not in the template leads nowhere', () => {
    expect(() => mapped('work:next')).toThrow('"work:next", which is not a function of this stack');
  });
});

test('a mapping that filters is refused', () => {
  const app = {
    functions: { work: NOTHING },
    queues: { q: {} },
    mappings: [{ queue: 'q', function: 'work', FilterCriteria: { Filters: [] } }],
  };
  expect(() => plan(app)).toThrow('filters its messages');
});

test('alarms are kept as the template has them', () => {
  const extra = {
    Alarm: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: { AlarmName: 'late', Dimensions: [{ Name: 'F', Value: { Ref: 'Table' } }] },
    },
  };
  expect(plan({ functions: {}, extra }).alarms).toEqual([
    { name: 'late', properties: { AlarmName: 'late', Dimensions: [{ Name: 'F', Value: 'table' }] } },
  ]);
});

test('a folder without a synthesized app says so', () => {
  expect(() => readAssembly(temporaryFolder())).toThrow('npx cdk synth');
});

describe('intrinsic functions', () => {
  const scope: TemplateScope = {
    parameters: { Size: '3' },
    conditions: {
      Big: { 'Fn::Equals': [{ Ref: 'Size' }, '3'] },
      Small: { 'Fn::Not': [{ Condition: 'Big' }] },
      Either: { 'Fn::Or': [{ Condition: 'Big' }, { Condition: 'Small' }] },
    },
    mappings: { Regions: { here: { name: 'local' } } },
    pseudo: { 'AWS::Region': 'us-east-1' },
    reference: (id) => (id === 'Queue' ? { ref: 'http://q', attributes: { Arn: 'arn:q' } } : undefined),
  };

  test.each<[Json, Json]>([
    [{ Ref: 'Queue' }, 'http://q'],
    [{ 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:q'],
    [{ 'Fn::GetAtt': 'Queue.Arn' }, 'arn:q'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }, { Ref: 'Size' }]] }, 'a-us-east-1-3'],
    [{ 'Fn::Sub': `\${Queue.Arn}/\${Queue}/\${!Literal}/\${AWS::Region}` }, `arn:q/http://q/\${Literal}/us-east-1`],
    [{ 'Fn::Sub': [`\${x}!`, { x: { Ref: 'Size' } }] }, '3!'],
    [{ 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    [{ 'Fn::If': ['Big', 'yes', 'no'] }, 'yes'],
    [{ 'Fn::If': ['Small', 'yes', { 'Fn::If': ['Either', 'either', 'none'] }] }, 'either'],
    [{ 'Fn::FindInMap': ['Regions', 'here', 'name'] }, 'local'],
    [
      { kept: 1, dropped: { Ref: 'AWS::NoValue' }, list: [{ Ref: 'AWS::NoValue' }, 2] },
      { kept: 1, list: [2] },
    ],
  ])('%j is %j', (value, expected) => {
    expect(resolve(value, scope, 'here')).toEqual(expected);
  });

  test.each<[Json, string]>([
    [{ Ref: 'Nowhere' }, 'Ref to Nowhere'],
    [{ 'Fn::GetAtt': ['Queue', 'Color'] }, 'Queue.Color'],
    [{ 'Fn::ImportValue': 'other' }, 'Fn::ImportValue has no local meaning'],
    [{ 'Fn::Select': [7, ['a']] }, 'no element'],
    [{ 'Fn::If': ['Unknown', 1, 2] }, 'no such condition'],
  ])('%j is an error that names the place', (value, message) => {
    expect(() => resolve({ inner: value }, scope, 'Thing')).toThrow(message);
    expect(() => resolve({ inner: value }, scope, 'Thing')).toThrow(/Thing|Condition/);
  });
});
