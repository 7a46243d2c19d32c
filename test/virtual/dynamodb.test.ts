/**
 * The table in memory against the real engine: the same requests, as JSON, must be answered the same, down to the reasons of
 * a cancelled transaction. Only words may differ.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DynamoDb, startDynamoDb } from '../../lib/local/dynamodb/dynamodb.ts';
import type { ServiceAnswer as Answer } from '../../lib/local/proxy/request.ts';
import type { TablePlan } from '../../lib/local/template/plan.ts';
import { VirtualTable } from '../../lib/virtual/dynamodb/table.ts';
import { type Asked, requests, SEQUENCE } from './requests.ts';

const TableName = 'venue';
const planFor = (name: string): TablePlan => ({
  name,
  definition: {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
  },
  expiresAtAttribute: undefined,
});

let engine: DynamoDb;
let isAmazons: boolean;
beforeAll(async () => {
  engine = await startDynamoDb({
    onExit: (error) => {
      throw error;
    },
  });
  await engine.createTable(planFor(engine.tableName(TableName)), false);
  isAmazons = (await fetch(engine.endpoint)).headers.get('server')?.startsWith('Jetty') === true;
});
afterAll(() => engine.stop());

let nowMs = 0;
const modelOf = (isStale?: () => boolean) =>
  new VirtualTable(planFor(TableName), { now: () => nowMs, ...(isStale ? { isStale } : {}) });

async function askEngine({ operation, body }: Asked): Promise<Answer> {
  const name = engine.tableName(TableName);
  const answer = await fetch(engine.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': '20250101T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20250101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(body).replaceAll(`"${TableName}"`, `"${name}"`),
  });
  return { status: answer.status, body: JSON.parse((await answer.text()).replaceAll(`"${name}"`, `"${TableName}"`)) };
}

interface Body {
  readonly __type?: string;
  readonly CancellationReasons?: readonly { readonly Code: string }[];
  readonly ConsumedCapacity?: object;
  readonly LastEvaluatedKey?: object;
  readonly Responses?: Readonly<Record<string, Record<string, unknown>[]>>;
}

/**
 * An answer without what may differ: words, the order of a batch, the order in sets, and units that were not asked for. And on
 * Amazon's engine whether a page as long as its limit says that there may be more: not when its last key ends the range.
 */
function essence({ status, body }: Answer): object {
  const { __type, CancellationReasons, Responses, ConsumedCapacity: _, LastEvaluatedKey, ...others } = body as Body;
  const rest = isAmazons ? others : { ...others, LastEvaluatedKey };
  if (status !== 200) return { status, type: __type?.split('#').at(-1), codes: CancellationReasons?.map(({ Code }) => Code) };
  const text = ({ pk, sk }: Record<string, unknown>) => JSON.stringify([pk, sk]);
  const responses = Object.values(Responses ?? {}).map((items) => items.toSorted((a, b) => (text(a) < text(b) ? -1 : 1)));
  return JSON.parse(JSON.stringify({ status, responses, rest }), (name, value) => (name === 'SS' ? value.toSorted() : value));
}

let sequences = 0;
/** Asks both, one request after the other, and gives what the model answered. */
async function agree(model: VirtualTable, asked: readonly Asked[]): Promise<Answer[]> {
  const own: Asked[] = JSON.parse(JSON.stringify(asked).replaceAll(SEQUENCE, `${++sequences}.`));
  const answers: Answer[] = [];
  for (const each of own) {
    const [virtual, real] = [model.request(each.operation, each.body), await askEngine(each)];
    expect(essence(virtual), JSON.stringify(each)).toEqual(essence(real));
    answers.push(virtual);
  }
  return answers;
}

const pk = { S: `${SEQUENCE}A` };
const keyOf = (sk: string) => ({ pk, sk: { S: sk } });
const put = (sk: string, more: object = {}): Asked => ({
  operation: 'PutItem',
  body: { TableName, Item: { ...keyOf(sk), ...more } },
});
const query = (more: object = {}): Asked => ({
  operation: 'Query',
  body: { TableName, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': pk }, ...more },
});
const update = (UpdateExpression: string, values?: object, more: object = {}): Asked => ({
  operation: 'UpdateItem',
  body: { TableName, Key: keyOf('a'), UpdateExpression, ...(values ? { ExpressionAttributeValues: values } : {}), ...more },
});
const create = (sorts: string[], token?: string): Asked => ({
  operation: 'TransactWriteItems',
  body: {
    TransactItems: sorts.map((sk) => ({
      Put: { TableName, Item: keyOf(sk), ConditionExpression: 'attribute_not_exists(pk)' },
    })),
    ...(token === undefined ? {} : { ClientRequestToken: `${SEQUENCE}${token}` }),
  },
});
const status = ({ status }: Answer) => status;

describe('the model and the engine answer the same', () => {
  it('whatever is asked of a few items in whatever order', async () => {
    const answered = new Map<string, Set<unknown>>();
    await fc.assert(
      fc.asyncProperty(requests(TableName), async (asked) => {
        const answers = await agree(modelOf(), [...asked, query(), query({ ScanIndexForward: false })]);
        for (const [at, { operation }] of asked.entries()) {
          const statuses = answered.get(operation) ?? new Set();
          answered.set(operation, statuses.add(status(answers[at]!)));
        }
      }),
      { numRuns: 120 },
    );
    // Both ways of each operation that has two; a batch is only refused for one item twice.
    expect([...answered].filter(([operation]) => operation !== 'GetItem').filter(([, statuses]) => statuses.size < 2)).toEqual(
      [],
    );
    expect(answered.size).toBe(8);
  });

  it('a transaction that is repeated with its token is not done again, and another under it is refused', async () => {
    const asked = [create(['a', 'b'], 't'), create(['a', 'b'], 't'), create(['a', 'b']), create(['a', 'c'], 't'), query()];
    expect((await agree(modelOf(), asked)).map(status)).toEqual([200, 200, 400, 400, 200]);
  });

  it('one that was cancelled is tried again under its token', async () => {
    const remove: Asked = { operation: 'DeleteItem', body: { TableName, Key: keyOf('a') } };
    const asked = [put('a'), create(['a', 'b'], 't'), remove, create(['a', 'b'], 't'), query()];
    expect((await agree(modelOf(), asked)).map(status)).toEqual([200, 400, 200, 200, 200]);
  });

  it.each<[what: string, asked: Asked]>([
    ['a name that is not used', update('SET n = :n', { ':n': { N: '1' } }, { ExpressionAttributeNames: { '#m': 'm' } })],
    ['a value that is not used', update('SET n = :n', { ':n': { N: '1' }, ':m': { N: '1' } })],
    ['a name that is not defined', update('SET #n = :n', { ':n': { N: '1' } })],
    ['a value that is not defined', update('SET n = :n')],
    [
      'one that this item would not need',
      update('REMOVE n', undefined, { ConditionExpression: 'attribute_exists(pk) OR n = :n' }),
    ],
    ['one that a failed condition comes before', update('SET n = :n', undefined, { ConditionExpression: 'attribute_exists(n)' })],
    ['a change of the key, even to itself', update('SET sk = :a', { ':a': { S: 'a' } })],
    ['two changes of one attribute', update('SET n = :n REMOVE n', { ':n': { N: '1' } })],
    ['a change inside of another', update('SET closed = :m, closed.a = :n', { ':n': { N: '1' }, ':m': { M: {} } })],
    ['a place in a map that is not there', update('SET closed.a = :n', { ':n': { N: '1' } })],
    ['a number added to a set', update('ADD dates :n', { ':n': { N: '1' } })],
    ['a part of a key', { operation: 'GetItem', body: { TableName, Key: { pk } } }],
    ['more than a key', { operation: 'GetItem', body: { TableName, Key: { ...keyOf('a'), n: { N: '1' } } } }],
    ['an empty key', put('')],
    ['a key that is too long', put('s'.repeat(1025))],
    ['another table', { operation: 'GetItem', body: { TableName: 'none', Key: keyOf('a') } }],
    ['a query without its partition', query({ KeyConditionExpression: 'sk = :pk' })],
    ['a limit of zero', query({ Limit: 0 })],
    [
      'a range that ends before it begins',
      query({
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :b AND :a',
        ExpressionAttributeValues: { ':pk': pk, ':a': { S: 'a' }, ':b': { S: 'b' } },
      }),
    ],
    ['an item over 400 KB', put('a', { t: { S: 'x'.repeat(400 * 1024) } })],
    [
      'a batch of 26',
      {
        operation: 'BatchWriteItem',
        body: {
          RequestItems: { [TableName]: Array.from({ length: 26 }, (_, at) => ({ PutRequest: { Item: keyOf(`${at}`) } })) },
        },
      },
    ],
    [
      'a batch of 101 keys',
      {
        operation: 'BatchGetItem',
        body: { RequestItems: { [TableName]: { Keys: Array.from({ length: 101 }, (_, at) => keyOf(`${at}`)) } } },
      },
    ],
    ['a transaction of 101', create(Array.from({ length: 101 }, (_, at) => `${at}`))],
    [
      'a transaction over 4 MB',
      {
        operation: 'TransactWriteItems',
        body: {
          TransactItems: Array.from({ length: 11 }, (_, at) => ({
            Put: { TableName, Item: { ...keyOf(`${at}`), t: { S: 'x'.repeat(390_000) } } },
          })),
        },
      },
    ],
  ])('%s is refused, and nothing is done', async (_, asked) => {
    const there = put('a', { n: { N: '1' }, dates: { SS: ['d'] } });
    expect((await agree(modelOf(), [there, asked, query()])).map(status)).toEqual([200, 400, 200]);
  });

  it('an item of 400 KB is taken, and refused with one byte more, by whatever way', async () => {
    const spent = Buffer.byteLength('pk1.A') + 'ska'.length + 't'.length;
    // The engine counts the number of the sequence, which has as many digits as it has.
    const digits = `${sequences + 1}`.length - 1;
    const text = 'x'.repeat(400 * 1024 - spent - digits);
    const asked = [
      put('a', { t: { S: text } }),
      put('a', { t: { S: `${text}x` } }),
      update('SET t = :t', { ':t': { S: `${text}x` } }),
      {
        operation: 'BatchWriteItem',
        body: { RequestItems: { [TableName]: [{ PutRequest: put('a', { t: { S: `${text}x` } }).body }] } },
      },
    ].map(({ operation, body }) =>
      operation === 'BatchWriteItem'
        ? { operation, body: JSON.parse(JSON.stringify(body).replace(`"TableName":"${TableName}",`, '')) }
        : { operation, body },
    );
    expect((await agree(modelOf(), asked)).map(status)).toEqual([200, 400, 400, 400]);
  });
});

it('a page ends at 1 MB, as one of the engines ends it, and the pages together are everything', async () => {
  const model = modelOf();
  await agree(
    model,
    Array.from({ length: 20 }, (_, at) => put(`${String(at).padStart(2, '0')}`, { t: { S: 'x'.repeat(120_000) } })),
  );
  const own = JSON.parse(JSON.stringify(query().body).replaceAll(SEQUENCE, `${sequences}.`));
  const pages = async (ask: (asked: Asked) => Answer | Promise<Answer>): Promise<string[][]> => {
    const found: string[][] = [];
    for (let start: object | undefined, first = true; first || start; first = false) {
      const { body } = await ask({ operation: 'Query', body: { ...own, ...(start ? { ExclusiveStartKey: start } : {}) } });
      const { Items, LastEvaluatedKey } = body as { Items: { sk: { S: string } }[]; LastEvaluatedKey?: object };
      found.push(Items.map(({ sk }) => sk.S));
      start = LastEvaluatedKey;
    }
    return found;
  };
  const [virtual, real] = [await pages(({ operation, body }) => model.request(operation, body)), await pages(askEngine)];
  expect(virtual.flat()).toEqual(real.flat());
  // Amazon's ends a page behind 1 MB, the default engine before it.
  expect(virtual.map(({ length }) => length)).toEqual([9, 9, 2]);
  expect(real.map(({ length }) => length)).toEqual(isAmazons ? [9, 9, 2] : [8, 8, 4]);
});

describe('the model', () => {
  const item = { pk: { S: 'p' }, sk: { S: 's' } };
  const condition = (ConditionExpression: string) => ({
    TableName,
    Item: item,
    ConditionExpression,
    ExpressionAttributeValues: { ':v': { S: 'x' } },
  });
  it.each<[what: string, operation: string, body: object]>([
    ['an operation', 'ExecuteStatement', {}],
    ['a parameter', 'GetItem', { TableName, Key: item, ProjectionExpression: 'pk' }],
    ['a parameter inside a transaction', 'TransactWriteItems', { TransactItems: [{ Put: { TableName, Item: item, More: 1 } }] }],
    ['a transaction of anything but puts', 'TransactWriteItems', { TransactItems: [{ Delete: { TableName, Key: item } }] }],
    ['a batch of anything but puts', 'BatchWriteItem', { RequestItems: { [TableName]: [{ DeleteRequest: { Key: item } }] } }],
    [
      'what an update is to return',
      'UpdateItem',
      { TableName, Key: item, UpdateExpression: 'REMOVE n', ReturnValues: 'ALL_OLD' },
    ],
    ['a function', 'PutItem', condition('contains(t, :v)')],
    ['a list of values', 'PutItem', condition('t IN (:v)')],
    ['a place in a list', 'PutItem', condition('t[0] = :v')],
    ['a condition that goes on', 'PutItem', condition('t = :v t')],
    [
      'a clause',
      'UpdateItem',
      { TableName, Key: item, UpdateExpression: 'DELETE t :v', ExpressionAttributeValues: { ':v': { SS: ['x'] } } },
    ],
    [
      'a sum',
      'UpdateItem',
      { TableName, Key: item, UpdateExpression: 'SET n = n + :v', ExpressionAttributeValues: { ':v': { N: '1' } } },
    ],
    ['the same clause twice', 'UpdateItem', { TableName, Key: item, UpdateExpression: 'REMOVE a REMOVE b' }],
    ['the removal of a part', 'UpdateItem', { TableName, Key: item, UpdateExpression: 'REMOVE a.b' }],
    ['a number that is not whole', 'PutItem', { TableName, Item: { ...item, n: { N: '1.50' } } }],
    ['a type', 'PutItem', { TableName, Item: { ...item, n: { NS: ['1'] } } }],
    ['where a surrogate stands in the order of keys', 'PutItem', { TableName, Item: { ...item, sk: { S: '\u{10000}' } } }],
    [
      'a page that starts outside of what is asked for',
      'Query',
      {
        TableName,
        KeyConditionExpression: 'pk = :v AND sk > :v',
        ExpressionAttributeValues: { ':v': { S: 'x' } },
        ExclusiveStartKey: { pk: { S: 'x' }, sk: { S: 'a' } },
      },
    ],
    [
      'a sort key that is a number',
      'Query',
      {
        TableName,
        KeyConditionExpression: 'pk = :v AND sk > :n',
        ExpressionAttributeValues: { ':v': { S: 'x' }, ':n': { N: '1' } },
      },
    ],
    [
      'a test of something else than the sort key',
      'Query',
      {
        TableName,
        KeyConditionExpression: 'pk = :v AND attribute_exists(sk)',
        ExpressionAttributeValues: { ':v': { S: 'x' } },
      },
    ],
  ])('says loudly that it does not know %s', (_, operation, body) => {
    const model = modelOf();
    model.request('PutItem', { TableName, Item: { ...item, t: { S: 'x' } } });
    expect(() => model.request(operation, body as Asked['body'])).toThrow(/^The virtual table /);
  });

  it('forgets a token after ten minutes', () => {
    const model = modelOf();
    const asked = create(['a'], 't');
    const ask = () => model.request(asked.operation, asked.body).status;
    nowMs = 0;
    const first = [ask(), ask()];
    nowMs = 10 * 60_000 - 1;
    const last = ask();
    nowMs = 10 * 60_000;
    expect([...first, last, ask()]).toEqual([200, 200, 200, 400]);
  });

  it('may be one write behind for a read that does not ask for consistency, and never for another', () => {
    let stale = true;
    const model = modelOf(() => stale);
    const read = (ConsistentRead: boolean) =>
      (model.request('GetItem', { TableName, Key: item, ConsistentRead }).body as { Item?: { n: { N: string } } }).Item?.n.N;
    const seen = ['1', '2'].map((N) => {
      model.request('PutItem', { TableName, Item: { ...item, n: { N } } });
      return [read(false), read(true)];
    });
    stale = false;
    expect([...seen, [read(false)]]).toEqual([[undefined, '1'], ['1', '2'], ['2']]);
  });
});
