/**
 * An event that moves more accounts than an invocation has time for is posted in as many as it takes. Wherever one stops, crashes
 * or meets another at the same event, every account is moved once and the totals are those of a single run.
 */
import { describe, expect, test, vi } from 'vitest';
import type { Fill } from '../../lib/domain/auction/book.ts';
import { CASH } from '../../lib/domain/contract/months.ts';
import { cents, lots, ticks } from '../../lib/domain/contract/units.ts';
import { random } from '../../lib/local/host/random.ts';
import { accountsOf } from '../../lib/store/accounts.ts';
import { readTotals } from '../../lib/store/control-totals.ts';
import { noteProgress, readPosition } from '../../lib/store/cursors.ts';
import { halt, readHalt } from '../../lib/store/halt.ts';
import { readEntries } from '../../lib/store/journal.ts';
import { ordered, shardOf } from '../../lib/store/keys.ts';
import { isPosted } from '../../lib/store/posted.ts';
import { readStatements } from '../../lib/store/statements.ts';
import { CAT, SHARDS } from '../venue/accounts.ts';
import { DEC, newYork, on } from '../venue/h100.ts';
import { writeRows } from '../venue/results.ts';
import { crashOnce, deliver, invocation, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
const DAY = on('2025-11-07');
/** Slices are of 250 accounts. */
const [COUNT, SLICES] = [551, 3];

const buyers: string[] = [];
for (let at = 0; buyers.length < COUNT; at++) if (shardOf(`go-${at}`, SHARDS) === 0) buyers.push(`go-${at}`);
buyers.sort();

/** A product in which each of the buyers has bought a lot of December from an account of the other shard, and is to be settled. */
async function traded(product: string): Promise<void> {
  await venue.list(product, { date: '2025-11-06' });
  const { marks, listed } = await venue.stateOf(product);
  const fill = (account: string, quantity: number): Fill => {
    const [buy, sell] = account === CAT ? [CASH, DEC] : [DEC, CASH];
    return { account, clientOrderId: 'a', buy, sell, lots: lots(quantity), sender: 'desk-7', rolls: false };
  };
  const references = await writeRows(venue.table, product, 1, {
    shards: 2,
    fills: new Map([
      [0, buyers.map((account) => fill(account, 1))],
      [1, [fill(CAT, COUNT)]],
    ]),
    carried: new Map(),
    depth: [],
  });
  const months = Object.fromEntries(
    listed.map((each) => [
      each,
      { price: marks[each]!, traded: each === DEC, volume: lots(0), bid: null, offer: null, sealedBid: null, sealedOffer: null },
    ]),
  );
  const common = { product, auction: 1, slot: newYork(DAY, '16:00'), date: DAY, books: DAY, closing: true, marks, months };
  await venue.commit({ kind: 'auction-cleared', ...common, orders: 0, surplus: '0', ...references });
  await postAll();
}

/** December settles three ticks up, which pays every buyer three dollars. Gives the number of the event. */
async function settle(product: string): Promise<number> {
  const { marks } = await venue.stateOf(product);
  const settled = { ...marks, [DEC]: ticks(marks[DEC]! + 3) };
  const common = { product, date: DAY, auction: 1, rollOpens: null, approvedBy: [] };
  return venue.commit({ kind: 'prices-settled', ...common, previous: marks, settled });
}

const post = (): Promise<number[]> => deliver('postings', { v: 1, shard: 0 });
async function postAll(): Promise<void> {
  for (let shard = 0; shard < SHARDS; shard++) expect(await deliver('postings', { v: 1, shard })).toEqual([]);
  await venue.work('postings');
}

/** Every buyer stands at the event and has been paid for it once, and the totals say so. */
async function expectPosted(seq: number): Promise<void> {
  const applied: number[] = [];
  for await (const { account, applied: at } of accountsOf(venue.table, 0)) if (buyers.includes(account)) applied.push(at);
  expect(applied).toEqual(buyers.map(() => seq));
  const entries = await readEntries(venue.table, seq, buyers);
  expect(entries.map(({ cents: paid }) => paid)).toEqual(buyers.map(() => 300n));
  expect((await readTotals(venue.table, seq)).shards.get(0)).toMatchObject({
    accounts: COUNT,
    cents: 300n * BigInt(COUNT),
    held: { net: { [DEC]: COUNT } },
  });
  expect(await readPosition(venue.table, 0)).toEqual({ seq, progress: undefined });
  expect(await readHalt(venue.table)).toBeUndefined();
}

test('an event with no time but for one slice is posted a slice an invocation, which is no failure', async () => {
  await traded('GO1');
  const [settled, written] = [await settle('GO1'), vi.spyOn(venue.table, 'putAll')];
  const [failed, told] = [vi.spyOn(venue.logger, 'error'), vi.spyOn(venue.queues, 'notifyPosting')];
  invocation.timeLeftMs = 1_000;
  await postAll();
  expect(told).toHaveBeenCalledTimes(SLICES - 1);
  expect(failed).not.toHaveBeenCalled();
  const entries = written.mock.calls.flatMap(([items]) => items).filter(({ sk }) => sk === ordered(settled));
  expect(entries).toHaveLength(COUNT + 1);
  await expectPosted(settled);
});

test('statements of a day are written a slice an invocation too', async () => {
  await traded('GO2');
  await settle('GO2');
  await postAll();
  const closed = await venue.commit({ kind: 'day-closed', product: 'GO2', date: DAY, after: 0 });
  invocation.timeLeftMs = 1_000;
  await postAll();
  const { accounts, day } = (await readTotals(venue.table, closed)).shards.get(0)!;
  expect([accounts, day?.collected]).toEqual([COUNT, 300n * BigInt(COUNT)]);
  for (const account of [buyers[0]!, buyers.at(-1)!])
    expect(await readStatements(venue.table, account, 1)).toMatchObject([{ product: 'GO2' }]);
});

test.each([
  ['before its progress is noted', 'update', 'before'],
  ['after its progress is noted', 'update', 'after'],
  ['before the journal of a slice is written', 'putAll', 'before'],
  ['after the journal of a slice is written', 'putAll', 'after'],
  ['with some accounts of a slice written', 'putIf', 'after'],
] as const)('a worker that crashes %s has lost nothing, and nothing is posted twice', async (_, method, when) => {
  const product = `GO-${method}-${when}`.toUpperCase();
  await traded(product);
  const settled = await settle(product);
  // In the third slice: two are done.
  let calls = 0;
  const third = method === 'putIf' ? 2 * 250 + 20 : 2;
  crashOnce(venue.table, method, when, () => ++calls > third);
  expect(await post()).toEqual([0]);
  invocation.timeLeftMs = 1_000;
  await postAll();
  await expectPosted(settled);
});

test('two workers at one event move every account once', async () => {
  await traded('GO3');
  const settled = await settle('GO3');
  invocation.timeLeftMs = 1_000;
  await Promise.all([post(), post()]);
  invocation.timeLeftMs = 120_000;
  await Promise.all([post(), post()]);
  await postAll();
  await expectPosted(settled);
});

describe('a settlement whose workers are killed at any write, and out of time at any slice,', () => {
  const WRITES = ['putAll', 'putIf', 'update'] as const;

  /** Posts by workers that crash, if they come so far, and have time for a slice or for all. Gives how many crashed. */
  async function postAmidCrashes(seed: number): Promise<number> {
    const { pick, between, chance } = random(seed, 'crashes');
    let crashed = 0;
    for (let invocations = 0; invocations < 12; invocations++) {
      const method = pick(WRITES);
      let left = between(0, method === 'putIf' ? 250 : 1);
      crashOnce(venue.table, method, pick(['before', 'after'] as const), () => left-- === 0);
      invocation.timeLeftMs = chance(70) ? 1_000 : 120_000;
      const shard = chance(80) ? 0 : 1;
      crashed += (await deliver('postings', { v: 1, shard })).length;
      delete (venue.table as Partial<typeof venue.table>)[method];
    }
    invocation.timeLeftMs = 120_000;
    await postAll();
    return crashed;
  }

  test.each([1, 2, 3])('comes out as one that nothing disturbs: seed %i', async (seed) => {
    const product = `GO-SEED-${seed}`;
    await traded(product);
    const settled = await settle(product);
    const crashed = await postAmidCrashes(seed);
    await expectPosted(settled);
    const closed = await venue.commit({ kind: 'day-closed', product, date: DAY, after: 0 });
    const again = await postAmidCrashes(seed + 100);
    expect(crashed + again).toBeGreaterThan(2);
    const { accounts, day, held } = (await readTotals(venue.table, closed)).shards.get(0)!;
    expect([accounts, day?.collected, held?.net]).toEqual([COUNT, 300n * BigInt(COUNT), { [DEC]: COUNT }]);
    const statements = await Promise.all(buyers.map((account) => readStatements(venue.table, account, 100)));
    expect(new Set(statements.map((own) => own.filter((each) => each.product === product).length))).toEqual(new Set([1]));
    expect(await isPosted(venue.table, { product, lastEvent: closed }, SHARDS)).toBe(true);
  });
});

test('a halt is seen between two slices, and what was posted by then is not posted again', async () => {
  await traded('GO4');
  const settled = await settle('GO4');
  invocation.timeLeftMs = 1_000;
  await post();
  await venue.engine.drain();
  await halt(venue.table, { reason: 'test', by: 'op', at: '' });
  invocation.timeLeftMs = 120_000;
  await post();
  const before = await readPosition(venue.table, 0);
  expect(before).toMatchObject({ seq: settled - 1, progress: { seq: settled } });
  await venue.resume();
  await postAll();
  await expectPosted(settled);
});

test('progress is never noted back, nor for an event that is posted', async () => {
  const { seq } = await readPosition(venue.table, 1);
  const note = (event: number, through: string, accounts: number) =>
    noteProgress(venue.table, 1, { seq: event, through, totals: { accounts, cents: cents(0n), lots: {} } });
  await note(seq + 1, 'm', 2);
  await note(seq + 1, 'a', 1);
  await note(seq, 'z', 9);
  expect(await readPosition(venue.table, 1)).toMatchObject({
    seq,
    progress: { seq: seq + 1, through: 'm', totals: { accounts: 2 } },
  });
  await note(seq + 2, 'a', 3);
  expect(await readPosition(venue.table, 1)).toMatchObject({ seq, progress: { seq: seq + 2, through: 'a' } });
});
