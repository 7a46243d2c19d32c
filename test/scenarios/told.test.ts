/**
 * Told, not asked, in a whole venue on the local cloud: what listeners hear, and what they do not. Each test lists a product of its own.
 * The accounts are shared, so their numbers only grow.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { LISTENING_PROTOCOL, TOKEN_PROTOCOL } from '../../lib/api/listening.ts';
import { Listener, type ListenerOptions } from '../../lib/client/listener.ts';
import type { News } from '../../lib/client/numbers.ts';
import { serviceError } from '../../lib/local/proxy/proxy.ts';
import { CONNECTIONS_MAX } from '../../lib/store/listeners.ts';
import { text } from '../../lib/store/table.ts';
import { newYorkMs } from '../venue/h100.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { outright } from '../venue/whole-venue.ts';

const LISTED = '2025-10-17';
const DENIED = serviceError('dynamodb', 'AccessDeniedException', 'not authorized');
const NO_QUEUE = serviceError('sqs', 'QueueDoesNotExist', 'gone');
const MONDAY = '2025-10-20';

/** Looks again and again: what goes over a socket comes when it comes, on a machine that has other things to do. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

let venue: LocalVenue;
beforeAll(async () => {
  venue = await openLocalVenue({ listed: LISTED });
});
afterAll(() => venue[Symbol.asyncDispose]());
beforeEach(() => venue.heal());

/** A client that listens until the test has ended, what it has heard, and when it was connected. */
async function listen(account: string | undefined, more: Partial<ListenerOptions> = {}) {
  const news: News[] = [];
  const connects: boolean[] = [];
  const listener = new Listener({
    url: venue.cloud.webSocketUrl!,
    ...(account === undefined ? {} : { token: () => venue.cloud.mint({ sub: account, attributes: { account } }) }),
    onNews: (each) => void news.push(each),
    onConnected: (is) => void connects.push(is),
    times: { retryMs: 20, retryMsMax: 100 },
    ...more,
  });
  onTestFinished(() => listener.close());
  await eventually(() => Object.keys(listener.known.products).length).toBeGreaterThan(0);
  return {
    listener,
    news,
    connects,
    accountNews: () => news.flatMap((each) => ('account' in each ? [each.account.seq] : [])),
  };
}

/** A connection without a client's cares, and every text that came over it. */
async function openRaw(account?: string, expiresIn?: number) {
  const own = account === undefined ? [] : [await tokenOf(account, expiresIn)];
  const socket = new WebSocket(venue.cloud.webSocketUrl!, [
    LISTENING_PROTOCOL,
    ...own.map((token) => `${TOKEN_PROTOCOL}${token}`),
  ]);
  onTestFinished(() => socket.close());
  const texts: string[] = [];
  socket.addEventListener('message', ({ data }) => void texts.push(String(data)));
  let state: 'connecting' | 'open' | 'closed' = 'connecting';
  socket.addEventListener('open', () => {
    state = 'open';
  });
  socket.addEventListener('error', () => {});
  socket.addEventListener('close', () => {
    state = 'closed';
  });
  await eventually(() => state).not.toBe('connecting');
  return { socket, texts, state: () => state };
}

const tokenOf = (account: string, expiresIn?: number): Promise<string> =>
  venue.cloud.mint({ sub: account, attributes: { account }, ...(expiresIn === undefined ? {} : { expiresIn }) });

/** Sets out orders of two accounts that trade with each other in the next auction. */
async function quote(product: string): Promise<void> {
  await venue.submit('maker', product, [outright(product, 'secret-sell', 'sell', 10, '2.402')]);
  await venue.submit('fund', product, [outright(product, 'secret-buy', 'buy', 7, '2.410')]);
  await venue.cloud.quiet();
}

/** How many rows the table has for connections. */
async function rows(): Promise<number> {
  let count = 0;
  for await (const item of venue.table.scan()) if (/^(LISTENERS|CONNECTION)#/.test(text(item, 'pk'))) count++;
  return count;
}

test('a fill is told to the accounts that have it and to no other, and everyone is told that the auction has cleared', async () => {
  const product = 'TOLD-FILL';
  await venue.list(product);
  const [maker, fund, acme, anyone] = [
    await listen('maker'),
    await listen('fund'),
    await listen('acme'),
    await listen(undefined),
  ];
  const before = [maker, fund, acme].map(({ news }) => news.length);
  await quote(product);
  await venue.auction(product);
  const cleared = { auction: { product, auction: 1 } };
  for (const { news } of [maker, fund, acme, anyone]) await eventually(() => news).toContainEqual(cleared);
  const { items } = (await venue.as.fund.get('/v1/journal')) as { items: { seq: number }[] };
  for (const { listener } of [maker, fund]) await eventually(() => listener.known.account).toBe(items[0]!.seq);
  await venue.cloud.quiet();
  expect(acme.news.slice(before[2])).toEqual([cleared]);
  expect(anyone.accountNews()).toEqual([]);
});

test('sealed: nothing is told while orders come in, and what is told holds nothing of an order or a position', async () => {
  const product = 'TOLD-SEALED';
  await venue.list(product);
  const [maker, anyone] = [await openRaw('maker'), await openRaw()];
  await quote(product);
  expect([maker.texts, anyone.texts]).toEqual([[], []]);
  await venue.auction(product);
  await eventually(() => [maker.texts.length, anyone.texts.length]).toEqual([2, 1]);
  expect(anyone.texts).toEqual([`{"auction":{"product":"${product}","auction":1}}`]);
  expect(maker.texts.filter((each) => each !== anyone.texts[0])[0]).toMatch(/^\{"account":\{"seq":\d+\}\}$/);
});

test('a client that was away learns the newest numbers when it is back, and misses nothing', async () => {
  const product = 'TOLD-AWAY';
  await venue.list(product);
  const fund = await listen('fund');
  // Silent for ten minutes: the gateway ends it. The client does not get through before the auction has cleared.
  venue.faults.proxy = ({ function: name }) => (name === 'listen' ? DENIED : undefined);
  await venue.wait(600_000);
  await eventually(() => fund.connects.at(-1)).toBe(false);
  await quote(product);
  await venue.auction(product);
  await venue.auction(product);
  const known = fund.listener.known.products[product];
  expect(known?.auction).toBeUndefined();
  venue.heal();
  await eventually(() => fund.listener.known.products[product]?.auction).toBe(2);
  const { items } = (await venue.as.fund.get('/v1/journal')) as { items: { seq: number }[] };
  expect(fund.listener.known.account).toBe(items[0]!.seq);
});

test('a message that is lost costs nothing: the next answer to what the client asks has its number', async () => {
  const product = 'TOLD-LOST';
  await venue.list(product);
  const fund = await listen('fund', { times: { asksEveryMs: 300 } });
  venue.faults.proxy = ({ service, body }) =>
    service === 'sqs' && String(body.QueueUrl).endsWith('/news') ? NO_QUEUE : undefined;
  await quote(product);
  await venue.auction(product);
  await eventually(() => fund.listener.known.products[product]?.auction).toBe(1);
});

test('news that can not be sent is no reason not to post', async () => {
  const product = 'TOLD-NO-NEWS';
  await venue.list(product);
  venue.faults.proxy = ({ service, body }) =>
    service === 'sqs' && String(body.QueueUrl).endsWith('/news') ? NO_QUEUE : undefined;
  await quote(product);
  await venue.auction(product);
  expect(JSON.stringify(await venue.as.fund.get('/v1/positions'))).toContain(product);
  expect(venue.cloud.deadLetters()).toEqual([]);
});

test('a day that is settled and closed is told to everyone, and each account marked to it is told its number', async () => {
  const product = 'TOLD-DAY';
  await venue.list(product);
  await quote(product);
  await venue.auction(product);
  const [fund, anyone] = [await listen('fund'), await listen(undefined)];
  const before = fund.listener.known.account!;
  await venue.publishIndex(MONDAY, '2.400', product);
  venue.cloud.send('rolls', { v: 1, product, slot: new Date(newYorkMs(MONDAY, '16:00')).toISOString() });
  await venue.cloud.quiet();
  await eventually(() => anyone.listener.known.products[product]).toMatchObject({ settled: MONDAY, closed: MONDAY, auction: 2 });
  await eventually(() => fund.listener.known.account).toBeGreaterThan(before);
});

test('a token that expires ends the connection: it is told nothing more, and closed', async () => {
  const product = 'TOLD-EXPIRED';
  await venue.list(product);
  const [short, long] = [await openRaw('fund', 300), await openRaw('fund', 3_600)];
  await venue.wait(300_000);
  await quote(product);
  await venue.auction(product);
  await eventually(() => long.texts.length).toBe(2);
  await eventually(() => short.state()).toBe('closed');
  expect(short.texts).toEqual([]);
  const asks = await openRaw('fund', 60);
  await venue.wait(60_000);
  asks.socket.send('now');
  await eventually(() => asks.state()).toBe('closed');
  expect(asks.texts).toEqual([]);
});

test('a reader that takes nothing is told no more, and the others are told as before', async () => {
  const product = 'TOLD-SLOW';
  await venue.list(product);
  const token = await tokenOf('fund');
  const { port } = new URL(venue.cloud.url);
  const slow = connect(Number(port), '127.0.0.1');
  onTestFinished(() => void slow.destroy());
  slow.write(
    `GET /listen HTTP/1.1\r\nHost: local\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.from('0123456789abcdef').toString('base64')}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  const head = await new Promise<string>((resolve) => slow.once('data', (data) => resolve(String(data))));
  expect(head).toContain('101 Switching Protocols');
  slow.pause();
  const fund = await listen('fund');
  const statuses = await fill(await connectionOf('fund', 0));
  expect(statuses.at(-1)).toBe(429);
  await quote(product);
  await venue.auction(product);
  await eventually(() => fund.listener.known.products[product]?.auction).toBe(1);
  const told = venue.cloud.logs.recent('tell-listeners').map((line) => line.text);
  expect(told.some((line) => line.includes('"lost":1'))).toBe(true);
});

test('an account has ten connections; one more is refused until one of them is gone, whether or not the gateway has said so', async () => {
  const open = await Promise.all(Array.from({ length: CONNECTIONS_MAX }, () => openRaw('nimbus')));
  expect(open.map(({ state }) => state())).toEqual(open.map(() => 'open'));
  expect((await openRaw('nimbus')).state()).toBe('closed');
  expect((await openRaw('hedger')).state()).toBe('open');
  // The gateway tries once to say that a connection has ended.
  venue.faults.proxy = ({ function: name }) => (name === 'listen' ? 'kill-before' : undefined);
  open[3]!.socket.close();
  await eventually(() => venue.cloud.logs.recent('listen').some(({ text }) => text.includes('Runtime.ExitError'))).toBe(true);
  venue.heal();
  expect((await openRaw('nimbus')).state()).toBe('open');
  expect((await openRaw('nimbus')).state()).toBe('closed');
});

test('many at once take no more than ten places', async () => {
  const eight = () => Promise.all(Array.from({ length: 8 }, () => openRaw('seller')));
  const opened = [...(await eight()), ...(await eight())];
  expect(opened.filter(({ state }) => state() === 'open')).toHaveLength(CONNECTIONS_MAX);
});

test('a client that asks more than sixty times a minute is ended', async () => {
  const hasty = await openRaw('acme');
  // One after the other: of many at once the service would refuse some before the function counts them.
  for (let sent = 1; sent <= 100 && hasty.state() === 'open'; sent++) {
    hasty.socket.send('now');
    await eventually(() => hasty.texts.length === sent || hasty.state() === 'closed').toBe(true);
  }
  expect(hasty.texts.length).toBeGreaterThanOrEqual(60);
  expect(hasty.texts.length).toBeLessThan(66);
  await eventually(() => hasty.state()).toBe('closed');
});

test('a thousand connections that are gone are forgotten', async () => {
  const product = 'TOLD-GONE';
  await venue.list(product);
  const before = await rows();
  const all: Awaited<ReturnType<typeof openRaw>>[] = [];
  for (let at = 0; at < 100; at++)
    all.push(...(await Promise.all(Array.from({ length: CONNECTIONS_MAX }, () => openRaw(`many-${at}`)))));
  expect(all.filter(({ state }) => state() === 'open')).toHaveLength(1_000);
  expect(await rows()).toBe(before + 2_000);
  await venue.auction(product);
  await eventually(() => all.filter(({ texts }) => texts.length === 1).length).toBe(1_000);
  for (const { socket } of all) socket.close();
  await eventually(() => all.every(({ state }) => state() === 'closed')).toBe(true);
  await venue.cloud.quiet();
  await venue.auction(product);
  await venue.cloud.quiet();
  expect(await rows()).toBeLessThanOrEqual(before);
});

/** The id of an account's connection, by its place. */
async function connectionOf(account: string, slot: number): Promise<string> {
  for await (const item of venue.table.scan())
    if (text(item, 'pk').startsWith('LISTENERS#') && text(item, 'sk') === `${account}#${slot}`) return text(item, 'connectionId');
  throw new Error('no such connection');
}

/** Sends to a connection until it is refused, as a function may. */
async function fill(connection: string): Promise<number[]> {
  const statuses: number[] = [];
  for (let times = 0; times < 200 && statuses.at(-1) !== 429; times++) {
    const answer = await fetch(`${venue.cloud.url}/listen/@connections/${encodeURIComponent(connection)}`, {
      method: 'POST',
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=local' },
      body: 'x'.repeat(100_000),
    });
    statuses.push(answer.status);
  }
  return statuses;
}
