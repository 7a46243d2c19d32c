/** What can go wrong in the virtual cloud: a hook for each kind, which is asked every time and decides. */

import type { ProxyRequest, ServiceAnswer } from '../local/proxy/request.ts';
import type { FiringHook } from '../local/scheduler/scheduler.ts';

/**
 * What becomes of a request: lost before or after it took effect; the environment that sent it is killed before or after; its answer
 * never comes, before or after it took effect, until the function's time is out; some of a batch is left undone; or another
 * answer than the service's.
 */
export type Fate =
  | 'pass'
  | 'drop-before'
  | 'drop-after'
  | 'kill-before'
  | 'kill-after'
  | 'hang-before'
  | 'hang-after'
  | 'partly'
  | ServiceAnswer;

/**
 * What becomes of a received message: it does not reach its function this time; it is worked and comes again because its
 * deletion is lost; it is given to two environments at once (no FIFO queue does that); it is lost for good, which no queue does: only for messages
 * that are sent again.
 */
export type DeliveryFate = 'late' | 'again' | 'double' | 'lost' | undefined;

export interface FaultHooks {
  readonly onRequest?: (request: ProxyRequest) => Fate;
  readonly onDelivery?: (queue: string, body: string) => DeliveryFate;
  readonly onFiring?: FiringHook;
  /** Whether the gateway's answer to a caller is lost. */
  readonly onAnswer?: (method: string, path: string) => boolean;
  /** Whether a read that does not ask for consistency is behind. */
  readonly isStale?: () => boolean;
  /** How far an environment's wall clock is off, in milliseconds. */
  readonly skewMs?: (functionName: string, environment: number) => number;
}
