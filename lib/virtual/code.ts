/**
 * The functions' code inside this thread. Each environment evaluates the project's own modules anew, so that it has state of
 * its own as a Lambda environment has. The libraries they stand on are evaluated once for all: they are most of a bundle, and
 * keep nothing that one environment could tell another. What either reaches for outside of itself (time, timers, chance,
 * requests, output) is handed in and there are no files, so that nothing depends on the machine it runs on.
 */
import * as crypto from 'node:crypto';
import { EventEmitter } from 'node:events';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import type { Service } from '../local/proxy/request.ts';
import { LOCAL_REGION } from '../local/template/assembly.ts';
import { libraryCode, ownCode } from './pieces.ts';

export type Handler = (event: unknown, context: object) => unknown;

/** What the libraries of all environments share. */
export interface Host {
  now(): number;
  after(delayMs: number, call: () => void): { cancel(): void };
  /** Evenly spread from 0 to 1, 1 excluded. */
  random(): number;
  output(text: string): void;
}

/** What an environment has to itself besides. */
export interface EnvironmentHost extends Host {
  readonly variables: Readonly<Record<string, string>>;
  /** Rejects when the connection breaks. */
  request(service: Service, operation: string, body: string): Promise<{ status: number; text: string }>;
}

const GLOBALS = [
  'exports',
  'require',
  'module',
  'process',
  'console',
  'Date',
  'Math',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'setImmediate',
  'performance',
  'crypto',
  'fetch',
] as const;
type Compiled = (...globals: unknown[]) => void;
type Exports = Record<string, unknown>;

const CLIENTS = { '@aws-sdk/client-dynamodb': 'DynamoDBClient', '@aws-sdk/client-sqs': 'SQSClient' } as const;
const LIBRARIES = [
  ...Object.keys(CLIENTS),
  '@aws-lambda-powertools/batch',
  '@aws-lambda-powertools/logger',
  '@aws-lambda-powertools/metrics',
  'zod',
];
/** Modules of Node whose time or chance would be the machine's. */
const REAL_TIME = /^(timers(\/promises)?|perf_hooks|worker_threads|child_process)$/;
const load = createRequire(import.meta.url);

/** Every function's own modules, compiled; `sources` is a directory like `lambdas/`. */
export function compileFunctions(names: readonly string[], sources?: string): ReadonlyMap<string, Compiled> {
  return new Map(Array.from(ownCode(names, sources), ([name, text]) => [name, compiled(text, `lambdas/${name}`)]));
}

/** A fresh environment: gives its handler. */
export function openEnvironment(code: Compiled, host: EnvironmentHost): Handler {
  const { handler } = evaluate(code, host, host.variables, (wanted) => clientOf(wanted, host) ?? library(wanted));
  if (typeof handler !== 'function') throw new TypeError('a function exports no handler');
  return handler as Handler;
}

let host: Host | undefined;
/** Says in which host the libraries are from now on: there is one at a time. */
export function setHost(entered: Host): void {
  host = entered;
}

let libraries: Exports | undefined;
function library(name: string): unknown {
  if (!LIBRARIES.includes(name)) return undefined;
  libraries ??= evaluate(
    compiled(libraryCode(LIBRARIES), 'libraries'),
    {
      now: () => host!.now(),
      after: (delayMs, call) => host!.after(delayMs, call),
      random: () => host!.random(),
      output: (text) => host!.output(text),
    },
    { AWS_REGION: LOCAL_REGION },
    () => undefined,
  );
  // As a prototype: what imports it copies an object's own members, and these are hundreds.
  return Object.create(libraries[name] as object);
}

/** An SDK package whose client sends its requests through the environment that made it. */
function clientOf(name: string, { request }: EnvironmentHost): unknown {
  const client = CLIENTS[name as keyof typeof CLIENTS];
  if (client === undefined) return undefined;
  const service: Service = name.endsWith('sqs') ? 'sqs' : 'dynamodb';
  const sdk = library(name) as Record<string, new (config: object) => object>;
  const Sdk = sdk[client]!;
  const connection = {
    region: LOCAL_REGION,
    endpoint: `http://${service}.virtual`,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    // Nobody looks at signatures here, and they are a good part of the work.
    signer: { sign: async (signed: unknown) => signed },
    requestHandler: {
      handle: async ({ headers, body }: { headers: Record<string, string>; body: unknown }) => {
        const { status, text } = await request(service, headers['x-amz-target']!.split('.')[1]!, textOf(body));
        return { response: { statusCode: status, headers: {}, body: Buffer.from(text) } };
      },
    },
  };
  class Client extends Sdk {
    constructor(config: object) {
      super({ ...config, ...connection });
    }
  }
  return Object.create(sdk, { [client]: { value: Client } });
}

const textOf = (body: unknown): string => (typeof body === 'string' ? body : new TextDecoder().decode(body as Uint8Array));

function compiled(text: string, filename: string): Compiled {
  return compileFunction(`"use strict";${text}`, [...GLOBALS], { filename }) as Compiled;
}

function evaluate(
  code: Compiled,
  around: Host,
  variables: Readonly<Record<string, string>>,
  given: (name: string) => unknown,
): Exports {
  const module = { exports: {} as Exports };
  const own = { process: processOf(variables, around), crypto: cryptoOf(around), ...NO_FILES } as Record<string, unknown>;
  const require = (wanted: string): unknown => {
    const name = wanted.replace(/^node:/, '');
    if (REAL_TIME.test(name)) throw new Error(`an environment has no ${wanted} here`);
    return own[name] ?? given(wanted) ?? load(wanted);
  };
  const globals: Record<(typeof GLOBALS)[number], unknown> = {
    ...timersOf(around),
    process: own.process,
    crypto: own.crypto,
    exports: module.exports,
    require,
    module,
    fetch: undefined,
  };
  code(...GLOBALS.map((name) => globals[name]));
  return module.exports;
}

/**
 * The SDK looks for its configuration in the home directory before its first request: what stands there is the machine's, and
 * how long it takes to find nothing is real time, in which the line of time would go on to the function's time-out.
 */
const { ReadStream, fstatSync, lstatSync } = fs;
const missing = () => Object.assign(new Error('an environment has no files here'), { code: 'ENOENT' });
const files = {
  readFile: async () => {
    throw missing();
  },
};
const NO_FILES = {
  'fs/promises': files,
  fs: {
    ReadStream,
    fstatSync,
    lstatSync,
    promises: files,
    readFileSync() {
      throw missing();
    },
  },
};

function timersOf({ now, after, random, output }: Host) {
  class OwnDate extends Date {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [now()] : given) as [number]));
    }
    static override now = now;
  }
  interface Timer {
    cancel(): void;
  }
  const start = (call: (...given: unknown[]) => void, delayMs = 0, ...given: unknown[]) => {
    const timer = after(delayMs, () => call(...given));
    return Object.assign(timer, { ref: () => timer, unref: () => timer });
  };
  const print = (...values: unknown[]) => output(`${values.map(String).join(' ')}\n`);
  return {
    console: { log: print, info: print, warn: print, error: print, debug: print },
    Date: OwnDate,
    Math: Object.assign(Object.create(Math), { random }) as Math,
    setTimeout: start,
    clearTimeout: (timer: Timer | undefined) => timer?.cancel(),
    setInterval: () => {
      throw new Error('an environment has no intervals here');
    },
    setImmediate: (call: () => void) => start(call),
    performance: { now },
  };
}

function processOf(variables: Readonly<Record<string, string>>, { output }: Host) {
  const stream = () =>
    Object.assign(new EventEmitter(), {
      write(text: string) {
        output(text);
        return true;
      },
    });
  const { version, versions, platform, arch, nextTick } = process;
  return {
    ...{ version, versions, platform, arch, nextTick },
    env: { ...variables },
    argv: [],
    stdout: stream(),
    stderr: stream(),
    emitWarning() {},
    on() {},
    cwd: () => '/var/task',
  };
}

function cryptoOf({ random }: Host) {
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
  const getRandomValues = (array: Uint8Array) => {
    array.set(bytes(array.length));
    return array;
  };
  return {
    ...crypto,
    webcrypto: undefined,
    randomBytes: bytes,
    randomFillSync: getRandomValues,
    randomInt: (low: number, high?: number) =>
      high === undefined ? Math.floor(random() * low) : low + Math.floor(random() * (high - low)),
    randomUUID: () => uuidOf(bytes(16)),
    getRandomValues,
  };
}

/** A UUIDv4 of drawn bits. */
function uuidOf(bytes: Buffer): string {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
