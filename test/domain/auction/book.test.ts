import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BookOrder } from '../../../lib/domain/auction/book.ts';
import type { TimeInForce } from '../../../lib/domain/auction/orders.ts';
import { CASH, type ContractMonth } from '../../../lib/domain/contract/months.ts';
import { lots, ticks } from '../../../lib/domain/contract/units.ts';
import { month } from '../../venue/h100.ts';
import { type ClearedRows, clearRows } from '../../venue/results.ts';

const [OCT, NOV, DEC, JAN] = [month('2025-10'), month('2025-11'), month('2025-12'), month('2026-01')];
const MARKS = { [NOV]: ticks(2400), [DEC]: ticks(2410), [JAN]: ticks(2420) };

const order = (
  name: string,
  bought: ContractMonth,
  sold: ContractMonth,
  limit: number,
  quantity: number,
  more: Partial<BookOrder> = {},
): BookOrder => {
  const [account, clientOrderId] = name.split('/') as [string, string];
  const terms = { buy: bought, sell: sold, limit: ticks(limit), lots: lots(quantity), timeInForce: 'gtc' as TimeInForce };
  return { account, clientOrderId, ...terms, sender: 'desk-7', rolls: false, partlyFilled: false, ...more };
};
/** `name` is account/order. */
const buy = (name: string, of: ContractMonth, price: number, quantity: number, more: Partial<BookOrder> = {}): BookOrder =>
  order(name, of, CASH, price, quantity, more);
const sell = (name: string, of: ContractMonth, price: number, quantity: number, more: Partial<BookOrder> = {}): BookOrder =>
  order(name, CASH, of, -price, quantity, more);

const clear = (orders: readonly BookOrder[], closing = false): ClearedRows =>
  clearRows(orders, [1, 2, 3, 4], [NOV, DEC, JAN], MARKS, closing);
const filled = ({ fills }: ClearedRows): Record<string, number> =>
  Object.fromEntries(fills.map((fill) => [`${fill.account}/${fill.clientOrderId}`, fill.lots]));
const carried = ({ carried: orders }: ClearedRows): Record<string, number> =>
  Object.fromEntries(orders.map((left) => [`${left.account}/${left.clientOrderId}`, left.lots]));

describe('a book becomes prices, volumes and quotes by month', () => {
  test('an empty one leaves every month at its mark, untraded and unquoted', () => {
    const quiet = { traded: false, volume: 0, bid: null, offer: null, sealedBid: null, sealedOffer: null };
    expect(clear([])).toEqual({
      months: { [NOV]: { price: 2400, ...quiet }, [DEC]: { price: 2410, ...quiet }, [JAN]: { price: 2420, ...quiet } },
      fills: [],
      carried: [],
      depth: [],
      surplus: 0n,
      orders: 0,
    });
  });

  test('a month’s volume is what was bought in it, outright or in a spread, and each lot is counted once', () => {
    const { months, surplus, orders } = clear([
      buy('ann/n', NOV, 2402, 7),
      order('bob/s', DEC, NOV, 8, 3),
      sell('cat/d', DEC, 2410, 3),
      sell('cat/n', NOV, 2400, 4),
    ]);
    expect([months[NOV]!.volume, months[DEC]!.volume, months[JAN]!.volume]).toEqual([7, 3, 0]);
    expect([months[NOV]!.traded, months[DEC]!.traded, months[JAN]!.traded]).toEqual([true, true, false]);
    expect(months[DEC]!.price - months[NOV]!.price).toBe(8);
    expect(orders).toBe(4);
    // Four lots from 2.400 to 2.402; the spread and its two months meet at no gain.
    expect(surplus).toBe(8n);
  });

  test('the sealed bid and offer of a month are the best that are left, an order filled in part included', () => {
    const { months } = clear([
      buy('ann/whole', NOV, 2405, 2),
      buy('ann/part', NOV, 2401, 5),
      buy('ann/low', NOV, 2390, 5),
      sell('bob/s', NOV, 2401, 3),
      sell('bob/high', DEC, 2500, 1),
      sell('bob/higher', DEC, 2600, 1),
    ]);
    expect(months[NOV]).toMatchObject({ price: 2401, traded: true, volume: 3, sealedBid: 2401, sealedOffer: null });
    expect(months[DEC]).toMatchObject({ price: 2410, traded: false, volume: 0, sealedBid: null, sealedOffer: 2500 });
  });

  test('the depth shows what traded and what lapsed by pair of months and limit, the best first, never an account', () => {
    const gone = { timeInForce: 'auction' as const };
    const { depth, months, orders } = clear([
      buy('ann/a', NOV, 2390, 2, gone),
      buy('bob/b', NOV, 2390, 3, gone),
      buy('bob/c', NOV, 2380, 1, gone),
      buy('bob/t', DEC, 2500, 3, gone),
      sell('cat/d', DEC, 2500, 4, gone),
      order('cat/e', JAN, DEC, -5, 6, gone),
      order('dan/f', JAN, DEC, 0, 1, gone),
    ]);
    expect(depth).toEqual([
      { buy: NOV, sell: CASH, limit: 2390, traded: 0, lapsed: 5 },
      { buy: NOV, sell: CASH, limit: 2380, traded: 0, lapsed: 1 },
      { buy: DEC, sell: CASH, limit: 2500, traded: 3, lapsed: 0 },
      { buy: CASH, sell: DEC, limit: -2500, traded: 3, lapsed: 1 },
      { buy: JAN, sell: DEC, limit: 0, traded: 0, lapsed: 1 },
      { buy: JAN, sell: DEC, limit: -5, traded: 0, lapsed: 6 },
    ]);
    expect(months[NOV]).toMatchObject({ bid: 2390, offer: null });
    expect(months[DEC]).toMatchObject({ bid: null, offer: 2500 });
    expect(orders).toBe(7);
  });
});

describe('an order stays sealed as long as it lives', () => {
  const published = ({ months, depth, surplus, orders }: ClearedRows) => ({
    months: Object.values(months).map(({ sealedBid: _, sealedOffer: __, ...shown }) => shown),
    depth,
    surplus,
    orders,
  });

  test('an auction that carries orders publishes what it would have published without them', () => {
    // The bid above the mark moves the price at which November would clear, and does not trade.
    const carriedOnly = clear([buy('ann/a', NOV, 2405, 5), sell('cat/d', DEC, 2450, 4), order('dan/s', JAN, DEC, -5, 3)]);
    expect(carriedOnly.carried).toHaveLength(3);
    expect(published(carriedOnly)).toEqual(published(clear([])));
    expect(carriedOnly.months[NOV]).toMatchObject({ sealedBid: 2405 });
  });

  test('of an order that trades in part, what trades is published and the rest is not', () => {
    const { months, depth, orders } = clear([buy('ann/a', NOV, 2400, 500), sell('cat/d', NOV, 2400, 4)]);
    expect(depth).toEqual([
      { buy: NOV, sell: CASH, limit: 2400, traded: 4, lapsed: 0 },
      { buy: CASH, sell: NOV, limit: -2400, traded: 4, lapsed: 0 },
    ]);
    expect(months[NOV]).toMatchObject({ bid: null, offer: null, sealedBid: 2400 });
    expect(orders).toBe(2);
  });

  test('what lapses at the end of its time is published, whatever was carried beside it', () => {
    const { months, depth } = clear([buy('ann/a', NOV, 2390, 7, { timeInForce: 'day' }), buy('bob/b', NOV, 2395, 9)], true);
    expect(depth).toEqual([{ buy: NOV, sell: CASH, limit: 2390, traded: 0, lapsed: 7 }]);
    expect(months[NOV]).toMatchObject({ bid: 2390, sealedBid: 2395 });
  });
});

describe('a fill names its order', () => {
  test('and says whether the day run made it', () => {
    const { fills } = clear([
      order('ann/roll', DEC, NOV, 12, 4, { rolls: true, timeInForce: 'auction' }),
      order('bob/s', NOV, DEC, -10, 4),
    ]);
    expect(fills).toEqual([
      { account: 'ann', sender: 'desk-7', clientOrderId: 'roll', buy: DEC, sell: NOV, lots: 4, rolls: true },
      { account: 'bob', sender: 'desk-7', clientOrderId: 's', buy: NOV, sell: DEC, lots: 4, rolls: false },
    ]);
  });

  test('and there is none for an order that did not trade', () => {
    expect(filled(clear([buy('ann/n', NOV, 2300, 5), buy('bob/n', NOV, 2400, 1), sell('cat/n', NOV, 2400, 1)]))).toEqual({
      'bob/n': 1,
      'cat/n': 1,
    });
  });
});

describe('what is left of an order', () => {
  test.each<[timeInForce: TimeInForce, closing: boolean, stays: boolean]>([
    ['auction', false, false],
    ['auction', true, false],
    ['day', false, true],
    ['day', true, false],
    ['gtc', false, true],
    ['gtc', true, true],
  ])('for `%s`, when the auction closes the day: %s, is carried: %s', (timeInForce, closing, stays) => {
    const part = clear([buy('ann/n', NOV, 2400, 5, { timeInForce }), sell('bob/n', NOV, 2400, 2)], closing);
    expect(carried(part)).toEqual(stays ? { 'ann/n': 3 } : {});
    expect(carried(clear([buy('ann/n', NOV, 2400, 5, { timeInForce })], closing))).toEqual(stays ? { 'ann/n': 5 } : {});
  });

  test('is its remainder, on the same terms, marked as partly filled if it traded now and not because it did before', () => {
    const before = buy('ann/old', NOV, 2300, 5, { partlyFilled: true });
    const now = buy('ann/new', NOV, 2400, 5);
    expect(clear([before, now, sell('bob/n', NOV, 2400, 2)]).carried).toEqual([
      { ...now, lots: 3, partlyFilled: true },
      { ...before, partlyFilled: false },
    ]);
  });

  test('is nothing when it filled whole', () => {
    expect(carried(clear([buy('ann/n', NOV, 2400, 2), sell('bob/n', NOV, 2400, 2)]))).toEqual({});
  });
});

describe('an order of a month that is no longer listed', () => {
  test.each<[what: string, gone: BookOrder]>([
    ['bought', buy('ann/o', OCT, 2400, 5)],
    ['sold', sell('ann/o', OCT, 2400, 5)],
    ['bought in a spread', order('ann/o', OCT, NOV, 100, 5)],
    ['sold in a spread', order('ann/o', NOV, OCT, 100, 5)],
  ])('and that it %s lapses: it neither trades nor is carried, published or counted', (_, gone) => {
    const rest = [buy('bob/n', NOV, 2400, 2), sell('cat/n', NOV, 2400, 2)];
    expect(clear([gone, ...rest])).toEqual(clear(rest));
  });
});

test('the order in which a book is read makes no difference', () => {
  const months = [CASH, NOV, DEC, JAN];
  const orders = fc
    .array(fc.tuple(fc.nat(3), fc.nat(3), fc.integer({ min: -3, max: 3 }), fc.integer({ min: 1, max: 4 })), { maxLength: 9 })
    .map((rows) =>
      rows.flatMap(([bought, sold, off, size], at) => {
        const fair = (MARKS[months[bought]!] ?? 0) - (MARKS[months[sold]!] ?? 0);
        // Two accounts with orders of the same names, so that both parts of the order's own order count.
        return bought === sold ? [] : [order(`a${at % 2}/o${at >> 1}`, months[bought]!, months[sold]!, fair + off, size)];
      }),
    );
  fc.assert(
    fc.property(
      orders.chain((book) => fc.tuple(fc.constant(book), fc.shuffledSubarray(book, { minLength: book.length }))),
      ([book, shuffled]) => {
        expect(clear(shuffled)).toEqual(clear(book));
      },
    ),
  );
});

test('fills and carried orders come by account, then by name, in the order of code units', () => {
  const names = ['b/a', 'B/a', 'a/é', 'a/z', 'a/Z'];
  expect(
    clear(names.map((name) => buy(name, NOV, 2300, 1))).carried.map((left) => `${left.account}/${left.clientOrderId}`),
  ).toEqual(['B/a', 'a/Z', 'a/z', 'a/é', 'b/a']);
});
