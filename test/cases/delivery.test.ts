/** Messages that come again, come damaged, are redriven, or come around the cut. */
import { createHash } from 'node:crypto';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Asked } from '../../lib/client/exchange.ts';
import type { ProxyRequest } from '../../lib/local/proxy/request.ts';
import type { FunctionName } from '../../lib/store/names.ts';
import type { Account } from '../venue/accounts.ts';
import { holdAt, kindOf } from '../venue/faults.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { outright } from '../venue/whole-venue.ts';

let venue: LocalVenue;
beforeAll(async () => {
  // Ample for what is worked here; the template's thirty seconds would be waited for, twice.
  venue = await openLocalVenue({
    listed: '2025-10-17',
    limits: { redeliveryMs: 5, timeoutsMs: { 'accept-orders': 1_500 } },
  });
});
afterEach(() => venue.heal());
afterAll(async () => {
  await venue.expectSound();
  await venue[Symbol.asyncDispose]();
});

/** Two orders for an auction, by one account of each shard. */
const trade = async (product: string, id: string, lots: number) =>
  Promise.all([
    venue.submit('fund', product, [outright(product, `b${id}`, 'buy', lots, '2.430')]),
    venue.submit('maker', product, [outright(product, `s${id}`, 'sell', lots, '2.410')]),
  ]);

const keyOf = ({ body }: { body: unknown }): string => (body as { submission: string }).submission.split('.')[1]!;

const hold = (name: FunctionName, kind: string) => holdAt(venue, name, kind);

describe('message delivered 2 to 10 times', () => {
  const product = 'REPEATS';
  let copies = 0;
  beforeAll(() => venue.list(product));

  // A deletion may be lost four times before the message is a dead letter; more than five deliveries need more copies of it.
  it.each([2, 3, 4, 5, 6, 7, 8, 9, 10])('every message of an auction %i times, and it fills as if once', async (times) => {
    const received = new Map<string, number>();
    venue.faults.messages = (queue, body) => {
      const count = (received.get(queue + body) ?? 0) + 1;
      received.set(queue + body, count);
      if (times > 5 && count === 1)
        for (let copy = 5; copy < times; copy++) {
          const { product, shard } = JSON.parse(body) as { product?: string; shard?: number };
          const group = queue === 'orders.fifo' ? `${product}#${shard}` : queue === 'postings.fifo' ? `${shard}` : undefined;
          venue.cloud.send(queue, body, group === undefined ? {} : { group, deduplication: `copy.${++copies}` });
        }
      return count < Math.min(times, 5) ? 'again' : undefined;
    };
    await trade(product, `${times}`, times);
    const cleared = await venue.auction(product);
    venue.heal();
    const counts = [...received].filter(([name]) => /^orders|^closings|^clearings/.test(name)).map(([, count]) => count);
    expect(counts.length).toBeGreaterThanOrEqual(6);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(times);
    expect(venue.cloud.deadLetters()).toEqual([]);
    expect(cleared.auction).toBe(times - 1);
    const [newest, ...older] = await venue.fills('fund', product);
    expect(newest).toMatchObject({ auction: times - 1, clientOrderId: `b${times}`, lots: times });
    expect(older).toHaveLength(times - 2);
    const held = (times * (times + 1)) / 2 - 1;
    expect([await venue.lots('fund', product), await venue.lots('maker', product)]).toEqual([
      { '2025-12': held },
      { '2025-12': -held },
    ]);
  });
});

describe('poison message in a group', () => {
  it.each([
    ['POISON-TEXT', 'not a message at all'],
    ['POISON-NEXT', '{"v":2,"kind":"submission","secret":"a sealed order"}'],
  ])('%s fails five times and goes to the dead letters alone; those behind it are worked', async (product, poison) => {
    await venue.list(product);
    // The group waits behind its first order until all the others are there, so that they come in one batch with the poison.
    const first = hold('accept-orders', 'PutItem BOOK');
    const answers: [Account, Asked][] = [
      ['fund', await venue.submit('fund', product, [outright(product, 'b1', 'buy', 2, '2.430')])],
    ];
    await first.reached;
    venue.cloud.send('orders.fifo', poison, { group: `${product}#0`, deduplication: product });
    answers.push(
      ['hedger', await venue.submit('hedger', product, [outright(product, 'b2', 'buy', 3, '2.430')])],
      ['maker', await venue.submit('maker', product, [outright(product, 's1', 'sell', 5, '2.410')])],
    );
    const slot = venue.notifyClosing(product);
    await expect.poll(() => venue.cloud.depths()['orders.fifo']?.ready, { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
    first.release();
    await venue.cloud.quiet();
    // The marker was behind it too, and has closed the auction.
    const [cleared] = await venue.auctions(product);
    expect(Date.parse(cleared!.slot)).toBe(Date.parse(slot));
    expect(cleared!.months.find(({ traded }) => traded)?.volume).toBe(5);
    for (const [account, answer] of answers)
      expect(await venue.outcome(account, answer)).toMatchObject({ auction: 1, orders: [{ outcome: 'accepted' }] });
    expect(venue.deadIn('orders-dlq.fifo')).toEqual([poison]);
    // The alarm's metric has it; and what may be a sealed order has not been written to a log.
    await venue.wait(60_000);
    expect(venue.measured('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: 'orders-dlq.fifo' })).toBe(1);
    const lines = venue.cloud.logs.recent('accept-orders').map(({ text }) => text);
    expect(lines.filter((text) => text.includes('message failed')).length).toBeGreaterThanOrEqual(5);
    expect(lines.filter((text) => /sealed|at all/.test(text))).toEqual([]);
    await venue.purge('orders-dlq.fifo');
  });
});

describe('one bad of ten in mixed groups', () => {
  it('returns the bad one and those behind it in its group; all others are in the book', async () => {
    const product = 'MIXED';
    await venue.list(product);
    // Taken away before they are worked, so that the ten can be handed over as one batch in the order of this list.
    const bodies: { account: Account; body: string }[] = [];
    const accounts: Account[] = ['fund', 'maker', 'hedger', 'acme', 'seller', 'nimbus', 'fund', 'maker', 'hedger'];
    venue.faults.proxy = (request) => {
      if (kindOf(request) !== 'SendMessage orders.fifo') return 'pass';
      const body = String(request.body.MessageBody);
      bodies.push({ account: (JSON.parse(body) as { account: Account }).account, body });
      // Answered as if the queue had it: the batch below is its delivery.
      const MD5OfMessageBody = createHash('md5').update(body).digest('hex');
      return { status: 200, body: { MessageId: `m${bodies.length}`, MD5OfMessageBody } };
    };
    const answers = [];
    for (const [at, account] of accounts.entries()) {
      const side = ['fund', 'hedger', 'seller'].includes(account) ? 'buy' : 'sell';
      const price = side === 'buy' ? '2.430' : '2.410';
      answers.push({ account, answer: await venue.submit(account, product, [outright(product, `o${at}`, side, 1, price)]) });
    }
    venue.heal();
    expect(answers.map(({ answer }) => answer.status)).toEqual(Array(9).fill(202));
    const shard = (body: string) => (JSON.parse(body) as { shard: number }).shard;
    const batch = bodies.map(({ body }) => ({ body, group: `${product}#${shard(body)}` }));
    batch.splice(4, 0, { body: '{"v":1,"kind":"rubbish"}', group: `${product}#0` });
    expect(batch).toHaveLength(10);

    const event = (messages: readonly { body: string; group: string }[]): SQSEvent => ({
      Records: messages.map(({ body, group }) => ({
        messageId: `m${batch.findIndex((one) => one.body === body)}`,
        receiptHandle: 'r',
        body,
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: String(venue.cloud.clock.now()),
          SenderId: 'test',
          ApproximateFirstReceiveTimestamp: String(venue.cloud.clock.now()),
          SequenceNumber: String(batch.findIndex((one) => one.body === body)).padStart(20, '0'),
          MessageGroupId: group,
          MessageDeduplicationId: `d${body.length}`,
        },
        messageAttributes: {},
        md5OfBody: '',
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:orders.fifo',
        awsRegion: 'us-east-1',
      })),
    });
    const answer = (await venue.cloud.invoke('accept-orders', event(batch))) as {
      batchItemFailures: { itemIdentifier: string }[];
    };
    const returned = answer.batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier.slice(1)));
    const behind = batch.flatMap(({ group }, at) => (at >= 4 && group === `${product}#0` ? [at] : []));
    expect(returned).toEqual(behind);
    expect(behind.length).toBeGreaterThan(1);
    for (const [at, { account, answer: taken }] of answers.entries()) {
      const place = at < 4 ? at : at + 1;
      expect((await venue.outcome(account, taken)).state, `message ${place}`).toBe(behind.includes(place) ? 'queued' : 'decided');
    }

    // SQS brings them again; five times over the bad one is a dead letter, and those behind it are worked.
    const again = await venue.cloud.invoke('accept-orders', event(behind.slice(1).map((at) => batch[at]!)));
    expect(again).toEqual({ batchItemFailures: [] });
    const { months } = await venue.auction(product);
    // Four sold, five bid.
    expect(months.find(({ traded }) => traded)?.volume).toBe(4);
    for (const { account, answer: taken } of answers)
      expect(await venue.outcome(account, taken)).toMatchObject({ auction: 1, orders: [{ outcome: 'accepted' }] });
  });
});

describe('dead-letter redrive after the auction closed', () => {
  it('is refused and never matched; redriven before it closed, it is in', async () => {
    const product = 'REDRIVE';
    await venue.list(product);
    const failing = new Set<string>();
    venue.faults.proxy = (request) =>
      request.function === 'accept-orders' && [...failing].some((key) => JSON.stringify(request.body).includes(key))
        ? { status: 400, body: { __type: 'com.amazonaws.dynamodb.v20120810#ValidationException', message: 'injected' } }
        : 'pass';
    const fail = async (id: string) => {
      const key = venue.key();
      failing.add(key);
      const answer = await venue.submit('fund', product, [outright(product, id, 'buy', 4, '2.430', { timeInForce: 'gtc' })], key);
      await venue.cloud.quiet();
      expect(answer.status).toBe(202);
      expect(venue.deadIn('orders-dlq.fifo').filter((body) => body.includes(key))).toHaveLength(1);
      expect((await venue.outcome('fund', answer)).state).toBe('queued');
      return answer;
    };
    const redriveAll = async () => {
      failing.clear();
      expect(venue.cloud.redrive('orders-dlq.fifo')).toBeGreaterThan(0);
      await venue.cloud.quiet();
    };
    const inTime = await fail('early');
    await venue.wait(60_000);
    await redriveAll();
    expect(await venue.outcome('fund', inTime)).toMatchObject({ auction: 1, orders: [{ outcome: 'accepted' }] });

    const tooLate = await fail('late');
    await venue.submit('maker', product, [outright(product, 's1', 'sell', 4, '2.410', { timeInForce: 'gtc' })]);
    await venue.auction(product);
    await venue.wait(60_000);
    await redriveAll();
    expect(await venue.outcome('fund', tooLate)).toMatchObject({
      state: 'decided',
      orders: [{ clientOrderId: 'late', outcome: 'refused', reason: 'auction-closed' }],
    });
    // There is a seller for it, had it been taken into the next auction.
    await venue.submit('maker', product, [outright(product, 's2', 'sell', 9, '2.410')]);
    await venue.auction(product);
    expect((await venue.fills('fund', product)).map(({ clientOrderId }) => clientOrderId)).toEqual(['early']);
    expect((await venue.fills('maker', product)).map(({ clientOrderId }) => clientOrderId)).toEqual(['s1']);
  });
});

describe('function time-out mid-batch', () => {
  it('works the whole batch again, and what was written before the time-out stands once', async () => {
    const product = 'HANGING';
    await venue.list(product);
    const hung = new Set<string>();
    const written: string[] = [];
    let hangs: string[] = [];
    venue.faults.proxy = (request: ProxyRequest) => {
      if (request.function !== 'accept-orders' || kindOf(request) !== 'PutItem BOOK') return 'pass';
      const key = /#([0-9a-f-]{36})"/.exec(JSON.stringify(request.body))![1]!;
      written.push(key);
      if (!hangs.includes(key) || hung.has(key)) return 'pass';
      hung.add(key);
      return new Promise(() => {});
    };
    // The first hangs alone, so that the others are there when it comes again and all are one batch.
    const keys = Array.from({ length: 6 }, () => venue.key());
    hangs = [keys[0]!, keys[3]!];
    const accounts: Account[] = ['fund', 'hedger', 'seller'];
    const send = (at: number) =>
      venue.submit(accounts[at % 3]!, product, [outright(product, `o${at}`, 'buy', 1, '2.430')], keys[at]!);
    const answers = [await send(0)];
    await expect.poll(() => hung.size, { timeout: 30_000 }).toBe(1);
    for (let at = 1; at < 6; at++) answers.push(await send(at));
    await venue.cloud.quiet();
    expect(hung.size).toBe(2);
    // What came before the second hang is tried again with it, is found, and is not written again; the rest follows.
    expect([...new Set(written)]).toEqual(keys);
    expect(written.indexOf(keys[2]!)).toBeLessThan(written.indexOf(keys[3]!));
    expect(written.lastIndexOf(keys[2]!)).toBeLessThan(written.lastIndexOf(keys[3]!));
    expect(venue.measured('AWS/Lambda', 'Errors', { FunctionName: 'accept-orders' })).toBeGreaterThan(0);
    const timedOut = venue.cloud.logs.recent('accept-orders').filter(({ text }) => text.startsWith('Sandbox.Timedout'));
    expect(timedOut.length).toBeGreaterThanOrEqual(2);
    await venue.submit('maker', product, [outright(product, 's1', 'sell', 6, '2.410')]);
    await venue.auction(product);
    for (const account of accounts) expect(await venue.fills(account, product)).toHaveLength(2);
    for (const [at, answer] of answers.entries()) expect(keyOf(answer), 'the answers are of these submissions').toBe(keys[at]);
    expect(await venue.lots('maker', product)).toEqual({ '2025-12': -6 });
  });
});
