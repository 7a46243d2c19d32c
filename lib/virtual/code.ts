/**
 * The functions' code inside this thread. Each environment evaluates the project's own modules anew, so that it has state of
 * its own as a Lambda environment has. The libraries they stand on are evaluated once for all: they are most of a bundle, and
 * keep nothing that one environment could tell another. Both run on a host that is not this machine.
 */
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import type { Service } from '../local/proxy/request.ts';
import { LOCAL_REGION } from '../local/template/assembly.ts';
import { checkModule, globalsOf, type Host } from './host.ts';
import { libraryCode, ownCode } from './pieces.ts';

export type Handler = (event: unknown, context: object) => unknown;

/** What an environment has to itself, besides what every host gives. */
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

let librariesHost: Host | undefined;
/** The host that the libraries run on from now on. They are evaluated once, so they have one at a time. */
export function setHost(host: Host): void {
  librariesHost = host;
}

let libraries: Exports | undefined;
function library(name: string): unknown {
  if (!LIBRARIES.includes(name)) return undefined;
  libraries ??= evaluate(
    compiled(libraryCode(LIBRARIES), 'libraries'),
    {
      now: () => librariesHost!.now(),
      after: (delayMs, call) => librariesHost!.after(delayMs, call),
      random: () => librariesHost!.random(),
      output: (text) => librariesHost!.output(text),
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
    // The models do not check signatures, and signing is a good part of the work.
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
  host: Host,
  variables: Readonly<Record<string, string>>,
  given: (name: string) => unknown,
): Exports {
  const module = { exports: {} as Exports };
  const { modules, ...globals } = globalsOf(host, variables);
  const require = (wanted: string): unknown => {
    checkModule(wanted);
    return modules[wanted.replace(/^node:/, '')] ?? given(wanted) ?? load(wanted);
  };
  const all: Record<(typeof GLOBALS)[number], unknown> = { ...globals, exports: module.exports, require, module };
  code(...GLOBALS.map((name) => all[name]));
  return module.exports;
}
