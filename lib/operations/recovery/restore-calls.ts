/**
 * The calls to DynamoDB that bring a table back, in order. A restore makes a new table and leaves behind what is not data:
 * expiry, point-in-time recovery, deletion protection and tags; each is set again here, as `lib/infra/exchange-stack.ts` has
 * it. (AWS: "Point-in-time recovery for DynamoDB, restoring a table".) The old table is never touched: it holds what came
 * after the point in time.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ListTagsOfResourceCommand,
  RestoreTableToPointInTimeCommand,
  type Tag,
  TagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { TABLE } from '../../store/names.ts';
import { OperationsError } from '../error.ts';

export interface Restore {
  readonly table: string;
  readonly to: string;
  /** The instant to go back to, the newest there is, or no rows at all: a table for `npm run rebuild`. */
  readonly at: Date | 'latest' | 'empty';
}

export interface Step {
  readonly call: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly why: string;
}

const ENCRYPTED = { Enabled: true, SSEType: 'KMS' } as const;

/** The requests to DynamoDB as values: what a dry run prints. Tags are read from the old table when they are set. */
export function restoreSteps({ table, to, at }: Restore): Step[] {
  const made: Step[] =
    at === 'empty'
      ? [
          {
            call: 'CreateTable',
            input: {
              TableName: to,
              BillingMode: 'PAY_PER_REQUEST',
              SSESpecification: ENCRYPTED,
              KeySchema: [
                { AttributeName: TABLE.partitionKey, KeyType: 'HASH' },
                { AttributeName: TABLE.sortKey, KeyType: 'RANGE' },
              ],
              AttributeDefinitions: [
                { AttributeName: TABLE.partitionKey, AttributeType: 'S' },
                { AttributeName: TABLE.sortKey, AttributeType: 'S' },
              ],
            },
            why: 'an empty table, as the stack makes it',
          },
        ]
      : [
          { call: 'DescribeContinuousBackups', input: { TableName: table }, why: 'the instants it can go back to' },
          {
            call: 'RestoreTableToPointInTime',
            input: {
              SourceTableName: table,
              TargetTableName: to,
              ...(at === 'latest' ? { UseLatestRestorableTime: true } : { RestoreDateTime: at }),
              BillingModeOverride: 'PAY_PER_REQUEST',
              SSESpecificationOverride: ENCRYPTED,
            },
            why: 'a new table; the old one stays as it is',
          },
        ];
  return [
    ...made,
    { call: 'DescribeTable', input: { TableName: to }, why: 'until it is ACTIVE' },
    {
      call: 'UpdateTimeToLive',
      input: { TableName: to, TimeToLiveSpecification: { Enabled: true, AttributeName: TABLE.expiresAt } },
      why: 'expiry is not restored',
    },
    {
      call: 'UpdateContinuousBackups',
      input: { TableName: to, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } },
      why: 'point-in-time recovery is not restored',
    },
    {
      call: 'UpdateTable',
      input: { TableName: to, DeletionProtectionEnabled: true },
      why: 'deletion protection is not restored',
    },
    { call: 'TagResource', input: { ResourceArn: to, Tags: `those of ${table}` }, why: 'tags are not restored' },
  ];
}

const COMMANDS = {
  CreateTable: CreateTableCommand,
  RestoreTableToPointInTime: RestoreTableToPointInTimeCommand,
  UpdateTimeToLive: UpdateTimeToLiveCommand,
  UpdateContinuousBackups: UpdateContinuousBackupsCommand,
  UpdateTable: UpdateTableCommand,
} as const;

/** Makes the calls. Throws OperationsError when the point in time is outside the window or the table does not come up. */
export async function restoreTable(
  client: Pick<DynamoDBClient, 'send'>,
  restore: Restore,
  onStep: (step: Step) => void,
  pollMs = 10_000,
): Promise<void> {
  for (const step of restoreSteps(restore)) {
    onStep(step);
    if (step.call === 'DescribeContinuousBackups') await checkWindow(client, restore);
    else if (step.call === 'DescribeTable') await untilActive(client, restore.to, pollMs);
    else if (step.call === 'TagResource') await copyTags(client, restore);
    else {
      const Command = COMMANDS[step.call as keyof typeof COMMANDS] as new (input: unknown) => UpdateTableCommand;
      await client.send(new Command(step.input));
    }
    // Each of these puts the table into UPDATING for a moment, in which the next would be refused.
    if (step.call.startsWith('Update')) await untilActive(client, restore.to, pollMs);
  }
}

async function checkWindow(client: Pick<DynamoDBClient, 'send'>, { table, at }: Restore): Promise<void> {
  const { ContinuousBackupsDescription: backups } = await client.send(new DescribeContinuousBackupsCommand({ TableName: table }));
  const { EarliestRestorableDateTime: from, LatestRestorableDateTime: to } = backups?.PointInTimeRecoveryDescription ?? {};
  if (!from || !to) throw new OperationsError(`${table} has no point-in-time recovery`, 'Rebuild it from the newest export.');
  if (at instanceof Date && (at < from || at > to))
    throw new OperationsError(
      `${table} can go back to an instant from ${from.toISOString()} to ${to.toISOString()}, not to ${at.toISOString()}`,
      'The newest is about five minutes ago; wait, or name an earlier one.',
    );
}

const POLLS_MAX = 1_440;

async function untilActive(client: Pick<DynamoDBClient, 'send'>, table: string, pollMs: number): Promise<void> {
  for (let polls = 0; polls < POLLS_MAX; polls++) {
    const { Table: described } = await client.send(new DescribeTableCommand({ TableName: table }));
    if (described?.TableStatus === 'ACTIVE') return;
    await sleep(pollMs);
  }
  throw new OperationsError(`${table} does not become active`, 'Look at it in the console; the old table is untouched.');
}

async function copyTags(client: Pick<DynamoDBClient, 'send'>, { table, to }: Restore): Promise<void> {
  const arnOf = async (name: string) => (await client.send(new DescribeTableCommand({ TableName: name }))).Table?.TableArn;
  const tags: Tag[] = [];
  for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
    const page = await client.send(new ListTagsOfResourceCommand({ ResourceArn: await arnOf(table), NextToken: next }));
    // Those of CloudFormation are its own and can't be given away.
    tags.push(...(page.Tags ?? []).filter(({ Key }) => !Key?.startsWith('aws:')));
    next = page.NextToken;
  }
  if (tags.length) await client.send(new TagResourceCommand({ ResourceArn: await arnOf(to), Tags: tags }));
}
