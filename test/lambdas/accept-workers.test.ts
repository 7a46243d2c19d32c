/**
 * Several workers that keep what they have read, one after another and at once, crashing and coming back: what each decides
 * is what one worker decides that reads everything for each submission.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Worker } from '../../lambdas/accept-orders/account-intakes.ts';
import { acceptOrders } from '../../lambdas/accept-orders/index.ts';
import { auditVenue } from '../../lib/audit/audit.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import type { Instruction, TimeInForce } from '../../lib/domain/auction/orders.ts';
import type { ProductParameters } from '../../lib/domain/contract/product.ts';
import { openAuction } from '../../lib/store/auctions.ts';
import type { MarkerMessage, SubmissionMessage } from '../../lib/store/messages.ts';
import { readSubmission } from '../../lib/store/submissions.ts';
import { ANN, BOB, SHARDS } from '../venue/accounts.ts';
import { NOV, newYorkMs, on, RISKY } from '../venue/h100.ts';
import { buy, cancel, replace, sell } from '../venue/orders.ts';
import { record, submission } from '../venue/records.ts';
import { crashOnce, deliver, deliverTo, openWorkerVenue, type QueueHandler } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();

const START = newYorkMs('2025-10-20', '09:30');
const iso = (time: number): string => new Date(time).toISOString();
const WORKERS = 3;

/** One thing that is said, as both products hear it. */
interface Said {
  readonly account: string;
  readonly instructions: readonly Instruction[];
  /** How old its key was when it was received. */
  readonly keyAge_ms: number;
  /** It is one of those received earlier, of which it is known only now: so many places back. */
  readonly redriven: number | undefined;
}
type Step = Said | 'marker';
/** What goes wrong with a batch on its way through the workers that keep things. */
type Trouble =
  | { readonly kind: 'nothing' | 'at-once' | 'again' }
  | { readonly kind: 'stalls'; readonly writes: number }
  | {
      readonly kind: 'crash' | 'killed';
      readonly method: Method;
      readonly when: 'before' | 'after';
      readonly calls: number;
    };
interface Round {
  readonly steps: readonly Step[];
  readonly worker: number;
  readonly trouble: Trouble;
  readonly clears: boolean;
  readonly posts: boolean;
}

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const name = fc.constantFrom(...NAMES);
const newOrder = fc
  .tuple(name, fc.boolean(), fc.integer({ min: 1, max: 3 }), fc.constantFrom<TimeInForce>('auction', 'gtc', 'gtc'))
  .map(([id, buys, lots, tif]) => (buys ? buy(id, NOV, 2400, lots, tif) : sell(id, NOV, 2400, lots, tif)));
const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  { weight: 3, arbitrary: newOrder },
  { weight: 1, arbitrary: name.map(cancel) },
  { weight: 1, arbitrary: fc.tuple(name, newOrder).map(([old, order]) => replace(old, order)) },
);
const said: fc.Arbitrary<Said> = fc.record({
  account: fc.constantFrom(ANN, ANN, BOB),
  instructions: fc.array(instruction, { minLength: 1, maxLength: 3 }),
  keyAge_ms: fc.constantFrom(0, 0, 600_000),
  redriven: fc.option(fc.integer({ min: 1, max: 12 }), { freq: 5, nil: undefined }),
});
const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc.constantFrom<Trouble>({ kind: 'nothing' }, { kind: 'at-once' }, { kind: 'again' }),
  fc.integer({ min: 0, max: 3 }).map((writes): Trouble => ({ kind: 'stalls', writes })),
  fc.record({
    kind: fc.constantFrom('crash' as const, 'killed' as const),
    method: fc.constantFrom<Method[]>('create', 'update', 'get', 'query'),
    when: fc.constantFrom('before' as const, 'after' as const),
    calls: fc.integer({ min: 0, max: 3 }),
  }),
);
const rounds = fc.array(
  fc.record({
    steps: fc.array(fc.oneof({ weight: 6, arbitrary: said }, { weight: 1, arbitrary: fc.constant<Step>('marker') }), {
      minLength: 1,
      maxLength: 5,
    }),
    worker: fc.nat(WORKERS - 1),
    trouble,
    clears: fc.boolean(),
    posts: fc.boolean(),
  }),
  { minLength: 6, maxLength: 12 },
);

/** The messages of a product, made from what is said; the same for every product but for its name. */
class Script {
  readonly #product: string;
  readonly sent: SubmissionMessage[] = [];
  #said = 0;
  auction = 1;

  constructor(product: string) {
    this.#product = product;
  }

  /** The records of a round, and the markers of the other shard that go with those in it. */
  async batch(steps: readonly Step[]): Promise<{ records: ReturnType<typeof record>[]; others: MarkerMessage[] }> {
    const others: MarkerMessage[] = [];
    const records = [];
    for (const step of steps)
      if (step === 'marker') {
        const slot = iso(START + ++this.#said * 20_000);
        const opened = {
          product: this.#product,
          auction: this.auction,
          slot,
          date: on('2025-10-20'),
          closing: false,
          shards: SHARDS,
        };
        await openAuction(venue.table, opened);
        const marker = (shard: number): MarkerMessage => ({
          v: 1,
          kind: 'marker',
          product: this.#product,
          shard,
          auction: this.auction,
          slot,
        });
        records.push(record('orders', marker(0), { sentAt: slot }));
        others.push(marker(1));
        this.auction++;
      } else records.push(this.#submission(step));
    return { records, others };
  }

  #submission({ account, instructions, keyAge_ms, redriven }: Said) {
    const now = START + ++this.#said * 20_000;
    const received = redriven === undefined ? now : now - redriven * 20_000 + 1;
    const key = numberedKey(received - keyAge_ms, this.#said);
    const message = submission(this.#product, account, iso(received), instructions, { key });
    this.sent.push(message);
    return record('orders', message, { sentAt: iso(now + 1000) });
  }

  async outcomes(): Promise<unknown[]> {
    const stored = await Promise.all(
      this.sent.map(({ product, shard, account, key }) => readSubmission(venue.table, product, shard, account, key)),
    );
    return stored.map((each) => [each?.key, each?.auction, each?.outcomes, each?.figures]);
  }
}

/** An account has no cash, and credit for three lots. */
const TIGHT: Partial<ProductParameters> = { ...RISKY, creditUsd: 900, liveOrdersMax: 3, submissionsMax: 9 };

async function listed(parameters: Partial<ProductParameters> = TIGHT): Promise<Script> {
  const product = venue.nextProduct();
  await venue.list(product, { parameters });
  return new Script(product);
}

type Method = 'create' | 'update' | 'get' | 'query';

/** Fails the call of a method after so many of them; the others pass. A query fails before it begins or not at all. */
function crashAfter(calls: number, method: Method, when: 'before' | 'after'): void {
  let left = calls;
  const isIt = (): boolean => left-- === 0;
  if (method !== 'query') {
    crashOnce(venue.table, method, when, isIt);
    return;
  }
  const query = venue.table.query.bind(venue.table);
  venue.table.query = (...args) => {
    if (isIt()) throw new Error('crashed before query');
    return query(...args);
  };
}

/** Holds the first write after so many; all later ones pass. */
function stallAfter(writes: number): { reached: Promise<void>; release: () => void } {
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const create = venue.table.create.bind(venue.table);
  let left = writes;
  venue.table.create = async (item) => {
    if (left-- === 0) {
      reached.resolve();
      await released.promise;
    }
    return create(item);
  };
  return { reached: reached.promise, release: released.resolve };
}

/** Workers that keep much or little of accounts, and remember many or few that they have met. */
function openWorkers() {
  const workers: QueueHandler[] = [];
  const start = (at: number): void => {
    const keptAccountsMax = at === 0 ? 1 : 1000;
    workers[at] = acceptOrders(new Worker({ keptOrdersMax: at === 1 ? 12 : 1000, metMax: at === 2 ? 1 : 1000, keptAccountsMax }));
  };
  for (let at = 0; at < WORKERS; at++) start(at);
  return { workers, start };
}

async function play(workers: ReturnType<typeof openWorkers>, script: Script, { steps, worker, trouble }: Round): Promise<void> {
  const { records, others } = await script.batch(steps);
  const [first, second] = [worker, (worker + 1) % WORKERS];
  const deliverThrough = (at: number, batch = records) => deliverTo(workers.workers[at]!, 'orders', ...batch);
  let left = records;
  if (trouble.kind === 'at-once') await Promise.all([deliverThrough(first), deliverThrough(second)]);
  if (trouble.kind === 'again') await deliverThrough(first);
  if (trouble.kind === 'stalls') {
    const { reached, release } = stallAfter(trouble.writes);
    const stalled = deliverThrough(first);
    if ((await Promise.race([reached.then(() => 'stalled'), stalled])) === 'stalled') await deliverThrough(second);
    release();
    await stalled;
  }
  if (trouble.kind === 'crash' || trouble.kind === 'killed') {
    crashAfter(trouble.calls, trouble.method, trouble.when);
    const failed = await deliverThrough(first).catch(() => records.map((_, at) => at));
    if (trouble.kind === 'killed') workers.start(first);
    else left = records.filter((_, at) => failed.includes(at));
  }
  for (const method of ['create', 'update', 'get', 'query'] as const) delete (venue.table as Partial<typeof venue.table>)[method];
  for (let tries = 0; left.length; tries++) {
    if (tries === 9) throw new Error('messages fail with nothing wrong');
    const failed = await deliverThrough(tries % 2 ? second : first, left);
    left = left.filter((_, at) => failed.includes(at));
  }
  for (const marker of others) expect(await deliver('orders', marker)).toEqual([]);
}

describe('what several workers decide that keep what they have read', () => {
  it('is what one decides that reads everything, whatever happens to them', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (all) => {
        const [kept, read] = [await listed(), await listed()];
        const workers = openWorkers();
        const reader = acceptOrders(new Worker({ keptOrdersMax: 0, metMax: 0, keptAccountsMax: 0 }));
        for (const round of all) {
          await play(workers, kept, round);
          const { records, others } = await read.batch(round.steps);
          expect(await deliverTo(reader, 'orders', ...records)).toEqual([]);
          for (const marker of others) expect(await deliver('orders', marker)).toEqual([]);
          if (round.clears) await venue.work('clearings');
          if (round.posts) await venue.work('postings');
        }
        expect(await kept.outcomes()).toEqual(await read.outcomes());
      }),
      { numRuns: 20 },
    );
  });
});

it('and the audit decides all of it again from the log and the books', async () => {
  const { checks } = await auditVenue(venue.table, SHARDS);
  const { checked, faults } = checks.find(({ name }) => name === 'decisions')!;
  expect(faults).toEqual([]);
  expect(checked).toBeGreaterThan(100);
});

describe('a worker that takes over', () => {
  const OLD_ms = 600_000;
  it.each<[what: string, others: [worker: number, name: string, keyAge_ms: number][]]>([
    [
      'of each of several, though the last of them wrote under newer keys',
      [
        [1, 'b', OLD_ms],
        [2, 'c', 0],
      ],
    ],
    [
      'under the oldest key, though its writer began with a new one',
      [
        [1, 'b', 0],
        [1, 'c', OLD_ms],
      ],
    ],
    [
      'of more writers than the intake names',
      Array.from({ length: 12 }, (_, at) => [1 + (at % 2), `n${at}`, (at % 3) * 250_000]),
    ],
  ])('finds what was written since, %s', async (_, others) => {
    const script = await listed({});
    const workers = Array.from({ length: 3 }, () => acceptOrders(new Worker()));
    const say = async (worker: number, clientOrderId: string, keyAge_ms: number): Promise<void> => {
      const instructions = [buy(clientOrderId, NOV, 2300, 1)];
      const { records } = await script.batch([{ account: ANN, instructions, keyAge_ms, redriven: undefined }]);
      expect(await deliverTo(workers[worker]!, 'orders', ...records)).toEqual([]);
    };
    for (const name of ['x', 'y', 'z']) await say(0, name, 0);
    for (const [worker, name, keyAge_ms] of others) await say(worker, name, keyAge_ms);
    for (const [, name] of others) await say(0, name, 0);
    const outcomes = (await script.outcomes()) as [string, number, string[]][];
    expect(outcomes.slice(-others.length).flatMap(([, , each]) => each)).toEqual(others.map(() => 'duplicate-client-order-id'));
  });
});

describe('a worker that keeps nothing of an account', () => {
  it.each<[what: string, keyAge_ms: number]>([
    ['of the same age', 0],
    ['older than it could write', 600_000],
  ])('still knows that it has met it, after a key %s', async (_, keyAge_ms) => {
    const script = await listed({});
    const worker = acceptOrders(new Worker({ keptOrdersMax: 0 }));
    const say = async (account: string, age = 0): Promise<void> => {
      const { records } = await script.batch([
        { account, instructions: [buy('a', NOV, 2300, 1)], keyAge_ms: age, redriven: undefined },
      ]);
      expect(await deliverTo(worker, 'orders', ...records)).toEqual([]);
    };
    await say(ANN);
    await say(BOB, keyAge_ms);
    await say(ANN);
    const outcomes = (await script.outcomes()) as [string, number, string[]][];
    expect(outcomes.map(([, , each]) => each)).toEqual([['accepted'], ['accepted'], ['duplicate-client-order-id']]);
  });
});
