/** Settlement prices from a file: read whole or not at all, every line that is not right named. */
import { expect, it } from 'vitest';
import { readSettlements } from '../../../lib/operations/margin/history.ts';
import { DEC, NOV, PRODUCT } from '../../venue/h100.ts';

const read = (...lines: string[]) =>
  readSettlements(['date,contract,price', ...lines].join('\n'), 'curves.csv', PRODUCT, { priceDecimals: 3 });

it('are read by day and month, whatever the order of the lines', () => {
  const history = read(
    '2025-10-21,H100-SXM-2025-12,2.410',
    '2025-10-20,H100-SXM-2025-11,2.400',
    '2025-10-21,H100-SXM-2025-11,2.405',
    '2025-10-20,H100-SXM-2025-12,2.4',
  );
  expect(history.map(({ date, prices }) => [date, [...prices]])).toEqual([
    [
      '2025-10-20',
      [
        [NOV, 2400],
        [DEC, 2400],
      ],
    ],
    [
      '2025-10-21',
      [
        [NOV, 2405],
        [DEC, 2410],
      ],
    ],
  ]);
});

it.each<[lines: string[], fault: string]>([
  [['2025-02-30,H100-SXM-2025-11,2.400'], 'curves.csv:2: date "2025-02-30" is not a date'],
  [['2025-10-20,B200-2025-11,2.400'], 'curves.csv:2: contract "B200-2025-11" is none of H100-SXM'],
  [['2025-10-20,H100-SXM-2025-11,2.4001'], 'curves.csv:2: price "2.4001" is not decimal text with at most 3 decimals'],
  [['2025-10-20,H100-SXM-2025-11,2.400,x'], 'curves.csv:2: has 4 fields, not 3'],
  [
    ['2025-10-20,H100-SXM-2025-11,2.400', '2025-10-20,H100-SXM-2025-11,2.500'],
    'curves.csv:3: H100-SXM-2025-11 on 2025-10-20 is there twice',
  ],
  [Array.from({ length: 15 }, () => 'x'), 'and 3 more lines'],
])('%j is refused: %s', (lines, fault) => expect(() => read(...lines)).toThrow(fault));

it('needs its columns', () => {
  expect(() => readSettlements('date,price\n', 'curves.csv', PRODUCT, { priceDecimals: 3 })).toThrow(
    'the columns must be date,contract,price',
  );
});
