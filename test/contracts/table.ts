/**
 * What a table promises, whichever it is: the requests that the store sends, in DynamoDB's JSON protocol.
 *
 * Source: Amazon DynamoDB API reference; developer guide, "Service, account, and table quotas", "Condition expressions",
 * "Update expressions", "Idempotency" of transactions.
 */
import { describe, expect, it } from 'vitest';
import type { ServiceAnswer } from '../../lib/local/proxy/request.ts';
import { type Difference, differences, type Side } from './difference.ts';
import type { Asked } from './random-requests.ts';
import {
  create,
  get,
  keyOf,
  nextName,
  ownNames,
  pk,
  put,
  query,
  remove,
  TableName,
  update,
  writeBatch,
} from './table-requests.ts';

/** A table called `TableName` with the keys `pk` and `sk`, both text. Every test has keys of its own. */
export interface TableSide {
  readonly side: Side;
  request(asked: Asked): Promise<ServiceAnswer>;
}

type Ask = (...asked: readonly Asked[]) => Promise<readonly ServiceAnswer[]>;
type Body = {
  readonly __type?: string;
  readonly CancellationReasons?: readonly { readonly Code: string }[];
  readonly Item?: object;
  readonly Items?: readonly Readonly<Record<string, unknown>>[];
  readonly LastEvaluatedKey?: object;
};

const statusOf = ({ status }: ServiceAnswer) => status;
const typeOf = ({ body }: ServiceAnswer) => (body as Body).__type?.split('#').at(-1);
const sortsOf = ({ body }: ServiceAnswer) => (body as Body).Items!.map(({ sk }) => (sk as { S: string }).S);
const text = (length: number) => ({ S: 'x'.repeat(length) });
const number = (n: number) => ({ N: `${n}` });

export function tableContract(table: TableSide): void {
  const ask: Ask = async (...asked) => {
    const answers: ServiceAnswer[] = [];
    for (const each of ownNames(asked)) answers.push(await table.request(each));
    return answers;
  };
  describe('an item', () => itemContract(ask));
  describe('an update', () => updateContract(ask));
  describe('a condition', () => conditionContract(ask));
  describe('a query', () => queryContract(ask));
  describe('a transaction', () => transactionContract(ask));
  describe('what is refused', () => refusalContract(ask));
  differences(table.side, ask, DIFFERENCES);
}

function itemContract(ask: Ask): void {
  it('is given back as it was put, whatever it has', async () => {
    const values = {
      n: number(-12),
      t: { S: '' },
      b: { B: 'AAEC' },
      yes: { BOOL: true },
      l: { L: [{ S: 'a' }, number(1)] },
      m: { M: { inner: { S: 'b' } } },
      s: { SS: ['d1'] },
      nothing: { NULL: true },
    };
    const [, { body }] = (await ask(put('a', values), get('a'))) as [ServiceAnswer, ServiceAnswer];
    const { pk: _pk, sk, ...given } = (body as Body).Item as Record<string, unknown>;
    expect([sk, given]).toEqual([{ S: 'a' }, values]);
  });

  it('is replaced whole by the next, and gone when it is deleted, which is no error when it was', async () => {
    const answers = await ask(
      put('a', { n: number(1) }),
      put('a', { t: { S: 'x' } }),
      query(),
      remove('a'),
      remove('a'),
      get('a'),
    );
    expect(answers.map(statusOf)).toEqual(Array(6).fill(200));
    expect((answers[2]!.body as Body).Items).toEqual([{ pk: expect.anything(), sk: { S: 'a' }, t: { S: 'x' } }]);
    expect(answers[5]!.body).toEqual({});
  });

  it('of 400 KB is taken, and refused with one byte more, by whatever way', async () => {
    const spent = `${nextName()}A`.length + 'pk'.length + 'sk'.length + 'a'.length + 't'.length;
    const [fits, over] = [text(400 * 1024 - spent), text(400 * 1024 - spent + 1)];
    const asked = [
      put('a', { t: fits }),
      put('a', { t: over }),
      update('SET t = :t', { ':t': over }),
      writeBatch([{ ...keyOf('a'), t: over }]),
    ];
    expect((await ask(...asked)).map(statusOf)).toEqual([200, 400, 400, 400]);
  });

  it('is one of a batch, written and read, in any order', async () => {
    const keys = {
      operation: 'BatchGetItem',
      body: { RequestItems: { [TableName]: { Keys: ['a', 'b', 'c'].map(keyOf), ConsistentRead: true } } },
    };
    const [written, read] = await ask(writeBatch([keyOf('a'), keyOf('b')]), keys);
    expect(written!.body).toMatchObject({ UnprocessedItems: {} });
    const { Responses } = read!.body as { Responses: Record<string, { sk: { S: string } }[]> };
    expect(Responses[TableName]!.map(({ sk }) => sk.S).toSorted()).toEqual(['a', 'b']);
    expect(read!.body).toMatchObject({ UnprocessedKeys: {} });
  });
}

function updateContract(ask: Ask): void {
  const BEFORE = { n: number(1), dates: { SS: ['d1'] }, m: { M: { '0': { S: 'x' } } } };
  it.each<[expression: string, values: object | undefined, after: object]>([
    ['SET n = :n', { ':n': number(2) }, { ...BEFORE, n: number(2) }],
    ['SET n = if_not_exists(n, :n), o = if_not_exists(o, :n)', { ':n': number(2) }, { ...BEFORE, o: number(2) }],
    ['SET m.#k = :n', { ':n': number(2) }, { ...BEFORE, m: { M: { '0': { S: 'x' }, '1': number(2) } } }],
    ['SET o = n', undefined, { ...BEFORE, o: number(1) }],
    ['REMOVE n, o', undefined, { dates: BEFORE.dates, m: BEFORE.m }],
    ['ADD n :n, o :n', { ':n': number(2) }, { ...BEFORE, n: number(3), o: number(2) }],
    ['ADD dates :d', { ':d': { SS: ['d1', 'd2'] } }, { ...BEFORE, dates: { SS: ['d1', 'd2'] } }],
    ['SET n = o REMOVE o', undefined, BEFORE],
  ])('%s', async (expression, values, after) => {
    const names = expression.includes('#k') ? { ExpressionAttributeNames: { '#k': '1' } } : {};
    const [, updated, read] = await ask(
      put('a', BEFORE),
      update(expression, values, { ReturnValues: 'ALL_NEW', ...names }),
      get('a'),
    );
    // What is not there can't be set from.
    expect(updated!.status).toBe(expression === 'SET n = o REMOVE o' ? 400 : 200);
    expect(read!.body).toEqual({ Item: { pk: expect.anything(), sk: { S: 'a' }, ...after } });
    if (updated!.status === 200) expect(updated!.body).toMatchObject({ Attributes: after });
  });

  it('makes the item when there is none', async () => {
    const [, read] = await ask(update('SET n = :n', { ':n': number(2) }), get('a'));
    expect(read!.body).toEqual({ Item: { pk: expect.anything(), sk: { S: 'a' }, n: number(2) } });
  });
}

function conditionContract(ask: Ask): void {
  it.each<[condition: string, holds: boolean]>([
    ['attribute_exists(pk)', true],
    ['attribute_not_exists(pk)', false],
    ['attribute_not_exists(o)', true],
    ['attribute_exists(m.#k)', true],
    ['n = :one', true],
    ['n <> :one', false],
    ['n < :two', true],
    ['n > :two', false],
    ['n <= :one AND n >= :one', true],
    ['n BETWEEN :one AND :two', true],
    ['begins_with(t, :ab)', true],
    ['NOT n = :one', false],
    ['n = :two OR t = :ab AND n = :one', false],
    ['(n = :one OR t = :ab) AND NOT n = :two', true],
    // Another type is neither less nor greater, and what is not there is only unequal.
    ['t < :one', false],
    ['t > :one', false],
    ['o <> :one', true],
    ['o = :one', false],
  ])('%s: %s', async (ConditionExpression, holds) => {
    const there = put('a', { n: number(1), t: { S: 'abc' }, m: { M: { '0': { S: 'x' } } } });
    const all = { ':one': number(1), ':two': number(2), ':ab': { S: 'ab' } };
    const values = Object.entries(all).filter(([name]) => new RegExp(`${name}\\b`).test(ConditionExpression));
    const condition = {
      ConditionExpression,
      ...(values.length > 0 ? { ExpressionAttributeValues: Object.fromEntries(values) } : {}),
      ...(ConditionExpression.includes('#k') ? { ExpressionAttributeNames: { '#k': '0' } } : {}),
    };
    const [, answer, read] = await ask(there, put('a', { done: { BOOL: true } }, condition), get('a'));
    expect(answer!.status).toBe(holds ? 200 : 400);
    if (!holds) expect(typeOf(answer!)).toBe('ConditionalCheckFailedException');
    expect('done' in (read!.body as { Item: object }).Item).toBe(holds);
  });
}

function queryContract(ask: Ask): void {
  const SORTS = ['a', 'a#1', 'a#2', 'b', 'c'];
  it.each<[condition: string, values: object, more: object, sorts: string[]]>([
    ['', {}, {}, SORTS],
    ['', {}, { ScanIndexForward: false }, SORTS.toReversed()],
    [' AND begins_with(sk, :s)', { ':s': { S: 'a#' } }, {}, ['a#1', 'a#2']],
    [' AND sk BETWEEN :s AND :t', { ':s': { S: 'a#2' }, ':t': { S: 'b' } }, {}, ['a#2', 'b']],
    [' AND sk > :s', { ':s': { S: 'a#2' } }, {}, ['b', 'c']],
    [' AND sk <= :s', { ':s': { S: 'a' } }, {}, ['a']],
    [' AND sk = :s', { ':s': { S: 'b' } }, {}, ['b']],
    ['', {}, { Limit: 2 }, ['a', 'a#1']],
    ['', {}, { Limit: 2, ExclusiveStartKey: keyOf('a#1') }, ['a#2', 'b']],
    ['', {}, { Limit: 2, ExclusiveStartKey: keyOf('a#1'), ScanIndexForward: false }, ['a']],
  ])('by pk = :pk%s, %j, %j', async (condition, values, more, sorts) => {
    const asked = query({
      KeyConditionExpression: `pk = :pk${condition}`,
      ExpressionAttributeValues: { ':pk': pk, ...values },
      ConsistentRead: true,
      ...more,
    });
    const answers = await ask(writeBatch(SORTS.toReversed().map(keyOf)), asked);
    expect(sortsOf(answers[1]!)).toEqual(sorts);
  });

  it('sorts by the bytes of UTF-8', async () => {
    const answers = await ask(writeBatch(['\uffff', 'é', 'z', 'Z'].map(keyOf)), query());
    expect(sortsOf(answers[1]!)).toEqual(['Z', 'z', 'é', '\uffff']);
  });

  it('says that there may be more behind a page that its limit has cut', async () => {
    const answers = await ask(writeBatch(['a', 'b', 'c'].map(keyOf)), query({ Limit: 2 }), query({ Limit: 4 }));
    const ends = answers.slice(1).map(({ body }) => (body as Body).LastEvaluatedKey);
    expect(ends).toEqual([{ pk: expect.anything(), sk: { S: 'b' } }, undefined]);
  });

  it('gives in pages of about 1 MB, which together are everything', async () => {
    const sorts = Array.from({ length: 20 }, (_, at) => String(at).padStart(2, '0'));
    expect((await pagesOf(ask)).flat()).toEqual(sorts);
  });
}

/** What a partition of twenty items of 120 KB gives, page by page. */
async function pagesOf(ask: Ask): Promise<string[][]> {
  // One sequence: every page is asked for where the one before it may have ended, and those that fit together are kept.
  const puts = Array.from({ length: 20 }, (_, at) => put(String(at).padStart(2, '0'), { t: text(120_000) }));
  const starts = puts.map((_, at) => query({ ExclusiveStartKey: keyOf(String(at).padStart(2, '0')) }));
  const answers = await ask(...puts, query(), ...starts);
  const pages = answers.slice(puts.length);
  const found: string[][] = [];
  for (let at: number | undefined = 0; at !== undefined; ) {
    const page: ServiceAnswer = pages[at]!;
    found.push(sortsOf(page));
    at = (page.body as Body).LastEvaluatedKey ? Number(found.at(-1)!.at(-1)) + 1 : undefined;
  }
  return found;
}

function transactionContract(ask: Ask): void {
  it('that is repeated with its token is not done again, and another under it is refused', async () => {
    const asked = [create(['a', 'b'], 't'), create(['a', 'b'], 't'), create(['a', 'b']), create(['a', 'c'], 't'), query()];
    const answers = await ask(...asked);
    expect(answers.map(statusOf)).toEqual([200, 200, 400, 400, 200]);
    expect(answers.slice(2, 4).map(typeOf)).toEqual(['TransactionCanceledException', 'IdempotentParameterMismatchException']);
    expect(sortsOf(answers[4]!)).toEqual(['a', 'b']);
  });

  it('that was cancelled is tried again under its token', async () => {
    const answers = await ask(put('a'), create(['a', 'b'], 't'), remove('a'), create(['a', 'b'], 't'), query());
    expect(answers.map(statusOf)).toEqual([200, 400, 200, 200, 200]);
    expect(sortsOf(answers[4]!)).toEqual(['a', 'b']);
  });

  it('is done whole or not at all, and says which of it stood against it', async () => {
    const [, cancelled, read] = await ask(put('b'), create(['a', 'b', 'c']), query());
    expect(typeOf(cancelled!)).toBe('TransactionCanceledException');
    const reasons = (cancelled!.body as Body).CancellationReasons!;
    expect(reasons.map(({ Code }) => Code)).toEqual(['None', 'ConditionalCheckFailed', 'None']);
    expect(sortsOf(read!)).toEqual(['b']);
  });
}

const VALIDATION = 'ValidationException';

function refusalContract(ask: Ask): void {
  it.each<[what: string, asked: Asked, type?: string]>([
    ['a name that is not used', update('SET n = :n', { ':n': number(1) }, { ExpressionAttributeNames: { '#m': 'm' } })],
    ['a value that is not used', update('SET n = :n', { ':n': number(1), ':m': number(1) })],
    ['a name that is not defined', update('SET #n = :n', { ':n': number(1) })],
    ['a value that is not defined', update('SET n = :n')],
    [
      'one that this item would not need',
      update('REMOVE n', undefined, { ConditionExpression: 'attribute_exists(pk) OR n = :n' }),
    ],
    ['one that a failed condition comes before', update('SET n = :n', undefined, { ConditionExpression: 'attribute_exists(n)' })],
    ['a change of the key, even to itself', update('SET sk = :a', { ':a': { S: 'a' } })],
    ['two changes of one attribute', update('SET n = :n REMOVE n', { ':n': number(1) })],
    ['a change inside of another', update('SET m = :m, m.a = :n', { ':n': number(1), ':m': { M: {} } })],
    ['a place in a map that is not there', update('SET m.a = :n', { ':n': number(1) })],
    [
      'a beginning that is a number',
      put('a', {}, { ConditionExpression: 'begins_with(t, :n)', ExpressionAttributeValues: { ':n': number(1) } }),
    ],
    ['a number added to a set', update('ADD dates :n', { ':n': number(1) })],
    ['a part of a key', { operation: 'GetItem', body: { TableName, Key: { pk } } }],
    ['more than a key', { operation: 'GetItem', body: { TableName, Key: { ...keyOf('a'), n: number(1) } } }],
    ['an empty key', put('')],
    ['a key that is too long', put('s'.repeat(1025))],
    ['another table', { operation: 'GetItem', body: { TableName: 'none', Key: keyOf('a') } }, 'ResourceNotFoundException'],
    ['a query without its partition', query({ KeyConditionExpression: 'sk = :pk' })],
    ['a limit of zero', query({ Limit: 0 })],
    [
      'a range that ends before it begins',
      query({
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :b AND :a',
        ExpressionAttributeValues: { ':pk': pk, ':a': { S: 'a' }, ':b': { S: 'b' } },
      }),
    ],
    ['an item over 400 KB', put('a', { t: text(400 * 1024) })],
    ['a batch of 26', writeBatch(Array.from({ length: 26 }, (_, at) => keyOf(`${at}`)))],
    ['a batch with one item twice', writeBatch([keyOf('b'), keyOf('b')])],
    [
      'a batch of 101 keys',
      {
        operation: 'BatchGetItem',
        body: { RequestItems: { [TableName]: { Keys: Array.from({ length: 101 }, (_, at) => keyOf(`${at}`)) } } },
      },
    ],
    ['a transaction of 101', create(Array.from({ length: 101 }, (_, at) => `${at}`))],
    [
      'a transaction over 4 MB',
      {
        operation: 'TransactWriteItems',
        body: {
          TransactItems: Array.from({ length: 11 }, (_, at) => ({
            Put: { TableName, Item: { ...keyOf(`${at}`), t: text(390_000) } },
          })),
        },
      },
    ],
  ])('%s, and nothing is done', async (_, asked, type = VALIDATION) => {
    const there = { n: number(1), dates: { SS: ['d'] } };
    const answers = await ask(put('a', there), asked, query());
    expect(answers.map(statusOf)).toEqual([200, 400, 200]);
    expect(typeOf(answers[1]!)).toBe(type);
    expect((answers[2]!.body as Body).Items).toEqual([{ pk: expect.anything(), sk: { S: 'a' }, ...there }]);
  });
}

/** The status of the last answer, or the words of the mistake that a model has refused to guess at. */
const loudly = (asked: Promise<readonly ServiceAnswer[]>): Promise<number | string> =>
  asked.then(
    (answers) => answers.at(-1)!.status,
    ({ message }: Error) => message,
  );

const DIFFERENCES: readonly Difference<Ask>[] = [
  {
    what: 'where a page of 1 MB ends',
    ask: async (ask) => (await pagesOf(ask)).map(({ length }) => length),
    // Amazon's own engine does as the model; the default one ends before the page is full.
    engine: expect.toBeOneOf([
      [8, 8, 4],
      [9, 9, 2],
    ]),
    model: [9, 9, 2],
    why: 'every read goes on until there is no next key',
  },
  {
    what: 'a reserved word in an expression',
    ask: (ask) => loudly(ask(update('SET status = :n', { ':n': number(1) }))),
    engine: 400,
    model: 200,
    why: 'the model does not have the list of them; every test of the store runs on the engine',
  },
  {
    what: 'a number that is not whole',
    ask: (ask) => loudly(ask(put('a', { n: { N: '1.5' } }))),
    engine: 200,
    model: 'The virtual table does not know the number 1.5',
    why: 'the store writes integers; the model refuses loudly what it does not know',
  },
  {
    what: 'a sort key beyond U+FFFF',
    ask: (ask) => loudly(ask(put('\u{10000}'))),
    engine: 200,
    model: 'The virtual table does not know where \u{10000} stands',
    why: 'keys are ASCII; the model refuses loudly what it does not know',
  },
  {
    what: 'a part of an item',
    ask: (ask) => loudly(ask({ ...get('a'), body: { ...get('a').body, ProjectionExpression: 'pk' } })),
    engine: 200,
    model: 'The virtual table does not know ProjectionExpression',
    why: 'the store reads whole items; the model refuses loudly what it does not know',
  },
];
