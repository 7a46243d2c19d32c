/** What only the model of a queue does: the worst that SQS may do with its order, on machine time. */
import { describe, expect, it } from 'vitest';
import { frozenClock } from '../../lib/local/host/clock.ts';
import { type Message, VirtualQueue, type VirtualQueueOptions } from '../../lib/virtual/queue.ts';
import { startTimeline } from '../../lib/virtual/timeline.ts';

const START = Date.parse('2025-11-07T15:00:00Z');

function open(name: string, shuffled: VirtualQueueOptions['shuffled'] = (all) => [...all]) {
  const [clock, timeline] = [frozenClock(START), startTimeline()];
  const attributes: Record<string, string> = {
    VisibilityTimeout: '90',
    ...(name.endsWith('.fifo') ? { FifoQueue: 'true' } : {}),
  };
  let numbers = 0;
  let arrivals = 0;
  const queue = new VirtualQueue(
    { name, arn: `arn:aws:sqs:us-east-1:000000000000:${name}`, attributes, deadLetters: false },
    {
      clock,
      timeline,
      shuffled,
      messageBytesMax: 1024,
      next: () => ++numbers,
      onArrival: () => arrivals++,
      deadLetters: () => undefined,
    },
  );
  /** Sends messages like `a1` to group `a`, each with its own name as id. */
  const send = (...bodies: string[]) => {
    for (const body of bodies) queue.send(body, { group: body[0], deduplication: body });
  };
  return { queue, clock, timeline, send, arrivals: () => arrivals };
}

const bodies = (messages: readonly Message[]): string => messages.map(({ body }) => body).join(' ');
const reversed: VirtualQueueOptions['shuffled'] = (all) => all.toReversed();

describe('a queue', () => {
  it('looks at the groups of a FIFO queue in any order, and keeps the order within each', () => {
    const { queue, send } = open('work.fifo', reversed);
    send('a1', 'b1', 'a2', 'b2');
    expect(bodies(queue.receive(3))).toBe('b1 b2 a1');
  });

  it('gives the messages of a standard queue in any order', () => {
    const { queue, send } = open('work', reversed);
    send('a1', 'a2', 'a3');
    expect(bodies(queue.receive(2))).toBe('a3 a2');
  });

  it.each(['work.fifo', 'work'])(
    '%s gives again, and says so, when the visibility time-out has run on the machine',
    async (name) => {
      const { queue, clock, timeline, send, arrivals } = open(name);
      send('a1');
      queue.returnLater(queue.receive(1)[0]!);
      clock.moveTo(START + 3_600_000);
      const before = arrivals();
      const seen: [number, string][] = [];
      for (const ms of [89_999, 90_000]) timeline.after(ms, () => seen.push([timeline.now(), bodies(queue.receive(1))]));
      await timeline.idle(10);
      expect(seen).toEqual([
        [89_999, ''],
        [90_000, 'a1'],
      ]);
      expect(arrivals()).toBe(before + 1);
    },
  );

  it('says so when the rest of a group is free', () => {
    const { queue, send, arrivals } = open('work.fifo');
    send('a1', 'a2');
    const [first] = queue.receive(1);
    const before = arrivals();
    queue.delete(first!);
    expect(arrivals()).toBe(before + 1);
  });

  it('throws on a message that it would refuse, when it is sent past the service', () => {
    const { queue } = open('work.fifo');
    expect(() => queue.send('x', { deduplication: 'a' })).toThrow('work.fifo takes no such message: MissingParameter');
    expect(() => queue.send('x', { group: 'a' })).toThrow('work.fifo takes no such message: InvalidParameterValue');
  });
});
