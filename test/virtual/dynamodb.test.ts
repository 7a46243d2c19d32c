/** What only the model of the table does: it refuses loudly what it does not know, and may be behind. */
import { describe, expect, it } from 'vitest';
import { VirtualTable } from '../../lib/virtual/dynamodb/table.ts';
import type { Asked } from '../contracts/random-requests.ts';
import { create, TableName, tablePlan } from '../contracts/table-requests.ts';

let nowMs = 0;
const open = (isStale?: () => boolean) =>
  new VirtualTable(tablePlan(TableName), { now: () => nowMs, ...(isStale ? { isStale } : {}) });

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
    const model = open();
    model.request('PutItem', { TableName, Item: { ...item, t: { S: 'x' } } });
    expect(() => model.request(operation, body as Asked['body'])).toThrow(/^The virtual table /);
  });

  it('forgets a token after ten minutes', () => {
    const model = open();
    const asked = create(['a'], 't');
    const ask = () => model.request(asked.operation, asked.body).status;
    nowMs = 0;
    const first = [ask(), ask()];
    nowMs = 10 * 60_000 - 1;
    const last = ask();
    nowMs = 10 * 60_000;
    expect([...first, last, ask()]).toEqual([200, 200, 200, 400]);
  });

  it('may be one write behind for a read that does not ask for consistency, and for no other', () => {
    let stale = true;
    const model = open(() => stale);
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
