/** What an account needs and has, on the product as the log has it; figures by hand on the RISKY product of the tests. */
import { describe, expect, it } from 'vitest';
import { type AccountState, emptyAccount } from '../../../lib/domain/clearing/account.ts';
import { coverOf, ownerLotsOf, productOf, requirementOf } from '../../../lib/domain/clearing/account-risk.ts';
import { EMPTY_VENUE, evolveVenue, type ProductState } from '../../../lib/domain/clearing/venue.ts';
import { listedMonths } from '../../../lib/domain/contract/months.ts';
import { cents, lots, ticks } from '../../../lib/domain/contract/units.ts';
import { DEC, NOV, OCT, on, PRODUCT, RISKY } from '../../venue/h100.ts';

const MONTHS = listedMonths('NYSE', on('2025-10-20'), 12);
const VENUE = evolveVenue(EMPTY_VENUE, 1, '', {
  kind: 'parameters-changed',
  product: PRODUCT,
  version: 1,
  parameters: RISKY,
  listing: { date: on('2025-10-17'), curve: Object.fromEntries(MONTHS.map((month) => [month, ticks(2400)])) },
  by: 'olga',
  at: '',
});
const product = VENUE.products[PRODUCT]!;
const state = (held: Record<number, number>, settledLots?: number): AccountState => ({
  ...emptyAccount('acme'),
  cash: cents(1_000_00n),
  products: {
    [PRODUCT]: {
      lots: Object.fromEntries(Object.entries(held).map(([month, quantity]) => [month, lots(quantity)])),
      ...(settledLots === undefined ? {} : { settledLots: lots(settledLots) }),
    },
  },
});
const needs = (held: Record<number, number>, own: ProductState = product, size = 0) => requirementOf(own, state(held), size);

describe('the requirement of positions', () => {
  it.each<[what: string, held: Record<number, number>, usd: bigint]>([
    ['nothing', {}, 0n],
    ['one lot of a month that is not delivered: 30 cents on 1,000 hours', { [NOV]: 1 }, 300n],
    ['one lot sold likewise', { [NOV]: -1 }, 300n],
    ['one lot of the month that is being delivered: 5 cents more', { [OCT]: 1 }, 350n],
    ['a spread of two months that move apart by 10 cents', { [NOV]: 1, [DEC]: -1 }, 100n],
    ['ten of them', { [NOV]: -10, [DEC]: 10 }, 1000n],
  ])('%s', (_, held, usd) => expect(needs(held)).toBe(usd * 100n));

  it('of an owner of a size is more by its tier', () => {
    const margin = { ...RISKY.margin, concentration: [{ lots: 1000, ticks: 20 }] };
    const concentrated = { ...product, parameters: { ...RISKY, margin } };
    expect([999, 1000].map((size) => needs({ [NOV]: 1 }, concentrated, size))).toEqual([300_00n, 320_00n]);
  });

  it('is more on the days on which funding is scarce, by the day whose books are open', () => {
    const funding = [{ from: on('2025-12-22'), through: on('2026-01-05'), ticks: 40 }];
    const scarce = { ...product, parameters: { ...RISKY, margin: { ...RISKY.margin, funding } } };
    const on19 = { ...scarce, closedOn: on('2025-12-19') };
    expect([scarce, on19].map((own) => needs({ [NOV]: 1 }, own))).toEqual([300_00n, 340_00n]);
  });
});

it('the size of an owner is that of its accounts at the last settlement, without their signs', () => {
  expect(ownerLotsOf([state({}, 30), state({ [NOV]: 500 }, -12), state({})], PRODUCT)).toBe(42);
});

it('the cover is the cash and the credit of the product', () => {
  const credit = { ...product, parameters: { ...RISKY, creditUsd: 250 } };
  expect([product, credit].map((own) => coverOf(state({}), own))).toEqual([1_000_00n, 1_250_00n]);
});

it('an account trades the product that it was opened for, else the first that the venue listed', () => {
  expect([productOf({}, VENUE), productOf({ product: 'B200' }, VENUE), productOf({}, EMPTY_VENUE)]).toEqual([
    PRODUCT,
    'B200',
    undefined,
  ]);
});
