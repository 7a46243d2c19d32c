/** A world of another size: what is beyond its limits is refused as the services refuse what is beyond theirs. */
import { describe, expect, it } from 'vitest';
import { frozenClock } from '../../lib/local/host/clock.ts';
import { startVirtualCloud } from '../../lib/virtual/cloud.ts';
import { VirtualTable } from '../../lib/virtual/dynamodb/table.ts';
import { AWS_LIMITS, type Limits } from '../../lib/virtual/limits.ts';
import { startSqs } from '../../lib/virtual/sqs.ts';
import { startTimeline } from '../../lib/virtual/timeline.ts';
import { TableName, tablePlan } from '../contracts/table-requests.ts';
import { synthesizeSmallApp } from '../local/small-app.ts';
import { sourcesOf } from './sources.ts';

const LIMITS: Limits = {
  table: {
    itemBytes: 200,
    pageBytes: 250,
    transactionItems: 2,
    transactionBytes: 300,
    batchWriteItems: 3,
    batchWriteBytes: 400,
    batchGetItems: 4,
    batchGetBytes: 300,
  },
  queue: { messageBytes: 20, batchEntries: 2 },
  payloadBytes: 2_000,
  bodyBytes: 500,
  requestMs: { least: 400, most: 400, latePercent: 0 },
};

const item = (sk: string, bytes = 100) => ({ pk: { S: 'p' }, sk: { S: sk }, t: { S: 'x'.repeat(bytes) } });
const key = (sk: string) => ({ pk: { S: 'p' }, sk: { S: sk } });
const puts = (...items: object[]) => ({ RequestItems: { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) } });
const together = (...items: object[]) => ({ TransactItems: items.map((Item) => ({ Put: { TableName, Item } })) });

describe('the table', () => {
  const open = (limits = LIMITS.table) => new VirtualTable(tablePlan(TableName), { now: () => 0, limits });

  it.each<[what: string, operation: string, within: object, beyond: object]>([
    ['an item', 'PutItem', { TableName, Item: item('a', 150) }, { TableName, Item: item('a', 250) }],
    [
      'the items of a batch',
      'BatchWriteItem',
      puts(item('a'), item('b'), item('c')),
      puts(...'abcd'.split('').map((sk) => item(sk, 1))),
    ],
    ['the bytes of a batch', 'BatchWriteItem', puts(item('a'), item('b')), puts(item('a', 150), item('b', 150), item('c', 150))],
    [
      'the items of a transaction',
      'TransactWriteItems',
      together(item('a'), item('b')),
      together(...'abc'.split('').map((sk) => item(sk, 1))),
    ],
    [
      'the bytes of a transaction',
      'TransactWriteItems',
      together(item('a'), item('b')),
      together(item('a', 180), item('b', 180)),
    ],
  ])('refuses %s beyond its own limit, and takes it at AWS’s', (_, operation, within, beyond) => {
    expect(open().request(operation, within as never).status).toBe(200);
    expect(open().request(operation, beyond as never).status).toBe(400);
    expect(open(AWS_LIMITS.table).request(operation, beyond as never).status).toBe(200);
  });

  it('ends a page, and what a batch gives, where its own limit is', () => {
    const table = open();
    for (const sk of 'abcd') table.request('PutItem', { TableName, Item: item(sk) });
    const query = { TableName, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S: 'p' } } };
    const page = table.request('Query', query).body as { Items: object[]; LastEvaluatedKey: object };
    expect([page.Items.length, page.LastEvaluatedKey]).toEqual([3, key('c')]);
    const batch = { RequestItems: { [TableName]: { Keys: [...'abcd'].map(key), ConsistentRead: true } } };
    const given = table.request('BatchGetItem', batch).body as {
      Responses: Record<string, object[]>;
      UnprocessedKeys: Record<string, { Keys: object[] }>;
    };
    expect(given.Responses[TableName]).toHaveLength(2);
    expect(given.UnprocessedKeys[TableName]!.Keys).toEqual([key('c'), key('d')]);
  });
});

it('a queue takes no longer message and no larger batch than it may', () => {
  const plan = { name: 'work', arn: 'arn:work', attributes: {}, deadLetters: false };
  const QueueUrl = 'http://sqs.virtual/0/work';
  const sqs = startSqs([plan], {
    clock: frozenClock(0),
    timeline: startTimeline(),
    shuffled: (all) => [...all],
    limits: LIMITS,
    onArrival: () => {},
  });
  const entries = (...bodies: string[]) => ({
    QueueUrl,
    Entries: bodies.map((MessageBody, at) => ({ Id: `${at}`, MessageBody })),
  });
  const typeOf = (operation: string, body: object) => (sqs.request(operation, body as never).body as { __type?: string }).__type;
  expect(typeOf('SendMessage', { QueueUrl, MessageBody: 'x'.repeat(20) })).toBeUndefined();
  expect(typeOf('SendMessage', { QueueUrl, MessageBody: 'x'.repeat(21) })).toMatch(/InvalidParameterValue/);
  expect(typeOf('SendMessageBatch', entries('a', 'b'))).toBeUndefined();
  expect(typeOf('SendMessageBatch', entries('a', 'b', 'c'))).toMatch(/TooManyEntries/);
  expect(typeOf('SendMessageBatch', entries('x'.repeat(15), 'x'.repeat(15)))).toMatch(/BatchRequestTooLong/);
});

describe('a function', () => {
  const WORKER = `
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
const table = new DynamoDBClient({ maxAttempts: 1 });
export const handler = async (event: any) => {
  const { answer = 0, requests = 0 } = event.body ? JSON.parse(event.body) : JSON.parse(event.Records[0].body);
  for (let at = 0; at < requests; at++) await table.send(new GetItemCommand({ TableName: process.env.TABLE_NAME, Key: { pk: { S: 'p' }, sk: { S: 's' } } }));
  console.log('done ' + requests);
  return { statusCode: 200, body: JSON.stringify('x'.repeat(answer)) };
};`;
  const sources = sourcesOf({ worker: WORKER });
  const assembly = synthesizeSmallApp({
    functions: { worker: WORKER },
    queues: { work: {} },
    mappings: [{ queue: 'work', function: 'worker' }],
    routes: { 'POST /work': 'worker' },
    schedules: {},
  });
  const start = (limits: Limits) => {
    const printed: string[] = [];
    const failed: string[] = [];
    const cloud = startVirtualCloud({
      assembly,
      sources,
      start: 0,
      seed: 1,
      limits,
      onOutput: (_, text) => printed.push(text.trim()),
      onFailure: (_, { message }) => failed.push(message),
    });
    const ask = (body: object) => cloud.ask({ sub: 'ann' }, 'POST', '/work', body);
    return { cloud, printed, failed, ask };
  };

  it('answers within its payload, and fails beyond it', async () => {
    const { ask, failed } = start(LIMITS);
    expect((await ask({ answer: 1_500 })).status).toBe(200);
    expect((await ask({ answer: 2_500 })).status).toBe(500);
    expect(failed.join()).toMatch(/ResponseSizeTooLarge/);
    expect((await start(AWS_LIMITS).ask({ answer: 2_500 })).status).toBe(200);
  });

  it('is not asked for with a body that is too large, which is the caller’s fault', async () => {
    const { ask, failed } = start(LIMITS);
    expect((await ask({ more: 'x'.repeat(600) })).status).toBe(413);
    expect((await start({ ...LIMITS, bodyBytes: 10_000 }).ask({ more: 'x'.repeat(3_000) })).status).toBe(413);
    expect(failed).toEqual([]);
  });

  it('makes only so many requests before its time is out, and its message comes back', async () => {
    const { cloud, printed, failed } = start(LIMITS);
    cloud.send('work', JSON.stringify({ requests: 2 }));
    await cloud.quiet();
    expect([printed, failed]).toEqual([['done 2'], []]);
    cloud.send('work', JSON.stringify({ requests: 40 }));
    await cloud.quiet().catch(() => {});
    expect(printed).toEqual(['done 2']);
    expect(new Set(failed)).toEqual(new Set([expect.stringMatching(/Sandbox.Timedout/)]));
    expect(failed.length).toBeGreaterThan(1);
    const wide = start(AWS_LIMITS);
    wide.cloud.send('work', JSON.stringify({ requests: 40 }));
    await wide.cloud.quiet();
    expect(wide.printed).toEqual(['done 40']);
  });
});
