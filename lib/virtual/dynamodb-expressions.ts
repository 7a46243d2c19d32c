/**
 * DynamoDB's expressions, as far as the store writes them. Whatever is not understood here is an error of the caller's test,
 * never a guess; whatever DynamoDB refuses (a name or value that is not defined, or not used) is refused. One thing is left to
 * the real engine: which words are reserved and may not stand in an expression as they are.
 *
 * Source: Amazon DynamoDB developer guide, "Condition and filter expressions", "Update expressions", "Key condition
 * expressions", and "Comparison operator and function reference".
 */

/** A value in DynamoDB's JSON: one member, named by its type. */
export type Value = { readonly [type: string]: unknown };
export type Item = Readonly<Record<string, Value>>;

/** What the caller gets as a ValidationException. */
export class InvalidExpressionError extends Error {}

export interface Parameters {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, Value>>;
}

type Path = readonly string[];
type Operand = { readonly path: Path } | { readonly value: string } | { readonly ifNotExists: Path; readonly or: Operand };
type Condition =
  | { readonly op: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly op: 'not'; readonly of: Condition }
  | { readonly op: 'exists'; readonly path: Path; readonly is: boolean }
  | { readonly op: 'begins'; readonly path: Path; readonly with: Operand }
  | { readonly op: 'between'; readonly of: Operand; readonly from: Operand; readonly to: Operand }
  | { readonly op: 'compare'; readonly sign: string; readonly left: Operand; readonly right: Operand };
interface Update {
  readonly set: readonly { readonly path: Path; readonly to: Operand }[];
  /** Whole attributes: engines disagree on what is not there inside of one. */
  readonly remove: readonly string[];
  readonly add: readonly { readonly path: Path; readonly value: string }[];
}

const conditions = new Map<string, Condition>();
const updates = new Map<string, Update>();

export const holds = (expression: string, item: Item | undefined, parameters: Parameters): boolean =>
  test(conditionOf(expression), item ?? {}, parameters);

/** The item after an update; the one given stays as it is. Nothing of its key may be named. */
export function updated(expression: string, item: Item, parameters: Parameters, keys: readonly string[]): Item {
  let update = updates.get(expression);
  if (!update) {
    update = new Parser(expression).update();
    updates.set(expression, update);
  }
  const paths = [...update.set, ...update.add, ...update.remove.map((name) => ({ path: [name] }))].map(({ path }) =>
    named(path, parameters),
  );
  for (const [at, path] of paths.entries()) {
    if (keys.includes(path[0]!))
      throw new InvalidExpressionError(`Cannot update attribute ${path[0]}. This attribute is part of the key`);
    if (paths.some((other, place) => place !== at && path.every((part, depth) => part === other[depth])))
      throw new InvalidExpressionError('Two document paths overlap with each other; must remove or rewrite one of these paths');
  }
  // Everything is read from the item as it was.
  const next = structuredClone(item) as Record<string, Value>;
  for (const { path, to } of update.set) {
    const value = contentOf(to, item, parameters);
    if (value === undefined)
      throw new InvalidExpressionError('The provided expression refers to an attribute that does not exist in the item');
    assign(next, named(path, parameters), value);
  }
  for (const name of update.remove) delete next[named([name], parameters)[0]!];
  for (const { path, value } of update.add) {
    const names = named(path, parameters);
    assign(next, names, sum(lookUp(item, names), given(value, parameters)));
  }
  return next;
}

/** Refuses names and values that the expressions do not use, or use and do not define, whatever the item is. */
export function checkUsed(expressions: readonly (string | undefined)[], parameters: Parameters): void {
  const used = new Set(expressions.join(' ').match(/[#:][A-Za-z0-9_]+/g));
  for (const name of [...Object.keys(parameters.names), ...Object.keys(parameters.values)])
    if (!used.has(name))
      throw new InvalidExpressionError(`Value provided in expression parameters unused in expressions: keys: {${name}}`);
  for (const name of used) {
    if (name.startsWith('#')) named([name], parameters);
    else given(name, parameters);
  }
}

/** What a key condition asks for: the partition, and a test of the sort key. Both keys are text. */
export function keyCondition(
  expression: string,
  [partitionKey, sortKey]: readonly [string, string],
  parameters: Parameters,
): { partition: string; sort: string | undefined } {
  const [, first, value, sort] = /^\s*(\S+) = (:\w+)(?: AND (.+))?$/.exec(expression) ?? [];
  if (!first || !value || named([first], parameters)[0] !== partitionKey)
    throw new InvalidExpressionError(`Query condition missed key schema element: ${partitionKey}`);
  if (Object.values(parameters.values).some(({ S }) => !S))
    throw new Error(`The virtual table does not understand the values of ${JSON.stringify(expression)}`);
  if (sort !== undefined) {
    const condition = conditionOf(sort);
    const { path } = subjectOf(condition);
    if (!path || named(path, parameters).join('.') !== sortKey)
      throw new Error(`The virtual table does not understand the key condition ${JSON.stringify(sort)}`);
    if (
      condition.op === 'between' &&
      compares('>', contentOf(condition.from, {}, parameters), contentOf(condition.to, {}, parameters))
    )
      throw new InvalidExpressionError('The BETWEEN operator requires upper bound to be greater than or equal to lower bound');
  }
  return { partition: given(value, parameters).S as string, sort };
}

/** What a test that a key condition may make is of. */
function subjectOf(condition: Condition): { path?: Path } {
  if (condition.op === 'begins') return condition;
  if (condition.op === 'between') return 'path' in condition.of ? condition.of : {};
  return condition.op === 'compare' && condition.sign !== '<>' && 'path' in condition.left ? condition.left : {};
}

function conditionOf(expression: string): Condition {
  let condition = conditions.get(expression);
  if (!condition) {
    condition = new Parser(expression).condition();
    conditions.set(expression, condition);
  }
  return condition;
}

class Parser {
  readonly #expression: string;
  readonly #tokens: string[];
  #at = 0;

  constructor(expression: string) {
    this.#expression = expression;
    this.#tokens = expression.match(/[#:]?[A-Za-z_][A-Za-z0-9_]*|[:#]\d\w*|<>|<=|>=|[=<>(),.+-]|\S/g) ?? [];
  }

  condition(): Condition {
    const condition = this.#or();
    if (this.#at < this.#tokens.length) this.#unknown();
    return condition;
  }

  update(): Update {
    const set: { path: Path; to: Operand }[] = [];
    const removed: string[] = [];
    const add: { path: Path; value: string }[] = [];
    const clauses = new Set<string>();
    while (this.#at < this.#tokens.length) {
      const clause = this.#next();
      if (clauses.has(clause)) this.#unknown();
      clauses.add(clause);
      do {
        const path = this.#path();
        if (clause === 'SET') {
          this.#expect('=');
          set.push({ path, to: this.#operand() });
        } else if (clause === 'REMOVE' && path.length === 1) removed.push(path[0]!);
        else if (clause === 'ADD') add.push({ path, value: this.#next() });
        else this.#unknown();
      } while (this.#accept(','));
    }
    return { set, remove: removed, add };
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#accept('OR')) left = { op: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#accept('AND')) left = { op: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Condition {
    if (this.#accept('NOT')) return { op: 'not', of: this.#not() };
    if (this.#accept('(')) {
      const inner = this.#or();
      this.#expect(')');
      return inner;
    }
    const name = this.#tokens[this.#at];
    if (this.#tokens[this.#at + 1] === '(' && name !== 'if_not_exists') return this.#call(this.#next());
    const left = this.#operand();
    const sign = this.#next();
    if (sign === 'BETWEEN') {
      const from = this.#operand();
      this.#expect('AND');
      return { op: 'between', of: left, from, to: this.#operand() };
    }
    if (!['=', '<>', '<', '<=', '>', '>='].includes(sign)) this.#unknown();
    return { op: 'compare', sign, left, right: this.#operand() };
  }

  #call(name: string): Condition {
    this.#expect('(');
    const path = this.#path();
    let condition: Condition;
    if (name === 'attribute_exists' || name === 'attribute_not_exists')
      condition = { op: 'exists', path, is: name === 'attribute_exists' };
    else if (name === 'begins_with') {
      this.#expect(',');
      condition = { op: 'begins', path, with: this.#operand() };
    } else return this.#unknown();
    this.#expect(')');
    return condition;
  }

  #operand(): Operand {
    const token = this.#tokens[this.#at];
    if (token === 'if_not_exists') {
      this.#next();
      this.#expect('(');
      const ifNotExists = this.#path();
      this.#expect(',');
      const or = this.#operand();
      this.#expect(')');
      return { ifNotExists, or };
    }
    return token?.startsWith(':') ? { value: this.#next() } : { path: this.#path() };
  }

  #path(): Path {
    const path = [this.#next()];
    while (this.#accept('.')) path.push(this.#next());
    if (!path.every((part) => /^#?[A-Za-z0-9_]+$/.test(part))) this.#unknown();
    return path;
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) this.#unknown();
    return token!;
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) this.#unknown();
  }

  #unknown(): never {
    throw new Error(`The virtual table does not understand ${JSON.stringify(this.#expression)} at part ${this.#at}`);
  }
}

function test(condition: Condition, item: Item, parameters: Parameters): boolean {
  switch (condition.op) {
    case 'and':
      return test(condition.left, item, parameters) && test(condition.right, item, parameters);
    case 'or':
      return test(condition.left, item, parameters) || test(condition.right, item, parameters);
    case 'not':
      return !test(condition.of, item, parameters);
    case 'exists':
      return (lookUp(item, named(condition.path, parameters)) !== undefined) === condition.is;
    case 'begins': {
      const [of, start] = [lookUp(item, named(condition.path, parameters)), contentOf(condition.with, item, parameters)];
      return typeof of?.S === 'string' && typeof start?.S === 'string' && of.S.startsWith(start.S);
    }
    case 'between':
      return (
        compares('>=', contentOf(condition.of, item, parameters), contentOf(condition.from, item, parameters)) &&
        compares('<=', contentOf(condition.of, item, parameters), contentOf(condition.to, item, parameters))
      );
    case 'compare':
      return compares(condition.sign, contentOf(condition.left, item, parameters), contentOf(condition.right, item, parameters));
  }
}

/**
 * Values of different types are unequal, and neither less nor greater. What is not there is not even unequal to itself: that
 * is, `<>` holds of it, and nothing else does.
 */
function compares(sign: string, left: Value | undefined, right: Value | undefined): boolean {
  if (left === undefined || right === undefined) return sign === '<>';
  const [type] = Object.keys(left) as [string];
  if (!(type in right)) return sign === '<>';
  if (!['S', 'N', ...(sign === '=' || sign === '<>' ? ['B', 'BOOL', 'NULL'] : [])].includes(type))
    throw new Error(`The virtual table does not know how to compare ${type} by ${sign}`);
  const [a, b] = (type === 'N' ? [integerOf(left), integerOf(right)] : [left[type], right[type]]) as [string, string];
  if (sign === '=') return a === b;
  if (sign === '<>') return a !== b;
  if (sign === '<') return a < b;
  if (sign === '<=') return a <= b;
  return sign === '>' ? a > b : a >= b;
}

function contentOf(operand: Operand, item: Item, parameters: Parameters): Value | undefined {
  if ('path' in operand) return lookUp(item, named(operand.path, parameters));
  if ('value' in operand) return given(operand.value, parameters);
  return lookUp(item, named(operand.ifNotExists, parameters)) ?? contentOf(operand.or, item, parameters);
}

function given(name: string, { values }: Parameters): Value {
  const value = values[name];
  if (value === undefined)
    throw new InvalidExpressionError(`An expression attribute value used in expression is not defined; attribute value: ${name}`);
  return value;
}

function named(path: Path, { names }: Parameters): string[] {
  return path.map((part) => {
    if (!part.startsWith('#')) return part;
    const name = names[part];
    if (name === undefined)
      throw new InvalidExpressionError(
        `An expression attribute name used in the document path is not defined; attribute name: ${part}`,
      );
    return name;
  });
}

function lookUp(item: Item, [first, ...rest]: string[]): Value | undefined {
  let value = item[first!];
  for (const part of rest) value = (value?.M as Item | undefined)?.[part];
  return value;
}

function assign(item: Record<string, Value>, path: string[], value: Value): void {
  let parent: Record<string, Value> | undefined = item;
  for (const part of path.slice(0, -1)) parent = parent?.[part]?.M as Record<string, Value> | undefined;
  if (!parent) throw new InvalidExpressionError('The document path provided in the update expression is invalid for update');
  parent[path.at(-1)!] = value;
}

/** What ADD makes of what is there: numbers add up, sets unite. */
function sum(there: Value | undefined, added: Value): Value {
  if (typeof added.N === 'string' && (!there || typeof there.N === 'string'))
    return { N: String(integerOf({ N: String((there ? integerOf(there) : 0) + integerOf(added)) })) };
  if (!Array.isArray(added.SS) || (there && !there.SS))
    throw new InvalidExpressionError('An operand in the update expression has an incorrect data type');
  return { SS: [...new Set([...((there?.SS ?? []) as string[]), ...(added.SS as string[])])].sort() };
}

/** The number of a value. The store only has integers that JavaScript keeps exactly; others would need DynamoDB's decimals. */
export function integerOf({ N }: Value): number {
  const number = Number(N);
  if (!Number.isSafeInteger(number) || String(number) !== N) throw new Error(`The virtual table does not know the number ${N}`);
  return number;
}
