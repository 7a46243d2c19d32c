/**
 * The numbers of a product's risk rules, and what they must keep. The rules themselves stand in `lib/domain/risk`; here is what an operator
 * may choose, so that the reader and the writer of parameters ask the same.
 */
import type { BusinessDate } from './calendar.ts';
import { MAX_LOTS, MAX_TICKS, type Ticks } from './units.ts';
import type { Violation } from './violation.ts';

export interface MarginParameters {
  /** Moves in ticks by place on the curve, the first listed month first. */
  readonly scenarios: readonly (readonly number[])[];
  /** Ticks more for each lot of the month that is being delivered. */
  readonly deliveryTicks: number;
  /** Ticks more for each lot of net exposure on these days, the first and the last included. */
  readonly funding: readonly FundingAddOn[];
  /** Ticks more for each lot of net exposure of owners of this size or more, by size. */
  readonly concentration: readonly ConcentrationTier[];
}

export interface FundingAddOn {
  readonly from: BusinessDate;
  readonly through: BusinessDate;
  readonly ticks: number;
}

export interface ConcentrationTier {
  /** Net lots over all months, summed over the owner's accounts whatever their sign, at the last settlement. */
  readonly lots: number;
  readonly ticks: number;
}

export const SCENARIOS_MAX = 32;
const ADD_ONS_MAX = 32;

export interface PositionLimits {
  /** Lots of one order. */
  readonly orderLots: number;
  /** Lots of an owner in one month, long or short. */
  readonly monthLots: number;
  /** The same in the month that is being delivered, on this business day of it and later. */
  readonly delivery: { readonly lots: number; readonly fromDay: number };
  /** Net lots of an owner over all months. */
  readonly allLots: number;
  /** Net lots over all months beyond which an owner is reported. */
  readonly reportedLots: number;
}

/** The greatest count of lots that can be added up exactly: a million orders of the largest size. */
const LOTS_MAX = MAX_LOTS * 1_000_000;

/** What is wrong with limits; empty when nothing is. */
export function limitErrors({ orderLots, monthLots, delivery, allLots, reportedLots }: PositionLimits): Violation[] {
  const whole = (path: Violation['path'], value: number, least: number, most: number): Violation[] =>
    Number.isInteger(value) && value >= least && value <= most
      ? []
      : [{ path, rule: `must be a whole number, ${least} to ${most}` }];
  return [
    ...whole(['orderLots'], orderLots, 1, MAX_LOTS),
    ...whole(['monthLots'], monthLots, 1, LOTS_MAX),
    ...whole(['delivery', 'lots'], delivery.lots, 0, Math.min(LOTS_MAX, Math.max(0, monthLots))),
    ...whole(['delivery', 'fromDay'], delivery.fromDay, 1, 31),
    ...whole(['allLots'], allLots, 1, LOTS_MAX),
    ...whole(['reportedLots'], reportedLots, 1, LOTS_MAX),
  ];
}

/**
 * How far from its mark a month may clear, in ticks: the first width for a month that is not locked, a further one for each auction in a row
 * that it was. The last is the stop.
 */
export type BandSteps = readonly Ticks[];

export const BAND_STEPS_MAX = 32;

/** What is wrong with the widths of bands; empty when nothing is. */
export function bandErrors(steps: BandSteps): Violation[] {
  if (steps.length < 1 || steps.length > BAND_STEPS_MAX) return [{ path: [], rule: `must be 1 to ${BAND_STEPS_MAX} widths` }];
  return steps.flatMap((width, at) =>
    Number.isInteger(width) && width >= Math.max(1, steps[at - 1] ?? 1) && width <= MAX_TICKS
      ? []
      : [{ path: [at], rule: 'must be more than zero, and must not fall from step to step' }],
  );
}

/** What is wrong with the parameters for a product with so many listed months; empty when nothing is. */
export function marginErrors(parameters: MarginParameters, listedMonths: number): Violation[] {
  const { scenarios, deliveryTicks, funding, concentration } = parameters;
  const errors: Violation[] = [];
  const say = (path: Violation['path'], rule: string): void => void errors.push({ path, rule });
  if (scenarios.length < 1 || scenarios.length > SCENARIOS_MAX)
    say(['scenarios'], `must be 1 to ${SCENARIOS_MAX} moves of the curve`);
  for (const [at, moves] of scenarios.entries())
    if (moves.length !== listedMonths || !moves.every((move) => Number.isInteger(move) && Math.abs(move) <= MAX_TICKS))
      say(['scenarios', at], `must have ${listedMonths} moves, whole ticks, one for each listed month`);
  if (!isTicks(deliveryTicks)) say(['deliveryTicks'], TICKS_RULE);
  for (const [name, addOns] of Object.entries({ funding, concentration }))
    if (addOns.length > ADD_ONS_MAX) say([name], `has at most ${ADD_ONS_MAX} entries`);
  for (const [at, { from, through, ticks }] of funding.entries()) {
    if (from > through) say(['funding', at, 'through'], 'must not be before from');
    if (!isTicks(ticks)) say(['funding', at, 'ticks'], TICKS_RULE);
  }
  for (const [at, { lots, ticks }] of concentration.entries()) {
    const before = concentration[at - 1];
    if (!Number.isSafeInteger(lots) || lots <= (before?.lots ?? 0))
      say(['concentration', at, 'lots'], 'must rise from tier to tier');
    if (!isTicks(ticks) || ticks < (before?.ticks ?? 0))
      say(['concentration', at, 'ticks'], `${TICKS_RULE}, and must not fall from tier to tier`);
  }
  return errors.length > 0 ? errors : rollErrors(scenarios);
}

const TICKS_RULE = `must be whole ticks, 0 to ${MAX_TICKS}`;
const isTicks = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= MAX_TICKS;

/**
 * A position rolled from near to next, whole or in part, must never need more. Along the way from all near to all next the
 * worst scenario's loss is convex, so it never rises exactly when it does not rise at the end: if next loses anything, one of the
 * scenarios that are worst for it must be as bad for near. A roll keeps the net, so what is added for that changes nothing, and it only
 * ever leaves the month that is delivered.
 */
function rollErrors(scenarios: MarginParameters['scenarios']): Violation[] {
  return (['long', 'short'] as const).flatMap((side) => {
    const losses = scenarios.map(([near, next]) => (side === 'long' ? [-near!, -next!] : [near!, next!]) as [number, number]);
    const worst = Math.max(0, ...losses.map(([, next]) => next));
    if (worst === 0 || losses.some(([near, next]) => next === worst && near >= worst)) return [];
    return [
      {
        path: ['scenarios'],
        rule: `a ${side} position must need no more in next than in near: its worst move there must be as bad in near`,
      },
    ];
  });
}
