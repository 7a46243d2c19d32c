/**
 * The environments of one function in this thread: each works one invocation at a time and keeps its state between them; one
 * that is killed or times out is never heard of again, whatever it was still doing.
 */
import { reservedVariables } from '../local/lambda/environment.ts';
import { FunctionError } from '../local/lambda/function-error.ts';
import type { Service } from '../local/proxy/request.ts';
import type { FunctionPlan } from '../local/template/plan.ts';
import { type EnvironmentHost, type Handler, openEnvironment } from './code.ts';
import type { Timeline } from './timeline.ts';

export interface EnvironmentsOptions {
  readonly code: Parameters<typeof openEnvironment>[0];
  readonly timeline: Timeline;
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

interface Environment {
  readonly number: number;
  readonly handler: Handler;
  readonly life: { over: boolean };
  busy: boolean;
  fail: ((error: Error) => void) | undefined;
}

export interface Environments {
  readonly plan: FunctionPlan;
  /** Takes and gives what JSON can carry; rejects with a FunctionError. */
  invoke(event: unknown): Promise<unknown>;
  kill(environment: number): void;
  running(): number;
}

export function environmentsOf(plan: FunctionPlan, options: EnvironmentsOptions): Environments {
  const environments = new Map<number, Environment>();
  let counted = 0;
  let requests = 0;

  const open = (): Environment => {
    const number = counted++;
    const life = { over: false };
    const isAlive = () => !life.over;
    const host: EnvironmentHost = {
      variables: { ...reservedVariables(plan), ...plan.environment },
      now: options.clockOf(number),
      // The dead call nobody back.
      after: (delayMs, call) => options.timeline.after(delayMs, () => isAlive() && call()),
      random: options.random,
      output: (text) => isAlive() && options.output(text),
      request: async (service, operation, body) => {
        if (!isAlive()) return never();
        const answer = options.request(number, service, operation, body);
        return answer.then(
          (value) => (isAlive() ? value : never()),
          (error) => (isAlive() ? Promise.reject(error) : never()),
        );
      },
    };
    const environment: Environment = {
      number,
      handler: openEnvironment(options.code, host),
      life,
      busy: false,
      fail: undefined,
    };
    environments.set(number, environment);
    return environment;
  };
  const end = (environment: Environment, errorType: string, errorMessage: string) => {
    environment.life.over = true;
    environments.delete(environment.number);
    environment.fail?.(new FunctionError(plan.name, { errorType, errorMessage, trace: [] }));
  };

  return {
    plan,
    running: () => [...environments.values()].filter(({ busy }) => busy).length,
    kill(number) {
      const environment = environments.get(number);
      if (environment) end(environment, 'Runtime.ExitError', 'the environment was killed');
    },
    async invoke(event) {
      const environment = [...environments.values()].find(({ busy }) => !busy) ?? open();
      environment.busy = true;
      const deadlineMs = options.timeline.now() + plan.timeoutMs;
      const timer = options.timeline.after(plan.timeoutMs, () =>
        end(environment, 'Sandbox.Timedout', `Task timed out after ${(plan.timeoutMs / 1000).toFixed(2)} seconds`),
      );
      const context = {
        functionName: plan.name,
        functionVersion: '$LATEST',
        invokedFunctionArn: plan.arn,
        memoryLimitInMB: String(plan.memoryMb),
        awsRequestId: `${plan.name}.${++requests}`,
        getRemainingTimeInMillis: () => deadlineMs - options.timeline.now(),
      };
      try {
        return await new Promise<unknown>((resolve, reject) => {
          environment.fail = reject;
          Promise.resolve(JSON.parse(JSON.stringify(event ?? null)))
            .then((given) => environment.handler(given, context))
            .then(
              (answer) => resolve(JSON.parse(JSON.stringify(answer ?? null))),
              (error: Error) =>
                reject(new FunctionError(plan.name, { errorType: error.name, errorMessage: error.message, trace: [] })),
            );
        });
      } finally {
        timer.cancel();
        environment.busy = false;
        environment.fail = undefined;
      }
    },
  };
}

/** What the dead wait for. One each: a shared one would keep all who ever waited. */
const never = () => new Promise<never>(() => {});
