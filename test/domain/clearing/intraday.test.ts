import { expect, test } from 'vitest';
import { decideIntraday, type IntradaySeen } from '../../../lib/domain/clearing/intraday.ts';
import type { ProductState } from '../../../lib/domain/clearing/venue.ts';
import { on } from '../../venue/h100.ts';
import { ON_MONDAY } from '../../venue/product-state.ts';

const [TEN, ONE] = ['2025-10-20T14:00:00.000Z', '2025-10-20T17:00:00.000Z'];
const TUESDAY = '2025-10-21T14:00:00.000Z';
const WEDNESDAY = '2025-10-22T14:00:00.000Z';
const numbered = (change: Partial<NonNullable<IntradaySeen['newest']>> = {}): Pick<IntradaySeen, 'newest'> => ({
  newest: { auction: 4, closing: false, marked: true, ...change },
});
const SEEN: IntradaySeen = {
  askedAt: Date.parse('2027-12-01T15:00:00Z'),
  halted: false,
  latestSlot: TEN,
  dayBegun: false,
  newest: numbered().newest,
};
const FIFTH = { kind: 'number', auction: 5, date: '2025-10-20' };
const refuse = (why: string) => ({ kind: 'refuse', why });
const BEGUN = { dayBegun: true };
const CLOSED_DAY = refuse('its day is closed, or before the first trading day');

const decide = (state: ProductState, slot: string, seen: Partial<IntradaySeen> = {}) =>
  decideIntraday(state, slot, { ...SEEN, ...seen });

test.each<[rule: string, slot: string, seen: Partial<IntradaySeen>, then: object]>([
  ['gets the number after the newest', ONE, {}, FIFTH],
  ['is the first when there was none', ONE, { newest: undefined, latestSlot: undefined }, { ...FIFTH, auction: 1 }],
  ['follows one that is not marked yet', ONE, numbered({ marked: false }), FIFTH],
  ['follows a closing auction that is marked', ONE, numbered({ closing: true }), FIFTH],
  ['that was numbered meanwhile is looked up again', TEN, {}, { kind: 'look-again' }],
  [
    'is looked up again before anything else is asked',
    TEN,
    { ...numbered({ closing: true, marked: false }), ...BEGUN },
    { kind: 'look-again' },
  ],
  ['is not held when a later one has been opened', TEN, { latestSlot: ONE }, refuse('a later auction has been opened')],
  [
    'does not overtake a closing auction that is not closed',
    ONE,
    numbered({ closing: true, marked: false }),
    refuse('the closing auction before it is not closed'),
  ],
  ['is not held once the day run of its day has begun', ONE, BEGUN, refuse('the day run of its day has begun')],
  [
    'is not held before the business day before it has had its closing auction',
    TUESDAY,
    {},
    refuse('the business day before it has had no closing auction'),
  ],
  ['is not held on a day whose books are closed', '2025-10-17T20:30:00.000Z', { latestSlot: undefined }, CLOSED_DAY],
  ['is not held before the first trading day', '2025-09-17T14:00:00.000Z', { latestSlot: undefined }, CLOSED_DAY],
  ['is not held on a Saturday', '2025-10-18T14:00:00.000Z', { latestSlot: undefined }, refuse('it is no business day')],
  ['is not held on a holiday', '2025-11-27T15:00:00.000Z', {}, refuse('it is no business day')],
  ['is not held on a day that has not come', TUESDAY, { askedAt: Date.parse(ONE) }, refuse('its day has not come')],
  [
    'is not held in a year without a calendar',
    '2031-01-06T15:00:00.000Z',
    { askedAt: Date.parse('2031-01-06T15:00:01Z') },
    refuse('the calendar has no data for its day'),
  ],
  // At 20:30 on Sunday in New York it is Monday in UTC.
  ['has the date of the product’s zone', '2025-10-20T00:30:00.000Z', { latestSlot: undefined }, refuse('it is no business day')],
  ['gets its number while the venue is halted, and waits', ONE, { halted: true }, FIFTH],
  [
    'gets none while the venue is halted and another waits, which takes its orders',
    ONE,
    { halted: true, ...numbered({ marked: false }) },
    refuse('another auction waits until the venue resumes'),
  ],
])('an intraday auction %s', (_, slot, seen, then) => {
  expect(decide(ON_MONDAY, slot, seen)).toEqual(then);
});

/** Monday's closing auction has cleared, and its settlement is held. */
const HELD: ProductState = {
  ...ON_MONDAY,
  toSettle: { auction: 4, date: on('2025-10-20'), months: {} },
  lastDay: { date: on('2025-10-20'), clearedBy: 9, settledBy: null, expiredBy: null },
};
test.each<[rule: string, slot: string, seen: Partial<IntradaySeen>, then: object]>([
  ['is held on the next business day', TUESDAY, {}, { ...FIFTH, date: '2025-10-21' }],
  ['is held on those after it', WEDNESDAY, {}, { ...FIFTH, date: '2025-10-22' }],
  ['is not held once the day run of its own day waits', WEDNESDAY, BEGUN, refuse('the day run of its day has begun')],
  ['is not held on that day itself', ONE, BEGUN, refuse('the day run of its day has begun')],
])('while the settlement of a day is held an auction %s', (_, slot, seen, then) => {
  expect(decide(HELD, slot, seen)).toEqual(then);
});
