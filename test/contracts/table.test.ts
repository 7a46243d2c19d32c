/**
 * One contract for a table: the model in memory keeps it, and so does the engine, the default one or the one that
 * `DYNAMODB_ENDPOINT` names. And whatever random requests ask of a few items, both answer the same; only words may differ.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DynamoDb, startDynamoDb } from '../../lib/local/dynamodb/dynamodb.ts';
import type { ServiceAnswer } from '../../lib/local/proxy/request.ts';
import { VirtualTable } from '../../lib/virtual/dynamodb/table.ts';
import { type Asked, requests } from './random-requests.ts';
import { type TableSide, tableContract } from './table.ts';
import { ownNames, query, TableName, tablePlan } from './table-requests.ts';

let engine: DynamoDb;
let isAmazons: boolean;
beforeAll(async () => {
  engine = await startDynamoDb({
    onExit: (error) => {
      throw error;
    },
  });
  await engine.createTable(tablePlan(engine.tableName(TableName)), false);
  isAmazons = (await fetch(engine.endpoint)).headers.get('server')?.startsWith('Jetty') === true;
});
afterAll(() => engine.stop());

const model = new VirtualTable(tablePlan(TableName), { now: () => 0 });
const MODEL: TableSide = { side: 'model', request: async ({ operation, body }) => model.request(operation, body) };

const ENGINE: TableSide = {
  side: 'engine',
  async request({ operation, body }) {
    const name = engine.tableName(TableName);
    const answer = await fetch(engine.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'x-amz-date': '20250101T000000Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20250101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify(body).replaceAll(`"${TableName}"`, `"${name}"`),
    });
    return { status: answer.status, body: JSON.parse((await answer.text()).replaceAll(`"${name}"`, `"${TableName}"`)) };
  },
};

describe.each([MODEL, ENGINE])('the $side', tableContract);

interface Body {
  readonly __type?: string;
  readonly CancellationReasons?: readonly { readonly Code: string }[];
  readonly ConsumedCapacity?: object;
  readonly LastEvaluatedKey?: object;
  readonly Responses?: Readonly<Record<string, Record<string, unknown>[]>>;
}

/**
 * An answer without what may differ: words, the order of a batch, the order in sets, and units that were not asked for. And on
 * Amazon's engine whether a page as long as its limit says that there may be more: not when its last key ends the range.
 */
function essence({ status, body }: ServiceAnswer): object {
  const { __type, CancellationReasons, Responses, ConsumedCapacity: _, LastEvaluatedKey, ...others } = body as Body;
  const rest = isAmazons ? others : { ...others, LastEvaluatedKey };
  if (status !== 200) return { status, type: __type?.split('#').at(-1), codes: CancellationReasons?.map(({ Code }) => Code) };
  const text = ({ pk, sk }: Record<string, unknown>) => JSON.stringify([pk, sk]);
  const responses = Object.values(Responses ?? {}).map((items) => items.toSorted((a, b) => (text(a) < text(b) ? -1 : 1)));
  return JSON.parse(JSON.stringify({ status, responses, rest }), (name, value) => (name === 'SS' ? value.toSorted() : value));
}

describe('the model and the engine answer the same', () => {
  it('whatever is asked of a few items in whatever order', async () => {
    const answered = new Map<string, Set<unknown>>();
    const agree = async (asked: Asked) => {
      const [virtual, real] = [await MODEL.request(asked), await ENGINE.request(asked)];
      expect(essence(virtual), JSON.stringify(asked)).toEqual(essence(real));
      answered.set(asked.operation, (answered.get(asked.operation) ?? new Set()).add(virtual.status));
    };
    await fc.assert(
      fc.asyncProperty(requests(TableName), async (asked) => {
        for (const each of ownNames([...asked, query(), query({ ScanIndexForward: false })])) await agree(each);
      }),
      { numRuns: 120 },
    );
    // Both ways of each operation that has two.
    expect([...answered].filter(([operation]) => operation !== 'GetItem').filter(([, statuses]) => statuses.size < 2)).toEqual(
      [],
    );
    expect(answered.size).toBe(8);
  });
});
