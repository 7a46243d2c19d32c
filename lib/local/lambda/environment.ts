/**
 * One execution environment: a worker thread with only the variables that Lambda would give it. It runs one invocation at a
 * time and lives until it times out, crashes, is killed or the cloud stops.
 */
import { Worker } from 'node:worker_threads';
import { LOCAL_REGION } from '../template/assembly.ts';
import type { FunctionPlan } from '../template/plan.ts';
import { FunctionError, tooLarge } from './function-error.ts';
import type { Job, Told, WorkerData } from './worker.ts';

/** Where an environment reaches the services. */
export interface Endpoints {
  readonly dynamodb: string;
  readonly sqs: string;
  readonly cloudwatch: string;
}

const ANSWER_BYTES_MAX = 6 * 1024 * 1024;
const WORKER = new URL('./worker.ts', import.meta.url);

export interface Watcher {
  output(text: string): void;
  gone(): void;
  free(): void;
}

export class Environment {
  readonly number: number;
  private readonly plan: FunctionPlan;
  private readonly worker: Worker;
  private readonly watcher: Watcher;
  private readonly ready: Promise<void>;
  private settleReady: { resolve(): void; reject(error: Error): void } | undefined;
  private current: { requestId: string; resolve(json: string): void; reject(error: Error): void } | undefined;
  private taken = false;
  private alive = true;

  constructor(number: number, plan: FunctionPlan, data: WorkerData, endpoints: Endpoints, watcher: Watcher) {
    this.number = number;
    this.plan = plan;
    this.watcher = watcher;
    this.ready = new Promise((resolve, reject) => {
      this.settleReady = { resolve, reject };
    });
    this.ready.catch(() => {});
    this.worker = new Worker(WORKER, {
      workerData: data,
      env: {
        ...reservedVariables(plan),
        ...plan.environment,
        AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
        AWS_ENDPOINT_URL_SQS: endpoints.sqs,
        AWS_ENDPOINT_URL_CLOUDWATCH: endpoints.cloudwatch,
      },
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: plan.memoryMb, maxYoungGenerationSizeMb: 64 },
    });
    this.worker.unref();
    this.worker.on('message', (told: Told) => this.hear(told));
    this.worker.on('error', (error) => this.end(error.name, error.message, (error.stack ?? '').split('\n')));
    this.worker.on('exit', (code) => this.end('Runtime.ExitError', `exited with code ${code} before it answered`));
  }

  /** True for the caller that may run the next invocation here. */
  take(): boolean {
    if (this.taken || !this.alive) return false;
    this.taken = true;
    return true;
  }

  async run(requestId: string, event: string): Promise<string> {
    try {
      await this.ready;
      return await this.answer(requestId, event);
    } finally {
      this.current = undefined;
      this.taken = false;
      if (this.alive) this.watcher.free();
    }
  }

  /** Throws the environment away; true when an invocation ended with it. */
  end(errorType: string, errorMessage: string, trace: readonly string[] = []): boolean {
    if (!this.alive) return false;
    this.alive = false;
    const error = new FunctionError(this.plan.name, { errorType, errorMessage, trace });
    const working = this.current !== undefined;
    this.settleReady?.reject(error);
    this.current?.reject(error);
    void this.worker.terminate();
    this.watcher.gone();
    return working;
  }

  async close(): Promise<void> {
    this.alive = false;
    await this.worker.terminate();
  }

  private answer(requestId: string, event: string): Promise<string> {
    return new Promise<string>((resolve, reject) => {
      if (!this.alive) {
        reject(
          new FunctionError(this.plan.name, {
            errorType: 'Runtime.ExitError',
            errorMessage: 'the environment was killed',
            trace: [],
          }),
        );
        return;
      }
      const { timeoutMs } = this.plan;
      const timer = setTimeout(
        () => this.end('Sandbox.Timedout', `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`),
        timeoutMs,
      );
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          then(value);
        };
      this.current = { requestId, resolve: settle(resolve), reject: settle(reject) };
      this.worker.postMessage({ requestId, event, deadlineMs: Date.now() + timeoutMs } satisfies Job);
    });
  }

  private hear(told: Told): void {
    if (told.kind === 'output') this.watcher.output(told.text);
    else if (told.kind === 'ready') this.settleReady?.resolve();
    else if (told.kind === 'failure' && told.requestId === undefined)
      this.end(told.error.errorType, told.error.errorMessage, told.error.trace);
    else if (this.current !== undefined && told.requestId === this.current.requestId) {
      if (told.kind === 'failure') this.current.reject(new FunctionError(this.plan.name, told.error));
      else if (Buffer.byteLength(told.json) <= ANSWER_BYTES_MAX) this.current.resolve(told.json);
      else this.current.reject(new FunctionError(this.plan.name, tooLarge('answer', ANSWER_BYTES_MAX)));
    }
  }
}

/** What Lambda itself sets; the variables of the process that runs this cloud are never passed on. */
export function reservedVariables(plan: FunctionPlan): Record<string, string> {
  return {
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: plan.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(plan.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    LAMBDA_TASK_ROOT: plan.codeDir,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}
