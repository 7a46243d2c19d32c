/**
 * What a queue promises, whichever it is: the promises of SQS that functions stand on, and none that SQS does not give.
 *
 * Source: Amazon SQS developer guide, "FIFO queue and message group ID", "Exactly-once processing", "Visibility timeout",
 * "Dead-letter queues"; Amazon SQS API reference, `SendMessage` and `SendMessageBatch`.
 */
import { describe, expect, it } from 'vitest';
import type { ServiceAnswer } from '../../lib/local/proxy/request.ts';
import { type Difference, differences } from './difference.ts';
import { message, refusalContract, sendContract } from './queue-requests.ts';
import { ARN, FIFO, type OpenQueue, type QueueSide, type ReceivedMessage, STANDARD, START } from './queue-side.ts';

const MINUTE_MS = 60_000;
const GROUP_SCOPE = { DeduplicationScope: 'messageGroup' };
/** Messages like `a1` to group `a`, each with its own name as id. */
const send = (queue: OpenQueue, ...bodies: string[]) => {
  for (const body of bodies) queue.send(body, { group: body[0]!, deduplication: body });
};
const texts = (messages: readonly ReceivedMessage[]): string => messages.map(({ body }) => body).join(' ');
/** The bodies of what is received now. */
const taken = (queue: OpenQueue, max = 10): string => texts(queue.receive(max));

export function queueContract(queues: QueueSide): void {
  const { side, open } = queues;
  describe('a FIFO queue', () => fifoContract(open));
  describe('a standard queue', () => standardContract(open));
  describe('what was received', () => receivedContract(open));
  describe('dead letters', () => deadLettersContract(open));
  describe('a request that sends', () => sendContract(open));
  describe('a request that is refused', () => refusalContract(open));
  differences(side, queues, DIFFERENCES);
}

function fifoContract(open: QueueSide['open']): void {
  it('gives several messages of a group at once, in order, before those of the next', async () => {
    const queue = await open(FIFO);
    send(queue, 'a1', 'b1', 'a2', 'c1', 'a3', 'b2');
    expect(taken(queue)).toBe('a1 a2 a3 b1 b2 c1');
  });

  it('gives nothing of a group that is in work, and the rest of it when the work is done', async () => {
    const queue = await open(FIFO);
    send(queue, 'a1', 'a2', 'a3', 'b1');
    const [first, second] = queue.receive(2);
    expect(texts([first!, second!])).toBe('a1 a2');
    expect(taken(queue)).toBe('b1');
    queue.delete(first!);
    expect(taken(queue)).toBe('');
    queue.delete(second!);
    expect(taken(queue)).toBe('a3');
  });

  it('keeps the place of what comes back, before what came later', async () => {
    const queue = await open(FIFO);
    send(queue, 'a1', 'a2', 'a3');
    const [done, ...failed] = queue.receive(10);
    queue.delete(done!);
    queue.giveBack(failed);
    send(queue, 'a4');
    expect(taken(queue)).toBe('');
    await queue.timedOut();
    const again = queue.receive(10);
    expect(again.map(({ body, receives }) => [body, receives])).toEqual([
      ['a2', 2],
      ['a3', 2],
      ['a4', 1],
    ]);
  });

  it('drops what is sent again within five minutes of the clock, also when the first was worked off', async () => {
    const queue = await open(FIFO);
    send(queue, 'a1');
    queue.delete(queue.receive(1)[0]!);
    queue.clock.moveTo(START + 5 * MINUTE_MS - 1);
    send(queue, 'a1');
    expect(queue.bodies()).toEqual([]);
    queue.clock.moveTo(START + 5 * MINUTE_MS);
    send(queue, 'a1');
    expect(queue.bodies()).toEqual(['a1']);
  });

  it.each([
    ['the whole queue', {}, 1],
    ['a group', GROUP_SCOPE, 2],
  ])('knows a repeat by its id in %s', async (_, attributes, kept) => {
    const queue = await open(FIFO, attributes);
    for (const group of ['a', 'b', 'a']) queue.send('x', { group, deduplication: 'same' });
    expect(queue.bodies()).toHaveLength(kept);
  });

  it('numbers its messages so that their text is in their order', async () => {
    const queue = await open(FIFO);
    send(queue, 'a1', 'b1', 'a2', 'a3');
    const numbers = queue
      .receive(10)
      .toSorted((a, b) => ['a1', 'b1', 'a2', 'a3'].indexOf(a.body) - ['a1', 'b1', 'a2', 'a3'].indexOf(b.body))
      .map(({ sequence }) => sequence!);
    expect(numbers).toEqual(numbers.toSorted());
    expect(new Set(numbers).size).toBe(4);
  });
}

function standardContract(open: QueueSide['open']): void {
  it('gives each of its messages once, in no group, and drops no repeats', async () => {
    const queue = await open(STANDARD);
    send(queue, 'a1', 'a2', 'a1');
    const received = [...queue.receive(2), ...queue.receive(10)];
    expect(received.map(({ body }) => body).sort()).toEqual(['a1', 'a1', 'a2']);
    expect(taken(queue)).toBe('');
    expect(received.map(({ sequence }) => sequence)).toEqual([undefined, undefined, undefined]);
  });

  it('goes on while some of it is in work', async () => {
    const queue = await open(STANDARD);
    send(queue, 'a1');
    expect(taken(queue)).toBe('a1');
    send(queue, 'a2');
    expect(taken(queue)).toBe('a2');
  });
}

function receivedContract(open: QueueSide['open']): void {
  it.each([FIFO, STANDARD])(
    'is not given again by %s, however late it is on the clock, until its time-out has run',
    async (name) => {
      const queue = await open(name);
      send(queue, 'a1');
      queue.giveBack(queue.receive(1));
      queue.clock.moveTo(START + 60 * MINUTE_MS);
      expect(taken(queue)).toBe('');
      await queue.timedOut();
      expect(taken(queue)).toBe('a1');
    },
  );

  it.each([FIFO, STANDARD])('carries when %s got it and when it first gave it, by the clock', async (name) => {
    const queue = await open(name);
    send(queue, 'a1');
    queue.clock.moveTo(START + 1000);
    queue.giveBack(queue.receive(1));
    await queue.timedOut();
    queue.clock.moveTo(START + 2000);
    expect(queue.receive(1)[0]).toMatchObject({ sentMs: START, firstReceivedMs: START + 1000, receives: 2 });
  });

  it('is told of as it arrives', async () => {
    const queue = await open(STANDARD);
    const before = queue.arrivals();
    send(queue, 'a1', 'a2');
    expect(queue.arrivals()).toBe(before + 2);
  });
}

const REDRIVE = { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${ARN}work-dlq.fifo`, maxReceiveCount: 3 }) };

function deadLettersContract(open: QueueSide['open']): void {
  it('are what was received as often as the template allows, and the group goes on without them', async () => {
    const queue = await open(FIFO, REDRIVE);
    send(queue, 'a1', 'a2');
    for (let times = 1; times <= 3; times++) {
      const only = queue.receive(1);
      expect(only.map(({ body, receives }) => [body, receives])).toEqual([['a1', times]]);
      queue.giveBack(only);
      await queue.timedOut();
    }
    expect(queue.deadLetters()).toEqual([]);
    expect(taken(queue)).toBe('a2');
    expect(queue.deadLetters()).toEqual([{ body: 'a1', group: 'a' }]);
    expect(queue.bodies()).toEqual(['a2']);
  });

  it('are all kept, though two of them have one id', async () => {
    const queue = await open(FIFO, { ...REDRIVE, ...GROUP_SCOPE });
    for (const group of ['a', 'b']) queue.send(group, { group, deduplication: 'same' });
    for (let times = 1; times <= 3; times++) {
      queue.giveBack(queue.receive(10));
      await queue.timedOut();
    }
    expect(taken(queue)).toBe('');
    expect(queue.deadLetters().map(({ body }) => body)).toEqual(['a', 'b']);
  });

  it('are none where the template names no queue for them', async () => {
    const queue = await open(FIFO);
    send(queue, 'a1');
    for (let times = 1; times <= 20; times++) {
      queue.giveBack(queue.receive(1));
      await queue.timedOut();
    }
    expect(queue.receive(1)).toMatchObject([{ body: 'a1', receives: 21 }]);
  });
}

const DIFFERENCES: readonly Difference<QueueSide>[] = [
  {
    what: 'the message id that a dropped repeat is answered with',
    async ask({ open }) {
      const queue = await open(FIFO);
      const ids: string[] = [];
      for (let times = 1; times <= 2; times++)
        ids.push(((await queue.request('SendMessage', message('1'))).body as { MessageId: string }).MessageId);
      return ids[1]!.endsWith('000000000000') ? 'of zeros' : ids[0] !== ids[1] && 'a new one';
    },
    engine: 'a new one',
    model: 'of zeros',
    why: 'SQS repeats the first one’s; no function reads the id of what it has sent',
  },
  {
    what: 'a message that is neither deleted nor given back',
    async ask({ open }) {
      const queue = await open(STANDARD, { VisibilityTimeout: '1' });
      send(queue, 'a1');
      queue.receive(1);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      await queue.timedOut();
      return taken(queue);
    },
    engine: 'a1',
    model: '',
    why: 'the model’s only receiver is its event source, which does one or the other with every message',
  },
  {
    what: 'a message with a delay',
    ask: async ({ open }) => loudly((await open(STANDARD)).request('SendMessage', { MessageBody: 'a', DelaySeconds: 1 })),
    engine: 200,
    model: 'The virtual queue does not know DelaySeconds',
    why: 'no function sends one; the model refuses loudly what it does not know',
  },
  {
    what: 'a request that is not a sending',
    ask: async ({ open }) => loudly((await open(STANDARD)).request('PurgeQueue', {})),
    engine: 200,
    model: 'The virtual queue does not know PurgeQueue',
    why: 'functions only send; the model refuses loudly what it does not know',
  },
];

/** The status of an answer, or the words of the mistake that a model has refused to guess at. */
const loudly = (asked: Promise<ServiceAnswer>): Promise<number | string> =>
  asked.then(
    ({ status }) => status,
    ({ message }: Error) => message,
  );
