/**
 * Where the default DynamoDB engine and Amazon's own (`npm run test:amazon`) answer differently, and what of that the code
 * must not depend on. Each line of docs/engines.md stands here, so that a difference that goes, or another engine, is seen.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { N, S, Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';

let engine: Engine;
let client: DynamoDBClient;
let TableName: string;
let isAmazons: boolean;

beforeAll(async () => {
  engine = await startEngine();
  client = new DynamoDBClient({ maxAttempts: 1 });
  TableName = process.env.TABLE_NAME!;
  const answer = await fetch(process.env.AWS_ENDPOINT_URL_DYNAMODB!);
  isAmazons = answer.headers.get('server')?.startsWith('Jetty') === true;
});
afterAll(async () => {
  client.destroy();
  await engine.stop();
});

const key = (sk: string, pk = 'E') => ({ pk: S(pk), sk: S(sk) });
const put = (sk: string, more = {}) => ({ TableName, Item: { ...key(sk), ...more } });
const putNew = (sk: string) => ({ Put: { ...put(sk), ConditionExpression: 'attribute_not_exists(pk)' } });
const query = (condition: string, values: object, more: object = {}) =>
  client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: condition,
      ExpressionAttributeValues: values as Record<string, { S: string }>,
      Select: 'COUNT',
      ...more,
    }),
  );
/** What a request was refused for, by name alone or with its words. */
const refusal = async (asked: Promise<unknown>, words = false): Promise<string> =>
  asked.then(
    () => 'done',
    (error: Error) => (words ? `${error.name}: ${error.message}` : error.name),
  );

interface Difference {
  readonly what: string;
  readonly ask: () => Promise<unknown>;
  readonly byDefault: unknown;
  readonly amazons: unknown;
}

const DIFFERENCES: Difference[] = [
  {
    what: 'one item twice in a transaction',
    ask: () => refusal(client.send(new TransactWriteItemsCommand({ TransactItems: [putNew('t1'), putNew('t1')] }))),
    byDefault: 'ValidationException',
    amazons: 'TransactionCanceledException',
  },
  {
    what: 'an empty prefix of a sort key',
    ask: () => refusal(query('pk = :p AND begins_with(sk, :s)', { ':p': S('E'), ':s': S('') })),
    byDefault: 'done',
    amazons: 'ValidationException',
  },
  {
    what: 'a starting key of another partition',
    ask: () => refusal(query('pk = :p', { ':p': S('E') }, { ExclusiveStartKey: key('a', 'other') })),
    byDefault: 'done',
    amazons: 'ValidationException',
  },
  {
    what: 'expiry that is switched on twice',
    ask: async () => {
      const TimeToLiveSpecification = { Enabled: true, AttributeName: 'expiresAt' };
      await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
      return refusal(client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification })));
    },
    byDefault: 'done',
    amazons: 'ValidationException',
  },
  {
    what: 'a page of 1 MB',
    ask: async () => {
      const large = Array.from({ length: 10 }, (_, at) => ({ pk: 'L', sk: `${at}`, attributes: { v: S('x'.repeat(120_000)) } }));
      for (const item of large) await new Table().create(item);
      return (await query('pk = :p', { ':p': S('L') }, { Select: 'ALL_ATTRIBUTES' })).Count;
    },
    byDefault: 8,
    amazons: 9,
  },
  {
    what: 'the words of a key that is too long',
    ask: () => refusal(client.send(new PutItemCommand(put('s'.repeat(1025)))), true),
    byDefault: expect.stringContaining('Aggregated size of all range keys has exceeded'),
    amazons: expect.stringContaining('range primary key values must be under 1024 bytes'),
  },
  {
    what: 'the words of a number that is none',
    ask: () => refusal(client.send(new PutItemCommand(put('n', { v: { N: 'NaN' } }))), true),
    byDefault: 'ValidationException: The parameter cannot be converted to a numeric value: NaN',
    amazons: 'ValidationException: A value provided cannot be converted into a number',
  },
  {
    what: 'the words of a number with 39 digits',
    ask: () => refusal(client.send(new PutItemCommand(put('n', { v: { N: '1'.repeat(39) } }))), true),
    byDefault: 'ValidationException: Attempting to store more than 38 significant digits in a Number',
    amazons: 'ValidationException: DynamoDB only supports precision up to 38 digits',
  },
  {
    what: 'the words of a reserved word',
    ask: () =>
      refusal(
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: key('r'),
            UpdateExpression: 'SET status = :n',
            ExpressionAttributeValues: { ':n': N(1) },
          }),
        ),
        true,
      ),
    byDefault: expect.stringMatching(/: 1 validation error detected: .*reserved keyword: status$/),
    amazons: expect.stringMatching(/: Invalid UpdateExpression: .*reserved keyword: status$/),
  },
  {
    what: 'the words of a limit of zero',
    ask: () => refusal(query('pk = :p', { ':p': S('E') }, { Limit: 0 }), true),
    byDefault: expect.stringContaining("Value at 'Limit' failed to satisfy constraint"),
    amazons: 'ValidationException: Limit must be greater than or equal to 1',
  },
  {
    what: 'the words of a set with a value twice',
    ask: () => refusal(client.send(new PutItemCommand(put('d', { v: { SS: ['a', 'a'] } }))), true),
    byDefault: expect.stringContaining('1 validation error detected: One or more parameter values were invalid'),
    amazons: 'ValidationException: One or more parameter values were invalid: Input collection [a, a] contains duplicates',
  },
  {
    what: 'the words of a transaction over 4 MB',
    ask: () => {
      const large = Array.from({ length: 12 }, (_, at) => ({ Put: put(`x${at}`, { v: S('x'.repeat(390_000)) }) }));
      return refusal(client.send(new TransactWriteItemsCommand({ TransactItems: large })), true);
    },
    byDefault: expect.stringContaining('exceeding the 4MB limit'),
    amazons: expect.stringContaining('Transaction payload size cannot exceed 4MB'),
  },
  {
    what: 'the words of a table that is there already',
    ask: () =>
      refusal(
        client.send(
          new CreateTableCommand({
            TableName,
            BillingMode: 'PAY_PER_REQUEST',
            KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
            AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          }),
        ),
        true,
      ),
    byDefault: expect.stringContaining('ResourceInUseException: Table already exists'),
    amazons: 'ResourceInUseException: Cannot create preexisting table',
  },
];

describe('the two engines differ in', () => {
  it.each(DIFFERENCES)('$what', async ({ ask, byDefault, amazons }) => {
    expect(await ask()).toEqual(isAmazons ? amazons : byDefault);
  });
});

interface Agreement {
  readonly what: string;
  readonly ask: () => Promise<unknown>;
  readonly both: unknown;
}

const sized = (bytes: number) => put('big', { v: S('x'.repeat(bytes - 'pkE'.length - 'skbig'.length - 'v'.length)) });
const AGREEMENTS: Agreement[] = [
  {
    what: 'a condition that does not hold',
    ask: async () => {
      await new Table().create({ pk: 'E', sk: 'there', attributes: {} });
      return refusal(client.send(new PutItemCommand({ ...put('there'), ConditionExpression: 'attribute_not_exists(pk)' })), true);
    },
    both: 'ConditionalCheckFailedException: The conditional request failed',
  },
  {
    what: 'the reasons of a cancelled transaction',
    ask: () =>
      client
        .send(new TransactWriteItemsCommand({ TransactItems: [putNew('fresh'), putNew('there')] }))
        .catch(({ CancellationReasons }) => CancellationReasons),
    both: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' }],
  },
  {
    what: 'an item of 400 KB, and not one byte more',
    ask: async () => [
      await refusal(client.send(new PutItemCommand(sized(400 * 1024)))),
      await refusal(client.send(new PutItemCommand(sized(400 * 1024 + 1)))),
    ],
    both: ['done', 'ValidationException'],
  },
  {
    what: 'an empty text or binary, as a value and not as a key',
    ask: async () => [
      await refusal(client.send(new PutItemCommand(put('e', { v: S(''), w: { B: new Uint8Array() } })))),
      await refusal(client.send(new PutItemCommand(put('')))),
    ],
    both: ['done', 'ValidationException'],
  },
  {
    what: 'how a number is given back',
    ask: async () => {
      const numbers = { a: { N: '0012' }, b: { N: '1e5' }, c: { N: '-0' }, d: { N: '1.50' }, e: { N: '9'.repeat(38) } };
      await client.send(new PutItemCommand(put('numbers', numbers)));
      const { pk: _pk, sk: _sk, ...read } = (await new Table().get({ pk: 'E', sk: 'numbers' }))!;
      return Object.fromEntries(Object.entries(read).map(([name, value]) => [name, value.N]));
    },
    both: { a: '12', b: '100000', c: '0', d: '1.5', e: '9'.repeat(38) },
  },
  {
    what: 'that a page as long as its limit says there may be more',
    ask: async () => {
      for (const sk of ['1', '2', '3']) await new Table().create({ pk: 'P', sk, attributes: {} });
      const last = async (Limit: number) => (await query('pk = :p', { ':p': S('P') }, { Limit })).LastEvaluatedKey;
      return [await last(3), await last(4)];
    },
    both: [key('3', 'P'), undefined],
  },
  {
    what: 'the order of sort keys, by their bytes in UTF-8',
    ask: async () => {
      for (const sk of ['\u{10000}', '\uffff', 'é', 'z']) await new Table().create({ pk: 'U', sk, attributes: {} });
      return (await new Table().queryAll('U')).map(({ sk }) => sk?.S);
    },
    both: ['z', 'é', '\uffff', '\u{10000}'],
  },
  {
    what: 'the units that are billed',
    ask: async () => {
      const billed = { ReturnConsumedCapacity: 'TOTAL' } as const;
      const plain = await client.send(new PutItemCommand({ ...put('u', { v: S('x'.repeat(3000)) }), ...billed }));
      const together = await client.send(
        new TransactWriteItemsCommand({ TransactItems: [putNew('u1'), putNew('u2')], ...billed }),
      );
      const read = await query('pk = :p', { ':p': S('L') }, { ConsistentRead: true, Limit: 1, ...billed });
      return [
        plain.ConsumedCapacity?.CapacityUnits,
        together.ConsumedCapacity?.[0]?.CapacityUnits,
        read.ConsumedCapacity?.CapacityUnits,
      ];
    },
    both: [3, 4, 30],
  },
  {
    what: 'that no transaction ever meets another: conflicts have to be injected',
    ask: async () => {
      const add = (sk: string) => ({
        Update: { TableName, Key: key(sk), UpdateExpression: 'ADD n :n', ExpressionAttributeValues: { ':n': N(1) } },
      });
      const send = () => client.send(new TransactWriteItemsCommand({ TransactItems: [add('hot1'), add('hot2')] }));
      return [...new Set(await Promise.all(Array.from({ length: 20 }, () => refusal(send()))))];
    },
    both: ['done'],
  },
];

describe('the two engines agree on', () => {
  it.each(AGREEMENTS)('$what', async ({ ask, both }) => {
    expect(await ask()).toEqual(both);
  });
});

it('all of it stands in docs/engines.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/engines.md'), 'utf8').replaceAll(/\s+/g, ' ');
  expect([...DIFFERENCES, ...AGREEMENTS].map(({ what }) => what).filter((what) => !page.includes(what))).toEqual([]);
});
