import { expect, test } from 'vitest';
import { decideIntraday, type NumberedAuction } from '../../../lib/domain/clearing/intraday.ts';
import type { ProductState } from '../../../lib/domain/clearing/venue.ts';
import { H100, on, PRODUCT } from '../../venue/h100.ts';

/** The books of Friday the 17th are closed; auction 4 was Monday's of ten o'clock in New York. */
const STATE: ProductState = {
  product: PRODUCT,
  version: 1,
  parameters: H100,
  listed: [],
  marks: {},
  lastAuction: 4,
  carried: {},
  toSettle: null,
  settledOn: on('2025-10-17'),
  closedOn: on('2025-10-17'),
  lastEvent: 9,
};
const [TEN, ONE] = ['2025-10-20T14:00:00.000Z', '2025-10-20T17:00:00.000Z'];
const newest = (change: Partial<NumberedAuction> = {}): NumberedAuction => ({
  auction: 4,
  slot: TEN,
  closing: false,
  marked: true,
  ...change,
});
const FIFTH = { kind: 'number', auction: 5, date: '2025-10-20' };
const refuse = (why: string) => ({ kind: 'refuse', why });

test.each<[rule: string, slot: string, newest: NumberedAuction | undefined, isDayOpen: boolean, then: object]>([
  ['gets the number after the newest', ONE, newest(), false, FIFTH],
  ['is the first when there was none', ONE, undefined, false, { ...FIFTH, auction: 1 }],
  ['follows one that is not marked yet', ONE, newest({ marked: false }), false, FIFTH],
  ['follows a closing auction that is marked', ONE, newest({ closing: true }), false, FIFTH],
  ['that was numbered meanwhile is looked up again', TEN, newest(), false, { kind: 'look-again' }],
  [
    'is looked up again before anything else is asked',
    TEN,
    newest({ closing: true, marked: false }),
    true,
    { kind: 'look-again' },
  ],
  ['is not held when a later one has been opened', TEN, newest({ slot: ONE }), false, refuse('a later auction has been opened')],
  [
    'does not overtake a closing auction that is not closed',
    ONE,
    newest({ closing: true, marked: false }),
    false,
    refuse('the closing auction before it is not closed'),
  ],
  ['is not held while a day run is under way', ONE, newest(), true, refuse('a day run is under way')],
  [
    'is not held before the business day before it is closed',
    '2025-10-21T14:00:00.000Z',
    newest(),
    false,
    refuse('the business day before it is not closed'),
  ],
  ['is not held on a Saturday', '2025-10-18T14:00:00.000Z', undefined, false, refuse('it is no business day')],
  ['is not held on a holiday', '2025-11-27T15:00:00.000Z', undefined, false, refuse('it is no business day')],
  // At 20:30 on Sunday in New York it is Monday in UTC.
  ['has the date of the product’s zone', '2025-10-20T00:30:00.000Z', undefined, false, refuse('it is no business day')],
])('an intraday auction %s', (_, slot, before, isDayOpen, then) => {
  expect(decideIntraday(STATE, slot, before, isDayOpen)).toEqual(then);
});
