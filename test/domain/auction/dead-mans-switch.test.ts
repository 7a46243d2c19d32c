import { describe, expect, it, test } from 'vitest';
import {
  cutAsOf,
  type DeadMansSwitch,
  NEVER_SET,
  ranOut,
  runningOut,
  runsOut,
  type SwitchOn,
  setSwitch,
} from '../../../lib/domain/auction/dead-mans-switch.ts';

const [NINE, NINE_AND_A_MINUTE, TEN] = ['2025-10-20T09:00:00.000Z', '2025-10-20T09:01:00.000Z', '2025-10-20T10:00:00.000Z'];
const on = setSwitch(NEVER_SET, NINE, 60) as SwitchOn;
const running = runningOut(on, 'key');

test('it runs out so many seconds after its request was received, and each change has a version of its own', () => {
  expect(on).toEqual({ version: 1, state: 'on', setAt: NINE, ranOut: null, expiry: NINE_AND_A_MINUTE });
  expect(running).toEqual({ ...on, version: 2, state: 'running-out', key: 'key' });
  expect(ranOut(running)).toEqual({ version: 3, state: 'off', setAt: NINE, ranOut: NINE_AND_A_MINUTE });
});

describe('the orders are to be taken out', () => {
  it.each<[string, DeadMansSwitch, string, boolean]>([
    ['of an account that never set it', NEVER_SET, TEN, false],
    ['a millisecond before it runs out', on, '2025-10-20T09:00:59.999Z', false],
    ['at the very instant', on, NINE_AND_A_MINUTE, true],
    ['after it', on, TEN, true],
    ['once it runs out, by whatever instant', running, NINE, true],
    ['once they are', ranOut(running), TEN, false],
    ['when it was switched off', setSwitch(on, NINE, 0), TEN, false],
  ])('%s: %#', (_, own, by, expected) => expect(runsOut(own, by)).toBe(expected));
});

test('a request that was received before the one that it stands as changes nothing, whichever is worked first', () => {
  const later = setSwitch(on, '2025-10-20T09:00:30.000Z', 60);
  expect(setSwitch(later, NINE, 0)).toBe(later);
  expect(setSwitch(later, '2025-10-20T09:00:30.000Z', 0)).toMatchObject({ state: 'off', version: 3 });
});

test('set again it says when it ran out the last time', () => {
  expect(setSwitch(ranOut(running), TEN, 5)).toMatchObject({
    state: 'on',
    ranOut: NINE_AND_A_MINUTE,
    expiry: '2025-10-20T10:00:05.000Z',
  });
});

test.each([
  ['on time', 0, TEN],
  ['within its minute', 60_000, TEN],
  ['late', 60_001, '2025-10-20T10:01:00.001Z'],
])('an auction that is asked for %s is cut as of its own time, or of that', (_, late, as) =>
  expect(cutAsOf(TEN, Date.parse(TEN) + late)).toBe(as),
);
