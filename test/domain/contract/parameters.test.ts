/** What a product's parameters must be, and how written ones are read: every field that is wrong is named with its rule. */
import { describe, expect, it, test } from 'vitest';
import {
  fixedTermErrors,
  PARAMETER_LIMITS,
  parameterErrors,
  readWrittenParameters,
  writtenParameters,
} from '../../../lib/domain/contract/parameters.ts';
import type { ProductParameters } from '../../../lib/domain/contract/product.ts';
import { ticks } from '../../../lib/domain/contract/units.ts';
import { inside, sentence } from '../../../lib/domain/contract/violation.ts';
import { H100, unbounded } from '../../venue/h100.ts';

const WRITTEN = writtenParameters(H100);

describe('parameters', () => {
  it('of the product that the tests trade are right', () => expect(parameterErrors(H100)).toEqual([]));

  const limited = Object.entries(PARAMETER_LIMITS).flatMap(([name, [least, most]]) =>
    [least - 1, most + 1, least + 0.5, Number.NaN, `${least}`].map((value): [string, unknown] => [name, value]),
  );
  it.each<[name: string, value: unknown]>([
    ...limited,
    ['calendar', 'LSE'],
    ['calendar', 'constructor'],
    ['timeZone', 'America/Atlantis'],
    ['timeZone', ''],
    ['timeZone', undefined],
    ['dayRunTime', '24:00'],
    ['dayRunTime', '16:00\n'],
    ['dayRunTime', 1600],
  ])('with %s %j are wrong there', (name, value) => {
    expect(parameterErrors({ ...H100, [name]: value } as ProductParameters)).toEqual([
      { path: [name], rule: expect.any(String) },
    ]);
  });

  it.each(Object.entries(PARAMETER_LIMITS))('may have the first and the last %s', (name, limits) => {
    for (const value of limits)
      expect(parameterErrors({ ...H100, [name]: value }).filter(({ path }) => path.includes(name))).toEqual([]);
  });

  it.each<[lotGpuHours: number, priceDecimals: number, errors: number]>([
    [1000, 3, 0],
    [10, 3, 0],
    [1, 3, 1],
    [15, 3, 1],
    [1000, 6, 1],
    [10_000, 6, 0],
  ])(
    'with a lot of %i GPU-hours and %i decimals have %i error: a tick on a lot is whole cents',
    (lotGpuHours, priceDecimals, errors) => {
      const found = parameterErrors({ ...H100, lotGpuHours, priceDecimals });
      expect(found.map(({ path }) => path)).toEqual(errors ? [[]] : []);
    },
  );
});

describe('written parameters', () => {
  it('read as they were written, in one order of fields whatever theirs is', () => {
    const turned = Object.fromEntries(Object.entries(WRITTEN).toReversed());
    expect(readWrittenParameters(WRITTEN)).toEqual(H100);
    expect(JSON.stringify(readWrittenParameters(turned))).toBe(JSON.stringify(readWrittenParameters(WRITTEN)));
  });

  it.each<[what: string, written: unknown, says: string[]]>([
    ['nothing', undefined, ['is required']],
    ['no object', [WRITTEN], ['must be an object']],
    ['null', null, ['must be an object']],
    ['a field that is missing', { ...WRITTEN, rollBand: undefined }, ['rollBand is required']],
    ['a field that is unknown', { ...WRITTEN, fee: '1' }, ['fee is not a field here']],
    ['a number for a price', { ...WRITTEN, dailyLimit: 1 }, ['dailyLimit must be decimal text, such as "0.500"']],
    [
      'several things at once',
      { ...WRITTEN, listedMonths: 3, dayRunTime: '9:00', rollBand: 0 },
      [
        'listedMonths must be a whole number, 4 to 20',
        'dayRunTime must be HH:MM',
        'rollBand must be decimal text, such as "0.500"',
      ],
    ],
    [
      'limits off the grid, and at their bounds',
      { ...WRITTEN, dailyLimit: '0.000', rollBand: '0.0001' },
      [
        'dailyLimit must be decimal text with at most 3 decimals, more than zero',
        'rollBand must be decimal text with at most 3 decimals, zero or more',
      ],
    ],
    [
      'a band below zero',
      { ...WRITTEN, rollBand: '-0.001' },
      ['rollBand must be decimal text with at most 3 decimals, zero or more'],
    ],
    [
      'a tick that is no whole cent',
      { ...WRITTEN, lotGpuHours: 1 },
      ['one tick on one lot must be a whole number of cents: lotGpuHours x 100 must be divisible by 10^priceDecimals'],
    ],
  ])('are refused: %s', (_, written, says) => {
    const read = readWrittenParameters(written);
    expect(Array.isArray(read) && read.map(sentence)).toEqual(says);
  });

  it('may have a band of nothing and a limit of one tick', () => {
    const read = readWrittenParameters({ ...WRITTEN, dailyLimit: '0.001', rollBand: '0' });
    expect(read).toMatchObject({ dailyLimitTicks: 1, rollBandTicks: 0 });
  });
});

test('of a listed product the terms of the contract are fixed, and nothing else is', () => {
  const changed: ProductParameters = {
    lotGpuHours: 1,
    priceDecimals: 2,
    listedMonths: 4,
    timeZone: 'UTC',
    calendar: 'NYSE',
    dayRunTime: '00:00',
    dailyLimitTicks: ticks(1),
    rollBandTicks: ticks(0),
    indexValuesMin: 1,
    indexAgeDaysMax: 0,
    indexMoveBasisPointsMax: 1,
    liveOrdersMax: 1,
    submissionsMax: 1,
    ...unbounded(4),
    creditUsd: 0,
    callDueTime: '00:00',
  };
  expect(inside(['parameters'], fixedTermErrors(H100, changed)).map(sentence)).toEqual([
    'parameters.lotGpuHours is fixed at 1000 since the product was listed',
    'parameters.priceDecimals is fixed at 3 since the product was listed',
    'parameters.listedMonths is fixed at 12 since the product was listed',
    'parameters.timeZone is fixed at America/New_York since the product was listed',
  ]);
});
