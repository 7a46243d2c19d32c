/** What a data folder keeps, who may use it, and what is left behind: nothing. */
import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startCloud } from '../../lib/local/cloud.ts';
import { type DynamoDb, startDynamoDb } from '../../lib/local/dynamodb/dynamodb.ts';
import { followingClock, frozenClock } from '../../lib/local/host/clock.ts';
import { startSqs } from '../../lib/local/sqs/sqs.ts';
import { CLIENTS, startSmallApp, synthesizeSmallApp, temporaryFolder } from './small-app.ts';

const KEEPER = `${CLIENTS}
export async function handler(event) {
  const Key = { pk: { S: 'kept' }, sk: { S: 'x' } };
  if (event.read) return (await dynamodb.send(new GetItemCommand({ TableName: process.env.TABLE_NAME, Key, ConsistentRead: true }))).Item?.n?.N ?? null;
  if (event.write) return void await dynamodb.send(new PutItemCommand({ TableName: process.env.TABLE_NAME, Item: { ...Key, n: { N: event.write } } }));
  return null;
}`;
const APP = { functions: { keeper: KEEPER }, queues: { 'idle.fifo': {} }, routes: { 'GET /things': 'keeper' } };
const clock = () => frozenClock('2025-10-20T12:00:00Z');

test('tables, queues, the order of a group and tokens outlive a stop', async () => {
  const [assembly, dataDir, port] = [synthesizeSmallApp(APP), temporaryFolder(), await freePort()];
  const first = await startCloud({ assembly, dataDir, clock: clock(), port });
  await first.invoke('keeper', { write: '42' });
  for (const n of [1, 2, 3]) first.send('idle.fifo', { n }, { group: 'g', deduplication: String(n) });
  const token = await first.mint({ sub: 's' });
  await first.stop();
  const second = await startSmallApp(APP, { assembly, dataDir, clock: clock(), port });
  expect(await second.invoke('keeper', { read: true })).toBe('42');
  expect(second.depths()['idle.fifo']).toEqual({ ready: 3, delayed: 0, inflight: 0 });
  expect((await fetch(`${second.url}/things`, { headers: { authorization: token } })).status).toBe(200);
  expect(statSync(join(dataDir, 'issuer-key.pem')).mode & 0o777).toBe(0o600);
});

test('a message that was in work when its cloud was killed comes again, and that does not count as a receive', async () => {
  const dataDir = temporaryFolder();
  const options = { clock: clock(), dataDir, delayMsMax: 0, onArrival: () => {} };
  const plan = { name: 'work.fifo', arn: 'arn:aws:sqs:us-east-1:000000000000:work.fifo', deadLetters: false };
  const attributes = { FifoQueue: 'true', VisibilityTimeout: '900' };
  const first = await startSqs(options);
  const queue = first.createQueue({ ...plan, attributes });
  for (const n of ['1', '2']) queue.send(n, { group: 'g', deduplication: n });
  expect(queue.receive(10)).toHaveLength(2);
  // Nothing is given back: what the file holds now is what it holds after a kill.
  await first.stop();
  const second = await startSqs(options);
  onTestFinished(() => second.stop());
  const again = second.createQueue({ ...plan, attributes }).receive(10);
  expect(again.map(({ message }) => [message.body, message.approximateReceiveCount])).toEqual([
    ['1', 1],
    ['2', 1],
  ]);
});

test('a clock whose run was killed before it noted how far it was ahead goes on from the last schedule that fired', async () => {
  const [assembly, dataDir] = [synthesizeSmallApp(APP), temporaryFolder()];
  const firedUntil = new Date(Date.now() + 3_600_000).toISOString();
  writeFileSync(join(dataDir, 'schedules.json'), JSON.stringify({ firedUntil }));
  const cloud = await startSmallApp(APP, { assembly, dataDir, clock: followingClock() });
  expect(cloud.clock.now()).toBeGreaterThanOrEqual(Date.parse(firedUntil));
});

test('a data folder has one cloud at a time', async () => {
  const [assembly, dataDir] = [synthesizeSmallApp(APP), temporaryFolder()];
  const cloud = await startSmallApp(APP, { assembly, dataDir });
  await expect(startCloud({ assembly, dataDir, clock: clock() })).rejects.toThrow(`in use by process ${process.pid}`);
  expect(await cloud.invoke('keeper', { read: true })).toBeNull();
});

/** What only the default engine has, a file and a process of ours, is not there on another (`DYNAMODB_ENDPOINT`). */
const hasOwnEngine = !process.env.DYNAMODB_ENDPOINT;

test.each<readonly [file: string, message: string]>([
  ...(hasOwnEngine ? [['tables.db', 'The tables in'] as const] : []),
  ['fauxqs.db', 'The queues in'],
  ['issuer-key.pem', "The issuer's key in"],
  ['schedules.json', 'is damaged'],
])('a damaged %s is named, and nothing is left running', async (file, message) => {
  const dataDir = temporaryFolder();
  writeFileSync(join(dataDir, file), 'no such thing '.repeat(1_000));
  const assembly = synthesizeSmallApp(APP);
  await expect(startCloud({ assembly, dataDir, clock: clock() })).rejects.toThrow(message);
  // The folder was let go: the second failure is about the damage again, not about who uses it.
  await expect(startCloud({ assembly, dataDir, clock: clock() })).rejects.toThrow(message);
});

test('a port in use is an error that names it', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void server.close());
  await expect(startSmallApp(APP, { port })).rejects.toThrow(`Port ${port} is in use`);
});

test('another DynamoDB is used when DYNAMODB_ENDPOINT names one', async () => {
  const engine = await startDynamoDb({ onExit: () => {}, environment: {} });
  onTestFinished(() => engine.stop());
  const other = await startDynamoDb({ onExit: () => {}, environment: { DYNAMODB_ENDPOINT: engine.endpoint } });
  expect([other.endpoint, other.pid]).toEqual([engine.endpoint, undefined]);
  await other.stop();
});

describe('on an engine that others use too', () => {
  const tablesOf = async ({ client }: DynamoDb) => (await client.send(new ListTablesCommand({}))).TableNames;
  const borrow = async (engine: DynamoDb, file?: string) => {
    const other = await startDynamoDb({ file, onExit: () => {}, environment: { DYNAMODB_ENDPOINT: engine.endpoint } });
    const keys = [{ AttributeName: 'pk', KeyType: 'HASH' }];
    const name = other.tableName('table');
    const definition = {
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keys,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    };
    await other.createTable({ name, definition, expiresAtAttribute: undefined }, false);
    return { ...other, name };
  };

  test('each cloud has tables of its own, and those in no folder go with it', async () => {
    const engine = await startDynamoDb({ onExit: () => {}, environment: {} });
    onTestFinished(() => engine.stop());
    const [one, two] = [await borrow(engine), await borrow(engine)];
    expect(one.name).not.toBe(two.name);
    expect(await tablesOf(engine)).toEqual([one.name, two.name].sort());
    await one.stop();
    expect(await tablesOf(engine)).toEqual([two.name]);
    await two.stop();
  });

  test('a data folder finds its own tables again, and no other folder does', async () => {
    const engine = await startDynamoDb({ onExit: () => {}, environment: {} });
    onTestFinished(() => engine.stop());
    const [here, there] = [join(temporaryFolder(), 'tables.db'), join(temporaryFolder(), 'tables.db')];
    const one = await borrow(engine, here);
    await one.stop();
    const two = await borrow(engine, there);
    const again = await borrow(engine, here);
    expect(again.name).toBe(one.name);
    expect(two.name).not.toBe(one.name);
    expect(await tablesOf(engine)).toEqual([one.name, two.name].sort());
    for (const each of [two, again]) await each.stop();
  });
});

test.runIf(hasOwnEngine)('an engine that ends by itself is reported, and the cloud does not wait for it', async () => {
  const problems: Error[] = [];
  const dataDir = temporaryFolder();
  const cloud = await startSmallApp(APP, { dataDir, onProblem: (error) => void problems.push(error) });
  process.kill(enginePid(dataDir), 'SIGKILL');
  await expect.poll(() => problems.map(({ message }) => message)).toEqual([expect.stringContaining('ended by itself (SIGKILL)')]);
  await expect(cloud.quiet()).rejects.toThrow('ended by itself');
});

test.runIf(hasOwnEngine)('the engine does not outlive a cloud that is killed, and the folder can be used again', async () => {
  const [assembly, dataDir] = [synthesizeSmallApp(APP), temporaryFolder()];
  const program = `
    const { startCloud } = await import(${JSON.stringify(join(import.meta.dirname, '../../lib/local/cloud.ts'))});
    const cloud = await startCloud({ assembly: ${JSON.stringify(assembly)}, dataDir: ${JSON.stringify(dataDir)} });
    await cloud.invoke('keeper', { write: '7' });
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const pid = enginePid(dataDir);
  child.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
  const cloud = await startSmallApp(APP, { assembly, dataDir, clock: clock() });
  expect(await cloud.invoke('keeper', { read: true })).toBe('7');
});

function enginePid(dataDir: string): number {
  return JSON.parse(readFileSync(join(dataDir, 'in-use.json'), 'utf8')).enginePid as number;
}

function isAlive(pid: number): boolean {
  try {
    // A process that has ended but was not waited for still has a number.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
