/** One account that sends far more than any other: what its submissions cost the venue, and what others notice of it. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Worker } from '../../lambdas/accept-orders/account-intakes.ts';
import { acceptOrders, handler } from '../../lambdas/accept-orders/index.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import type { Instruction } from '../../lib/domain/auction/orders.ts';
import { LISTED_MAX } from '../../lib/domain/clearing/events.ts';
import { readIntake } from '../../lib/store/auctions.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { loadVenue } from '../../lib/store/log.ts';
import type { SubmissionMessage } from '../../lib/store/messages.ts';
import { readSubmission } from '../../lib/store/submissions.ts';
import { ANN, BOB, SHARDS } from '../venue/accounts.ts';
import { moved } from '../venue/events.ts';
import { NOV, newYork } from '../venue/h100.ts';
import { buy } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { deliver, deliverTo, openWorkerVenue, type QueueHandler } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();

/** As many accounts of ann's shard. */
const accounts = (count: number): string[] => {
  const found: string[] = [];
  for (let at = 0; found.length < count; at++) if (shardOf(`acc-${at}`, SHARDS) === 0) found.push(`acc-${at}`);
  return found;
};

// Each product here is traded by all of them: accounts that are opened would trade the first one alone.
beforeAll(async () => {
  const all = [ANN, BOB, ...accounts(500)];
  for (let at = 0; at < all.length; at += LISTED_MAX) {
    const movements = all.slice(at, at + LISTED_MAX).map((account) => moved(account, 100n).movements[0]!);
    await venue.commit({ ...moved(ANN, 1n), movements });
  }
  await venue.queues.notifyPostings((await loadVenue(venue.table)).seq, [0, 1]);
  await venue.work('postings');
});

let product: string;
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product);
});

const early = newYork('2025-10-20', '09:30');
const BATCH = 10;
const READS: ReadonlySet<string> = new Set(['GetItem', 'Query', 'BatchGetItem']);

const from = (account: string, ...instructions: Instruction[]): SubmissionMessage =>
  submission(product, account, early, instructions);
const single = (at: number, receivedAt = early): SubmissionMessage =>
  submission(product, ANN, receivedAt, [buy(`o${at}`, NOV, 2400, 1, 'gtc')]);
const singles = (first: number, count: number, receivedAt = early): SubmissionMessage[] =>
  Array.from({ length: count }, (_, at) => single(first + at, receivedAt));
const outcomesOf = async ({ shard, account, key }: SubmissionMessage) =>
  (await readSubmission(venue.table, product, shard, account, key))?.outcomes;
/** Delivers messages in batches, none of which may fail, and counts the requests of each batch. */
async function work(messages: readonly SubmissionMessage[], workers: readonly QueueHandler[] = [handler]) {
  const batches: { reads: number; writes: number }[] = [];
  for (let at = 0; at < messages.length; at += BATCH) {
    venue.engine.requests.length = 0;
    const worker = workers[(at / BATCH) % workers.length]!;
    expect(await deliverTo(worker, 'orders', ...messages.slice(at, at + BATCH))).toEqual([]);
    const { requests } = venue.engine;
    const reads = requests.filter((name) => READS.has(name)).length;
    batches.push({ reads, writes: requests.length - reads });
  }
  return batches;
}
const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
const readsOf = (batches: readonly { reads: number }[]): number => sum(batches.map(({ reads }) => reads));

describe('single orders', () => {
  it.each<[spread: string, accounts: number]>([
    ['one account', 1],
    ['fifty accounts', 50],
    ['as many accounts', 500],
  ])('of %s cost the intake and the venue once a batch, and a read for a dozen accounts beside each other', async (_, spread) => {
    const [count, senders] = [500, accounts(spread)];
    const batches = await work(
      Array.from({ length: count }, (_each, at) => from(senders[at % spread]!, buy(`o${at}`, NOV, 2400, 1))),
    );
    const ofAccounts = batches.map(({ reads }) => reads - 2);
    expect(sum(ofAccounts)).toBeLessThanOrEqual(Math.min(spread, 60) + 4);
    expect(Math.min(...ofAccounts)).toBe(0);
    // One writer and one date in all.
    expect(sum(batches.map(({ writes }) => writes))).toBe(count + 2);
  });

  it('of more accounts than a worker remembers are read once each, as is one that sends again', async () => {
    const worker = acceptOrders(new Worker({ keptOrdersMax: 0, metMax: 20 }));
    const senders = accounts(30).map((account) => from(account, buy('a', NOV, 2400, 1)));
    const again = accounts(10).map((account) => from(account, buy('a', NOV, 2400, 1)));
    const batches = await work([...senders, ...again], [worker]);
    // Beside that, an account is read itself, unless it lies behind one that was: and from the twenty-first on for what it has sent.
    const [first, second, last] = batches.slice(1).map(({ reads }) => reads - 2);
    expect(first).toBeLessThan(BATCH);
    expect(second! - BATCH).toBeLessThan(BATCH);
    expect(last).toBe(BATCH);
    expect(await Promise.all(again.map(outcomesOf))).toEqual(again.map(() => ['duplicate-client-order-id']));
  });

  it('of one account that is more than a worker keeps are not read again with each: the newest account stays', async () => {
    const worker = acceptOrders(new Worker({ keptOrdersMax: 20 }));
    const batches = await work(singles(0, 100), [worker]);
    expect(batches.slice(1).map(({ reads }) => reads)).toEqual(batches.slice(1).map(() => 2));
    const other = await work(
      Array.from({ length: BATCH }, (_, at) => from(BOB, buy(`b${at}`, NOV, 2400, 1))),
      [worker],
    );
    expect((await work(singles(100, 2 * BATCH), [worker])).map(({ reads }) => reads > 2)).toEqual([true, false]);
    expect(other[0]!.reads).toBe(2);
  });

  it('that two workers take in turns are read once a turn, from where the worker left off', async () => {
    const workers = [acceptOrders(new Worker()), acceptOrders(new Worker())];
    const batches = await work(singles(0, 400), workers);
    const [first, last] = [batches.slice(10, 20), batches.slice(-10)];
    expect(readsOf(last)).toBe(readsOf(first));
    expect(last.every(({ writes }) => writes === BATCH + 1)).toBe(true);
  });

  it('under keys that are older and older are not paid for by another account of the shard', async () => {
    const OLDER_MS = 6_000;
    await work(singles(0, 100));
    await work(Array.from({ length: 100 }, (_, at) => from(BOB, buy(`b${at}`, NOV, 2400, 1, 'gtc'))));
    const aged = (at: number): SubmissionMessage => {
      const key = numberedKey(Date.parse(early) - at * OLDER_MS);
      return submission(product, BOB, early, [buy(`c${at}`, NOV, 2400, 1)], { key });
    };
    const batches = await work(Array.from({ length: 100 }, (_, at) => (at % 2 ? single(100 + at) : aged(at / 2))));
    // The intake and the venue, once a batch, and nothing of an account.
    const quiet = (await work(singles(300, BATCH)))[0]!.reads;
    expect(batches.slice(1).map(({ reads }) => reads)).toEqual(batches.slice(1).map(() => quiet));
    expect((await readIntake(venue.table, product, 0)).writers).toHaveLength(1);
  });

  it('of many accounts that two workers take in turns cost a write a turn, and a read an account', async () => {
    const workers = [acceptOrders(new Worker()), acceptOrders(new Worker())];
    const senders = accounts(50);
    const sent = [...senders, ...senders].map((account, at) => from(account, buy(`o${at}`, NOV, 2400, 1)));
    const batches = await work([...sent, ...senders.map((account) => from(account, buy('o0', NOV, 2400, 1)))], workers);
    // Once both have read the accounts themselves.
    expect(batches.slice(10)).toEqual(batches.slice(10).map(() => ({ reads: 2 + BATCH, writes: BATCH + 1 })));
  });

  it('of accounts whose orders stay are read once for all of a chunk that carries them', async () => {
    const senders = accounts(60);
    const late = newYork('2025-10-20', '10:30');
    await work(senders.map((account) => from(account, buy('stays', NOV, 2400, 1, 'gtc'))));
    await deliver('closings', { v: 1, product, slot: newYork('2025-10-20', '10:00') });
    await venue.work();
    const next = senders.map((account) => submission(product, account, late, [buy('stays', NOV, 2400, 1)]));
    const batches = await work(next);
    expect(batches.map(({ reads }) => reads).slice(1)).toEqual(batches.slice(1).map(() => 2));
    expect(await Promise.all(next.map(outcomesOf))).toEqual(next.map(() => ['duplicate-client-order-id']));
  });

  it('are read again once when the auction before clears between two of them', async () => {
    const late = newYork('2025-10-20', '10:30');
    await work(singles(0, 100));
    await deliver('closings', { v: 1, product, slot: newYork('2025-10-20', '10:00') });
    await venue.work('orders');
    await work(singles(100, 100, late));
    const [before] = await work(singles(200, BATCH, late));
    await venue.work();
    const [after, ...later] = await work(singles(300, 50, late));
    expect(after!.reads).toBeGreaterThan(before!.reads);
    expect(later.map(({ reads }) => reads)).toEqual(later.map(() => before!.reads));
    const again = [single(0, late), single(250, late), single(349, late)];
    await work(again);
    const known = 'duplicate-client-order-id';
    expect(await Promise.all(again.map(outcomesOf))).toEqual([[known], ['accepted'], [known]]);
  });
});

describe('full submissions', () => {
  it('by the hundred of one account pass, up to what may be live, and those of others pass with them', {
    timeout: 60_000,
  }, async () => {
    const full = (at: number): SubmissionMessage =>
      from(ANN, ...Array.from({ length: 500 }, (_, order) => buy(`o${at}-${order}`, NOV, 2400, 1)));
    const fulls = Array.from({ length: 760 }, (_, at) => full(at));
    const others: SubmissionMessage[] = [];
    const messages = fulls.flatMap((message, at) => {
      if (at % 9 !== 8) return [message];
      others.push(from(BOB, buy(`b${at}`, NOV, 2400, 1)));
      return [message, others.at(-1)!];
    });
    const batches = await work(messages);
    expect(readsOf(batches.slice(-10))).toBeLessThanOrEqual(readsOf(batches.slice(10, 20)));
    const accepted = await Promise.all([0, 19, 20, 399, 400, 759].map(async (at) => new Set(await outcomesOf(fulls[at]!))));
    expect(accepted.map((each) => [...each])).toEqual([
      ['accepted'],
      ['accepted'],
      ['too-many-live-orders'],
      ['too-many-live-orders'],
      ['too-many-submissions'],
      ['too-many-submissions'],
    ]);
    for (const other of others) expect(await outcomesOf(other)).toEqual(['accepted']);
  });
});
