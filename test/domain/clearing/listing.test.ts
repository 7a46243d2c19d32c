/** What a product may be given: its first listing, and each change of its parameters after it. */
import { describe, expect, test } from 'vitest';
import type { ParametersChanged } from '../../../lib/domain/clearing/events.ts';
import { changeErrors } from '../../../lib/domain/clearing/product-change.ts';
import type { ProductState } from '../../../lib/domain/clearing/venue.ts';
import { listedMonths, monthText } from '../../../lib/domain/contract/months.ts';
import { MAX_TICKS, type Ticks, ticks } from '../../../lib/domain/contract/units.ts';
import { sentence } from '../../../lib/domain/contract/violation.ts';
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
    expect(changeErrors(undefined, first(from('2025-10-29'))).map(sentence)).toEqual([]);
  });

  test.each<[what: string, change: Change, faults: string[]]>([
    ['without a listing', first(), ['listing is required for a product that is new']],
    [
      'under a code that is none',
      first(from('2025-10-29'), { product: 'h100' }),
      ['product must be at most 32 of A-Z 0-9 -, such as H100-SXM'],
    ],
    ['at another version', first(from('2025-10-29'), { version: 2 }), ['version must be 1, not 2']],
    [
      'with parameters at fault, from which no months are computed',
      first(undefined, { parameters: { ...H100, listedMonths: 99 } }),
      ['parameters.listedMonths must be a whole number, 4 to 20', 'listing is required for a product that is new'],
    ],
    ['of a day that is none', first(from('2025-02-30')), ['listing.date must be in the years that calendar NYSE has data for']],
    [
      'beyond the calendar’s years',
      first(from('2031-01-01')),
      ['listing.date must be in the years that calendar NYSE has data for'],
    ],
    [
      'with a month short',
      first(from('2025-10-29', { [FIRST!]: undefined })),
      [`listing.curve.${monthText(FIRST!)} is required`],
    ],
    [
      'with a month more',
      first(from('2025-10-29', { [month('2030-01')]: 2350 })),
      ['listing.curve.2030-01 is not a month that would be listed'],
    ],
    [
      'with the month before in place of the first',
      first(from('2025-10-29', { [FIRST!]: undefined, [month('2025-09')]: 2350, [month('2025-08')]: 2350 })),
      [
        `listing.curve.${monthText(FIRST!)} is required`,
        'listing.curve.2025-08 is not a month that would be listed',
        'listing.curve.2025-09 is not a month that would be listed',
      ],
    ],
    [
      'at a price of zero',
      first(from('2025-10-29', { [FIRST!]: 0 })),
      ['listing.curve.2025-10 must be decimal text with at most 3 decimals, more than zero'],
    ],
    [
      'at a price below zero',
      first(from('2025-10-29', { [FIRST!]: -5 })),
      ['listing.curve.2025-10 must be decimal text with at most 3 decimals, more than zero'],
    ],
    [
      'at half a tick',
      first(from('2025-10-29', { [FIRST!]: 0.5 })),
      ['listing.curve.2025-10 must be decimal text with at most 3 decimals, more than zero'],
    ],
    [
      'at a tick and a half',
      first(from('2025-10-29', { [FIRST!]: 1.5 })),
      ['listing.curve.2025-10 must be decimal text with at most 3 decimals, more than zero'],
    ],
    [
      'beyond any price',
      first(from('2025-10-29', { [FIRST!]: MAX_TICKS + 1 })),
      ['listing.curve.2025-10 must be decimal text with at most 3 decimals, more than zero'],
    ],
  ])('%s is refused', (_, change, faults) => expect(changeErrors(undefined, change).map(sentence)).toEqual(faults));

  test('may start from one tick, and from the highest price there is', () => {
    for (const price of [1, MAX_TICKS])
      expect(changeErrors(undefined, first(from('2025-10-29', { [FIRST!]: price }))).map(sentence)).toEqual([]);
  });
});

describe('a listed product', () => {
  const state = { product: PRODUCT, version: 4, parameters: H100 } as ProductState;
  const change = (more: Partial<Change>): string[] =>
    changeErrors(state, { product: PRODUCT, version: 5, parameters: H100, ...more }).map(sentence);

  test('may have its limits changed', () => {
    expect(change({ parameters: { ...H100, dailyLimitTicks: ticks(1), dayRunTime: '15:00' } })).toEqual([]);
  });

  test.each<[what: string, more: Partial<Change>, faults: string[]]>([
    ['the same version again', { version: 4 }, ['version must be 5, not 4']],
    ['a version that skips one', { version: 6 }, ['version must be 5, not 6']],
    [
      'another lot and tick',
      { parameters: { ...H100, lotGpuHours: 100, priceDecimals: 2 } },
      [
        'parameters.lotGpuHours is fixed at 1000 since the product was listed',
        'parameters.priceDecimals is fixed at 3 since the product was listed',
      ],
    ],
    ['a second listing', { listing: from('2025-10-29') }, ['listing is only for a product that is new']],
    [
      'several faults at once',
      { version: 9, parameters: { ...H100, timeZone: 'UTC', dayRunTime: 'noon' }, listing: from('2025-10-29') },
      [
        'parameters.dayRunTime must be HH:MM',
        'version must be 5, not 9',
        'parameters.timeZone is fixed at America/New_York since the product was listed',
        'listing is only for a product that is new',
      ],
    ],
  ])('is not given %s', (_, more, faults) => expect(change(more)).toEqual(faults));
});
