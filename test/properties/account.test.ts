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
