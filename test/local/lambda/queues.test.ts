/** From a sender to a function in its worker thread and back, beside what the contracts of queue and event source hold. */
import { createHash } from 'node:crypto';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Cloud, CloudOptions } from '../../../lib/local/cloud.ts';
import { failedIds } from '../../../lib/local/lambda/batch-response.ts';
import type { JsonObject } from '../../../lib/local/template/intrinsics.ts';
import { startSmallApp } from '../small-app.ts';

/** Says what it gets; a body may ask it to take its time, or to be handed back with what follows it in its group. */
const CONSUMER = `
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export async function handler(event) {
  const records = event.Records.map((r) => ({ ...JSON.parse(r.body), id: r.messageId, times: Number(r.attributes.ApproximateReceiveCount), group: r.attributes.MessageGroupId }));
  console.log(JSON.stringify({ began: records }));
  console.log(JSON.stringify({ record: event.Records[0] }));
  await wait(Math.max(0, ...records.map((r) => r.waitMs ?? 0)));
  const failed = records.filter((r, i) => records.slice(0, i + 1).some((earlier) => earlier.fail && earlier.group === r.group));
  console.log(JSON.stringify({ ended: records.map((r) => r.n) }));
  return { batchItemFailures: failed.map((r) => ({ itemIdentifier: r.id })) };
}`;

interface Seen {
  readonly n: number;
  readonly times: number;
  readonly group?: string;
}

async function start(
  queue: string,
  properties: JsonObject = {},
  options: Partial<CloudOptions> = {},
  mapping: JsonObject = {},
): Promise<Cloud> {
  return startSmallApp(
    {
      functions: { consumer: CONSUMER },
      queues: { [queue]: properties },
      mappings: [{ queue, function: 'consumer', ...mapping }],
    },
    options,
  );
}

function printed<T>(cloud: Cloud, key: string): T[] {
  return cloud.logs.recent('consumer').flatMap(({ text }) => (text.startsWith(`{"${key}"`) ? [JSON.parse(text)[key] as T] : []));
}

const batches = (cloud: Cloud) => printed<Seen[]>(cloud, 'began');
const seen = (cloud: Cloud) =>
  batches(cloud)
    .flat()
    .map(({ n, times }) => [n, times]);

function client(cloud: Cloud): SQSClient {
  const sqs = new SQSClient({
    endpoint: cloud.sqsEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  onTestFinished(() => sqs.destroy());
  return sqs;
}

test('what is sent together comes together, in batches of the size in the template', async () => {
  const cloud = await start('work', {}, {}, { BatchSize: 4 });
  const Entries = Array.from({ length: 10 }, (_, n) => ({ Id: `m${n}`, MessageBody: JSON.stringify({ n }) }));
  await client(cloud).send(new SendMessageBatchCommand({ QueueUrl: cloud.queueUrl('work'), Entries }));
  await cloud.quiet();
  expect(
    batches(cloud)
      .map((batch) => batch.length)
      .sort(),
  ).toEqual([2, 4, 4]);
});

test('a record carries what its sender gave it, and the time on the clock', async () => {
  const cloud = await start('work.fifo');
  const MessageAttributes = { kind: { DataType: 'String', StringValue: 'probe' } };
  const send = new SendMessageCommand({
    QueueUrl: cloud.queueUrl('work.fifo'),
    MessageBody: '{"n":1}',
    MessageGroupId: 'g',
    MessageDeduplicationId: 'd',
    MessageAttributes,
  });
  await client(cloud).send(send);
  await cloud.quiet();
  const now = String(Date.parse('2025-10-20T12:00:00Z'));
  expect(printed(cloud, 'record')).toEqual([
    {
      messageId: expect.any(String),
      receiptHandle: expect.any(String),
      body: '{"n":1}',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: now,
        ApproximateFirstReceiveTimestamp: now,
        SenderId: expect.any(String),
        SequenceNumber: '00000000000000000001',
        MessageGroupId: 'g',
        MessageDeduplicationId: 'd',
      },
      messageAttributes: { kind: { dataType: 'String', stringValue: 'probe' } },
      md5OfBody: createHash('md5').update('{"n":1}').digest('hex'),
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:work.fifo',
      awsRegion: 'us-east-1',
    },
  ]);
});

test('a message that came too often is a dead letter, and a redrive brings it back', async () => {
  const cloud = await start('work.fifo', {}, {});
  cloud.send('work.fifo', { n: 1, fail: true }, { group: 'a', deduplication: '1' });
  cloud.send('work.fifo', { n: 2 }, { group: 'a', deduplication: '2' });
  cloud.send('work.fifo', { n: 3 }, { group: 'b', deduplication: '3' });
  await cloud.quiet();
  expect(cloud.deadLetters().map(({ queue, body, group }) => [queue, JSON.parse(body).n, group])).toContainEqual([
    'work-dlq.fifo',
    1,
    'a',
  ]);
  expect(seen(cloud).filter(([n]) => n === 1)).toEqual([
    [1, 1],
    [1, 2],
    [1, 3],
  ]);
  expect(printed<number[]>(cloud, 'ended').flat()).toContain(3);
  const count = cloud.deadLetters().length;
  expect(cloud.redrive('work-dlq.fifo')).toBe(count);
  await cloud.quiet();
  expect(seen(cloud).filter(([n]) => n === 1)).toEqual([
    [1, 1],
    [1, 2],
    [1, 3],
    [1, 1],
    [1, 2],
    [1, 3],
  ]);
});

test('quiet waits for what is delayed, and says what is stuck when it takes too long', async () => {
  const cloud = await start('work');
  const delayed = new SendMessageCommand({ QueueUrl: cloud.queueUrl('work'), MessageBody: '{"n":1}', DelaySeconds: 300 });
  await client(cloud).send(delayed);
  await cloud.quiet();
  expect(seen(cloud)).toEqual([[1, 1]]);
  cloud.send('work', { n: 2, waitMs: 1_000 });
  await expect(cloud.quiet(100)).rejects.toThrow(/queue work has 0 ready, 0 delayed, 1 in flight; function consumer runs 1/);
  await cloud.quiet();
});

describe('an answer', () => {
  const ids = ['a', 'b'];
  test.each([
    [{ batchItemFailures: [] }, []],
    [{ batchItemFailures: null }, []],
    [{}, []],
    [null, []],
    [{ batchItemFailures: [{ itemIdentifier: 'b' }] }, ['b']],
    [{ batchItemFailures: [{ itemIdentifier: 'c' }] }, ids],
    [{ batchItemFailures: [{ itemIdentifier: '' }] }, ids],
    [{ batchItemFailures: [{ itemIdentifier: null }] }, ids],
    [{ batchItemFailures: [{ id: 'a' }] }, ids],
    [{ batchItemFailures: 'a' }, ids],
    ['text', ids],
    [[], ids],
  ])('%j fails %j of a, b', (answer, failed) => {
    expect([...failedIds(answer, ids)]).toEqual(failed);
  });
});
