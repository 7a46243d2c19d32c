/**
 * What a function's requests would be billed as: DynamoDB units as the engine reports them, SQS requests in chunks of 64 KB.
 * A write refused by its condition is billed on AWS too, but its capacity comes with no answer; it is counted here from the
 * item that was sent (a put) or as one unit (anything else), twice in a transaction.
 *
 * Source: Amazon DynamoDB developer guide, "Read and write operations" (capacity units, item sizes); Amazon SQS pricing.
 */
import type { ProxyRequest } from './request.ts';

export interface FunctionUsage {
  /** By `service.operation`. */
  readonly requests: Record<string, number>;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Writes refused by their condition. */
  readonly refusedWrites: number;
  readonly sqsRequests: number;
}

const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems']);
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems']);
const SQS_CHUNK_BYTES = 64 * 1024;

export function noUsage(): FunctionUsage {
  return { requests: {}, readUnits: 0, writeUnits: 0, refusedWrites: 0, sqsRequests: 0 };
}

export function isMetered({ service, operation }: ProxyRequest): boolean {
  return service === 'dynamodb' && (READS.has(operation) || WRITES.has(operation));
}

export function addUsage(usage: FunctionUsage, request: ProxyRequest, status: number, answer: Buffer): FunctionUsage {
  const { service, operation, body } = request;
  const name = `${service}.${operation}`;
  const requests = { ...usage.requests, [name]: (usage.requests[name] ?? 0) + 1 };
  if (service === 'sqs') return { ...usage, requests, sqsRequests: usage.sqsRequests + sqsChunks(body) };
  if (!isMetered(request)) return { ...usage, requests };
  const parsed = JSON.parse(answer.toString() || '{}') as { ConsumedCapacity?: Capacity | Capacity[]; __type?: string };
  if (status === 200) {
    const units = [parsed.ConsumedCapacity ?? []].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
    return READS.has(operation)
      ? { ...usage, requests, readUnits: usage.readUnits + units }
      : { ...usage, requests, writeUnits: usage.writeUnits + units };
  }
  if (!/ConditionalCheckFailed|TransactionCanceled/.test(parsed.__type ?? '')) return { ...usage, requests };
  return { ...usage, requests, writeUnits: usage.writeUnits + refusedUnits(body), refusedWrites: usage.refusedWrites + 1 };
}

interface Capacity {
  readonly CapacityUnits?: number;
}

function sqsChunks(body: Readonly<Record<string, unknown>>): number {
  const entries = (body.Entries ?? [body]) as Array<{ MessageBody?: string }>;
  const bytes = entries.reduce((sum, { MessageBody = '' }) => sum + Buffer.byteLength(MessageBody), 0);
  return Math.max(1, Math.ceil(bytes / SQS_CHUNK_BYTES));
}

function refusedUnits(body: Readonly<Record<string, unknown>>): number {
  const units = (item: unknown) => Math.max(1, Math.ceil(itemBytes(item) / 1024));
  const transaction = body.TransactItems as Array<{ Put?: { Item: unknown } }> | undefined;
  if (transaction === undefined) return units(body.Item);
  return transaction.reduce((sum, { Put }) => sum + 2 * units(Put?.Item), 0);
}

/** Names and values as DynamoDB counts them, in its JSON; numbers to the byte or so. */
function itemBytes(item: unknown): number {
  return Object.entries((item ?? {}) as Record<string, Record<string, unknown>>).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

function valueBytes(value: Record<string, unknown>): number {
  const [type, held] = Object.entries(value)[0] ?? ['NULL', true];
  switch (type) {
    case 'S':
      return Buffer.byteLength(held as string);
    case 'N':
      return Math.ceil((held as string).replace(/[-.]/g, '').length / 2) + 1;
    case 'B':
      return Buffer.byteLength(held as string, 'base64');
    case 'SS':
      return (held as string[]).reduce((sum, S) => sum + valueBytes({ S }), 0);
    case 'NS':
      return (held as string[]).reduce((sum, N) => sum + valueBytes({ N }), 0);
    case 'BS':
      return (held as string[]).reduce((sum, B) => sum + valueBytes({ B }), 0);
    case 'L':
      return 3 + (held as Record<string, unknown>[]).reduce((sum, one) => sum + 1 + valueBytes(one), 0);
    case 'M':
      return 3 + itemBytes(held) + Object.keys(held as object).length;
    default:
      return 1;
  }
}
