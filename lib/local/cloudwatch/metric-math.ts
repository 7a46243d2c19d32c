/**
 * Metric math, as far as alarms here use it: arithmetic, comparisons, AND and OR, IF, FILL with a number, and the calendar
 * functions. An expression is read once, when the cloud starts; whatever is not known then is an error then.
 *
 * Source: Amazon CloudWatch user guide, "Using math expressions with CloudWatch metrics", syntax, functions and the tables
 * of IF. Where a pair of series has a value on one side only, the other counts as 0; a point that neither has is none.
 */
import { LocalCloudError } from '../host/error.ts';

/** A value a period, the oldest first; `undefined` where there is none. */
export type Series = readonly (number | undefined)[];

export interface Period {
  /** When each period begins, milliseconds, the oldest first: a data point's time stamp. */
  readonly startsMs: readonly number[];
  readonly series: Readonly<Record<string, Series>>;
}

export interface Expression {
  /** Gives a series over the periods. */
  readonly over: (period: Period) => Series;
  /** Without it, the same values always give the same. */
  readonly dependsOnTime: boolean;
}

type Value = number | Series;
type Node = (period: Period) => Value;

const TEACH = 'Teach lib/local/cloudwatch/metric-math.ts, or write the expression without it.';

/** Throws LocalCloudError for what it does not know; `ids` are the metrics the expression may name. */
export function parseExpression(text: string, ids: readonly string[]): Expression {
  const tokens = tokensOf(text);
  const root = new Parser(text, tokens, ids).whole();
  return {
    over(period) {
      const value = root(period);
      return typeof value === 'number' ? period.startsMs.map(() => value) : value;
    },
    dependsOnTime: tokens.some((token) => FUNCTIONS[token]?.dependsOnTime),
  };
}

/** Operators by rank, the loosest first; those of one rank apply from left to right. */
const RANKS = [
  ['OR', '||'],
  ['AND', '&&'],
  ['==', '!=', '<=', '>=', '<', '>'],
  ['+', '-'],
  ['*', '/'],
] as const;

class Parser {
  readonly #text: string;
  readonly #tokens: readonly string[];
  readonly #ids: readonly string[];
  #at = 0;

  constructor(text: string, tokens: readonly string[], ids: readonly string[]) {
    this.#text = text;
    this.#tokens = tokens;
    this.#ids = ids;
  }

  whole(): Node {
    const root = this.#operation(0);
    const left = this.#tokens[this.#at];
    if (left !== undefined) this.#unknown(left);
    return root;
  }

  #operation(rank: number): Node {
    const operators = RANKS[rank];
    if (operators === undefined) return this.#unary();
    let left = this.#operation(rank + 1);
    for (let operator = this.#accept(...operators); operator !== undefined; operator = this.#accept(...operators)) {
      const [first, second, apply] = [left, this.#operation(rank + 1), OPERATORS[operator]!];
      left = (period) => combine(first(period), second(period), apply);
    }
    return left;
  }

  #unary(): Node {
    if (this.#accept('-') === undefined) return this.#primary();
    const operand = this.#unary();
    return (period) => combine(0, operand(period), (_, value) => -value);
  }

  #primary(): Node {
    if (this.#accept('(') !== undefined) {
      const inner = this.#operation(0);
      this.#expect(')');
      return inner;
    }
    const token = this.#tokens[this.#at++] ?? this.#unknown('the end');
    if (/^[\d.]/.test(token)) return () => Number(token);
    if (this.#tokens[this.#at] === '(') return this.#call(token);
    if (!this.#ids.includes(token)) return this.#unknown(token);
    return (period) => period.series[token]!;
  }

  #call(name: string): Node {
    const args: Node[] = [];
    this.#expect('(');
    do args.push(this.#operation(0));
    while (this.#accept(',') !== undefined);
    this.#expect(')');
    const known = FUNCTIONS[name];
    if (known === undefined || !known.arguments.includes(args.length))
      return this.#unknown(`${name} of ${args.length} arguments`);
    return (period) =>
      known.apply(
        args.map((argument) => argument(period)),
        period,
      );
  }

  #accept(...wanted: readonly string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    this.#at++;
    return token;
  }

  #expect(wanted: string): void {
    if (this.#accept(wanted) !== undefined) return;
    const token = this.#tokens[this.#at];
    this.#unknown(token === undefined ? 'the end' : `${token} where ${wanted} belongs`);
  }

  #unknown(what: string): never {
    throw new LocalCloudError(`The local cloud does not know ${what} in the metric math ${this.#text}`, TEACH);
  }
}

function tokensOf(text: string): string[] {
  const pattern = /\s*(\d+(?:\.\d+)?|\.\d+|[A-Za-z_]\w*|==|!=|<=|>=|&&|\|\||[-+*/<>(),])/y;
  const tokens: string[] = [];
  while (pattern.lastIndex < text.trimEnd().length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null)
      throw new LocalCloudError(`The local cloud can't read ${text.slice(from).trim()} in the metric math ${text}`, TEACH);
    tokens.push(match[1]!);
  }
  return tokens;
}

type Operator = (left: number, right: number) => number | undefined;

const OPERATORS: Readonly<Record<string, Operator>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  // The point is dropped.
  '/': (a, b) => (b === 0 ? undefined : a / b),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<=': (a, b) => Number(a <= b),
  '>=': (a, b) => Number(a >= b),
  '<': (a, b) => Number(a < b),
  '>': (a, b) => Number(a > b),
  AND: (a, b) => Number(a !== 0 && b !== 0),
  '&&': (a, b) => Number(a !== 0 && b !== 0),
  OR: (a, b) => Number(a !== 0 || b !== 0),
  '||': (a, b) => Number(a !== 0 || b !== 0),
};

function combine(left: Value, right: Value, apply: Operator): Value {
  if (typeof left === 'number' && typeof right === 'number') return apply(left, right) ?? 0;
  if (typeof left === 'number') return (right as Series).map((value) => (value === undefined ? undefined : apply(left, value)));
  if (typeof right === 'number') return left.map((value) => (value === undefined ? undefined : apply(value, right)));
  return left.map((value, i) => (value === undefined && right[i] === undefined ? undefined : apply(value ?? 0, right[i] ?? 0)));
}

interface Function {
  /** How many it takes. */
  readonly arguments: readonly number[];
  readonly apply: (args: readonly Value[], period: Period) => Value;
  readonly dependsOnTime?: true;
}

/** Not sparse: a value for every period, whether the metric has one there or not. */
const ofTime = (read: (date: Date) => number): Function => ({
  arguments: [1],
  apply: (_, { startsMs }) => startsMs.map((startMs) => read(new Date(startMs))),
  dependsOnTime: true,
});

const FUNCTIONS: Readonly<Record<string, Function>> = {
  IF: {
    arguments: [2, 3],
    apply: ([condition, then, otherwise], { startsMs }) =>
      startsMs.map((_, i) => {
        const holds = at(condition!, i);
        if (holds === undefined) return undefined;
        if (holds !== 0) return at(then!, i) ?? (typeof condition === 'number' ? undefined : 0);
        return otherwise === undefined ? undefined : at(otherwise, i);
      }),
  },
  FILL: {
    arguments: [2],
    apply: ([sparse, filler], { startsMs }) => startsMs.map((_, i) => at(sparse!, i) ?? at(filler!, i)),
  },
  MINUTE: ofTime((date) => date.getUTCMinutes()),
  HOUR: ofTime((date) => date.getUTCHours()),
  /** 1 is Monday. */
  DAY: ofTime((date) => date.getUTCDay() || 7),
};

const at = (value: Value, i: number): number | undefined => (typeof value === 'number' ? value : value[i]);
