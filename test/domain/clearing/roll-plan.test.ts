import { expect, test } from 'vitest';
import type { RollProgress } from '../../../lib/domain/clearing/roll.ts';
import { planRoll, windowFrom, windowOf } from '../../../lib/domain/clearing/roll-plan.ts';
import { monthAfter } from '../../../lib/domain/contract/months.ts';
import { lots } from '../../../lib/domain/contract/units.ts';
import { DEC, NOV, on } from '../../venue/h100.ts';

const WINDOW = windowOf('NYSE', DEC);
const DAYS = ['2025-11-07', '2025-11-10', '2025-11-11', '2025-11-12', '2025-11-13'];
const progress = (held: number, rolled: number): RollProgress => ({ near: DEC, held: lots(held), rolled: lots(rolled) });

test('the window is the open one, or else the one that opens next', () => {
  expect(WINDOW).toEqual({ near: DEC, next: monthAfter(DEC), days: DAYS });
  for (const day of ['2025-10-20', '2025-11-06', '2025-11-07', '2025-11-13']) expect(windowFrom('NYSE', on(day)).near).toBe(DEC);
  expect(windowFrom('NYSE', on('2025-11-14')).near).toBe(monthAfter(DEC));
});

test.each<[rule: string, from: string, progress: RollProgress | undefined, holds: number, plan: number[]]>([
  ['before the window, a fifth a day of what is held now', '2025-10-20', undefined, 10, [2, 2, 2, 2, 2]],
  ['rounded so that the days add up to all of it', '2025-10-20', undefined, 7, [1, 2, 1, 2, 1]],
  ['of shorts, with their sign', '2025-10-20', undefined, -3, [-1, 0, -1, 0, -1]],
  ['of nothing, nothing', '2025-10-20', undefined, 0, [0, 0, 0, 0, 0]],
  [
    'by what was held when the month before rolled, as little',
    '2025-10-20',
    { ...progress(4, 4), near: NOV },
    5,
    [1, 1, 1, 1, 1],
  ],
  ['on the first day, of what was held when the window opened', '2025-11-07', progress(10, 0), 30, [2, 2, 2, 2, 2]],
  ['on a later day, what is left, the days behind it among it', '2025-11-11', progress(10, 1), 9, [5, 2, 2]],
  ['never more than is held', '2025-11-11', progress(10, 4), 3, [2, 1, 0]],
  ['nothing once it has all rolled', '2025-11-13', progress(10, 10), 4, [0]],
  ['nothing of what was bought after the window opened', '2025-11-10', undefined, 9, [0, 0, 0, 0]],
  ['on no day when the last is over', '2025-11-14', progress(10, 8), 2, []],
])('%s', (_, from, standing, holds, plan) => {
  const planned = planRoll(WINDOW, on(from), standing, lots(holds));
  expect([...planned.values()]).toEqual(plan);
  expect([...planned.keys()]).toEqual(DAYS.slice(DAYS.length - plan.length));
});
