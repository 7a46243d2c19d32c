/** One event posted to some accounts: repeated from anywhere it comes to the same totals, and in slices to those of the whole. */
import { describe, expect, it, test } from 'vitest';
import { type AccountState, applyEvent, emptyAccount } from '../../../lib/domain/clearing/account.ts';
import { addTotals } from '../../../lib/domain/clearing/control-totals.ts';
import {
  BANK,
  type ClearingEvent,
  type DayClosed,
  NO_REFERENCES,
  type PricesSettled,
} from '../../../lib/domain/clearing/events.ts';
import { accountsTouched, type Closing, closeBooks, postEvent } from '../../../lib/domain/clearing/posting.ts';
import type { ProductState } from '../../../lib/domain/clearing/venue.ts';
import { cents, lots, ticks } from '../../../lib/domain/contract/units.ts';
import { moved, opened } from '../../venue/events.ts';
import { H100, month, on, RISKY } from '../../venue/h100.ts';

const NOV = month('2025-11');
const SEQ = 9;
const CLOSED: DayClosed = { kind: 'day-closed', product: 'P', date: on('2025-10-20'), after: 0 };
const SETTLED: PricesSettled = {
  kind: 'prices-settled',
  product: 'P',
  date: on('2025-10-20'),
  auction: 1,
  previous: { [NOV]: ticks(2400) },
  settled: { [NOV]: ticks(2410) },
  rollOpens: null,
  approvedBy: [],
};
const state = (account: string, held: number): AccountState => ({
  ...emptyAccount(account),
  applied: 5,
  products: { P: { lots: held === 0 ? {} : { [NOV]: lots(held) } } },
});
/** A product that needs nothing, and gives credit enough. */
const PRODUCT_STATE: ProductState = {
  product: 'P',
  version: 1,
  parameters: H100,
  listed: [NOV],
  marks: { [NOV]: ticks(2410) },
  lastAuction: 1,
  lockedInARow: {},
  carried: NO_REFERENCES,
  toSettle: null,
  lastDay: null,
  stop: null,
  settledOn: on('2025-10-20'),
  closedOn: on('2025-10-20'),
  closedBy: SEQ,
  lastEvent: SEQ,
};
const CLOSING: Closing = { product: PRODUCT_STATE, productOf: () => 'P', rolling: undefined, ownerLots: new Map() };
const STATES = [state('ann', 3), state('bob', -5), state('cat', 2), state('dan', 0)];
const tick = (): bigint => 100n;
const settle = (states: readonly AccountState[], posted = new Map()) => postEvent(SEQ, SETTLED, states, new Map(), posted, tick);

test('an event names the accounts that it may touch, or touches all', () => {
  const fills = new Map([['cat', []]]);
  const cases: [event: ClearingEvent, accounts: readonly string[] | 'all'][] = [
    [opened('ann', 'bob'), ['ann', 'bob']],
    [moved('ann', 1n), ['ann', BANK]],
    [{ kind: 'auction-cleared' } as ClearingEvent, ['cat']],
    [{ kind: 'parameters-changed' } as ClearingEvent, []],
    [SETTLED, 'all'],
    [{ kind: 'month-expired' } as ClearingEvent, 'all'],
    [CLOSED, 'all'],
    [{ kind: 'margin-called', calls: [{ account: 'ann' }] } as unknown as ClearingEvent, ['ann']],
    [{ kind: 'calls-met', product: 'P', accounts: ['ann', 'cat'] }, ['ann', 'cat']],
    [{ kind: 'calls-overdue', product: 'P', at: '', accounts: ['bob'] }, ['bob']],
  ];
  for (const [event, accounts] of cases) expect(accountsTouched(event, fills), event.kind).toEqual(accounts);
});

describe('an event that is posted', () => {
  it('moves the accounts that it touches and counts what all of them then hold', () => {
    const { applied, totals } = settle(STATES);
    expect(applied.map(({ state: { account, applied: at, cash } }) => [account, at, cash])).toEqual([
      ['ann', SEQ, 3000n],
      ['bob', SEQ, -5000n],
      ['cat', SEQ, 2000n],
    ]);
    expect(totals).toEqual({ accounts: 3, cents: 0n, lots: {}, held: { long: { [NOV]: 5 }, net: { [NOV]: 0 } } });
  });

  it.each([1, 2, 3])('after a run that ended behind %i accounts moves the others and comes to the same totals', (ended) => {
    const whole = settle(STATES);
    const before = STATES.slice(0, ended).map((each) => applyEvent(each, SEQ, SETTLED, [], tick)!);
    const posted = new Map(before.map(({ entry }) => [entry.account, entry]));
    const again = settle([...before.map((each) => each.state), ...STATES.slice(ended)], posted);
    expect(again.applied).toEqual(whole.applied.slice(ended));
    expect(again.totals).toEqual(whole.totals);
  });

  it.each([0, 1, 2, 3, 4])('in slices, the first of %i accounts, comes to the totals of the whole', (size) => {
    const parts = [settle(STATES.slice(0, size)), settle(STATES.slice(size))] as const;
    expect(addTotals(parts[0].totals, parts[1].totals)).toEqual(settle(STATES).totals);
  });
});

describe('the books of a day', () => {
  const rolling = { near: NOV, accounts: new Set(['ann', 'bob']) };

  it('leave a statement for every account that holds or moved something', () => {
    const { statements, totals } = closeBooks(SEQ, CLOSED, STATES, CLOSING);
    expect(statements.map(({ account }) => account)).toEqual(['ann', 'bob', 'cat']);
    expect(totals).toMatchObject({ accounts: 3, cents: 0n, lots: {}, held: { long: { [NOV]: 5 }, net: { [NOV]: 0 } } });
    expect(totals.day!.longsLeft).toBe(0);
  });

  it('count the longs that have an instruction and are still in the near month; shorts take nothing off them', () => {
    expect(closeBooks(SEQ, CLOSED, STATES, { ...CLOSING, rolling }).totals.day!.longsLeft).toBe(3);
    expect(
      closeBooks(SEQ, CLOSED, STATES, { ...CLOSING, rolling: { ...rolling, near: month('2025-12') } }).totals.day!.longsLeft,
    ).toBe(0);
  });

  it('leave none for an account that a later event has moved', () => {
    const [ann, ...others] = STATES;
    const { statements } = closeBooks(SEQ, CLOSED, [{ ...ann!, applied: SEQ + 1 }, ...others], CLOSING);
    expect(statements.map(({ account }) => account)).toEqual(['bob', 'cat']);
    expect(closeBooks(SEQ, CLOSED, [{ ...ann!, applied: SEQ }], CLOSING).statements).toHaveLength(1);
  });

  it('come to the same totals in slices', () => {
    const [first, rest] = [
      closeBooks(SEQ, CLOSED, STATES.slice(0, 1), { ...CLOSING, rolling }),
      closeBooks(SEQ, CLOSED, STATES.slice(1), { ...CLOSING, rolling }),
    ];
    expect(addTotals(first.totals, rest.totals)).toEqual(closeBooks(SEQ, CLOSED, STATES, { ...CLOSING, rolling }).totals);
  });

  it('find short those whose requirement is beyond their cash, by the size of their whole owner, and never the bank', () => {
    const concentration = [{ lots: 6, ticks: 100 }];
    const parameters = { ...RISKY, margin: { ...RISKY.margin, concentration } };
    const closing = { ...CLOSING, product: { ...PRODUCT_STATE, parameters }, ownerLots: new Map([['cat', 6]]) };
    const states = [
      // Three lots need 900.00, five 1500.00, two of a large owner 800.00.
      { ...state('ann', 3), cash: cents(900_00n) },
      { ...state('bob', -5), cash: cents(1499_99n) },
      { ...state('cat.two', 2), cash: cents(700_00n) },
      { ...state('dan', 0), cash: cents(-5n) },
      { ...state(BANK, 0), cash: cents(-1_000_000n) },
    ];
    const { short, statements } = closeBooks(SEQ, CLOSED, states, closing);
    expect(short).toEqual([
      { account: 'bob', cents: 1n },
      { account: 'cat.two', cents: 100_00n },
      { account: 'dan', cents: 5n },
    ]);
    expect(statements.map(({ requirement, cover }) => [requirement, cover])).toEqual([
      [900_00n, 900_00n],
      [1500_00n, 1499_99n],
      [800_00n, 700_00n],
    ]);
    expect(closeBooks(SEQ, CLOSED, states, { ...closing, productOf: () => 'Q' }).short).toEqual([]);
  });
});
