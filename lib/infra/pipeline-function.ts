/**
 * A function of the pipeline, with a role and a log group of its own, published as a version behind the alias `live`: routes and
 * queues call the alias, so a new version takes over where and when `releases.ts` lets it, and nothing calls what is merely
 * uploaded. Each method that connects it to something gives the permission and the environment variable in the same call, so
 * that neither can be forgotten, and names the actions one by one: the library's own grants (`grantReadData`,
 * `grantConsumeMessages`) give more than is used.
 */

import { join } from 'node:path';
import { ArnFormat, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import type { ITableV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV, type FunctionName, METRICS, QUEUES } from '../store/names.ts';
import type { ProductSchedule } from './deployment.ts';
import { isWrite, PIPELINE, type TableRight } from './pipeline.ts';
import type { WorkQueue } from './work-queue.ts';

/** The alias that everything calls. */
export const LIVE = 'live';

/** How long the functions' and the gateway's logs are kept. */
export const LOG_RETENTION = logs.RetentionDays.THREE_MONTHS;

const BATCH_SIZE = 10;
/** Partition keys of a request, in a condition of IAM. */
const PARTITIONS = 'dynamodb:LeadingKeys';
/** The least a mapping can have. Enough: what reads these queues is started by the clock or by the log, not by traffic. */
const STANDARD_QUEUE_CONCURRENCY = 2;

/** The claims of a token that name the caller's account and groups. */
export interface CallerClaims {
  readonly account: string;
  readonly groups: string;
  /** The group of each role on the operator's side (docs/decisions/0025). */
  readonly viewerGroup: string;
  readonly operatorGroup: string;
  readonly approverGroup: string;
  /** What the claim `token_use` must say; unless given, a token may also be without it. */
  readonly tokenUse?: 'id';
}

/** One function of the pipeline. Its rights are only those that the methods below have given it. */
export class PipelineFunction extends Construct {
  readonly fn: lambda.Function;
  /** What is called. */
  readonly live: lambda.Alias;
  readonly role: iam.Role;
  readonly functionName: FunctionName;

  /** @param bundles directory with a folder for each function, holding its `index.mjs` */
  constructor(scope: Construct, name: FunctionName, bundles: string) {
    super(scope, name);
    const { does, memory_mb, timeout_s, concurrencyMax } = PIPELINE[name];
    const readsQueue = Object.values(QUEUES).some(({ consumer }) => consumer === name);
    this.functionName = name;
    const logGroup = new logs.LogGroup(this, 'log', {
      logGroupName: `/${Stack.of(this).stackName}/${name}`,
      retention: LOG_RETENTION,
      // Unlike plain retain, a first deployment that fails does not leave a name behind that blocks the second.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.role = new iam.Role(this, 'role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    // A log group's ARN ends in `:*`, which stands for the streams inside it; their names are made by the service at run
    // time, so the group is the narrowest thing that can be named here.
    this.role.addToPolicy(allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn));
    this.fn = new lambda.Function(this, 'function', {
      functionName: name,
      description: does,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: lambda.Code.fromAsset(join(bundles, name)),
      handler: 'index.handler',
      memorySize: memory_mb,
      timeout: Duration.seconds(timeout_s),
      role: this.role,
      logGroup,
      ...(concurrencyMax === undefined ? {} : { reservedConcurrentExecutions: concurrencyMax }),
      tracing: lambda.Tracing.DISABLED,
      // The day run goes round through the queues, and a long catch-up notifies itself: with the default, Lambda would take
      // the sixteenth round for a loop by mistake and send the message to the dead letters.
      ...(readsQueue ? { recursiveLoop: lambda.RecursiveLoop.ALLOW } : {}),
      environment: { POWERTOOLS_SERVICE_NAME: METRICS.service, POWERTOOLS_METRICS_NAMESPACE: METRICS.namespace },
      // Old versions stay, so that the alias can be moved back at any time.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    });
    this.live = new lambda.Alias(this, LIVE, { aliasName: LIVE, version: this.fn.currentVersion as lambda.IVersion });
  }

  /** The alias, as other constructs take it: the library's classes miss its interfaces by their exact optional types. */
  get callee(): lambda.IFunction {
    return this.live as lambda.IFunction;
  }

  /** Exactly these rights on the table, its name and the number of shards its keys are made with. */
  keepsStateIn(table: TableV2 | ITableV2, rights: readonly TableRight[], shards: number): void {
    const { writesTo } = PIPELINE[this.functionName];
    const actions = (of: readonly TableRight[]): string[] => of.map((right) => `dynamodb:${right}`);
    const anywhere = writesTo === undefined ? rights : rights.filter((right) => !isWrite(right));
    if (anywhere.length > 0) this.role.addToPolicy(allow(actions(anywhere), table.tableArn));
    for (const { rights: bounded, partitions } of writesTo ?? []) {
      const write = allow(actions(bounded), table.tableArn);
      // All the partitions of a request must match, and a request that names none is refused.
      write.addCondition('ForAllValues:StringLike', { [PARTITIONS]: partitions });
      write.addCondition('Null', { [PARTITIONS]: 'false' });
      this.role.addToPolicy(write);
    }
    this.fn.addEnvironment(ENV.table, table.tableName);
    this.fn.addEnvironment(ENV.shards, String(shards));
  }

  /** The right to send to a queue (which covers batches) and its address. */
  sendsTo(to: WorkQueue): void {
    this.role.addToPolicy(allow(['sqs:SendMessage'], to.queue.queueArn));
    this.fn.addEnvironment(QUEUES[to.queueName].url, to.queue.queueUrl);
  }

  /** The mapping that brings a queue's messages, and the three rights that Lambda's poller uses in the function's name. */
  consumes(from: WorkQueue): void {
    this.role.addToPolicy(allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], from.queue.queueArn));
    const mapping = new lambda.EventSourceMapping(this, `from-${from.queueName}`, {
      target: this.callee,
      eventSourceArn: from.queue.queueArn,
      batchSize: BATCH_SIZE,
      reportBatchItemFailures: true,
      // A FIFO queue is never worked on by more functions than it has groups.
      ...(from.isFifo ? {} : { maxConcurrency: STANDARD_QUEUE_CONCURRENCY }),
    });
    mapping.node.addDependency(this.role);
    this.fn.addEnvironment(ENV.receivesMax, String(from.receivesMax));
  }

  /** Gives the times of each product's intraday auctions: a missed one can be found, and no day run is put before one. */
  knowsAuctionTimes(products: readonly ProductSchedule[]): void {
    const times = Object.fromEntries(products.map(({ code, auctions }) => [code, auctions]));
    this.fn.addEnvironment(ENV.auctionTimes, JSON.stringify(times));
  }

  /** Gives the names of the claims from which a verified token's account and groups are read. */
  knowsCallersBy(claims: CallerClaims): void {
    this.fn.addEnvironment(ENV.accountClaim, claims.account);
    this.fn.addEnvironment(ENV.groupsClaim, claims.groups);
    for (const group of ['viewerGroup', 'operatorGroup', 'approverGroup'] as const)
      this.fn.addEnvironment(ENV[group], claims[group]);
    if (claims.tokenUse !== undefined) this.fn.addEnvironment(ENV.tokenUse, claims.tokenUse);
  }

  /** Verifies tokens itself: gives their issuer and the audience that they must name. */
  verifiesTokensOf({ issuer, audience }: { readonly issuer: string; readonly audience: readonly string[] }): void {
    this.fn.addEnvironment(ENV.issuer, issuer);
    this.fn.addEnvironment(ENV.audience, Fn.join(',', [...audience]));
  }

  /** What it may do with the connections of a stage, whose ids are made as they come; and the address of the stage. */
  managesConnections({ api, stageName }: WebSocketStage, url: string): void {
    for (const method of PIPELINE[this.functionName].manages ?? []) {
      const resourceName = `${stageName}/${method}/@connections/*`;
      const arn = Stack.of(this).formatArn({ service: 'execute-api', resource: api.apiId, resourceName });
      this.role.addToPolicy(allow(['execute-api:ManageConnections'], arn));
    }
    this.fn.addEnvironment(ENV.listenersUrl, url);
  }

  /** Bounds the requests of one caller. */
  takesOfCaller(requestsPerMinute: number): void {
    this.fn.addEnvironment(ENV.requestsPerMinute, String(requestsPerMinute));
  }

  /**
   * The right to see how full these queues are and in what state these alarms. An alarm watches functions, so they can only be named here: the
   * one must not wait for the other to be made.
   */
  watches(queues: readonly sqs.IQueue[], alarms: readonly string[]): void {
    const arn = (name: string): string =>
      Stack.of(this).formatArn({
        service: 'cloudwatch',
        resource: 'alarm',
        resourceName: name,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
    // A policy of its own: the library would split the role's, by an estimate of how long names become, into ones that others can attach.
    const policy = new iam.Policy(this, 'watching', {
      statements: [
        allow(['sqs:GetQueueAttributes'], ...queues.map(({ queueArn }) => queueArn)),
        allow(['cloudwatch:DescribeAlarms'], ...alarms.map(arn)),
      ],
    });
    policy.attachToRole(this.role);
    this.fn.addEnvironment(ENV.alarms, alarms.join(','));
  }

  /** Bounds the cash that one operator moves without a second. */
  letsMoveAlone(cents: number): void {
    this.fn.addEnvironment(ENV.cashAloneCents, String(cents));
  }
}

/** A statement that names its actions and its resources. */
export function allow(actions: string[], ...resources: string[]): iam.PolicyStatement {
  return new iam.PolicyStatement({ actions, resources });
}
