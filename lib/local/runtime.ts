/**
 * The functions of a plan and what feeds them: environments, event source mappings, their logs and metrics, and the count
 * of what would be billed.
 */

import { type Logs, levelOf } from './cloudwatch/logs.ts';
import type { Metrics } from './cloudwatch/metrics.ts';
import { recordInvocation, recordThrottle } from './cloudwatch/service-metrics.ts';
import type { Clock } from './host/clock.ts';
import { LocalCloudError } from './host/error.ts';
import { type Canary, startTwoVersions, type Weight, weightOf } from './lambda/canary.ts';
import { type EventSource, type MessageHook, startEventSource } from './lambda/event-source.ts';
import { type Invocation, type LambdaFunction, type LambdaOptions, startFunction, ThrottledError } from './lambda/function.ts';
import type { Service } from './proxy/request.ts';
import type { Queue } from './sqs/sqs.ts';
import type { FunctionPlan, Plan } from './template/plan.ts';

export interface RuntimeLimits {
  /** Environments a function at once, at most; batches a mapping likewise. */
  readonly environmentsMax: number;
  /** How long a message that failed stays invisible. */
  readonly redeliveryMs: number;
  /** Longest real wait for a batch to fill while the clock stands still. */
  readonly windowMsMax: number;
  /** Time-outs in place of the template's, by function: shorter ones only, so that a test of a time-out need not wait for it. */
  readonly timeoutsMs?: Readonly<Record<string, number>>;
}

export interface RuntimeOptions {
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logs: Logs;
  readonly endpoint: (service: Service, functionName: string, environment: number) => string;
  /** Where every environment reaches CloudWatch: no fault is injected there. */
  readonly cloudwatch: string;
  /** What goes wrong with messages; nothing unless given. */
  readonly messages?: MessageHook | undefined;
  /** A second version of every function; one alone unless given. */
  readonly canary?: Canary | undefined;
  readonly onChange: () => void;
}

/** Billed requests of a poller, and billed time of a function. */
export interface RuntimeUsage {
  readonly pollers: Readonly<Record<string, { readonly receives: number; readonly deletes: number }>>;
  readonly invocations: Readonly<Record<string, { readonly count: number; readonly milliseconds: number }>>;
}

export interface Runtime {
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  invoke(functionName: string, event: unknown): Promise<unknown>;
  kill(functionName: string, environment?: number): void;
  reserve(functionName: string, concurrency: number | undefined): void;
  /** Moves traffic between the versions. */
  shift(weight: Weight): void;
  /** Says that a queue may have something to receive. */
  wake(queue: string): void;
  /** Begins to bring messages; before, functions only answer `invoke`. */
  feed(queues: ReadonlyMap<string, Queue>): void;
  usage(): RuntimeUsage;
  stop(): Promise<void>;
}

export function startRuntime(plan: Plan, options: RuntimeOptions): Runtime {
  const { limits, clock, metrics, onChange } = options;
  const sources = new Map<string, EventSource>();
  const { functions, invocations, shift } = startFunctions(plan, options);
  const functionNamed = (name: string): LambdaFunction => {
    const fn = functions.get(name);
    if (fn === undefined)
      throw new LocalCloudError(`There is no function ${name}`, `There are: ${[...functions.keys()].join(', ')}.`);
    return fn;
  };
  const invoke = async (name: string, event: unknown) => {
    try {
      return await functionNamed(name).invoke(event);
    } catch (error) {
      if (error instanceof ThrottledError) recordThrottle(metrics, name);
      throw error;
    }
  };
  return {
    functions,
    invoke,
    shift,
    kill: (name, environment) => void functionNamed(name).kill(environment),
    reserve: (name, concurrency) => functionNamed(name).reserve(concurrency),
    wake: (queue) => sources.get(queue)?.wake(),
    feed(queues) {
      for (const mapping of plan.mappings) {
        const source = startEventSource(mapping, queues.get(mapping.queue)!, (event) => invoke(mapping.function, event), {
          fault: options.messages,
          redeliveryMs: limits.redeliveryMs,
          windowMsMax: clock.frozen ? limits.windowMsMax : Infinity,
          concurrencyMax: limits.environmentsMax,
          onChange,
        });
        sources.set(mapping.queue, source);
        source.wake();
      }
    },
    usage: () => ({
      pollers: Object.fromEntries([...sources].map(([queue, { requests }]) => [queue, { ...requests }])),
      invocations: { ...invocations },
    }),
    async stop() {
      await Promise.all([...sources.values()].map((source) => source.stop()));
      await Promise.all([...functions.values()].map((fn) => fn.stop()));
    },
  };
}

/** Every function of the plan, alone or with its canary, and what its invocations leave: metrics, log lines, billed time. */
function startFunctions(plan: Plan, { limits, clock, metrics, logs, endpoint, cloudwatch, canary, onChange }: RuntimeOptions) {
  const functions = new Map<string, LambdaFunction>();
  const invocations: Record<string, { count: number; milliseconds: number }> = {};
  let weight = canary?.weight ?? 0;
  const onOutput = (name: string, output: string) => {
    for (const text of metrics.recordOutput(output)) logs.add({ function: name, atMs: clock.now(), level: levelOf(text), text });
  };
  const onEnd = (invocation: Invocation) => {
    const { function: name, durationMs, failure } = invocation;
    recordInvocation(metrics, invocation);
    const { count = 0, milliseconds = 0 } = invocations[name] ?? {};
    invocations[name] = { count: count + 1, milliseconds: milliseconds + durationMs };
    if (failure !== undefined) {
      const text = [`${failure.errorType}: ${failure.errorMessage}`, ...failure.trace.slice(1)].join('\n');
      logs.add({ function: name, atMs: clock.now(), level: 'ERROR', text });
    }
    onChange();
  };
  for (const one of shortened(plan.functions, limits.timeoutsMs ?? {})) {
    const running: LambdaOptions = {
      environmentsMax: limits.environmentsMax,
      endpoints: (environment) => ({
        dynamodb: endpoint('dynamodb', one.name, environment),
        sqs: endpoint('sqs', one.name, environment),
        cloudwatch,
      }),
      onOutput,
      onEnd,
    };
    functions.set(
      one.name,
      canary ? startTwoVersions(one, running, canary, () => weightOf(weight, one.name)) : startFunction(one, running),
    );
  }
  const shift = (to: Weight) => {
    weight = to;
  };
  return { functions, invocations, shift };
}

/** The function itself learns the shorter time-out as its remaining time. A longer one would be kinder than AWS. */
function shortened(functions: readonly FunctionPlan[], timeoutsMs: Readonly<Record<string, number>>): readonly FunctionPlan[] {
  for (const [name, timeoutMs] of Object.entries(timeoutsMs)) {
    const inTemplate = functions.find((one) => one.name === name)?.timeoutMs;
    if (inTemplate === undefined || timeoutMs > inTemplate)
      throw new LocalCloudError(
        `The time-out of ${name} can't be ${timeoutMs} ms: ${inTemplate === undefined ? 'there is no such function' : `the template's is ${inTemplate} ms`}`,
        'Only shorter time-outs than the template has can be tried here.',
      );
  }
  return functions.map((one) => ({ ...one, timeoutMs: timeoutsMs[one.name] ?? one.timeoutMs }));
}
