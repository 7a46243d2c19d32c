/** What a queue promises its function: batches, order, what comes back, what ends as a dead letter. */
import { createHash } from 'node:crypto';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Cloud, CloudOptions } from '../../../lib/local/cloud.ts';
import { frozenClock } from '../../../lib/local/host/clock.ts';
import { failedIds } from '../../../lib/local/lambda/batch-response.ts';
import type { JsonObject } from '../../../lib/local/template/intrinsics.ts';
import { startSmallApp } from '../small-app.ts';

/** Says what it gets; a body may ask it to fail, for good or until it has come so many times. */
const CONSUMER = `
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export async function handler(event) {
  const records = event.Records.map((r) => ({ ...JSON.parse(r.body), id: r.messageId, times: Number(r.attributes.ApproximateReceiveCount), group: r.attributes.MessageGroupId }));
  console.log(JSON.stringify({ began: records }));
  console.log(JSON.stringify({ record: event.Records[0] }));
  await wait(Math.max(0, ...records.map((r) => r.waitMs ?? 0)));
  if (records.some((r) => r.throw)) throw new Error('asked to');
  const failed = records.filter((r, i) => r.fail || (r.failUntil ?? 0) > r.times || records.slice(0, i).some((earlier) => earlier.group && earlier.group === r.group && (earlier.fail || (earlier.failUntil ?? 0) > earlier.times)));
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

test('what is sent together comes in batches of at most the size in the template', async () => {
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

test('a record has the shape that Lambda gives it, and was sent at the time on the clock', async () => {
  const cloud = await start('orders.fifo');
  const MessageAttributes = { kind: { DataType: 'String', StringValue: 'probe' } };
  const send = new SendMessageCommand({
    QueueUrl: cloud.queueUrl('orders.fifo'),
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
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:orders.fifo',
      awsRegion: 'us-east-1',
    },
  ]);
});

test('only the messages that the function hands back come again', async () => {
  const cloud = await start('work');
  for (const n of [1, 2, 3]) cloud.send('work', { n, ...(n === 2 ? { failUntil: 3 } : {}) });
  await cloud.quiet();
  expect(seen(cloud).sort()).toEqual([
    [1, 1],
    [2, 1],
    [2, 2],
    [2, 3],
    [3, 1],
  ]);
  expect(cloud.deadLetters()).toEqual([]);
});

test('when the function throws, the whole batch comes again', async () => {
  const cloud = await start('work');
  cloud.send('work', { n: 1 });
  cloud.send('work', { n: 2, throw: true });
  await cloud.quiet();
  expect(batches(cloud)[0]).toHaveLength(2);
  expect(seen(cloud).filter(([n]) => n === 1).length).toBeGreaterThan(1);
});

test('a message that came too often is a dead letter, and a redrive brings it back', async () => {
  const cloud = await start('orders.fifo', {}, {});
  cloud.send('orders.fifo', { n: 1, fail: true }, { group: 'a', deduplication: '1' });
  cloud.send('orders.fifo', { n: 2 }, { group: 'a', deduplication: '2' });
  cloud.send('orders.fifo', { n: 3 }, { group: 'b', deduplication: '3' });
  await cloud.quiet();
  expect(cloud.deadLetters().map(({ queue, body, group }) => [queue, JSON.parse(body).n, group])).toContainEqual([
    'orders-dlq.fifo',
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
  expect(cloud.redrive('orders-dlq.fifo')).toBe(count);
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

test('what comes back while every place is taken is worked when one is free', async () => {
  const cloud = await start('work', {}, {}, { BatchSize: 1 });
  for (const message of [
    { n: 1, failUntil: 2 },
    { n: 2, waitMs: 300 },
    { n: 3, waitMs: 300 },
  ])
    cloud.send('work', message);
  await cloud.quiet();
  expect(seen(cloud).toSorted().map(String)).toEqual(['1,1', '1,2', '2,1', '3,1']);
});

describe('a FIFO queue', () => {
  test('keeps the order of a group, also in a batch with several of it, and never works on a group twice at a time', async () => {
    const cloud = await start('orders.fifo');
    for (let n = 0; n < 120; n++) {
      const failUntil = n % 17 === 0 ? { failUntil: 2 } : {};
      cloud.send('orders.fifo', { n, waitMs: n % 3, ...failUntil }, { group: `g${n % 3}`, deduplication: String(n) });
    }
    await cloud.quiet();
    expect(cloud.deadLetters()).toEqual([]);
    const open = new Map<string, number>();
    const order = new Map<string, number[]>();
    let largest = 0;
    for (const { text } of cloud.logs.recent('consumer')) {
      const { began, ended } = JSON.parse(text) as { began?: Seen[]; ended?: number[] };
      for (const group of new Set(began?.map((r) => r.group!))) {
        expect(open.get(group) ?? 0, `group ${group} is already in work`).toBe(0);
        open.set(group, 1);
        largest = Math.max(largest, began!.filter((r) => r.group === group).length);
      }
      for (const { n, group } of began ?? []) order.set(group!, [...(order.get(group!) ?? []), n]);
      for (const n of ended ?? []) open.set(`g${n % 3}`, 0);
    }
    expect(largest).toBeGreaterThan(1);
    for (const numbers of order.values()) {
      const firsts = [...new Set(numbers)];
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
      // A repeat starts again at what failed and leaves nothing out after it.
      for (const [i, n] of numbers.entries()) if (i > 0 && n < numbers[i - 1]!) expect(n % 17).toBe(0);
    }
  });

  test('drops a repeat of an id for five minutes of the clock, not longer', async () => {
    const clock = frozenClock('2025-10-20T12:00:00Z');
    const cloud = await start('orders.fifo', {}, { clock });
    const send = () => cloud.send('orders.fifo', { n: 1 }, { group: 'g', deduplication: 'same' });
    send();
    clock.moveTo(clock.now() + 299_999);
    send();
    await cloud.quiet();
    expect(seen(cloud)).toHaveLength(1);
    clock.moveTo(clock.now() + 1);
    send();
    await cloud.quiet();
    expect(seen(cloud)).toHaveLength(2);
  });

  test.each([
    ['queue', 1],
    ['messageGroup', 2],
  ])('drops a repeat within its scope: %s', async (DeduplicationScope, expected) => {
    const cloud = await start('orders.fifo', { DeduplicationScope });
    cloud.send('orders.fifo', { n: 1 }, { group: 'a', deduplication: 'same' });
    cloud.send('orders.fifo', { n: 2 }, { group: 'b', deduplication: 'same' });
    await cloud.quiet();
    expect(seen(cloud)).toHaveLength(expected);
  });
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
