/** The queue in memory keeps the promises of SQS that the pipeline stands on, and none that SQS does not give. */
import { describe, expect, it } from 'vitest';
import { frozenClock } from '../../lib/local/host/clock.ts';
import { type Message, VirtualQueue, type VirtualQueueOptions } from '../../lib/virtual/sqs.ts';
import { startTimeline } from '../../lib/virtual/timeline.ts';

const ARN = 'arn:aws:sqs:us-east-1:000000000000:';
const START = Date.parse('2025-11-07T15:00:00Z');
const MINUTE_MS = 60_000;

function open(name = 'orders.fifo', attributes: Readonly<Record<string, string>> = {}, more: Partial<VirtualQueueOptions> = {}) {
  const [clock, timeline] = [frozenClock(START), startTimeline()];
  let numbers = 0;
  let arrivals = 0;
  const queueOf = (of: string, its: Readonly<Record<string, string>>): VirtualQueue =>
    new VirtualQueue(
      {
        name: of,
        arn: `${ARN}${of}`,
        attributes: { ...(of.endsWith('.fifo') ? { FifoQueue: 'true' } : {}), ...its },
        deadLetters: of !== name,
      },
      {
        clock,
        timeline,
        next: () => ++numbers,
        onArrival: () => arrivals++,
        deadLetters: () => (of === name ? dead : undefined),
        shuffled: (all) => [...all],
        ...more,
      },
    );
  const dead = queueOf(name.replace(/(\.fifo)?$/, '-dlq$1'), {});
  const queue = queueOf(name, { VisibilityTimeout: '30', ...attributes });
  return {
    queue,
    dead,
    clock,
    timeline,
    arrivals: () => arrivals,
    /** Sends messages like `a1` to group `a`, each with its own name as id. */
    send: (...bodies: string[]) => bodies.map((body) => queue.send(body, { group: body[0], deduplication: body })),
    receive: (max = 10) => queue.receive(max),
  };
}

const bodies = (messages: readonly Message[]): string => messages.map(({ body }) => body).join(' ');

describe('a FIFO queue', () => {
  it('gives several messages of a group at once, in order, before those of the next', () => {
    const { send, receive } = open();
    send('a1', 'b1', 'a2', 'c1', 'a3', 'b2');
    expect(bodies(receive())).toBe('a1 a2 a3 b1 b2 c1');
  });

  it('looks at its groups in any order, and keeps the order within each', () => {
    const { send, receive } = open('orders.fifo', {}, { shuffled: (all) => all.toReversed() });
    send('a1', 'b1', 'a2', 'b2');
    expect(bodies(receive(3))).toBe('b1 b2 a1');
  });

  it('gives nothing of a group that is in work, and all of it when the work is done', () => {
    const { queue, send, receive } = open();
    send('a1', 'a2', 'a3', 'b1');
    const [first, second] = receive(2);
    expect(bodies([first!, second!])).toBe('a1 a2');
    expect(bodies(receive())).toBe('b1');
    queue.delete(first!);
    expect(bodies(receive())).toBe('');
    queue.delete(second!);
    expect(bodies(receive())).toBe('a3');
  });

  it('keeps the place of what comes back, before what came later', async () => {
    const { queue, timeline, send, receive } = open();
    send('a1', 'a2', 'a3');
    const [done, ...failed] = receive();
    queue.delete(done!);
    for (const message of failed) queue.returnLater(message);
    send('a4');
    expect(bodies(receive())).toBe('');
    await timeline.idle(10);
    const again = receive();
    expect(bodies(again)).toBe('a2 a3 a4');
    expect(again.map(({ receives }) => receives)).toEqual([2, 2, 1]);
  });

  it('drops what is sent again within five minutes of the venue, whatever the machine takes', async () => {
    const { queue, clock, timeline, send, receive } = open();
    expect(send('a1')[0]).toBeDefined();
    queue.delete(receive()[0]!);
    timeline.after(60 * MINUTE_MS, () => {});
    await timeline.idle(10);
    clock.moveTo(START + 5 * MINUTE_MS - 1);
    expect(send('a1')).toEqual([undefined]);
    clock.moveTo(START + 5 * MINUTE_MS);
    expect(bodies(send('a1') as Message[])).toBe('a1');
    expect(bodies(queue.peek())).toBe('a1');
  });

  it.each([
    ['the whole queue', {}, 1],
    ['a group', { DeduplicationScope: 'messageGroup' }, 2],
  ])('knows ids by %s', (_, attributes, kept) => {
    const { queue } = open('orders.fifo', attributes);
    for (const group of ['a', 'b', 'a']) queue.send('x', { group, deduplication: 'same' });
    expect(queue.peek()).toHaveLength(kept);
  });

  it('takes nothing without a group and an id', () => {
    const { queue } = open();
    expect(() => queue.send('x', { group: 'a' })).toThrow('needs a group and an id');
    expect(() => queue.send('x', { deduplication: 'a' })).toThrow('needs a group and an id');
  });

  it('numbers its messages so that their text is in their order', () => {
    const { send } = open();
    const sent = send('a1', 'b1', 'a2') as Message[];
    expect(sent.map(({ sequence }) => sequence)).toEqual(sent.map(({ sequence }) => sequence).toSorted());
    expect(new Set(sent.map(({ sequence }) => sequence)).size).toBe(3);
  });
});

describe('dead letters', () => {
  const REDRIVE = { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${ARN}orders-dlq.fifo`, maxReceiveCount: 3 }) };

  it('are what was received as often as the template allows, and the group goes on without them', async () => {
    const { queue, dead, timeline, send, receive } = open('orders.fifo', REDRIVE);
    send('a1', 'a2');
    for (let times = 1; times <= 3; times++) {
      const [only] = receive(1);
      expect([only!.body, only!.receives]).toEqual(['a1', times]);
      queue.returnLater(only!);
      await timeline.idle(10);
    }
    expect(dead.peek()).toEqual([]);
    expect(bodies(receive())).toBe('a2');
    expect(dead.peek().map(({ body, group }) => [body, group])).toEqual([['a1', 'a']]);
    expect(bodies(queue.peek())).toBe('a2');
  });

  it('are all kept, though two of them have one id', async () => {
    const { queue, dead, timeline, receive } = open('orders.fifo', { ...REDRIVE, DeduplicationScope: 'messageGroup' });
    for (const group of ['a', 'b']) queue.send(group, { group, deduplication: 'same' });
    for (let times = 1; times <= 3; times++) {
      for (const message of receive()) queue.returnLater(message);
      await timeline.idle(10);
    }
    expect(bodies(receive())).toBe('');
    expect(bodies(dead.peek())).toBe('a b');
  });

  it('are none where the template names no queue for them', async () => {
    const { queue, timeline, send, receive } = open();
    send('a1');
    for (let times = 1; times <= 200; times++) {
      queue.returnLater(receive()[0]!);
      await timeline.idle(10);
    }
    expect(bodies(queue.peek())).toBe('a1');
  });
});

describe('what was received', () => {
  it.each(['orders.fifo', 'wake-ups'])('comes back to %s when its visibility time-out has run on the machine', async (name) => {
    const { queue, clock, timeline, send, receive, arrivals } = open(name, { VisibilityTimeout: '90' });
    send('a1');
    queue.returnLater(receive()[0]!);
    clock.moveTo(START + 60 * MINUTE_MS);
    expect(receive()).toEqual([]);
    const before = arrivals();
    const seen: [number, string][] = [];
    for (const ms of [89_999, 90_000]) timeline.after(ms, () => seen.push([timeline.now(), bodies(receive())]));
    await timeline.idle(10);
    expect(seen).toEqual([
      [89_999, ''],
      [90_000, 'a1'],
    ]);
    // A function that waits for messages is notified.
    expect(arrivals()).toBe(before + 1);
  });

  it('carries when it was sent and first received, by the venue', async () => {
    const { queue, clock, timeline, send, receive } = open('wake-ups');
    send('a1');
    clock.moveTo(START + 1000);
    queue.returnLater(receive()[0]!);
    await timeline.idle(10);
    clock.moveTo(START + 2000);
    expect(receive()[0]).toMatchObject({ sentMs: START, firstReceivedMs: START + 1000, receives: 2 });
  });
});

describe('a standard queue', () => {
  it('gives its messages in any order, none twice, and drops no repeats', () => {
    const { queue, send, receive } = open('wake-ups', {}, { shuffled: (all) => all.toReversed() });
    send('a1', 'a2', 'a1');
    expect(queue.peek().map(({ group }) => group)).toEqual([undefined, undefined, undefined]);
    expect(bodies(receive(2))).toBe('a1 a2');
    expect(bodies(receive())).toBe('a1');
    expect(bodies(receive())).toBe('');
  });

  it('goes on while some of it is in work', () => {
    const { send, receive } = open('wake-ups');
    send('a1');
    receive();
    send('a2');
    expect(bodies(receive())).toBe('a2');
  });
});

describe('in the words of the service', () => {
  const entry = (Id: string, more: object = {}) => ({
    Id,
    MessageBody: Id,
    MessageGroupId: 'a',
    MessageDeduplicationId: Id,
    ...more,
  });
  const ids = (many: number) => Array.from({ length: many }, (_, at) => entry(`${at}`));

  it('a batch of ten is sent, each answered by its id', () => {
    const { queue, receive } = open();
    const { status, body } = queue.request('SendMessageBatch', { Entries: ids(10) });
    const { Successful, Failed } = body as {
      Successful: { Id: string; MessageId: string; SequenceNumber: string }[];
      Failed: [];
    };
    expect([status, Failed, Successful.map(({ Id }) => Id)]).toEqual([200, [], ids(10).map(({ Id }) => Id)]);
    expect(receive().map(({ id, sequence }) => [id, sequence])).toEqual(
      Successful.map(({ MessageId, SequenceNumber }) => [MessageId, SequenceNumber]),
    );
  });

  it.each<[type: string, entries: object[]]>([
    ['EmptyBatchRequest', []],
    ['TooManyEntriesInBatchRequest', ids(11)],
    ['BatchEntryIdsNotDistinct', [entry('1'), entry('1')]],
    ['BatchRequestTooLong', ids(2).map((each) => ({ ...each, MessageBody: 'x'.repeat(600 * 1024) }))],
  ])('a batch is refused as %s, whole', (type, Entries) => {
    const { queue } = open();
    expect(queue.request('SendMessageBatch', { Entries })).toMatchObject({
      status: 400,
      body: { __type: `com.amazonaws.sqs#${type}` },
    });
    expect(queue.peek()).toEqual([]);
  });

  it('one that is a repeat is answered as sent', () => {
    const { queue } = open();
    const send = () => queue.request('SendMessage', entry('1')) as { status: number; body: { MD5OfMessageBody: string } };
    const [first, second] = [send(), send()];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body.MD5OfMessageBody).toBe(first.body.MD5OfMessageBody);
    expect(queue.peek()).toHaveLength(1);
  });

  it('what it does not know, or could not hold, is refused loudly', () => {
    const { queue } = open('wake-ups');
    expect(() => queue.request('PurgeQueue', {})).toThrow('does not know PurgeQueue');
    expect(() => queue.send('x'.repeat(1024 * 1024 + 1))).toThrow('too long');
    expect(queue.send('x'.repeat(1024 * 1024))).toBeDefined();
  });
});
