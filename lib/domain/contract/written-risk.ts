/**
 * Risk parameters as people and the API write them: ticks as decimal text on the product's grid. What does not have the shape is named by its
 * field, every field at once; whether the numbers keep the rules is asked in risk-parameters.ts.
 */
import { parseDate } from './calendar.ts';
import { formatPrice, type ProductParameters, parsePrice } from './product.ts';
import type { BandSteps, ConcentrationTier, FundingAddOn, MarginParameters, PositionLimits } from './risk-parameters.ts';
import { type Ticks, ticks } from './units.ts';
import type { Violation } from './violation.ts';

export type RiskParameters = Pick<ProductParameters, 'margin' | 'limits' | 'bandTicks'>;

export interface WrittenRisk {
  readonly margin: {
    /** Moves in USD per GPU-hour by place on the curve. */
    readonly scenarios: readonly (readonly string[])[];
    readonly delivery: string;
    readonly funding: readonly { readonly from: string; readonly through: string; readonly addOn: string }[];
    readonly concentration: readonly { readonly lots: number; readonly addOn: string }[];
  };
  readonly limits: PositionLimits;
  readonly bands: readonly string[];
}

type Grid = Pick<ProductParameters, 'priceDecimals'>;

/** The inverse of `readWrittenRisk`. */
export function writtenRisk({ margin, limits, bandTicks }: RiskParameters, parameters: ProductParameters): WrittenRisk {
  const price = (value: number): string => formatPrice(ticks(value), parameters);
  return {
    margin: {
      scenarios: margin.scenarios.map((moves) => moves.map(price)),
      delivery: price(margin.deliveryTicks),
      funding: margin.funding.map(({ from, through, ticks: addOn }) => ({ from, through, addOn: price(addOn) })),
      concentration: margin.concentration.map(({ lots, ticks: addOn }) => ({ lots, addOn: price(addOn) })),
    },
    limits,
    bands: bandTicks.map(price),
  };
}

/** Reads what may be of any shape; a list is what is wrong with it. */
export function readWrittenRisk(
  written: { readonly margin: unknown; readonly limits: unknown; readonly bands: unknown },
  grid: Grid,
): RiskParameters | Violation[] {
  const reader = new RiskReader(grid);
  const margin = reader.margin(written.margin, ['margin']);
  const limits = reader.limits(written.limits, ['limits']);
  const bandTicks: BandSteps = reader.list(written.bands, ['bands'], (each, path) => reader.ticks(each, path));
  return reader.violations.length > 0 ? reader.violations : { margin, limits, bandTicks };
}

type Path = Violation['path'];

/** Reads on past what is wrong, which it notes; what it then gives is of the right type and of no meaning. */
class RiskReader {
  readonly violations: Violation[] = [];
  readonly #grid: Grid;

  constructor(grid: Grid) {
    this.#grid = grid;
  }

  margin(value: unknown, path: Path): MarginParameters {
    const fields = this.#fields(value, path, ['scenarios', 'delivery', 'funding', 'concentration']);
    return {
      scenarios: this.list(fields.scenarios, [...path, 'scenarios'], (moves, at) =>
        this.list(moves, at, (move, place) => this.ticks(move, place)),
      ),
      deliveryTicks: this.ticks(fields.delivery, [...path, 'delivery']),
      funding: this.list(fields.funding, [...path, 'funding'], (each, at) => this.#funding(each, at)),
      concentration: this.list(fields.concentration, [...path, 'concentration'], (each, at) => this.#tier(each, at)),
    };
  }

  limits(value: unknown, path: Path): PositionLimits {
    const fields = this.#fields(value, path, ['orderLots', 'monthLots', 'delivery', 'allLots', 'reportedLots']);
    const delivery = this.#fields(fields.delivery, [...path, 'delivery'], ['lots', 'fromDay']);
    return {
      orderLots: this.#whole(fields.orderLots, [...path, 'orderLots']),
      monthLots: this.#whole(fields.monthLots, [...path, 'monthLots']),
      delivery: {
        lots: this.#whole(delivery.lots, [...path, 'delivery', 'lots']),
        fromDay: this.#whole(delivery.fromDay, [...path, 'delivery', 'fromDay']),
      },
      allLots: this.#whole(fields.allLots, [...path, 'allLots']),
      reportedLots: this.#whole(fields.reportedLots, [...path, 'reportedLots']),
    };
  }

  #funding(value: unknown, path: Path): FundingAddOn {
    const fields = this.#fields(value, path, ['from', 'through', 'addOn']);
    const day = (name: 'from' | 'through') =>
      parseDate(typeof fields[name] === 'string' ? fields[name] : '') ?? this.#say([...path, name], 'must be a date', NO_DAY);
    return { from: day('from'), through: day('through'), ticks: this.ticks(fields.addOn, [...path, 'addOn']) };
  }

  #tier(value: unknown, path: Path): ConcentrationTier {
    const fields = this.#fields(value, path, ['lots', 'addOn']);
    return { lots: this.#whole(fields.lots, [...path, 'lots']), ticks: this.ticks(fields.addOn, [...path, 'addOn']) };
  }

  ticks(value: unknown, path: Path): Ticks {
    const { priceDecimals } = this.#grid;
    const read = typeof value === 'string' ? parsePrice(value, this.#grid) : undefined;
    return read ?? this.#say(path, `must be decimal text with at most ${priceDecimals} decimals`, ticks(0));
  }

  list<T>(value: unknown, path: Path, read: (each: unknown, path: Path) => T): T[] {
    if (!Array.isArray(value) || value.length > LIST_MAX) return this.#say(path, `must be a list of at most ${LIST_MAX}`, []);
    return value.map((each, at) => read(each, [...path, at]));
  }

  #whole(value: unknown, path: Path): number {
    return Number.isSafeInteger(value) ? (value as number) : this.#say(path, 'must be a whole number', 0);
  }

  #fields<Name extends string>(value: unknown, path: Path, names: readonly Name[]): Partial<Record<Name, unknown>> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.#say(path, 'must be an object', {});
    for (const name of names) if (!Object.hasOwn(value, name)) this.#say([...path, name], 'is required', undefined);
    for (const name of Object.keys(value))
      if (!names.includes(name as Name)) this.#say([...path, name], 'is not a field here', undefined);
    return value as Partial<Record<Name, unknown>>;
  }

  /** Of a field only what is said first: one that is not there is of no other shape either. */
  #say<T>(path: Path, rule: string, instead: T): T {
    const isSaid = this.violations.some(
      (said) => said.path.length === path.length && said.path.every((name, at) => name === path[at]),
    );
    if (!isSaid) this.violations.push({ path, rule });
    return instead;
  }
}

/** More than any list here may have. */
const LIST_MAX = 64;
const NO_DAY = parseDate('1970-01-01')!;

/** Fields by their names as they are kept, and as they are written. */
const WRITTEN_NAMES: Readonly<Record<string, string>> = { bandTicks: 'bands', deliveryTicks: 'delivery', ticks: 'addOn' };

/** What is wrong with risk parameters, by the fields as they are written. */
export const asWritten = (violations: readonly Violation[]): Violation[] =>
  violations.map(({ path, rule }) => ({ path: path.map((name) => WRITTEN_NAMES[name] ?? name), rule }));
