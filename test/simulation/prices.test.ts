/** Price files: read whole, or refused with every bad line named. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PricesError, readOffers, readSpot } from '../../lib/simulation/prices.ts';
import { on } from '../venue/h100.ts';

const DATA = join(import.meta.dirname, '..', '..', 'data');
const SPOT = 'date,grade,mean_usd_per_gpu_hour,median,p10,p90,snapshots\n';
const OFFERS = 'date,grade,provider,offers,min_usd_per_gpu_hour,avg_usd_per_gpu_hour\n';

const faultOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof PricesError) return error.message;
    throw error;
  }
  return 'read';
};

describe('the files of the repository', () => {
  test.each(['H100-SXM', 'A100-SXM', 'B200', 'H200'])('hold a spot price of %s for each of 29 days', (grade) => {
    expect(readSpot(readFileSync(join(DATA, 'gpu-spot-daily.csv'), 'utf8'), 'spot', grade).size).toBe(29);
  });

  test('hold what providers asked for an H100, in ticks', () => {
    const offers = readOffers(readFileSync(join(DATA, 'gpu-offers-daily.csv'), 'utf8'), 'offers', 'H100-SXM', 3);
    expect(offers.get(on('2025-10-19'))?.[0]).toEqual({ provider: 'dc_roan', offers: 21, average: 2090 });
  });
});

describe('a spot file', () => {
  const good = '2025-10-19,H100-SXM,2.1783,2.0117,1.8317,2.7067,6\n';

  test.each([
    [
      'other columns',
      'date,price\n',
      'spot.csv:1: the columns must be date,grade,mean_usd_per_gpu_hour,median,p10,p90,snapshots',
    ],
    ['a short line', `${SPOT}${good}2025-10-20,H100-SXM,2.18\n`, 'spot.csv:3: has 3 fields, not 7'],
    ['no such day', `${SPOT}2025-02-30,H100-SXM,2,2,2,2,6\n`, 'spot.csv:2: date "2025-02-30" is not a date like 2025-10-19'],
    [
      'a price of zero',
      `${SPOT}2025-10-19,H100-SXM,0,2,2,2,6\n`,
      'spot.csv:2: mean_usd_per_gpu_hour "0" is not a price above zero',
    ],
    ['a price that is no number', `${SPOT}2025-10-19,H100-SXM,NaN,2,2,2,6\n`, '"NaN" is not a price above zero'],
    ['a price with an exponent', `${SPOT}2025-10-19,H100-SXM,2,2,2,1e3,6\n`, 'p90 "1e3" is not a price above zero'],
    ['a day twice', `${SPOT}${good}${good}`, 'spot.csv:3: 2025-10-19 H100-SXM is there twice'],
    ['another grade only', `${SPOT}${good.replace('H100-SXM', 'B200')}`, 'spot.csv has no prices of H100-SXM; it has B200'],
    ['nothing', SPOT, 'spot.csv has no prices of H100-SXM; it has none'],
  ])('with %s is refused, and the line named', (_, text, message) => {
    expect(faultOf(() => readSpot(text, 'spot.csv', 'H100-SXM'))).toContain(message);
  });

  test('names every bad line at once, up to a dozen', () => {
    const message = faultOf(() => readSpot(SPOT + 'x\n'.repeat(40), 'spot.csv', 'H100-SXM'));
    // Twelve lines, how many more there are, and what to do.
    expect(message.split('\n')).toHaveLength(14);
    expect(message).toContain('and 28 more lines');
  });

  test('may end its lines as Windows does', () => {
    expect(readSpot((SPOT + good).replaceAll('\n', '\r\n'), 'spot.csv', 'H100-SXM').size).toBe(1);
  });
});

test.each([
  ['no offers', '2025-10-19,H100-SXM,nebius,0,2.12,2.12\n', 'offers "0" is not a count above zero'],
  ['a provider without a name', '2025-10-19,H100-SXM,,3,2.12,2.12\n', 'provider "" is not a name'],
  [
    'a provider twice',
    '2025-10-19,H100-SXM,nebius,3,2.12,2.12\n'.repeat(2),
    'offers.csv:3: 2025-10-19 H100-SXM nebius is there twice',
  ],
])('an offers file with %s is refused', (_, rows, message) => {
  expect(faultOf(() => readOffers(OFFERS + rows, 'offers.csv', 'H100-SXM', 3))).toContain(message);
});
