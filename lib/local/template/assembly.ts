/**
 * Reads a synthesized cloud assembly: the template, its asset manifest, and a name for every resource. A resource type that
 * this cloud neither runs nor knows to have no local meaning is an error here, before anything starts: a template whose
 * half is silently ignored would look as if it worked.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve as resolvePath } from 'node:path';
import { LocalCloudError } from '../host/error.ts';
import { conditionHolds, type Json, type JsonObject, type Reference, type TemplateScope } from './intrinsics.ts';

export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  /** The name given in the template, else the construct's own id, else the logical id; unique per type. */
  readonly name: string;
  readonly properties: JsonObject;
}

export interface Assembly {
  readonly stack: string;
  readonly resources: readonly Resource[];
  readonly template: JsonObject;
  /** Where the files of a Lambda asset are, by its key in the assets bucket. */
  readonly assetPath: (s3Key: string) => string | undefined;
}

/** Types that run here, each with the property that names it. */
const RUN: Readonly<Record<string, string | undefined>> = {
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Lambda::Version': undefined,
  'AWS::Lambda::Alias': undefined,
  'AWS::Lambda::EventSourceMapping': undefined,
  'AWS::ApiGatewayV2::Api': undefined,
  'AWS::ApiGatewayV2::Route': undefined,
  'AWS::ApiGatewayV2::RouteResponse': undefined,
  'AWS::ApiGatewayV2::Integration': undefined,
  'AWS::ApiGatewayV2::Authorizer': undefined,
  'AWS::ApiGatewayV2::Stage': undefined,
  'AWS::Scheduler::Schedule': 'Name',
  'AWS::CloudWatch::Alarm': 'AlarmName',
};

/**
 * Types without a local meaning: permissions, logs, notifications, keys, the shifting of traffic, which here is up to the
 * caller of the cloud, and Cognito, whose tokens the local issuer mints.
 */
const NO_LOCAL_MEANING = new Set([
  'AWS::IAM::Role',
  'AWS::IAM::Policy',
  'AWS::IAM::ManagedPolicy',
  'AWS::Lambda::Permission',
  'AWS::SQS::QueuePolicy',
  'AWS::Logs::LogGroup',
  'AWS::Logs::ResourcePolicy',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SNS::Subscription',
  'AWS::KMS::Key',
  'AWS::KMS::Alias',
  'AWS::CloudWatch::Dashboard',
  'AWS::CodeDeploy::Application',
  'AWS::CodeDeploy::DeploymentGroup',
  'AWS::Scheduler::ScheduleGroup',
  'AWS::Budgets::Budget',
  'AWS::CDK::Metadata',
]);

/** Reads `dir` (usually `cdk.out`); `stack` chooses among several. */
export function readAssembly(dir: string, stack?: string): Assembly {
  const chosen = chooseStack(dir, stack);
  const template = readJson(join(dir, `${chosen}.template.json`));
  const scope = conditionScope(template);
  const names = new Set<string>();
  const resources: Resource[] = [];
  for (const [logicalId, raw] of Object.entries((template.Resources ?? {}) as Record<string, JsonObject>)) {
    const type = String(raw.Type);
    if (typeof raw.Condition === 'string' && !conditionHolds(raw.Condition, scope)) continue;
    if (!(type in RUN) && !NO_LOCAL_MEANING.has(type) && !type.startsWith('AWS::Cognito::')) {
      throw new LocalCloudError(
        `The local cloud does not know how to run ${logicalId} (${type})`,
        'Teach lib/local that type, or list it in lib/local/template/assembly.ts as one without a local meaning.',
      );
    }
    const properties = (raw.Properties ?? {}) as JsonObject;
    resources.push({ logicalId, type, name: nameOf(logicalId, type, raw, properties, names), properties });
  }
  return { stack: chosen, resources, template, assetPath: assetPaths(dir, chosen) };
}

/** What `Ref` and `Fn::GetAtt` give before anything runs: all but addresses, which the caller adds. */
export function templateScope(
  assembly: Assembly,
  parameters: Readonly<Record<string, string>>,
  pseudo: Readonly<Record<string, string>>,
  reference: (resource: Resource) => Reference,
): TemplateScope {
  const byId = new Map(assembly.resources.map((resource) => [resource.logicalId, resource]));
  return {
    ...conditionScope(assembly.template, parameters),
    pseudo,
    reference: (logicalId) => {
      const resource = byId.get(logicalId);
      return resource && reference(resource);
    },
  };
}

function conditionScope(template: JsonObject, given: Readonly<Record<string, string>> = {}): TemplateScope {
  const parameters: Record<string, Json> = {};
  for (const [name, declared] of Object.entries((template.Parameters ?? {}) as Record<string, JsonObject>)) {
    const value = given[name] ?? declared.Default;
    if (value !== undefined) parameters[name] = value;
  }
  return {
    parameters,
    conditions: (template.Conditions ?? {}) as JsonObject,
    mappings: (template.Mappings ?? {}) as JsonObject,
    pseudo: LOCAL_PSEUDO,
    reference: () => undefined,
  };
}

/** fauxqs keeps every queue in this account. */
export const LOCAL_ACCOUNT = '000000000000';
export const LOCAL_REGION = 'us-east-1';
export const LOCAL_PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Region': LOCAL_REGION,
  'AWS::AccountId': LOCAL_ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

function chooseStack(dir: string, wanted: string | undefined): string {
  const manifest = join(dir, 'manifest.json');
  if (!existsSync(manifest)) {
    throw new LocalCloudError(`There is no synthesized app in ${dir}`, 'Run `npx cdk synth` first.');
  }
  const artifacts = Object.entries((readJson(manifest).artifacts ?? {}) as Record<string, JsonObject>);
  const stacks = artifacts.filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack').map(([name]) => name);
  if (wanted !== undefined && stacks.includes(wanted)) return wanted;
  if (wanted === undefined && stacks.length === 1) return stacks[0]!;
  throw new LocalCloudError(
    `${dir} has ${wanted === undefined ? `${stacks.length} stacks` : `no stack ${wanted}`}`,
    `Name one of: ${stacks.join(', ') || '(none)'}.`,
  );
}

function nameOf(logicalId: string, type: string, raw: JsonObject, properties: JsonObject, taken: Set<string>): string {
  const property = RUN[type];
  const given = property === undefined ? undefined : properties[property];
  const path = (raw.Metadata as JsonObject | undefined)?.['aws:cdk:path'];
  const fifo = type === 'AWS::SQS::Queue' && properties.FifoQueue === true ? '.fifo' : '';
  const construct = typeof path === 'string' ? path.split('/').at(-1 - Number(/\/(Resource|Default)$/.test(path))) : undefined;
  const fitting = construct !== undefined && /^[A-Za-z0-9_-]+$/.test(construct) ? `${construct}${fifo}` : undefined;
  for (const name of [typeof given === 'string' ? given : undefined, fitting, `${logicalId}${fifo}`]) {
    if (name === undefined || taken.has(`${type} ${name}`)) continue;
    taken.add(`${type} ${name}`);
    return name;
  }
  return logicalId;
}

function assetPaths(dir: string, stack: string): (s3Key: string) => string | undefined {
  const manifest = join(dir, `${stack}.assets.json`);
  if (!existsSync(manifest)) return () => undefined;
  const paths = new Map<string, string>();
  for (const file of Object.values((readJson(manifest).files ?? {}) as Record<string, JsonObject>)) {
    const path = (file.source as JsonObject | undefined)?.path;
    for (const destination of Object.values((file.destinations ?? {}) as Record<string, JsonObject>)) {
      if (typeof path === 'string') paths.set(String(destination.objectKey), resolvePath(dir, path));
    }
  }
  return (s3Key) => paths.get(s3Key);
}

function readJson(file: string): JsonObject {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JsonObject;
  } catch (cause) {
    throw new LocalCloudError(`${file} can't be read`, 'Run `npx cdk synth` again.', { cause });
  }
}
