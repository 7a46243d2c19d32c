/** Random requests to a table, in every form that the store sends and a few more, over so few keys that they meet. */
import fc from 'fast-check';

export interface Asked {
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A part of an expression; `name` and `value` put something into its request and give what stands for it. */
type Part = (given: { name(name: string): string; value(value: object): string }) => string;

/** Stands in keys and tokens for the sequence they belong to, so that no two sequences meet. */
export const SEQUENCE = '~';
const PARTITIONS = [`${SEQUENCE}A`, `${SEQUENCE}B`];
const SORTS = ['a', 'a#1', 'a#2', 'b', 'b#1', 'c'];

const number = fc.integer({ min: -3, max: 12 }).map((n) => ({ N: `${n}` }));
const text = fc.constantFrom('', 'a', 'ab', 'b').map((s) => ({ S: s }));
const set = fc.uniqueArray(fc.constantFrom('d1', 'd2', 'd3'), { minLength: 1 }).map((SS) => ({ SS }));
const list = fc.array(text, { maxLength: 2 }).map((L) => ({ L }));
const map = fc.dictionary(fc.constantFrom('0', '1'), text, { maxKeys: 2 }).map((M) => ({ M }));
const flag = fc.boolean().map((BOOL) => ({ BOOL }));
const binary = fc.constantFrom('', 'AA==', 'AAEC').map((B) => ({ B }));

const key = fc.record({ pk: fc.constantFrom(...PARTITIONS), sk: fc.constantFrom(...SORTS) });
const attributes = fc.record(
  { n: fc.oneof(number, text), t: text, dates: set, closed: map, l: list, yes: flag, b: binary },
  { requiredKeys: [] },
);
const item = fc.tuple(key, attributes).map(([{ pk, sk }, more]) => ({ pk: { S: pk }, sk: { S: sk }, ...more }));

const path = fc.constantFrom<Part>(
  () => 'n',
  ({ name }) => name('n'),
  () => 't',
  ({ name }) => `closed.${name('0')}`,
  () => 'pk',
);
const operand = fc.oneof(
  path,
  fc.oneof(number, text).map<Part>(
    (given) =>
      ({ value }) =>
        value(given),
  ),
);
const leaf: fc.Arbitrary<Part> = fc.oneof(
  fc.constant<Part>(() => 'attribute_not_exists(pk)'),
  fc.constant<Part>(() => 'attribute_exists(pk)'),
  path.map<Part>((of) => (given) => `attribute_exists(${of(given)})`),
  fc
    .tuple(path, fc.constantFrom('=', '<>', '<', '<=', '>', '>='), operand)
    .map<Part>(
      ([of, sign, to]) =>
        (given) =>
          `${of(given)} ${sign} ${to(given)}`,
    )
    // Of a path with itself, which DynamoDB refuses as a mistake.
    .filter((part) => !/^(\S+) \S+ \1$/.test(part({ name: (name) => name, value: () => ':v' }))),
  fc.tuple(path, fc.integer({ min: -3, max: 5 }), fc.integer({ min: 5, max: 12 })).map<Part>(
    ([of, from, to]) =>
      (given) =>
        `${of(given)} BETWEEN ${given.value({ N: `${from}` })} AND ${given.value({ N: `${to}` })}`,
  ),
  fc.tuple(path, fc.constantFrom('a', 'ab')).map<Part>(
    ([of, start]) =>
      (given) =>
        `begins_with(${of(given)}, ${given.value({ S: start })})`,
  ),
);
const condition: fc.Arbitrary<Part> = fc.oneof(
  { weight: 3, arbitrary: leaf },
  {
    weight: 2,
    arbitrary: leaf.map<Part>((other) => (given) => `attribute_not_exists(pk) OR ${other(given)}`),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(leaf, leaf, leaf, fc.constantFrom('AND', 'OR'), fc.constantFrom('', 'NOT ')).map<Part>(
      ([a, b, c, word, not]) =>
        (given) =>
          `${not}${a(given)} AND ${not}(${b(given)} ${word} ${c(given)})`,
    ),
  },
);

/** What an update does to one attribute; no two of one update touch the same. */
const action: fc.Arbitrary<{ clause: string; of: string; part: Part }> = fc.oneof(
  fc
    .oneof(
      fc.tuple(fc.constantFrom('n', 't'), fc.oneof(number, text)),
      fc.tuple(fc.constantFrom('l', 'yes', 'passed#1'), fc.oneof(number, text, list, flag, set, binary)),
    )
    .map(([of, to]) => ({ clause: 'SET', of, part: (({ name, value }) => `${name(of)} = ${value(to)}`) as Part })),
  fc.tuple(fc.constantFrom('n', 't', 'opened'), fc.oneof(number, text)).map(([of, to]) => ({
    clause: 'SET',
    of,
    part: (({ value }) => `${of} = if_not_exists(${of}, ${value(to)})`) as Part,
  })),
  fc.tuple(fc.constantFrom('0', '1'), list).map(([shard, to]) => ({
    clause: 'SET',
    of: 'closed',
    part: (({ name, value }) => {
      const place = `closed.${name(shard)}`;
      return `${place} = if_not_exists(${place}, ${value(to)})`;
    }) as Part,
  })),
  map.map((to) => ({ clause: 'SET', of: 'closed', part: (({ value }) => `closed = ${value(to)}`) as Part })),
  fc.constant({ clause: 'SET', of: 'copied', part: (() => 'copied = t') as Part }),
  fc
    .constantFrom('dates', 'n', 'closed', 'nothing')
    .map((of) => ({ clause: 'REMOVE', of, part: (({ name }) => name(of)) as Part })),
  set.map((more) => ({ clause: 'ADD', of: 'dates', part: (({ value }) => `dates ${value(more)}`) as Part })),
  fc
    .tuple(fc.constantFrom('n', 'dates', 'fresh'), number)
    .map(([of, more]) => ({ clause: 'ADD', of, part: (({ value }) => `${of} ${value(more)}`) as Part })),
);
const update: fc.Arbitrary<Part> = fc
  .uniqueArray(action, { minLength: 1, maxLength: 4, selector: ({ of }) => of })
  .map((actions) => (given) => {
    const clauses = ['SET', 'REMOVE', 'ADD'].map((word) => [word, actions.filter(({ clause }) => clause === word)] as const);
    return clauses
      .filter(([, some]) => some.length > 0)
      .map(([word, some]) => `${word} ${some.map(({ part }) => part(given)).join(', ')}`)
      .join(' ');
  });

const sort = fc.constantFrom(...SORTS, '0', 'b#', 'z');
/** A test of the sort key, and whether a key is well inside of it: from another, not every engine starts a page. */
const sortCondition: fc.Arbitrary<{ part: Part; has: (sk: string) => boolean }> = fc.oneof(
  fc.constant({ part: (() => '') as Part, has: () => true }),
  sort.map((start) => ({
    part: (({ value }) => ` AND begins_with(sk, ${value({ S: start })})`) as Part,
    has: (sk: string) => sk.startsWith(start),
  })),
  fc.tuple(sort, sort).map(([from, to]) => ({
    part: (({ value }) => ` AND sk BETWEEN ${value({ S: from })} AND ${value({ S: to })}`) as Part,
    has: (sk: string) => sk > from && sk < to,
  })),
  fc.tuple(fc.constantFrom('=', '<', '<=', '>', '>='), sort).map(([sign, to]) => ({
    part: (({ name, value }) => ` AND ${name('sk')} ${sign} ${value({ S: to })}`) as Part,
    has: (sk: string) => sk !== to && sign.includes(sk < to ? '<' : '>'),
  })),
);

/** A request's expressions with all they stand on. */
function expressions(parts: Readonly<Record<string, Part | undefined>>): object {
  const names: Record<string, string> = {};
  const values: Record<string, object> = {};
  const given = {
    name: (name: string) => {
      const standing = `#${name.replace(/\W/g, '')}`;
      names[standing] = name;
      return standing;
    },
    value: (value: object) => {
      const standing = `:v${Object.keys(values).length}`;
      values[standing] = value;
      return standing;
    },
  };
  const body: Record<string, unknown> = {};
  for (const [expression, part] of Object.entries(parts)) if (part) body[expression] = part(given);
  if (Object.keys(names).length > 0) body.ExpressionAttributeNames = names;
  if (Object.keys(values).length > 0) body.ExpressionAttributeValues = values;
  return body;
}

const encoded = ({ pk, sk }: { pk: string; sk: string }) => ({ pk: { S: pk }, sk: { S: sk } });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const oneItem = (TableName: string): fc.Arbitrary<Asked> =>
  fc.oneof(
    fc.tuple(item, maybe(condition)).map(([Item, ConditionExpression]) => ({
      operation: 'PutItem',
      body: { TableName, Item, ...expressions({ ConditionExpression }) },
    })),
    fc.tuple(key, update, maybe(condition)).map(([Key, UpdateExpression, ConditionExpression]) => ({
      operation: 'UpdateItem',
      body: { TableName, Key: encoded(Key), ReturnValues: 'ALL_NEW', ...expressions({ UpdateExpression, ConditionExpression }) },
    })),
    fc.tuple(key, maybe(condition)).map(([Key, ConditionExpression]) => ({
      operation: 'DeleteItem',
      body: { TableName, Key: encoded(Key), ...expressions({ ConditionExpression }) },
    })),
    fc.tuple(key, fc.boolean()).map(([Key, ConsistentRead]) => ({
      operation: 'GetItem',
      body: { TableName, Key: encoded(Key), ConsistentRead },
    })),
  );

const query = (TableName: string): fc.Arbitrary<Asked> =>
  fc
    .tuple(key, sortCondition, fc.boolean(), maybe(fc.integer({ min: 1, max: 4 })), maybe(sort))
    .map(([{ pk }, more, ScanIndexForward, Limit, start]) => ({
      operation: 'Query',
      body: {
        TableName,
        ...expressions({ KeyConditionExpression: (given) => `pk = ${given.value({ S: pk })}${more.part(given)}` }),
        ScanIndexForward,
        ConsistentRead: true,
        ...(Limit === undefined ? {} : { Limit }),
        ...(start === undefined || !more.has(start) ? {} : { ExclusiveStartKey: encoded({ pk, sk: start }) }),
      },
    }));

const batch = (TableName: string): fc.Arbitrary<Asked> =>
  fc.oneof(
    fc.array(key, { minLength: 1, maxLength: 4 }).map((keys) => ({
      operation: 'BatchGetItem',
      body: { RequestItems: { [TableName]: { Keys: keys.map(encoded), ConsistentRead: true } } },
    })),
    fc.array(item, { minLength: 1, maxLength: 4 }).map((items) => ({
      operation: 'BatchWriteItem',
      body: { RequestItems: { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) } },
    })),
  );

const transaction = (TableName: string): fc.Arbitrary<Asked> =>
  fc
    .tuple(
      fc.uniqueArray(fc.tuple(item, maybe(condition)), {
        minLength: 1,
        maxLength: 3,
        selector: ([{ pk, sk }]) => `${pk.S} ${sk.S}`,
      }),
      fc.boolean(),
      maybe(fc.constantFrom(`${SEQUENCE}one`, `${SEQUENCE}two`)),
    )
    .map(([puts, isNew, ClientRequestToken]) => ({
      operation: 'TransactWriteItems',
      body: {
        TransactItems: puts.map(([Item, other]) => ({
          Put: {
            TableName,
            Item,
            ...expressions({ ConditionExpression: isNew ? () => 'attribute_not_exists(pk)' : other }),
          },
        })),
        ...(ClientRequestToken === undefined ? {} : { ClientRequestToken }),
      },
    }));

/** Requests to the table of that name. */
export const requests = (TableName: string): fc.Arbitrary<Asked[]> =>
  fc.array(
    fc.oneof(
      { weight: 4, arbitrary: oneItem(TableName) },
      { weight: 1, arbitrary: query(TableName) },
      { weight: 2, arbitrary: batch(TableName) },
      { weight: 1, arbitrary: transaction(TableName) },
    ),
    { minLength: 8, maxLength: 25 },
  );
