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
import type { MarginParameters } from '../contract/risk-parameters.ts';
import type { Cents } from '../contract/units.ts';

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
  if (!Number.isSafeInteger(value)) throw new RangeError(`a requirement of ${value} ticks is more than can be computed exactly`);
  return value;
}

/** Ticks x lots as money. */
export const marginCents = (ticks: number, centsPerTick: bigint): Cents => (BigInt(ticks) * centsPerTick) as Cents;
