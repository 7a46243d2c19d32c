/**
 * How a new version of a function goes live. The alias `live`, behind which everything calls it, sends a tenth of the
 * invocations to the new version for half an hour and then all of them; when an alarm that concerns the function goes into
 * ALARM before the end, the old version takes over again and the stack's update is undone.
 */

import { ArnFormat, Aws, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { type FunctionName, QUEUES, type QueueName } from '../store/names.ts';
import { isWrite, PIPELINE } from './pipeline.ts';
import { LIVE, type PipelineFunction } from './pipeline-function.ts';

/**
 * Long enough for two sweeps, which measure what is late, and for a message of `orders.fifo` to fail five times and reach
 * the dead letters.
 */
const SHIFT = LambdaDeploymentConfig.CANARY_10PERCENT_30MINUTES;

/** The service's limit for a deployment group. */
const ALARMS_MAX = 10;

/** While one of these is in ALARM, no function's new version goes live. */
const EXCHANGE_ALARMS = ['auction-late', 'posting-behind', 'day-run-late'] as const;
/** Besides, for a function that writes to the table; no other can cause it. */
const BALANCE_ALARM = 'venue-out-of-balance';

export interface ReleasesProps {
  readonly functions: readonly PipelineFunction[];
  readonly alarms: readonly cloudwatch.Alarm[];
  /** Shift although an alarm is in ALARM: for the release that repairs its cause. */
  readonly throughAlarms: boolean;
}

/** A deployment group for every function, and the one role that they work with. */
export class Releases extends Construct {
  constructor(scope: Construct, id: string, { functions, alarms, throughAlarms }: ReleasesProps) {
    super(scope, id);
    const { stackName } = Stack.of(this);
    const application = new LambdaApplication(this, 'application', { applicationName: stackName });
    const watched = new Map(functions.map((each) => [each, alarmsOf(each.functionName, alarms)]));
    const role = this.role(functions, new Set([...watched.values()].flat()));
    for (const [{ live, functionName }, concerned] of watched) {
      new LambdaDeploymentGroup(this, functionName, {
        application,
        deploymentGroupName: functionName,
        alias: live,
        deploymentConfig: SHIFT,
        alarms: concerned,
        ignoreAlarmConfiguration: throughAlarms,
        autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: !throughAlarms },
        // Without this the library would add a managed policy that may invoke functions and read buckets of any account.
        role: role.withoutPolicyUpdates(),
      });
      // Rights must be there before traffic moves, also in the very release that changes them.
      live.node.addDependency(role);
    }
  }

  /**
   * May move the aliases and look at the alarms, by name: an ARN taken from the resource would make rights wait for the
   * alias, which has to wait for them.
   */
  private role(functions: readonly PipelineFunction[], watched: ReadonlySet<cloudwatch.Alarm>): iam.Role {
    const role = new iam.Role(this, 'role', {
      description: 'Lets releases move the aliases of the functions, and watch the alarms meanwhile.',
      assumedBy: new iam.ServicePrincipal('codedeploy.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    });
    const arn = (service: string, resource: string, resourceName: string): string =>
      Stack.of(this).formatArn({ service, resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
    role.addToPolicy(
      new iam.PolicyStatement({
        // As in AWSCodeDeployRoleForLambdaLimited: a deployment asks whether the alias has provisioned concurrency.
        actions: ['lambda:GetAlias', 'lambda:UpdateAlias', 'lambda:GetProvisionedConcurrencyConfig'],
        resources: functions.map(({ functionName }) => arn('lambda', 'function', `${functionName}:${LIVE}`)),
      }),
    );
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['cloudwatch:DescribeAlarms'],
        resources: [...watched].map(({ node }) => arn('cloudwatch', 'alarm', node.id)),
      }),
    );
    return role;
  }
}

/**
 * The function's own errors, the dead letters of what it reads and of what it writes (a message that its consumer can't read
 * is its sender's fault), the API's failures if it serves one, and the venue's alarms. Errors are counted over all versions, so
 * the new one's are among them. Throttles come from the account's limit, not from code.
 */
function alarmsOf(functionName: FunctionName, alarms: readonly cloudwatch.Alarm[]): cloudwatch.Alarm[] {
  const reads = (Object.keys(QUEUES) as QueueName[]).filter((queue) => QUEUES[queue].consumer === functionName);
  // A function may send to the queue that it reads; CodeDeploy refuses a group that names an alarm twice.
  const queues = new Set([...reads, ...PIPELINE[functionName].sendsTo]);
  const names = [
    `errors-${functionName}`,
    ...Array.from(queues, (queue) => `dead-letters-${queue}`),
    ...(PIPELINE[functionName].servesApi ? ['api-failures'] : []),
    ...(PIPELINE[functionName].table.some(isWrite) ? [BALANCE_ALARM] : []),
    ...EXCHANGE_ALARMS,
  ];
  if (names.length > ALARMS_MAX) throw new Error(`${functionName} is watched by ${names.length} alarms of at most ${ALARMS_MAX}`);
  return names.map((name) => {
    const alarm = alarms.find(({ node }) => node.id === name);
    if (alarm === undefined) throw new Error(`there is no alarm ${name} to watch a release of ${functionName} by`);
    return alarm;
  });
}
