/** What a product may be changed to, and what it may be listed with: the fold refuses what is refused here. */
import { describe, expect, it, test } from 'vitest';
import { changeErrors, type ProductChange, readListing } from '../../../lib/domain/clearing/product-change.ts';
import { EMPTY_VENUE, evolveVenue, LogOrderError } from '../../../lib/domain/clearing/venue.ts';
import { listedMonths, monthText } from '../../../lib/domain/contract/months.ts';
import { MAX_TICKS, type Ticks, ticks } from '../../../lib/domain/contract/units.ts';
import { sentence, type Violation } from '../../../lib/domain/contract/violation.ts';
import { H100, month, on, PRODUCT } from '../../venue/h100.ts';

const MONTHS = listedMonths('NYSE', on('2025-10-20'), 12);
const curve = (price = 2400): Record<number, Ticks> => Object.fromEntries(MONTHS.map((each) => [each, ticks(price)]));
const WRITTEN = Object.fromEntries(MONTHS.map((each) => [monthText(each), '2.400']));
const LISTING: ProductChange = {
  product: PRODUCT,
  version: 1,
  parameters: H100,
  listing: { date: on('2025-10-17'), curve: curve() },
};
const NOW = { version: 1, parameters: H100 };
const { listing: _, ...CHANGE }: ProductChange = { ...LISTING, version: 2 };
const listing = (changes: Partial<NonNullable<ProductChange['listing']>>): ProductChange => ({
  ...LISTING,
  listing: { ...LISTING.listing!, ...changes },
});
const PRICE_RULE = 'must be decimal text with at most 3 decimals, more than zero';

test('a new product is listed, and a listed one changed', () => {
  expect(changeErrors(undefined, LISTING)).toEqual([]);
  expect(changeErrors(NOW, CHANGE)).toEqual([]);
  for (const price of [1, MAX_TICKS]) expect(changeErrors(undefined, listing({ curve: curve(price) }))).toEqual([]);
});

describe('a change is refused by its fields', () => {
  it.each<[what: string, now: typeof NOW | undefined, change: ProductChange, says: string[]]>([
    ['the version it has', NOW, { ...CHANGE, version: 1 }, ['version must be 2, not 1']],
    ['a version that skips one', NOW, { ...CHANGE, version: 3 }, ['version must be 2, not 3']],
    ['a listing at another version than one', undefined, { ...LISTING, version: 2 }, ['version must be 1, not 2']],
    ['a second listing', NOW, { ...LISTING, version: 2 }, ['listing is only for a product that is new']],
    ['no listing', undefined, { ...CHANGE, version: 1 }, ['listing is required for a product that is new']],
    [
      'a code that is none',
      undefined,
      { ...LISTING, product: 'h100#1' },
      ['product must be at most 32 of A-Z 0-9 -, such as H100-SXM'],
    ],
    [
      'parameters that are wrong, whose months are then not looked at',
      undefined,
      { ...listing({ curve: {} }), parameters: { ...H100, listedMonths: 3 } },
      ['parameters.listedMonths must be a whole number, 4 to 20'],
    ],
    [
      'a term that is fixed',
      NOW,
      { ...CHANGE, parameters: { ...H100, lotGpuHours: 2000 } },
      ['parameters.lotGpuHours is fixed at 1000 since the product was listed'],
    ],
    [
      'a date that is none',
      undefined,
      listing({ date: on('2025-10-17').replace('10', '13') as never }),
      ['listing.date must be in the years that calendar NYSE has data for'],
    ],
    [
      'a month short',
      undefined,
      listing({ curve: Object.fromEntries(Object.entries(curve()).slice(1)) }),
      ['listing.curve.2025-10 is required'],
    ],
    [
      'a month more',
      undefined,
      listing({ curve: { ...curve(), [month('2026-10')]: ticks(1) } }),
      ['listing.curve.2026-10 is not a month that would be listed'],
    ],
    [
      'a price of zero',
      undefined,
      listing({ curve: { ...curve(), [MONTHS[0]!]: ticks(0) } }),
      [`listing.curve.2025-10 ${PRICE_RULE}`],
    ],
    [
      'a price beyond any market',
      undefined,
      listing({ curve: { ...curve(), [MONTHS[0]!]: ticks(MAX_TICKS + 1) } }),
      [`listing.curve.2025-10 ${PRICE_RULE}`],
    ],
    [
      'half a tick',
      undefined,
      listing({ curve: { ...curve(), [MONTHS[0]!]: 2.5 as Ticks } }),
      [`listing.curve.2025-10 ${PRICE_RULE}`],
    ],
  ])('%s', (_, now, change, says) => {
    expect(changeErrors(now, change).map(sentence)).toEqual(says);
  });

  it('and so is the event, which says why', () => {
    const event = { kind: 'parameters-changed', ...listing({ curve: {} }), by: 'olga', at: '' } as const;
    const fold = () => evolveVenue(EMPTY_VENUE, 1, '', event);
    expect(fold).toThrow(LogOrderError);
    expect(fold).toThrow('parameters 1 of H100-SXM: listing.curve.2025-10 is required; listing.curve.2025-11 is required');
  });
});

describe('a written listing', () => {
  const date = on('2025-10-17');
  const refused = (read: ReturnType<typeof readListing>): Violation[] | false => Array.isArray(read) && read;

  it('is read onto the grid', () => {
    expect(readListing({ date, curve: WRITTEN }, H100)).toEqual(LISTING.listing);
  });

  it('is refused by its months and dates, everything that is wrong at once', () => {
    const { '2025-10': _, ...short } = WRITTEN;
    const read = readListing({ date, curve: { ...short, october: '2.400', '2025-11': '2.4001', '2026-10': '0' } }, H100);
    expect(refused(read)).toEqual([
      { path: ['curve', '2025-10'], rule: 'is required' },
      { path: ['curve', 'october'], rule: 'is not a month that would be listed' },
      { path: ['curve', '2026-10'], rule: 'is not a month that would be listed' },
      { path: ['curve', '2025-11'], rule: PRICE_RULE },
      { path: ['curve', '2026-10'], rule: PRICE_RULE },
    ]);
    expect(refused(readListing({ date: on('2031-10-17'), curve: WRITTEN }, H100))).toEqual([
      { path: ['date'], rule: 'must be in the years that calendar NYSE has data for' },
    ]);
  });
});
