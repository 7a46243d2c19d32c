/**
 * What DynamoDB's expressions mean: whether a condition holds of an item, what an update makes of it, what a key condition asks
 * for. What DynamoDB refuses (a name or value that is not defined, or not used) is refused. One thing is left to the real
 * engine: which words are reserved and may not stand in an expression as they are.
 *
 * Source: Amazon DynamoDB developer guide, "Condition and filter expressions", "Update expressions", "Key condition
 * expressions", and "Comparison operator and function reference".
 */
import { type Condition, type Operand, type Path, parseCondition, parseUpdate } from './expression-parser.ts';
import { invalid } from './refusal.ts';
import { type Item, integerOf, type Value } from './values.ts';

export interface Parameters {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, Value>>;
}

export const holds = (expression: string, item: Item | undefined, parameters: Parameters): boolean =>
  test(parseCondition(expression), item ?? {}, parameters);

/** The item after an update; the one given stays as it is. Nothing of its key may be named. */
export function updated(expression: string, item: Item, parameters: Parameters, keys: readonly string[]): Item {
  const update = parseUpdate(expression);
  const paths = [...update.set, ...update.add, ...update.remove.map((name) => ({ path: [name] }))].map(({ path }) =>
    named(path, parameters),
  );
  for (const [at, path] of paths.entries()) {
    if (keys.includes(path[0]!)) throw invalid(`Cannot update attribute ${path[0]}. This attribute is part of the key`);
    if (paths.some((other, place) => place !== at && path.every((part, depth) => part === other[depth])))
      throw invalid('Two document paths overlap with each other; must remove or rewrite one of these paths');
  }
  // Everything is read from the item as it was.
  const next = structuredClone(item) as Record<string, Value>;
  for (const { path, to } of update.set) {
    const value = contentOf(to, item, parameters);
    if (value === undefined) throw invalid('The provided expression refers to an attribute that does not exist in the item');
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
    if (!used.has(name)) throw invalid(`Value provided in expression parameters unused in expressions: keys: {${name}}`);
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
    throw invalid(`Query condition missed key schema element: ${partitionKey}`);
  if (Object.values(parameters.values).some(({ S }) => !S))
    throw new Error(`The virtual table does not understand the values of ${JSON.stringify(expression)}`);
  if (sort !== undefined) {
    const condition = parseCondition(sort);
    const { path } = subjectOf(condition);
    if (!path || named(path, parameters).join('.') !== sortKey)
      throw new Error(`The virtual table does not understand the key condition ${JSON.stringify(sort)}`);
    if (
      condition.op === 'between' &&
      compares('>', contentOf(condition.from, {}, parameters), contentOf(condition.to, {}, parameters))
    )
      throw invalid('The BETWEEN operator requires upper bound to be greater than or equal to lower bound');
  }
  return { partition: given(value, parameters).S as string, sort };
}

/** What a test that a key condition may make is of. */
function subjectOf(condition: Condition): { path?: Path } {
  if (condition.op === 'begins') return condition;
  if (condition.op === 'between') return 'path' in condition.of ? condition.of : {};
  return condition.op === 'compare' && condition.sign !== '<>' && 'path' in condition.left ? condition.left : {};
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
      if (start?.B !== undefined) throw new Error('The virtual table does not know the beginning of a binary');
      if ('value' in condition.with && typeof start?.S !== 'string')
        throw invalid('Incorrect operand type for operator or function; operator or function: begins_with');
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
    throw invalid(`An expression attribute value used in expression is not defined; attribute value: ${name}`);
  return value;
}

function named(path: Path, { names }: Parameters): string[] {
  return path.map((part) => {
    if (!part.startsWith('#')) return part;
    const name = names[part];
    if (name === undefined)
      throw invalid(`An expression attribute name used in the document path is not defined; attribute name: ${part}`);
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
  if (!parent) throw invalid('The document path provided in the update expression is invalid for update');
  parent[path.at(-1)!] = value;
}

/** What ADD makes of what is there: numbers add up, sets unite. */
function sum(there: Value | undefined, added: Value): Value {
  if (typeof added.N === 'string' && (!there || typeof there.N === 'string'))
    return { N: String(integerOf({ N: String((there ? integerOf(there) : 0) + integerOf(added)) })) };
  if (!Array.isArray(added.SS) || (there && !there.SS))
    throw invalid('An operand in the update expression has an incorrect data type');
  return { SS: [...new Set([...((there?.SS ?? []) as string[]), ...(added.SS as string[])])].sort() };
}
