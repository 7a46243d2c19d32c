/** Requests to a table with the keys `pk` and `sk`, as its suite sends them. */
import type { TablePlan } from '../../lib/local/template/plan.ts';
import { type Asked, SEQUENCE } from './random-requests.ts';

export const TableName = 'table';

export const tablePlan = (name: string): TablePlan => ({
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

let sequences = 0;
/** The same requests with names that no other sequence has. */
export const ownNames = <T>(asked: T): T => JSON.parse(JSON.stringify(asked).replaceAll(SEQUENCE, `${++sequences}.`)) as T;

/** What a sequence is called that is asked next, in a partition's name. */
export const nextName = (): string => `${sequences + 1}.`;

export const pk = { S: `${SEQUENCE}A` };
export const keyOf = (sk: string) => ({ pk, sk: { S: sk } });
export const put = (sk: string, more: object = {}, condition: object = {}): Asked => ({
  operation: 'PutItem',
  body: { TableName, Item: { ...keyOf(sk), ...more }, ...condition },
});
export const get = (sk: string): Asked => ({ operation: 'GetItem', body: { TableName, Key: keyOf(sk), ConsistentRead: true } });
export const remove = (sk: string): Asked => ({ operation: 'DeleteItem', body: { TableName, Key: keyOf(sk) } });
export const query = (more: object = {}): Asked => ({
  operation: 'Query',
  body: { TableName, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': pk }, ...more },
});
export const update = (UpdateExpression: string, values?: object, more: object = {}): Asked => ({
  operation: 'UpdateItem',
  body: { TableName, Key: keyOf('a'), UpdateExpression, ...(values ? { ExpressionAttributeValues: values } : {}), ...more },
});
export const create = (sorts: readonly string[], token?: string): Asked => ({
  operation: 'TransactWriteItems',
  body: {
    TransactItems: sorts.map((sk) => ({
      Put: { TableName, Item: keyOf(sk), ConditionExpression: 'attribute_not_exists(pk)' },
    })),
    ...(token === undefined ? {} : { ClientRequestToken: `${SEQUENCE}${token}` }),
  },
});
export const writeBatch = (items: readonly object[]): Asked => ({
  operation: 'BatchWriteItem',
  body: { RequestItems: { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) } },
});
