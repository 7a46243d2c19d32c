/**
 * Initial margin: what an account must have so that the venue loses nothing while it closes the account's positions out.
 *
 * The rule. A product has up to 32 scenarios, each a move of the whole forward curve, in ticks for every place on it. Positions
 * need their greatest loss over the scenarios, if there is one, and add-ons: so many ticks for each lot, long or short, in the month that is being
 * delivered, and for each lot of net exposure over all months while funding is scarce (announced by date) or when the owner is so large that
 * closing it out takes longer (by the owner's size at the last settlement).
 *
 * Why it is right. All of it is the greatest of a few linear functions of the positions: an amount for each lot, long or short, is the greater of
 * two. So a scenario, that nothing moves being one, and the signs of its add-ons make one *line*, losses in ticks by month, and the
 * requirement is the greatest line. From that alone follow: a spread needs no more than its legs (the greatest of sums is at most the sum of the
 * greatest); the accounts of one owner need at least what their net would; twice the positions need twice as much; a further scenario never
 * lowers it; and the worst case over any subset of orders is exact and linear (worst-case.ts). No table of spread credits is
 * needed: months that move together in every scenario have their credit from that.
 *
 * Source: CME SPAN, "Standard Portfolio Analysis of Risk", scans a portfolio over price scenarios in the same way; its
 * inter-month charges and credits are tables, which here the scenarios themselves replace. Add-ons for concentration, wrong-way
 * and delivery risk: Commission Delegated Regulation (EU) 153/2013, articles 24 to 28, and CPMI-IOSCO principle 6.
 */
import type { BusinessDate } from '../contract/calendar.ts';
import type { ContractMonth } from '../contract/months.ts';
import { type Cents, MAX_TICKS } from '../contract/units.ts';
import type { Violation } from '../contract/violation.ts';

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

/** The curve as a requirement sees it. */
export interface MarginSetting {
  /** Listed months, in order. */
  readonly months: readonly ContractMonth[];
  /** Of these, the one that is being delivered. */
  readonly delivery: ContractMonth | undefined;
  readonly date: BusinessDate;
  /** The owner's size at the last settlement: net lots by account, without their signs, summed. */
  readonly ownerLots: number;
}

/** What positions lose, as linear functions of them: for each line, by place of the month, ticks that one long lot loses. */
export interface MarginLines {
  readonly places: ReadonlyMap<ContractMonth, number>;
  readonly lines: readonly Float64Array[];
}

/** Lots by month, bought positive. */
export type Positions = Iterable<readonly [month: ContractMonth, lots: number]>;

/** The lines of a product's requirement. A month further out than the scenarios know moves as their last place does. */
export function marginLines(parameters: MarginParameters, setting: MarginSetting): MarginLines {
  const { months, delivery } = setting;
  const net = netTicks(parameters, setting);
  const lines = [...parameters.scenarios, NO_MOVE].flatMap((moves) =>
    signsOf(delivery === undefined ? 0 : parameters.deliveryTicks).flatMap((delivered) =>
      signsOf(net).map((exposed) =>
        Float64Array.from(months, (month, place) => exposed + (month === delivery ? delivered : 0) - moveAt(moves, place)),
      ),
    ),
  );
  return { places: new Map(months.map((month, place) => [month, place])), lines };
}

/** Always among the scenarios: what positions gain in all of the others pays for no add-on, and nothing needs less than nothing. */
const NO_MOVE: readonly number[] = [0];

const signsOf = (ticks: number): number[] => (ticks === 0 ? [0] : [ticks, -ticks]);
const moveAt = (moves: readonly number[], place: number): number => moves[place] ?? moves.at(-1)!;

/** What each lot of net exposure needs more: of the owner's tier and of all funding add-ons of the day. */
function netTicks({ funding, concentration }: MarginParameters, { date, ownerLots }: MarginSetting): number {
  const tier = concentration.findLast(({ lots }) => ownerLots >= lots)?.ticks ?? 0;
  return funding.reduce((sum, { from, through, ticks }) => (from <= date && date <= through ? sum + ticks : sum), tier);
}

/** What positions need, in ticks x lots; never negative. Throws when one is in a month that is not listed. */
export function requirement({ places, lines }: MarginLines, positions: Positions): number {
  const held = [...positions].map(([month, lots]) => [placeOf(places, month), lots] as const);
  return exact(Math.max(...lines.map((line) => held.reduce((sum, [place, lots]) => sum + lots * line[place]!, 0))));
}

export function placeOf(places: ReadonlyMap<ContractMonth, number>, month: ContractMonth): number {
  const place = places.get(month);
  if (place === undefined) throw new Error(`month ${month} is not listed: no scenario says how it moves`);
  return place;
}

/** A sum of products, all of which a double must hold exactly. */
export function exact(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`a requirement of ${value} ticks is more than can be reckoned exactly`);
  return value;
}

/** Ticks x lots as money. */
export const marginCents = (ticks: number, centsPerTick: bigint): Cents => (BigInt(ticks) * centsPerTick) as Cents;

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
