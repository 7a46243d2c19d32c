/**
 * Small apps for tests of the local cloud: a template as the CDK synthesizes it, with its asset manifest, and bundles made by
 * esbuild, in a folder that goes with the test.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, onTestFinished } from 'vitest';
import { type Cloud, type CloudOptions, startCloud } from '../../lib/local/cloud.ts';
import { frozenClock } from '../../lib/local/host/clock.ts';
import type { JsonObject } from '../../lib/local/template/intrinsics.ts';

export interface SmallApp {
  /** TypeScript by function name; each exports `handler`. */
  readonly functions: Readonly<Record<string, string>>;
  /** Further properties of a function. */
  readonly functionProperties?: Readonly<Record<string, JsonObject>>;
  /** Queue properties by name; one that ends in `.fifo` is FIFO; each gets a dead-letter queue `<name>-dlq`. */
  readonly queues?: Readonly<Record<string, JsonObject>>;
  /** Which function reads which queue, and further properties of the mapping. */
  readonly mappings?: ReadonlyArray<JsonObject & { readonly queue: string; readonly function: string }>;
  /** Function by route key. */
  readonly routes?: Readonly<Record<string, string>>;
  readonly schedules?: Readonly<
    Record<string, { readonly expression: string; readonly queue: string; readonly timeZone?: string; readonly input?: string }>
  >;
  readonly extra?: Readonly<Record<string, JsonObject>>;
}

/** Clients for use in the sources of small functions. */
export const CLIENTS = `
import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { SQSClient, SendMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
const dynamodb = new DynamoDBClient({});
const sqs = new SQSClient({});
`;

const folders: string[] = [];
// Registered before any hook of the test's own, so it runs after them, when every cloud has stopped.
afterAll(() => {
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
});

/** Goes with the test file: a cloud that uses it may be stopped after its test. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'local-cloud-'));
  folders.push(dir);
  return dir;
}

/** Writes the assembly and gives its folder. */
export function synthesizeSmallApp(app: SmallApp, dir = temporaryFolder()): string {
  const resources: Record<string, JsonObject> = {
    Table: {
      Type: 'AWS::DynamoDB::GlobalTable',
      Properties: {
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        Replicas: [{ Region: { Ref: 'AWS::Region' }, DeletionProtectionEnabled: true }],
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      },
      Metadata: { 'aws:cdk:path': 'small/table/Resource' },
    },
    Role: { Type: 'AWS::IAM::Role', Properties: {} },
    Metadata: { Type: 'AWS::CDK::Metadata', Properties: {} },
    ...app.extra,
  };
  for (const [name, properties] of Object.entries(app.queues ?? {})) addQueue(resources, name, properties);
  const files: JsonObject = {};
  for (const [name, source] of Object.entries(app.functions)) {
    bundle(dir, name, source);
    files[name] = { source: { path: `asset.${name}`, packaging: 'zip' }, destinations: { here: { objectKey: `${name}.zip` } } };
    resources[idOf('Function', name)] = functionResource(app, name);
  }
  for (const [i, { queue, function: consumer, ...properties }] of (app.mappings ?? []).entries()) {
    resources[`Mapping${i}`] = {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: { 'Fn::GetAtt': [idOf('Queue', queue), 'Arn'] },
        FunctionName: { Ref: idOf('Function', consumer) },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ...properties,
      },
    };
  }
  addRoutes(resources, app.routes ?? {});
  for (const [name, { expression, queue, timeZone = 'UTC', input = '{"at":"<aws.scheduler.scheduled-time>"}' }] of Object.entries(
    app.schedules ?? {},
  )) {
    resources[idOf('Schedule', name)] = {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: name,
        FlexibleTimeWindow: { Mode: 'OFF' },
        ScheduleExpression: expression,
        ScheduleExpressionTimezone: timeZone,
        State: 'ENABLED',
        Target: {
          Arn: { 'Fn::GetAtt': [idOf('Queue', queue), 'Arn'] },
          Input: input,
          RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
        },
      },
    };
  }
  write(dir, 'small.template.json', { Resources: resources });
  write(dir, 'small.assets.json', { version: '1', files });
  write(dir, 'manifest.json', {
    artifacts: { small: { type: 'aws:cloudformation:stack', properties: { templateFile: 'small.template.json' } } },
  });
  return dir;
}

/** Starts it, on a clock that stands still unless another is given, and stops it with the test. */
export async function startSmallApp(app: SmallApp, options: Partial<CloudOptions> = {}): Promise<Cloud> {
  const cloud = await startCloud({
    assembly: synthesizeSmallApp(app),
    clock: frozenClock('2025-10-20T12:00:00Z'),
    limits: { redeliveryMs: 20, quietWithinMs: 10_000 },
    ...options,
  });
  onTestFinished(() => cloud.stop());
  return cloud;
}

export function idOf(kind: string, name: string): string {
  return `${kind}${name.replace(/[^A-Za-z0-9]/g, '')}`;
}

function functionResource(app: SmallApp, name: string): JsonObject {
  const queues = Object.keys(app.queues ?? {}).map((queue) => [
    `${idOf('', queue).toUpperCase()}_URL`,
    { Ref: idOf('Queue', queue) },
  ]);
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { S3Bucket: { 'Fn::Sub': `cdk-assets-\${AWS::AccountId}-\${AWS::Region}` }, S3Key: `${name}.zip` },
      Handler: 'index.handler',
      MemorySize: 128,
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Runtime: 'nodejs24.x',
      Timeout: 5,
      Environment: { Variables: { TABLE_NAME: { Ref: 'Table' }, ...Object.fromEntries(queues) } },
      ...app.functionProperties?.[name],
    },
    Metadata: { 'aws:cdk:path': `small/${name}/Resource` },
  };
}

function addQueue(resources: Record<string, JsonObject>, name: string, properties: JsonObject): void {
  const fifo = name.endsWith('.fifo') ? { FifoQueue: true } : {};
  const deadLetters = name.replace(/(\.fifo)?$/, '-dlq$1');
  resources[idOf('Queue', deadLetters)] = { Type: 'AWS::SQS::Queue', Properties: { QueueName: deadLetters, ...fifo } };
  resources[idOf('Queue', name)] = {
    Type: 'AWS::SQS::Queue',
    Properties: {
      QueueName: name,
      ...fifo,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [idOf('Queue', deadLetters), 'Arn'] }, maxReceiveCount: 3 },
      ...properties,
    },
  };
}

function addRoutes(resources: Record<string, JsonObject>, routes: Readonly<Record<string, string>>): void {
  if (Object.keys(routes).length === 0) return;
  resources.Pool = { Type: 'AWS::Cognito::UserPool', Properties: {} };
  resources.Client = { Type: 'AWS::Cognito::UserPoolClient', Properties: { UserPoolId: { Ref: 'Pool' } } };
  resources.Api = { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'small', ProtocolType: 'HTTP' } };
  resources.Stage = {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
  };
  resources.Authorizer = {
    Type: 'AWS::ApiGatewayV2::Authorizer',
    Properties: {
      ApiId: { Ref: 'Api' },
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: {
        Audience: [{ Ref: 'Client' }],
        Issuer: { 'Fn::Join': ['', ['https://cognito-idp.', { Ref: 'AWS::Region' }, '.amazonaws.com/', { Ref: 'Pool' }]] },
      },
    },
  };
  for (const [i, [key, fn]] of Object.entries(routes).entries()) {
    const open = key.startsWith('GET /open');
    const scoped = key.startsWith('GET /scoped') ? { AuthorizationScopes: ['orders/read'] } : {};
    resources[`Integration${i}`] = {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { 'Fn::GetAtt': [idOf('Function', fn), 'Arn'] },
        PayloadFormatVersion: '2.0',
      },
    };
    resources[`Route${i}`] = {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: key,
        Target: { 'Fn::Join': ['', ['integrations/', { Ref: `Integration${i}` }]] },
        ...(open ? { AuthorizationType: 'NONE' } : { AuthorizationType: 'JWT', AuthorizerId: { Ref: 'Authorizer' }, ...scoped }),
      },
    };
  }
}

const bundles = new Map<string, string>();

function bundle(dir: string, name: string, source: string): void {
  const bundled = bundles.get(source) ?? bundleOf(source);
  bundles.set(source, bundled);
  mkdirSync(join(dir, `asset.${name}`), { recursive: true });
  writeFileSync(join(dir, `asset.${name}`, 'index.mjs'), bundled);
}

function bundleOf(source: string): string {
  const { outputFiles } = buildSync({
    stdin: { contents: source, loader: 'ts', resolveDir: import.meta.dirname },
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return outputFiles[0]!.text;
}

function write(dir: string, file: string, content: object): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, file), JSON.stringify(content));
}
