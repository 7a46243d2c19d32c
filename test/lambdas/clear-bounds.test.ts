/** Clear where a small mistake would go unseen: what is noted late, and the second look at what the matching came to. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClearedBook, clearBook, Fill } from '../../lib/domain/auction/book.ts';
import type { AuctionCleared } from '../../lib/domain/clearing/events.ts';
import { lots } from '../../lib/domain/contract/units.ts';
import { readAuction } from '../../lib/store/auctions.ts';
import { newestEvents } from '../../lib/store/log.ts';
import { readCarriedIn } from '../../lib/store/results.ts';
import { ANN, CAT } from '../venue/accounts.ts';
import { DEC, NOV, newYork } from '../venue/h100.ts';
import { buy, sell } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { crashOnce, deliver, openWorkerVenue } from '../venue/worker-venue.ts';

/** What a mistaken matching would come to; as it is unless a test says otherwise. */
let mistake: (result: ClearedBook) => ClearedBook = (result) => result;
vi.mock('../../lib/domain/auction/book.ts', async (original) => {
  const real = await original<{ clearBook: typeof clearBook }>();
  return { ...real, clearBook: (...given: Parameters<typeof clearBook>) => mistake(real.clearBook(...given)) };
});

const venue = await openWorkerVenue();

const newProduct = async (): Promise<string> => {
  const product = venue.nextProduct();
  await venue.list(product);
  return product;
};
beforeEach(() => {
  mistake = (result) => result;
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

describe('a matching that breaks its own rules is not committed', () => {
  const withFills = (change: (fills: readonly Fill[]) => readonly Fill[]) => (result: ClearedBook) => ({
    ...result,
    fills: change(result.fills),
  });
  const more = (fill: Fill, by: number): Fill => ({ ...fill, lots: lots(fill.lots + by) });
  const raised = (result: ClearedBook, by: number): ClearedBook['months'] => {
    const months: Record<number, AuctionCleared['months'][number]> = { ...result.months };
    months[NOV] = { ...months[NOV]!, price: (months[NOV]!.price + by) as never };
    return months;
  };

  it.each<[what: string, mistake: (result: ClearedBook) => ClearedBook, says: string]>([
    ['fills an order beyond its lots', withFills((fills) => fills.map((fill) => more(fill, 1))), 'not of an order of the book'],
    [
      'fills an order that is not in the book',
      withFills((fills) => fills.map((fill) => ({ ...fill, clientOrderId: 'x' }))),
      'not of an order of the book',
    ],
    [
      'fills an order in another month',
      withFills((fills) => fills.map((fill) => (fill.buy === NOV ? { ...fill, buy: DEC } : fill))),
      'not of an order of the book',
    ],
    ['fills no lots', withFills((fills) => fills.map((fill) => more(fill, -fill.lots))), 'not of an order of the book'],
    ['sells a lot that is not bought', withFills(([first, ...rest]) => [more(first!, -1), ...rest]), 'the fills move'],
    ['fills one side alone', withFills(([first]) => [first!]), 'the fills move'],
    ['lets a buyer pay a tick more than its limit', (result) => ({ ...result, months: raised(result, 11) }), 'beyond its limit'],
    ['lets a seller get a tick less than its limit', (result) => ({ ...result, months: raised(result, -1) }), 'beyond its limit'],
  ])('when it %s', async (_, made, says) => {
    const product = await newProduct();
    await deliver('orders', submission(product, ANN, early, [buy('a', NOV, 2410, 5)]));
    await deliver('orders', submission(product, CAT, early, [sell('b', NOV, 2400, 5)]));
    await cut(product);
    mistake = made;
    const failed = vi.spyOn(venue.logger, 'error');
    expect(await clear(product)).toEqual([0]);
    expect((failed.mock.calls[0]![1] as { error: Error }).error.message).toContain(says);
    failed.mockRestore();
    expect(await venue.stateOf(product)).toMatchObject({ lastAuction: 0 });
    mistake = (result) => result;
    expect(await clear(product)).toEqual([]);
    expect(await venue.stateOf(product)).toMatchObject({ lastAuction: 1 });
  });
});
