import { describe, expect, test } from 'vitest';
import {
  fixedTermErrors,
  PARAMETER_LIMITS,
  parameterErrors,
  readWrittenParameters,
  type WrittenParameters,
  writtenParameters,
} from '../../../lib/domain/contract/parameters.ts';
import {
  formatIndex,
  formatPrice,
  isProductCode,
  type ProductParameters,
  priceAsIndex,
} from '../../../lib/domain/contract/product.ts';
import { type Micros, ticks } from '../../../lib/domain/contract/units.ts';
import { sentence, type Violation } from '../../../lib/domain/contract/violation.ts';
import { H100, unbounded } from '../../venue/h100.ts';

describe('every whole number of a product has a least and a most', () => {
  const limits = Object.entries(PARAMETER_LIMITS) as [keyof typeof PARAMETER_LIMITS, readonly [number, number]][];
  /** With no decimals a tick on a lot is whole cents whatever the other numbers are. */
  const plain: ProductParameters = { ...H100, priceDecimals: 0 };
  const cases = limits.flatMap(([name, [least, most]]) =>
    [least - 1, most + 1, least + 0.5, Number.NaN, `${least}`, null].map((value) => [name, value, least, most] as const),
  );

  test.each(cases)('%s may not be %j', (name, value, least, most) => {
    const rule = `${name} must be a whole number, ${least} to ${most}`;
    expect(parameterErrors({ ...plain, [name]: value } as ProductParameters).map(sentence)).toEqual([rule]);
  });

  test.each(limits)('%s may be its least and its most', (name, [least, most]) => {
    for (const value of [least, most]) {
      const lotGpuHours = name === 'priceDecimals' ? 1_000_000 : plain.lotGpuHours;
      const { margin } = unbounded(name === 'listedMonths' ? value : plain.listedMonths);
      expect(parameterErrors({ ...plain, lotGpuHours, margin, [name]: value } as ProductParameters).map(sentence)).toEqual([]);
    }
  });
});

test.each<[wrong: Partial<Record<keyof ProductParameters, unknown>>, rule: string]>([
  [{ calendar: 'LSE' }, 'calendar must be one of NYSE'],
  [{ dayRunTime: '24:00' }, 'dayRunTime must be HH:MM'],
  [{ dayRunTime: '9:00' }, 'dayRunTime must be HH:MM'],
  [{ dayRunTime: '29:00' }, 'dayRunTime must be HH:MM'],
  [{ dayRunTime: '16:60' }, 'dayRunTime must be HH:MM'],
  [{ dayRunTime: '116:00' }, 'dayRunTime must be HH:MM'],
  [{ dayRunTime: '16:000' }, 'dayRunTime must be HH:MM'],
  [{ timeZone: 'Mars/Olympus' }, 'timeZone must be an IANA time zone'],
  [
    { lotGpuHours: 1 },
    'one tick on one lot must be a whole number of cents: lotGpuHours x 100 must be divisible by 10^priceDecimals',
  ],
])('%j is refused: %s', (wrong, rule) => {
  expect(parameterErrors({ ...H100, ...wrong } as ProductParameters).map(sentence)).toEqual([rule]);
});

test('every fault is named, and what computes with a faulty number is not tried', () => {
  const wrong = { ...H100, priceDecimals: -1, calendar: 'LSE', dayRunTime: '', timeZone: 'Mars/Olympus' } as unknown;
  expect(parameterErrors(wrong as ProductParameters).map(sentence)).toEqual([
    'priceDecimals must be a whole number, 0 to 6',
    'timeZone must be an IANA time zone',
    'calendar must be one of NYSE',
    'dayRunTime must be HH:MM',
  ]);
});

test.each(['00:00', '09:59', '19:30', '20:00', '23:59'])('a day run may start at %s', (dayRunTime) => {
  expect(parameterErrors({ ...H100, dayRunTime }).map(sentence)).toEqual([]);
});

test.each<[code: string, isOne: boolean]>([
  ['H100-SXM', true],
  ['A', true],
  ['2', false],
  ['A'.repeat(32), true],
  ['A'.repeat(33), false],
  ['', false],
  ['h100', false],
  ['-A', false],
  ['A-', false],
  ['A--B', false],
  ['xA', false],
  ['Ax', false],
  ['A B', false],
  ['100', false],
  ['100-2', false],
  ['100-2X', true],
  ['A#B', false],
  ['A\n', false],
])('%j is a product code: %s', (code, isOne) => expect(isProductCode(code)).toBe(isOne));

describe('the terms of a contract are fixed once it is listed', () => {
  const other: Partial<ProductParameters> = { lotGpuHours: 10, priceDecimals: 2, listedMonths: 6, timeZone: 'UTC' };
  test.each(Object.entries(other))('%s', (name, value) => {
    expect(fixedTermErrors(H100, { ...H100, [name]: value }).map(({ path }) => path.at(-1))).toEqual([name]);
  });

  test('and everything else may change', () => {
    const free = {
      dayRunTime: '15:00',
      dailyLimitTicks: ticks(1),
      rollBandTicks: ticks(0),
      indexValuesMin: 1,
      indexAgeDaysMax: 0,
      liveOrdersMax: 1,
      submissionsMax: 1,
    };
    expect(fixedTermErrors(H100, { ...H100, ...free, indexMoveBasisPointsMax: 1 })).toEqual([]);
  });
});

describe('parameters are written with limits in dollars', () => {
  const written = writtenParameters(H100);

  test('and read back as they were', () => {
    expect(written).toMatchObject({ dailyLimit: '0.250', rollBand: '0.050', lotGpuHours: 1000 });
    expect(written).not.toHaveProperty('dailyLimitTicks');
    expect(readWrittenParameters(written)).toEqual(H100);
  });

  test.each<[wrong: Record<string, unknown>, faults: string[]]>([
    [{ dailyLimit: '0' }, ['dailyLimit must be decimal text with at most 3 decimals, more than zero']],
    [{ dailyLimit: '-1' }, ['dailyLimit must be decimal text with at most 3 decimals, more than zero']],
    [{ dailyLimit: '0.0001' }, ['dailyLimit must be decimal text with at most 3 decimals, more than zero']],
    [{ dailyLimit: 1 }, ['dailyLimit must be decimal text, such as "0.500"']],
    [{ rollBand: '-0.001' }, ['rollBand must be decimal text with at most 3 decimals, zero or more']],
    [{ rollBand: 'x' }, ['rollBand must be decimal text with at most 3 decimals, zero or more']],
    [{ rollBand: undefined }, ['rollBand is required']],
    [
      { dailyLimit: '', rollBand: '' },
      [
        'dailyLimit must be decimal text with at most 3 decimals, more than zero',
        'rollBand must be decimal text with at most 3 decimals, zero or more',
      ],
    ],
    [{ priceDecimals: 7, dailyLimit: 'x' }, ['priceDecimals must be a whole number, 0 to 6']],
  ])('%j is refused: %j', (wrong, faults) => {
    expect((readWrittenParameters({ ...written, ...wrong } as WrittenParameters) as Violation[]).map(sentence)).toEqual(faults);
  });

  test.each<[field: 'dailyLimit' | 'rollBand', text: string, ticksOf: Partial<ProductParameters>]>([
    ['dailyLimit', '0.001', { dailyLimitTicks: ticks(1) }],
    ['rollBand', '0', { rollBandTicks: ticks(0) }],
  ])('the least %s is %s', (field, text, ticksOf) => {
    expect(readWrittenParameters({ ...written, [field]: text })).toEqual({ ...H100, ...ticksOf });
  });
});

test('prices and index values are written with all their decimals, and a price is an index value', () => {
  expect(formatPrice(ticks(-15), H100)).toBe('-0.015');
  expect(formatIndex(2_350_125n as Micros)).toBe('2.350125');
  expect(priceAsIndex(ticks(2350), H100)).toBe(2_350_000n);
  expect(priceAsIndex(ticks(235), { ...H100, priceDecimals: 2 })).toBe(2_350_000n);
});
