/**
 * Starts a DynamoDB to keep the tables in: `@dynoxide/linux-x64` as a child process on a free port of this machine only, in
 * memory or on a file; or, if `DYNAMODB_ENDPOINT` names one, any other that speaks the protocol. The child never outlives
 * this process: a watchdog that reads a pipe from it ends the child even when this process is killed, because an engine left behind would
 * keep the file while the next one opens it too (dynoxide itself lets two engines write to one file).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  paginateListTables,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { LocalCloudError } from '../host/error.ts';
import { LOCAL_REGION } from '../template/assembly.ts';
import type { TablePlan } from '../template/plan.ts';

export interface DynamoDb {
  readonly endpoint: string;
  /** For schemas and readiness here; functions have clients of their own. */
  readonly client: DynamoDBClient;
  /** The engine's process, unless `DYNAMODB_ENDPOINT` names another. */
  readonly pid: number | undefined;
  /** What a table of the template is called here. */
  tableName(name: string): string;
  /** Every table that is kept here: in an engine that others use too, those of this data folder only. */
  tableNames(): Promise<string[]>;
  /** Keeps the table if it is there; `expiry` switches on the deletion of expired items, which goes by real time. */
  createTable(table: TablePlan, expiry: boolean): Promise<void>;
  stop(): Promise<void>;
}

export interface DynamoDbOptions {
  /** Keeps the tables in this file instead of memory. */
  readonly file?: string | undefined;
  /** Called when the engine ends by itself. */
  readonly onExit: (error: LocalCloudError) => void;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
const PACKAGE = '@dynoxide/linux-x64';
const READY_WITHIN_MS = 10_000;
const STOP_WITHIN_MS = 5_000;

export async function startDynamoDb({ file, onExit, environment = process.env }: DynamoDbOptions): Promise<DynamoDb> {
  const given = environment.DYNAMODB_ENDPOINT;
  if (given !== undefined && given !== '') return borrowDynamoDb(given, file);
  const engine = await startEngine(enginePath(), file);
  const client = clientOf(engine.endpoint);
  let stopping = false;
  engine.process.once('exit', (code, signal) => {
    if (stopping) return;
    onExit(
      new LocalCloudError(
        `The DynamoDB engine ended by itself (${signal ?? `code ${code}`})`,
        `It said: ${engine.said() || 'nothing'}`,
      ),
    );
  });
  return {
    endpoint: engine.endpoint,
    client,
    pid: engine.process.pid,
    tableName: (name) => name,
    tableNames: () => tableNames(client),
    createTable: (table, expiry) => createTable(client, table, expiry),
    async stop() {
      stopping = true;
      client.destroy();
      await end(engine.process);
      engine.watchdog.kill();
    },
  };
}

/**
 * An engine that others use too: tables are named after the data folder they belong to, and those that belong to none are
 * this process's own and go with it, as memory would.
 */
function borrowDynamoDb(endpoint: string, file: string | undefined): DynamoDb {
  const client = clientOf(endpoint);
  const owner = file === undefined ? randomUUID() : ownerIn(ownerFile(file));
  const made: string[] = [];
  return {
    endpoint,
    client,
    pid: undefined,
    tableName: (name) => `${name}-${owner}`,
    tableNames: async () => (await tableNames(client)).filter((name) => name.endsWith(`-${owner}`)),
    async createTable(table, expiry) {
      made.push(table.name);
      await createTable(client, table, expiry);
    },
    async stop() {
      if (file === undefined)
        for (const TableName of made) await client.send(new DeleteTableCommand({ TableName })).catch(() => {});
      client.destroy();
    },
  };
}

/** Made when another engine keeps the tables of this file: its text names them there. */
export const ownerFile = (file: string): string => `${file}.owner`;

function ownerIn(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomUUID());
  return readFileSync(file, 'utf8');
}

/** The engine's binary, as the optional dependency brings it for this platform. */
function enginePath(): string {
  try {
    return createRequire(import.meta.url).resolve(`${PACKAGE}/dynoxide`);
  } catch (cause) {
    throw new LocalCloudError(
      `There is no DynamoDB engine for this platform (${process.platform} ${process.arch}; ${PACKAGE} is not installed)`,
      'Run any other, such as DynamoDB Local with -sharedDb, and set DYNAMODB_ENDPOINT to its address.',
      { cause },
    );
  }
}

interface Engine {
  readonly endpoint: string;
  readonly process: ChildProcess;
  readonly watchdog: ChildProcess;
  readonly said: () => string;
}

async function startEngine(path: string, file: string | undefined): Promise<Engine> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    // In a session of its own, so that Ctrl-C in a terminal reaches this process first, which stops it after the last write.
    const child = spawn(path, ['--port', String(port), ...(file === undefined ? [] : ['--db-path', file])], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: {},
    });
    // At once: a start that is interrupted must not leave it behind either.
    const watchdog = watchdogOf(child);
    let said = '';
    const listen = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2_000);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    const endpoint = `http://127.0.0.1:${port}`;
    const failure = await untilReady(child, endpoint, () => said.includes('listening'));
    if (failure === undefined) {
      const engine = { endpoint, process: child, watchdog, said: () => said.trim() };
      for (const handle of [child, engine.watchdog, child.stdout, child.stderr]) (handle as unknown as { unref(): void }).unref();
      return engine;
    }
    child.kill('SIGKILL');
    watchdog.kill();
    // Another program may have taken the port since it was free.
    if (/already in use/.test(said) && attempt < 5) continue;
    const damaged = /not a valid SQLite|malformed|corrupt/i.test(said);
    throw new LocalCloudError(
      damaged ? `The tables in ${file} are damaged` : `The DynamoDB engine does not start (${failure})`,
      damaged ? 'Move that data folder away to begin with an empty one.' : `It said: ${said.trim() || 'nothing'}`,
    );
  }
}

/** Ready is when it says so and answers: another program may answer at that port. Gives why it is not. */
async function untilReady(child: ChildProcess, endpoint: string, saysSo: () => boolean): Promise<string | undefined> {
  const deadline = Date.now() + READY_WITHIN_MS;
  let failed: string | undefined;
  child.once('error', (error) => {
    failed = error.message;
  });
  while (Date.now() < deadline) {
    if (failed !== undefined) return failed;
    if (child.exitCode !== null) return `exit code ${child.exitCode}`;
    const answer = saysSo() && (await fetch(endpoint, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined));
    if (answer) {
      await answer.arrayBuffer();
      return undefined;
    }
    await sleep(10);
  }
  return `not ready after ${READY_WITHIN_MS / 1000} s`;
}

/** Ends the engine when the pipe from this process closes, however this process ended. */
export function watchdogOf(engine: ChildProcess): ChildProcess {
  const watchdog: ChildProcess = spawn('/bin/sh', ['-c', 'read line; kill "$1"', 'watchdog', String(engine.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.on('error', () => {});
  engine.once('exit', () => watchdog.kill());
  (watchdog.stdin as unknown as { unref(): void }).unref();
  return watchdog;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.ref();
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await ended;
  clearTimeout(late);
}

async function tableNames(client: DynamoDBClient): Promise<string[]> {
  const names: string[] = [];
  for await (const page of paginateListTables({ client }, {})) names.push(...(page.TableNames ?? []));
  return names;
}

function clientOf(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({ endpoint, region: LOCAL_REGION, credentials: CREDENTIALS });
}

async function createTable(client: DynamoDBClient, table: TablePlan, expiry: boolean): Promise<void> {
  try {
    await client.send(new CreateTableCommand(table.definition as unknown as CreateTableCommandInput));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) {
      throw new LocalCloudError(`Table ${table.name} can't be made`, String(error), { cause: error });
    }
    return;
  }
  for (let status: string | undefined; status !== 'ACTIVE'; await sleep(5)) {
    status = (await client.send(new DescribeTableCommand({ TableName: table.name }))).Table?.TableStatus;
  }
  if (!expiry || table.expiresAtAttribute === undefined) return;
  const TimeToLiveSpecification = { Enabled: true, AttributeName: table.expiresAtAttribute };
  await client.send(new UpdateTimeToLiveCommand({ TableName: table.name, TimeToLiveSpecification }));
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
