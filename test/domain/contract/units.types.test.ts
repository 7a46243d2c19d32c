/**
 * Units that do not mix. The compiler is the test: each line under an `@ts-expect-error` must fail to compile, and `tsc`
 * complains about the ones that do compile. None of them is ever run.
 */
import { expect, test } from 'vitest';
import type { BusinessDate } from '../../../lib/domain/contract/calendar.ts';
import { type ContractMonth, firstDay, monthAfter } from '../../../lib/domain/contract/months.ts';
import {
  addCents,
  addLots,
  type Cents,
  cents,
  gain,
  type Lots,
  lots,
  type Micros,
  minusTicks,
  type Ticks,
  ticks,
} from '../../../lib/domain/contract/units.ts';

interface Values {
  readonly price: Ticks;
  readonly quantity: Lots;
  readonly money: Cents;
  readonly index: Micros;
  readonly month: ContractMonth;
  readonly day: BusinessDate;
}

const mistakes: Record<string, (values: Values) => unknown> = {
  'a bare number is not a price': (): Ticks => {
    // @ts-expect-error
    return 2350;
  },
  'a bare number is not a quantity': (): Lots => {
    // @ts-expect-error
    return 10;
  },
  'a bare bigint is not money': (): Cents => {
    // @ts-expect-error
    return 100n;
  },
  'a price is not a quantity': ({ price }): Lots => {
    // @ts-expect-error
    return price;
  },
  'a quantity is not a price': ({ quantity }): Ticks => {
    // @ts-expect-error
    return quantity;
  },
  'an index value is not money': ({ index }): Cents => {
    // @ts-expect-error
    return index;
  },
  'money is not an index value': ({ money }): Micros => {
    // @ts-expect-error
    return money;
  },
  'a month is not a price': ({ month }): Ticks => {
    // @ts-expect-error
    return month;
  },
  'a month is not a quantity': ({ month }): Lots => {
    // @ts-expect-error
    return month;
  },
  'a quantity is not a month': ({ quantity }) =>
    // @ts-expect-error
    monthAfter(quantity),
  'any text is not a date': (): BusinessDate => {
    // @ts-expect-error
    return '2025-11-11';
  },
  'a date is not a month': ({ day }) =>
    // @ts-expect-error
    firstDay(day),
  'lots and ticks are not added': ({ quantity, price }) =>
    // @ts-expect-error
    addLots(quantity, price),
  'ticks and lots are not subtracted': ({ quantity, price }) =>
    // @ts-expect-error
    minusTicks(price, quantity),
  'ticks are not paid out as cents': ({ money, price }) =>
    // @ts-expect-error
    addCents(money, price),
  'an index value is not paid out as cents': ({ money, index }) =>
    // @ts-expect-error
    addCents(money, index),
  'cents are not counted as a number': ({ money }): number => {
    // @ts-expect-error
    return money;
  },
  'cents and ticks are not multiplied': ({ money, price }) =>
    // @ts-expect-error
    money * price,
  'the sum of two prices as numbers is not a price again by itself': ({ price }): Ticks => {
    // @ts-expect-error
    return price + price;
  },
  'a gain takes lots first and ticks second': ({ quantity, price }) =>
    // @ts-expect-error
    gain(price, quantity, 100n),
  'money is not made from a floating-point number': () =>
    // @ts-expect-error
    cents(1.5),
};

test('units compile where they belong', () => {
  const paid: Cents = addCents(gain(addLots(lots(1), lots(2)), minusTicks(ticks(30), ticks(10)), 100n), cents(1n));
  expect(paid).toBe(6001n);
});

test('each mix of units that must not compile is listed once', () => {
  expect(Object.values(mistakes)).toHaveLength(21);
});
