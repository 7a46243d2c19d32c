import { describe, expect, test } from 'vitest';
import { centsPerTick, parseIndex, parsePrice } from '../../../lib/domain/contract/product.ts';
import {
  addLots,
  cents,
  divideHalfEven,
  formatCents,
  formatDecimal,
  gain,
  lots,
  minusTicks,
  parseDecimal,
  ticks,
} from '../../../lib/domain/contract/units.ts';
import { H100 } from '../../venue/h100.ts';

describe('decimal text is read exactly or refused', () => {
  test.each<[text: string, decimals: number, count: bigint]>([
    ['2.350', 3, 2350n],
    ['2.35', 3, 2350n],
    ['2', 3, 2000n],
    ['0.001', 3, 1n],
    ['0', 3, 0n],
    ['0.000', 3, 0n],
    ['-0', 3, 0n],
    ['-0.125', 3, -125n],
    ['-12.5', 2, -1250n],
    ['7', 0, 7n],
    ['999999999999999999.999999', 6, 999999999999999999999999n],
    ['90071992547409.93', 2, 9007199254740993n],
  ])('%j with %i decimals is %s', (text, decimals, count) => expect(parseDecimal(text, decimals)).toBe(count));

  test.each<[why: string, text: string]>([
    ['a decimal more than the grid has', '2.3501'],
    ['a decimal more, though it is zero', '2.3500'],
    ['an exponent', '1e3'],
    ['a number beyond doubles', '1e400'],
    ['a negative exponent', '2350E-3'],
    ['NaN', 'NaN'],
    ['infinity', 'Infinity'],
    ['a leading zero', '02.350'],
    ['two zeros', '00'],
    ['a plus sign', '+2.350'],
    ['two signs', '--2.350'],
    ['a sign at the end', '2.350-'],
    ['a sign alone', '-'],
    ['a Unicode minus', '\u22122.350'],
    ['a space before', ' 2.350'],
    ['a space after', '2.350 '],
    ['a space within', '2 350'],
    ['a line end', '2.350\n'],
    ['a no-break space', '2.350\u00a0'],
    ['nothing', ''],
    ['no whole part', '.350'],
    ['no fraction after the point', '2.'],
    ['two points', '2.3.5'],
    ['a decimal comma', '2,350'],
    ['a thousands separator', '2,350.000'],
    ['an underscore', '2_350'],
    ['hexadecimal', '0x10'],
    ['a bigint literal', '10n'],
    ['Arabic-Indic digits', '\u0662.\u0663\u0665\u0660'],
    ['full-width digits', '\uff12.\uff13'],
    ['a dollar sign', '$2.350'],
    ['more digits than any amount has', '1'.repeat(19)],
    ['a prototype name', '__proto__'],
  ])('%s is refused: %j', (_, text) => expect(parseDecimal(text, 3)).toBeUndefined());

  test('a grid without decimals takes whole numbers only', () => {
    expect(parseDecimal('2.0', 0)).toBeUndefined();
    expect(parseDecimal('2', 0)).toBe(2n);
  });
});

test.each<[value: bigint, decimals: number, text: string]>([
  [2350n, 3, '2.350'],
  [0n, 3, '0.000'],
  [-1n, 3, '-0.001'],
  [-125_000n, 3, '-125.000'],
  [7n, 0, '7'],
  [-7n, 0, '-7'],
  [123n, 6, '0.000123'],
])('%s is written with all of its %i decimals as %s', (value, decimals, text) =>
  expect(formatDecimal(value, decimals)).toBe(text),
);

test('an amount is written in dollars and cents', () => expect(formatCents(cents(-123_456_789n))).toBe('-1234567.89'));

test.each<[text: string, price: number | undefined]>([
  ['2.350', 2350],
  ['-0.015', -15],
  ['-0', 0],
  ['100000', 100_000_000],
  ['-100000', -100_000_000],
  ['100000.001', undefined],
  ['-100000.001', undefined],
  ['2.3505', undefined],
])('the price %s is %s ticks: off the grid or beyond any market is refused', (text, price) => {
  expect(parsePrice(text, H100)).toBe(price);
});

test.each<[text: string, micros: bigint | undefined]>([
  ['2.350125', 2_350_125n],
  ['2.3501251', undefined],
  ['two', undefined],
  ['999999.999999', 999_999_999_999n],
  ['1000000', undefined],
  ['2000000', undefined],
  ['-999999.999999', -999_999_999_999n],
  ['-1000000', undefined],
  ['-2000000', undefined],
])('the index value %s is %s millionths: finer than a tick, and less than a million dollars', (text, micros) => {
  expect(parseIndex(text)).toBe(micros);
});

test('a lot of 1,000 GPU-hours gains 1.00 USD a tick of 0.001', () => expect(centsPerTick(H100)).toBe(100n));

test.each<[quantity: number, move: number, paid: bigint]>([
  [10, 20, 20_000n],
  [-10, 20, -20_000n],
  [10, -20, -20_000n],
  [-10, -20, 20_000n],
  [0, 20, 0n],
  [1_000_000, 100_000_000, 10_000_000_000_000_000n],
])('%i lots gain with a move of %i ticks %s cents', (quantity, move, paid) => {
  expect(gain(lots(quantity), ticks(move), centsPerTick(H100))).toBe(paid);
});

test.each<[numerator: bigint, denominator: bigint, rounded: bigint]>([
  [4n, 2n, 2n],
  [7n, 3n, 2n],
  [8n, 3n, 3n],
  [10n, 3n, 3n],
  [11n, 3n, 4n],
  [-10n, 3n, -3n],
  [1n, 2n, 0n],
  [3n, 2n, 2n],
  [5n, 2n, 2n],
  [7n, 2n, 4n],
  [-1n, 2n, 0n],
  [-3n, 2n, -2n],
  [-5n, 2n, -2n],
  [0n, 5n, 0n],
  [2_500_000_000_000_000_000_001n, 1000n, 2_500_000_000_000_000_000n],
])('%s / %s is %s, halves going to the even neighbour', (numerator, denominator, rounded) => {
  expect(divideHalfEven(numerator, denominator)).toBe(rounded);
});

test.each([0n, -2n])('dividing by %s is a bug, not a number', (denominator) => {
  expect(() => divideHalfEven(1n, denominator)).toThrow(new RangeError('the denominator must be positive'));
});

test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%s is no count of ticks or lots', (value) => {
  expect(() => ticks(value)).toThrow(new RangeError(`not an exact integer: ${value}`));
  expect(() => lots(value)).toThrow(new RangeError(`not an exact integer: ${value}`));
});

test('a sum that a double can no longer hold exactly is a bug, not a rounding', () => {
  expect(() => addLots(lots(Number.MAX_SAFE_INTEGER), lots(1))).toThrow(RangeError);
  expect(() => minusTicks(ticks(Number.MIN_SAFE_INTEGER), ticks(1))).toThrow(RangeError);
});

test('zero has one sign', () => expect(Object.is(ticks(-0), 0)).toBe(true));
