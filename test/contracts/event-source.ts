/**
 * What an event source mapping promises, whichever it is: how messages reach their function, and what becomes of them then.
 *
 * Source: AWS Lambda developer guide, "Using Lambda with Amazon SQS", "Implementing partial batch responses", and "Configuring
 * maximum concurrency".
 */
import { createHash } from 'node:crypto';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../lib/local/host/clock.ts';
import type { MappingPlan } from '../../lib/local/template/plan.ts';
import { type Difference, differences, type Side } from './difference.ts';
import { ARN, FIFO, STANDARD, START } from './queue-side.ts';

/** A queue, its function and what brings messages from one to the other, on a clock that stands still at `START`. */
export interface OpenEventSource {
  readonly clock: Clock;
  send(body: string, options?: { group: string; deduplication: string }): void;
  /** Waits some time of the machine, as a function does. */
  wait(ms: number): Promise<void>;
  /** Resolves when the queue is empty and the function has nothing to do. */
  quiet(): Promise<void>;
  deadLetters(): readonly string[];
}

export interface EventSourceOptions
  extends Partial<Pick<MappingPlan, 'batchSize' | 'windowMs' | 'maximumConcurrency' | 'partialFailures'>> {
  /** FIFO when its name ends in `.fifo`; a message is received three times at most. */
  readonly queue: string;
  readonly work: (event: SQSEvent, source: OpenEventSource) => unknown;
  /** Batches as large as they may be, for a source that may make them smaller. */
  readonly full?: boolean;
  /** What goes wrong with a message that was received. */
  readonly fault?: (body: string) => 'late' | 'again' | undefined;
}

export interface EventSourceSide {
  readonly side: Side;
  open(options: EventSourceOptions): Promise<OpenEventSource>;
}

/** Messages like `a1` to group `a`, each with its own name as id. */
const send = (source: OpenEventSource, ...bodies: string[]) => {
  for (const body of bodies) source.send(body, { group: body[0]!, deduplication: body });
};
const failed = (records: readonly SQSRecord[]) => ({
  batchItemFailures: records.map(({ messageId }) => ({ itemIdentifier: messageId })),
});
const receives = ({ attributes }: SQSRecord): number => Number(attributes.ApproximateReceiveCount);
const seen = (records: readonly SQSRecord[]) => records.map((record) => `${record.body}:${receives(record)}`);

export function eventSourceContract(sources: EventSourceSide): void {
  const { side, open } = sources;
  describe('a record', () => recordContract(open));
  describe('a batch', () => batchContract(open));
  describe('what the function hands back', () => failureContract(open));
  describe('a FIFO group', () => groupContract(open));
  describe('what goes wrong on the way', () => faultContract(open));
  differences(side, sources, DIFFERENCES);
}

function recordContract(open: EventSourceSide['open']): void {
  it.each<[queue: string, more: object]>([
    [STANDARD, {}],
    [FIFO, { SequenceNumber: expect.stringMatching(/^\d{20}$/), MessageGroupId: 'a', MessageDeduplicationId: 'a1' }],
  ])('of %s has the shape that Lambda gives it, and the times of the clock', async (queue, more) => {
    const records: SQSRecord[] = [];
    const source = await open({ queue, work: ({ Records }) => void records.push(...Records) });
    send(source, 'a1');
    await source.quiet();
    expect(records).toEqual([
      {
        messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        receiptHandle: expect.any(String),
        body: 'a1',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: `${START}`,
          ApproximateFirstReceiveTimestamp: `${START}`,
          SenderId: expect.any(String),
          ...more,
        },
        messageAttributes: {},
        md5OfBody: createHash('md5').update('a1').digest('hex'),
        eventSource: 'aws:sqs',
        eventSourceARN: `${ARN}${queue}`,
        awsRegion: 'us-east-1',
      },
    ]);
  });
}

function batchContract(open: EventSourceSide['open']): void {
  it.each([STANDARD, FIFO])('of %s is never larger than the template says, and all come, each once', async (queue) => {
    const batches: string[][] = [];
    const source = await open({ queue, batchSize: 4, work: ({ Records }) => void batches.push(seen(Records)) });
    const names = Array.from({ length: 30 }, (_, n) => `a${n}`);
    send(source, ...names);
    await source.quiet();
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(4);
    expect(batches.flat().toSorted()).toEqual(names.map((name) => `${name}:1`).toSorted());
    expect(batches.some(({ length }) => length > 1)).toBe(true);
  });

  it.each([
    ['as many at once as the mapping says', 1],
    ['some at once where it says nothing', undefined],
  ])('is worked beside others: %s', async (_, maximumConcurrency) => {
    let [running, most] = [0, 0];
    const source = await open({
      queue: STANDARD,
      batchSize: 1,
      maximumConcurrency,
      async work(_event, { wait }) {
        most = Math.max(most, ++running);
        await wait(50);
        running--;
      },
    });
    send(source, 'a1', 'a2', 'a3', 'a4');
    await source.quiet();
    if (maximumConcurrency === undefined) expect(most).toBeGreaterThan(1);
    else expect(most).toBe(maximumConcurrency);
  });

  it('that comes back while every place is taken is worked when one is free', async () => {
    const worked: string[] = [];
    const source = await open({
      queue: STANDARD,
      batchSize: 1,
      async work({ Records }, { wait }) {
        worked.push(...seen(Records));
        const [record] = Records as [SQSRecord];
        if (record.body === 'fails') return failed(receives(record) < 2 ? [record] : []);
        return wait(200);
      },
    });
    send(source, 'fails', 'slow 1', 'slow 2');
    await source.quiet();
    expect(worked.toSorted()).toEqual(['fails:1', 'fails:2', 'slow 1:1', 'slow 2:1']);
  });
}

function failureContract(open: EventSourceSide['open']): void {
  /** How often each of two messages of a batch comes, when the function answers so the first time. */
  const outcome = async (answer: (records: readonly SQSRecord[]) => unknown, partialFailures = true) => {
    const times: Record<string, number> = {};
    const work = ({ Records }: SQSEvent) => {
      for (const record of Records) times[record.body] = receives(record);
      return receives(Records[0]!) === 1 ? answer(Records) : null;
    };
    const source = await open({ queue: FIFO, batchSize: 2, full: true, partialFailures, work });
    send(source, 'a good', 'a bad');
    await source.quiet();
    return [times['a good'], times['a bad']];
  };

  it.each<[what: string, answer: (records: readonly SQSRecord[]) => unknown, good: number, bad: number]>([
    ['is nothing', () => null, 1, 1],
    ['is nothing in so many words', () => failed([]), 1, 1],
    ['is one message', ([, bad]) => failed([bad!]), 1, 2],
    ['is both', (records) => failed(records), 2, 2],
    ['is not of the batch: all of it comes again', () => ({ batchItemFailures: [{ itemIdentifier: 'other' }] }), 2, 2],
    ['is not understood: all of it comes again', () => 'text', 2, 2],
    [
      'is an error: all of it comes again',
      () => {
        throw new Error('as asked');
      },
      2,
      2,
    ],
  ])('%s', async (_, answer, good, bad) => {
    expect(await outcome(answer)).toEqual([good, bad]);
  });

  it('is not read where the template does not say that it reports failures', async () => {
    expect(await outcome((records) => failed(records), false)).toEqual([1, 1]);
  });

  it('again and again ends among the dead letters, and the others are worked', async () => {
    const worked: string[] = [];
    const source = await open({
      queue: FIFO,
      work({ Records }) {
        worked.push(...seen(Records));
        // With what follows it in its group, as a function must.
        const at = Records.findIndex(({ body }) => body === 'a1');
        return failed(at < 0 ? [] : Records.slice(at).filter(({ body }) => body.startsWith('a')));
      },
    });
    send(source, 'a1', 'b1');
    await source.quiet();
    expect(worked.toSorted()).toEqual(['a1:1', 'a1:2', 'a1:3', 'b1:1']);
    expect(source.deadLetters()).toEqual(['a1']);
  });
}

function groupContract(open: EventSourceSide['open']): void {
  it('keeps its order, with several of it in a batch, and is never in two batches at a time', async () => {
    const order = new Map<string, number[]>();
    const inWork = new Set<string>();
    let largest = 0;
    const source = await open({
      queue: FIFO,
      async work({ Records }, { wait }) {
        const groups = Map.groupBy(Records, ({ attributes }) => attributes.MessageGroupId!);
        for (const [group, records] of groups) {
          expect(inWork.has(group), `group ${group} is already in work`).toBe(false);
          inWork.add(group);
          largest = Math.max(largest, records.length);
          order.set(group, [...(order.get(group) ?? []), ...records.map(({ body }) => Number(body.slice(1)))]);
        }
        await wait(2);
        for (const group of groups.keys()) inWork.delete(group);
        // What fails once takes what follows it in its group along.
        const failing = new Set<string>();
        return failed(
          Records.filter((record) => {
            const group = record.attributes.MessageGroupId!;
            if (Number(record.body.slice(1)) % 17 === 0 && receives(record) < 2) failing.add(group);
            return failing.has(group);
          }),
        );
      },
    });
    for (let n = 0; n < 90; n++) send(source, `${'abc'[n % 3]}${n}`);
    await source.quiet();
    expect(source.deadLetters()).toEqual([]);
    expect(largest).toBeGreaterThan(1);
    for (const numbers of order.values()) {
      expect([...new Set(numbers)]).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      expect(new Set(numbers).size).toBe(30);
      // A repeat starts again at what failed and leaves nothing out after it.
      for (const [i, n] of numbers.entries()) if (i > 0 && n < numbers[i - 1]!) expect(n % 17).toBe(0);
    }
  });
}

function faultContract(open: EventSourceSide['open']): void {
  const once = (fault: 'late' | 'again', name: string) => {
    let struck = false;
    return (body: string) => {
      if (struck || body !== name) return undefined;
      struck = true;
      return fault;
    };
  };
  const worked = async (queue: string, fault: ReturnType<typeof once>, ...bodies: string[]) => {
    const records: string[] = [];
    const source = await open({ queue, fault, work: ({ Records }) => void records.push(...seen(Records)) });
    send(source, ...bodies);
    await source.quiet();
    return records;
  };

  it.each([STANDARD, FIFO])('late: a message of %s reaches the function only the next time', async (queue) => {
    expect(await worked(queue, once('late', 'a1'), 'a1')).toEqual(['a1:2']);
  });

  it.each([STANDARD, FIFO])('again: a message of %s is worked, and comes once more', async (queue) => {
    expect(await worked(queue, once('again', 'a1'), 'a1')).toEqual(['a1:1', 'a1:2']);
  });

  it('late, with all that follows it in its group and nothing of another', async () => {
    const records = await worked(FIFO, once('late', 'a2'), 'a1', 'a2', 'a3', 'b1', 'b2');
    const of = (group: string) => records.filter((record) => record.startsWith(group));
    expect(of('a').map((record) => record.split(':')[0])).toEqual(['a1', 'a2', 'a3']);
    expect(of('a').slice(0, 2)).toEqual(['a1:1', 'a2:2']);
    expect(of('b')).toEqual(['b1:1', 'b2:1']);
  });
}

const DIFFERENCES: readonly Difference<EventSourceSide>[] = [
  {
    what: 'a batch whose window is open',
    async ask({ open }) {
      const sizes: number[] = [];
      const source = await open({ queue: STANDARD, windowMs: 200, work: ({ Records }) => void sizes.push(Records.length) });
      send(source, 'a1');
      await source.wait(20);
      const early = sizes.length;
      await source.quiet();
      return [early, sizes.length];
    },
    engine: [0, 1],
    model: [1, 1],
    why: 'a batch may be of any size whatever its window; the model makes them of any size',
  },
];
