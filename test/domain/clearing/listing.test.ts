/** What a product may be given: its first listing, and each change of its parameters after it. */
import { describe, expect, test } from 'vitest';
import type { ParametersChanged } from '../../../lib/domain/clearing/events.ts';
import { changeErrors, type ProductState } from '../../../lib/domain/clearing/venue.ts';
import { listedMonths, monthText } from '../../../lib/domain/contract/months.ts';
import { MAX_TICKS, type Ticks, ticks } from '../../../lib/domain/contract/units.ts';
import { H100, month, on, PRODUCT } from '../../venue/h100.ts';

const MONTHS = listedMonths('NYSE', on('2025-10-30'), 12);
const [FIRST] = MONTHS;
const curve = (changes: Record<number, number | undefined> = {}): Record<number, Ticks> =>
  Object.fromEntries(
    Object.entries({ ...Object.fromEntries(MONTHS.map((at) => [at, 2350])), ...changes }).filter(
      ([, price]) => price !== undefined,
    ),
  ) as Record<number, Ticks>;
type Change = Pick<ParametersChanged, 'product' | 'version' | 'parameters' | 'listing'>;
const first = (listing?: ParametersChanged['listing'], more: Partial<Change> = {}): Change => ({
  product: PRODUCT,
  version: 1,
  parameters: H100,
  ...(listing ? { listing } : {}),
  ...more,
});
const from = (date: string, changes?: Record<number, number | undefined>) => ({ date: date as never, curve: curve(changes) });

describe('a new product', () => {
  test('is listed with a price for every month that it lists', () => {
    expect(changeErrors(undefined, first(from('2025-10-29')))).toEqual([]);
  });

  test.each<[what: string, change: Change, faults: string[]]>([
    ['without a listing', first(), ['a new product needs a listing']],
    [
      'under a code that is none',
      first(from('2025-10-29'), { product: 'h100' }),
      ['"h100" is not a product code such as H100-SXM'],
    ],
    ['at another version', first(from('2025-10-29'), { version: 2 }), ["version 2 can't follow 0"]],
    [
      'with parameters at fault, from which no months are computed',
      first(undefined, { parameters: { ...H100, listedMonths: 99 } }),
      ['listedMonths must be a whole number, 4 to 20'],
    ],
    ['of a day that is none', first(from('2025-02-30')), ['2025-02-30 is not a date']],
    ['beyond the calendar’s years', first(from('2031-01-01')), ['calendar NYSE has no data for 2031-01-02']],
    [
      'with a month short',
      first(from('2025-10-29', { [FIRST!]: undefined })),
      [`the curve needs a price for ${monthText(FIRST!)}`],
    ],
    [
      'with a month more',
      first(from('2025-10-29', { [month('2030-01')]: 2350 })),
      ['the curve has 1 months that would not be listed'],
    ],
    [
      'with the month before in place of the first',
      first(from('2025-10-29', { [FIRST!]: undefined, [month('2025-09')]: 2350, [month('2025-08')]: 2350 })),
      [`the curve needs a price for ${monthText(FIRST!)}`, 'the curve has 2 months that would not be listed'],
    ],
    ['at a price of zero', first(from('2025-10-29', { [FIRST!]: 0 })), ['the curve needs a price for 2025-10']],
    ['at a price below zero', first(from('2025-10-29', { [FIRST!]: -5 })), ['the curve needs a price for 2025-10']],
    ['at half a tick', first(from('2025-10-29', { [FIRST!]: 0.5 })), ['the curve needs a price for 2025-10']],
    ['at a tick and a half', first(from('2025-10-29', { [FIRST!]: 1.5 })), ['the curve needs a price for 2025-10']],
    ['beyond any price', first(from('2025-10-29', { [FIRST!]: MAX_TICKS + 1 })), ['the curve needs a price for 2025-10']],
  ])('%s is refused', (_, change, faults) => expect(changeErrors(undefined, change)).toEqual(faults));

  test('may start from one tick, and from the highest price there is', () => {
    for (const price of [1, MAX_TICKS])
      expect(changeErrors(undefined, first(from('2025-10-29', { [FIRST!]: price })))).toEqual([]);
  });
});

describe('a listed product', () => {
  const state = { product: PRODUCT, version: 4, parameters: H100 } as ProductState;
  const change = (more: Partial<Change>): string[] =>
    changeErrors(state, { product: PRODUCT, version: 5, parameters: H100, ...more });

  test('may have its limits changed', () => {
    expect(change({ parameters: { ...H100, dailyLimitTicks: ticks(1), dayRunTime: '15:00' } })).toEqual([]);
  });

  test.each<[what: string, more: Partial<Change>, faults: string[]]>([
    ['the same version again', { version: 4 }, ["version 4 can't follow 4"]],
    ['a version that skips one', { version: 6 }, ["version 6 can't follow 4"]],
    [
      'another lot and tick',
      { parameters: { ...H100, lotGpuHours: 100, priceDecimals: 2 } },
      ['the terms of a listed product are fixed: lotGpuHours, priceDecimals'],
    ],
    ['a second listing', { listing: from('2025-10-29') }, ['a listing is only for a product that is new']],
    [
      'several faults at once',
      { version: 9, parameters: { ...H100, timeZone: 'UTC', dayRunTime: 'noon' }, listing: from('2025-10-29') },
      [
        'dayRunTime must be HH:MM',
        "version 9 can't follow 4",
        'the terms of a listed product are fixed: timeZone',
        'a listing is only for a product that is new',
      ],
    ],
  ])('is not given %s', (_, more, faults) => expect(change(more)).toEqual(faults));
});
