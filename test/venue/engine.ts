/**
 * A venue's table and queues for one test file: a real DynamoDB engine and a real SQS server, both in memory, behind
 * proxies that count every request the SDK makes and can fail one on purpose. The engine is the default one, or the one
 * that `DYNAMODB_ENDPOINT` names; there each file has a table of its own, which goes with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { DEPLOYMENT } from '../../lib/infra/deployment.ts';
import { ENV, QUEUES, type QueueName, TABLE } from '../../lib/store/names.ts';

const BINARY = join(import.meta.dirname, '../../node_modules/@dynoxide/linux-x64/dynoxide');

export interface Engine {
  /** What the SDK has asked for since the last `requests.length = 0`, as "GetItem", "SendMessage" and so on. */
  readonly requests: string[];
  /** The next `times` requests of that name are answered with a server error. */
  fail(name: string, times: number): void;
  /** Bodies of the messages waiting in a queue. */
  messages(queue: QueueName): unknown[];
  /** Empties every queue. */
  drain(): void;
  stop(): Promise<void>;
}

/** Starts both and points the environment of this process at them. */
export async function startEngine(shards = 2): Promise<Engine> {
  const requests: string[] = [];
  const failing = new Map<string, number>();
  const dynamo = await startTables();
  const fauxqs = await startFauxqs({ port: 0, logger: false });
  const queues = new URL(`http://127.0.0.1:${fauxqs.port}`);
  const proxies = [await proxy(dynamo.at, requests, failing), await proxy(queues, requests, failing)];
  const [tableUrl, queuesUrl] = proxies.map(addressOf) as [string, string];
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: tableUrl,
    AWS_ENDPOINT_URL_SQS: queuesUrl,
    POWERTOOLS_SERVICE_NAME: 'test',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    [ENV.table]: dynamo.table,
    [ENV.shards]: `${shards}`,
    [ENV.receivesMax]: '5',
    [ENV.accountClaim]: 'custom:account',
    [ENV.groupsClaim]: 'cognito:groups',
    [ENV.viewerGroup]: 'viewers',
    [ENV.operatorGroup]: 'operators',
    [ENV.approverGroup]: 'approvers',
    [ENV.tokenUse]: 'id',
    [ENV.requestsPerMinute]: '1000000',
    [ENV.cashAloneCents]: `${DEPLOYMENT.cashAloneCents}`,
  });
  for (const { name, url } of Object.values(QUEUES)) {
    fauxqs.createQueue(name, name.endsWith('.fifo') ? { attributes: { FifoQueue: 'true' } } : {});
    process.env[url] = `${queuesUrl}/000000000000/${name}`;
  }
  await createTable(dynamo.table);
  return {
    requests,
    fail: (name, times) => failing.set(name, times),
    messages: (queue) => messagesOf(fauxqs, queue),
    drain: () => fauxqs.reset(),
    stop: async () => {
      await dynamo.stop();
      for (const each of proxies) each.closeAllConnections();
      for (const each of proxies) each.close();
      await fauxqs.stop();
    },
  };
}

interface Tables {
  readonly at: URL;
  readonly table: string;
  stop(): Promise<void>;
}

async function startTables(): Promise<Tables> {
  const given = process.env.DYNAMODB_ENDPOINT;
  if (given) {
    const TableName = `venue-${randomUUID()}`;
    const deleteTable = async (): Promise<void> => {
      const client = new DynamoDBClient({});
      await client.send(new DeleteTableCommand({ TableName }));
      client.destroy();
    };
    return { at: new URL(given), table: TableName, stop: deleteTable };
  }
  const port = await freePort();
  const dynamo = spawn(BINARY, ['--port', `${port}`], { stdio: 'ignore' });
  process.once('exit', () => dynamo.kill());
  await listening(dynamo, port);
  return { at: new URL(`http://127.0.0.1:${port}`), table: 'venue', stop: async () => void dynamo.kill() };
}

function messagesOf(fauxqs: FauxqsServer, queue: QueueName): unknown[] {
  const { ready, delayed } = fauxqs.inspectQueue(QUEUES[queue].name)!.messages;
  return [...ready, ...delayed].map(({ body }) => JSON.parse(body));
}

async function createTable(TableName: string): Promise<void> {
  const client = new DynamoDBClient({});
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: TABLE.partitionKey, KeyType: 'HASH' },
        { AttributeName: TABLE.sortKey, KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: TABLE.partitionKey, AttributeType: 'S' },
        { AttributeName: TABLE.sortKey, AttributeType: 'S' },
      ],
    }),
  );
  client.destroy();
}

async function proxy(to: URL, requests: string[], failing: Map<string, number>): Promise<Server> {
  const server = createServer((incoming: IncomingMessage, answer: ServerResponse) => {
    const name = String(incoming.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
    requests.push(name);
    const left = failing.get(name) ?? 0;
    if (left > 0) {
      failing.set(name, left - 1);
      incoming.resume().on('end', () => answer.writeHead(500).end('{"__type":"InternalServerError"}'));
      return;
    }
    const { method, url, headers } = incoming;
    const outgoing = forward({ host: to.hostname, port: to.port, method: method!, path: url!, headers }, (received) => {
      answer.writeHead(received.statusCode!, received.headers);
      received.pipe(answer);
    });
    outgoing.on('error', () => answer.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(engine: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (engine.exitCode !== null) throw new Error('the table engine has stopped');
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('the table engine does not listen');
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
