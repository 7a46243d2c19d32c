/**
 * Two versions of a function behind its alias, as while a release shifts traffic: each invocation goes to one of them, by
 * weight and by nothing else. A message that failed on one version may be tried again on the other, as on AWS.
 */
import { join } from 'node:path';
import { random } from '../host/random.ts';
import type { FunctionPlan } from '../template/plan.ts';
import { type LambdaFunction, type LambdaOptions, startFunction, ThrottledError } from './function.ts';

/** What the new version gets of a hundred invocations: of every function, or by function and 0 of all others. */
export type Weight = number | Readonly<Record<string, number>>;

export interface Canary {
  /** Finished bundles of the new version, `<function>/index.mjs`. */
  readonly bundles: string;
  readonly weight: Weight;
  /** Which invocations the weight picks, of each function its own. */
  readonly seed?: number;
}

export const weightOf = (weight: Weight, functionName: string): number =>
  typeof weight === 'number' ? weight : (weight[functionName] ?? 0);

/** Environments of the new version are numbered from here, so that a number still names one environment of the function. */
const FIRST_ENVIRONMENT = 1000;

/** `weight` is asked before every invocation. */
export function startTwoVersions(
  plan: FunctionPlan,
  options: LambdaOptions,
  { bundles, seed = 1 }: Canary,
  weight: () => number,
): LambdaFunction {
  // A reserve is the function's, whichever version uses it up.
  let reserved = plan.reservedConcurrency;
  const unreserved = { ...plan, reservedConcurrency: undefined };
  const now = startFunction(unreserved, options);
  const next = startFunction(
    { ...unreserved, codeDir: join(bundles, plan.name) },
    { ...options, firstEnvironment: FIRST_ENVIRONMENT },
  );
  const drawn = random(seed, plan.name);
  const running = () => now.running() + next.running();
  return {
    plan,
    running,
    reserve(concurrency) {
      reserved = concurrency ?? plan.reservedConcurrency;
    },
    async invoke(event) {
      if (reserved !== undefined && running() >= reserved) throw new ThrottledError(plan.name);
      return (drawn.chance(weight()) ? next : now).invoke(event);
    },
    kill: (environment) => now.kill(environment) + next.kill(environment),
    async stop() {
      await Promise.all([now.stop(), next.stop()]);
    },
  };
}
