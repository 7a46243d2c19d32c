/** How a function runs: its environment, its limits, its ends, what it prints. */
import { expect, test } from 'vitest';
import { startSmallApp } from '../small-app.ts';

const PROBE = `
let invocations = 0;
let inside = 0;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export async function handler(event, context) {
  invocations++;
  switch (event.do) {
    case 'environment': return { ...process.env };
    case 'context': return { name: context.functionName, id: context.awsRequestId, left: context.getRemainingTimeInMillis() };
    case 'count': return invocations;
    case 'alone': { const others = inside++; await wait(20); inside--; return others; }
    case 'throw': throw new RangeError('too far');
    case 'hang': await wait(60_000); return;
    case 'spin': for (;;);
    case 'exit': process.exit(1);
    case 'stray': setTimeout(() => { throw new Error('stray'); }, 1); await wait(60_000); return;
    case 'big': return 'x'.repeat(event.bytes);
    case 'bigint': return 1n;
    case 'nothing': return undefined;
    case 'print': console.log('hello'); console.error(JSON.stringify({ level: 'ERROR', message: 'oh' })); return;
    case 'measure': console.log(JSON.stringify({ _aws: { Timestamp: 1, CloudWatchMetrics: [{ Namespace: 'N', Dimensions: [['service']], Metrics: [{ Name: 'Late', Unit: 'Seconds' }] }] }, service: 's', Late: event.value })); return;
    case 'zone': return new Date(0).getHours();
  }
}`;

test('a time-out may be made shorter than the template has it, and only shorter', async () => {
  const app = { functions: { probe: PROBE }, functionProperties: { probe: { Timeout: 30 } } };
  const cloud = await startSmallApp(app, { limits: { timeoutsMs: { probe: 300 } } });
  const { left } = (await cloud.invoke('probe', { do: 'context' })) as { left: number };
  expect(left).toBeLessThanOrEqual(300);
  await expect(cloud.invoke('probe', { do: 'hang' })).rejects.toThrow('Task timed out after 0.30 seconds');
  await expect(startSmallApp(app, { limits: { timeoutsMs: { probe: 30_001 } } })).rejects.toThrow("the template's is 30000 ms");
  await expect(startSmallApp(app, { limits: { timeoutsMs: { prob: 1 } } })).rejects.toThrow('there is no such function');
});

const start = () => startSmallApp({ functions: { probe: PROBE }, functionProperties: { probe: { Timeout: 1 } } });

test('a function sees the variables of the template and those of Lambda, and none of ours', async () => {
  process.env.SECRET_OF_THE_SHELL = 'x';
  process.env.TZ = 'America/New_York';
  const cloud = await start();
  const seen = (await cloud.invoke('probe', { do: 'environment' })) as Record<string, string>;
  expect(seen).toMatchObject({
    TABLE_NAME: cloud.tableName,
    AWS_REGION: 'us-east-1',
    AWS_LAMBDA_FUNCTION_NAME: 'probe',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
  });
  expect(seen.AWS_ENDPOINT_URL_DYNAMODB).toBe(cloud.dynamodbEndpoint);
  expect(seen).not.toHaveProperty('SECRET_OF_THE_SHELL');
  expect(seen).not.toHaveProperty('PATH');
  expect(await cloud.invoke('probe', { do: 'zone' })).toBe(0);
});

test('an environment is kept between invocations and has one at a time', async () => {
  const cloud = await start();
  await cloud.invoke('probe', { do: 'count' });
  expect(await cloud.invoke('probe', { do: 'count' })).toBe(2);
  const together = await Promise.all(Array.from({ length: 6 }, () => cloud.invoke('probe', { do: 'alone' })));
  expect(together).toEqual([0, 0, 0, 0, 0, 0]);
  expect(await cloud.invoke('probe', { do: 'context' })).toMatchObject({
    name: 'probe',
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});

test.each([
  ['throws', { do: 'throw' }, 'RangeError: too far'],
  ['waits beyond its time-out', { do: 'hang' }, 'Task timed out after 1.00 seconds'],
  ['computes beyond its time-out', { do: 'spin' }, 'Task timed out after 1.00 seconds'],
  ['exits', { do: 'exit' }, 'exited with code 1'],
  ['throws outside of its handler', { do: 'stray' }, 'Error: stray'],
  ['answers more than 6 MB', { do: 'big', bytes: 6 * 1024 * 1024 }, 'exceeded maximum allowed payload size'],
  ['answers what JSON can not carry', { do: 'bigint' }, 'BigInt'],
])('an invocation fails when the function %s, and the next one runs', async (_title, event, message) => {
  const cloud = await start();
  await expect(cloud.invoke('probe', event)).rejects.toThrow(message);
  expect(await cloud.invoke('probe', { do: 'nothing' })).toBeNull();
  expect(cloud.logs.recent('probe').filter(({ level }) => level === 'ERROR')).toHaveLength(1);
});

test('a killed environment takes its invocation with it, and the next one runs in a new one', async () => {
  const cloud = await start();
  await cloud.invoke('probe', { do: 'count' });
  const doomed = cloud.invoke('probe', { do: 'hang' });
  setTimeout(() => cloud.kill('probe'), 50);
  await expect(doomed).rejects.toThrow('the environment was killed');
  expect(await cloud.invoke('probe', { do: 'count' })).toBe(1);
});

test('printed lines go to the log and embedded metrics to the metrics, on the clock that stands still', async () => {
  const cloud = await start();
  await cloud.invoke('probe', { do: 'print' });
  await cloud.invoke('probe', { do: 'measure', value: 3 });
  await cloud.invoke('probe', { do: 'measure', value: 5 });
  expect(cloud.logs.recent('probe').map(({ level, text }) => [level, text])).toEqual([
    ['INFO', 'hello'],
    ['ERROR', '{"level":"ERROR","message":"oh"}'],
  ]);
  const startMs = Date.parse('2025-10-20T12:00:00Z');
  expect(cloud.metrics.minutes({ namespace: 'N', name: 'Late', dimensions: { service: 's' } })).toEqual([
    { startMs, sum: 8, count: 2, min: 3, max: 5 },
  ]);
  expect(
    cloud.metrics.minutes({ namespace: 'AWS/Lambda', name: 'Invocations', dimensions: { FunctionName: 'probe' } }),
  ).toMatchObject([{ sum: 3 }]);
});

test('a function without its bundle is an error before anything starts', async () => {
  const app = { functions: { probe: PROBE }, functionProperties: { probe: { Handler: 'other.handler' } } };
  await expect(startSmallApp(app)).rejects.toThrow('There is no other.mjs');
});
