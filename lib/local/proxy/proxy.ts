/**
 * A place between the functions and their engines, off unless it is asked for: every request of every function passes a
 * hook that may let it through, lose it, lose its answer, answer in the engine's stead, or kill the environment that sent
 * it before or after it took effect. Faults are injected here, and billed units are metered here, because this is the only
 * place that sees exactly what a function sends.
 */
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { LOCAL_ACCOUNT } from '../template/assembly.ts';
import { addUsage, type FunctionUsage, isMetered, noUsage } from './meter.ts';
import type { ProxyRequest, Service, ServiceAnswer } from './request.ts';

/**
 * What happens to a request. `drop-before` loses it: it never takes effect; `drop-after` loses its answer: it does. The SDK
 * repeats both by itself. `kill-before` and `kill-after` end the environment, and with it the invocation, likewise.
 */
export type ProxyAction = 'pass' | 'drop-before' | 'drop-after' | 'kill-before' | 'kill-after' | ServiceAnswer;

export interface ProxyOptions {
  readonly onRequest?: (request: ProxyRequest) => ProxyAction | Promise<ProxyAction>;
  /** Counts billed units: asks DynamoDB for the consumed capacity of every request. */
  readonly meter?: boolean;
}

export interface ServiceProxy {
  /** The address of a queue as functions must know it: the SDK goes where a queue's address points, whatever its endpoint. */
  queueUrl(name: string): string;
  /** Where an environment of a function reaches a service. */
  endpoint(service: Service, functionName: string, environment: number): string;
  /** By function; empty without `meter`. */
  usage(): ReadonlyMap<string, FunctionUsage>;
  stop(): Promise<void>;
}

export interface ProxyTargets {
  readonly engines: Readonly<Record<Service, string>>;
  readonly kill: (functionName: string, environment: number) => void;
}

/** An error as DynamoDB or SQS would answer it, for a hook to return: throttling, a conflict, an internal fault. */
export function serviceError(service: Service, code: string, message: string, status = 400): ProxyAction {
  const prefix = service === 'dynamodb' ? 'com.amazonaws.dynamodb.v20120810#' : 'com.amazonaws.sqs#';
  return { status, body: { __type: `${prefix}${code}`, message } };
}

export async function startProxy(
  { onRequest, meter = false }: ProxyOptions,
  { engines, kill }: ProxyTargets,
): Promise<ServiceProxy> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const usage = new Map<string, FunctionUsage>();

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const received = await readAll(request);
    const [, service, encoded = '', number = ''] = (request.url ?? '').split('/') as ['', Service, string, string];
    const operation = String(request.headers['x-amz-target'] ?? '').split('.')[1] ?? '';
    const body = JSON.parse(received.toString() || '{}') as Record<string, unknown>;
    const sent: ProxyRequest = { function: decodeURIComponent(encoded), environment: Number(number), service, operation, body };
    const action = (await onRequest?.(sent)) ?? 'pass';
    if (typeof action === 'object') {
      respond(response, action.status, Buffer.from(JSON.stringify(action.body)));
      return;
    }
    if (action === 'kill-before') kill(sent.function, sent.environment);
    if (action === 'kill-before' || action === 'drop-before') {
      response.destroy();
      return;
    }
    const metered = meter && isMetered(sent);
    const payload = metered ? Buffer.from(JSON.stringify({ ...body, ReturnConsumedCapacity: 'TOTAL' })) : received;
    const answer = await forward(engines[service], agent, request, payload);
    if (meter) usage.set(sent.function, addUsage(usage.get(sent.function) ?? noUsage(), sent, answer.status, answer.body));
    if (action === 'kill-after') kill(sent.function, sent.environment);
    if (action === 'pass') respond(response, answer.status, answer.body, answer.headers);
    else response.destroy();
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else respond(response, 500, Buffer.from(JSON.stringify({ __type: 'InternalServerError', message: String(error) })));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    queueUrl: (name) => `http://127.0.0.1:${port}/${LOCAL_ACCOUNT}/${name}`,
    endpoint: (service, functionName, environment) =>
      `http://127.0.0.1:${port}/${service}/${encodeURIComponent(functionName)}/${environment}`,
    usage: () => usage,
    stop: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface EngineAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

function forward(engine: string, agent: Agent, request: IncomingMessage, payload: Buffer): Promise<EngineAnswer> {
  const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
  return new Promise((resolve, reject) => {
    const onward = httpRequest(
      engine,
      { agent, method: 'POST', headers: { ...headers, 'content-length': payload.length } },
      (answer) => {
        readAll(answer).then((body) => {
          const { 'transfer-encoding': _chunked, connection: _kept, 'keep-alive': _alive, ...kept } = answer.headers;
          resolve({ status: answer.statusCode ?? 500, headers: kept as Record<string, string>, body });
        }, reject);
      },
    );
    onward.once('error', reject);
    onward.end(payload);
  });
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function respond(response: ServerResponse, status: number, body: Buffer, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers, 'content-length': body.length });
  response.end(body);
}
