/**
 * Every function crashes at every kind of write it makes: once just before the write takes effect and once just after, before
 * the function gets the answer. What it was working on is delivered again, and the venue must end where it ends undisturbed.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { EXPIRY, play, ROLL } from '../../../lib/faults/scripted-market.ts';
import { openVirtualMarket } from '../../../lib/faults/virtual-market.ts';
import type { ProxyRequest } from '../../../lib/local/proxy/request.ts';
import type { FunctionName } from '../../../lib/store/names.ts';
import type { Fate } from '../../../lib/virtual/fault-hooks.ts';

const READS = new Set(['GetItem', 'BatchGetItem', 'Query']);

/** What a write writes, without what differs from one to the next, such as `PutItem JOURNAL` or `SendMessage clearings`. */
function kindOf({ service, operation, body }: ProxyRequest): string {
  if (service === 'sqs') return `${operation} ${String(body.QueueUrl).split('/').at(-1)}`;
  const text = JSON.stringify(body);
  const [, partition = ''] = /"pk":\{"S":"([^"#]*)/.exec(text) ?? [];
  const [, sort = ''] = /"sk":\{"S":"([A-Z]+)/.exec(text) ?? [];
  return `${operation} ${partition} ${sort}`.trim();
}

/** What each function must not be able to lose or double. Other writes (snapshots, rare wake-ups) crash it too when they come. */
const WRITES: Record<FunctionName, string[]> = {
  'participant-api': ['SendMessage orders.fifo', 'PutItem SHARD ROLL'],
  // Of their own these write nothing.
  'statement-api': [],
  'market-api': [],
  'operator-api': ['TransactWriteItems LOG EVENT', 'PutItem INDEX', 'SendMessageBatch postings.fifo'],
  'accept-orders': ['UpdateItem INTAKE', 'PutItem BOOK', 'UpdateItem AUCTION', 'SendMessage clearings'],
  'close-auction': ['TransactWriteItems AUCTION', 'UpdateItem AUCTION', 'SendMessageBatch orders.fifo'],
  'clear-auction': [
    'BatchWriteItem RESULT',
    'PutItem LOG',
    'UpdateItem AUCTION',
    'SendMessageBatch postings.fifo',
    'SendMessage news',
  ],
  'post-events': [
    'BatchWriteItem JOURNAL',
    'PutItem SHARD ACCOUNT',
    'UpdateItem TOTALS',
    'PutItem SHARD CURSOR',
    'SendMessage day-runs',
    'SendMessage news',
    'BatchWriteItem STATEMENT',
  ],
  'roll-positions': ['PutItem DAY', 'TransactWriteItems AUCTION', 'PutItem ROLL', 'UpdateItem DAY', 'SendMessage closings'],
  'settle-day': ['PutItem LOG', 'UpdateItem DAY', 'SendMessageBatch postings.fifo'],
  // It writes nothing, and the next sweep sends again what one could not send.
  'sweep-venue': [],
  // Nothing rests on them: whatever they lose, a listener learns when it asks.
  'authorize-listener': [],
  listen: [],
  'tell-listeners': [],
};

/** By function and kind of write, the crashes it was used for. */
type Crashes = Map<string, Map<string, ('before' | 'after')[]>>;

/** Crashes the function at each kind of write: the first time before it takes effect, the next time after. */
function crasher(crashes: Crashes): (request: ProxyRequest) => Fate {
  return (request) => {
    if (READS.has(request.operation)) return 'pass';
    const kinds = crashes.get(request.function) ?? new Map<string, ('before' | 'after')[]>();
    crashes.set(request.function, kinds);
    const crashed = kinds.get(kindOf(request)) ?? [];
    kinds.set(kindOf(request), crashed);
    if (crashed.length === 2) return 'pass';
    crashed.push(crashed.length === 0 ? 'before' : 'after');
    return crashed.length === 1 ? 'kill-before' : 'kill-after';
  };
}

describe('functions that crash between any two of their writes', () => {
  const crashes: Crashes = new Map();
  const ends: { script: string; undisturbed: string; disturbed: string; differences: readonly string[]; deadLetters: number }[] =
    [];

  beforeAll(async () => {
    for (const [name, script] of Object.entries({ EXPIRY, ROLL })) {
      const end = async (onRequest?: (request: ProxyRequest) => Fate) => {
        const market = openVirtualMarket(script, onRequest ? { faultHooks: { onRequest } } : {});
        await play(market, script);
        const audit = await market.audit();
        expect(audit).toMatchObject({ lotsSum: 0, centsSum: 0n });
        return { audit, deadLetters: market.cloud.deadLetters().length };
      };
      const undisturbed = await end();
      const { audit, deadLetters } = await end(crasher(crashes));
      ends.push({
        script: name,
        undisturbed: undisturbed.audit.stateHash,
        disturbed: audit.stateHash,
        differences: audit.differences,
        deadLetters,
      });
    }
  });

  it('end in the state of a run without a crash', () => {
    for (const { undisturbed, disturbed, differences, deadLetters } of ends) {
      expect(differences).toEqual([]);
      expect(deadLetters).toBe(0);
      expect(disturbed).toBe(undisturbed);
    }
  });

  it.each(Object.entries(WRITES) as [FunctionName, string[]][])(
    '%s has crashed before and after each write that matters',
    (name, kinds) => {
      const crashed = Object.fromEntries(kinds.map((kind) => [kind, crashes.get(name)?.get(kind)]));
      expect(crashed).toEqual(Object.fromEntries(kinds.map((kind) => [kind, ['before', 'after']])));
    },
  );
});
