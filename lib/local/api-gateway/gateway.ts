/**
 * The gateway: an HTTP server with the template's routes, its JWT authorizer, events of payload format 2.0, and the answers
 * API Gateway gives when there is no function to ask or nothing comes back.
 *
 * Source: Amazon API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs" and "Quotas for HTTP APIs".
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../host/clock.ts';
import { LocalCloudError } from '../host/error.ts';
import type { RoutePlan } from '../template/plan.ts';
import type { Authorize, Authorized } from './authorizer.ts';
import {
  type Answer,
  answerFrom,
  answerToFailure,
  eventOf,
  INTERNAL,
  isTooLargeToInvoke,
  JSON_TYPE,
  joined,
  refusal,
  TOO_LARGE,
  UNAVAILABLE,
} from './payload.ts';
import { type Match, routerOf } from './router.ts';
import type { WebSockets } from './websocket.ts';

export interface Gateway {
  readonly url: string;
  /** Starts answering; before, every request gets 503. */
  open(site: Site): void;
  /** Requests being answered. */
  running(): number;
  /** Takes no more requests and waits for the ones it has. */
  stop(): Promise<void>;
}

export interface Site {
  readonly routes: readonly RoutePlan[];
  readonly authorize: Authorize;
  readonly invoke: (functionName: string, event: unknown) => Promise<unknown>;
  readonly clock: Clock;
  /** Public documents by path, such as the issuer's keys. */
  readonly documents: Readonly<Record<string, unknown>>;
  /** The WebSocket API, if there is one. */
  readonly webSockets: WebSockets | undefined;
  readonly onAnswer: (status: number, latencyMs: number) => void;
  /** A fault of the gateway itself; the caller got a 500. */
  readonly onError: (error: unknown) => void;
}

const BODY_BYTES_MAX = 10 * 1024 * 1024;
/** Request line and headers together. */
const HEADER_BYTES_MAX = 10_240;
const TIMEOUT_MS_MAX = 30_000;
/** Read by no one: the caller hung up in the middle. It is counted as the caller's fault, not the gateway's. */
const UNFINISHED = refusal(400, 'Bad Request');

export async function startGateway(port: number): Promise<Gateway> {
  let answer: (request: IncomingMessage) => Promise<Answer> = async () => UNAVAILABLE;
  let onAnswer = (_status: number, _latencyMs: number) => {};
  let onError = (_error: unknown) => {};
  let webSockets: WebSockets | undefined;
  let running = 0;
  let stopping = false;
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX }, async (request, response) => {
    running++;
    const startedMs = performance.now();
    const {
      status,
      headers = {},
      body,
    } = await answer(request).catch((error: unknown) => {
      onError(error);
      return INTERNAL;
    });
    // What was not read would be taken for the next request.
    if (!request.complete || stopping) response.shouldKeepAlive = false;
    write(response, status, { ...headers, 'apigw-requestid': randomUUID() }, body);
    running--;
    onAnswer(status, performance.now() - startedMs);
  });
  server.on('upgrade', (request, socket, head) => {
    if (webSockets === undefined || stopping) socket.destroy();
    else webSockets.upgrade(request, socket, head);
  });
  const url = `http://127.0.0.1:${await listen(server, port)}`;
  return {
    url,
    running: () => running,
    open(site) {
      const match = routerOf(site.routes);
      answer = (request) => answerOne(request, match, site);
      ({ onAnswer, onError, webSockets } = site);
    },
    stop: () =>
      new Promise((resolve) => {
        stopping = true;
        webSockets?.stop();
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

async function answerOne(request: IncomingMessage, match: Match, site: Site): Promise<Answer> {
  const [rawPath = '/', rawQueryString = ''] = (request.url ?? '/').split(/\?(.*)/s);
  const document = request.method === 'GET' ? site.documents[rawPath] : undefined;
  if (document !== undefined) return { status: 200, headers: JSON_TYPE, body: JSON.stringify(document) };
  const managed = await site.webSockets?.manage(request, rawPath, () => read(request));
  if (managed !== undefined) return managed;
  const matched = match(request.method ?? 'GET', rawPath);
  if (matched === undefined) return refusal(404, 'Not Found');
  const { route, pathParameters } = matched;
  // Node's own headers leave out what came twice.
  const headers = joined(request.headersDistinct);
  let authorized: Authorized | undefined;
  if (route.authorizer !== undefined) {
    const verdict = await site.authorize(headers.authorization, route.authorizer, route.scopes);
    if (verdict === 401) return { ...refusal(401, 'Unauthorized'), headers: { ...JSON_TYPE, 'www-authenticate': 'Bearer' } };
    if (verdict === 403) return refusal(403, 'Forbidden');
    authorized = verdict;
  }
  const body = await read(request).catch((error: unknown) => {
    if (request.complete) throw error;
    return 'unfinished' as const;
  });
  if (body === 'unfinished') return UNFINISHED;
  if (body === undefined) return TOO_LARGE;
  const { method, httpVersion, socket } = request;
  const asked = { headers: request.headersDistinct, method, httpVersion, socket };
  const event = eventOf(asked, {
    route,
    rawPath,
    rawQueryString,
    pathParameters,
    body,
    authorized,
    timeEpoch: site.clock.now(),
  });
  if (isTooLargeToInvoke(event)) return TOO_LARGE;
  const late = Symbol('late');
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), Math.min(route.timeoutMs, TIMEOUT_MS_MAX));
  });
  try {
    const result = await Promise.race([site.invoke(route.function, event), tooLate]);
    return result === late ? UNAVAILABLE : answerFrom(result);
  } catch (error) {
    return answerToFailure(error);
  } finally {
    clearTimeout(timer);
  }
}

async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function write(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | readonly string[]>,
  body: string | Buffer,
): void {
  response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) } as Record<
    string,
    string | string[]
  >);
  response.end(body);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      const message = taken ? `Port ${port} is in use` : `The gateway can't listen on port ${port} (${cause.message})`;
      reject(
        new LocalCloudError(message, taken ? 'Stop what uses it, or choose another port.' : 'Choose another port.', { cause }),
      );
    });
    server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}
