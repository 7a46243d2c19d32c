/** A book through the whole rule: what is taken out of an owner's orders, and that no owner else can tell. */
import { describe, expect, it } from 'vitest';
import { auctionBook, type BookOrder } from '../../../lib/domain/auction/book.ts';
import { CASH, type ContractMonth } from '../../../lib/domain/contract/months.ts';
import { lots, MAX_TICKS, ticks } from '../../../lib/domain/contract/units.ts';
import { clearWithin } from '../../../lib/domain/risk/price-bands.ts';
import { selfMatches, without } from '../../../lib/domain/risk/self-match.ts';
import { greatestSurplus, loadHighs } from '../../properties/auction-lp.ts';
import { month } from '../../venue/h100.ts';
import { order } from '../../venue/orders.ts';
import { type ClearedRows, clearRows, columnsOf } from '../../venue/results.ts';
import { mulberry32, pickRows } from '../auction/books.ts';

const [NOV, DEC, JAN] = [month('2025-11'), month('2025-12'), month('2026-01')];
const MONTHS = [NOV, DEC, JAN];
const MARKS = { [NOV]: ticks(2400), [DEC]: ticks(2410), [JAN]: ticks(2420) };

const HASH = [1, 2, 3, 4] as const;
const clear = (orders: readonly BookOrder[], closing = false, width: number = MAX_TICKS): ClearedRows =>
  clearRows(orders, HASH, MONTHS, MARKS, closing, Object.fromEntries(MONTHS.map((each) => [each, width])));
/** `name` is account/order. */
const of = (
  name: string,
  bought: number,
  sold: number,
  limit: number,
  size: number,
  more: Partial<BookOrder> = {},
): BookOrder => {
  const [account, clientOrderId] = name.split('/') as [string, string];
  return {
    ...order(clientOrderId, bought, sold, limit, size, 'gtc'),
    account,
    sender: 'desk',
    rolls: false,
    partlyFilled: false,
    ...more,
  };
};
const buy = (name: string, price: number, size: number, more?: Partial<BookOrder>): BookOrder =>
  of(name, NOV, CASH, price, size, more);
const sell = (name: string, price: number, size: number, more?: Partial<BookOrder>): BookOrder =>
  of(name, CASH, NOV, -price, size, more);
/** Lots filled and self-matched, by order. */
const became = ({ fills }: ClearedRows): Record<string, [filled: number, selfMatched: number]> =>
  Object.fromEntries(fills.map((fill) => [`${fill.account}/${fill.clientOrderId}`, [fill.lots, fill.selfMatched ?? 0]]));
const left = ({ carried }: ClearedRows): Record<string, number> =>
  Object.fromEntries(carried.map((each) => [`${each.account}/${each.clientOrderId}`, each.lots]));
const published = ({ months, depth, surplus, orders }: ClearedRows) => ({ months, depth, surplus, orders });

describe('what an owner’s orders would trade with each other', () => {
  it('is taken out of both, and the rest of them trades and is carried', () => {
    const cleared = clear([buy('ann/b', 2410, 10), sell('ann/s', 2390, 4), sell('bob/s', 2405, 3)]);
    expect(became(cleared)).toEqual({ 'ann/b': [3, 4], 'ann/s': [0, 4], 'bob/s': [3, 0] });
    expect(left(cleared)).toEqual({ 'ann/b': 3 });
    expect(cleared.carried[0]).toMatchObject({ partlyFilled: true });
  });

  it('is taken out over all accounts of the owner, however they are called', () => {
    // The name of another owner stands between those of the first: `ann`, `ann-x`, `ann.desk`.
    const orders = [buy('ann/b', 2410, 2), buy('ann-x/b', 2410, 2), sell('ann.desk/s', 2390, 2)];
    const cleared = clear(orders);
    expect(became(cleared)).toEqual({ 'ann/b': [0, 2], 'ann.desk/s': [0, 2] });
    expect(left(cleared)).toEqual({ 'ann-x/b': 2 });
  });

  it('is taken out of a roll order as of any other', () => {
    const roll = of('ann/roll', DEC, NOV, 20, 5, { rolls: true, timeInForce: 'auction' });
    const cleared = clear([roll, of('ann/s', NOV, DEC, -20, 2)]);
    expect(cleared.fills).toMatchObject([
      { account: 'ann', clientOrderId: 'roll', buy: DEC, sell: NOV, lots: 0, rolls: true, selfMatched: 2 },
      { account: 'ann', clientOrderId: 's', buy: NOV, sell: DEC, lots: 0, rolls: false, selfMatched: 2 },
    ]);
  });

  it('is not in months that trade no more: their orders lapse whole', () => {
    const gone = month('2025-10');
    const cleared = clear([of('ann/b', gone, CASH, 2500, 2), of('ann/s', CASH, gone, -2300, 2)]);
    expect([cleared.fills, cleared.carried]).toEqual([[], []]);
  });

  it('does not make a carried order one that traded', () => {
    const { carried } = clear([buy('ann/b', 2400, 5), sell('ann/s', 2400, 2)]);
    expect(carried).toEqual([expect.objectContaining({ clientOrderId: 'b', lots: lots(3), partlyFilled: false })]);
  });

  it('is published nowhere: prices, depth, quotes, surplus and count are those without it', () => {
    const gone = { timeInForce: 'auction' as const };
    const others = [buy('bob/b', 2402, 3, gone), sell('cat/s', 2401, 2, gone)];
    const own = [buy('ann/b', 2409, 7, gone), sell('ann/s', 2391, 7, gone)];
    expect(published(clear([...own, ...others]))).toEqual(published(clear(others)));
  });
});

describe('a month that would clear beyond its band', () => {
  const crowd = [buy('ann/b', 2500, 30), buy('bob/b', 2460, 10, { timeInForce: 'auction' }), sell('cat/s', 2405, 8)];

  it('is locked at the edge: who crowds there shares by size, and what was cut is carried or lapses as ever', () => {
    const cleared = clear(crowd, false, 20);
    expect(cleared.months[NOV]).toMatchObject({ price: 2420, volume: 8, locked: { side: 'bid', crowd: 40, kept: 8 } });
    expect(became(cleared)).toEqual({ 'ann/b': [6, 0], 'bob/b': [2, 0], 'cat/s': [8, 0] });
    expect(left(cleared)).toEqual({ 'ann/b': 24 });
    expect(cleared.depth).toContainEqual({ buy: NOV, sell: CASH, limit: 2460, traded: 2, lapsed: 8 });
  });

  it('stands at the edge also when nothing traded, and no other month says that it was locked', () => {
    const { months } = clear([buy('ann/b', 2500, 5)], false, 20);
    expect(months[NOV]).toMatchObject({ price: 2420, traded: false, volume: 0, locked: { side: 'bid', crowd: 5, kept: 0 } });
    expect([months[DEC]!.locked, months[JAN]!.locked]).toEqual([undefined, undefined]);
  });

  it('is not pressed there by lots that an owner would sell to itself, and they do not count in its crowd', () => {
    const own = [buy('ann/own', 2600, 900), sell('ann.desk/own', 2300, 900)];
    const { months } = clear([...own, ...crowd.slice(1)], false, 100);
    expect(months[NOV]).toMatchObject({ price: 2460, volume: 8 });
    expect(months[NOV]!.locked).toBeUndefined();
    expect(clear([...own, ...crowd.slice(1)], false, 20).months[NOV]!.locked).toEqual({ side: 'bid', crowd: 10, kept: 8 });
  });
});

/** Two months and their spread, four owners with two accounts each, prices close enough to cross often. */
function crossedOrders(seed: number): BookOrder[] {
  const random = mulberry32(seed * 6007);
  const any = (count: number): number => Math.floor(random() * count);
  return Array.from({ length: 4 + any(40) }, (_, at) => {
    const [bought, sold] = [
      [NOV, CASH],
      [CASH, NOV],
      [DEC, CASH],
      [CASH, DEC],
      [DEC, NOV],
      [NOV, DEC],
    ][any(6)] as [ContractMonth, ContractMonth];
    const mark = (node: ContractMonth): number => (node === CASH ? 0 : MARKS[node]!);
    const account = `${'abcd'[any(4)]}${['', '.two'][any(2)]}`;
    return of(`${account}/o${at}`, bought, sold, mark(bought) - mark(sold) + any(31) - 15, 1 + any(9), {
      timeInForce: (['auction', 'day', 'gtc'] as const)[any(3)]!,
    });
  });
}

describe('on random books', () => {
  const SEEDS = Array.from({ length: 200 }, (_, seed) => seed + 1);

  it('the result is that of the orders as they would be if what is taken out had never been sent', () => {
    let crossed = 0;
    for (const seed of SEEDS) {
      const orders = crossedOrders(seed);
      const cleared = clear(orders, seed % 2 === 0);
      const taken = new Map(cleared.fills.map((fill) => [`${fill.account} ${fill.clientOrderId}`, fill.selfMatched ?? 0]));
      const rest = orders.flatMap((each) => {
        const size = each.lots - (taken.get(`${each.account} ${each.clientOrderId}`) ?? 0);
        return size > 0 ? [{ ...each, lots: lots(size) }] : [];
      });
      if (rest.length < orders.length) crossed++;
      const alone = clear(rest, seed % 2 === 0);
      expect(
        alone.fills.filter(({ selfMatched }) => selfMatched),
        `seed ${seed}`,
      ).toEqual([]);
      // Which order of a price is drawn for the last lot may be another one: owners are numbered anew.
      const { orders: _, ...shown } = published(cleared);
      expect(shown, `seed ${seed}`).toEqual((({ orders: __, ...was }) => was)(published(alone)));
    }
    expect(crossed).toBeGreaterThan(100);
  });

  it('the order in which orders come changes nothing', () => {
    for (const seed of SEEDS.slice(0, 60)) {
      const orders = crossedOrders(seed);
      const random = mulberry32(seed);
      const shuffled = orders.map((each) => ({ each, by: random() })).sort((a, b) => a.by - b.by);
      expect(clear(shuffled.map(({ each }) => each))).toEqual(clear(orders));
    }
  });

  it('no lot is lost or made: what traded, was taken out, is carried or lapsed is what was sent', () => {
    for (const seed of SEEDS) {
      const orders = crossedOrders(seed);
      const cleared = clear(orders);
      const sum = (rows: readonly { readonly lots: number }[]): number => rows.reduce((total, row) => total + row.lots, 0);
      const taken = cleared.fills.reduce((total, { selfMatched = 0 }) => total + selfMatched, 0);
      const lapsed = cleared.depth.reduce((total, level) => total + level.lapsed, 0);
      expect(sum(cleared.fills) + taken + sum(cleared.carried) + lapsed, `seed ${seed}`).toBe(sum(orders));
    }
  });

  it('within bands: an owner’s own auction, and then the auction of sizes left, are of greatest surplus by another solver', async () => {
    const highs = await loadHighs();
    let locked = 0;
    for (const seed of SEEDS.slice(0, 80)) {
      const orders = crossedOrders(seed);
      const cleared = clear(orders, false, 6);
      const columns = auctionBook({ orders: columnsOf(orders), hash: [...HASH] }, { listed: MONTHS, marks: MARKS });
      const taken = selfMatches(columns) ?? new Int32Array(columns.rows.length);
      let worth = 0n;
      for (const owner of new Set(columns.owner)) {
        const own = [...columns.rows.keys()].filter((row) => columns.owner[row] === owner);
        worth += greatestSurplus(highs, pickRows(columns, own));
      }
      expect(taken.reduce((sum, lots, row) => sum + BigInt(lots) * BigInt(columns.limit[row]!), 0n)).toBe(worth);
      const rest = without(columns, taken).book;
      const bands = { low: rest.reference.map((mark) => mark - 6), high: rest.reference.map((mark) => mark + 6) };
      const { sizes } = clearWithin(rest, bands);
      const cut = without(
        rest,
        rest.lots.map((lots, row) => lots - sizes[row]!),
      ).book;
      expect(cleared.surplus, `seed ${seed}`).toBe(greatestSurplus(highs, cut));
      for (const month of MONTHS)
        expect(Math.abs(cleared.months[month]!.price - MARKS[month]!), `seed ${seed}`).toBeLessThanOrEqual(6);
      if (MONTHS.some((month) => cleared.months[month]!.locked)) locked++;
    }
    expect(locked).toBeGreaterThan(10);
  });
});
