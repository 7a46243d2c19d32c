/**
 * The open connections of the WebSocket API, and the management API by which functions reach them. A connection ends when it has been
 * silent for ten minutes or is two hours old, whichever comes first; from then on it is gone, whatever its socket does.
 *
 * Source: Amazon API Gateway developer guide, "Quotas for configuring and running a WebSocket API" and "Use @connections commands in your
 * backend service".
 */
import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import { type Answer, JSON_TYPE } from './payload.ts';
import type { Handshake } from './websocket-events.ts';

export const MESSAGE_BYTES_MAX = 128 * 1024;
export const FRAME_BYTES_MAX = 32 * 1024;
const IDLE_MS_MAX = 600_000;
const LIFE_MS_MAX = 7_200_000;
const GOING_AWAY = 1001;
/** What is metered as one message. */
const METERED_BYTES = 32 * 1024;

/** An open connection. */
export interface Connection {
  readonly handshake: Handshake;
  readonly socket: WebSocket;
  lastActiveMs: number;
}

/** What would be billed. */
export interface WebSocketUsage {
  readonly messages: number;
  readonly connectionMinutes: number;
}

export interface Connections {
  add(connection: Connection): void;
  /** An open connection; one whose time is over is closed and gone. */
  open(id: string): Connection | undefined;
  /** Counts a message in either direction, and that the connection is alive. */
  used(connection: Connection, bytes: number): void;
  remove(id: string): void;
  /** Closes those whose time is over. */
  look(): void;
  /** An answer of the management API. */
  manage(request: { method: string; id: string; signed: boolean; body: Buffer }): Answer;
  usage(): WebSocketUsage;
  /** Ends them all, at once. */
  stop(): void;
}

/** An id as the service makes them. */
export const newConnectionId = (): string => `${randomBytes(11).toString('base64url')}=`;

/** `now`: milliseconds, of the time in which connections grow old. */
export function openConnections(now: () => number): Connections {
  const all = new Map<string, Connection>();
  let messages = 0;
  let minutes = 0;

  const remove = (id: string) => {
    const connection = all.get(id);
    if (connection === undefined) return;
    all.delete(id);
    minutes += minutesOf(connection, now());
  };
  const open = (id: string) => {
    const connection = all.get(id);
    if (connection === undefined) return undefined;
    const { lastActiveMs, handshake, socket } = connection;
    if (now() - lastActiveMs < IDLE_MS_MAX && now() - handshake.connectedAtMs < LIFE_MS_MAX) return connection;
    remove(id);
    socket.close(GOING_AWAY, 'Going away');
    return undefined;
  };
  const used = (connection: Connection, bytes: number) => {
    connection.lastActiveMs = now();
    messages += Math.max(1, Math.ceil(bytes / METERED_BYTES));
  };
  return {
    add: (connection) => void all.set(connection.handshake.connectionId, connection),
    open,
    used,
    remove,
    look: () => {
      for (const id of [...all.keys()]) open(id);
    },
    manage({ method, id, signed, body }) {
      if (!signed) return problem(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
      const connection = open(id);
      if (connection === undefined) return problem(410, 'GoneException', 'Gone');
      if (method === 'POST') return post(connection, body, used);
      if (method === 'GET') return described(connection);
      if (method !== 'DELETE') return problem(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
      remove(id);
      connection.socket.close(GOING_AWAY, 'Connection Closed Normally');
      return { status: 204, body: '' };
    },
    usage: () => ({
      messages,
      connectionMinutes: [...all.values()].reduce((sum, connection) => sum + minutesOf(connection, now()), minutes),
    }),
    stop() {
      for (const { socket } of all.values()) socket.terminate();
      all.clear();
    },
  };
}

/** A reader that does not take what it has been sent is sent no more. */
function post(connection: Connection, body: Buffer, used: Connections['used']): Answer {
  if (body.length > MESSAGE_BYTES_MAX) return problem(413, 'PayloadTooLargeException', 'Payload too large');
  if (connection.socket.bufferedAmount > MESSAGE_BYTES_MAX) return problem(429, 'LimitExceededException', 'Too many requests');
  used(connection, body.length);
  connection.socket.send(body.toString('utf8'));
  return { status: 200, body: '' };
}

const described = ({ handshake: { connectedAtMs, sourceIp, userAgent }, lastActiveMs }: Connection): Answer => ({
  status: 200,
  headers: JSON_TYPE,
  body: JSON.stringify({
    connectedAt: new Date(connectedAtMs).toISOString(),
    lastActiveAt: new Date(lastActiveMs).toISOString(),
    identity: { sourceIp, userAgent },
  }),
});

const problem = (status: number, type: string, message: string): Answer => ({
  status,
  headers: { ...JSON_TYPE, 'x-amzn-errortype': type },
  body: JSON.stringify({ message }),
});

const minutesOf = ({ handshake }: Connection, nowMs: number): number => Math.ceil((nowMs - handshake.connectedAtMs) / 60_000);
