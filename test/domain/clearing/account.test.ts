import { describe, expect, test } from 'vitest';
import type { Fill } from '../../../lib/domain/auction/book.ts';
import { type AccountState, addFills, applyEvent, emptyAccount, positions } from '../../../lib/domain/clearing/account.ts';
import {
  type AuctionCleared,
  BANK,
  type CashMoved,
  type ClearingEvent,
  type MonthExpired,
  NO_REFERENCES,
  type PricesSettled,
} from '../../../lib/domain/clearing/events.ts';
import type { ContractMonth } from '../../../lib/domain/contract/months.ts';
import { CASH } from '../../../lib/domain/contract/months.ts';
import type { ForwardCurve } from '../../../lib/domain/contract/product.ts';
import { lots, ticks } from '../../../lib/domain/contract/units.ts';
import { moved as movedAs } from '../../venue/events.ts';
import { H100, month, on, PRODUCT } from '../../venue/h100.ts';

const [NOV, DEC, JAN] = [month('2025-11'), month('2025-12'), month('2026-01')];
const DAY = on('2025-11-07');
const A_TICK = () => 100n;

const curve = (dec: number, jan: number): ForwardCurve => ({ [DEC]: ticks(dec), [JAN]: ticks(jan) });

const cleared = (marks: ForwardCurve, prices: ForwardCurve, date = DAY): AuctionCleared => ({
  kind: 'auction-cleared',
  product: PRODUCT,
  auction: 1,
  slot: `${date}T15:00:00Z`,
  date,
  books: date,
  closing: false,
  marks,
  months: Object.fromEntries(
    Object.entries(prices).map(([key, price]) => [
      key,
      { price, traded: true, volume: lots(1), bid: null, offer: null, sealedBid: null, sealedOffer: null },
    ]),
  ),
  orders: 2,
  fills: NO_REFERENCES,
  carried: NO_REFERENCES,
  depth: '',
  surplus: '0',
});
const settled = (
  previous: ForwardCurve,
  next: ForwardCurve,
  rollOpens: ContractMonth | null = null,
  date = DAY,
): PricesSettled => ({
  kind: 'prices-settled',
  product: PRODUCT,
  date,
  auction: 1,
  previous,
  settled: next,
  rollOpens,
  approvedBy: [],
});
const expired = (of: ContractMonth, mark: number, finalPrice: number): MonthExpired => ({
  kind: 'month-expired',
  product: PRODUCT,
  date: DAY,
  month: of,
  mark: ticks(mark),
  finalPrice: ticks(finalPrice),
  index: {},
  listed: month('2026-11'),
  listedAt: ticks(2500),
  approvedBy: [],
});
const moved = (account: string, amount: bigint): ClearingEvent => movedAs(account, amount, 'proxy 7');
const fill = (buy: ContractMonth, sell: ContractMonth, quantity: number, rolls = false): Fill => ({
  account: 'alice',
  sender: 'desk-7',
  clientOrderId: 'a',
  buy,
  sell,
  lots: lots(quantity),
  rolls,
});
const holding = (held: Record<number, number>, rest: object = {}): AccountState => ({
  ...emptyAccount('alice'),
  products: {
    [PRODUCT]: { lots: Object.fromEntries(Object.entries(held).map(([key, quantity]) => [key, lots(quantity)])), ...rest },
  },
});
const apply = (state: AccountState, event: ClearingEvent, fills: Fill[] = []) =>
  applyEvent(state, state.applied + 1, event, addFills([], fills), A_TICK);

describe('a fill of q lots at p moves q x (mark - p), so that the position stands at the mark', () => {
  const marks = curve(2340, 2380);
  test.each<[rule: string, fills: Fill[], prices: ForwardCurve, paid: bigint, held: Record<number, number>]>([
    ['ten bought above the mark pay the difference', [fill(DEC, CASH, 10)], curve(2350, 2380), -10_000n, { [DEC]: 10 }],
    ['ten bought below the mark receive it', [fill(DEC, CASH, 10)], curve(2330, 2380), 10_000n, { [DEC]: 10 }],
    ['ten sold above the mark receive it', [fill(CASH, DEC, 10)], curve(2350, 2380), 10_000n, { [DEC]: -10 }],
    ['at the mark nothing moves', [fill(CASH, DEC, 10)], curve(2340, 2380), 0n, { [DEC]: -10 }],
    ['a spread pays what its difference moved', [fill(JAN, DEC, 10)], curve(2340, 2395), -15_000n, { [DEC]: -10, [JAN]: 10 }],
    ['a spread whose months moved alike pays nothing', [fill(JAN, DEC, 10)], curve(2350, 2390), 0n, { [DEC]: -10, [JAN]: 10 }],
    [
      'several fills add up',
      [fill(DEC, CASH, 3), fill(DEC, CASH, 4), fill(CASH, DEC, 2)],
      curve(2350, 2380),
      -5_000n,
      { [DEC]: 5 },
    ],
    ['what is bought and sold alike leaves nothing', [fill(DEC, CASH, 3), fill(CASH, DEC, 3)], curve(2350, 2380), 0n, {}],
    ['a price below zero is a price', [fill(DEC, CASH, 1)], curve(-10, 2380), 235_000n, { [DEC]: 1 }],
  ])('%s', (_, fills, prices, paid, held) => {
    const result = apply(emptyAccount('alice'), cleared(marks, prices), fills)!;
    expect(result.state.cash).toBe(paid);
    expect(result.state.products[PRODUCT]?.lots).toEqual(held);
    expect(result.entry).toMatchObject({ account: 'alice', seq: 1, kind: 'auction-cleared', cents: paid, balance: paid });
    expect(result.entry.fills).toBe(fills.length);
  });

  test('an auction without a fill of its own does not touch an account', () => {
    expect(apply(holding({ [DEC]: 10 }), cleared(marks, marks))).toBeUndefined();
  });

  test('lots taken out as self-matched move nothing, and the journal counts their orders', () => {
    const taken = { ...fill(DEC, CASH, 0), selfMatched: lots(4) };
    const before = holding({ [DEC]: 10 });
    const { state, entry } = apply(before, cleared(marks, curve(2350, 2380)), [taken, taken])!;
    expect(state).toEqual({ ...before, applied: 1 });
    expect(entry).toMatchObject({ cents: 0n, lots: {}, fills: 2 });
    const { entry: both } = apply(before, cleared(marks, curve(2350, 2380)), [taken, fill(DEC, CASH, 10)])!;
    expect(both).toMatchObject({ cents: -10_000n, lots: { [DEC]: 10 }, fills: 2 });
  });

  test('a position sold out is absent, not zero', () => {
    const { state, entry } = apply(holding({ [DEC]: 10 }), cleared(marks, marks), [fill(CASH, DEC, 10)])!;
    expect(state.products[PRODUCT]?.lots).toEqual({});
    expect(entry.lots).toEqual({ [DEC]: -10 });
  });
});

describe('a new settlement price moves q x (new - old)', () => {
  test.each<[rule: string, held: Record<number, number>, next: ForwardCurve, paid: bigint]>([
    ['a long gains a rise', { [DEC]: 10 }, curve(2360, 2380), 20_000n],
    ['a short pays it', { [DEC]: -10 }, curve(2360, 2380), -20_000n],
    ['a spread gains its widening', { [DEC]: -10, [JAN]: 10 }, curve(2360, 2405), 5_000n],
    ['no move, no cent', { [DEC]: 10, [JAN]: -3 }, curve(2340, 2380), 0n],
  ])('%s', (_, held, next, paid) => {
    const { state, entry } = apply(holding(held), settled(curve(2340, 2380), next))!;
    expect([state.cash, entry.cents, entry.lots]).toEqual([paid, paid, {}]);
    expect(state.products[PRODUCT]?.lots).toEqual(held);
  });

  test('an account without a position is not touched', () => {
    expect(apply(emptyAccount('alice'), settled(curve(1, 1), curve(2, 2)))).toBeUndefined();
    expect(apply(holding({}), settled(curve(1, 1), curve(2, 2)))).toBeUndefined();
  });

  test('a position in a month without a price is a bug, never a guess', () => {
    expect(() => apply(holding({ [NOV]: 1 }), settled(curve(1, 1), curve(2, 2)))).toThrow(RangeError);
  });

  test('bought at 2.350, marked 2.340, settled at 2.360: ten lots have earned 100.00 USD', () => {
    const bought = apply(emptyAccount('alice'), cleared(curve(2340, 2380), curve(2350, 2380)), [fill(DEC, CASH, 10)])!;
    const marked = apply(bought.state, settled(curve(2340, 2380), curve(2360, 2380)))!;
    expect(marked.state.cash).toBe(10_000n);
    expect(marked.state.products[PRODUCT]?.day).toEqual({ date: DAY, variation: 10_000n, rolledLots: 0, rollCost: 0n });
  });
});

describe('expiry pays from the mark to the final price, and the position is gone', () => {
  test.each<[rule: string, quantity: number, paid: bigint]>([
    ['a long gains', 10, 15_000n],
    ['a short pays', -10, -15_000n],
  ])('%s when the index ends above the mark', (_, quantity, paid) => {
    const { state, entry } = apply(holding({ [NOV]: quantity, [JAN]: 3 }), expired(NOV, 2300, 2315))!;
    expect(state.cash).toBe(paid);
    expect(state.products[PRODUCT]?.lots).toEqual({ [JAN]: 3 });
    expect(entry).toMatchObject({ kind: 'month-expired', cents: paid, lots: { [NOV]: -quantity } });
  });

  test('an account without a position in the month is not touched', () => {
    expect(apply(holding({ [JAN]: 3 }), expired(NOV, 2300, 2315))).toBeUndefined();
    expect(apply(emptyAccount('alice'), expired(NOV, 2300, 2315))).toBeUndefined();
  });
});

describe('cash moves against the bank', () => {
  test.each([
    ['a deposit', 50_000n],
    ['a withdrawal', -20_000n],
  ])('%s has its opposite', (_, amount) => {
    const own = apply(emptyAccount('alice'), moved('alice', amount))!;
    const bank = apply(emptyAccount(BANK), moved('alice', amount))!;
    expect([own.state.cash, bank.state.cash]).toEqual([amount, -amount]);
    expect(own.entry).toMatchObject({ reference: 'proxy 7', cents: amount, balance: amount });
    expect(apply(emptyAccount('bob'), moved('alice', amount))).toBeUndefined();
  });

  test('of a list each account gets its own, and the bank gives their sum, without a reference', () => {
    const [first, second] = [moved('alice', 50n), moved('bob', -20n)] as [CashMoved, CashMoved];
    const both: CashMoved = { ...first, movements: [...first.movements, ...second.movements] };
    const [alice, bob, bank] = ['alice', 'bob', BANK].map((account) => apply(emptyAccount(account), both)!);
    expect([alice, bob, bank].map((each) => each!.state.cash)).toEqual([50n, -20n, -30n]);
    expect([alice, bob, bank].map((each) => each!.entry.reference)).toEqual(['proxy 7', 'proxy 7', undefined]);
    expect(apply(emptyAccount('carol'), both)).toBeUndefined();
  });

  test('an account is opened by name, empty, and only itself', () => {
    const opened: ClearingEvent = {
      kind: 'accounts-opened',
      accounts: [
        { account: 'carol', name: 'Carol Ltd' },
        { account: 'alice', name: 'Alice Ltd' },
      ],
      by: 'operator',
      at: '',
    };
    expect(apply(emptyAccount('alice'), opened)?.state).toEqual({ ...emptyAccount('alice'), name: 'Alice Ltd', applied: 1 });
    expect(apply(emptyAccount('bob'), opened)).toBeUndefined();
  });
});

describe('the roll of an account', () => {
  test('the window opens on what is held at the settlement before it', () => {
    const { state } = apply(holding({ [DEC]: 100, [JAN]: 5 }), settled(curve(1, 1), curve(1, 1), DEC))!;
    expect(state.products[PRODUCT]?.roll).toEqual({ near: DEC, held: 100, rolled: 0 });
  });

  test('a new window takes the place of the last one, whatever was left of it', () => {
    const left = { roll: { near: NOV, held: lots(50), rolled: lots(30) } };
    const { state } = apply(holding({ [DEC]: 100 }, left), settled(curve(1, 1), curve(1, 1), DEC))!;
    expect(state.products[PRODUCT]?.roll).toEqual({ near: DEC, held: 100, rolled: 0 });
  });

  test('an account that holds nothing in the near month then has nothing to roll', () => {
    const { state } = apply(holding({ [JAN]: 5 }), settled(curve(1, 1), curve(1, 1), DEC))!;
    expect(state.products[PRODUCT]?.roll).toBeUndefined();
  });

  const roll = (held: number) => ({ roll: { near: DEC, held: lots(held), rolled: lots(0) } });
  test.each<[rule: string, held: number, made: Fill, rolled: number, cost: bigint]>([
    ['a long’s roll', 100, fill(JAN, DEC, 20, true), 20, 60_000n],
    ['a short’s roll', -100, fill(DEC, JAN, 20, true), -20, -60_000n],
    ['an order of the account’s own is no roll', 100, fill(JAN, DEC, 20, false), 0, 0n],
  ])('%s counts toward its progress, costs lots x (far - near), and leaves its total lots', (_, held, made, rolled, cost) => {
    const before = holding({ [DEC]: held }, roll(held));
    const { state } = apply(before, cleared(curve(2350, 2380), curve(2350, 2380)), [made])!;
    const after = state.products[PRODUCT]!;
    expect(after.roll?.rolled).toBe(rolled);
    expect(after.day).toMatchObject({ rolledLots: rolled, rollCost: cost });
    expect(positions(after).reduce((sum, [, quantity]) => sum + quantity, 0)).toBe(held);
  });
});

describe('a day’s totals', () => {
  test('add up over the auctions and the settlement of a day, and start again with the next', () => {
    const marks = curve(2340, 2380);
    let state = apply(emptyAccount('alice'), cleared(marks, curve(2350, 2380)), [fill(DEC, CASH, 10)])!.state;
    state = apply(state, cleared(marks, curve(2345, 2380)), [fill(DEC, CASH, 10)])!.state;
    expect(state.products[PRODUCT]?.day?.variation).toBe(-15_000n);
    state = apply(state, settled(marks, curve(2341, 2380)))!.state;
    expect(state.products[PRODUCT]?.day?.variation).toBe(-13_000n);
    state = apply(state, settled(curve(2341, 2380), curve(2342, 2380), null, on('2025-11-10')))!.state;
    expect(state.products[PRODUCT]?.day).toMatchObject({ date: '2025-11-10', variation: 2_000n });
  });
});

describe('a journal entry says what it is of', () => {
  test('an event of a product names the product and the date, and one of cash alone does not', () => {
    const bought = apply(emptyAccount('alice'), cleared(curve(2340, 2380), curve(2350, 2380)), [fill(DEC, CASH, 10)])!;
    expect(bought.entry).toEqual({
      account: 'alice',
      seq: 1,
      kind: 'auction-cleared',
      product: PRODUCT,
      date: DAY,
      cents: -10_000n,
      balance: -10_000n,
      lots: { [DEC]: 10 },
      fills: 1,
    });
    expect(apply(emptyAccount('alice'), moved('alice', 5n))!.entry).toEqual({
      account: 'alice',
      seq: 1,
      kind: 'cash-moved',
      cents: 5n,
      balance: 5n,
      lots: {},
      reference: 'proxy 7',
    });
  });

  test('an account begins empty, without a name, and the bank’s has a name that no participant can have', () => {
    expect(emptyAccount('alice')).toEqual({
      account: 'alice',
      name: '',
      applied: 0,
      cash: 0n,
      deposited: 0n,
      depositedBy: 0,
      products: {},
    });
    expect(BANK).toBe('@bank');
  });
});

describe('an event is applied once and in order', () => {
  test('one at or below the last applied is refused', () => {
    const state = { ...holding({ [DEC]: 1 }), applied: 7 };
    expect(() => applyEvent(state, 7, moved('alice', 1n), [], A_TICK)).toThrow('already');
    expect(() => applyEvent(state, 6, moved('alice', 1n), [], A_TICK)).toThrow('already');
    expect(applyEvent(state, 9, moved('alice', 1n), [], A_TICK)?.state.applied).toBe(9);
  });

  test('parameters and the closing of a day move nothing', () => {
    expect(apply(holding({ [DEC]: 1 }), { kind: 'day-closed', product: PRODUCT, date: DAY, after: 0 })).toBeUndefined();
    const parameters: ClearingEvent = {
      kind: 'parameters-changed',
      product: PRODUCT,
      version: 2,
      parameters: H100,
      by: '',
      at: '',
    };
    expect(apply(holding({ [DEC]: 1 }), parameters)).toBeUndefined();
  });
});
