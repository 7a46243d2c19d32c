/** What requests to the table carry, and which of it is not known, or more than a request may carry. */
import type { Parameters } from './expressions.ts';
import { invalid } from './refusal.ts';
import type { Key } from './rows.ts';
import type { Item, Value } from './values.ts';

/** What the requests known here carry; which of it, their operation says. */
export interface Body {
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

export const EXPRESSIONS = ['ConditionExpression', 'ExpressionAttributeNames', 'ExpressionAttributeValues'];

export const parametersOf = (body: Body): Parameters => ({
  names: body.ExpressionAttributeNames ?? {},
  values: body.ExpressionAttributeValues ?? {},
});

/** Refuses loudly what is not among the members that are known. */
export function only(body: object, known: readonly string[]): void {
  for (const name of Object.keys(body)) if (!known.includes(name)) throw new Error(`The virtual table does not know ${name}`);
}

/** Refuses a batch of none or too many items, or with one item twice. */
export function checkBatch(keys: readonly Key[], max: number): void {
  if (keys.length === 0 || keys.length > max)
    throw invalid(`1 validation error detected: Member must have length less than or equal to ${max}`);
  if (new Set(keys.map((key) => JSON.stringify(key))).size < keys.length)
    throw invalid('Provided list of item keys contains duplicates');
}
