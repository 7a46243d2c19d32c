/**
 * DynamoDB in memory, as the store uses it: every request takes effect whole, at one instant of machine time, in this
 * thread. It is the simulator's own because no engine behind a socket repeats itself exactly. A test compares it with the
 * real engine, request by request and at the end of whole trading days. What it does not know it refuses loudly.
 *
 * Source: Amazon DynamoDB API reference; "Service, account, and table quotas" for the sizes.
 */
import type { TablePlan } from '../local/template/plan.ts';
import {
  checkUsed,
  holds,
  InvalidExpressionError,
  type Item,
  integerOf,
  keyCondition,
  type Parameters,
  updated,
  type Value,
} from './dynamodb-expressions.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What the requests known here carry; which of it, their operation says. */
interface Body {
  readonly TableName: string;
  readonly Key: Item;
  readonly Item: Item;
  readonly ConsistentRead?: boolean;
  readonly ConditionExpression?: string;
  readonly UpdateExpression: string;
  readonly KeyConditionExpression: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, Value>>;
  readonly ReturnValues?: string;
  readonly ScanIndexForward?: boolean;
  readonly Limit?: number;
  readonly ExclusiveStartKey?: Item;
  readonly RequestItems: Readonly<Record<string, unknown>>;
  readonly TransactItems: readonly { readonly Put?: Body }[];
  readonly ClientRequestToken?: string;
}

const ITEM_BYTES_MAX = 400 * 1024;
const PARTITION_KEY_BYTES_MAX = 2048;
const SORT_KEY_BYTES_MAX = 1024;
const PAGE_BYTES_MAX = 1024 * 1024;
const TRANSACTION_ITEMS_MAX = 100;
const TRANSACTION_BYTES_MAX = 4 * 1024 * 1024;
const BATCH_WRITE_MAX = 25;
const BATCH_GET_MAX = 100;
/** How long a transaction's token is remembered: that a transaction repeated with it is not done again. */
const TOKEN_MS = 10 * 60_000;

/** How DynamoDB refuses. */
class RefusedError extends Error {
  readonly type: string;
  readonly more: object;

  constructor(type: string, message: string, more: object = {}) {
    super(message);
    this.type = type;
    this.more = more;
  }
}

interface Row {
  readonly item: Item;
  /** What a reader who does not ask for consistency may see until the next write. */
  readonly before: Item | undefined;
}

interface Partition {
  readonly rows: Map<string, Row>;
  /** Sort keys in order; undefined when a new one was added since. */
  sorted: string[] | undefined;
}

export interface VirtualTableOptions {
  readonly now: () => number;
  /** Whether a read that does not ask for consistency misses the newest write. */
  readonly isStale?: () => boolean;
}

export class VirtualTable {
  readonly #name: string;
  readonly #pk: string;
  readonly #sk: string;
  readonly #options: VirtualTableOptions;
  readonly #partitions = new Map<string, Partition>();
  readonly #tokens = new Map<string, { atMs: number; request: string }>();

  constructor(plan: TablePlan, options: VirtualTableOptions) {
    const keys = plan.definition.KeySchema as { AttributeName: string; KeyType: string }[];
    this.#name = plan.name;
    this.#pk = keys.find(({ KeyType }) => KeyType === 'HASH')!.AttributeName;
    this.#sk = keys.find(({ KeyType }) => KeyType === 'RANGE')!.AttributeName;
    this.#options = options;
  }

  /** Answers a request as the service would, in its JSON protocol. */
  request(operation: string, body: Readonly<Record<string, unknown>>): Answer {
    try {
      return { status: 200, body: this.#perform(operation, body as unknown as Body) };
    } catch (error) {
      const refused = error instanceof InvalidExpressionError ? new RefusedError('ValidationException', error.message) : error;
      if (!(refused instanceof RefusedError)) throw error;
      const { type, message, more } = refused;
      return { status: 400, body: { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message, ...more } };
    }
  }

  #perform(operation: string, body: Body): unknown {
    switch (operation) {
      case 'GetItem':
        return this.#get(body);
      case 'PutItem':
        return this.#put(body);
      case 'UpdateItem':
        return this.#update(body);
      case 'DeleteItem':
        return this.#delete(body);
      case 'Query':
        return this.#query(body);
      case 'Scan':
        return this.#scan(body);
      case 'BatchGetItem':
        return this.#batchGet(body);
      case 'BatchWriteItem':
        return this.#batchWrite(body);
      case 'TransactWriteItems':
        return this.#transact(body);
      default:
        throw new Error(`The virtual table does not know ${operation}`);
    }
  }

  #get(body: Body): unknown {
    only(body, ['TableName', 'Key', 'ConsistentRead']);
    this.#named(body);
    const item = this.#read(this.#keyOf(body.Key, true), body.ConsistentRead === true);
    return item ? { Item: item } : {};
  }

  #put(body: Body): unknown {
    only(body, ['TableName', 'Item', ...EXPRESSIONS]);
    this.#named(body);
    const key = this.#keyOf(body.Item);
    checkItem(body.Item);
    this.#check(body, this.#row(key)?.item);
    this.#write(key, body.Item);
    return {};
  }

  #update(body: Body): unknown {
    only(body, ['TableName', 'Key', 'UpdateExpression', 'ReturnValues', ...EXPRESSIONS]);
    this.#named(body);
    const key = this.#keyOf(body.Key, true);
    if (!['NONE', 'ALL_NEW'].includes(body.ReturnValues ?? 'NONE'))
      throw new Error(`The virtual table does not know how to return ${body.ReturnValues}`);
    const there = this.#row(key)?.item;
    const parameters = parametersOf(body);
    checkUsed([body.ConditionExpression, body.UpdateExpression], parameters);
    if (body.ConditionExpression !== undefined && !holds(body.ConditionExpression, there, parameters)) throw conditionFailed();
    const item = updated(body.UpdateExpression, there ?? body.Key, parameters, [this.#pk, this.#sk]);
    checkItem(item);
    this.#write(key, item);
    return body.ReturnValues === 'ALL_NEW' ? { Attributes: item } : {};
  }

  #delete(body: Body): unknown {
    only(body, ['TableName', 'Key', ...EXPRESSIONS]);
    this.#named(body);
    const key = this.#keyOf(body.Key, true);
    this.#check(body, this.#row(key)?.item);
    this.#partitions.get(key[0])?.rows.delete(key[1]);
    const partition = this.#partitions.get(key[0]);
    if (partition) partition.sorted = undefined;
    return {};
  }

  #query(body: Body): unknown {
    only(body, [
      'TableName',
      'KeyConditionExpression',
      'ScanIndexForward',
      'ConsistentRead',
      'Limit',
      'ExclusiveStartKey',
      'ExpressionAttributeNames',
      'ExpressionAttributeValues',
    ]);
    this.#named(body);
    const parameters = parametersOf(body);
    checkUsed([body.KeyConditionExpression], parameters);
    const { partition: name, sort } = keyCondition(body.KeyConditionExpression, [this.#pk, this.#sk], parameters);
    const backwards = body.ScanIndexForward === false;
    const [of, start] = body.ExclusiveStartKey === undefined ? [name] : this.#keyOf(body.ExclusiveStartKey, true);
    if (of !== name || (body.Limit !== undefined && body.Limit < 1))
      throw new RefusedError('ValidationException', 'The provided starting key or limit is invalid');
    if (start !== undefined && sort !== undefined && !holds(sort, { [this.#sk]: { S: start } }, parameters))
      throw new Error('The virtual table does not know a page that starts outside of what is asked for');
    const keys = this.#sortKeys(name);
    const found: Item[] = [];
    let bytes = 0;
    for (const sk of backwards ? keys.toReversed() : keys) {
      if (start !== undefined && (backwards ? sk >= start : sk <= start)) continue;
      if (sort !== undefined && !holds(sort, { [this.#sk]: { S: sk } }, parameters)) continue;
      const item = this.#read([name, sk], body.ConsistentRead === true);
      if (!item) continue;
      found.push(item);
      bytes += sizeOf(item);
      if (found.length === body.Limit || bytes > PAGE_BYTES_MAX)
        return { Items: found, Count: found.length, ScannedCount: found.length, LastEvaluatedKey: this.#keyItem([name, sk]) };
    }
    return { Items: found, Count: found.length, ScannedCount: found.length };
  }

  /** In one page: nobody scans a table that is worked on. */
  #scan(body: Body): unknown {
    only(body, ['TableName', 'ConsistentRead']);
    this.#named(body);
    const items = [...this.#partitions.keys()].flatMap((name) => this.#sortKeys(name).map((sk) => this.#row([name, sk])!.item));
    return { Items: items, Count: items.length, ScannedCount: items.length };
  }

  #batchGet(body: Body): unknown {
    only(body, ['RequestItems']);
    const { Keys, ConsistentRead } = this.#onlyTable(body.RequestItems) as { Keys: Item[]; ConsistentRead?: boolean };
    const keys = Keys.map((key) => this.#keyOf(key, true));
    checkBatch(keys, BATCH_GET_MAX);
    const items = keys.map((key) => this.#read(key, ConsistentRead === true)).filter((item) => item !== undefined);
    return { Responses: { [this.#name]: items }, UnprocessedKeys: {} };
  }

  #batchWrite(body: Body): unknown {
    only(body, ['RequestItems']);
    const requests = this.#onlyTable(body.RequestItems) as { PutRequest?: { Item: Item } }[];
    const items = requests.map(({ PutRequest }) => {
      if (!PutRequest) throw new Error('The virtual table only knows puts in a batch');
      checkItem(PutRequest.Item);
      return PutRequest.Item;
    });
    checkBatch(
      items.map((item) => this.#keyOf(item)),
      BATCH_WRITE_MAX,
    );
    for (const item of items) this.#write(this.#keyOf(item), item);
    return { UnprocessedItems: {} };
  }

  #transact(body: Body): unknown {
    only(body, ['TransactItems', 'ClientRequestToken']);
    const { TransactItems: requests, ClientRequestToken: token } = body;
    const request = JSON.stringify(requests);
    const earlier = token === undefined ? undefined : this.#tokens.get(token);
    if (earlier && this.#options.now() - earlier.atMs < TOKEN_MS) {
      if (earlier.request === request) return {};
      throw new RefusedError(
        'IdempotentParameterMismatchException',
        'The request uses the same client token as a previous, but non-identical request',
      );
    }
    const puts = requests.map(({ Put, ...other }) => {
      if (!Put || Object.keys(other).length > 0) throw new Error('The virtual table only knows puts in a transaction');
      only(Put, ['TableName', 'Item', ...EXPRESSIONS]);
      this.#named(Put);
      checkItem(Put.Item);
      return { put: Put, key: this.#keyOf(Put.Item) };
    });
    checkBatch(
      puts.map(({ key }) => key),
      TRANSACTION_ITEMS_MAX,
    );
    if (puts.reduce((sum, { put }) => sum + sizeOf(put.Item), 0) > TRANSACTION_BYTES_MAX)
      throw new RefusedError('ValidationException', 'Transaction payload size cannot exceed 4 MB');
    const reasons = puts.map(({ put, key }) => {
      try {
        this.#check(put, this.#row(key)?.item);
        return { Code: 'None' };
      } catch (error) {
        if (!(error instanceof RefusedError) || error.type !== 'ConditionalCheckFailedException') throw error;
        return { Code: 'ConditionalCheckFailed', Message: error.message };
      }
    });
    if (reasons.some(({ Code }) => Code !== 'None')) {
      const codes = reasons.map(({ Code }) => Code).join(', ');
      const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
      throw new RefusedError('TransactionCanceledException', message, { CancellationReasons: reasons });
    }
    for (const { put, key } of puts) this.#write(key, put.Item);
    if (token !== undefined) this.#tokens.set(token, { atMs: this.#options.now(), request });
    return {};
  }

  #check(body: Body, item: Item | undefined): void {
    const parameters = parametersOf(body);
    checkUsed([body.ConditionExpression], parameters);
    if (body.ConditionExpression !== undefined && !holds(body.ConditionExpression, item, parameters)) throw conditionFailed();
  }

  #named({ TableName }: Pick<Body, 'TableName'>): void {
    if (TableName !== this.#name)
      throw new RefusedError('ResourceNotFoundException', `Requested resource not found: Table: ${TableName} not found`);
  }

  #onlyTable(requests: Body['RequestItems']): unknown {
    for (const TableName of Object.keys(requests)) this.#named({ TableName });
    return requests[this.#name];
  }

  #keyOf(item: Item, isWhole = false): [string, string] {
    const [pk, sk] = [item[this.#pk]?.S, item[this.#sk]?.S];
    if (typeof pk !== 'string' || typeof sk !== 'string' || pk === '' || sk === '' || (isWhole && Object.keys(item).length !== 2))
      throw new RefusedError('ValidationException', 'The provided key element does not match the schema');
    if (Buffer.byteLength(pk) > PARTITION_KEY_BYTES_MAX || Buffer.byteLength(sk) > SORT_KEY_BYTES_MAX)
      throw new RefusedError('ValidationException', 'Aggregated size of all keys has exceeded the size limit');
    // Their order is not that of their bytes, in which DynamoDB sorts.
    if (/[\ud800-\udfff]/.test(sk)) throw new Error(`The virtual table does not know where ${sk} stands`);
    return [pk, sk];
  }

  #keyItem([pk, sk]: [string, string]): Item {
    return { [this.#pk]: { S: pk }, [this.#sk]: { S: sk } };
  }

  #row([pk, sk]: [string, string]): Row | undefined {
    return this.#partitions.get(pk)?.rows.get(sk);
  }

  #read(key: [string, string], consistent: boolean): Item | undefined {
    const row = this.#row(key);
    return !consistent && row && this.#options.isStale?.() ? row.before : row?.item;
  }

  #write([pk, sk]: [string, string], item: Item): void {
    let partition = this.#partitions.get(pk);
    if (!partition) {
      partition = { rows: new Map(), sorted: [] };
      this.#partitions.set(pk, partition);
    }
    const before = partition.rows.get(sk);
    if (!before) partition.sorted = undefined;
    partition.rows.set(sk, { item, before: before?.item });
  }

  /** In order of their characters, which without surrogates is DynamoDB's order of bytes. */
  #sortKeys(pk: string): readonly string[] {
    const partition = this.#partitions.get(pk);
    if (!partition) return [];
    partition.sorted ??= [...partition.rows.keys()].sort();
    return partition.sorted;
  }
}

const EXPRESSIONS = ['ConditionExpression', 'ExpressionAttributeNames', 'ExpressionAttributeValues'];

const parametersOf = (body: Body): Parameters => ({
  names: body.ExpressionAttributeNames ?? {},
  values: body.ExpressionAttributeValues ?? {},
});

const conditionFailed = () => new RefusedError('ConditionalCheckFailedException', 'The conditional request failed');

function only(body: object, known: readonly string[]): void {
  for (const name of Object.keys(body)) if (!known.includes(name)) throw new Error(`The virtual table does not know ${name}`);
}

function checkBatch(keys: readonly [string, string][], max: number): void {
  if (keys.length === 0 || keys.length > max)
    throw new RefusedError(
      'ValidationException',
      `1 validation error detected: Member must have length less than or equal to ${max}`,
    );
  if (new Set(keys.map((key) => JSON.stringify(key))).size < keys.length)
    throw new RefusedError('ValidationException', 'Provided list of item keys contains duplicates');
}

function checkItem(item: Item): void {
  if (sizeOf(item) > ITEM_BYTES_MAX)
    throw new RefusedError('ValidationException', 'Item size has exceeded the maximum allowed size');
}

/** Near enough for limits: names and values in bytes, binary as it is and not as its text. */
function sizeOf(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + bytesOf(value);
  return bytes;
}

function bytesOf(value: Value): number {
  const [[type, content] = ['NULL', true]] = Object.entries(value);
  if (type === 'S') return Buffer.byteLength(content as string);
  if (type === 'B') return Buffer.byteLength(content as string, 'base64');
  if (type === 'N') return Math.ceil(String(integerOf(value)).length / 2) + 1;
  if (type === 'M') return 3 + sizeOf(content as Item);
  if (type === 'L') return 3 + (content as Value[]).reduce((sum, each) => sum + 1 + bytesOf(each), 0);
  if (type === 'SS') return (content as string[]).reduce((sum, each) => sum + Buffer.byteLength(each), 0);
  if (type === 'BOOL' || type === 'NULL') return 1;
  throw new Error(`The virtual table does not know values of type ${type}`);
}
