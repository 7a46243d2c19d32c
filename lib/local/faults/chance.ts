/**
 * What goes wrong, decided by a seed. Every decision is a hash of the seed, of what is being done (function, kind of
 * request and item, or queue and body) and of how often that was done before. So it does not depend on the order in which
 * threads get to run: the same seed does the same to the same request, and one fault more or less shifts no other.
 *
 * What is not reproducible: how many requests of one kind a worker makes may depend on which of two workers came first,
 * and then so do the faults of those that only one of the two runs made.
 */
import { createHash } from 'node:crypto';
import type { MessageHook } from '../event-sources.ts';
import type { FiringHook } from '../schedules.ts';
import { serviceError, type WireAction, type WireRequest } from '../wire.ts';

const READS = new Set(['GetItem', 'BatchGetItem', 'Query']);

/** Shares of a thousand. A read can be refused or lost; only a write can take effect unheard. */
const READ_FAULTS = { 'drop-before': 3, throttle: 2, 'kill-before': 3 };
const WRITE_FAULTS = { 'drop-before': 10, 'drop-after': 20, throttle: 6, conflict: 12, 'kill-before': 20, 'kill-after': 25 };
const MESSAGE_FAULTS = { late: 60, again: 100 } as const;
const FIRING_FAULTS = { twice: 200, late: 150, never: 100 } as const;
/** One message may be unlucky this often; a system in which everything always fails shows nothing. */
const SAME_MAX = 3;

export interface Faults {
  readonly wire: { readonly onRequest: (request: WireRequest) => WireAction };
  readonly messages: MessageHook;
  readonly firings: FiringHook;
  /** What was injected: fault and what it was done to, by how often. */
  readonly injected: ReadonlyMap<string, number>;
  readonly byKind: () => Record<string, number>;
}

export function seededFaults(seed: number): Faults {
  const counts = new Map<string, number>();
  const injected = new Map<string, number>();
  const kinds: Record<string, number> = {};
  const struck = new Map<string, number>();

  /** The fault, if any, of the next time that this is done. */
  const strike = <Kind extends string>(what: string, shares: Readonly<Record<Kind, number>>): Kind | undefined => {
    const times = (counts.get(what) ?? 0) + 1;
    counts.set(what, times);
    if ((struck.get(what) ?? 0) >= SAME_MAX) return undefined;
    let drawn = draw(`${seed} ${what} ${times}`);
    for (const [kind, share] of Object.entries(shares) as [Kind, number][]) {
      drawn -= share;
      if (drawn >= 0) continue;
      struck.set(what, (struck.get(what) ?? 0) + 1);
      return kind;
    }
    return undefined;
  };
  const note = (kind: string, what: string): void => {
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    injected.set(`${kind} ${what}`, (injected.get(`${kind} ${what}`) ?? 0) + 1);
  };

  return {
    injected,
    byKind: () => Object.fromEntries(Object.entries(kinds).sort(([a], [b]) => (a < b ? -1 : 1))),
    wire: {
      onRequest(request) {
        const what = `${request.function} ${subjectOf(request)}`;
        const fault = READS.has(request.operation) ? strike(what, READ_FAULTS) : strike(what, WRITE_FAULTS);
        const action = fault && actionOf(fault, request);
        if (action === undefined) return 'pass';
        note(fault!, what);
        return action;
      },
    },
    messages(queue, body) {
      const what = `${queue} ${body}`;
      const fault = strike(what, MESSAGE_FAULTS);
      if (fault) note(`message ${fault}`, what);
      return fault;
    },
    firings({ schedule, queue, dueMs }) {
      const what = `${schedule} ${new Date(dueMs).toISOString()}`;
      const fault = strike(what, FIRING_FAULTS);
      // Nobody opens an intraday auction whose schedule never came: the market would be another one.
      if (fault === undefined || (fault === 'never' && queue === 'closings')) return undefined;
      note(`schedule ${fault}`, what);
      return fault;
    },
  };
}

/** What a request is about: the operation and the first item, or the queue and the messages. */
function subjectOf({ service, operation, body }: WireRequest): string {
  const text = JSON.stringify(body);
  if (service === 'sqs') {
    const bodies = ((body.Entries ?? [body]) as { MessageBody?: string }[]).map(({ MessageBody }) => MessageBody);
    return `${operation} ${String(body.QueueUrl).split('/').at(-1)} ${bodies.join()}`;
  }
  const [, partition = ''] = /":?pk":\{"S":"([^"]*)/.exec(text) ?? [];
  const [, sort = ''] = /"sk":\{"S":"([^"]*)/.exec(text) ?? [];
  return `${operation} ${partition} ${sort}`.trim();
}

function actionOf(fault: string, { service, operation }: WireRequest): WireAction | undefined {
  if (fault === 'throttle')
    return service === 'dynamodb'
      ? serviceError('dynamodb', 'ProvisionedThroughputExceededException', 'injected')
      : serviceError('sqs', 'RequestThrottled', 'injected');
  if (fault !== 'conflict') return fault as WireAction;
  if (operation === 'TransactWriteItems')
    return {
      status: 400,
      body: {
        __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
        message: 'Transaction cancelled [TransactionConflict, None]',
        CancellationReasons: [{ Code: 'TransactionConflict', Message: 'injected' }, { Code: 'None' }],
      },
    };
  return operation === 'PutItem' || operation === 'UpdateItem'
    ? serviceError('dynamodb', 'TransactionConflictException', 'injected')
    : undefined;
}

/** Evenly spread over 0 to 999.999. */
const draw = (text: string): number => (createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32) * 1000;
