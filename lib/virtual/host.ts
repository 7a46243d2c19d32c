/**
 * The host of the functions' code: what that code reaches for outside of itself, given by the virtual cloud in place of the
 * machine. Time, timers, chance and output are handed in and there are no files, so that nothing depends on the machine.
 */
import * as crypto from 'node:crypto';
import { EventEmitter } from 'node:events';
import * as fs from 'node:fs';

export interface Host {
  now(): number;
  after(delayMs: number, call: () => void): { cancel(): void };
  /** Evenly spread from 0 to 1, 1 excluded. */
  random(): number;
  output(text: string): void;
}

/** Modules of Node whose time or chance would be the machine's. */
const REAL_TIME = /^(timers(\/promises)?|perf_hooks|worker_threads|child_process)$/;

/** The globals of code on this host, and the modules of Node that it has in place of the machine's own. */
export function globalsOf(host: Host, variables: Readonly<Record<string, string>>) {
  const own = { process: processOf(variables, host), crypto: cryptoOf(host) };
  return { ...timersOf(host), ...own, fetch: undefined, modules: { ...own, ...NO_FILES } as Readonly<Record<string, unknown>> };
}

/** Throws for a module of Node that no code may have here. */
export function checkModule(name: string): void {
  if (REAL_TIME.test(name.replace(/^node:/, ''))) throw new Error(`an environment has no ${name} here`);
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
