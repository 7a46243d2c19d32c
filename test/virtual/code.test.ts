/** What an environment of a function has to itself, and that nothing in it comes from the machine. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compileFunctions, type EnvironmentHost, openEnvironment, setHost } from '../../lib/virtual/code.ts';
import { startTimeline } from '../../lib/virtual/timeline.ts';
import { temporaryFolder } from '../local/small-app.ts';
import { sourcesOf } from './sources.ts';

const NOW = Date.parse('2025-11-07T15:00:00Z');

const compiled = compileFunctions(
  ['counts', 'tells', 'waits', 'asks', 'nothing', 'timers', 'interval', 'reads'],
  sourcesOf({
    state: "let text = ''; export const next = () => { text += 'a'; return text; };",
    // Two modules, each with state of its own.
    counts: `
      import { next } from '../state/index.ts';
      let calls = 0;
      export const handler = async () => [++calls, next()];`,
    tells: `
      import { createHash, randomBytes, randomFillSync, randomInt, randomUUID } from 'node:crypto';
      export const handler = async (given: unknown) => {
        console.log('said', given);
        process.stdout.write('written');
        return {
          dates: [new Date().toISOString(), Date.now(), new Date(0).getTime(), new Date() instanceof Date, performance.now()],
          chance: [Math.random(), Math.max(1, 2)],
          bytes: [randomBytes(2).toString('hex'), randomInt(10), randomInt(5, 9), Buffer.from(randomFillSync(new Uint8Array(2))).toString('hex')],
          ids: [randomUUID(), crypto.randomUUID(), Buffer.from(crypto.getRandomValues(new Uint8Array(2))).toString('hex')],
          hash: createHash('md5').update('a').digest('hex'),
          variables: process.env,
          fetch: typeof fetch,
        };
      };`,
    waits: `
      export const handler = async () => {
        const seen: unknown[] = [];
        const late = setTimeout(() => seen.push('never'), 5);
        clearTimeout(late);
        setTimeout((...given: unknown[]) => seen.push(given), 10, 'given', 1);
        setImmediate(() => seen.push('at once'));
        await new Promise((resolve) => setTimeout(resolve, 20));
        return seen;
      };`,
    asks: `
      import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
      import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
      const [table, queues] = [new DynamoDBClient({ maxAttempts: 1 }), new SQSClient({ maxAttempts: 1 })];
      export const handler = async () => {
        const { Item } = await table.send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } }));
        const sent = queues.send(new SendMessageCommand({ QueueUrl: 'http://sqs.virtual/0/q', MessageBody: 'b' }));
        return [Item, await sent.catch((error: Error) => error.name)];
      };`,
    reads: `
      import { readFileSync } from 'node:fs';
      import { readFile } from 'node:fs/promises';
      export const handler = async ({ file }: { file: string }) => {
        const now = () => { try { return readFileSync(file, 'utf8'); } catch (error) { return (error as { code: string }).code; } };
        return [now(), await readFile(file, 'utf8').catch(({ code }) => code)];
      };`,
    nothing: 'export const other = 1;',
    timers: "import { setTimeout } from 'node:timers/promises'; export const handler = () => setTimeout(1);",
    interval: 'export const handler = async () => setInterval(() => {}, 1);',
  }),
);

const timeline = startTimeline();
/** EnvironmentHost whose chance counts up, with all that was printed and asked. */
function around(more: Partial<EnvironmentHost> = {}) {
  const [printed, asked]: [string[], unknown[]] = [[], []];
  let drawn = 0;
  const host: EnvironmentHost = {
    now: () => NOW,
    after: timeline.after,
    random: () => (drawn++ % 256) / 256,
    output: (text) => printed.push(text),
    variables: { TABLE_NAME: 'table' },
    request: async (...request) => {
      asked.push(request);
      return { status: 200, text: '{}' };
    },
    ...more,
  };
  return { host, printed, asked };
}
setHost(around().host);

const open = (name: string, more: Partial<EnvironmentHost> = {}) => openEnvironment(compiled.get(name)!, around(more).host);

describe('an environment', () => {
  it('keeps the state of the project’s modules, and shares it with no other', async () => {
    const [one, other] = [open('counts'), open('counts')];
    expect([await one({}, {}), await one({}, {}), await other({}, {}), await one({}, {})]).toEqual([
      [1, 'a'],
      [2, 'aa'],
      [1, 'a'],
      [3, 'aaa'],
    ]);
  });

  it('has its time, chance, variables and output from its host', async () => {
    const { host, printed } = around();
    const told = await openEnvironment(compiled.get('tells')!, host)('this', {});
    expect(told).toEqual({
      dates: [new Date(NOW).toISOString(), NOW, 0, true, NOW],
      chance: [0, 2],
      bytes: ['0102', 0, 5, '0506'],
      ids: ['0708090a-0b0c-4d0e-8f10-111213141516', '1718191a-1b1c-4d1e-9f20-212223242526', '2728'],
      hash: createHash('md5').update('a').digest('hex'),
      variables: { TABLE_NAME: 'table' },
      fetch: 'undefined',
    });
    expect(printed).toEqual(['said this\n', 'written']);
  });

  it('waits on the line of time', async () => {
    const answer = open('waits')({}, {}) as Promise<unknown>;
    const before = timeline.now();
    await timeline.idle(100);
    expect([await answer, timeline.now() - before]).toEqual([['at once', ['given', 1]], 20]);
  });

  it('sends what it asks of a service where it is told, and hears what is answered', async () => {
    const asked: unknown[] = [];
    const handler = open('asks', {
      request: async (service, operation, body) => {
        asked.push([service, operation, JSON.parse(body)]);
        if (service === 'sqs') return { status: 400, text: JSON.stringify({ __type: 'com.amazonaws.sqs#RequestThrottled' }) };
        return { status: 200, text: JSON.stringify({ Item: { pk: { S: 'a' } } }) };
      },
    });
    expect(await handler({}, {})).toEqual([{ pk: { S: 'a' } }, 'RequestThrottled']);
    expect(asked).toEqual([
      ['dynamodb', 'GetItem', { TableName: 't', Key: { pk: { S: 'a' } } }],
      ['sqs', 'SendMessage', { QueueUrl: 'http://sqs.virtual/0/q', MessageBody: 'b' }],
    ]);
  });

  it('asks by its own clients, though the libraries are there once', async () => {
    const asked: string[] = [];
    const [one, other] = ['one', 'other'].map((name) =>
      open('asks', {
        request: async (service) => {
          asked.push(`${name} ${service}`);
          return { status: 200, text: '{}' };
        },
      }),
    );
    await one!({}, {});
    await other!({}, {});
    expect(asked).toEqual(['one dynamodb', 'one sqs', 'other dynamodb', 'other sqs']);
  });

  it('is refused what would depend on the machine', async () => {
    expect(() => open('timers')).toThrow('no node:timers/promises here');
    await expect(open('interval')({}, {})).rejects.toThrow('no intervals here');
  });

  it('finds no files, nor do the libraries, whatever the machine has', async () => {
    expect(await open('reads')({ file: import.meta.filename }, {})).toEqual(['ENOENT', 'ENOENT']);
    const home = temporaryFolder();
    mkdirSync(join(home, '.aws'));
    // Would be an error at the first request.
    writeFileSync(join(home, '.aws/config'), '[default]\nretry_mode = none\nsts_regional_endpoints = none\n');
    const before = process.env.HOME;
    process.env.HOME = home;
    onTestFinished(() => void Object.assign(process.env, { HOME: before }));
    const client = "new (require('@aws-sdk/client-dynamodb').DynamoDBClient)({})";
    const given = compileFunctions(['mode'], sourcesOf({ mode: `export const handler = () => ${client}.config.retryMode();` }));
    expect(await openEnvironment(given.get('mode')!, around().host)({}, {})).toBe('standard');
  });

  it('is none without a handler', () => {
    expect(() => open('nothing')).toThrow('exports no handler');
  });
});
