/**
 * One execution environment, inside its worker thread: loads the deployed bundle once and then runs one invocation after
 * the other, as Lambda's runtime does. Events and answers cross as JSON text, so nothing passes here that Lambda could not
 * carry. What is printed is sent on line by line and in order, ahead of the answer.
 */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

export interface WorkerData {
  readonly module: string;
  readonly handler: string;
  readonly functionName: string;
  readonly arn: string;
  readonly memoryMb: number;
  /** Where what was compiled of bundles is kept: beside them, so that it goes when they go. */
  readonly compiled: string;
}

/** An invocation, to the worker. */
export interface Job {
  readonly requestId: string;
  readonly event: string;
  readonly deadlineMs: number;
}

/** From the worker. */
export type Told =
  | { readonly kind: 'ready' }
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'answer'; readonly requestId: string; readonly json: string }
  | { readonly kind: 'failure'; readonly requestId: string | undefined; readonly error: FunctionFailure };

/** As Lambda reports a function error. */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

type Handler = (event: unknown, context: object) => unknown;

const port = parentPort!;
const { module, handler: exported, functionName, arn, memoryMb, compiled } = workerData as WorkerData;
const tell = (told: Told) => port.postMessage(told);

for (const stream of [process.stdout, process.stderr]) {
  stream.write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    tell({ kind: 'output', text: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString() });
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') callback();
    return true;
  }) as typeof stream.write;
}

const loaded = await load();

port.on('message', async ({ requestId, event, deadlineMs }: Job) => {
  if (loaded === undefined) return;
  const context = {
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    memoryLimitInMB: String(memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
  try {
    const json = JSON.stringify((await loaded(JSON.parse(event), context)) ?? null);
    tell({ kind: 'answer', requestId, json });
  } catch (error) {
    tell({ kind: 'failure', requestId, error: failureOf(error) });
  }
});

async function load(): Promise<Handler | undefined> {
  try {
    // A bundle is compiled once for all environments that run it.
    enableCompileCache(compiled);
    const found = (await import(module))[exported];
    flushCompileCache();
    if (typeof found !== 'function') throw new TypeError(`${module} exports no function ${exported}`);
    tell({ kind: 'ready' });
    return found;
  } catch (error) {
    tell({ kind: 'failure', requestId: undefined, error: failureOf(error) });
    return undefined;
  }
}

function failureOf(error: unknown): FunctionFailure {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}
