/**
 * Scenarios proposed from history: what the curve has done, with a floor, a buffer and a brake, so that margin does not fall asleep in
 * calm markets and does not jump in wild ones.
 *
 * The rule. A *move* is what a contract month has done from one settlement to that so many business days later (the margin period of
 * risk). For every place on the curve the proposal covers the move, up or down, that was not exceeded in a stated share of the newest
 * days, or in the whole history if that was more (the floor), and a buffer of a quarter on top. For every cut through the curve, it covers
 * how far the places before the cut and those behind it have moved apart, in the same way. So up to `2 + 2 x (places - 1)`
 * scenarios come out: the whole curve up and down, and twisted at each cut either way.
 *
 * The buffer may be drawn on: while moves without it have risen above what is in force, so much of it as is needed is left off, before anything
 * rises. What is left to rise rises by at most a stated share a day.
 *
 * Source: Commission Delegated Regulation (EU) 153/2013, articles 24 (confidence), 26 (liquidation period) and 28 (procyclicality: a buffer of
 * at least 25% that may be exhausted, a floor from ten years, stressed observations).
 */
import type { BusinessDate } from '../contract/calendar.ts';
import type { ContractMonth } from '../contract/months.ts';

/** A day's settlement prices in ticks, by contract month, the first listed month first. */
export interface SettledCurve {
  readonly date: BusinessDate;
  readonly prices: ReadonlyMap<ContractMonth, number>;
}

export interface ProposalRule {
  /** Listed months. */
  readonly places: number;
  /** Settlements from the beginning of a move to its end. */
  readonly periodDays: number;
  /** Of a hundred thousand moves, how many a scenario must cover: 99,500 is 99.5%. */
  readonly confidence: number;
  /** Settlements that the newest moves are taken from. */
  readonly windowDays: number;
  /** Added to what history says, in percent; it may be drawn on before anything rises. */
  readonly bufferPercent: number;
  /** By how much what is in force may rise a day, in percent. */
  readonly risePercentMax: number;
}

export const PROPOSAL_RULE = {
  periodDays: 2,
  confidence: 99_500,
  windowDays: 250,
  bufferPercent: 25,
  risePercentMax: 10,
} as const satisfies Omit<ProposalRule, 'places'>;

/** What scenarios are made of: ticks by place, and ticks by cut, cut k lying behind place k. */
export interface Coverage {
  readonly level: readonly number[];
  readonly apart: readonly number[];
}

/** Every move of the curve over the period, by place: `undefined` where a month was not listed yet, or was gone. */
export function movesOf(history: readonly SettledCurve[], { places, periodDays }: ProposalRule): (number | undefined)[][] {
  return history.slice(periodDays).map(({ prices }, at) => {
    const from = [...history[at]!.prices];
    return Array.from({ length: places }, (_, place) => {
      const [month, before] = from[place] ?? [];
      const after = month === undefined ? undefined : prices.get(month);
      return after === undefined ? undefined : after - before!;
    });
  });
}

/** What history covers without buffer: by place the greater of the window and of all of it; a place further out needs no more than one before it. */
export function coverageOf(history: readonly SettledCurve[], rule: ProposalRule): Coverage {
  const moves = movesOf(history, rule);
  const covered = (of: (move: readonly (number | undefined)[]) => number | undefined): number => {
    const sizes = moves.map(of);
    const quantile = (from: number): number => {
      const known = sizes
        .slice(from)
        .filter((size) => size !== undefined)
        .sort((a, b) => a - b);
      return known.length === 0
        ? 0
        : known[Math.min(known.length - 1, Math.ceil((known.length * rule.confidence) / 100_000) - 1)]!;
    };
    return Math.max(quantile(0), quantile(Math.max(0, sizes.length - rule.windowDays)));
  };
  const level = Array.from({ length: rule.places }, (_, place) => covered((move) => absolute(move[place])));
  // From the far end on: a position must need no more in next than in near, or rolling it would need margin.
  for (let place = rule.places - 2; place >= 0; place--) level[place] = Math.max(level[place]!, level[place + 1]!);
  const apart = Array.from({ length: rule.places - 1 }, (_, cut) => covered((move) => movedApart(move, cut)));
  return { level, apart };
}

const absolute = (value: number | undefined): number | undefined => (value === undefined ? undefined : Math.abs(value));

/** The farthest that a place up to the cut and one behind it have moved apart. */
function movedApart(move: readonly (number | undefined)[], cut: number): number | undefined {
  const [near, far] = [move.slice(0, cut + 1), move.slice(cut + 1)].map((part) => part.filter((each) => each !== undefined));
  if (near!.length === 0 || far!.length === 0) return undefined;
  return Math.max(Math.max(...near!) - Math.min(...far!), Math.max(...far!) - Math.min(...near!));
}

/** The same with the buffer, as far as it need not be drawn on, and no further above what is in force than a day's rise. */
export function proposedCoverage(bare: Coverage, inForce: Coverage | undefined, rule: ProposalRule): Coverage {
  const next = (ticks: number, now: number | undefined): number => {
    const buffered = Math.ceil((ticks * (100 + rule.bufferPercent)) / 100);
    if (now === undefined || buffered <= now) return buffered;
    // The buffer is there to be used: nothing rises as long as what is in force covers history without it.
    if (ticks <= now) return now;
    return Math.min(buffered, Math.max(now + 1, Math.floor((now * (100 + rule.risePercentMax)) / 100)));
  };
  const apart = bare.apart.map((ticks, cut) => next(ticks, inForce?.apart[cut]));
  // A twist between near and next must not be the worst that can happen to next, or rolling would need margin.
  const twisted = Math.ceil((apart[0] ?? 0) / 2);
  const level = bare.level.map((ticks, place) => Math.max(next(ticks, inForce?.level[place]), place < 2 ? twisted : 0));
  return { level: level.map((_, place) => Math.max(...level.slice(place))), apart };
}

/** The scenarios that cover so much: the curve up and down, and twisted at each cut, half before it and half behind. */
export function scenariosOf({ level, apart }: Coverage): number[][] {
  const twists = apart.flatMap((ticks, cut) => {
    const before = Math.floor(ticks / 2);
    return [1, -1].map((side) => level.map((_, place) => (place <= cut ? side * before : side * (before - ticks) + 0)));
  });
  return [level.map((ticks) => ticks), level.map((ticks) => -ticks + 0), ...twists];
}

/** What scenarios cover, as a proposal says it; `undefined` when they cover nothing. A place that they do not name moves as their last one does. */
export function coverageIn(scenarios: readonly (readonly number[])[], places: number): Coverage | undefined {
  const moves = scenarios.map((scenario) => Array.from({ length: places }, (_, place) => scenario[place] ?? scenario.at(-1)!));
  const level = Array.from({ length: places }, (_, place) => Math.max(...moves.map((move) => Math.abs(move[place]!))));
  const apart = Array.from({ length: places - 1 }, (_, cut) => Math.max(...moves.map((move) => movedApart(move, cut)!)));
  return level.every((ticks) => ticks === 0) ? undefined : { level, apart };
}

/** How a proposal would have done, day by day, each from what was known on it. */
export interface Backtest {
  /** Days on which there was something to compare. */
  readonly days: number;
  /** By what was held, one lot of it: a place bought or sold, or bought against another. */
  readonly outright: Breaches;
  readonly spread: Breaches;
  /** The most that the requirement of one lot rose within a day, in percent. */
  readonly rise_percent: number;
  /** What is in force at the end. */
  readonly inForce: Coverage;
}

export interface Breaches {
  readonly compared: number;
  /** Losses over the period that were more than the requirement at its beginning. */
  readonly breaches: number;
  /** The most by which one was more, ticks a lot. */
  readonly worst: number;
}

/** Settlements that are known before the first day that counts: a proposal from a handful of days says nothing. */
const LEARNED_DAYS = 20;

/** Throws RangeError when the history is too short to compare a single day. */
export function backtest(history: readonly SettledCurve[], rule: ProposalRule): Backtest {
  const first = LEARNED_DAYS + rule.periodDays;
  if (history.length <= first + rule.periodDays)
    throw new RangeError(`${history.length} settlements are too few: ${first + rule.periodDays + 1} are needed`);
  const moves = movesOf(history, rule);
  const [outright, spread] = [new Compared(), new Compared()];
  let inForce: Coverage | undefined;
  let rise = 0;
  for (let day = first; day < history.length; day++) {
    const before = inForce;
    inForce = proposedCoverage(coverageOf(history.slice(0, day + 1), rule), before, rule);
    for (const [place, ticks] of inForce.level.entries())
      if (before && before.level[place]! > 0)
        rise = Math.max(rise, ((ticks - before.level[place]!) * 100) / before.level[place]!);
    const move = moves[day];
    if (move) compareDay(move, inForce, outright, spread);
  }
  return {
    days: history.length - first - rule.periodDays,
    outright: outright.found,
    spread: spread.found,
    rise_percent: rise,
    inForce: inForce!,
  };
}

function compareDay(move: readonly (number | undefined)[], inForce: Coverage, outright: Compared, spread: Compared): void {
  const scenarios = scenariosOf(inForce);
  for (const [place, ticks] of move.entries()) {
    if (ticks === undefined) continue;
    for (const side of [1, -1]) outright.add(-side * ticks, Math.max(...scenarios.map((each) => -side * each[place]!)));
    for (const [other, moved] of move.entries())
      if (other !== place && moved !== undefined)
        spread.add(moved - ticks, Math.max(...scenarios.map((each) => each[other]! - each[place]!)));
  }
}

class Compared {
  found: Breaches = { compared: 0, breaches: 0, worst: 0 };

  add(loss: number, requirement: number): void {
    const { compared, breaches, worst } = this.found;
    const beyond = Math.max(0, loss - requirement);
    this.found = { compared: compared + 1, breaches: breaches + Number(beyond > 0), worst: Math.max(worst, beyond) };
  }
}
