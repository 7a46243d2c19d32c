import { beforeEach, describe, expect, it, test, vi } from 'vitest';
import type { BookOrder, Fill } from '../../lib/domain/auction/book.ts';
import type { Instruction } from '../../lib/domain/auction/orders.ts';
import type { AuctionCleared, ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { CASH } from '../../lib/domain/contract/months.ts';
import { lots, ticks } from '../../lib/domain/contract/units.ts';
import { markAuction, openAuction, readAuction } from '../../lib/store/auctions.ts';
import { halt } from '../../lib/store/halt.ts';
import { resultPartition, rollPartition } from '../../lib/store/keys.ts';
import { loadVenue, newestEvents } from '../../lib/store/log.ts';
import { readCarried, readDepth, readFills } from '../../lib/store/results.ts';
import { claimRollChunk } from '../../lib/store/roll-orders.ts';
import { Table } from '../../lib/store/table.ts';
import { ANN, BOB, CAT, DAN, SHARDS } from '../venue/accounts.ts';
import { moved, opened } from '../venue/events.ts';
import { DEC, H100, NOV, newYork, on } from '../venue/h100.ts';
import { buy, order, sell, spread } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { writeRows } from '../venue/results.ts';
import { crashOnce, deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();

let product: string;
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product);
});

const MONDAY = on('2025-10-20');
const TEN = newYork(MONDAY, '10:00');
const ONE = newYork(MONDAY, '13:00');
const early = newYork(MONDAY, '09:30');

const send = (account: string, ...instructions: Instruction[]): Promise<number[]> =>
  deliver('orders', submission(product, account, early, instructions));
const clear = (auction = 1): Promise<number[]> => deliver('clearings', { v: 1, product, auction });
/** Closes a slot's auction in every shard, without clearing it. */
async function cut(slot = TEN): Promise<void> {
  await deliver('closings', { v: 1, product, slot });
  await venue.work('orders');
  venue.engine.drain();
}
async function cleared(): Promise<AuctionCleared[]> {
  const found: AuctionCleared[] = [];
  for await (const { event } of newestEvents(venue.table))
    if (event.kind === 'auction-cleared' && event.product === product) found.unshift(event);
  return found;
}
async function fillsOf(event: AuctionCleared): Promise<[string, string, number][]> {
  const fills = await readFills(venue.table, event);
  return fills.map(({ account, clientOrderId, lots }) => [account, clientOrderId, lots]);
}
async function carriedNow(): Promise<[string, string, number, boolean][]> {
  const { carried } = await venue.stateOf(product);
  const orders = await readCarried(venue.table, product, carried);
  return orders.map(({ account, clientOrderId, lots, partlyFilled }) => [account, clientOrderId, lots, partlyFilled]);
}

test('a book spread over all shards clears together: outrights and a spread at the difference of its months', async () => {
  await send(ANN, buy('n', NOV, 2402, 5));
  await send(CAT, sell('d', DEC, 2410, 5));
  await send(DAN, spread('s', DEC, NOV, 8, 5));
  await cut();
  expect(await clear()).toEqual([]);
  const [event] = await cleared();
  expect(event).toMatchObject({ auction: 1, slot: TEN, date: MONDAY, closing: false, orders: 3, surplus: '0' });
  expect(event!.months[DEC]!.price - event!.months[NOV]!.price).toBe(8);
  expect((await fillsOf(event!)).toSorted()).toEqual(
    [
      [ANN, 'n', 5],
      [CAT, 'd', 5],
      [DAN, 's', 5],
    ].toSorted(),
  );
  const depth = await readDepth(venue.table, product, 1, event!.depth);
  expect(depth).toContainEqual({ buy: DEC, sell: NOV, limit: 8, traded: 5, lapsed: 0 });
  expect(await readAuction(venue.table, product, 1)).toMatchObject({ clearedBy: (await loadVenue(venue.table)).seq });
  expect(venue.engine.messages('postings')).toHaveLength(SHARDS);
});

test('orders alike in all but their account’s name fill alike, and one large order gets what many small ones do', async () => {
  const hundred = Array.from({ length: 100 }, (_, at) => buy(`b${at}`, NOV, 2400, 1));
  await send(ANN, ...hundred);
  await send(BOB, ...hundred);
  await send(CAT, buy('large', NOV, 2400, 100));
  await send(DAN, sell('s', NOV, 2390, 150));
  await cut();
  await clear();
  const [event] = await cleared();
  const filled = new Map<string, number>();
  for (const [account, , size] of await fillsOf(event!)) filled.set(account, (filled.get(account) ?? 0) + size);
  expect(Object.fromEntries(filled)).toEqual({ [ANN]: 50, [BOB]: 50, [CAT]: 50, [DAN]: 150 });
});

describe('an auction waits', () => {
  it('until every shard is closed', async () => {
    await deliver('closings', { v: 1, product, slot: TEN });
    await deliver('orders', { v: 1, kind: 'marker', product, shard: 1, auction: 1, slot: TEN });
    expect(await clear()).toEqual([]);
    expect(await cleared()).toEqual([]);
    await deliver('orders', { v: 1, kind: 'marker', product, shard: 0, auction: 1, slot: TEN });
    await clear();
    expect(await cleared()).toHaveLength(1);
  });

  it('when there is none of that number', async () => {
    expect(await clear(7)).toEqual([]);
    expect(await cleared()).toEqual([]);
  });

  it('for its predecessor, which notifies it', async () => {
    await cut(TEN);
    await cut(ONE);
    expect(await clear(2)).toEqual([]);
    expect(await cleared()).toEqual([]);
    await clear(1);
    expect(venue.engine.messages('clearings')).toEqual([{ v: 1, product, auction: 2 }]);
    await venue.work();
    expect((await cleared()).map(({ auction }) => auction)).toEqual([1, 2]);
  });

  it('while the venue is halted', async () => {
    await cut();
    await halt(venue.table, { reason: 'test', by: 'op', at: '' });
    expect(await clear()).toEqual([]);
    expect(await cleared()).toEqual([]);
    await venue.resume();
    await clear();
    expect(await cleared()).toHaveLength(1);
  });
});

describe('an auction that is cleared again', () => {
  it('changes nothing and sends the same wake-ups', async () => {
    await send(ANN, buy('a', NOV, 2400, 5, 'gtc'));
    await cut(TEN);
    await cut(ONE);
    await clear(1);
    const before = await venue.table.queryAll(resultPartition(product, 1));
    const sent = venue.engine.messages('clearings');
    const notified = vi.spyOn(venue.queues, 'notifyPostings');
    expect(await clear(1)).toEqual([]);
    expect(await cleared()).toHaveLength(1);
    expect(await venue.table.queryAll(resultPartition(product, 1))).toEqual(before);
    expect(venue.engine.messages('clearings')).toEqual([...sent, ...sent]);
    expect(notified).toHaveBeenCalledOnce();
  });

  it('by workers at once is committed once', async () => {
    await send(ANN, buy('a', NOV, 2400, 5));
    await send(CAT, sell('b', NOV, 2400, 5));
    await cut();
    expect(await Promise.all([clear(), clear(), clear()])).toEqual([[], [], []]);
    expect(await cleared()).toHaveLength(1);
  });

  it('while other events are committed is decided again behind them', async () => {
    await cut();
    const original = venue.table.create.bind(venue.table);
    let overtaken = 0;
    vi.spyOn(venue.table, 'create').mockImplementation(async (item) => {
      if (item.pk === 'LOG' && overtaken++ < 2) await venue.commit(opened(`x${overtaken}`), new Table());
      return original(item);
    });
    expect(await clear()).toEqual([]);
    expect(overtaken).toBe(3);
    expect(await cleared()).toHaveLength(1);
  });

  describe('because an event took its place in the log', () => {
    /** Lets an operator's commit be first, so many times; gives how often the book was read. */
    async function clearBehind(event: (at: number) => ClearingEvent, times: number): Promise<number> {
      const create = venue.table.create.bind(venue.table);
      let overtaken = 0;
      vi.spyOn(venue.table, 'create').mockImplementation(async (item) => {
        if (item.pk === 'LOG' && overtaken++ < times) await venue.commit(event(overtaken), new Table());
        return create(item);
      });
      const read = vi.spyOn(venue.table, 'queryAll');
      expect(await clear()).toEqual([]);
      expect(overtaken).toBe(times + 1);
      expect(await cleared()).toHaveLength(1);
      return read.mock.calls.filter(([partition]) => partition === rollPartition(product, 0)).length;
    }

    it('of another product or account, it is committed behind it, and its book is not cleared again', async () => {
      await send(ANN, buy('a', NOV, 2400, 5));
      await send(CAT, sell('b', NOV, 2400, 5));
      await cut();
      expect(await clearBehind(() => moved(ANN, 1n), 15)).toBe(1);
      expect(await fillsOf((await cleared())[0]!)).toHaveLength(2);
    });

    it('of its own product, its book is cleared again', async () => {
      await cut();
      const change = { kind: 'parameters-changed', product, parameters: H100, by: 'op', at: '' } as const;
      expect(await clearBehind((at) => ({ ...change, version: at + 1 }), 2)).toBe(3);
    });
  });

  it.each([
    ['after writing its results', 'table', 'putAll', 'after'],
    ['before its commit', 'table', 'create', 'before'],
    ['after its commit', 'table', 'create', 'after'],
    ['before noting the event that cleared it', 'table', 'update', 'before'],
    ['before the wake-ups', 'queues', 'notifyPostings', 'before'],
  ] as const)('because its worker crashed %s ends the same', async (_, on, method, when) => {
    await send(ANN, buy('a', NOV, 2400, 5, 'gtc'));
    await send(CAT, sell('b', NOV, 2400, 3));
    await cut();
    crashOnce(venue[on], method as never, when);
    expect(await clear()).toEqual([0]);
    expect(await clear()).toEqual([]);
    const [event, ...more] = await cleared();
    expect(more).toEqual([]);
    expect(await fillsOf(event!)).toHaveLength(2);
    expect((await readAuction(venue.table, product, 1))?.clearedBy).toBeGreaterThan(0);
    expect(venue.engine.messages('postings')).toHaveLength(SHARDS);
  });

  it('late by other code, with another outcome, does not touch what is committed', async () => {
    await send(ANN, buy('a', NOV, 2400, 5, 'gtc'));
    await send(CAT, sell('b', NOV, 2400, 3));
    await cut();
    await clear();
    const [event] = await cleared();
    const [fills, carried] = [await fillsOf(event!), await carriedNow()];
    const other: Fill = {
      account: ANN,
      clientOrderId: 'a',
      buy: NOV,
      sell: 0 as never,
      lots: lots(1),
      sender: 'desk-7',
      rolls: false,
    };
    const left: BookOrder = {
      ...order('a', NOV, 0, 2400, 99, 'gtc'),
      account: ANN,
      sender: 'desk-7',
      rolls: false,
      partlyFilled: true,
    };
    const written = await writeRows(venue.table, product, 1, {
      shards: SHARDS,
      fills: new Map([[0, [other]]]),
      carried: new Map([[0, [left]]]),
      depth: [{ buy: NOV, sell: CASH, limit: ticks(1), traded: lots(1), lapsed: lots(0) }],
    });
    expect(written.fills.roots[0]).not.toEqual(event!.fills.roots[0]);
    expect(await fillsOf(event!)).toEqual(fills);
    expect(await carriedNow()).toEqual(carried);
    expect(await readDepth(venue.table, product, 1, event!.depth)).toMatchObject([{ limit: 2400, traded: 3 }, { limit: -2400 }]);
  });
});

describe('what is left of an order', () => {
  const rest = async (closing: boolean): Promise<void> => {
    for (const tif of ['auction', 'day', 'gtc'] as const) await send(ANN, buy(`${tif}-rest`, NOV, 2400 - 50, 5, tif));
    await send(ANN, buy('gtc-part', NOV, 2400, 5, 'gtc'));
    await send(CAT, sell('s', NOV, 2400, 3));
    if (closing) {
      await openAuction(venue.table, { product, auction: 1, slot: TEN, date: MONDAY, closing: true, shards: SHARDS });
      await markAuction(venue.table, product, 1);
      await venue.queues.sendMarkers(product, 1, TEN, SHARDS);
      await venue.work('orders');
    } else await cut();
    venue.engine.drain();
    await clear();
  };

  it('is carried by its time in force, with the mark of having traded', async () => {
    await rest(false);
    expect(await carriedNow()).toEqual([
      [ANN, 'day-rest', 5, false],
      [ANN, 'gtc-part', 2, true],
      [ANN, 'gtc-rest', 5, false],
    ]);
  });

  it('lapses after the closing auction if it was for the day', async () => {
    await rest(true);
    expect(await carriedNow()).toEqual([
      [ANN, 'gtc-part', 2, true],
      [ANN, 'gtc-rest', 5, false],
    ]);
  });

  it('is carried on by auctions it has no part in, and is no longer marked', async () => {
    await rest(false);
    await venue.holdAuction(product, ONE);
    expect(await carriedNow()).toEqual([
      [ANN, 'day-rest', 5, false],
      [ANN, 'gtc-part', 2, false],
      [ANN, 'gtc-rest', 5, false],
    ]);
  });

  it('lapses when its month is no longer listed', async () => {
    product = venue.nextProduct();
    await venue.list(product, { date: '2025-10-30' });
    const own = await venue.stateOf(product);
    const [oct] = own.listed;
    await send(ANN, buy('oct', oct!, 2300, 5, 'gtc'), buy('nov', NOV, 2300, 5, 'gtc'), spread('both', NOV, oct!, -90, 1));
    await openAuction(venue.table, { product, auction: 1, slot: TEN, date: on('2025-10-31'), closing: true, shards: SHARDS });
    await venue.queues.sendMarkers(product, 1, TEN, SHARDS);
    await venue.work('orders');
    venue.engine.drain();
    await clear();
    expect(await carriedNow()).toHaveLength(2);
    const date = on('2025-10-31');
    const [settled, mark] = [own.marks, own.marks[oct!]!];
    const by = { approvedBy: [] };
    await venue.commit({
      kind: 'prices-settled',
      product,
      date,
      auction: 1,
      previous: settled,
      settled,
      rollOpens: null,
      ...by,
    });
    const far = (own.listed.at(-1)! + 1) as never;
    const price = { mark, finalPrice: mark, index: {}, listed: far, listedAt: mark };
    await venue.commit({ kind: 'month-expired', product, date, month: oct!, ...price, ...by });
    await openAuction(venue.table, { product, auction: 2, slot: ONE, date: on('2025-11-03'), closing: false, shards: SHARDS });
    await cut(ONE);
    await clear(2);
    expect(await carriedNow()).toEqual([[ANN, 'nov', 5, false]]);
    expect((await cleared())[1]).toMatchObject({ orders: 0 });
  });
});

test("the roll's orders take part and are told apart in the fills", async () => {
  const roll: BookOrder = {
    ...order('roll/x', DEC, NOV, 10, 4),
    account: BOB,
    sender: 'venue',
    rolls: true,
    partlyFilled: false,
  };
  await claimRollChunk(venue.table, product, 0, 1, 0, { orders: [roll], through: BOB, last: true });
  await send(CAT, spread('s', NOV, DEC, -10, 4));
  await cut();
  await clear();
  const [event] = await cleared();
  const fills = await readFills(venue.table, event!);
  expect(fills.filter(({ rolls }) => rolls)).toEqual([
    { account: BOB, sender: 'venue', clientOrderId: 'roll/x', buy: DEC, sell: NOV, lots: 4, rolls: true },
  ]);
});

test('more rows than an item holds are split over several and read whole, and one that is gone stops its reader', async () => {
  const fill = (at: number): Fill => ({
    account: 'a'.repeat(64),
    clientOrderId: String(at).padStart(36, '0'),
    buy: NOV,
    sell: DEC,
    lots: lots(1_000_000),
    sender: 'desk-7',
    rolls: false,
  });
  const fills = Array.from({ length: 6500 }, (_, at) => fill(at));
  const result = { shards: SHARDS, fills: new Map([[1, fills]]), carried: new Map(), depth: [] };
  const written = { product, auction: 1, ...(await writeRows(venue.table, product, 1, result)) };
  expect(await readFills(venue.table, written)).toEqual(fills);
  const gone = { ...written, fills: { shards: SHARDS, roots: { 1: 'gone' } } };
  await expect(readFills(venue.table, gone)).rejects.toThrow('committed and not there');
});
