/**
 * The one table, seen as a handful of verbs. Everything is written on a condition or under a key made of its content;
 * attributes are encoded and decoded by name, so that a number never depends on what a library guesses.
 */
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandOutput,
  ScanCommand,
  type ScanCommandOutput,
  TransactionCanceledException,
  TransactionConflictException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Key } from './keys.ts';
import { ENV } from './names.ts';

export type Attributes = Record<string, AttributeValue>;
export type Item = Key & { readonly attributes: Attributes };

/** Items that a batch call may carry, fixed by DynamoDB. */
const BATCH_WRITE_MAX = 25;
const BATCH_GET_MAX = 100;
const UNPROCESSED_TRIES_MAX = 8;
/** A write that meets another's transaction is tried again this often in all: transactions take milliseconds. */
const BUSY_TRIES_MAX = 6;

export interface Update {
  readonly expression: string;
  readonly names?: Record<string, string>;
  readonly values?: Attributes;
  readonly condition?: string;
}

export interface Range {
  /** Sort keys strictly after this one. */
  readonly after?: string;
  /** Sort keys from this one on. */
  readonly from?: string;
  /** Sort keys up to this one, itself included. */
  readonly to?: string;
  readonly prefix?: string;
  readonly newestFirst?: boolean;
  readonly limit?: number;
  /** Default true: what decides anything is read consistently. */
  readonly consistent?: boolean;
}

/** The newest version of an item that this code reads; an item without a version is of the first. Unknown attributes are ignored. */
const ITEM_VERSION = 1;

/** An item written by newer code in a form that this code would misread. Retrying helps once that code has taken over. */
export class ItemVersionError extends Error {
  override name = 'ItemVersionError';
}

/** An item that is written if the condition holds. */
export interface ConditionalPut {
  readonly item: Item;
  readonly condition: string;
  readonly values?: Attributes;
  readonly names?: Record<string, string>;
}

/** What reading needs of a table. Rows that were read into memory earlier can stand in for it. */
export type Rows = Pick<Table, 'get' | 'getMany' | 'query' | 'pages' | 'queryAll'>;

export class Table {
  readonly name: string;
  readonly #client: DynamoDBClient;

  constructor(name = required(ENV.table), client = tableClient()) {
    this.name = name;
    this.#client = client;
  }

  /** One item; `undefined` when there is none. Throws ItemVersionError on an item of newer code, as all reads but `scan` do. */
  async get(key: Key, consistent = true): Promise<Attributes | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.name, Key: encodeKey(key), ConsistentRead: consistent }),
    );
    return Item && readable(Item);
  }

  /** The items there are of these keys, in no order. */
  async getMany(keys: readonly Key[]): Promise<Attributes[]> {
    const found: Attributes[] = [];
    for (let at = 0; at < keys.length; at += BATCH_GET_MAX) {
      let pending: Attributes[] | undefined = keys.slice(at, at + BATCH_GET_MAX).map(encodeKey);
      for (let tries = 0; pending?.length; tries++) {
        if (tries === UNPROCESSED_TRIES_MAX) throw new Error('the table keeps returning unprocessed keys');
        if (tries > 0) await pause(tries);
        const request: Record<string, { Keys: Attributes[]; ConsistentRead: boolean }> = {
          [this.name]: { Keys: pending, ConsistentRead: true },
        };
        const answer = await this.#client.send(new BatchGetItemCommand({ RequestItems: request }));
        found.push(...(answer.Responses?.[this.name] ?? []).map(readable));
        pending = answer.UnprocessedKeys?.[this.name]?.Keys as Attributes[] | undefined;
      }
    }
    return found;
  }

  /** Writes an item unless its key is taken. False when it is taken: by the same content, or by another. */
  async create(item: Item): Promise<boolean> {
    return this.putIf(item, 'attribute_not_exists(pk)');
  }

  /** Writes an item if the condition holds. False when it does not. */
  async putIf(item: Item, condition: string, values?: Attributes, names?: Record<string, string>): Promise<boolean> {
    return onCondition(() =>
      this.#client.send(
        new PutItemCommand({
          TableName: this.name,
          Item: encodeItem(item),
          ConditionExpression: condition,
          ...(values ? { ExpressionAttributeValues: values } : {}),
          ...(names ? { ExpressionAttributeNames: names } : {}),
        }),
      ),
    );
  }

  /** Writes an item over whatever stands there: for what its owner may change at will, where the last word counts. */
  async put(item: Item): Promise<void> {
    await unlessBusy(() => this.#client.send(new PutItemCommand({ TableName: this.name, Item: encodeItem(item) })));
  }

  /** Writes items whose keys are made of their content: written twice, they are the same. */
  async putAll(items: readonly Item[]): Promise<void> {
    for (let at = 0; at < items.length; at += BATCH_WRITE_MAX) {
      let pending: { PutRequest: { Item: Attributes } }[] | undefined = items
        .slice(at, at + BATCH_WRITE_MAX)
        .map((item) => ({ PutRequest: { Item: encodeItem(item) } }));
      for (let tries = 0; pending?.length; tries++) {
        if (tries === UNPROCESSED_TRIES_MAX) throw new Error('the table keeps returning unprocessed items');
        if (tries > 0) await pause(tries);
        const answer = await this.#client.send(new BatchWriteItemCommand({ RequestItems: { [this.name]: pending } }));
        pending = answer.UnprocessedItems?.[this.name] as typeof pending;
      }
    }
  }

  /** Updates an item and returns all of it; `undefined` when the condition does not hold. */
  async update(key: Key, { expression, names, values, condition }: Update): Promise<Attributes | undefined> {
    try {
      const { Attributes } = await unlessBusy(() =>
        this.#client.send(
          new UpdateItemCommand({
            TableName: this.name,
            Key: encodeKey(key),
            UpdateExpression: expression,
            ReturnValues: 'ALL_NEW',
            ...(names ? { ExpressionAttributeNames: names } : {}),
            ...(values ? { ExpressionAttributeValues: values } : {}),
            ...(condition ? { ConditionExpression: condition } : {}),
          }),
        ),
      );
      return Attributes && readable(Attributes);
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  /** Deletes an item; nothing happens when there is none. */
  async delete(key: Key): Promise<void> {
    await this.#client.send(new DeleteItemCommand({ TableName: this.name, Key: encodeKey(key) }));
  }

  /** Deletes an item if the condition holds. False when it does not, or when there is none. */
  async deleteIf(key: Key, condition: string, values: Attributes): Promise<boolean> {
    return onCondition(() =>
      this.#client.send(
        new DeleteItemCommand({
          TableName: this.name,
          Key: encodeKey(key),
          ConditionExpression: condition,
          ExpressionAttributeValues: values,
        }),
      ),
    );
  }

  /** Writes all of these new items, and the others over what stands there, or none. False when a key is taken or a condition does not hold. */
  async createTogether(items: readonly Item[], others: readonly ConditionalPut[] = []): Promise<boolean> {
    const puts: ConditionalPut[] = [...items.map((item) => ({ item, condition: 'attribute_not_exists(pk)' })), ...others];
    return onCondition(() =>
      this.#client.send(
        new TransactWriteItemsCommand({
          TransactItems: puts.map(({ item, condition, values, names }) => ({
            Put: {
              TableName: this.name,
              Item: encodeItem(item),
              ConditionExpression: condition,
              ...(values ? { ExpressionAttributeValues: values } : {}),
              ...(names ? { ExpressionAttributeNames: names } : {}),
            },
          })),
        }),
      ),
    );
  }

  /** Items of one partition in order of sort key. */
  async *query(partition: string, range: Range = {}): AsyncGenerator<Attributes> {
    for await (const page of this.pages(partition, range)) yield* page;
  }

  /** The same, a page at a time: to wait for each item of a great many takes longer than to read it. */
  async *pages(partition: string, range: Range = {}): AsyncGenerator<Attributes[]> {
    let start: Attributes | undefined;
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    const { condition, values } = sortCondition(range);
    do {
      const page: QueryCommandOutput = await this.#client.send(
        new QueryCommand({
          TableName: this.name,
          KeyConditionExpression: `pk = :pk${condition}`,
          ExpressionAttributeValues: { ':pk': { S: partition }, ...values },
          ScanIndexForward: !range.newestFirst,
          ConsistentRead: range.consistent ?? true,
          ...(Number.isFinite(left) ? { Limit: left } : {}),
          ...(start ? { ExclusiveStartKey: start } : {}),
        }),
      );
      const items = (page.Items ?? []).slice(0, Number.isFinite(left) ? left : undefined).map(readable);
      left -= items.length;
      if (items.length) yield items;
      start = page.LastEvaluatedKey;
    } while (start && left > 0);
  }

  /** The same as `query`, read to the end. */
  async queryAll(partition: string, range: Range = {}): Promise<Attributes[]> {
    return Array.fromAsync(this.query(partition, range));
  }

  /** Every item there is, in no order: for the audit, which must also see what should not be there. */
  async *scan(): AsyncGenerator<Attributes> {
    let start: Attributes | undefined;
    do {
      const page: ScanCommandOutput = await this.#client.send(
        new ScanCommand({ TableName: this.name, ConsistentRead: true, ...(start ? { ExclusiveStartKey: start } : {}) }),
      );
      yield* page.Items ?? [];
      start = page.LastEvaluatedKey;
    } while (start);
  }
}

/** When throttled, five attempts take up to 15 seconds, which a worker has, and three up to 3, which an API has. */
export const tableClient = (attemptsMax = 5): DynamoDBClient =>
  new DynamoDBClient({ maxAttempts: attemptsMax, cacheMiddleware: true, accountIdEndpointMode: 'disabled' });

/** Attribute values, written as what they are. */
export const S = (value: string): AttributeValue => ({ S: value });
export const N = (value: number): AttributeValue => ({ N: String(value) });
export const B = (value: Uint8Array): AttributeValue => ({ B: value });
export const json = (value: unknown): AttributeValue => ({ S: JSON.stringify(value) });

/** Attributes of an item, read as what they must be: each throws TypeError when the attribute is missing or of another type. */
export function text(item: Attributes, name: string): string {
  const value = item[name]?.S;
  if (value === undefined) throw new TypeError(`attribute ${name} of ${item.pk?.S} ${item.sk?.S} is not text`);
  return value;
}

export function integer(item: Attributes, name: string): number {
  const value = item[name]?.N;
  if (value === undefined || !/^-?\d{1,15}$/.test(value))
    throw new TypeError(`attribute ${name} of ${item.pk?.S} ${item.sk?.S} is not an integer`);
  return Number(value);
}

export function bytes(item: Attributes, name: string): Uint8Array {
  const value = item[name]?.B;
  if (value === undefined) throw new TypeError(`attribute ${name} of ${item.pk?.S} ${item.sk?.S} is not binary`);
  return value;
}

/** An environment variable. Throws when it is not set. */
export function required(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`the environment variable ${variable} is not set`);
  return value;
}

/** The item itself. Throws ItemVersionError when newer code wrote it in another form. */
function readable(item: Attributes): Attributes {
  const version = item.v?.N;
  if (version !== undefined && !(Number(version) <= ITEM_VERSION))
    throw new ItemVersionError(`item ${item.pk?.S} ${item.sk?.S} is of version ${version}, newer than ${ITEM_VERSION}`);
  return item;
}

const encodeKey = ({ pk, sk }: Key): Attributes => ({ pk: S(pk), sk: S(sk) });
const encodeItem = (item: Item): Attributes => ({ ...encodeKey(item), ...item.attributes });

function sortCondition({ after, from, to, prefix }: Range): { condition: string; values: Attributes } {
  if (prefix !== undefined) return { condition: ' AND begins_with(sk, :prefix)', values: { ':prefix': S(prefix) } };
  if (from !== undefined && to !== undefined)
    return { condition: ' AND sk BETWEEN :from AND :to', values: { ':from': S(from), ':to': S(to) } };
  if (after !== undefined) return { condition: ' AND sk > :after', values: { ':after': S(after) } };
  if (from !== undefined) return { condition: ' AND sk >= :from', values: { ':from': S(from) } };
  if (to !== undefined) return { condition: ' AND sk <= :to', values: { ':to': S(to) } };
  return { condition: '', values: {} };
}

async function onCondition(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await unlessBusy(write);
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException || cancellation(error).includes('ConditionalCheckFailed')) return false;
    throw error;
  }
}

/** What cancels a transaction, or refuses a plain write, only because another was at the same item at that moment. */
const BUSY: ReadonlySet<string> = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

/** Repeats a write that has not happened because the item was busy; the SDK repeats throttled plain writes by itself. */
async function unlessBusy<T>(write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      const reasons = cancellation(error);
      const busy =
        error instanceof TransactionConflictException || (reasons.length > 0 && reasons.every((reason) => BUSY.has(reason)));
      if (!busy || tries === BUSY_TRIES_MAX) throw error;
    }
    await pause(tries);
  }
}

/** Why the writes of a transaction did not happen; those that could have are left out. */
const cancellation = (error: unknown): string[] =>
  error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).flatMap(({ Code }) => (Code && Code !== 'None' ? [Code] : []))
    : [];

/** At a moment of its own: those that met each other would meet again. */
const pause = (tries: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, (0.5 + Math.random()) * 25 * 2 ** tries));
