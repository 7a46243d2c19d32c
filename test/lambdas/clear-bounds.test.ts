/** Clear where a small mistake would go unseen: what is noted late, and the second look at what the matching came to. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClearedBook, FrozenBook, MonthResult } from '../../lib/domain/auction/book.ts';
import type { BookColumns } from '../../lib/domain/auction/book-columns.ts';
import { lots, MAX_TICKS, ticks } from '../../lib/domain/contract/units.ts';
import type { clearBook } from '../../lib/domain/risk/clear.ts';
import { readAuction } from '../../lib/store/auctions.ts';
import { newestEvents } from '../../lib/store/log.ts';
import { readCarriedIn } from '../../lib/store/results.ts';
import { ANN, CAT } from '../venue/accounts.ts';
import { DEC, NOV, newYork } from '../venue/h100.ts';
import { buy, sell } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { crashOnce, deliver, openWorkerVenue } from '../venue/worker-venue.ts';

/** What a mistaken matching would come to, or columns that are not the book; as it is unless a test says otherwise. */
type Mistake = (clear: (book: FrozenBook) => ClearedBook, book: FrozenBook) => ClearedBook;
type HowToClear = Parameters<typeof clearBook> extends [FrozenBook, ...infer How] ? How : never;
let mistake: Mistake = (cleared, book) => cleared(book);
vi.mock('../../lib/domain/risk/clear.ts', async (original) => {
  const real = await original<{ clearBook: typeof clearBook }>();
  return { ...real, clearBook: (book: FrozenBook, ...how: HowToClear) => mistake((of) => real.clearBook(of, ...how), book) };
});

const venue = await openWorkerVenue();

const newProduct = async (): Promise<string> => {
  const product = venue.nextProduct();
  await venue.list(product);
  return product;
};
beforeEach(() => {
  mistake = (cleared, book) => cleared(book);
});

const TEN = newYork('2025-10-20', '10:00');
const ONE = newYork('2025-10-20', '13:00');
const early = newYork('2025-10-20', '09:30');
/** Closes a slot's auction in every shard, without clearing it. */
async function cut(product: string, slot = TEN): Promise<void> {
  await deliver('closings', { v: 1, product, slot });
  await venue.work('orders');
  venue.engine.drain();
}
const clear = (product: string, auction = 1): Promise<number[]> => deliver('clearings', { v: 1, product, auction });
async function seqOf(product: string, auction: number): Promise<number | undefined> {
  for await (const { seq, event } of newestEvents(venue.table))
    if (event.kind === 'auction-cleared' && event.product === product && event.auction === auction) return seq;
  return undefined;
}

describe('an auction whose worker crashed before it noted which event cleared it', () => {
  it('is noted with its own event, though another product’s auction of the same number cleared after it', async () => {
    const [product, other] = [await newProduct(), await newProduct()];
    await cut(product);
    await cut(other);
    crashOnce(venue.table, 'update', 'before');
    expect(await clear(product)).toEqual([0]);
    expect(await clear(other)).toEqual([]);
    expect(await readAuction(venue.table, product, 1)).toMatchObject({ clearedBy: undefined });
    expect(await clear(product)).toEqual([]);
    expect((await readAuction(venue.table, product, 1))?.clearedBy).toBe(await seqOf(product, 1));
  });

  it('is noted with its own event, though the auction after it has cleared', async () => {
    const product = await newProduct();
    await cut(product);
    await cut(product, ONE);
    crashOnce(venue.table, 'update', 'before');
    expect(await clear(product)).toEqual([0]);
    expect(await clear(product, 2)).toEqual([]);
    expect(await clear(product)).toEqual([]);
    expect((await readAuction(venue.table, product, 1))?.clearedBy).toBe(await seqOf(product, 1));
    expect((await readAuction(venue.table, product, 2))?.clearedBy).toBe(await seqOf(product, 2));
  });
});

it('sends the wake-ups of a repeat under another name, or the queue would drop them as sent already', async () => {
  const product = await newProduct();
  await cut(product);
  const sent = vi.spyOn(venue.queues, 'notifyPostings');
  expect(await clear(product)).toEqual([]);
  expect(await clear(product)).toEqual([]);
  const [first, again] = sent.mock.calls.map(([seq, , why]) => ({ seq, why }));
  sent.mockRestore();
  expect(again!.seq).toBe(first!.seq);
  expect(again!.why).not.toBe(first!.why);
});

it('carries the orders of every shard, each where its account is', async () => {
  const product = await newProduct();
  for (const account of [ANN, CAT]) await deliver('orders', submission(product, account, early, [buy('a', NOV, 2300, 1, 'gtc')]));
  for (const slot of [TEN, ONE]) {
    await cut(product, slot);
    expect(await clear(product, slot === TEN ? 1 : 2)).toEqual([]);
  }
  const { carried } = await venue.stateOf(product);
  const left = await Promise.all([0, 1].map((shard) => readCarriedIn(venue.table, product, carried, shard)));
  expect(left.map((orders) => orders.map(({ account }) => account))).toEqual([[ANN], [CAT]]);
});

const otherMonth = ({ buy: bought, sell: sold }: BookColumns): void => {
  bought.set([DEC]);
  sold.set([DEC], 1);
};

describe('a matching that breaks its own rules is not committed', () => {
  const filled =
    (change: (lots: number, row: number) => number): Mistake =>
    (cleared, book) => {
      const result = cleared(book);
      return { ...result, filled: result.filled.map(change) };
    };
  const taken =
    (...lots: number[]): Mistake =>
    (cleared, book) => ({ ...cleared(book), selfMatched: Int32Array.from(lots) });
  const raised =
    (by: number): Mistake =>
    (cleared, book) => {
      const result = cleared(book);
      const price = (result.months[NOV]!.price + by) as never;
      return { ...result, months: { ...result.months, [NOV]: { ...result.months[NOV]!, price } } };
    };
  /** Says something else of a month in which nothing trades. */
  const december =
    (other: Partial<MonthResult>): Mistake =>
    (cleared, book) => {
      const result = cleared(book);
      return { ...result, months: { ...result.months, [DEC]: { ...result.months[DEC]!, ...other } } };
    };
  /** Changes columns of the book, before it is cleared or only after. */
  const columns =
    (when: 'before' | 'after', change: (orders: BookColumns) => void): Mistake =>
    (cleared, book) => {
      if (when === 'before') change(book.orders);
      const result = cleared(book);
      if (when === 'after') change(book.orders);
      return result;
    };

  it.each<[what: string, mistake: Mistake, says: string]>([
    ['fills an order beyond its lots', filled((lots) => lots + 1), 'not of an order of the book'],
    ['fills less than no lots', filled((lots) => -lots), "can't pack"],
    ['sells a lot that is not bought', filled((lots, row) => (row === 0 ? lots - 1 : lots)), 'the fills move'],
    ['fills one side alone', filled((lots, row) => (row === 0 ? lots : 0)), 'the fills move'],
    ['lets a buyer pay a tick more than its limit', raised(11), 'beyond its limit'],
    ['lets a seller get a tick less than its limit', raised(-1), 'beyond its limit'],
    ['fills an order that is not in the book', columns('after', ({ names }) => names.fill(120)), 'not of an order of the book'],
    ['fills an order in another month', columns('after', ({ buy: bought }) => bought.set([DEC])), 'not of an order of the book'],
    [
      'read more lots than were sent, of both sides',
      columns('before', ({ lots }) => lots.fill(9)),
      'not of an order of the book',
    ],
    ['read another limit than was sent', columns('before', ({ limit }) => limit.set([2490, -2480])), 'beyond its limit'],
    ['read another month than was sent', columns('before', otherMonth), 'not of an order of the book'],
    ['prices a month beyond its band', december({ price: ticks(2 * MAX_TICKS) }), 'clears 199997600 ticks from its mark'],
    ['locks a month inside its band', december({ locked: { side: 'bid', crowd: lots(2), kept: lots(1) } }), 'clears 0 ticks'],
    ['reads an order at a place where it is not', columns('before', ({ source }) => source.fill(0)), 'not of an order'],
    [
      'takes the order of one account for that of another',
      columns('before', ({ source }) => source.reverse()),
      'not of an order',
    ],
  ])('when it %s', async (_, made, says) => {
    const product = await newProduct();
    await deliver('orders', submission(product, ANN, early, [buy('a', NOV, 2410, 5)]));
    await deliver('orders', submission(product, CAT, early, [sell('b', NOV, 2400, 5)]));
    await stops(product, made, says);
  });

  // Two lots of `a` are taken out with `c`, the other four trade with `b`, which has one left.
  it.each<[what: string, mistake: Mistake, says: string]>([
    ['takes out more than an order has left', taken(3, 3, 0), 'not of an order of the book'],
    ['takes out lots that trade', taken(2, 2, 2), 'not of an order of the book'],
    ['takes out one side alone', taken(2, 0, 0), 'self-matched moves'],
    ['takes out of two owners what only one has', taken(1, 0, 1), 'self-matched moves'],
    ['takes out nothing, and no less', taken(-1, -1, 0), "can't pack"],
  ])('when it %s', async (_, made, says) => {
    const product = await newProduct();
    await deliver('orders', submission(product, ANN, early, [buy('a', NOV, 2410, 6), sell('c', NOV, 2400, 2)]));
    await deliver('orders', submission(product, CAT, early, [sell('b', NOV, 2400, 5)]));
    await stops(product, made, says);
  });

  /** The auction is not committed with the mistake, and is without it. */
  async function stops(product: string, made: Mistake, says: string): Promise<void> {
    await cut(product);
    mistake = made;
    const failed = vi.spyOn(venue.logger, 'error');
    expect(await clear(product)).toEqual([0]);
    expect((failed.mock.calls[0]![1] as { error: Error }).error.message).toContain(says);
    failed.mockRestore();
    expect(await venue.stateOf(product)).toMatchObject({ lastAuction: 0 });
    mistake = (cleared, book) => cleared(book);
    expect(await clear(product)).toEqual([]);
    expect(await venue.stateOf(product)).toMatchObject({ lastAuction: 1 });
  }
});
