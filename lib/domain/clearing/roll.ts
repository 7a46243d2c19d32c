/**
 * The roll: how a position in the near month moves into the next one, a fifth a day over five business days, through
 * the closing auction at its one spread price. The schedule is the commodity indices' (business days 5 to 9 of the
 * month before). A roll order sells what it buys elsewhere in equal lots, so it never creates exposure.
 */
import type { BusinessDate, CalendarName } from '../contract/calendar.ts';
import { type ContractMonth, monthAfter, monthOf, rollWindow } from '../contract/months.ts';
import type { ForwardCurve, ProductParameters } from '../contract/product.ts';
import { type Cents, gain, type Lots, lots, minusTicks, type Ticks, ticks } from '../contract/units.ts';

/** What an account asked for: roll at the market within the product's band, or at a limit on far minus near. */
export type RollInstruction = { readonly at: 'market' } | { readonly at: 'limit'; readonly limit: Ticks };

/** Where an account stands in the roll of one near month. */
export interface RollProgress {
  readonly near: ContractMonth;
  /** Lots in the near month when the window opened, signed. */
  readonly held: Lots;
  /** Lots rolled since, signed as `held`. */
  readonly rolled: Lots;
}

export interface RollOrder {
  readonly buy: ContractMonth;
  readonly sell: ContractMonth;
  /** On price bought minus price sold. */
  readonly limit: Ticks;
  readonly lots: Lots;
}

/** The roll of a day: from which month into which, on which day (from 1) of how many; `undefined` outside the window. */
export function rollDay(
  calendar: CalendarName,
  day: BusinessDate,
): { near: ContractMonth; next: ContractMonth; day: number; days: number } | undefined {
  // A window lies in one calendar month.
  const near = monthAfter(monthOf(day));
  const window = rollWindow(calendar, near);
  const index = window.indexOf(day);
  return index < 0 ? undefined : { near, next: monthAfter(near), day: index + 1, days: window.length };
}

/** The month whose roll window opens on `day`; what an account holds before that day's first auction is what rolls. */
export function rollOpening(calendar: CalendarName, day: BusinessDate): ContractMonth | undefined {
  const today = rollDay(calendar, day);
  return today?.day === 1 ? today.near : undefined;
}

/**
 * The order of one account on one day: its cumulative share of what it held when the window opened, rounded half-up,
 * less what has rolled, and never more than it holds now. `undefined` when nothing is due.
 */
export function decideRoll(
  today: { near: ContractMonth; next: ContractMonth; day: number; days: number },
  progress: RollProgress | undefined,
  holdsNow: Lots,
  instruction: RollInstruction,
  marks: ForwardCurve,
  parameters: ProductParameters,
): RollOrder | undefined {
  const quantity = lotsDue(today, progress, holdsNow);
  if (progress === undefined || quantity === 0) return undefined;
  const long = progress.held > 0;
  const settledSpread = minusTicks(marks[today.next]!, marks[today.near]!);
  const roll =
    instruction.at === 'limit'
      ? instruction.limit
      : ticks(settledSpread + (long ? parameters.rollBandTicks : -parameters.rollBandTicks));
  return long
    ? { buy: today.next, sell: today.near, limit: roll, lots: lots(quantity) }
    : { buy: today.near, sell: today.next, limit: ticks(-roll), lots: lots(quantity) };
}

/** What is due of an account on a day, unsigned. */
export function lotsDue(
  today: { near: ContractMonth; day: number; days: number },
  progress: RollProgress | undefined,
  holdsNow: Lots,
): Lots {
  if (progress?.near !== today.near || progress.held === 0) return lots(0);
  const size = Math.abs(progress.held);
  const due = Math.floor((2 * size * today.day + today.days) / (2 * today.days)) - Math.abs(progress.rolled);
  const available = Math.max(0, progress.held > 0 ? holdsNow : -holdsNow);
  return lots(Math.max(0, Math.min(due, available)));
}

/** Lots x (far price - near price): what rolling `rolled` lots (signed, longs positive) cost the account. */
export const rollCost = (rolled: Lots, far: Ticks, near: Ticks, centsPerTick: bigint): Cents =>
  gain(rolled, minusTicks(far, near), centsPerTick);
