import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, it, test, vi } from 'vitest';
import { consume } from '../../lambdas/queue/consume.ts';
import { untilCommitted } from '../../lambdas/until-committed.ts';
import { MESSAGES, MessageFormatError, parseMessage } from '../../lib/store/messages.ts';
import type { QueueName } from '../../lib/store/names.ts';
import { ANN, CAT } from '../venue/accounts.ts';
import { NOV, newYork } from '../venue/h100.ts';
import { buy } from '../venue/orders.ts';
import { record, submission } from '../venue/records.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
await venue.list('Q1');

const SLOT = newYork('2025-10-20', '10:00');

/** A worker that fails on the bodies that it is given to fail on, and what it has worked. */
function worker<Queue extends QueueName>(queue: Queue, fails: (body: string) => boolean) {
  const worked: string[] = [];
  const handler = consume(queue, () => async (_, { messageId, body }) => {
    if (fails(body)) throw new Error('on purpose');
    worked.push(messageId);
  });
  return { worked, handler };
}

describe('a batch of a FIFO queue', () => {
  const of = (shard: number, auction: number) => ({ v: 1, kind: 'marker', product: 'Q1', shard, auction, slot: SLOT });
  const batch = [of(0, 1), of(1, 1), of(0, 2), of(2, 1), of(1, 2), of(0, 3), of(2, 2)].map((each) => record('orders', each));

  test.each<[string, (shard: number, auction: number) => boolean, number[]]>([
    ['nothing, when nothing fails', () => false, []],
    ['the failed message and the later ones of its group', (shard, auction) => shard === 0 && auction === 2, [2, 5]],
    ['a whole group when its first fails', (shard) => shard === 1, [1, 4]],
    ['of two groups each what follows its own failure', (shard, auction) => shard !== 1 && auction === 2, [2, 5, 6]],
    ['the last of a group alone', (shard, auction) => shard === 2 && auction === 2, [6]],
  ])('returns %s', async (_, fails, expected) => {
    const { worked, handler } = worker('orders', (body) => fails(JSON.parse(body).shard, JSON.parse(body).auction));
    const { batchItemFailures } = await handler({ Records: batch }, {} as never);
    const names = batch.map(({ messageId }) => messageId);
    expect(batchItemFailures.map(({ itemIdentifier }) => names.indexOf(itemIdentifier))).toEqual(expected);
    expect(worked).toEqual(names.filter((_, at) => !expected.includes(at)));
  });

  it('is worked behind a message that failed for the last time: received as often, it would be given up with it', async () => {
    const received = (times: number) =>
      batch.map((each) => ({ ...each, attributes: { ...each.attributes, ApproximateReceiveCount: `${times}` } }));
    const { worked, handler } = worker('orders', (body) => JSON.parse(body).shard === 0 && JSON.parse(body).auction === 1);
    const returned = async (times: number) => {
      const { batchItemFailures } = await handler({ Records: received(times) }, {} as never);
      return batchItemFailures.map(({ itemIdentifier }) => batch.findIndex(({ messageId }) => messageId === itemIdentifier));
    };
    expect(await returned(4)).toEqual([0, 2, 5]);
    worked.length = 0;
    expect(await returned(5)).toEqual([0]);
    expect(worked).toEqual(batch.slice(1).map(({ messageId }) => messageId));
  });
});

test('a batch of a standard queue returns only what failed, and is worked one after another', async () => {
  let atOnce = 0;
  const handler = consume('clearings', () => async ({ auction }) => {
    expect(++atOnce).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 2));
    atOnce--;
    if (auction === 2) throw new Error('on purpose');
  });
  const batch = [1, 2, 3].map((auction) => record('clearings', { v: 1, product: 'Q1', auction }));
  const { batchItemFailures } = await handler({ Records: batch }, {} as never);
  expect(batchItemFailures).toEqual([{ itemIdentifier: batch[1]!.messageId }]);
});

describe('a message', () => {
  const GOOD: { [Queue in QueueName]: object } = {
    orders: submission('Q1', ANN, SLOT, [buy('secret-name', NOV, 2345, 17)]),
    closings: { v: 1, product: 'Q1', slot: SLOT },
    clearings: { v: 1, product: 'Q1', auction: 1 },
    postings: { v: 1, shard: 0 },
    rolls: { v: 1, product: 'Q1', slot: SLOT },
    'day-runs': { v: 1, product: 'Q1' },
    sweeps: { v: 1, at: SLOT },
    news: { v: 1, kind: 'cleared', product: 'Q1', auction: 1 },
  };
  const BAD: [string, (good: object) => string][] = [
    ['is not JSON', (good) => `${JSON.stringify(good)}}`],
    ['is empty', () => ''],
    ['is no object', () => '[1]'],
    ['has another version', (good) => JSON.stringify({ ...good, v: 2 })],
    ['has no version', (good) => JSON.stringify({ ...good, v: undefined })],
    ['has a field that is not known', (good) => JSON.stringify({ ...good, secret: 1 })],
  ];

  it.each(Object.keys(MESSAGES) as QueueName[])('to %s is read as it was written', (queue) => {
    expect(parseMessage(queue, JSON.stringify(GOOD[queue]))).toEqual(GOOD[queue]);
  });

  it.each(Object.keys(MESSAGES) as QueueName[])('to %s may carry hints that this code does not know', (queue) => {
    const hinted = { ...GOOD[queue], hints: { later: [1, { anything: true }] } };
    expect(parseMessage(queue, JSON.stringify(hinted))).toMatchObject(GOOD[queue]);
    expect(() => parseMessage(queue, JSON.stringify({ ...GOOD[queue], hints: 'text' }))).toThrow(MessageFormatError);
  });

  it.each((Object.keys(MESSAGES) as QueueName[]).flatMap((queue) => BAD.map(([why, spoil]) => ({ queue, why, spoil }))))(
    'to $queue that $why is refused',
    ({ queue, spoil }) => expect(() => parseMessage(queue, spoil(GOOD[queue]))).toThrow(MessageFormatError),
  );

  it.each([
    ['a slot without milliseconds', 'closings', { v: 1, product: 'Q1', slot: '2025-10-20T14:00:00Z' }, { slot: SLOT }],
    ['a sweep without milliseconds', 'sweeps', { v: 1, at: '2025-10-20T14:00:00Z' }, { at: SLOT }],
  ] as const)('spells an instant in one way: %s', (_, queue, message, read) => {
    expect(parseMessage(queue, JSON.stringify(message))).toMatchObject(read);
  });

  it.each([
    ['not a UUIDv7', { key: '0199fdd3-3c00-4000-8000-000000000001' }],
    ['not base64', { instructions: '!' }],
    ['without an account', { account: '' }],
  ])('with a submission %s is refused', (_, wrong) => {
    expect(() => parseMessage('orders', JSON.stringify({ ...GOOD.orders, ...wrong }))).toThrow(MessageFormatError);
  });

  it.each(BAD)('that %s fails alone', async (_, spoil) => {
    const good = submission('Q1', CAT, SLOT, [buy('b', NOV, 2345, 1)]);
    const bad = record('orders', spoil(GOOD.orders), { group: 'Q1#0' });
    expect(await deliver('orders', bad, good)).toEqual([0]);
  });

  it('that fails leaves nothing of itself in the log, whatever is wrong with it', async () => {
    const written: string[] = [];
    for (const stream of [process.stdout, process.stderr])
      vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    const level = venue.logger.getLevelName();
    venue.logger.setLogLevel('DEBUG');
    const inside = {
      ...(GOOD.orders as object),
      'secret-field': 'secret-name',
      account: 'secret-account',
      product: 'NOT-LISTED',
    };
    const { 'secret-field': _, ...unlisted } = inside;
    const wrong = { ...GOOD.orders, instructions: Buffer.from('secret-name').toString('base64') };
    for (const body of [JSON.stringify(inside), '{"secret-name', JSON.stringify(unlisted), JSON.stringify(wrong)])
      expect(await deliver('orders', record('orders', body, { group: 'Q1#0' }))).toEqual([0]);
    venue.logger.setLogLevel(level);
    vi.restoreAllMocks();
    const log = written.join('');
    expect(log.match(/message failed/g)).toHaveLength(4);
    expect(log).not.toMatch(/secret|c2VjcmV0/);
  });

  it('that fails time and again ends in the dead-letter queue, and its group goes on', async () => {
    const { sqs: client } = venue;
    const url = async (QueueName: string, attributes = {}): Promise<string> => {
      await client.send(new CreateQueueCommand({ QueueName, Attributes: { FifoQueue: 'true', ...attributes } }));
      return process.env.ORDERS_QUEUE_URL!.replace('orders.fifo', QueueName);
    };
    const dead = await url('dead.fifo');
    const arn = (await client.send(new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['QueueArn'] }))).Attributes!;
    const policy = { deadLetterTargetArn: arn.QueueArn, maxReceiveCount: 3 };
    const QueueUrl = await url('live.fifo', { RedrivePolicy: JSON.stringify(policy), VisibilityTimeout: '0' });
    const good = JSON.stringify(submission('Q1', ANN, SLOT, [buy('after', NOV, 2345, 1)]));
    for (const [at, MessageBody] of ['{"v":1}', good].entries())
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: 'g', MessageDeduplicationId: `${at}` }));

    const outcomes: string[] = [];
    for (let tries = 0; tries < 10 && !outcomes.includes('good'); tries++) {
      const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      for (const { Body, ReceiptHandle } of Messages) {
        const failed = await deliver('orders', record('orders', Body!, { group: 'g' }));
        outcomes.push(failed.length ? 'failed' : 'good');
        if (!failed.length) await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: ReceiptHandle! }));
      }
    }
    expect(outcomes).toEqual(['failed', 'failed', 'failed', 'good']);
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: dead }));
    expect(Messages?.map(({ Body }) => Body)).toEqual(['{"v":1}']);
  });
});

test('a batch that SQS took only in part is an error, not a success', async () => {
  const send = vi.spyOn(venue.sqs.constructor.prototype, 'send').mockResolvedValueOnce({ Failed: [{ Id: '1', Code: 'Busy' }] });
  await expect(venue.queues.sendMarkers('Q1', 1, SLOT, 2)).rejects.toThrow('1 messages to orders failed: Busy');
  expect(send).toHaveBeenCalledOnce();
});

test('more shards than a batch may hold are all notified, each once', async () => {
  await venue.queues.notifyPostings(7, [...Array(23).keys()]);
  const shards = venue.engine.messages('postings').map((message) => (message as { shard: number }).shard);
  expect(shards.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, shard) => shard));
});

test('a decision that others keep overtaking is given up in the end', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
  let tries = 0;
  await expect(untilCommitted(async () => void tries++)).rejects.toThrow('another writer was first 24 times in a row');
  expect(tries).toBe(24);
  expect(
    await untilCommitted(
      async () => undefined,
      () => 'given up',
    ),
  ).toBe('given up');
});
