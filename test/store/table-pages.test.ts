/** What a table answers in parts: pages of a query, of a scan, and batches of which it did only some. */
import {
  BatchGetItemCommand,
  type BatchWriteItemCommand,
  DynamoDBClient,
  type QueryCommand,
  type ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { type Attributes, S, Table } from '../../lib/store/table.ts';

const row = (sk: string): Attributes => ({ pk: S('P'), sk: S(sk) });
const keyOf = (sk: string) => ({ pk: 'P', sk });

/** A table that answers from these pages, one a request, and keeps what it was asked. */
function paged<Answer>(...pages: Answer[]): { table: Table; asked: Record<string, unknown>[] } {
  const client = new DynamoDBClient({ region: 'us-east-1' });
  const asked: Record<string, unknown>[] = [];
  client.send = (async ({ input }: QueryCommand | ScanCommand) => {
    asked.push(input as unknown as Record<string, unknown>);
    return pages[asked.length - 1];
  }) as typeof client.send;
  return { table: new Table('T', client), asked };
}
const PAGES = [
  { Items: [row('1'), row('2')], LastEvaluatedKey: row('2') },
  { Items: [], LastEvaluatedKey: row('4') },
  { Items: [row('5')] },
];
const WHOLE = ['1', '2', '5'].map(row);

test('a query goes on from where each page ends, also behind an empty one', async () => {
  const { table, asked } = paged(...PAGES);
  expect(await table.queryAll('P')).toEqual(WHOLE);
  expect(asked.map(({ ExclusiveStartKey }) => ExclusiveStartKey)).toEqual([undefined, row('2'), row('4')]);
});

test('a query ends with its limit, over pages', async () => {
  const { table, asked } = paged(PAGES[0], { Items: [row('3'), row('4')], LastEvaluatedKey: row('4') });
  expect(await table.queryAll('P', { limit: 3 })).toEqual(['1', '2', '3'].map(row));
  expect(asked).toHaveLength(2);
});

test('a scan goes on from where each page ends', async () => {
  const { table, asked } = paged(...PAGES);
  expect(await Array.fromAsync(table.scan())).toEqual(WHOLE);
  expect(asked.map(({ ExclusiveStartKey }) => ExclusiveStartKey)).toEqual([undefined, row('2'), row('4')]);
});

test('what decides is read consistently unless the caller says otherwise', async () => {
  const { table, asked } = paged({}, {}, {}, {}, {}, {});
  await table.get(keyOf('1'));
  await table.queryAll('P');
  await Array.fromAsync(table.scan());
  await table.get(keyOf('1'), false);
  await table.queryAll('P', { consistent: false });
  expect(asked.map(({ ConsistentRead }) => ConsistentRead)).toEqual([true, true, true, false, false]);
});

/** A table that does one item of every batch and gives the rest back, as a busy one may. */
function busy(): { table: Table; batches: number[]; written: string[] } {
  const client = new DynamoDBClient({ region: 'us-east-1' });
  const [batches, written]: [number[], string[]] = [[], []];
  client.send = (async (command: BatchGetItemCommand | BatchWriteItemCommand) => {
    if (command instanceof BatchGetItemCommand) {
      const { Keys = [], ConsistentRead } = command.input.RequestItems!.T!;
      const [done, ...rest] = Keys;
      expect(ConsistentRead).toBe(true);
      batches.push(Keys.length);
      return { Responses: { T: [done] }, UnprocessedKeys: rest.length ? { T: { Keys: rest, ConsistentRead } } : {} };
    }
    const [done, ...rest] = command.input.RequestItems!.T!;
    batches.push(rest.length + 1);
    written.push(done!.PutRequest!.Item!.sk!.S!);
    return { UnprocessedItems: rest.length ? { T: rest } : {} };
  }) as typeof client.send;
  return { table: new Table('T', client), batches, written };
}
const KEYS = ['1', '2', '3'].map(keyOf);

test('what a batch did not read is asked for again', async () => {
  const { table, batches } = busy();
  expect(await table.getMany(KEYS)).toEqual(['1', '2', '3'].map(row));
  expect(batches).toEqual([3, 2, 1]);
});

test('what a batch did not write is written again', async () => {
  const { table, batches, written } = busy();
  await table.putAll(KEYS.map((key) => ({ ...key, attributes: {} })));
  expect(written).toEqual(['1', '2', '3']);
  expect(batches).toEqual([3, 2, 1]);
});
