/**
 * The exchange as one stack: a table, queues, a function each, an API in front, a clock, and alarms on all of it. Every
 * name that people use (queues, functions, schedules, alarms) is the plain word of the pipeline, so a venue has an account
 * and region to itself; a second one there is refused by CloudFormation, by name.
 */

import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { FUNCTIONS, type FunctionName, QUEUES, type QueueName, TABLE } from '../store/names.ts';
import { AlarmTopic } from './alarm-topic.ts';
import { Alarms } from './alarms.ts';
import { ExchangeApi } from './api.ts';
import { dashboard } from './dashboard.ts';
import { checkedDeployment, type Deployment } from './deployment.ts';
import { type Issuer, UserPool } from './identity.ts';
import { ListenerApi } from './listener-api.ts';
import { PIPELINE } from './pipeline.ts';
import { PipelineFunction } from './pipeline-function.ts';
import { Releases } from './releases.ts';
import { Schedules } from './schedules.ts';
import { WorkQueue } from './work-queue.ts';

/** A list that an operator's tool reads through may be long. */
const OPERATOR_TIMES = 5;

export interface ExchangeStackProps extends StackProps {
  readonly deployment: Deployment;
  /** Directory with a folder for each function, holding its `index.mjs`. */
  readonly bundles: string;
  /** Without one, the stack makes a user pool of its own. */
  readonly issuer?: Issuer | undefined;
  readonly alarmEmail?: string | undefined;
  /** A table that was restored, in place of the stack's own; see docs/recovery.md. */
  readonly table?: string | undefined;
  /** Where the runbook is published; alarms link to its headings. */
  readonly runbook: string;
  /** Releases go live although an alarm is in ALARM. */
  readonly throughAlarms?: boolean | undefined;
}

export class ExchangeStack extends Stack {
  constructor(scope: Construct, id: string, props: ExchangeStackProps) {
    super(scope, id, props);
    const deployment = checkedDeployment(props.deployment);
    const table = props.table === undefined ? this.table() : dynamodb.TableV2.fromTableName(this, 'restored-table', props.table);
    const queues = forEach(Object.keys(QUEUES) as QueueName[], (name) => new WorkQueue(this, name, deployment.receivesMax));
    const functions = forEach(FUNCTIONS, (name) => this.pipelineFunction(name, props.bundles, table, queues, deployment));
    for (const name of Object.keys(QUEUES) as QueueName[]) functions[QUEUES[name].consumer].consumes(queues[name]);

    for (const name of ['sweep-venue', 'operator-api', 'market-api', 'settle-day'] as const)
      functions[name].knowsAuctionTimes(deployment.products);

    const issuer = props.issuer ?? this.userPool();
    const api = new ExchangeApi(this, 'api', {
      issuer,
      participantApi: functions['participant-api'],
      statementApi: functions['statement-api'],
      marketApi: functions['market-api'],
      operatorApi: functions['operator-api'],
    });
    const listeners = new ListenerApi(this, 'listeners', { issuer, functions });
    for (const name of ['participant-api', 'statement-api', 'market-api'] as const)
      functions[name].takesOfCaller(deployment.requestsPerMinute);
    functions['operator-api'].takesOfCaller(deployment.requestsPerMinute * OPERATOR_TIMES);
    functions['operator-api'].letsMoveAlone(deployment.cashAloneCents);
    const schedules = new Schedules(this, 'schedules', deployment, queues);
    const alarms = new Alarms(this, 'alarms', {
      deployment,
      topic: new AlarmTopic(this, 'alarm-topic', props.alarmEmail).topic,
      runbook: props.runbook,
      functions: Object.values(functions),
      deadLetters: {
        ...Object.fromEntries(Object.values(queues).map((each) => [each.queueName, each.deadLetters])),
        schedules: schedules.deadLetters,
      },
      api,
    });
    functions['operator-api'].watches(
      [...Object.values(queues).flatMap(({ queue, deadLetters }) => [queue, deadLetters]), schedules.deadLetters],
      alarms.all.map(({ node }) => node.id),
    );
    new Releases(this, 'releases', {
      functions: Object.values(functions),
      alarms: alarms.all,
      throughAlarms: props.throughAlarms ?? false,
    });
    const board = dashboard(this, 'dashboard', {
      alarms: alarms.all,
      api,
      functions: Object.values(functions),
      queues: Object.values(queues),
      table,
    });
    this.output('ApiUrl', api.api.apiEndpoint);
    this.output('ListenersUrl', listeners.url);
    this.output('TableName', table.tableName);
    this.output('DashboardName', board.dashboardName);
  }

  private table(): dynamodb.TableV2 {
    return new dynamodb.TableV2(this, 'table', {
      partitionKey: { name: TABLE.partitionKey, type: dynamodb.AttributeType.STRING },
      sortKey: { name: TABLE.sortKey, type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: TABLE.expiresAt,
      billing: dynamodb.Billing.onDemand(),
      encryption: dynamodb.TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  private pipelineFunction(
    name: FunctionName,
    bundles: string,
    table: dynamodb.TableV2 | dynamodb.ITableV2,
    queues: Readonly<Record<QueueName, WorkQueue>>,
    deployment: Deployment,
  ): PipelineFunction {
    const step = new PipelineFunction(this, name, bundles);
    step.keepsStateIn(table, PIPELINE[name].table, deployment.shards);
    for (const queue of PIPELINE[name].sendsTo) step.sendsTo(queues[queue]);
    return step;
  }

  private userPool(): Issuer {
    const users = new UserPool(this, 'users');
    this.output('UserPoolId', users.pool.userPoolId);
    this.output('UserPoolClientId', users.client.userPoolClientId);
    return users.issuer;
  }

  private output(name: string, value: string): void {
    new CfnOutput(this, name, { value });
  }
}

function forEach<Name extends string, Made>(names: readonly Name[], make: (name: Name) => Made): Record<Name, Made> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Made>;
}
