/**
 * Telling, with the gateway at its worst: connections that never answer, that are gone, that are refused. The gateway here is a server that
 * does by the name of a connection what the real one does to it.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { shardOf } from '../../lib/store/keys.ts';
import { listenersOf, type Placed, place, readListener } from '../../lib/store/listeners.ts';
import { ENV } from '../../lib/store/names.ts';
import { ANN, BOB, CAT, SHARDS } from '../venue/accounts.ts';
import { moved } from '../venue/events.ts';
import { record } from '../venue/records.ts';
import { deliver, invocation, openWorkerVenue, type WorkerVenue } from '../venue/worker-venue.ts';

const NOW = Date.parse('2025-10-20T14:00:00Z');
const HOUR_S = 3_600;

let venue: WorkerVenue;
let gateway: Server;
/** What was asked of it: the method, the connection and the text. */
const asked: string[] = [];

beforeAll(async () => {
  gateway = createServer(async (request, answer) => {
    const connection = decodeURIComponent(request.url!.split('/').at(-1)!);
    const body = (await Array.fromAsync(request)).join('');
    asked.push(`${request.method} ${connection} ${body}`.trim());
    if (connection.startsWith('silent')) return;
    const refusals = { gone: [410, 'GoneException'], slow: [429, 'LimitExceededException'] } as const;
    const refusal = refusals[connection.replace(/-.*/, '') as keyof typeof refusals];
    if (refusal) answer.writeHead(refusal[0], { 'x-amzn-errortype': refusal[1] }).end('{"message":""}');
    else answer.writeHead(request.method === 'DELETE' ? 204 : 200).end();
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  process.env[ENV.listenersUrl] = `ws://127.0.0.1:${(gateway.address() as AddressInfo).port}/listen`;
});
venue = await openWorkerVenue();
afterAll(() => {
  gateway.closeAllConnections();
  gateway.close();
});
beforeEach(async () => {
  for (let shard = 0; shard < SHARDS; shard++)
    for await (const { listeners } of listenersOf(venue.table, shard)) await Promise.all(listeners.map(remove));
  asked.length = 0;
});

async function remove({ name, slot, connection }: Placed): Promise<void> {
  await venue.table.delete({ pk: `LISTENERS#${shardOf(name, SHARDS)}`, sk: `${name}#${slot}` });
  await venue.table.delete({ pk: `CONNECTION#${connection}`, sk: 'LISTENER' });
}

/** A connection that listens, until a time in seconds from now if one is given. */
async function listens(name: string, connection: string, endsInSeconds?: number): Promise<void> {
  const until = endsInSeconds === undefined ? undefined : NOW / 1000 + endsInSeconds;
  expect(await place(venue.table, SHARDS, { name, connection, until }, NOW, async () => false)).toBeDefined();
}

/** A message of the queue as it comes now, for the first time or again. */
function news(message: object, receives = 1) {
  const made = record('news', { v: 1, ...message });
  const attributes = { ApproximateReceiveCount: `${receives}`, ApproximateFirstReceiveTimestamp: `${NOW}` };
  return { ...made, attributes: { ...made.attributes, ...attributes } };
}
const CLEARED = { kind: 'cleared', product: 'Q1', auction: 7 };
const TEXT = '{"auction":{"product":"Q1","auction":7}}';

describe('what a shard has posted', () => {
  it('is told to the accounts behind whose number it lies, once in a batch, and to no other', async () => {
    await venue.fund(ANN, BOB, CAT);
    const [first, second] = [await venue.commit(moved(ANN, 1n)), await venue.commit(moved(CAT, 1n))];
    await venue.queues.notifyPostings(second, [0, 1]);
    await venue.work('postings');
    for (const account of [ANN, BOB, CAT]) await listens(account, `open-${account}`);
    await listens('@203-0-113-7', 'open-anyone');
    const posted = (shard: number, after: number, seq: number) => news({ kind: 'posted', shard, after, seq });
    expect(
      await deliver('news', posted(0, first - 1, first), posted(0, first - 1, second), posted(1, first - 1, second)),
    ).toEqual([]);
    expect(asked.sort()).toEqual(
      [`POST open-${ANN} {"account":{"seq":${first}}}`, `POST open-${CAT} {"account":{"seq":${second}}}`].sort(),
    );
  });
});

describe('what all are told', () => {
  it('reaches the others in two seconds when some never answer, and those who are gone are forgotten', async () => {
    for (let at = 0; at < 8; at++) await listens(ANN, `silent-${at}`);
    await listens(BOB, 'gone-1');
    await listens(BOB, 'slow-1');
    await listens(CAT, 'open-1');
    const begun = performance.now();
    expect(await deliver('news', news(CLEARED))).toEqual([]);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(asked).toContain(`POST open-1 ${TEXT}`);
    expect(asked).toHaveLength(11);
    expect(await readListener(venue.table, 'gone-1')).toBeUndefined();
    expect(await readListener(venue.table, 'slow-1')).toBeDefined();
    expect(await readListener(venue.table, 'silent-0')).toBeDefined();
  });

  it('is not told to one whose token has expired, who is closed and forgotten', async () => {
    await listens(ANN, 'open-over', 0);
    await listens(ANN, 'open-on', 1);
    await deliver('news', news(CLEARED));
    expect(asked.sort()).toEqual(['DELETE open-over', `POST open-on ${TEXT}`]);
    expect(await readListener(venue.table, 'open-over')).toBeUndefined();
  });

  it('is not told, of a message that comes again, to one whose token ends within the hour, for it may have ended', async () => {
    await listens(ANN, 'open-short', HOUR_S);
    await listens(ANN, 'open-long', HOUR_S + 60);
    await deliver('news', news(CLEARED, 2));
    expect(asked).toEqual([`POST open-long ${TEXT}`]);
    expect(await readListener(venue.table, 'open-short')).toBeDefined();
  });

  it('goes on in the next invocation behind the last one told, and tells each once', async () => {
    // One page and a few more, in one shard.
    const names = Array.from({ length: 150 }, (_, index) => `many-${index}`)
      .filter((name) => shardOf(name, SHARDS) === 0)
      .slice(0, 52);
    expect(names).toHaveLength(52);
    for (const name of names) await Promise.all(Array.from({ length: 10 }, (_, at) => listens(name, `open-${name}-${at}`)));
    invocation.timeLeftMs = 10_000;
    await deliver('news', news(CLEARED));
    const [goesOn] = venue.engine.messages('news') as { from: { shard: number; behind: string } }[];
    expect(goesOn).toMatchObject({ ...CLEARED, from: { shard: 0 } });
    expect(asked.length).toBeLessThan(names.length * 10);
    invocation.timeLeftMs = 60_000;
    await venue.work('news');
    expect(asked).toHaveLength(names.length * 10);
    expect(new Set(asked).size).toBe(names.length * 10);
  });
});
