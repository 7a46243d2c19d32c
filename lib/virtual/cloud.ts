/**
 * The virtual cloud: the synthesized template in one thread and on one line of machine time. The functions are the
 * project's own; table and queues are models that do the worst their services may do; a seed decides what is late, lost or
 * repeated, what crashes, and which of several comes first. So a whole day takes a fraction of a second, and the same seed is
 * the same day to the last request.
 */
import type { Clock } from '../local/host/clock.ts';
import type { ServiceAnswer } from '../local/proxy/request.ts';
import { type Firing, startSchedules } from '../local/scheduler/scheduler.ts';
import type { DeadLetter } from '../local/sqs/dead-letters.ts';
import { LOCAL_ACCOUNT, readAssembly } from '../local/template/assembly.ts';
import type { Plan } from '../local/template/plan.ts';
import { planOf } from '../local/template/planner.ts';
import { type Ask, startGateway } from './api-gateway.ts';
import { compileFunctions, setHost } from './code.ts';
import { VirtualTable } from './dynamodb/table.ts';
import { startEventSource, type Wake } from './event-source.ts';
import type { FaultHooks } from './fault-hooks.ts';
import { startFunction, type VirtualFunction } from './lambda.ts';
import { AWS_LIMITS, type Limits } from './limits.ts';
import { type OnPerformed, type Perform, startProxy } from './proxy.ts';
import { type Run, startRun } from './run.ts';
import { startSqs, type VirtualSqs } from './sqs.ts';
import { StuckError, type Timeline } from './timeline.ts';

export interface VirtualCloudOptions {
  readonly assembly: string;
  readonly start: number;
  /** A directory like `lambdas/`, to run other code than this tree's. */
  readonly sources?: string | undefined;
  /** Of delays, and of what comes first: what may always differ. */
  readonly seed: number;
  /** What should not happen, and does. */
  readonly faultHooks?: FaultHooks;
  /** AWS's own unless given. */
  readonly limits?: Limits;
  /** Gets every request of a function that a service has done, with its answer. */
  readonly onPerformed?: OnPerformed;
  /** Gets every invocation that failed as a whole: its handler threw, or its environment was killed or ran out of time. */
  readonly onFailure?: (functionName: string, error: Error) => void;
  /** Gets every line that a function prints. */
  readonly onOutput?: (functionName: string, text: string) => void;
}

export interface VirtualCloud {
  readonly clock: Clock;
  readonly tableName: string;
  readonly timeline: Timeline;
  advanceTo(instant: number | string): Promise<readonly Firing[]>;
  /** Resolves when nothing is pending; rejects with what is stuck. */
  quiet(): Promise<void>;
  deadLetters(): readonly DeadLetter[];
  /** Moves what is in a dead-letter queue back, as new messages of the same groups; gives the number. */
  redrive(deadLetters: string): number;
  send(queue: string, body: string, options?: { group?: string; deduplication?: string }): void;
  /** Asks the API as the bearer of these claims. Rejects when the answer is lost. */
  readonly ask: Ask;
  /** A request to the table from outside of the cloud: nothing goes wrong with it, and it has the room that it has at AWS. */
  table(operation: string, body: Readonly<Record<string, unknown>>): ServiceAnswer;
  /** How many requests and deliveries there were, and a hash of all of them in order. */
  trace(): { readonly steps: number; readonly hash: string };
}

/** A hundred times what it takes between two schedules of a disturbed day; an endless retry is noticed after so many. */
const STEPS_MAX = 100_000;

export function startVirtualCloud(options: VirtualCloudOptions): VirtualCloud {
  process.env.TZ = 'UTC';
  const { faultHooks = {}, limits = AWS_LIMITS } = options;
  const plan = planOf(readAssembly(options.assembly), {
    queueUrl: (name) => `http://sqs.virtual/${LOCAL_ACCOUNT}/${name}`,
    apiUrl: 'http://api.virtual',
  });
  const run = startRun(options.start, options.seed, faultHooks, limits);
  const { clock, timeline, travel } = run;
  const [tablePlan] = plan.tables;
  const { isStale } = faultHooks;
  const table = new VirtualTable(tablePlan!, { now: timeline.now, limits: limits.table, ...(isStale ? { isStale } : {}) });
  const wakes = new Map<string, Wake>();
  const sqs = startSqs(plan.queues, { ...run, onArrival: (queue) => wakes.get(queue)?.() });
  const perform: Perform = (service, operation, body) => (service === 'dynamodb' ? table : sqs).request(operation, body);
  const functions = startFunctions(plan, run, perform, options);
  for (const mapping of plan.mappings) {
    const { invoke } = functions.get(mapping.function)!;
    wakes.set(mapping.queue, startEventSource(mapping, sqs.queueNamed(mapping.queue), invoke, run));
  }
  const quiet = () => untilQuiet(run, sqs, functions);
  const schedules = startSchedules(plan.schedules, {
    clock,
    queueOf: (name) => ({ send: (body, options) => void travel(() => void sqs.queueNamed(name).send(body, options)) }),
    fault: faultHooks.onFiring,
    firedUntilMs: undefined,
    onFiredUntil: () => {},
    afterFiring: quiet,
    onSkipped: () => {},
    onError: (error) => {
      throw error;
    },
  });
  const ask = startGateway(plan.routes, (name, event) => functions.get(name)!.invoke(event), run);
  return {
    clock,
    timeline,
    tableName: tablePlan!.name,
    advanceTo: schedules.advanceTo,
    quiet,
    ask: (claims, method, path, ...more) =>
      timeline.until(ask(claims, method, path, ...more), `the answer to ${method} ${path}`, STEPS_MAX),
    send: (queue, body, options) => void sqs.queueNamed(queue).send(body, options),
    table: (operation, body) => table.request(operation, body, AWS_LIMITS.table),
    deadLetters: sqs.deadLetters,
    redrive: sqs.redrive,
    trace: run.trace,
  };
}

/** Every function, with its code, the clocks of its environments and its way to the services. */
function startFunctions(
  plan: Plan,
  run: Run,
  perform: Perform,
  { sources, onOutput, onPerformed, onFailure }: VirtualCloudOptions,
) {
  const { clock, timeline, fraction: random, faultHooks, limits } = run;
  const functions = new Map<string, VirtualFunction>();
  const send = startProxy(run, perform, (name, environment) => functions.get(name)!.kill(environment), onPerformed);
  const code = codeOf(plan, sources);
  setHost({ now: clock.now, after: timeline.after, random, output: (text) => onOutput?.('a library', text) });
  for (const one of plan.functions) {
    const { name } = one;
    const clockOf = (environment: number) => {
      const skew = faultHooks.skewMs?.(name, environment) ?? 0;
      return () => clock.now() + skew;
    };
    const own = startFunction(one, {
      code: code.get(name)!,
      timeline,
      payloadBytesMax: limits.payloadBytes,
      random,
      clockOf,
      output: (text) => onOutput?.(name, text),
      request: (...request) => send(name, ...request),
    });
    const invoke = (event: unknown) =>
      own.invoke(event).catch((error: Error) => {
        onFailure?.(name, error);
        throw error;
      });
    functions.set(name, { ...own, invoke });
  }
  return functions;
}

/** Resolves when nothing is pending; rejects with what is left when work goes on and on, or ends with messages in a queue. */
async function untilQuiet(
  { timeline }: Run,
  { queues }: VirtualSqs,
  functions: ReadonlyMap<string, VirtualFunction>,
): Promise<void> {
  const left = (): string =>
    [
      ...[...queues.values()]
        .filter((queue) => !queue.plan.deadLetters && queue.peek().length > 0)
        .map((queue) => `queue ${queue.plan.name} has ${queue.peek().length}`),
      ...[...functions.values()]
        .filter((one) => one.running() > 0)
        .map((one) => `function ${one.plan.name} runs ${one.running()}`),
    ].join('; ');
  await timeline.idle(STEPS_MAX).catch((error: unknown) => {
    throw error instanceof StuckError ? new StuckError(`${error.message}: ${left()}`) : error;
  });
  if (left() !== '') throw new StuckError(`nothing is pending any more, but ${left()}`);
}

const compiled = new Map<string | undefined, ReturnType<typeof compileFunctions>>();
/** Compiled once a process and directory. */
function codeOf({ functions }: Plan, sources: string | undefined) {
  let code = compiled.get(sources);
  if (!code) {
    code = compileFunctions(
      functions.map(({ name }) => name),
      sources,
    );
    compiled.set(sources, code);
  }
  return code;
}
