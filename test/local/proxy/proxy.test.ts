/** The place between functions and engines: what can be done to a request there, and what is counted. */
import { expect, test } from 'vitest';
import type { Cloud } from '../../../lib/local/cloud.ts';
import { type ProxyAction, type ProxyOptions, serviceError } from '../../../lib/local/proxy/proxy.ts';
import type { ProxyRequest } from '../../../lib/local/proxy/request.ts';
import { CLIENTS, startSmallApp } from '../small-app.ts';

/** Counts up twice, in two writes, once a message: a crash between them leaves one. */
const COUNTER = `${CLIENTS}
const count = (sk, n) => dynamodb.send(new UpdateItemCommand({ TableName: process.env.TABLE_NAME, Key: { pk: { S: 'counter' }, sk: { S: sk } }, UpdateExpression: 'SET n = :n', ConditionExpression: 'attribute_not_exists(n) OR n < :n', ExpressionAttributeValues: { ':n': { N: String(n) } } })).catch((e) => { if (e.name !== 'ConditionalCheckFailedException') throw e; });
export async function handler(event) {
  if (event.read) { const r = await dynamodb.send(new GetItemCommand({ TableName: process.env.TABLE_NAME, Key: { pk: { S: 'counter' }, sk: { S: event.read } }, ConsistentRead: true })); return Number(r.Item?.n?.N ?? 0); }
  for (const { body } of event.Records) { await count('first', body); await count('second', body); }
  return { batchItemFailures: [] };
}`;

const start = (proxy: ProxyOptions): Promise<Cloud> =>
  startSmallApp(
    { functions: { counter: COUNTER }, queues: { work: {} }, mappings: [{ queue: 'work', function: 'counter' }] },
    { proxy },
  );

/** Does something to the k-th write, once. */
function atWrite(k: number, action: ProxyAction): { proxy: ProxyOptions; seen: ProxyRequest[] } {
  const seen: ProxyRequest[] = [];
  const onRequest = (request: ProxyRequest): ProxyAction => {
    if (request.operation !== 'UpdateItem') return 'pass';
    return seen.push(request) === k ? action : 'pass';
  };
  return { proxy: { onRequest }, seen };
}

const counters = async (cloud: Cloud) => [
  await cloud.invoke('counter', { read: 'first' }),
  await cloud.invoke('counter', { read: 'second' }),
];
const failures = (cloud: Cloud) => cloud.logs.recent('counter').filter(({ level }) => level === 'ERROR').length;

test.each<[string, number, ProxyAction, number, number]>([
  ['lost', 1, 'drop-before', 3, 0],
  ['done, but its answer lost', 1, 'drop-after', 3, 0],
  ['throttled', 2, serviceError('dynamodb', 'ThrottlingException', 'Rate exceeded'), 3, 0],
  ['failed inside the service', 1, serviceError('dynamodb', 'InternalServerError', 'oops', 500), 3, 0],
  ['the last of its function, before it is done', 2, 'kill-before', 4, 1],
  ['the last of its function, after it is done', 1, 'kill-after', 3, 1],
])(
  'a request may be %s; the message comes again or the SDK repeats, and the work gets done',
  async (_title, k, action, writes, failed) => {
    const { proxy, seen } = atWrite(k, action);
    const cloud = await start(proxy);
    cloud.send('work', '7');
    await cloud.quiet();
    expect(await counters(cloud)).toEqual([7, 7]);
    expect(seen).toHaveLength(writes);
    expect(seen[0]).toMatchObject({
      function: 'counter',
      service: 'dynamodb',
      operation: 'UpdateItem',
      body: { TableName: cloud.tableName },
    });
    expect(failures(cloud)).toBe(failed);
    expect(cloud.deadLetters()).toEqual([]);
  },
);

test('a request that never takes effect leaves nothing behind', async () => {
  const cloud = await start({ onRequest: ({ operation }) => (operation === 'UpdateItem' ? 'kill-before' : 'pass') });
  cloud.send('work', '7');
  await cloud.quiet();
  expect(await counters(cloud)).toEqual([0, 0]);
  expect(cloud.deadLetters()).toHaveLength(1);
});

test('a request whose answer never comes took effect', async () => {
  const cloud = await start({ onRequest: ({ operation }) => (operation === 'UpdateItem' ? 'kill-after' : 'pass') });
  cloud.send('work', '7');
  await cloud.quiet();
  expect(await counters(cloud)).toEqual([7, 0]);
});

test('billed units are counted from the requests themselves', async () => {
  const spender = `${CLIENTS}
    const item = (bytes) => ({ pk: { S: 'p' }, sk: { S: 's' }, d: { B: new Uint8Array(bytes) } });
    const put = (bytes, more) => dynamodb.send(new PutItemCommand({ TableName: process.env.TABLE_NAME, Item: item(bytes), ...more }));
    export async function handler() {
      await put(1500);
      await put(2500, { ConditionExpression: 'attribute_not_exists(pk)' }).catch(() => {});
      await put(4900);
      await dynamodb.send(new GetItemCommand({ TableName: process.env.TABLE_NAME, Key: { pk: { S: 'p' }, sk: { S: 's' } }, ConsistentRead: true }));
      await sqs.send(new SendMessageBatchCommand({ QueueUrl: process.env.WORK_URL, Entries: [{ Id: 'a', MessageBody: 'x'.repeat(70_000) }] }));
      await sqs.send(new SendMessageCommand({ QueueUrl: process.env.WORK_URL, MessageBody: 'x' }));
    }`;
  const cloud = await startSmallApp({ functions: { spender }, queues: { work: {} } }, { proxy: { meter: true } });
  await cloud.invoke('spender', {});
  expect(cloud.usage().functions.spender).toEqual({
    requests: { 'dynamodb.PutItem': 3, 'dynamodb.GetItem': 1, 'sqs.SendMessageBatch': 1, 'sqs.SendMessage': 1 },
    writeUnits: 2 + 3 + 5,
    readUnits: 2,
    refusedWrites: 1,
    sqsRequests: 2 + 1,
  });
  expect(cloud.usage().invocations.spender?.count).toBe(1);
});
