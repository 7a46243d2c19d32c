/**
 * Laws of the account fold, over random days of two products and a handful of accounts: whatever happens, lots and cents
 * sum to zero after every event, and the cash an account ends with is what its trades are worth, by whatever path.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Fill } from '../../lib/domain/auction/book.ts';
import {
  type AccountState,
  addFills,
  applyEvent,
  emptyAccount,
  type JournalEntry,
  positions,
} from '../../lib/domain/clearing/account.ts';
import { BANK, type ClearingEvent, NO_REFERENCES } from '../../lib/domain/clearing/events.ts';
import type { Statement } from '../../lib/domain/clearing/statement.ts';
import { explainStatement } from '../../lib/domain/clearing/statement-detail.ts';
import { type BusinessDate, parseDate } from '../../lib/domain/contract/calendar.ts';
import { CASH, type ContractMonth, contractMonth, monthAfter } from '../../lib/domain/contract/months.ts';
import { lots, type Ticks, ticks } from '../../lib/domain/contract/units.ts';
import { moved } from '../venue/events.ts';

const ACCOUNTS = ['ann', 'bob', 'cid', 'dot', BANK];
const PRODUCTS = { H100: 100n, B200: 7n };
const MONTHS = 4;
const DAY = parseDate('2025-11-07') as BusinessDate;
const centsPerTick = (product: string): bigint => PRODUCTS[product as keyof typeof PRODUCTS];

interface Logged {
  readonly event: ClearingEvent;
  readonly fills: readonly Fill[];
}

const price = fc.oneof(fc.integer({ min: -100, max: 4000 }), fc.integer({ min: -100_000_000, max: 100_000_000 }));
const product = fc.constantFrom<keyof typeof PRODUCTS>('H100', 'B200');
const prices = fc.array(price, { minLength: MONTHS, maxLength: MONTHS });
const who = fc.integer({ min: 0, max: 3 });
const trade = fc.record({
  buyer: who,
  seller: who,
  buy: fc.integer({ min: 0, max: MONTHS - 1 }),
  /** Cash, or the other month of a spread. */
  sell: fc.option(fc.integer({ min: 0, max: MONTHS - 1 }), { nil: undefined }),
  quantity: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 1_000_000 })),
  rolls: fc.boolean(),
});
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('clear' as const),
      product,
      prices,
      trades: fc.array(trade, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('settle' as const), product, prices, opens: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), product, final: price }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      account: who,
      amount: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), product }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const anyLog = fc.array(step, { maxLength: 25 }).map(history);

/** Steps as the log would have them: each event with the marks that stand when it happens. */
function history(steps: readonly Step[]) {
  const marks: Record<string, Record<number, Ticks>> = {};
  const first: Record<string, ContractMonth> = {};
  const finals = new Map<string, Ticks>();
  for (const name of Object.keys(PRODUCTS)) {
    first[name] = contractMonth(2025, 11);
    marks[name] = Object.fromEntries(Array.from({ length: MONTHS }, (_, at) => [monthAfter(first[name]!, at), ticks(2000 + at)]));
  }
  const curve = (name: string, values: readonly number[]) =>
    Object.fromEntries(values.map((value, at) => [monthAfter(first[name]!, at), ticks(value)]));
  const log = steps.map((said, at): Logged => {
    if (said.kind === 'move') {
      const account = ACCOUNTS[said.account]!;
      return { event: moved(account, said.amount, `${at}`), fills: [] };
    }
    const name = said.product;
    const standing = { ...marks[name]! };
    const common = { product: name, date: DAY };
    switch (said.kind) {
      case 'clear': {
        const cleared = curve(name, said.prices);
        const months = Object.fromEntries(
          Object.entries(cleared).map(([key, at]) => [
            key,
            { price: at, traded: true, volume: lots(1), bid: null, offer: null, sealedBid: null, sealedOffer: null },
          ]),
        );
        const fills = said.trades.flatMap((made, row): Fill[] => {
          const buy = monthAfter(first[name]!, made.buy);
          const sell = made.sell === undefined ? CASH : monthAfter(first[name]!, made.sell);
          const both = { clientOrderId: `${at}.${row}`, lots: lots(made.quantity) };
          return [
            { ...both, account: ACCOUNTS[made.buyer]!, buy, sell, sender: 'desk-7', rolls: made.rolls && sell !== CASH },
            { ...both, account: ACCOUNTS[made.seller]!, buy: sell, sell: buy, sender: 'desk-7', rolls: false },
          ];
        });
        const nothing = {
          orders: 0,
          fills: NO_REFERENCES,
          carried: NO_REFERENCES,
          depth: '',
          surplus: '0',
          closing: false,
          slot: '',
          books: DAY,
        };
        return { event: { kind: 'auction-cleared', ...common, auction: at, marks: standing, months, ...nothing }, fills };
      }
      case 'settle': {
        const settled = curve(name, said.prices);
        marks[name] = settled;
        const rollOpens = said.opens ? monthAfter(first[name]!) : null;
        return {
          event: { kind: 'prices-settled', ...common, auction: at, previous: standing, settled, rollOpens, approvedBy: [] },
          fills: [],
        };
      }
      case 'expire': {
        const month = first[name]!;
        const [listed, listedAt, finalPrice] = [monthAfter(month, MONTHS), standing[month + MONTHS - 1]!, ticks(said.final)];
        const { [month]: mark, ...rest } = standing;
        marks[name] = { ...rest, [listed]: listedAt };
        first[name] = monthAfter(month);
        finals.set(`${name} ${month}`, finalPrice);
        const event = {
          kind: 'month-expired',
          ...common,
          month,
          mark: mark!,
          finalPrice,
          index: {},
          listed,
          listedAt,
          approvedBy: [],
        } as const;
        return { event, fills: [] };
      }
      default:
        return { event: { kind: 'day-closed', ...common, after: 0 }, fills: [] };
    }
  });
  return {
    log,
    lastPrice: (name: string, month: ContractMonth): Ticks => finals.get(`${name} ${month}`) ?? marks[name]![month]!,
  };
}

/** Applies events from `from` on, as a shard would: each account its own fills, and only what touches it. */
function fold(
  log: readonly Logged[],
  from = 0,
  start: readonly AccountState[] = ACCOUNTS.map(emptyAccount),
  seen?: (states: AccountState[]) => void,
) {
  const states = [...start];
  const journal: JournalEntry[] = [];
  log.slice(from).forEach(({ event, fills }, offset) => {
    states.forEach((state, at) => {
      const own = fills.filter(({ account }) => account === state.account);
      const applied = applyEvent(state, from + offset + 1, event, addFills([], own), centsPerTick);
      if (!applied) return;
      states[at] = applied.state;
      journal.push(applied.entry);
    });
    seen?.(states);
  });
  return { states, journal };
}

function lotsByMonth(states: readonly AccountState[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { products } of states)
    for (const [name, holding] of Object.entries(products))
      for (const [month, quantity] of positions(holding))
        sums.set(`${name} ${month}`, (sums.get(`${name} ${month}`) ?? 0) + quantity);
  return sums;
}

test('after every event, lots sum to zero in every month and cents sum to zero', () => {
  fc.assert(
    fc.property(anyLog, ({ log }) => {
      fold(log, 0, undefined, (states) => {
        expect(states.reduce((sum, { cash }) => sum + cash, 0n)).toBe(0n);
        for (const [, sum] of lotsByMonth(states)) expect(sum).toBe(0);
      });
    }),
    { numRuns: 300 },
  );
});

test('the cash an account ends with is its deposits and, for each trade, lots x (last price - trade price)', () => {
  fc.assert(
    fc.property(anyLog, ({ log, lastPrice }) => {
      const worth = new Map(ACCOUNTS.map((account) => [account, 0n]));
      const pay = (account: string, amount: bigint): unknown => worth.set(account, worth.get(account)! + amount);
      for (const { event, fills } of log) {
        if (event.kind === 'cash-moved') {
          for (const { account, cents } of event.movements) {
            pay(account, cents);
            pay(BANK, -cents);
          }
        }
        if (event.kind !== 'auction-cleared') continue;
        for (const { account, buy, sell, lots: quantity } of fills)
          for (const [month, sign] of [
            [buy, 1n],
            [sell, -1n],
          ] as const) {
            if (month === CASH) continue;
            const gained = BigInt(lastPrice(event.product, month)) - BigInt(event.months[month]!.price);
            pay(account, sign * BigInt(quantity) * gained * centsPerTick(event.product));
          }
      }
      for (const { account, cash } of fold(log).states) expect([account, cash]).toEqual([account, worth.get(account)]);
    }),
    { numRuns: 300 },
  );
});

/** Average cost in exact fractions, by account, product and month; and what closing positions has brought. */
function averages(log: readonly Logged[]) {
  interface Held {
    lots: bigint;
    /** Numerator and denominator. */
    cost: [bigint, bigint];
    reductions: bigint;
  }
  const held = new Map<string, Held>();
  const realized = new Map<string, [bigint, bigint]>();
  const add = ([a, b]: [bigint, bigint], [c, d]: [bigint, bigint]): [bigint, bigint] => reduced([a * d + c * b, b * d]);
  const trade = (account: string, name: string, month: number, quantity: bigint, price: bigint): void => {
    const key = `${account} ${name} ${month}`;
    const position = held.get(key) ?? { lots: 0n, cost: [0n, 1n], reductions: 0n };
    held.set(key, position);
    const value = price * centsPerTick(name);
    const closing = quantity * position.lots < 0n ? least(magnitude(quantity), magnitude(position.lots)) : 0n;
    if (closing > 0n) {
      const [cost, parts] = position.cost;
      const leaves = reduced([cost * closing, parts * magnitude(position.lots)]);
      position.cost = add(position.cost, [-leaves[0], leaves[1]]);
      position.reductions++;
      const sold = (position.lots > 0n ? closing : -closing) * value;
      realized.set(account, add(realized.get(account) ?? [0n, 1n], add([sold, 1n], [-leaves[0], leaves[1]])));
    }
    const opening = quantity > 0n ? quantity - closing : quantity + closing;
    position.cost = add(position.cost, [opening * value, 1n]);
    position.lots += quantity;
  };
  for (const { event, fills } of log) {
    if (event.kind === 'month-expired')
      for (const [key, position] of [...held]) {
        const [account, name, month] = key.split(' ') as [string, string, string];
        if (name === event.product && Number(month) === event.month)
          trade(account, name, event.month, -position.lots, BigInt(event.finalPrice));
      }
    if (event.kind !== 'auction-cleared') continue;
    for (const [account, own] of Map.groupBy(fills, (fill) => fill.account)) {
      const net = new Map<number, bigint>();
      for (const { buy, sell, lots: quantity } of own) {
        if (buy !== CASH) net.set(buy, (net.get(buy) ?? 0n) + BigInt(quantity));
        if (sell !== CASH) net.set(sell, (net.get(sell) ?? 0n) - BigInt(quantity));
      }
      for (const [month, quantity] of net) trade(account, event.product, month, quantity, BigInt(event.months[month]!.price));
    }
  }
  return { held, realized };
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
function reduced([a, b]: [bigint, bigint]): [bigint, bigint] {
  let [x, y] = [magnitude(a), b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x === 0n ? [a, b] : [a / x, b / x];
}

test('entry cost is that of the average price, to half a cent for each reduction; with what was realized it is all that was paid', () => {
  fc.assert(
    fc.property(anyLog, ({ log, lastPrice }) => {
      const { held, realized } = averages(log);
      for (const { account, cash, deposited, products } of fold(log).states) {
        let [open, reductions] = [0n, 0n];
        for (const [key, { lots: quantity, cost, reductions: rounded }] of held) {
          const [whose, name, month] = key.split(' ') as [string, string, string];
          if (whose !== account) continue;
          const kept = products[name]?.entryCost?.[Number(month)];
          expect([key, kept !== undefined]).toEqual([key, quantity !== 0n]);
          const off = magnitude((kept ?? 0n) * cost[1] - cost[0]);
          expect(2n * off <= rounded * cost[1]).toBe(true);
          const mark = quantity === 0n ? 0n : BigInt(lastPrice(name, Number(month) as ContractMonth));
          open += quantity * mark * centsPerTick(name) - (kept ?? 0n);
          reductions += rounded;
        }
        const [gained, parts] = realized.get(account) ?? [0n, 1n];
        const off = magnitude((cash - deposited - open) * parts - gained);
        expect(2n * off <= reductions * parts).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test('a statement of the events behind any event is explained by its journal: from its opening balance and lots to what it says', () => {
  fc.assert(
    fc.property(anyLog, fc.nat(25), ({ log }, cut) => {
      const after = Math.min(cut, log.length);
      const [before, { states, journal }] = [fold(log.slice(0, after)), fold(log)];
      const events = new Map(log.map(({ event }, at) => [at + 1, event]));
      for (const [at, state] of states.entries())
        for (const [name, holding] of Object.entries(state.products)) {
          const was = before.states[at]!;
          const own = journal.filter(({ account, seq }) => account === state.account && seq > after);
          // As books are never closed without a settlement.
          const marked = own.some(({ kind, product: of }) => kind === 'prices-settled' && of === name);
          if (!marked) continue;
          const statement = { product: name, balance: state.cash, positions: holding.lots } as Statement;
          const detail = explainStatement(statement, own, events, centsPerTick(name));
          const { opening, deposits, withdrawals, elsewhere, lines } = detail;
          const brought = lines.reduce((sum, { variation }) => sum + variation, 0n);
          expect(opening).toBe(was.cash);
          expect(brought).toBe((holding.day?.variation ?? 0n) - (was.products[name]?.day?.variation ?? 0n));
          expect(deposits >= 0n && withdrawals <= 0n).toBe(true);
          expect(deposits + withdrawals).toBe(state.deposited - was.deposited);
          expect(opening + deposits + withdrawals + elsewhere + brought).toBe(state.cash);
          const held = (chosen: (line: (typeof lines)[number]) => number) =>
            Object.fromEntries(lines.filter((line) => chosen(line) !== 0).map((line) => [line.month, chosen(line)]));
          expect(held(({ lots: closing }) => closing)).toEqual(holding.lots);
          expect(held(({ openingLots }) => openingLots)).toEqual(was.products[name]?.lots ?? {});
        }
    }),
    { numRuns: 300 },
  );
});

test('stopped after any event and taken up again from what was stored, the states are the same', () => {
  fc.assert(
    fc.property(anyLog, fc.nat(25), ({ log }, cut) => {
      const stored = structuredClone(fold(log.slice(0, cut)).states);
      expect(fold(log, Math.min(cut, log.length), stored).states).toEqual(fold(log).states);
    }),
  );
});

test('the journal alone gives the balances and the positions', () => {
  fc.assert(
    fc.property(anyLog, ({ log }) => {
      const { states, journal } = fold(log);
      for (const { account, cash, products, applied } of states) {
        const own = journal.filter((entry) => entry.account === account);
        expect(own.reduce((sum, entry) => sum + entry.cents, 0n)).toBe(cash);
        expect(own.at(-1)?.balance ?? 0n).toBe(cash);
        expect(own.at(-1)?.seq ?? 0).toBe(applied);
        for (const name of Object.keys(PRODUCTS)) {
          const sums = new Map<number, number>();
          for (const entry of own)
            if (entry.product === name)
              for (const [month, quantity] of Object.entries(entry.lots))
                sums.set(Number(month), (sums.get(Number(month)) ?? 0) + quantity);
          const held = products[name] ? positions(products[name]) : [];
          expect(held).toEqual([...sums].filter(([, quantity]) => quantity !== 0).sort(([a], [b]) => a - b));
        }
      }
    }),
  );
});

test('applying an event changes nothing it was given', () => {
  fc.assert(
    fc.property(anyLog, ({ log }) => {
      const frozen = deepFreeze(structuredClone(log));
      expect(
        fold(
          frozen,
          0,
          ACCOUNTS.map((account) => deepFreeze(emptyAccount(account))),
          (states) => states.forEach(deepFreeze),
        ).states,
      ).toEqual(fold(log).states);
    }),
  );
});

test('an event that an account has is refused again, wherever it stopped', () => {
  fc.assert(
    fc.property(anyLog, ({ log }) => {
      for (const state of fold(log).states) {
        const at = state.applied - 1;
        if (at >= 0) expect(() => applyEvent(state, at + 1, log[at]!.event, [], centsPerTick)).toThrow('already');
      }
    }),
  );
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
