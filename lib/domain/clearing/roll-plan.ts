/**
 * The roll of one account seen ahead: what is due on each day of a window that is left, by the rule of the roll itself, if every
 * order before it fills whole. What an account does not sell, lacks margin for or is stopped from, the day will tell.
 */
import { type BusinessDate, CalendarEndError, type CalendarName } from '../contract/calendar.ts';
import { type ContractMonth, monthAfter, monthOf, nearMonth, rollWindow } from '../contract/months.ts';
import { addLots, type Lots, lots } from '../contract/units.ts';
import { lotsDue, type RollProgress } from './roll.ts';

export interface RollWindow {
  readonly near: ContractMonth;
  readonly next: ContractMonth;
  readonly days: readonly BusinessDate[];
}

/** The window that is open on a day, or else the one that opens next. Throws CalendarEndError when that is not known yet. */
export const windowFrom = (calendar: CalendarName, day: BusinessDate): RollWindow => windowOf(calendar, nearMonth(calendar, day));

/** The window in which positions in a month roll. */
export const windowOf = (calendar: CalendarName, near: ContractMonth): RollWindow => ({
  near,
  next: monthAfter(near),
  days: rollWindow(calendar, near),
});

/** Days of roll windows before a date, the newest first, back to where the calendar's data begins. */
export function* rollDaysBefore(calendar: CalendarName, before: BusinessDate): Generator<BusinessDate> {
  try {
    for (let near = monthAfter(monthOf(before)); ; near = monthAfter(near, -1))
      yield* rollWindow(calendar, near)
        .filter((day) => day < before)
        .reverse();
  } catch (error) {
    if (!(error instanceof CalendarEndError)) throw error;
  }
}

/**
 * By day of the window, from `from` on, the lots that would roll, longs positive. Before the window opens they are those of what the account
 * holds now; once it is open, those of what it held then.
 */
export function planRoll(
  { near, days }: RollWindow,
  from: BusinessDate,
  progress: RollProgress | undefined,
  holdsNow: Lots,
): Map<BusinessDate, Lots> {
  const isOpen = progress?.near === near || days[0]! < from;
  let standing = isOpen ? progress : { near, held: holdsNow, rolled: lots(0) };
  let holds = holdsNow;
  const plan = new Map<BusinessDate, Lots>();
  for (const [index, date] of days.entries()) {
    if (date < from) continue;
    const due = lotsDue({ near, day: index + 1, days: days.length }, standing, holds);
    const signed = lots(standing && standing.held < 0 ? -due : due);
    plan.set(date, signed);
    holds = lots(holds - signed);
    if (standing) standing = { ...standing, rolled: addLots(standing.rolled, signed) };
  }
  return plan;
}
