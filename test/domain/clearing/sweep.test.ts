import { expect, test } from 'vitest';
import { decideSweep, type SweepSeen, type SweepWakeUp } from '../../../lib/domain/clearing/sweep.ts';
import { newYork, newYorkMs, on } from '../../venue/h100.ts';
import { ON_MONDAY } from '../../venue/product-state.ts';

const slot = (time: string, date = '2025-10-20'): string => new Date(newYork(date, time)).toISOString();
const oldest = (closed: boolean) => ({ auction: 5, slot: slot('10:00'), date: on('2025-10-20'), closing: false, closed });
const NOTHING: SweepSeen = {
  pending: [],
  newest: undefined,
  day: undefined,
  toPublish: false,
  hasShort: false,
  auctionTimes: [],
};
const TIMES = { auctionTimes: ['10:00', '13:00'] };
const HELD_BEFORE = { newest: { slot: slot('09:00') } };

/** At a time of day in New York, of Monday the 20th unless a date is given with it. */
type Row = [rule: string, at: string, seen: Partial<SweepSeen>, wakeUps: SweepWakeUp[], auctionLate: number, dayRunLate: number];
const CLEAR: SweepWakeUp = { kind: 'clear', auction: 5 };
const CLOSE: SweepWakeUp = { kind: 'close', of: { slot: slot('10:00') } };
const SETTLE: SweepWakeUp = { kind: 'settle' };
const roll = (date: string): SweepWakeUp => ({ kind: 'roll', slot: slot('16:00', date) });

test.each<Row>([
  ['nothing is due, so nothing is late', '09:45', {}, [], 0, 0],
  ['an auction that every shard has closed is cleared', '10:15', { pending: [oldest(true)] }, [CLEAR], 900, 0],
  ['one that a shard has not closed is closed again', '10:15', { pending: [oldest(false)] }, [CLOSE], 900, 0],
  [
    'one that was numbered behind another that only waits to clear is closed as well',
    '13:15',
    { pending: [oldest(true), { ...oldest(false), auction: 6, slot: slot('13:00') }] },
    [CLEAR, { kind: 'close', of: { slot: slot('13:00') } }],
    11_700,
    0,
  ],
  ['an auction is not late at the instant when it is due', '10:00', { pending: [oldest(true)] }, [CLEAR], 0, 0],
  ['an auction ahead of its time is not late', '09:59', { pending: [oldest(true)] }, [CLEAR], 0, 0],
  ['one that was never numbered is late from when it was due', '10:15', { ...TIMES, ...HELD_BEFORE }, [], 900, 0],
  ['the newest of two that were never numbered counts', '13:15', { ...TIMES, ...HELD_BEFORE }, [], 900, 0],
  ['one that is not due yet is not missed', '09:59', { ...TIMES, ...HELD_BEFORE }, [], 0, 0],
  ['one that has its number is not missed', '10:15', { ...TIMES, newest: { slot: slot('10:00') } }, [], 0, 0],
  ['a later one makes up for it', '13:15', { ...TIMES, newest: { slot: slot('13:00') } }, [], 0, 0],
  ['a product without an auction may have been listed since', '10:15', TIMES, [], 0, 0],
  ['none is missed on a Sunday', '2025-10-19 10:15', { ...TIMES, newest: { slot: slot('13:00', '2025-10-17') } }, [], 0, 0],
  ['none is missed on a day that is closed', '2025-10-17 17:00', { ...TIMES, ...HELD_BEFORE }, [], 0, 0],
  [
    'of an older and a missed one the older counts',
    '13:15',
    { ...TIMES, pending: [oldest(true)], newest: { slot: slot('10:00') } },
    [CLEAR],
    11_700,
    0,
  ],
  ['a day run has ten minutes to begin by itself', '16:10', {}, [], 0, 600],
  ['one that has not begun by then is begun', '16:11', {}, [roll('2025-10-20')], 0, 660],
  ['a value to publish does not keep a day from being begun', '16:11', { toPublish: true }, [SETTLE, roll('2025-10-20')], 0, 660],
  [
    'days that never ran are begun by the newest, and the first counts',
    '2025-10-22 16:15',
    {},
    [roll('2025-10-22')],
    0,
    2 * 86_400 + 900,
  ],
  ['before it is due again, the newest is the day before', '2025-10-21 15:00', {}, [roll('2025-10-20')], 0, 23 * 3_600],
  ['a day that is under way is moved on, and not begun', '16:30', { day: { slot: slot('16:00') } }, [SETTLE], 0, 1_800],
  ['an approved index value that was not published is, also without a day', '09:45', { toPublish: true }, [SETTLE], 0, 0],
  ['a day that is planned and not due yet is moved on', '15:59', { day: { slot: slot('16:00') } }, [SETTLE], 0, 0],
  [
    'the day’s own auction is late with it',
    '16:30',
    { day: { slot: slot('16:00') }, pending: [{ ...oldest(false), slot: slot('16:00'), closing: true }] },
    [{ kind: 'close', of: { date: on('2025-10-20') } }, SETTLE],
    1_800,
    1_800,
  ],
])('%s', (_, at, seen, wakeUps, auctionLateSeconds, dayRunLateSeconds) => {
  const [time, date] = at.split(' ').toReversed() as [string, string?];
  const found: SweepSeen = { ...NOTHING, ...seen };
  expect(decideSweep(ON_MONDAY, newYorkMs(date ?? '2025-10-20', time), found)).toEqual({
    wakeUps,
    auctionLateSeconds,
    dayRunLateSeconds,
  });
});

test('a day run is looked for over a weekend with a holiday', () => {
  // Monday the 1st of September is Labor Day.
  const state = { ...ON_MONDAY, closedOn: on('2025-08-28') };
  const at = newYorkMs('2025-09-02', '09:00');
  const found = NOTHING;
  expect(decideSweep(state, at, found).wakeUps).toEqual([roll('2025-08-29')]);
  expect(decideSweep({ ...state, closedOn: on('2025-08-29') }, at, found).wakeUps).toEqual([]);
});
