import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { type AccountState, addFills, applyEvent, emptyAccount, type JournalEntry } from '../../lib/domain/clearing/account.ts';
import { imbalance } from '../../lib/domain/clearing/control-totals.ts';
import { BANK } from '../../lib/domain/clearing/events.ts';
import type { Lots } from '../../lib/domain/contract/units.ts';
import { cents, ticks } from '../../lib/domain/contract/units.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { markAuction, openAuction } from '../../lib/store/auctions.ts';
import { readTotals, recordTotals } from '../../lib/store/control-totals.ts';
import { readCursor } from '../../lib/store/cursors.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { readJournal } from '../../lib/store/journal.ts';
import {
  cursorKey,
  journalPartition,
  type Key,
  logKey,
  resultKey,
  shardOf,
  shardPartition,
  statementPartition,
} from '../../lib/store/keys.ts';
import { loadVenue, readEvents } from '../../lib/store/log.ts';
import { METRICS } from '../../lib/store/names.ts';
import { isPosted, postedThrough, shardsTouched } from '../../lib/store/posted.ts';
import { readFills } from '../../lib/store/results.ts';
import { type Item, N, S } from '../../lib/store/table.ts';
import { ANN, BOB, CAT, DAN, SHARDS } from '../venue/accounts.ts';
import { moved } from '../venue/events.ts';
import { DEC, NOV, newYork, on } from '../venue/h100.ts';
import { buy, sell, spread } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { packRows } from '../venue/results.ts';
import { crashOnce, deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const ACCOUNTS = [ANN, BOB, CAT, DAN, BANK];
const venue = await openWorkerVenue();
await venue.fund(ANN, BOB, CAT, DAN);

let product: string;
let since: number;
beforeEach(async () => {
  since = await seqNow();
  product = venue.nextProduct();
  await venue.list(product);
});
/** Whatever a test did to the venue, the next one finds it posted. */
afterEach(async () => {
  await venue.restore();
  for (let shard = 0; shard < SHARDS; shard++) await post(shard);
  venue.engine.drain();
});

const MONDAY = on('2025-10-20');
const TEN = newYork(MONDAY, '10:00');
const post = (shard: number): Promise<number[]> => deliver('postings', { v: 1, shard });
const postAll = async (): Promise<void> => {
  for (let shard = 0; shard < SHARDS; shard++) expect(await post(shard)).toEqual([]);
};
const seqNow = async (): Promise<number> => (await loadVenue(venue.table)).seq;

/** An auction in which every account trades, cleared and not posted: outrights in both shards and across, and a spread. */
async function trade(slot = TEN): Promise<void> {
  const at = newYork(MONDAY, '09:30');
  const send = (account: string, ...orders: Parameters<typeof submission>[3]) =>
    deliver('orders', submission(product, account, at, orders));
  await send(ANN, buy('a', NOV, 2410, 10), buy('b', DEC, 2405, 2));
  await send(BOB, sell('a', NOV, 2405, 4));
  await send(CAT, sell('a', NOV, 2405, 6), spread('s', NOV, DEC, 10, 2));
  await send(DAN, sell('a', NOV, 2405, 2));
  await deliver('closings', { v: 1, product, slot });
  await venue.work('orders', 'clearings');
  venue.engine.drain();
}
/** An empty closing auction and a new settlement price for every month, committed and not posted. */
async function settle(move: number): Promise<void> {
  const { lastAuction } = await venue.stateOf(product);
  const [auction, slot] = [lastAuction + 1, newYork(MONDAY, '12:00')];
  await openAuction(venue.table, { product, auction, slot, date: MONDAY, closing: true, shards: SHARDS });
  await venue.queues.sendMarkers(product, auction, slot, SHARDS);
  await markAuction(venue.table, product, auction);
  await venue.work('orders', 'clearings');
  const { marks: previous } = await venue.stateOf(product);
  const settled = Object.fromEntries(Object.entries(previous).map(([each, price]) => [each, ticks(price + move)]));
  const common = { product, date: MONDAY, auction, rollOpens: DEC, approvedBy: [] };
  await venue.commit({ kind: 'prices-settled', ...common, previous, settled });
  venue.engine.drain();
}
const deposit = (account: string, amount: bigint): Promise<number> => venue.commit(moved(account, amount));

/** What the accounts must be: the whole log, folded by the domain's own rules. */
async function folded(): Promise<{ states: AccountState[]; entries: JournalEntry[] }> {
  const states: AccountState[] = [];
  const entries: JournalEntry[] = [];
  const events = await readEvents(venue.table, 0, 10_000);
  for (const account of ACCOUNTS) {
    let state = emptyAccount(account);
    for (const { seq, event } of events) {
      const cleared = event.kind === 'auction-cleared' ? event : undefined;
      const fills = cleared ? await readFills(venue.table, cleared) : [];
      const applied = applyEvent(
        state,
        seq,
        event,
        addFills(
          [],
          fills.filter((fill) => fill.account === account),
        ),
        () => 100n,
      );
      if (!applied) continue;
      state = applied.state;
      entries.push(applied.entry);
    }
    states.push(state);
  }
  return { states, entries };
}
async function stored(): Promise<{ states: (AccountState | undefined)[]; entries: JournalEntry[] }> {
  const states = await Promise.all(ACCOUNTS.map((account) => readAccount(venue.table, account, SHARDS)));
  const journals = await Promise.all(ACCOUNTS.map((account) => readJournal(venue.table, account, { limit: 10_000 })));
  return { states, entries: journals.flatMap((journal) => journal.toReversed()) };
}
/** Everything that posting writes, as it stands. */
const written = async (): Promise<unknown[]> => {
  const partitions = [0, 1]
    .map(shardPartition)
    .concat('TOTALS', ACCOUNTS.map(journalPartition), ACCOUNTS.map(statementPartition));
  return (await Promise.all(partitions.map((partition) => venue.table.queryAll(partition)))).flat();
};

async function expectPosted(): Promise<void> {
  expect(await readHalt(venue.table)).toBeUndefined();
  expect(await stored()).toEqual(await folded());
  const seq = await seqNow();
  expect(await Promise.all([0, 1].map((shard) => postedThrough(venue.table, shard, SHARDS)))).toEqual([seq, seq]);
  for (const { seq: each, event } of await readEvents(venue.table, since, 10_000)) {
    const totals = await readTotals(venue.table, each);
    expect([...totals.shards.keys()].sort()).toEqual(shardsTouched(event, SHARDS));
    expect(imbalance(totals)).toBeUndefined();
  }
}

test('a trading day comes out as the log says, for every account and the bank, to the cent', async () => {
  await trade();
  await settle(-7);
  await deposit(ANN, 5n);
  await deposit(CAT, -3n);
  await postAll();
  await expectPosted();
  const ann = (await readAccount(venue.table, ANN, SHARDS))!.products[product]!;
  expect(ann.lots).toEqual({ [NOV]: 10, [DEC]: 2 });
  expect(ann.roll).toEqual({ near: DEC, held: 2, rolled: 0 });
});

describe('a wake-up', () => {
  it('that comes again changes nothing', async () => {
    await trade();
    await postAll();
    const before = await written();
    await postAll();
    expect(await written()).toEqual(before);
  });

  it('that was lost is made good by the next one, many events later', async () => {
    await trade();
    await settle(3);
    for (let at = 0; at < 60; at++) await deposit(at % 2 ? ANN : CAT, BigInt(at));
    await postAll();
    await expectPosted();
  });

  it('at two workers of one shard at once moves everything once', async () => {
    await trade();
    await settle(4);
    await deposit(ANN, 10n);
    await Promise.all([post(0), post(0), post(1), post(0), post(1)]);
    await expectPosted();
  });
});

test('a shard that an event does not touch has nothing of it: no wake-up awaits it, no totals, no write but its cursor', async () => {
  await postAll();
  const before = await written();
  for (let at = 0; at < 20; at++) await deposit(CAT, 1n);
  const writes = (['putIf', 'putAll', 'update'] as const).map((verb) => vi.spyOn(venue.table, verb));
  expect(await post(0)).toEqual([]);
  expect(writes.map(({ mock }) => mock.calls.length)).toEqual([1, 0, 0]);
  const moved = (await written()).filter((item) => !before.some((old) => isDeepStrictEqual(item, old)));
  expect(moved).toEqual([{ pk: S('SHARD#0'), sk: S('CURSOR'), seq: N(await seqNow()) }]);
  vi.restoreAllMocks();
  await post(1);
  await expectPosted();
});

describe('a worker that crashes', () => {
  const isCursor = ({ sk }: Item): boolean => sk === 'CURSOR';
  const isTotals = ({ pk }: Key): boolean => pk === 'TOTALS';
  const isAccount = ({ sk }: Item): boolean => sk.startsWith('ACCOUNT#');
  test.each([
    ['before the journal is written', 'putAll', 'before', () => true],
    ['between the journal and the accounts', 'putAll', 'after', () => true],
    ['before the first account', 'putIf', 'before', isAccount],
    ['after the first account', 'putIf', 'after', isAccount],
    ['before the totals', 'update', 'before', isTotals],
    ['after the totals', 'update', 'after', isTotals],
    ['before the cursor moves, with every account already past later events', 'putIf', 'before', isCursor],
    ['after the cursor moves', 'putIf', 'after', isCursor],
  ] as const)('%s is repeated to the same end', async (_, method, when, such) => {
    await trade();
    await settle(9);
    // Moves holdings on behind the settlement, so that a repeat of it meets accounts that are past it.
    await trade(newYork(MONDAY, '13:00'));
    await deposit(ANN, 10n);
    crashOnce(venue.table, method, when, such as never);
    expect(await post(0)).toEqual([0]);
    await postAll();
    await expectPosted();
  });
});

test('a worker that is late by whole days writes over nothing that was posted', async () => {
  await trade();
  await settle(5);
  await venue.commit({ kind: 'day-closed', product, date: MONDAY, after: 0 });
  await postAll();
  const open = await seqNow();
  await trade(newYork('2025-10-21', '10:00'));
  expect(await seqNow()).toBe(open + 1);
  await deposit(ANN, 10n);
  await postAll();
  await expectPosted();
  const before = await written();
  for (const shard of [0, 1]) await venue.table.put({ ...cursorKey(shard), attributes: { seq: N(since) } });
  await postAll();
  expect(await written()).toEqual(before);
  expect(await readHalt(venue.table)).toBeUndefined();
});

test('the last shard to post an event of the day notifies the day run, and no other event does', async () => {
  await trade();
  expect(venue.engine.messages('day-runs')).toEqual([]);
  await post(1);
  expect(venue.engine.messages('day-runs')).toEqual([]);
  await post(0);
  expect(venue.engine.messages('day-runs')).toEqual([{ v: 1, product }]);
  venue.engine.drain();
  await deposit(ANN, 1n);
  await postAll();
  expect(venue.engine.messages('day-runs')).toEqual([]);
});

test('an event that is missing from the log stops the shard, at the end as in the middle', async () => {
  const seq = await deposit(ANN, 1n);
  const kept = (await venue.table.get(logKey(seq)))!;
  await venue.table.delete(logKey(seq));
  expect(await post(0)).toEqual([0]);
  const last = await deposit(ANN, 1n).catch(() => seq);
  expect(await post(0)).toEqual([0]);
  await venue.table.put({ ...logKey(seq), attributes: kept });
  await postAll();
  expect(await readCursor(venue.table, 0)).toBe(last);
});

describe('a posting that does not sum to zero', () => {
  /** A fills item that says something else than what was committed: one lot more for a buyer. */
  async function tamperWithFills(): Promise<void> {
    const [entry] = await readEvents(venue.table, (await seqNow()) - 1, 1);
    if (entry?.event.kind !== 'auction-cleared') throw new Error('not an auction');
    const root = entry.event.fills.roots[0]!;
    const [first, ...rest] = (await readFills(venue.table, entry.event)).filter(({ account }) => shardOf(account, SHARDS) === 0);
    const more = [{ ...first!, lots: (first!.lots + 1) as Lots }, ...rest];
    const [chunk] = packRows(product, 1, { shards: SHARDS, fills: new Map([[0, more]]), carried: new Map(), depth: [] }).items;
    await venue.table.put({ ...chunk!, ...resultKey(product, 1, 'fills#0', root) });
  }

  it.each<[string, () => Promise<void>]>([
    ['because fills were changed', tamperWithFills],
    [
      "because a shard's totals were changed",
      async () => void (await recordTotals(venue.table, await seqNow(), 0, SHARDS, { accounts: 0, cents: cents(1n), lots: {} })),
    ],
  ])('halts the venue and stops what comes after it, until it is resumed: %s', async (_, tamper) => {
    await trade();
    const off = await seqNow();
    await tamper();
    await deposit(CAT, 10n);
    const measured = vi.spyOn(venue.metrics, 'addMetric');
    await post(0);
    expect(await readHalt(venue.table)).toBeUndefined();
    expect(await post(1)).toEqual([]);
    expect(await readHalt(venue.table)).toMatchObject({
      by: 'post-events',
      at: `event ${off}`,
      reason: expect.stringMatching(/^out of balance: event \d+ moves -?\d+ cents over all accounts$/),
    });
    expect(measured).toHaveBeenCalledWith(METRICS.outOfBalance, expect.anything(), 1);
    expect(venue.engine.messages('day-runs')).toEqual([]);
    const before = await written();
    await deposit(DAN, 10n);
    for (const shard of [0, 1]) expect(await post(shard)).toEqual([]);
    expect(await written()).toEqual(before);

    await venue.resume();
    await postAll();
    expect(await readHalt(venue.table)).toBeUndefined();
    expect(await readCursor(venue.table, 1)).toBe(await seqNow());
    // What waits for that event goes on waiting: nothing settles on books that do not balance.
    expect(await isPosted(venue.table, { product, lastEvent: off }, SHARDS)).toBe(false);
    expect(await isPosted(venue.table, { product, lastEvent: await seqNow() }, SHARDS)).toBe(true);
  });
});
