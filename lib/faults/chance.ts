/**
 * What goes wrong, decided by a seed. Every decision is a hash of the seed, of what is being done (function, kind of
 * request and item, or queue and body) and of how often that was done before. So one fault more or less shifts no other.
 */
import { createHash } from 'node:crypto';
import { serviceError } from '../local/proxy/proxy.ts';
import type { ProxyRequest } from '../local/proxy/request.ts';
import type { DeliveryFate, Fate, FaultHooks } from '../virtual/fault-hooks.ts';

/** Shares of a thousand. A read can be refused, lost or never answered; only a write can take effect without an answer. */
const READ_FAULTS = { 'drop-before': 3, throttle: 3, outage: 2, 'kill-before': 3, 'hang-before': 2, partly: 60 };
const WRITE_FAULTS = {
  'drop-before': 10,
  'drop-after': 20,
  throttle: 8,
  outage: 8,
  conflict: 15,
  'kill-before': 20,
  'kill-after': 25,
  'hang-before': 4,
  'hang-after': 4,
  partly: 60,
};
const DELIVERY_FAULTS = { late: 60, again: 80, double: 40, lost: 30 };
const FIRING_FAULTS = { twice: 200, late: 150, never: 100 };
const ANSWER_LOST = { 'answer lost': 30 };
const STALE = 200;
/** How often the same thing may be struck; a system in which everything always fails shows nothing. */
const SAME_MAX = 3;
/** How often an outage refuses a request and its repeats: more than the SDK tries, so that the caller fails. */
const OUTAGE_REFUSALS = 5;
/** How far a wall clock may be off, either way. */
const SKEW_MS_MAX = 3 * 3_600_000;

/** Queues of wake-ups: what one says, the table says too, and the sweep sends it again. Orders and markers are sent only once. */
const WAKE_UPS: ReadonlySet<string> = new Set(['clearings', 'postings.fifo', 'day-runs', 'rolls']);
const BATCHES: ReadonlySet<string> = new Set(['BatchGetItem', 'BatchWriteItem', 'SendMessageBatch']);
const READS: ReadonlySet<string> = new Set(['GetItem', 'BatchGetItem', 'Query']);
const HALF_HOUR_MS = 30 * 60_000;

export interface Faults {
  readonly faultHooks: FaultHooks;
  /** How often each fault was injected, by fault and what it was done to. */
  readonly injected: ReadonlyMap<string, number>;
  readonly byKind: () => Record<string, number>;
}

/** The faults of a seed. `mayLoseWakeUp` says whether, at an instant, the sweep can still make up for a lost wake-up. */
export function seededFaults(seed: number, now: () => number, mayLoseWakeUp: (nowMs: number) => boolean): Faults {
  const { strike, note, injected, byKind } = startTally(seed);
  const outages = new Map<string, number>();
  let wakeUpLostAt = -1;
  let reads = 0;

  return {
    injected,
    byKind,
    faultHooks: {
      onRequest(request) {
        const what = `${request.function} ${subjectOf(request)}`;
        const refusals = outages.get(what) ?? 0;
        if (refusals > 0) {
          outages.set(what, refusals - 1);
          return fateOf('throttle', request)!;
        }
        const fault = READS.has(request.operation) ? strike(what, READ_FAULTS) : strike(what, WRITE_FAULTS);
        const fate = fault && fateOf(fault, request);
        if (fate === undefined) return 'pass';
        if (fault === 'outage') outages.set(what, OUTAGE_REFUSALS - 1);
        note(fault!, what);
        return fate;
      },
      onDelivery(queue, body) {
        const what = `${queue} ${body}`;
        const fault = strike(what, DELIVERY_FAULTS) as Exclude<DeliveryFate, undefined> | undefined;
        if (fault === undefined || (fault === 'double' && queue.endsWith('.fifo'))) return undefined;
        if (fault === 'lost') {
          const halfHour = Math.floor(now() / HALF_HOUR_MS);
          if (!WAKE_UPS.has(queue) || halfHour === wakeUpLostAt || !mayLoseWakeUp(now())) return undefined;
          wakeUpLostAt = halfHour;
        }
        note(`message ${fault}`, what);
        return fault;
      },
      onFiring({ schedule, queue, dueMs }) {
        const what = `${schedule} ${new Date(dueMs).toISOString()}`;
        const fault = strike(what, FIRING_FAULTS);
        // An intraday auction whose schedule never fires is never held, and the market would be another one. The sweeps are
        // few here, and each repairs what else has failed, so none is left out or late.
        if (fault === undefined || (fault === 'never' && queue !== 'rolls') || (fault === 'late' && queue === 'sweeps'))
          return undefined;
        note(`schedule ${fault}`, what);
        return fault;
      },
      onAnswer(method, path) {
        const what = `${method} ${path}`;
        const fault = strike(what, ANSWER_LOST);
        if (fault) note(fault, what);
        return fault !== undefined;
      },
      isStale: () => {
        const stale = draw(`${seed} stale ${++reads}`) < STALE;
        if (stale) note('stale read', 'a read');
        return stale;
      },
      skewMs: (name, environment) => {
        const skew = Math.round((draw(`${seed} clock ${name} ${environment}`) / 500 - 1) * SKEW_MS_MAX);
        note('clock skew', `${name} ${environment}`);
        return skew;
      },
    },
  };
}

interface Tally extends Pick<Faults, 'injected' | 'byKind'> {
  /** The fault, if any, of the next time that this is done. */
  strike<Kind extends string>(what: string, shares: Readonly<Record<Kind, number>>): Kind | undefined;
  /** Counts a fault that was injected. */
  note(kind: string, what: string): void;
}

/** What was done how often, and which of it was struck. */
function startTally(seed: number): Tally {
  const counts = new Map<string, number>();
  const struck = new Map<string, number>();
  const injected = new Map<string, number>();
  const kinds: Record<string, number> = {};
  return {
    injected,
    byKind: () => Object.fromEntries(Object.entries(kinds).sort(([a], [b]) => (a < b ? -1 : 1))),
    strike<Kind extends string>(what: string, shares: Readonly<Record<Kind, number>>): Kind | undefined {
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
    },
    note(kind, what) {
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      injected.set(`${kind} ${what}`, (injected.get(`${kind} ${what}`) ?? 0) + 1);
    },
  };
}

/** What a request is about: the operation and the first item, or the queue and the messages. */
function subjectOf({ service, operation, body }: ProxyRequest): string {
  const text = JSON.stringify(body);
  if (service === 'sqs') {
    const bodies = ((body.Entries ?? [body]) as { MessageBody?: string }[]).map(({ MessageBody }) => MessageBody);
    return `${operation} ${String(body.QueueUrl).split('/').at(-1)} ${bodies.join()}`;
  }
  const [, partition = ''] = /":?pk":\{"S":"([^"]*)/.exec(text) ?? [];
  const [, sort = ''] = /"sk":\{"S":"([^"]*)/.exec(text) ?? [];
  return `${operation} ${partition} ${sort}`.trim();
}

function fateOf(fault: string, { service, operation }: ProxyRequest): Fate | undefined {
  if (fault === 'throttle' || fault === 'outage')
    return service === 'dynamodb'
      ? answerOf(serviceError('dynamodb', 'ProvisionedThroughputExceededException', 'injected'))
      : answerOf(serviceError('sqs', 'RequestThrottled', 'injected'));
  if (fault === 'partly') return BATCHES.has(operation) ? 'partly' : undefined;
  if (fault !== 'conflict') return fault as Fate;
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
    ? answerOf(serviceError('dynamodb', 'TransactionConflictException', 'injected'))
    : undefined;
}

const answerOf = (action: ReturnType<typeof serviceError>): Fate => action as Fate;

/** Evenly spread over 0 to 999.999. */
const draw = (text: string): number => (createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32) * 1000;
