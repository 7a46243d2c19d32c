/**
 * A function in this thread: its environments work one invocation at a time each and keep their state between them; one
 * that is killed or times out does nothing more, whatever it was still doing.
 */
import { reservedVariables } from '../local/lambda/environment.ts';
import { FunctionError, tooLarge } from '../local/lambda/function-error.ts';
import type { Service } from '../local/proxy/request.ts';
import type { FunctionPlan } from '../local/template/plan.ts';
import { type EnvironmentHost, type Handler, openEnvironment } from './code.ts';
import type { Timeline } from './timeline.ts';

export interface VirtualFunctionOptions {
  readonly code: Parameters<typeof openEnvironment>[0];
  readonly timeline: Timeline;
  /** Of what an invocation is given, and of what it answers. */
  readonly payloadBytesMax: number;
  readonly random: () => number;
  /** What the wall clock of a new environment shows, which need not be the right time. */
  readonly clockOf: (environment: number) => () => number;
  readonly request: (
    environment: number,
    service: Service,
    operation: string,
    body: string,
  ) => Promise<{ status: number; text: string }>;
  readonly output: (text: string) => void;
}

export interface VirtualFunction {
  readonly plan: FunctionPlan;
  /** Takes and gives what JSON can carry; rejects with a FunctionError. */
  invoke(event: unknown): Promise<unknown>;
  kill(environment: number): void;
  running(): number;
}

interface Environment {
  readonly number: number;
  readonly handler: Handler;
  /** Stops whatever it is still doing from having any effect. */
  readonly end: () => void;
  busy: boolean;
  fail: ((error: Error) => void) | undefined;
}

export function startFunction(plan: FunctionPlan, options: VirtualFunctionOptions): VirtualFunction {
  const { timeline, payloadBytesMax } = options;
  const environments = new Map<number, Environment>();
  let counted = 0;
  let requests = 0;
  const free = (): Environment => {
    const kept = [...environments.values()].find(({ busy }) => !busy);
    if (kept) return kept;
    const opened = open(counted++, plan, options);
    environments.set(opened.number, opened);
    return opened;
  };
  const end = ({ number, end, fail }: Environment, errorType: string, errorMessage: string) => {
    end();
    environments.delete(number);
    fail?.(new FunctionError(plan.name, { errorType, errorMessage, trace: [] }));
  };
  return {
    plan,
    running: () => [...environments.values()].filter(({ busy }) => busy).length,
    kill(number) {
      const environment = environments.get(number);
      if (environment) end(environment, 'Runtime.ExitError', 'the environment was killed');
    },
    async invoke(event) {
      const given = JSON.stringify(event ?? null);
      if (Buffer.byteLength(given) > payloadBytesMax) throw new FunctionError(plan.name, tooLarge('event', payloadBytesMax));
      const environment = free();
      environment.busy = true;
      const deadlineMs = timeline.now() + plan.timeoutMs;
      const timer = timeline.after(plan.timeoutMs, () =>
        end(environment, 'Sandbox.Timedout', `Task timed out after ${(plan.timeoutMs / 1000).toFixed(2)} seconds`),
      );
      const context = {
        functionName: plan.name,
        functionVersion: '$LATEST',
        invokedFunctionArn: plan.arn,
        memoryLimitInMB: String(plan.memoryMb),
        awsRequestId: `${plan.name}.${++requests}`,
        getRemainingTimeInMillis: () => deadlineMs - timeline.now(),
      };
      try {
        const answer = await work(environment, given, context);
        if (Buffer.byteLength(answer) > payloadBytesMax) throw new FunctionError(plan.name, tooLarge('answer', payloadBytesMax));
        return JSON.parse(answer);
      } finally {
        timer.cancel();
        environment.busy = false;
        environment.fail = undefined;
      }
    },
  };
}

/** One invocation, until its handler has answered or its environment ends; takes and gives JSON. */
function work(environment: Environment, event: string, context: { functionName: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    environment.fail = reject;
    Promise.resolve(JSON.parse(event))
      .then((given) => environment.handler(given, context))
      .then(
        (answer) => resolve(JSON.stringify(answer ?? null)),
        ({ name, message }: Error) =>
          reject(new FunctionError(context.functionName, { errorType: name, errorMessage: message, trace: [] })),
      );
  });
}

/** A new environment, whose code is cut off from everything once it has ended. */
function open(number: number, plan: FunctionPlan, options: VirtualFunctionOptions): Environment {
  let alive = true;
  const host: EnvironmentHost = {
    variables: { ...reservedVariables(plan), ...plan.environment },
    now: options.clockOf(number),
    after: (delayMs, call) => options.timeline.after(delayMs, () => alive && call()),
    random: options.random,
    output: (text) => alive && options.output(text),
    request: async (service, operation, body) => {
      if (!alive) return never();
      return options.request(number, service, operation, body).then(
        (value) => (alive ? value : never()),
        (error) => (alive ? Promise.reject(error) : never()),
      );
    },
  };
  return {
    number,
    handler: openEnvironment(options.code, host),
    end: () => {
      alive = false;
    },
    busy: false,
    fail: undefined,
  };
}

/** What the code of an ended environment waits for. A new one each time: a shared one would keep every wait in memory. */
const never = () => new Promise<never>(() => {});
