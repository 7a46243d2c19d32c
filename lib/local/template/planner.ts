/**
 * Reads what is to be run out of the template's resources: tables, queues, functions, what feeds them, routes, schedules,
 * alarms. Every property that matters here is resolved and read once, in this file.
 */
import { LocalCloudError } from '../host/error.ts';
import { issuersIn, planRoutes, planWebSockets } from './api-planner.ts';
import { type Assembly, templateScope } from './assembly.ts';
import { type JsonObject, resolve } from './intrinsics.ts';
import type { FunctionPlan, MappingPlan, Plan, QueuePlan, SchedulePlan, TablePlan } from './plan.ts';
import { type Addresses, functionArn, pseudoParameters, queueArn, referenceTo } from './references.ts';
import { found, functionNamed, type Read } from './targets.ts';

export function planOf(assembly: Assembly, addresses: Addresses, parameters: Readonly<Record<string, string>> = {}): Plan {
  const scope = templateScope(assembly, parameters, pseudoParameters(assembly), (resource) =>
    referenceTo(resource, addresses, assembly),
  );
  const of = (...types: string[]) =>
    assembly.resources
      .filter(({ type }) => types.includes(type))
      .map((resource) => ({ ...resource, p: resolve(resource.properties, scope, resource.logicalId) as JsonObject }));

  const deadLetterArns = new Set<unknown>();
  for (const { p } of of('AWS::SQS::Queue')) deadLetterArns.add((p.RedrivePolicy as JsonObject | undefined)?.deadLetterTargetArn);
  for (const { p } of of('AWS::Scheduler::Schedule')) {
    deadLetterArns.add(((p.Target as JsonObject).DeadLetterConfig as JsonObject | undefined)?.Arn);
  }
  const queues = of('AWS::SQS::Queue').map((r) => planQueue(r, deadLetterArns));
  const aliases = new Map(of('AWS::Lambda::Alias').map(({ p }) => [String(p.FunctionName), String(p.Name)]));
  const issuers = issuersIn(of);
  const here = (value: string): string => (issuers.has(value) ? (addresses.issuer ?? value) : value);
  const functions = of('AWS::Lambda::Function').map((r) => planFunction(r, assembly, aliases.get(r.name), here));
  const queueName = (arn: unknown, where: string) =>
    found(queues.find((queue) => queue.arn === arn)?.name, where, 'a queue of this stack', arn);
  return {
    tables: of('AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::Table').map((r) =>
      planTable({ ...r, name: addresses.tableName?.(r.name) ?? r.name }),
    ),
    queues,
    functions,
    mappings: of('AWS::Lambda::EventSourceMapping')
      .filter(({ p }) => p.Enabled !== false)
      .map((r) => planMapping(r, functions, queueName)),
    routes: planRoutes(of, functions),
    webSockets: planWebSockets(of, functions),
    schedules: of('AWS::Scheduler::Schedule')
      .filter(({ p }) => p.State !== 'DISABLED')
      .map((r) => planSchedule(r, queueName)),
    alarms: of('AWS::CloudWatch::Alarm').map(({ name, p }) => ({ name, properties: p })),
  };
}

function planTable({ name, p }: Read): TablePlan {
  const indexes = ((p.GlobalSecondaryIndexes ?? []) as JsonObject[]).map((index) =>
    pick(index, ['IndexName', 'KeySchema', 'Projection']),
  );
  const ttl = p.TimeToLiveSpecification as JsonObject | undefined;
  return {
    name,
    definition: {
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      ...pick(p, ['AttributeDefinitions', 'KeySchema', 'LocalSecondaryIndexes']),
      ...(indexes.length > 0 ? { GlobalSecondaryIndexes: indexes } : {}),
    },
    expiresAtAttribute: ttl?.Enabled === true ? String(ttl.AttributeName) : undefined,
  };
}

const QUEUE_ATTRIBUTES = [
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'DelaySeconds',
  'FifoQueue',
  'FifoThroughputLimit',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'VisibilityTimeout',
];

function planQueue({ name, p }: Read, deadLetterArns: ReadonlySet<unknown>): QueuePlan {
  const attributes: Record<string, string> = {};
  for (const [key, value] of Object.entries(pick(p, QUEUE_ATTRIBUTES))) {
    attributes[key] = typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
  return { name, arn: queueArn(name), attributes, deadLetters: deadLetterArns.has(queueArn(name)) };
}

function planFunction(
  { logicalId, name, p }: Read,
  assembly: Assembly,
  alias: string | undefined,
  here: (value: string) => string,
): FunctionPlan {
  const runtime = String(p.Runtime ?? 'container image');
  const code = p.Code as JsonObject | undefined;
  const codeDir = typeof code?.S3Key === 'string' ? assembly.assetPath(code.S3Key) : undefined;
  if (!runtime.startsWith('nodejs') || codeDir === undefined) {
    throw new LocalCloudError(
      `Function ${logicalId} (${runtime}) can't run here`,
      'Only Node.js bundles from the assembly’s own assets can.',
    );
  }
  const variables = ((p.Environment as JsonObject | undefined)?.Variables ?? {}) as JsonObject;
  const reserved = p.ReservedConcurrentExecutions;
  return {
    name,
    arn: functionArn(name),
    codeDir,
    handler: String(p.Handler),
    memoryMb: Number(p.MemorySize ?? 128),
    timeoutMs: Number(p.Timeout ?? 3) * 1000,
    environment: Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, here(String(value))])),
    reservedConcurrency: reserved === undefined ? undefined : Number(reserved),
    ...(alias === undefined ? {} : { alias }),
  };
}

function planMapping({ logicalId, p }: Read, functions: readonly FunctionPlan[], queueName: QueueOf): MappingPlan {
  if (p.FilterCriteria !== undefined) {
    throw new LocalCloudError(
      `${logicalId} filters its messages`,
      'SQS deletes what a filter rejects; the local cloud does not run filters.',
    );
  }
  const scaling = p.ScalingConfig as JsonObject | undefined;
  return {
    queue: queueName(p.EventSourceArn, logicalId),
    function: functionNamed(functions, p.FunctionName, logicalId),
    batchSize: Number(p.BatchSize ?? 10),
    windowMs: Number(p.MaximumBatchingWindowInSeconds ?? 0) * 1000,
    maximumConcurrency: scaling?.MaximumConcurrency === undefined ? undefined : Number(scaling.MaximumConcurrency),
    partialFailures: ((p.FunctionResponseTypes ?? []) as unknown[]).includes('ReportBatchItemFailures'),
  };
}

function planSchedule({ logicalId, name, p }: Read, queueName: QueueOf): SchedulePlan {
  const target = p.Target as JsonObject;
  const window = (p.FlexibleTimeWindow as JsonObject | undefined)?.Mode;
  if (window !== 'OFF')
    throw new LocalCloudError(`Schedule ${logicalId} has a flexible time window`, 'Only schedules on time run here.');
  const deadLetters = (target.DeadLetterConfig as JsonObject | undefined)?.Arn;
  const group = (target.SqsParameters as JsonObject | undefined)?.MessageGroupId;
  const instant = (value: unknown) => (value === undefined ? undefined : Date.parse(String(value)));
  return {
    name,
    expression: String(p.ScheduleExpression),
    timeZone: String(p.ScheduleExpressionTimezone ?? 'UTC'),
    startMs: instant(p.StartDate),
    endMs: instant(p.EndDate),
    queue: queueName(target.Arn, logicalId),
    input: String(target.Input ?? '{}'),
    messageGroup: group === undefined ? undefined : String(group),
    deadLetters: deadLetters === undefined ? undefined : queueName(deadLetters, logicalId),
  };
}

type QueueOf = (arn: unknown, where: string) => string;

function pick(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key)));
}
