/** The WebSocket API of the local gateway: its handshake, its messages, its limits, and the management API, by the service's own client. */
import { connect, type Socket } from 'node:net';
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { type Cloud, startCloud } from '../../../lib/local/cloud.ts';
import { frozenClock } from '../../../lib/local/host/clock.ts';
import type { JsonObject } from '../../../lib/local/template/intrinsics.ts';
import { synthesizeSmallApp } from '../small-app.ts';

const AUTHORIZE = `
export async function handler({ methodArn, headers, type }) {
  const who = headers['X-Who'] ?? headers['x-who'];
  if (who === 'broken') return { principalId: 'x' };
  if (who === 'crash') throw new Error('crash');
  const effect = who === 'nobody' ? 'Deny' : 'Allow';
  const Resource = who === 'elsewhere' ? methodArn.replace('$connect', 'other') : methodArn.replace(/local.*/, '*');
  return { principalId: who, policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: effect, Resource }] }, context: { who, type, count: 7 } };
}`;
const WORK = `
const seen = [];
export async function handler(event) {
  if (event.seen) return seen;
  seen.push(event);
  const { routeKey, authorizer } = event.requestContext;
  if (routeKey === '$connect') {
    if (authorizer.who === 'full') return { statusCode: 429 };
    if (authorizer.who === 'odd') return {};
    return { statusCode: 200, headers: { 'sec-websocket-protocol': 'second' } };
  }
  if (event.body === 'crash') throw new Error('crash');
  if (event.body === 'quiet') return { statusCode: 200 };
  return { statusCode: 200, body: 'heard ' + event.body };
}`;
const NOW = Date.parse('2025-10-20T12:00:00Z');
const clock = frozenClock(NOW);

/** Looks again and again: what goes over a socket comes when it comes, on a machine that has other things to do. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });
let cloud: Cloud;
let management: ApiGatewayManagementApiClient;

const uri = (name: string): JsonObject => ({
  'Fn::Join': [
    '',
    [
      'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/',
      { 'Fn::GetAtt': [`Function${name}`, 'Arn'] },
      '/invocations',
    ],
  ],
});
const route = (key: string, more: JsonObject = {}): JsonObject => ({
  Type: 'AWS::ApiGatewayV2::Route',
  Properties: {
    ApiId: { Ref: 'Sockets' },
    RouteKey: key,
    Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Work' }]] },
    ...more,
  },
});
const SOCKETS: Record<string, JsonObject> = {
  Sockets: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'WEBSOCKET', Name: 'sockets' } },
  Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: { Ref: 'Sockets' }, StageName: 'main' } },
  Work: {
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: { ApiId: { Ref: 'Sockets' }, IntegrationType: 'AWS_PROXY', IntegrationUri: uri('work') },
  },
  Asks: {
    Type: 'AWS::ApiGatewayV2::Authorizer',
    Properties: {
      ApiId: { Ref: 'Sockets' },
      AuthorizerType: 'REQUEST',
      AuthorizerUri: uri('authorize'),
      IdentitySource: ['route.request.header.X-Who'],
    },
  },
  Connect: route('$connect', { AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: 'Asks' } }),
  Disconnect: route('$disconnect'),
  Default: route('$default', { RouteResponseSelectionExpression: '$default' }),
  Answer: {
    Type: 'AWS::ApiGatewayV2::RouteResponse',
    Properties: { ApiId: { Ref: 'Sockets' }, RouteId: { Ref: 'Default' }, RouteResponseKey: '$default' },
  },
};

beforeAll(async () => {
  const assembly = synthesizeSmallApp({ functions: { work: WORK, authorize: AUTHORIZE }, extra: SOCKETS });
  cloud = await startCloud({ assembly, clock, limits: { environmentsMax: 1 } });
  management = new ApiGatewayManagementApiClient({
    region: 'us-east-1',
    endpoint: cloud.webSocketUrl!.replace(/^ws/, 'http'),
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});
afterAll(() => cloud.stop());

interface Opened {
  readonly socket: WebSocket;
  readonly id: string;
  readonly texts: string[];
  closed(): number | undefined;
}

/** Connects, or gives the status of the refusal. */
async function open(who: string | undefined, options: { path?: string; protocols?: string[] } = {}): Promise<Opened | number> {
  const headers = who === undefined ? {} : { 'X-Who': who };
  const socket = new WebSocket(`${cloud.webSocketUrl}${options.path ?? ''}`, options.protocols ?? [], { headers });
  onTestFinished(() => socket.terminate());
  const texts: string[] = [];
  let closed: number | undefined;
  socket.on('message', (data) => void texts.push(String(data)));
  socket.on('close', (code) => {
    closed = code;
  });
  const status = await new Promise<number>((resolve) => {
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode!));
    socket.on('error', () => {});
  });
  if (status !== 101) return status;
  const connected = (await seen()).filter(({ requestContext }) => requestContext.routeKey === '$connect').at(-1)!;
  return { socket, texts, id: connected.requestContext.connectionId, closed: () => closed };
}

const opened = async (who = 'ann', options = {}): Promise<Opened> => {
  const connection = await open(who, options);
  if (typeof connection === 'number') throw new Error(`refused: ${connection}`);
  return connection;
};

interface Seen {
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly requestContext: {
    readonly routeKey: string;
    readonly connectionId: string;
    readonly requestTimeEpoch: number;
    readonly authorizer?: object;
    readonly disconnectStatusCode?: number;
  };
}
const seen = async (): Promise<Seen[]> => (await cloud.invoke('work', { seen: true })) as Seen[];

const post = (id: string, text: string) => management.send(new PostToConnectionCommand({ ConnectionId: id, Data: text }));

describe('a handshake', () => {
  test.each<[string, string | undefined, { path?: string }, number]>([
    ['without what the authorizer is asked by', undefined, {}, 401],
    ['that the authorizer denies', 'nobody', {}, 403],
    ['that the authorizer allows for another resource', 'elsewhere', {}, 403],
    ['whose authorizer answers without a policy', 'broken', {}, 500],
    ['whose authorizer fails', 'crash', {}, 500],
    ['that $connect refuses', 'full', {}, 429],
    ['to which $connect says nothing', 'odd', {}, 502],
    ['at another path', 'ann', { path: '/more' }, 403],
  ])('%s is refused', async (_title, who, options, status) => {
    expect(await open(who, options)).toBe(status);
  });

  test('that is accepted speaks the protocol that $connect has chosen among those offered', async () => {
    expect((await opened('ann', { protocols: ['first', 'second'] })).socket.protocol).toBe('second');
    expect((await opened('ann')).socket.protocol).toBe('');
  });

  test('gives $connect the headers as they were written and what the authorizer said; later routes do not get it', async () => {
    const { id, socket, texts } = await opened('ann');
    socket.send('hello');
    await eventually(() => texts).toEqual(['heard hello']);
    const [connected, message] = (await seen()).filter(({ requestContext }) => requestContext.connectionId === id);
    expect(connected).toMatchObject({
      headers: { 'X-Who': 'ann' },
      requestContext: {
        requestTimeEpoch: clock.now(),
        authorizer: { who: 'ann', type: 'REQUEST', count: '7', principalId: 'ann' },
      },
    });
    expect(message!.requestContext).not.toHaveProperty('authorizer');
  });
});

describe('a message', () => {
  test('is answered with what the function returns, with nothing, or with the gateway’s own words when it fails', async () => {
    const { socket, texts } = await opened();
    for (const each of ['quiet', 'crash', 'end']) socket.send(each);
    await eventually(() => texts.length).toBe(2);
    expect(texts.find((each) => each.startsWith('{'))).toContain('Internal server error');
    expect(texts).toContain('heard end');
  });

  test('of 128 KB in frames of 32 KB is taken', async () => {
    const { socket, texts, closed } = await opened();
    const part = 'x'.repeat(32 * 1024);
    for (let at = 0; at < 4; at++) socket.send(part, { fin: at === 3 });
    await eventually(() => texts[0]?.length).toBe('heard '.length + 4 * part.length);
    expect(closed()).toBeUndefined();
  });

  test.each<[string, number, (socket: WebSocket) => void]>([
    ['in a frame beyond 32 KB', 1009, (socket) => socket.send('x'.repeat(32 * 1024 + 1))],
    [
      'beyond 128 KB',
      1009,
      (socket) => {
        for (let at = 0; at < 5; at++) socket.send('x'.repeat(32 * 1024), { fin: at === 4 });
      },
    ],
    ['of bytes', 1003, (socket) => socket.send(Buffer.from([1, 2]))],
  ])('%s ends the connection with %i', async (_title, code, send) => {
    const { socket, closed } = await opened();
    send(socket);
    await eventually(closed).toBe(code);
  });
});

describe('the management API', () => {
  test('sends to a connection, describes it, and ends it, which $disconnect hears of', async () => {
    const { id, texts, closed } = await opened();
    await post(id, 'news');
    await eventually(() => texts).toEqual(['news']);
    expect(await management.send(new GetConnectionCommand({ ConnectionId: id }))).toMatchObject({
      ConnectedAt: new Date(clock.now()),
      Identity: { SourceIp: '127.0.0.1' },
    });
    await management.send(new DeleteConnectionCommand({ ConnectionId: id }));
    await eventually(closed).toBe(1001);
    await expect
      .poll(async () => (await seen()).at(-1)!.requestContext)
      .toMatchObject({ routeKey: '$disconnect', connectionId: id });
  });

  test('says of a connection that has ended, or never was, that it is gone', async () => {
    const { id, socket } = await opened();
    socket.close();
    await eventually(async () => (await seen()).at(-1)!.requestContext.routeKey).toBe('$disconnect');
    for (const gone of [id, 'AAAAAAAAAAAAAAA=']) {
      await expect(post(gone, 'news')).rejects.toMatchObject({ name: 'GoneException' });
      await expect(management.send(new GetConnectionCommand({ ConnectionId: gone }))).rejects.toMatchObject({
        name: 'GoneException',
      });
      await expect(management.send(new DeleteConnectionCommand({ ConnectionId: gone }))).rejects.toMatchObject({
        name: 'GoneException',
      });
    }
  });

  test('refuses a payload beyond 128 KB, and a request that is not signed', async () => {
    const { id } = await opened();
    await expect(post(id, 'x'.repeat(128 * 1024 + 1))).rejects.toMatchObject({ name: 'PayloadTooLargeException' });
    const unsigned = await fetch(`${cloud.url}/main/@connections/${encodeURIComponent(id)}`, { method: 'POST', body: 'news' });
    expect(unsigned.status).toBe(403);
  });

  test('sends no more to a reader that takes nothing', async () => {
    const slow = await unread();
    const { id } = slow;
    let refusal: unknown;
    for (let times = 0; times < 300 && refusal === undefined; times++)
      refusal = await post(id, 'x'.repeat(100_000)).then(
        () => undefined,
        (error: Error) => error.name,
      );
    expect(refusal).toBe('LimitExceededException');
  });
});

describe('a connection', () => {
  test('that is silent for ten minutes ends; what is said on it, by either side, keeps it alive', async () => {
    const [silent, told, says] = [await opened(), await opened(), await opened()];
    clock.moveTo(clock.now() + 599_000);
    await post(told.id, 'news');
    says.socket.send('hello');
    await eventually(() => says.texts.length).toBe(1);
    clock.moveTo(clock.now() + 1_000);
    await expect(post(silent.id, 'news')).rejects.toMatchObject({ name: 'GoneException' });
    await eventually(silent.closed).toBe(1001);
    await post(told.id, 'more');
    await post(says.id, 'more');
  });

  test('that pings alone is silent', async () => {
    const { socket, closed } = await opened();
    clock.moveTo(clock.now() + 599_000);
    await new Promise((resolve) => {
      socket.once('pong', resolve);
      socket.ping();
    });
    clock.moveTo(clock.now() + 1_000);
    await eventually(closed).toBe(1001);
  });

  test('ends after two hours, whatever is said on it', async () => {
    const { id, closed } = await opened();
    for (let minutes = 9; minutes < 120; minutes += 9) {
      clock.moveTo(clock.now() + 540_000);
      await post(id, 'news');
    }
    clock.moveTo(clock.now() + 180_000);
    await expect(post(id, 'news')).rejects.toMatchObject({ name: 'GoneException' });
    await eventually(closed).toBe(1001);
  });

  test('is counted by its messages, each 32 KB of them, and by its minutes', async () => {
    const before = cloud.usage().webSockets;
    const { id, socket, texts } = await opened();
    await post(id, 'x'.repeat(33 * 1024));
    socket.send('hello');
    await eventually(() => texts.length).toBe(2);
    clock.moveTo(clock.now() + 90_000);
    const after = cloud.usage().webSockets;
    expect(after.messages - before.messages).toBe(4);
    expect(after.connectionMinutes - before.connectionMinutes).toBe(2);
  });
});

/** A connection whose client never reads. */
async function unread(): Promise<{ socket: Socket; id: string }> {
  const socket = connect(Number(new URL(cloud.url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const key = Buffer.from('0123456789abcdef').toString('base64');
  const head = `GET /main HTTP/1.1\r\nHost: local\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nX-Who: ann\r\n\r\n`;
  const answer = await new Promise<string>((resolve) => {
    socket.once('data', (data) => resolve(String(data)));
    socket.write(head);
  });
  expect(answer).toContain('101');
  socket.pause();
  return { socket, id: (await seen()).at(-1)!.requestContext.connectionId };
}
