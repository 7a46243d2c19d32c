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
  let at = 0;
  const unknown = (what: string): never => {
    throw new LocalCloudError(`The local cloud does not know ${what} in the metric math ${text}`, TEACH);
  };
  const accept = (...wanted: string[]): string | undefined => {
    const token = tokens[at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    at++;
    return token;
  };
  const expect = (wanted: string): void => {
    if (accept(wanted) === undefined) unknown(tokens[at] === undefined ? 'the end' : `${tokens[at]} where ${wanted} belongs`);
  };

  /** Operators of one rank, left to right. */
  const chain =
    (operand: () => Node, operators: readonly string[]): (() => Node) =>
    () => {
      let left = operand();
      for (let operator = accept(...operators); operator !== undefined; operator = accept(...operators)) {
        const [first, second, apply] = [left, operand(), OPERATORS[operator]!];
        left = (period) => combine(first(period), second(period), apply);
      }
      return left;
    };
  const unary = (): Node => {
    if (accept('-') === undefined) return primary();
    const operand = unary();
    return (period) => combine(0, operand(period), (_, value) => -value);
  };
  const product = chain(unary, ['*', '/']);
  const sum = chain(product, ['+', '-']);
  const comparison = chain(sum, ['==', '!=', '<=', '>=', '<', '>']);
  const both = chain(comparison, ['AND', '&&']);
  const either = chain(both, ['OR', '||']);

  const primary = (): Node => {
    if (accept('(') !== undefined) {
      const inner = either();
      expect(')');
      return inner;
    }
    const token = tokens[at++] ?? unknown('the end');
    if (/^[\d.]/.test(token)) return () => Number(token);
    if (tokens[at] === '(') return call(token);
    if (!ids.includes(token)) return unknown(token);
    return (period) => period.series[token]!;
  };
  const call = (name: string): Node => {
    const args: Node[] = [];
    expect('(');
    do args.push(either());
    while (accept(',') !== undefined);
    expect(')');
    const known = FUNCTIONS[name];
    if (known === undefined || !known.arguments.includes(args.length)) return unknown(`${name} of ${args.length} arguments`);
    return (period) =>
      known.apply(
        args.map((argument) => argument(period)),
        period,
      );
  };

  const root = either();
  if (tokens[at] !== undefined) unknown(tokens[at]!);
  return {
    over(period) {
      const value = root(period);
      return typeof value === 'number' ? period.startsMs.map(() => value) : value;
    },
    dependsOnTime: tokens.some((token) => FUNCTIONS[token]?.dependsOnTime),
  };
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
