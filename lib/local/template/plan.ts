/**
 * What is to be run: the shapes into which the template's resources are read. The engines only see these.
 */
import type { JsonObject } from './intrinsics.ts';

export interface TablePlan {
  readonly name: string;
  /** Input of `CreateTable`. */
  readonly definition: JsonObject;
  readonly expiresAtAttribute: string | undefined;
}

export interface QueuePlan {
  readonly name: string;
  readonly arn: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** True when messages only come here as dead letters. */
  readonly deadLetters: boolean;
}

export interface FunctionPlan {
  readonly name: string;
  readonly arn: string;
  readonly codeDir: string;
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly reservedConcurrency: number | undefined;
  /** The alias it is called by. */
  readonly alias?: string;
}

export interface MappingPlan {
  readonly queue: string;
  readonly function: string;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly maximumConcurrency: number | undefined;
  readonly partialFailures: boolean;
}

export interface AuthorizerPlan {
  readonly audience: readonly string[];
}

export interface RoutePlan {
  /** Id of the API, which its metrics go by. */
  readonly api: string;
  /** `METHOD /path/{parameter}`. */
  readonly key: string;
  readonly function: string;
  readonly timeoutMs: number;
  readonly authorizer: AuthorizerPlan | undefined;
  readonly scopes: readonly string[];
}

export type WebSocketRouteKey = '$connect' | '$disconnect' | '$default';

export interface WebSocketRoutePlan {
  readonly function: string;
  readonly timeoutMs: number;
  /** What the function returns as its body goes back to the sender. */
  readonly answers: boolean;
}

export interface WebSocketPlan {
  /** The path of the API's address. */
  readonly stage: string;
  readonly routes: ReadonlyMap<WebSocketRouteKey, WebSocketRoutePlan>;
  /** Asked before `$connect`, and not without all of these headers. */
  readonly authorizer: { readonly function: string; readonly headers: readonly string[] } | undefined;
}

export interface SchedulePlan {
  readonly name: string;
  readonly expression: string;
  readonly timeZone: string;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly queue: string;
  readonly input: string;
  readonly messageGroup: string | undefined;
  /** Where a message goes that can't be delivered. */
  readonly deadLetters: string | undefined;
}

/** An alarm as the template has it, kept for evaluation. */
export interface AlarmPlan {
  readonly name: string;
  readonly properties: JsonObject;
}

export interface Plan {
  readonly tables: readonly TablePlan[];
  readonly queues: readonly QueuePlan[];
  readonly functions: readonly FunctionPlan[];
  readonly mappings: readonly MappingPlan[];
  readonly routes: readonly RoutePlan[];
  readonly webSockets: WebSocketPlan | undefined;
  readonly schedules: readonly SchedulePlan[];
  readonly alarms: readonly AlarmPlan[];
}
