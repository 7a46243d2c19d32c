/**
 * The venue's clock: for each product its intraday auctions and its day run, and for the venue a sweep that looks for
 * what is late or stuck. A schedule only puts the instant it was due into a queue, so time is an argument from there on,
 * and a retried or late delivery still names the right auction.
 */

import { Aws, CfnResource, Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type QueueName, SCHEDULED_TIME, SCHEDULES_DEAD_LETTERS } from '../store/names.ts';
import type { Deployment, SweepTimes } from './deployment.ts';
import { allow } from './pipeline-function.ts';
import { deadLetterQueue, type WorkQueue } from './work-queue.ts';

/** Long enough for a short outage of SQS; after it, the message is a dead letter, whose alarm is in ALARM before the day is over. */
const RETRIED_FOR = Duration.hours(1);
const RETRIES_MAX = 185;

const WEEKDAYS = '? * MON-FRI *';

interface Entry {
  readonly name: string;
  readonly description: string;
  /** Minute and hour, as cron fields. */
  readonly at: string;
  readonly timeZone: string;
  readonly to: QueueName;
  readonly message: Readonly<Record<string, unknown>>;
}

/** The schedules of all products, the venue's sweep, and the dead letters of what they could not deliver. */
export class Schedules extends Construct {
  readonly deadLetters: sqs.Queue;

  constructor(scope: Construct, id: string, deployment: Deployment, queues: Readonly<Record<QueueName, WorkQueue>>) {
    super(scope, id);
    this.deadLetters = deadLetterQueue(this, 'dead-letters', SCHEDULES_DEAD_LETTERS);
    const entries = entriesOf(deployment);
    const role = new iam.Role(this, 'role', {
      description: 'Lets the schedules put their message into the queues they start.',
      // Only schedules of this account may use it.
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    });
    const targets = [...new Set(entries.map((entry) => entry.to))].map((name) => queues[name].queue);
    for (const queue of [...targets, this.deadLetters]) role.addToPolicy(allow(['sqs:SendMessage'], queue.queueArn));
    for (const entry of entries) this.schedule(entry, queues[entry.to].queue, role);
  }

  private schedule(entry: Entry, queue: sqs.Queue, role: iam.Role): void {
    const schedule = new CfnSchedule(this, entry.name, {
      name: entry.name,
      description: entry.description,
      scheduleExpression: `cron(${entry.at} ${WEEKDAYS})`,
      scheduleExpressionTimezone: entry.timeZone,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: queue.queueArn,
        roleArn: role.roleArn,
        input: JSON.stringify(entry.message),
        deadLetterConfig: { arn: this.deadLetters.queueArn },
        retryPolicy: { maximumEventAgeInSeconds: RETRIED_FOR.toSeconds(), maximumRetryAttempts: RETRIES_MAX },
      },
    });
    // The service tries the role when the schedule is made, so the role's policy must be there first.
    const policy = role.node.tryFindChild('DefaultPolicy')?.node.defaultChild;
    if (policy instanceof CfnResource) schedule.addResourceDependency(policy);
  }
}

function entriesOf(deployment: Deployment): Entry[] {
  return [
    ...deployment.products.flatMap(({ code: product, timeZone, auctions, dayRun }): Entry[] => [
      ...auctions.map(
        (time): Entry => ({
          name: `${product}-auction-${time.replace(':', '')}`,
          description: `Intraday auction of ${product}, ${time} on weekdays, ${timeZone}.`,
          at: minuteAndHour(time),
          timeZone,
          to: 'closings',
          message: { v: 1, product, slot: SCHEDULED_TIME },
        }),
      ),
      {
        name: `${product}-day-run`,
        description: `Day run of ${product} (roll, closing auction, settlement), ${dayRun} on weekdays, ${timeZone}.`,
        at: minuteAndHour(dayRun),
        timeZone,
        to: 'rolls',
        message: { v: 1, product, slot: SCHEDULED_TIME },
      },
    ]),
    {
      name: 'sweep',
      description: 'Measures what is late and notifies what stands still, through the working day.',
      at: eachOf(deployment.sweep),
      timeZone: deployment.timeZone,
      to: 'sweeps',
      message: { v: 1, at: SCHEDULED_TIME },
    },
  ];
}

function minuteAndHour(time: string): string {
  const [hour, minute] = time.split(':').map(Number);
  return `${minute} ${hour}`;
}

const eachOf = ({ hours, minutes }: SweepTimes): string => `${minutes.join()} ${hours.join()}`;
