/**
 * Runs a function as Lambda does: the deployed bundle in execution environments (worker threads) that see only their own
 * variables, each with one invocation at a time and its state kept between them. One that times out, crashes or is killed
 * is thrown away with everything in flight in it; the next invocation gets a new one.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LocalCloudError } from '../host/error.ts';
import type { FunctionPlan } from '../template/plan.ts';
import { type Endpoints, Environment } from './environment.ts';
import { FunctionError, tooLarge } from './function-error.ts';
import type { FunctionFailure, WorkerData } from './worker.ts';

/** More invocations at once than the template reserves for the function. */
export class ThrottledError extends Error {}

export interface Invocation {
  readonly function: string;
  readonly requestId: string;
  readonly durationMs: number;
  /** How many of the function ran when it ended, itself included. */
  readonly running: number;
  readonly failure: FunctionFailure | undefined;
}

export interface LambdaOptions {
  /** The most environments at once; further invocations wait. */
  readonly environmentsMax: number;
  /** Where the environment numbered `environment` reaches the services. */
  readonly endpoints: (environment: number) => Endpoints;
  /** Number of its first environment; 0 unless given. */
  readonly firstEnvironment?: number;
  readonly onOutput: (functionName: string, text: string) => void;
  readonly onEnd: (invocation: Invocation) => void;
}

export interface LambdaFunction {
  readonly plan: FunctionPlan;
  /** Takes and gives what JSON can carry; rejects with a FunctionError or a ThrottledError. */
  invoke(event: unknown): Promise<unknown>;
  running(): number;
  /** As `aws lambda put-function-concurrency`: at most so many at once, 0 for none; as the template has it when undefined. */
  reserve(concurrency: number | undefined): void;
  /** Ends an environment, or all of them, as a crash would. Gives the number of invocations that ended with them. */
  kill(environment?: number): number;
  stop(): Promise<void>;
}

const EVENT_BYTES_MAX = 6 * 1024 * 1024;

export function startFunction(plan: FunctionPlan, options: LambdaOptions): LambdaFunction {
  const data = workerData(plan);
  const environments = new Set<Environment>();
  const waiting: Array<() => void> = [];
  let counted = options.firstEnvironment ?? 0;
  let running = 0;
  let reserved = plan.reservedConcurrency;

  const acquire = async (): Promise<Environment> => {
    for (;;) {
      for (const environment of environments) if (environment.take()) return environment;
      if (environments.size < options.environmentsMax) break;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    const number = counted++;
    const environment = new Environment(number, plan, data, options.endpoints(number), {
      output: (text) => options.onOutput(plan.name, text),
      gone: () => {
        environments.delete(environment);
        waiting.shift()?.();
      },
      free: () => waiting.shift()?.(),
    });
    environments.add(environment);
    environment.take();
    return environment;
  };

  return {
    plan,
    running: () => running,
    reserve(concurrency) {
      reserved = concurrency ?? plan.reservedConcurrency;
    },
    async invoke(event) {
      if (reserved !== undefined && running >= reserved) throw new ThrottledError(plan.name);
      const json = JSON.stringify(event ?? null);
      if (Buffer.byteLength(json) > EVENT_BYTES_MAX) throw new FunctionError(plan.name, tooLarge('event', EVENT_BYTES_MAX));
      const requestId = randomUUID();
      let started = performance.now();
      let failure: FunctionFailure | undefined;
      running++;
      try {
        const environment = await acquire();
        started = performance.now();
        return JSON.parse(await environment.run(requestId, json)) as unknown;
      } catch (error) {
        failure = error instanceof FunctionError ? error.failure : { errorType: 'Error', errorMessage: String(error), trace: [] };
        throw error;
      } finally {
        options.onEnd({ function: plan.name, requestId, durationMs: performance.now() - started, running: running--, failure });
      }
    },
    kill(environment) {
      const killed = [...environments].filter(({ number }) => environment === undefined || number === environment);
      return killed.filter((one) => one.end('Runtime.ExitError', 'the environment was killed')).length;
    },
    async stop() {
      await Promise.all([...environments].map((environment) => environment.close()));
    },
  };
}

function workerData(plan: FunctionPlan): WorkerData {
  const [file, handler] = [
    plan.handler.slice(0, plan.handler.lastIndexOf('.')),
    plan.handler.slice(plan.handler.lastIndexOf('.') + 1),
  ];
  const module = ['mjs', 'js', 'cjs'].map((ending) => join(plan.codeDir, `${file}.${ending}`)).find(existsSync);
  if (module === undefined) {
    throw new LocalCloudError(
      `There is no ${file}.mjs in ${plan.codeDir} for function ${plan.name}`,
      'Run `npx cdk synth` again.',
    );
  }
  return {
    module: pathToFileURL(module).href,
    handler,
    functionName: plan.name,
    arn: plan.arn,
    memoryMb: plan.memoryMb,
    compiled: join(plan.codeDir, '..', '.compiled'),
  };
}
