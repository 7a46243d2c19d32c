/**
 * The template's WebSocket API: the handshake with its authorizer and its `$connect`, messages to `$default` and what it answers,
 * `$disconnect` as well as can be, and the management API below `/<stage>/@connections`. At AWS it has a host of its own; here it shares
 * the gateway's port and is told by the name of its stage.
 *
 * Source: Amazon API Gateway developer guide, "Working with WebSocket APIs".
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocketServer } from 'ws';
import type { Clock } from '../host/clock.ts';
import type { WebSocketPlan, WebSocketRouteKey } from '../template/plan.ts';
import {
  type Connection,
  type Connections,
  FRAME_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  newConnectionId,
  openConnections,
  type WebSocketUsage,
} from './connections.ts';
import { watchFrames } from './frames.ts';
import { type Answer, refusal } from './payload.ts';
import { contextOf, type Handshake, methodArn, requestParts, verdictIn } from './websocket-events.ts';

export interface WebSockets {
  /** Takes a request to upgrade, at any path. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** What the management API answers; `undefined` for a path that is not its own. */
  manage(request: IncomingMessage, path: string, read: () => Promise<Buffer | undefined>): Promise<Answer | undefined>;
  usage(): WebSocketUsage;
  stop(): void;
}

export interface WebSocketsOptions {
  readonly clock: Clock;
  readonly invoke: (functionName: string, event: unknown) => Promise<unknown>;
  /** A fault of the gateway itself. */
  readonly onError: (error: unknown) => void;
}

const LOOKS_EVERY_MS = 500;
const TOO_LARGE = 1009;
const NOT_TEXT = 1003;

export function startWebSockets(plan: WebSocketPlan, { clock, invoke, onError }: WebSocketsOptions): WebSockets {
  // A connection grows old in the network's time, unless time is what a test moves by hand.
  const now = clock.frozen ? clock.now : Date.now;
  const connections = openConnections(now);
  const chosen = new WeakMap<IncomingMessage, string | undefined>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MESSAGE_BYTES_MAX,
    handleProtocols: (offered, request) => {
      const protocol = chosen.get(request);
      return protocol !== undefined && offered.has(protocol) ? protocol : false;
    },
  });
  const ask: Ask = (key, handshake, more = {}, context = {}) =>
    within(plan, key, invoke, {
      ...more,
      requestContext: contextOf(handshake, key, clock.now(), context),
      isBase64Encoded: false,
    });
  const looking = setInterval(connections.look, LOOKS_EVERY_MS).unref();

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const handshake = handshakeOf(request, plan.stage, now());
    const verdict = await accepted(plan, request, handshake, { clock, invoke, ask }).catch(() => 500);
    if (typeof verdict === 'number') return refuse(socket, verdict, handshake);
    if (socket.destroyed) return;
    chosen.set(request, verdict.protocol);
    const watch = watchFrames(FRAME_BYTES_MAX, () => connection?.socket.close(TOO_LARGE, 'Frame too long'));
    let connection: Connection | undefined;
    watch(head);
    socket.on('data', watch);
    server.handleUpgrade(request, socket, head, (opened) => {
      connection = { handshake, socket: opened, lastActiveMs: now() };
      connections.add(connection);
      serve(connection, connections, ask);
    });
  };
  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      upgrade(request, socket, head).catch(onError);
    },
    async manage(request, path, read) {
      const [, stage, connectionsWord, id, ...more] = path.split('/');
      if (stage !== plan.stage || connectionsWord !== '@connections' || id === undefined || more.length > 0) return undefined;
      const body = await read();
      if (body === undefined) return refusal(413, 'Request Entity Too Large');
      const signed = /^AWS4-HMAC-SHA256 Credential=/.test(request.headers.authorization ?? '');
      return connections.manage({ method: request.method ?? 'GET', id: decodeURIComponent(id), signed, body });
    },
    usage: connections.usage,
    stop() {
      clearInterval(looking);
      connections.stop();
    },
  };
}

/** Invokes the function of a route; `undefined` when there is no such route. Rejects when it failed or took too long. */
type Ask = (key: WebSocketRouteKey, handshake: Handshake, more?: object, context?: object) => Promise<unknown>;

async function within(
  { routes }: WebSocketPlan,
  key: WebSocketRouteKey,
  invoke: WebSocketsOptions['invoke'],
  event: unknown,
): Promise<unknown> {
  const route = routes.get(key);
  if (route === undefined) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('Endpoint request timed out')), route.timeoutMs);
  });
  try {
    const result = await Promise.race([invoke(route.function, event), late]);
    return key === '$default' && !route.answers ? undefined : result;
  } finally {
    clearTimeout(timer);
  }
}

/** The status that refuses a handshake, or the protocol that `$connect` has chosen. */
async function accepted(
  plan: WebSocketPlan,
  request: IncomingMessage,
  handshake: Handshake,
  { clock, invoke, ask }: Pick<WebSocketsOptions, 'clock' | 'invoke'> & { ask: Ask },
): Promise<number | { protocol: string | undefined }> {
  if ((request.url ?? '/').split('?')[0] !== `/${plan.stage}`) return 403;
  const parts = requestParts(request);
  let context = {};
  if (plan.authorizer !== undefined) {
    if (plan.authorizer.headers.some((name) => !request.headers[name.toLowerCase()])) return 401;
    const arn = methodArn(plan.stage);
    const asked = { type: 'REQUEST', methodArn: arn, ...parts, stageVariables: {} };
    const requestContext = contextOf(handshake, '$connect', clock.now());
    const verdict = verdictIn(await invoke(plan.authorizer.function, { ...asked, requestContext }), arn);
    if (verdict === 'refused') return 403;
    context = verdict;
  }
  const answer = (await ask('$connect', handshake, parts, context)) as Partial<ProxyAnswer> | undefined;
  if (!plan.routes.has('$connect')) return { protocol: undefined };
  const status = Number(answer?.statusCode);
  if (!Number.isInteger(status)) return 502;
  if (status < 200 || status > 299) return status;
  const protocol = Object.entries(answer?.headers ?? {}).find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')?.[1];
  return { protocol };
}

interface ProxyAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Brings the messages of an open connection to `$default`, and its end to `$disconnect`. */
function serve(connection: Connection, connections: Connections, ask: Ask): void {
  const { handshake, socket } = connection;
  const { connectionId } = handshake;
  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (connections.open(connectionId) === undefined) return;
    if (isBinary) return socket.close(NOT_TEXT, 'Text only');
    const body = data.toString();
    connections.used(connection, Buffer.byteLength(body));
    void answered(ask, handshake, body).then((text) => {
      if (text === undefined || connections.open(connectionId) === undefined) return;
      connections.used(connection, Buffer.byteLength(text));
      socket.send(text);
    });
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', (disconnectStatusCode, reason) => {
    connections.remove(connectionId);
    const headers = { Host: handshake.host };
    // The service promises no more than to try.
    ask('$disconnect', handshake, { headers }, { disconnectStatusCode, disconnectReason: String(reason) }).catch(() => {});
  });
}

async function answered(ask: Ask, handshake: Handshake, body: string): Promise<string | undefined> {
  try {
    const answer = (await ask('$default', handshake, { body })) as Partial<ProxyAnswer> | undefined;
    return answer?.body === undefined || answer.body === '' ? undefined : String(answer.body);
  } catch {
    return JSON.stringify({
      message: 'Internal server error',
      connectionId: handshake.connectionId,
      requestId: handshake.connectionId,
    });
  }
}

function handshakeOf({ headers, socket }: IncomingMessage, stage: string, nowMs: number): Handshake {
  return {
    connectionId: newConnectionId(),
    connectedAtMs: nowMs,
    stage,
    host: headers.host ?? '127.0.0.1',
    sourceIp: socket.remoteAddress ?? '127.0.0.1',
    userAgent: headers['user-agent'] ?? '',
  };
}

function refuse(socket: Duplex, status: number, { connectionId }: Handshake): void {
  const body = JSON.stringify({ message: STATUS_CODES[status] ?? 'Refused', connectionId });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
