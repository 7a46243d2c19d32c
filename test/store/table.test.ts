import { DynamoDBClient, TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest';
import { ItemVersionError, integer, N, S, Table, text } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.stop());

const about = { message: 'busy', $metadata: {} };
const conflict = (): Error => new TransactionConflictException(about);
const cancelled = (...codes: string[]): Error =>
  new TransactionCanceledException({ ...about, CancellationReasons: codes.map((Code) => ({ Code })) });

/** A table whose next requests fail before they reach the engine, as conflicts do: the emulator never produces them. */
function busyTable(...errors: Error[]): { table: Table; left: Error[] } {
  const client = new DynamoDBClient({});
  const send = client.send.bind(client) as (command: unknown) => Promise<unknown>;
  client.send = (async (command: unknown) => {
    const error = errors.shift();
    if (error) throw error;
    return send(command);
  }) as typeof client.send;
  return { table: new Table(undefined, client), left: errors };
}

let serial = 0;
const item = (value = 'x') => ({ pk: 'T', sk: `${++serial}`, attributes: { value: S(value) } });

type Write = (table: Table, taken: boolean) => Promise<unknown>;
const WRITES: { write: string; act: Write; fresh: unknown; refused: unknown }[] = [
  { write: 'create', act: (table, taken) => table.create(taken ? standing : item()), fresh: true, refused: false },
  {
    write: 'putIf',
    act: (table, taken) => table.putIf(taken ? standing : item(), 'attribute_not_exists(pk)'),
    fresh: true,
    refused: false,
  },
  {
    write: 'createTogether',
    act: (table, taken) => table.createTogether([item(), taken ? standing : item()]),
    fresh: true,
    refused: false,
  },
  {
    write: 'update',
    act: (table, taken) =>
      table.update(taken ? standing : item(), {
        expression: 'SET n = :n',
        values: { ':n': N(1) },
        condition: 'attribute_not_exists(pk)',
      }),
    fresh: expect.objectContaining({ n: N(1) }),
    refused: undefined,
  },
];
const standing = { pk: 'T', sk: 'standing', attributes: {} };
beforeAll(async () => void (await new Table().create(standing)));

describe.each(WRITES)('$write', ({ act, fresh, refused }) => {
  it.each([
    ['a conflict', [conflict()]],
    ['a transaction cancelled by another', [cancelled('None', 'TransactionConflict')]],
    ['a throttled transaction', [cancelled('ThrottlingError', 'None'), cancelled('ProvisionedThroughputExceeded')]],
    ['both', [cancelled('TransactionConflict', 'ThrottlingError'), conflict(), conflict()]],
  ])('tries again after %s', async (_, errors) => {
    const { table, left } = busyTable(...errors);
    expect(await act(table, false)).toEqual(fresh);
    expect(left).toEqual([]);
  });

  it('says that the key is taken, also when it was busy before', async () => {
    expect(await act(busyTable(conflict()).table, true)).toEqual(refused);
  });

  it('gives up on what stays busy, and fails at once on anything else', async () => {
    const stuck = busyTable(...Array.from({ length: 20 }, conflict));
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const given = expect(act(stuck.table, false)).rejects.toThrow(TransactionConflictException);
    await vi.runAllTimersAsync();
    vi.useRealTimers();
    await given;
    expect(stuck.left).toHaveLength(14);
    const broken = busyTable(cancelled('ValidationError', 'TransactionConflict'), conflict());
    await expect(act(broken.table, false)).rejects.toThrow(TransactionCanceledException);
    expect(broken.left).toHaveLength(1);
  });
});

test('a cancelled transaction of which one key was taken is refused, whatever else cancelled it', async () => {
  const { table } = busyTable(cancelled('TransactionConflict', 'ConditionalCheckFailed'));
  expect(await table.createTogether([item(), item()])).toBe(false);
});

test('items created together are there together or not at all', async () => {
  const table = new Table();
  const [one, two] = [item(), item()];
  await table.create(two);
  expect(await table.createTogether([one, two])).toBe(false);
  expect(await table.get(one)).toBeUndefined();
});

test('a batch larger than one request is written and read whole', async () => {
  const table = new Table();
  const items = Array.from({ length: 130 }, () => item());
  await table.putAll(items);
  expect(await table.getMany(items)).toHaveLength(130);
  const pages = await table.queryAll('T', { from: '1', to: '9~', limit: 7, newestFirst: true });
  expect(pages.map((each) => text(each, 'sk'))).toEqual(
    pages
      .map((each) => text(each, 'sk'))
      .toSorted()
      .reverse(),
  );
  expect(pages).toHaveLength(7);
});

test.each([
  ['a number', { n: S('1') }],
  ['an exact one', { n: { N: '1e20' } }],
  ['a whole one', { n: { N: '1.5' } }],
  ['there', {}],
])('an attribute that is not %s is not read as an integer', (_, attributes) => {
  expect(() => integer(attributes, 'n')).toThrow(TypeError);
});

describe('an item that newer code wrote', () => {
  const key = { pk: 'V', sk: 'newer' };
  const READS: [string, (table: Table) => Promise<unknown>][] = [
    ['get', (table) => table.get(key)],
    ['getMany', (table) => table.getMany([key])],
    ['queryAll', (table) => table.queryAll('V')],
    ['update', (table) => table.update(key, { expression: 'SET later = :one', values: { ':one': N(1) } })],
  ];

  it.each(READS)('in another form is refused by %s, not misread', async (_, read) => {
    const table = new Table();
    await table.put({ ...key, attributes: { v: N(2) } });
    await expect(read(table)).rejects.toThrow(ItemVersionError);
  });

  it.each(READS)('with an attribute more is read by %s', async (_, read) => {
    const table = new Table();
    await table.put({ ...key, attributes: { v: N(1), hint: S('x') } });
    expect(JSON.stringify(await read(table))).toContain('"hint":{"S":"x"}');
  });
});
