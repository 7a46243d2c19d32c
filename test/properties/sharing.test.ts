/**
 * The laws of sharing at a price, on whole books of named orders: what an owner gets is its share rounded down or up,
 * whatever its orders are called, however they are cut and in whatever order they come; and over many books it is the share.
 */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { BookOrder } from '../../lib/domain/auction/book.ts';
import { CASH, type ContractMonth } from '../../lib/domain/contract/months.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import type { ForwardCurve } from '../../lib/domain/contract/product.ts';
import { lots, ticks } from '../../lib/domain/contract/units.ts';
import { hashOf, mulberry32 } from '../domain/auction/books.ts';
import { clearRows } from '../venue/results.ts';

const NOV = 24_310 as ContractMonth;
const DEC = 24_311 as ContractMonth;
const PRICE = 2400;
const MARKS: ForwardCurve = { [NOV]: ticks(PRICE), [DEC]: ticks(PRICE) };

const order = (account: string, clientOrderId: string, buy: ContractMonth, sell: ContractMonth, limit: number, size: number) =>
  ({
    account,
    sender: 'desk-7',
    clientOrderId,
    buy,
    sell,
    limit: ticks(limit),
    lots: lots(size),
    timeInForce: 'auction',
    rolls: false,
    partlyFilled: false,
  }) satisfies BookOrder;
const bid = (account: string, name: string, size: number): BookOrder => order(account, name, DEC, CASH, PRICE, size);
const ask = (size: number): BookOrder => order('seller', 's', CASH, DEC, -PRICE + 10, size);

const clear = (orders: readonly BookOrder[], number: number) => clearRows(orders, hashOf(number), [NOV, DEC], MARKS, false);

/** Lots filled, added up by a name that each fill is given. */
function filledBy(
  orders: readonly BookOrder[],
  number: number,
  nameOf: (fill: { account: string; clientOrderId: string }) => string,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const fill of clear(orders, number).fills) sums[nameOf(fill)] = (sums[nameOf(fill)] ?? 0) + fill.lots;
  return sums;
}
const byAccount = (orders: readonly BookOrder[], number: number): Record<string, number> =>
  filledBy(orders, number, ({ account }) => account);

/** What each account gets of the lots offered, on average over many books that are alike in their orders. */
function meansOf(orders: readonly BookOrder[], books: number): Record<string, number> {
  const sums: Record<string, number> = {};
  for (let number = 0; number < books; number++)
    for (const [account, filled] of Object.entries(byAccount(orders, number))) sums[account] = (sums[account] ?? 0) + filled;
  return Object.fromEntries(Object.entries(sums).map(([account, sum]) => [account, sum / books]));
}
const BOOKS = 3000;
/** Five standard deviations of a mean, where each book adds one lot with a chance of a half: the widest there is. */
const NEAR = (5 * 0.5) / Math.sqrt(BOOKS);

/** Bids of several accounts at one price, some of them of one owner, for which less is offered than they ask. */
const contested = fc
  .record({
    sizes: fc.array(
      fc.tuple(fc.constantFrom('ann', 'bob', 'cat', 'cat.one', 'cat-two', 'dan'), fc.integer({ min: 1, max: 30 })),
      {
        minLength: 2,
        maxLength: 25,
      },
    ),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    number: fc.nat(),
  })
  .map(({ sizes, part, number }) => {
    const bids = sizes.map(([account, size], at) => bid(account, `b${at}`, size));
    const wanted = bids.reduce((sum, { lots }) => sum + lots, 0);
    const offered = Math.min(wanted - 1, 1 + Math.floor(part * wanted));
    return { bids, wanted, offered, number };
  });

test('orders alike in all but their account’s name fill alike', () => {
  const hundred = (account: string): BookOrder[] => Array.from({ length: 100 }, (_, at) => bid(account, `b${at}`, 1));
  for (let number = 0; number < 20; number++)
    expect(byAccount([...hundred('aaa'), ...hundred('zzz'), ask(100)], number)).toEqual({ aaa: 50, zzz: 50, seller: 100 });
});

test('one order of a hundred lots and a hundred orders of one lot fill alike', () => {
  const single = Array.from({ length: 100 }, (_, at) => bid('small', `b${at}`, 1));
  for (let number = 0; number < 20; number++)
    expect(byAccount([bid('large', 'b', 100), ...single, ask(100)], number)).toEqual({ large: 50, small: 50, seller: 100 });
});

describe('at a price at which not all lots can trade', () => {
  it('an owner gets its proportional share, rounded down or up, and an order no more than its lots', () => {
    fc.assert(
      fc.property(contested, ({ bids, wanted, offered, number }) => {
        const owners = filledBy([...bids, ask(offered)], number, ({ account }) => ownerOf(account));
        for (const owner of new Set(bids.map(({ account }) => ownerOf(account)))) {
          const held = bids.reduce((sum, each) => sum + (ownerOf(each.account) === owner ? each.lots : 0), 0);
          expect([Math.floor((held * offered) / wanted), Math.ceil((held * offered) / wanted)]).toContain(owners[owner] ?? 0);
        }
        expect(owners.seller).toBe(offered);
        for (const { clientOrderId, lots: filled } of clear([...bids, ask(offered)], number).fills)
          expect(filled).toBeLessThanOrEqual(bids.find((each) => each.clientOrderId === clientOrderId)?.lots ?? offered);
      }),
      { numRuns: 500 },
    );
  });

  it('an owner’s own orders get their shares of what it gets by largest remainder', () => {
    fc.assert(
      fc.property(contested, ({ bids, offered, number }) => {
        const filled = filledBy([...bids, ask(offered)], number, ({ clientOrderId }) => clientOrderId);
        for (const own of Map.groupBy(bids, ({ account }) => ownerOf(account)).values()) {
          const held = own.reduce((sum, each) => sum + each.lots, 0);
          const share = own.reduce((sum, { clientOrderId }) => sum + (filled[clientOrderId] ?? 0), 0);
          const remainder = (size: number): number => (size * share) % held;
          const extra = ({ clientOrderId, lots: size }: BookOrder): number =>
            (filled[clientOrderId] ?? 0) - Math.floor((size * share) / held);
          for (const one of own) {
            expect([0, 1]).toContain(extra(one));
            for (const other of own)
              if (remainder(one.lots) > remainder(other.lots)) expect(extra(one)).toBeGreaterThanOrEqual(extra(other));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('orders get the same fills in whatever order they come', () => {
    fc.assert(
      fc.property(contested, fc.nat(), ({ bids, offered, number }, seed) => {
        const orders = [...bids, ask(offered)];
        const random = mulberry32(seed);
        const shuffled = orders.map((each) => ({ each, at: random() })).sort((a, b) => a.at - b.at);
        const permuted = shuffled.map(({ each }) => each);
        expect(clear(permuted, number)).toEqual(clear(orders, number));
      }),
      { numRuns: 500 },
    );
  });

  it('cutting an order into others changes what no owner gets: the lots of each draw as one', () => {
    fc.assert(
      fc.property(contested, fc.nat(), fc.nat(), ({ bids, offered, number }, chosen, seed) => {
        const whole = bids[chosen % bids.length]!;
        const random = mulberry32(seed);
        const cut: BookOrder[] = [];
        for (let left: number = whole.lots; left > 0; left -= cut.at(-1)!.lots)
          cut.push(bid(whole.account, `${whole.clientOrderId}.${cut.length}`, 1 + Math.floor(random() * left)));
        const rest = bids.filter((each) => each !== whole);
        const byOwner = (orders: BookOrder[]) => filledBy([...orders, ask(offered)], number, ({ account }) => ownerOf(account));
        expect(byOwner([...rest, ...cut])).toEqual(byOwner([...rest, whole]));
      }),
      { numRuns: 500 },
    );
  });

  it('another name moves what an account gets by one lot at most', () => {
    fc.assert(
      fc.property(contested, fc.nat(), ({ bids, offered, number }, otherNumber) => {
        const names: Record<string, string> = { ann: 'zoe', bob: 'amy', cat: 'moe', dan: 'cid' };
        const renamed = bids.map((each) => ({ ...each, account: each.account.replace(/^\w+/, (name) => names[name]!) }));
        const before = filledBy([...bids, ask(offered)], number, ({ account }) => ownerOf(account));
        const after = filledBy([...renamed, ask(offered)], otherNumber, ({ account }) => ownerOf(account));
        for (const [at, { account }] of bids.entries()) {
          const moved = (after[ownerOf(renamed[at]!.account)] ?? 0) - (before[ownerOf(account)] ?? 0);
          expect(Math.abs(moved)).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('over many books', () => {
  const NAMES = ['0', 'a', 'aaa', 'm', 'mm', 'z', 'zzz'];

  it('no name is favoured: accounts with as many lots at the price get as many of the last ones', () => {
    const means = meansOf([...NAMES.map((name) => bid(name, 'b', 3)), ask(10)], BOOKS);
    for (const name of NAMES) expect(Math.abs(means[name]! - 10 / 7)).toBeLessThan(NEAR);
  });

  it('nor is a name of an order: of one account’s own orders alike, each gets as much', () => {
    const sums: Record<string, number> = {};
    for (let number = 0; number < BOOKS; number++)
      for (const { clientOrderId } of clear([...NAMES.map((name) => bid('ann', name, 1)), ask(3)], number).fills)
        sums[clientOrderId] = (sums[clientOrderId] ?? 0) + 1;
    for (const name of NAMES) expect(Math.abs(sums[name]! / BOOKS - 3 / 7)).toBeLessThan(NEAR);
  });

  it('an account gets its share to the last fraction of a lot, whatever its size', () => {
    const sizes = [1, 2, 5, 11, 23, 48];
    const means = meansOf([...sizes.map((size) => bid(`holds-${size}`, 'b', size)), ask(31)], BOOKS);
    for (const size of sizes) expect(Math.abs(means[`holds-${size}`]! - (size * 31) / 90)).toBeLessThan(NEAR);
  });

  it.each([
    ['one order', [bid('ann', 'b', 6)]],
    ['six orders', Array.from({ length: 6 }, (_, at) => bid('ann', `b${at}`, 1))],
    ['six accounts of its own', Array.from({ length: 6 }, (_, at) => bid(`ann.${at}`, 'b', 1))],
    ['six accounts of other owners', Array.from({ length: 6 }, (_, at) => bid(`ann-${at}`, 'b', 1))],
  ])('six lots get the same on average as %s', (_, own) => {
    const means = meansOf([...own, bid('bob', 'b', 9), bid('cat', 'b', 4), ask(7)], BOOKS);
    const mean = Object.entries(means).reduce((sum, [account, filled]) => sum + (account.startsWith('ann') ? filled : 0), 0);
    // Six draws instead of one are spread wider, by no more than the root of six.
    expect(Math.abs(mean - (6 * 7) / 19)).toBeLessThan(NEAR * Math.sqrt(6));
  });

  it('accounts of one owner draw as one, also where another name stands between theirs', () => {
    const own = [bid('ann', 'b', 1), bid('ann-x', 'b', 2), bid('ann.x', 'b', 1)];
    for (let number = 0; number < 200; number++) {
      const owners = filledBy([...own, ask(2)], number, ({ account }) => ownerOf(account));
      expect(owners).toEqual({ ann: 1, 'ann-x': 1, seller: 2 });
    }
  });
});

test('sizes near the ends of their range are shared to the lot', () => {
  const size = fc.integer({ min: 2 ** 31 - 50, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(fc.array(size, { minLength: 3, maxLength: 12 }), size, fc.nat(), (sizes, offered, number) => {
      const bids = sizes.map((each, at) => bid(`a${at % 4}`, `b${at}`, each));
      const wanted = sizes.reduce((sum, each) => sum + BigInt(each), 0n);
      const filled = byAccount([...bids, ask(offered)], number);
      expect(filled.seller).toBe(offered);
      for (const [account, own] of Map.groupBy(bids, (each) => each.account)) {
        const held = own.reduce((sum, each) => sum + BigInt(each.lots), 0n);
        const over = BigInt(filled[account]!) * wanted - held * BigInt(offered);
        expect(over > -wanted && over < wanted).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test('pairs of months draw apart: what one draws says nothing of the other', () => {
  const nov = (account: string, name: string): BookOrder => order(account, name, NOV, CASH, PRICE, 1);
  const orders = [bid('ann', 'd', 1), bid('bob', 'd', 1), nov('ann', 'n'), nov('bob', 'n'), ask(1)];
  const both = [...orders, order('seller', 't', CASH, NOV, -PRICE + 10, 1)];
  const winners: Record<string, number> = {};
  for (let number = 0; number < BOOKS; number++) {
    const won = clear(both, number).fills.filter(({ account }) => account !== 'seller');
    const key = won.map(({ account, clientOrderId }) => `${account} ${clientOrderId}`).join();
    winners[key] = (winners[key] ?? 0) + 1;
  }
  expect(Object.keys(winners).sort()).toEqual(['ann d,ann n', 'ann d,bob n', 'ann n,bob d', 'bob d,bob n']);
  for (const count of Object.values(winners)) expect(Math.abs(count / BOOKS - 1 / 4)).toBeLessThan(NEAR);
});
