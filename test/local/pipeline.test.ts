/** The whole way of a request: gateway, function, queue, function, table. */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { CLIENTS, startSmallApp } from './small-app.ts';

const SUBMIT = `${CLIENTS}
export async function handler(event) {
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.WORK_URL, MessageBody: event.body }));
  return { statusCode: 202, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ account: event.requestContext.authorizer.jwt.claims['custom:account'] }) };
}`;
const STORE = `${CLIENTS}
export async function handler(event) {
  for (const { body, attributes } of event.Records) {
    const { id } = JSON.parse(body);
    await dynamodb.send(new PutItemCommand({ TableName: process.env.TABLE_NAME, Item: { pk: { S: id }, sk: { S: 'x' }, sent: { N: attributes.SentTimestamp } }, ConditionExpression: 'attribute_not_exists(pk)' }));
  }
  return { batchItemFailures: [] };
}`;

test('a request goes through gateway, function, queue and function into the table, and then the cloud is quiet', async () => {
  const cloud = await startSmallApp({
    functions: { submit: SUBMIT, store: STORE },
    queues: { work: {} },
    mappings: [{ queue: 'work', function: 'store', BatchSize: 10 }],
    routes: { 'POST /things': 'submit' },
  });
  const authorization = `Bearer ${await cloud.mint({ sub: 'someone', attributes: { account: 'A1' }, groups: ['operators', 'others'] })}`;
  const responses = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      fetch(`${cloud.url}/things`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ id: `t${i}` }),
      }),
    ),
  );
  expect(responses.map(({ status }) => status)).toEqual(Array(20).fill(202));
  expect(await responses[0]!.json()).toEqual({ account: 'A1' });
  await cloud.quiet();
  const client = new DynamoDBClient({
    endpoint: cloud.dynamodbEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  for (let i = 0; i < 20; i++) {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: cloud.tableName, Key: { pk: { S: `t${i}` }, sk: { S: 'x' } } }),
    );
    expect(Item?.sent?.N).toBe(String(Date.parse('2025-10-20T12:00:00Z')));
  }
  expect(cloud.deadLetters()).toEqual([]);
});
