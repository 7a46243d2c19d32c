/** The virtual cloud on a small app: each fault hook does what it says, once, and everything else goes on around it. */
import { describe, expect, it } from 'vitest';
import type { ProxyRequest } from '../../lib/local/proxy/request.ts';
import { startVirtualCloud } from '../../lib/virtual/cloud.ts';
import type { DeliveryFate, Fate, FaultHooks } from '../../lib/virtual/fault-hooks.ts';
import { idOf, synthesizeSmallApp } from '../local/small-app.ts';
import { sourcesOf } from './sources.ts';

const START = Date.parse('2025-10-20T12:00:00Z');

/** Sends what it is asked to. */
const DOOR = `
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
const sqs = new SQSClient({ maxAttempts: 1 });
export const handler = async (event: any) => {
  const { queue, names } = JSON.parse(event.body);
  if (queue === undefined) throw new Error('where to?');
  const QueueUrl = process.env[queue + '_URL'] ?? 'http://sqs.virtual/000000000000/' + queue;
  for (const name of names) {
    const fifo = queue === 'WORKFIFO' ? { MessageGroupId: name[0], MessageDeduplicationId: name } : {};
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: name, ...fifo }));
  }
  return { statusCode: 202, body: JSON.stringify({ by: event.requestContext.authorizer.jwt.claims.sub, at: event.requestContext.timeEpoch }) };
};`;
/** Counts in the table how often it has worked each message, with one request a message that nothing repeats. */
const WORKER = `
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
const table = new DynamoDBClient({ maxAttempts: 1 });
let calls = 0;
export const handler = async (event: any) => {
  calls++;
  for (const { body, attributes } of event.Records) {
    console.log(JSON.stringify({ name: body, receives: Number(attributes.ApproximateReceiveCount), calls, at: Date.now() }));
    if (body.startsWith('fails')) throw new Error('as asked');
    await table.send(new UpdateItemCommand({ TableName: process.env.TABLE_NAME, Key: { pk: { S: 'done' }, sk: { S: body } }, UpdateExpression: 'ADD times :one', ExpressionAttributeValues: { ':one': { N: '1' } } }));
  }
};`;
/** Does three of each batch, and says what is answered; or what the virtual cloud has no model of. */
const BATCHES = `
import { DynamoDBClient, BatchGetItemCommand, BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { PurgeQueueCommand, SQSClient, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
const [table, sqs, name] = [new DynamoDBClient({ maxAttempts: 1 }), new SQSClient({ maxAttempts: 1 }), process.env.TABLE_NAME!];
const keys = ['1', '2', '3'].map((sk) => ({ pk: { S: 'batch' }, sk: { S: sk } }));
export const handler = async ({ Records: [{ body }] }: any) => {
  if (body === 'purge') await sqs.send(new PurgeQueueCommand({ QueueUrl: process.env.WAKEUPS_URL }));
  const { UnprocessedItems } = await table.send(new BatchWriteItemCommand({ RequestItems: { [name]: keys.map((Item) => ({ PutRequest: { Item } })) } }));
  const unwritten = (UnprocessedItems?.[name] ?? []).map(({ PutRequest }) => PutRequest!.Item!.sk!.S);
  const read = await table.send(new BatchGetItemCommand({ RequestItems: { [name]: { Keys: keys, ConsistentRead: true } } }));
  const sent = await sqs.send(new SendMessageBatchCommand({ QueueUrl: process.env.WAKEUPS_URL, Entries: keys.map(({ sk }) => ({ Id: sk.S, MessageBody: 'batch' + sk.S })) }));
  console.log(JSON.stringify({ unwritten, read: read.Responses![name]!.map(({ sk }) => sk!.S), unread: (read.UnprocessedKeys?.[name]?.Keys ?? []).map(({ sk }) => sk!.S), sent: sent.Successful!.map(({ Id }) => Id), unsent: sent.Failed!.map(({ Id }) => Id) }));
};`;

const SOURCES = { door: DOOR, worker: WORKER, batches: BATCHES };
const sources = sourcesOf(SOURCES);
const assembly = synthesizeSmallApp({
  functions: SOURCES,
  queues: {
    'work.fifo': {},
    wakeUps: {},
    unread: {},
    batch: {},
    patient: {
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [idOf('Queue', 'patient-dlq'), 'Arn'] }, maxReceiveCount: 1_000_000 },
    },
  },
  mappings: [
    { queue: 'work.fifo', function: 'worker' },
    { queue: 'wakeUps', function: 'worker' },
    { queue: 'batch', function: 'batches' },
    { queue: 'patient', function: 'worker' },
  ],
  routes: { 'POST /messages': 'door' },
  schedules: { hourly: { expression: 'cron(0 * * * ? *)', queue: 'wakeUps', input: 'hourly' } },
});

interface Worked {
  readonly name: string;
  readonly receives: number;
  /** Of this environment. */
  readonly calls: number;
  readonly at: number;
}

function start(faultHooks: FaultHooks = {}, seed = 1) {
  const printed: { name: string; text: string }[] = [];
  const cloud = startVirtualCloud({
    assembly,
    sources,
    start: START,
    seed,
    faultHooks,
    onOutput: (name, text) => printed.push({ name, text }),
  });
  const of = (name: string) => printed.flatMap((line) => (line.name === name ? [JSON.parse(line.text)] : []));
  const times = (): Record<string, number> => {
    const { Items } = cloud.table('Scan', { TableName: cloud.tableName }).body as {
      Items: { sk: { S: string }; times?: { N: string } }[];
    };
    return Object.fromEntries(Items.map(({ sk, times }) => [sk.S, Number(times?.N)]));
  };
  const send = (queue: string, ...names: string[]) => cloud.ask({ sub: 'ann' }, 'POST', '/messages', { queue, names });
  return { cloud, send, times, worked: () => of('worker') as Worked[], batches: () => of('batches') };
}

/** The first time that a function asks, and no other. */
function once<T>(what: T, pass: T, isMeant: (request: ProxyRequest) => boolean = ({ function: name }) => name === 'worker') {
  let struck = false;
  return (request: ProxyRequest): T => {
    if (struck || !isMeant(request)) return pass;
    struck = true;
    return what;
  };
}

describe('what becomes of a request', () => {
  const CONFLICT = { status: 400, body: { __type: 'com.amazonaws.dynamodb.v20120810#TransactionConflictException' } };
  it.each<[fate: Fate, times: number, calls: number[], timeout: boolean]>([
    ['pass', 1, [1], false],
    // Lost before it takes effect, or after, and the function hears of a broken connection: the message comes again.
    ['drop-before', 1, [1, 2], false],
    ['drop-after', 2, [1, 2], false],
    [CONFLICT, 1, [1, 2], false],
    // The worker is gone: another one begins anew.
    ['kill-before', 1, [1, 1], false],
    ['kill-after', 2, [1, 1], false],
    ['hang-before', 1, [1, 1], true],
    ['hang-after', 2, [1, 1], true],
    // Nothing but a batch can be done in part.
    ['partly', 1, [1], false],
  ])('%s: it is done %i times, by calls %j of an environment', async (fate, done, calls, timeout) => {
    const { cloud, send, times, worked } = start({ onRequest: once<Fate>(fate, 'pass') });
    await send('WAKEUPS', 'one');
    await cloud.quiet();
    expect(times()).toEqual({ one: done });
    expect(worked().map(({ calls }) => calls)).toEqual(calls);
    expect(worked().map(({ receives }) => receives)).toEqual(calls.map((_, at) => at + 1));
    // Visibility is 30 s, a time-out 5 s, a slow way 3 s.
    const waited = (calls.length - 1) * 30_000 + (timeout ? 5_000 : 0);
    expect(cloud.timeline.now()).toBeGreaterThan(waited);
    expect(cloud.timeline.now()).toBeLessThan(waited + 30_000);
    expect(cloud.deadLetters()).toEqual([]);
  });

  it('a batch is done in part, and the answer says which part', async () => {
    const whole = start();
    await whole.send('BATCH', 'x');
    await whole.cloud.quiet();
    const all = ['1', '2', '3'];
    expect(whole.batches()).toEqual([{ unwritten: [], read: all, unread: [], sent: all, unsent: [] }]);
    const { cloud, send, times, batches } = start({
      onRequest: ({ function: name }) => (name === 'batches' ? 'partly' : 'pass'),
    });
    await send('BATCH', 'x');
    await cloud.quiet();
    expect(batches()).toEqual([{ unwritten: ['1', '2'], read: ['3'], unread: ['1', '2'], sent: ['2', '3'], unsent: ['1'] }]);
    expect(Object.keys(times()).sort()).toEqual(['3', 'batch2', 'batch3']);
  });
});

describe('what becomes of a delivery', () => {
  const deliveryOnce = (fate: DeliveryFate, name: string): FaultHooks => {
    let struck = false;
    return {
      onDelivery: (_, body) => {
        if (struck || body !== name) return undefined;
        struck = true;
        return fate;
      },
    };
  };
  const seen = (worked: readonly Worked[]) => worked.map(({ name, receives }) => `${name}:${receives}`);

  it.each<[fate: DeliveryFate, queue: string, name: string, seen: string[]]>([
    [undefined, 'WAKEUPS', 'one', ['one:1']],
    ['late', 'WAKEUPS', 'one', ['one:2']],
    ['again', 'WAKEUPS', 'one', ['one:1', 'one:2']],
    ['double', 'WAKEUPS', 'one', ['one:1', 'one:1']],
    // A FIFO queue gives a message to one worker at a time.
    ['double', 'WORKFIFO', 'a', ['a:1', 'a:2']],
    ['lost', 'WAKEUPS', 'one', []],
  ])('%s, from %s', async (fate, queue, name, expected) => {
    const { cloud, send, times, worked } = start(deliveryOnce(fate, name));
    await send(queue, name);
    await cloud.quiet();
    expect(seen(worked())).toEqual(expected);
    expect(times()).toEqual(expected.length === 0 ? {} : { [name]: expected.length });
    const waits = worked().some(({ receives }) => receives > 1);
    expect(cloud.timeline.now() > 30_000).toBe(waits);
  });

  it('two at once are two workers', async () => {
    const { cloud, send, worked } = start(deliveryOnce('double', 'one'));
    await send('WAKEUPS', 'one');
    await cloud.quiet();
    expect(worked().map(({ calls }) => calls)).toEqual([1, 1]);
  });

  it('late, with all that follows it in its group and nothing of another, whatever the batches', async () => {
    let followed = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const { cloud, send, worked } = start(deliveryOnce('late', 'a2'), seed);
      await send('WORKFIFO', 'a1', 'a2', 'a3', 'b1', 'b2');
      await cloud.quiet();
      const of = (group: string) => worked().filter(({ name }) => name.startsWith(group));
      expect(of('a').map(({ name }) => name)).toEqual(['a1', 'a2', 'a3']);
      expect(seen(of('b'))).toEqual(['b1:1', 'b2:1']);
      expect(
        of('a')
          .slice(0, 2)
          .map(({ receives }) => receives),
      ).toEqual([1, 2]);
      if (of('a')[2]!.receives === 2) followed++;
    }
    expect(followed).toBeGreaterThan(0);
  });

  it('ends among the dead letters after the template’s receives', async () => {
    const { cloud, send, worked } = start();
    await send('WAKEUPS', 'fails', 'well');
    await cloud.quiet();
    expect(
      worked()
        .filter(({ name }) => name === 'fails')
        .map(({ receives }) => receives),
    ).toEqual([1, 2, 3]);
    expect(cloud.deadLetters()).toEqual([{ queue: 'wakeUps-dlq', body: 'fails', group: undefined }]);
  });
});

describe('a caller', () => {
  it('is answered as the function says, as the bearer of the claims, at the time on the clock', async () => {
    const { send } = start();
    expect(await send('WAKEUPS', 'one')).toEqual({ status: 202, body: { by: 'ann', at: START } });
  });

  it('may not hear the answer to what was done', async () => {
    const { cloud, send, times } = start({ onAnswer: (method, path) => method === 'POST' && path === '/messages' });
    await expect(send('WAKEUPS', 'one')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await cloud.quiet();
    expect(times()).toEqual({ one: 1 });
  });
});

describe('what would wait for ever fails with the name of what is waited for', () => {
  it('a queue that no function reads', async () => {
    const { cloud, send } = start();
    await send('UNREAD', 'one');
    await expect(cloud.quiet()).rejects.toThrow('nothing is pending any more, but queue unread has 1');
  });

  it('a queue that is not there: its sender is refused, as by the service', async () => {
    const { cloud, send } = start();
    expect(await send('elsewhere', 'one')).toMatchObject({ status: 500 });
    expect(() => cloud.send('elsewhere', 'one')).toThrow('There is no queue elsewhere; there are: ');
    await cloud.quiet();
  });

  it('a request that the models do not know', async () => {
    const { cloud, send } = start();
    cloud.send('batch', 'purge');
    await expect(cloud.quiet()).rejects.toThrow('The virtual queue does not know PurgeQueue');
    await expect(send('WAKEUPS', 'one')).rejects.toThrow('The virtual queue does not know PurgeQueue');
  });

  it('work that begins again and again', async () => {
    const { cloud, send } = start({ onDelivery: () => 'late' });
    await send('PATIENT', 'one');
    await expect(cloud.quiet()).rejects.toThrow(/^work goes on and on, at \d+ ms of machine time: queue patient has 1$/);
  });
});

describe('the cloud', () => {
  it('fires its schedules on the clock, and hears of those that misfire', async () => {
    const { cloud, times } = start({ onFiring: ({ dueMs }) => (dueMs === START + 2 * 3_600_000 ? 'never' : undefined) });
    await cloud.advanceTo(START + 3.5 * 3_600_000);
    expect([times(), cloud.clock.now()]).toEqual([{ hourly: 2 }, START + 3.5 * 3_600_000]);
  });

  it('shows each environment a clock of its own', async () => {
    const asked: [string, number][] = [];
    const { cloud, send, worked } = start({
      skewMs: (name, environment) => {
        asked.push([name, environment]);
        return name === 'worker' ? -1000 : 0;
      },
    });
    await send('WAKEUPS', 'one');
    await cloud.quiet();
    expect(worked().map(({ at }) => at)).toEqual([START - 1000]);
    expect(asked).toEqual([
      ['door', 0],
      ['worker', 0],
    ]);
  });

  it('is the same to the last request by the same seed, and another by another', async () => {
    const played = async (seed: number, faultHooks: FaultHooks = {}) => {
      const { cloud, send, times } = start(faultHooks, seed);
      await Promise.all([send('WAKEUPS', 'one', 'two'), send('WORKFIFO', 'a1', 'b1', 'a2', 'b2')]);
      await cloud.quiet();
      expect(Object.keys(times())).toHaveLength(6);
      return cloud.trace();
    };
    const [first, again, other] = [await played(1), await played(1), await played(2)];
    const disturbed = await played(1, { onRequest: once<Fate>('kill-after', 'pass') });
    expect(again).toEqual(first);
    expect(new Set([first, other, disturbed].map(({ hash }) => hash)).size).toBe(3);
    // Six messages are sent and worked with a request each, and delivered in no more batches.
    expect(first.steps).toBeGreaterThan(12);
    expect(first.steps).toBeLessThanOrEqual(18);
    expect(disturbed.steps).toBeGreaterThan(first.steps);
  });
});
