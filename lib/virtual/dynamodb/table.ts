/**
 * DynamoDB in memory, as the store uses it: every request takes effect whole, at one instant of machine time, in this
 * thread. It is a model because no engine behind a socket repeats itself exactly; one contract suite holds it and the real
 * engine to the same answers. What it does not know it refuses loudly.
 *
 * Source: Amazon DynamoDB API reference; "Service, account, and table quotas" for the sizes.
 */
import type { ServiceAnswer } from '../../local/proxy/request.ts';
import type { TablePlan } from '../../local/template/plan.ts';
import { checkUsed, holds, keyCondition, updated } from './expressions.ts';
import { TABLE_LIMITS, type TableLimits } from './limits.ts';
import { conditionFailed, invalid, isConditionFailed, RefusedError } from './refusal.ts';
import { type Body, checkBatch, EXPRESSIONS, only, parametersOf } from './request.ts';
import { type Key, Rows } from './rows.ts';
import { checkItem, type Item, sizeOf } from './values.ts';

/** How long a transaction's token is remembered: that a transaction repeated with it is not done again. */
const TOKEN_MS = 10 * 60_000;

export interface VirtualTableOptions {
  readonly now: () => number;
  /** Whether a read that does not ask for consistency misses the newest write. */
  readonly isStale?: () => boolean;
  /** DynamoDB's own unless given. */
  readonly limits?: TableLimits;
}

export class VirtualTable {
  readonly #name: string;
  readonly #rows: Rows;
  readonly #options: VirtualTableOptions;
  /** Of the request at hand. */
  #limits: TableLimits = TABLE_LIMITS;
  readonly #tokens = new Map<string, { atMs: number; request: string }>();

  constructor(plan: TablePlan, options: VirtualTableOptions) {
    this.#name = plan.name;
    this.#rows = new Rows(plan);
    this.#options = options;
  }

  /** Answers a request as the service would, in its JSON protocol, within its own limits unless others are named. Throws on what only the service knows. */
  request(
    operation: string,
    body: Readonly<Record<string, unknown>>,
    limits = this.#options.limits ?? TABLE_LIMITS,
  ): ServiceAnswer {
    this.#limits = limits;
    try {
      return { status: 200, body: this.#perform(operation, body as unknown as Body) };
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      const { type, message, more } = error;
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
    const item = this.#read(this.#rows.keyOf(body.Key, true), body.ConsistentRead === true);
    return item ? { Item: item } : {};
  }

  #put(body: Body): unknown {
    only(body, ['TableName', 'Item', ...EXPRESSIONS]);
    this.#named(body);
    const key = this.#rows.keyOf(body.Item);
    checkItem(body.Item, this.#limits.itemBytes);
    this.#check(body, this.#rows.get(key));
    this.#rows.set(key, body.Item);
    return {};
  }

  #update(body: Body): unknown {
    only(body, ['TableName', 'Key', 'UpdateExpression', 'ReturnValues', ...EXPRESSIONS]);
    this.#named(body);
    const key = this.#rows.keyOf(body.Key, true);
    if (!['NONE', 'ALL_NEW'].includes(body.ReturnValues ?? 'NONE'))
      throw new Error(`The virtual table does not know how to return ${body.ReturnValues}`);
    const there = this.#rows.get(key);
    const parameters = parametersOf(body);
    checkUsed([body.ConditionExpression, body.UpdateExpression], parameters);
    if (body.ConditionExpression !== undefined && !holds(body.ConditionExpression, there, parameters)) throw conditionFailed();
    const item = updated(body.UpdateExpression, there ?? body.Key, parameters, this.#rows.keyNames);
    checkItem(item, this.#limits.itemBytes);
    this.#rows.set(key, item);
    return body.ReturnValues === 'ALL_NEW' ? { Attributes: item } : {};
  }

  #delete(body: Body): unknown {
    only(body, ['TableName', 'Key', ...EXPRESSIONS]);
    this.#named(body);
    const key = this.#rows.keyOf(body.Key, true);
    this.#check(body, this.#rows.get(key));
    this.#rows.delete(key);
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
    const { partition: name, sort } = keyCondition(body.KeyConditionExpression, this.#rows.keyNames, parameters);
    const backwards = body.ScanIndexForward === false;
    const [of, start] = body.ExclusiveStartKey === undefined ? [name] : this.#rows.keyOf(body.ExclusiveStartKey, true);
    if (of !== name || (body.Limit !== undefined && body.Limit < 1))
      throw invalid('The provided starting key or limit is invalid');
    const isInside = (sk: string) => sort === undefined || holds(sort, this.#rows.keyItem([name, sk]), parameters);
    if (start !== undefined && !isInside(start))
      throw new Error('The virtual table does not know a page that starts outside of what is asked for');
    const keys = this.#rows.sortKeys(name);
    const found: Item[] = [];
    let bytes = 0;
    for (const sk of backwards ? keys.toReversed() : keys) {
      if (start !== undefined && (backwards ? sk >= start : sk <= start)) continue;
      if (!isInside(sk)) continue;
      const item = this.#read([name, sk], body.ConsistentRead === true);
      if (!item) continue;
      found.push(item);
      bytes += sizeOf(item);
      if (found.length === body.Limit || bytes > this.#limits.pageBytes)
        return {
          Items: found,
          Count: found.length,
          ScannedCount: found.length,
          LastEvaluatedKey: this.#rows.keyItem([name, sk]),
        };
    }
    return { Items: found, Count: found.length, ScannedCount: found.length };
  }

  /** In one page: only tests scan, and small tables. */
  #scan(body: Body): unknown {
    only(body, ['TableName', 'ConsistentRead']);
    this.#named(body);
    const items = this.#rows.partitions().flatMap((name) => this.#rows.sortKeys(name).map((sk) => this.#rows.get([name, sk])!));
    return { Items: items, Count: items.length, ScannedCount: items.length };
  }

  #batchGet(body: Body): unknown {
    only(body, ['RequestItems']);
    const { Keys, ConsistentRead } = this.#onlyTable(body.RequestItems) as { Keys: Item[]; ConsistentRead?: boolean };
    const keys = Keys.map((key) => this.#rows.keyOf(key, true));
    checkBatch(keys, this.#limits.batchGetItems);
    const items: Item[] = [];
    let bytes = 0;
    for (const [at, key] of keys.entries()) {
      const item = this.#read(key, ConsistentRead === true);
      bytes += item ? sizeOf(item) : 0;
      if (bytes > this.#limits.batchGetBytes)
        return {
          Responses: { [this.#name]: items },
          UnprocessedKeys: { [this.#name]: { Keys: Keys.slice(at), ConsistentRead: ConsistentRead === true } },
        };
      if (item) items.push(item);
    }
    return { Responses: { [this.#name]: items }, UnprocessedKeys: {} };
  }

  #batchWrite(body: Body): unknown {
    only(body, ['RequestItems']);
    const requests = this.#onlyTable(body.RequestItems) as { PutRequest?: { Item: Item } }[];
    const items = requests.map(({ PutRequest }) => {
      if (!PutRequest) throw new Error('The virtual table only knows puts in a batch');
      checkItem(PutRequest.Item, this.#limits.itemBytes);
      return PutRequest.Item;
    });
    checkBatch(
      items.map((item) => this.#rows.keyOf(item)),
      this.#limits.batchWriteItems,
    );
    if (items.reduce((sum, item) => sum + sizeOf(item), 0) > this.#limits.batchWriteBytes)
      throw invalid('The batch is larger than a batch may be');
    for (const item of items) this.#rows.set(this.#rows.keyOf(item), item);
    return { UnprocessedItems: {} };
  }

  #transact(body: Body): unknown {
    only(body, ['TransactItems', 'ClientRequestToken']);
    const { TransactItems: requests, ClientRequestToken: token } = body;
    if (this.#isRepeat(requests, token)) return {};
    const puts = requests.map(({ Put, ...other }) => {
      if (!Put || Object.keys(other).length > 0) throw new Error('The virtual table only knows puts in a transaction');
      only(Put, ['TableName', 'Item', ...EXPRESSIONS]);
      this.#named(Put);
      checkItem(Put.Item, this.#limits.itemBytes);
      return { put: Put, key: this.#rows.keyOf(Put.Item) };
    });
    checkBatch(
      puts.map(({ key }) => key),
      this.#limits.transactionItems,
    );
    if (puts.reduce((sum, { put }) => sum + sizeOf(put.Item), 0) > this.#limits.transactionBytes)
      throw invalid('Transaction payload size cannot exceed 4 MB');
    const reasons = puts.map(({ put, key }) => this.#reasonAgainst(put, key));
    if (reasons.some(({ Code }) => Code !== 'None')) {
      const codes = reasons.map(({ Code }) => Code).join(', ');
      const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
      throw new RefusedError('TransactionCanceledException', message, { CancellationReasons: reasons });
    }
    for (const { put, key } of puts) this.#rows.set(key, put.Item);
    if (token !== undefined) this.#tokens.set(token, { atMs: this.#options.now(), request: JSON.stringify(requests) });
    return {};
  }

  /** Whether this transaction was done before under its token. Another one under it is refused. */
  #isRepeat(requests: Body['TransactItems'], token: string | undefined): boolean {
    const earlier = token === undefined ? undefined : this.#tokens.get(token);
    if (earlier === undefined || this.#options.now() - earlier.atMs >= TOKEN_MS) return false;
    if (earlier.request === JSON.stringify(requests)) return true;
    throw new RefusedError(
      'IdempotentParameterMismatchException',
      'The request uses the same client token as a previous, but non-identical request',
    );
  }

  #reasonAgainst(put: Body, key: Key): { Code: string; Message?: string } {
    try {
      this.#check(put, this.#rows.get(key));
      return { Code: 'None' };
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
      return { Code: 'ConditionalCheckFailed', Message: error.message };
    }
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

  #read(key: Key, consistent: boolean): Item | undefined {
    const item = this.#rows.get(key);
    return !consistent && item && this.#options.isStale?.() ? this.#rows.get(key, true) : item;
  }
}
