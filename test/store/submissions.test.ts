/** The sealed book: what is read of it, in which order, how long it stays, and what its seals say. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { Instruction } from '../../lib/domain/auction/orders.ts';
import { submissionKey } from '../../lib/store/keys.ts';
import {
  claimRollChunk,
  frozenBook,
  KEY_AGE_MS_MAX,
  KEY_AHEAD_MS_MAX,
  keyDate,
  type RollChunk,
  rollOrders,
  type Submission,
  sealOf,
  submissionsOf,
  writeSubmission,
} from '../../lib/store/submissions.ts';
import { type Item, Table } from '../../lib/store/table.ts';
import { month } from '../domain/h100.ts';
import { type Engine, startEngine } from '../engine.ts';
import { keyAt } from '../lambdas/gateway.ts';
import { buy, cancel, order } from '../lambdas/orders.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine();
  table = new Table();
});
afterAll(() => engine.stop());

const NOV = month('2025-11');
const TEN = Date.parse('2025-10-20T14:00:00Z');
const MONDAY = '2025-10-20';
const ORDER: Instruction = buy('a', NOV, 2400, 1);

/** Each test has a product, and so a book, of its own. */
let products = 0;
const newBook = (): string => `B${++products}`;
let serial = 0;

/** Writes a submission into auction 1 of shard 0, unless told otherwise. */
async function write(product: string, more: Partial<Submission> = {}): Promise<Submission> {
  const { instructions = [ORDER] } = more;
  const submission: Submission = {
    product,
    shard: 0,
    account: 'ann',
    key: keyAt(TEN, ++serial),
    digest: '0123456789abcdef',
    auction: 1,
    sequence: `${serial}`,
    receivedAt: '2025-10-20T14:00:00.000Z',
    instructions,
    outcomes: instructions.map(() => 'accepted'),
    ...more,
  };
  expect(await writeSubmission(table, submission)).toBe(true);
  return submission;
}
const rowOf = ({ product, shard, account, key }: Submission) =>
  table.get(submissionKey(product, shard, keyDate(key), account, key));

const READS: [string, (product: string) => Promise<Submission[]>][] = [
  ['its account', (product) => submissionsOf(table, product, 0, 'ann', 1, [MONDAY], '')],
  ['the auction', (product) => frozenBook(table, product, 0, 1, [MONDAY])],
];

describe.each(READS)('the book as it is read for %s', (_, read) => {
  it('is in the order in which submissions arrived, whatever order their keys have', async () => {
    const product = newBook();
    // A participant makes its keys itself: the cancel, sent later, may well have the lesser one.
    const placed = await write(product, { key: keyAt(TEN + 1, 1), sequence: '7' });
    const cancelled = await write(product, { key: keyAt(TEN, 1), sequence: '8', instructions: [cancel('a')] });
    expect(await read(product)).toEqual([placed, cancelled]);
  });

  it('is in the order of its sequence numbers also where they grow by a digit', async () => {
    const product = newBook();
    const placed = await write(product, { key: keyAt(TEN + 1, 2), sequence: '99999999999999999999' });
    const cancelled = await write(product, {
      key: keyAt(TEN, 2),
      sequence: '100000000000000000000',
      instructions: [cancel('a')],
    });
    expect(await read(product)).toEqual([placed, cancelled]);
  });

  it('has nothing of another auction, though it is under the same date', async () => {
    const product = newBook();
    await write(product, { auction: 2 });
    const own = await write(product);
    await write(product, { auction: 11 });
    expect(await read(product)).toEqual([own]);
  });

  it('has every date that it is asked for, in order of arrival and not of date', async () => {
    const product = newBook();
    const early = await write(product, { key: keyAt(Date.parse('2025-10-21T00:00:30Z'), 1), sequence: '1' });
    const late = await write(product, { key: keyAt(Date.parse('2025-10-20T23:59:30Z'), 1), sequence: '2' });
    const both = ['2025-10-20', '2025-10-21'];
    expect(await submissionsOf(table, product, 0, 'ann', 1, both, '')).toEqual([early, late]);
    expect(await frozenBook(table, product, 0, 1, both)).toEqual([early, late]);
    expect(await read(product)).toEqual([late]);
  });
});

test('a frozen book has the accounts one after another', async () => {
  const product = newBook();
  const [first, other, second] = [
    await write(product, { account: 'bob' }),
    await write(product, { account: 'ann' }),
    await write(product, { account: 'bob' }),
  ];
  expect(await frozenBook(table, product, 0, 1, [MONDAY])).toEqual([other, first, second]);
});

test('an account sees its own submissions and none of an account whose name begins with its own', async () => {
  const product = newBook();
  for (const account of ['ann2', 'ann-x', 'an', 'anna', 'ann.desk', 'bob']) await write(product, { account });
  const own = await write(product);
  expect(await submissionsOf(table, product, 0, 'ann', 1, [MONDAY], '')).toEqual([own]);
});

describe('an account’s submissions since a cut', () => {
  /** When the cut was made. */
  const CUT = '2025-10-20T14:30:00.000Z';
  const found = async (keyTime: number): Promise<boolean> => {
    const product = newBook();
    await write(product, { key: keyAt(keyTime, 1) });
    return (await submissionsOf(table, product, 0, 'ann', 1, [MONDAY], CUT)).length === 1;
  };
  const oldest = Date.parse(CUT) - KEY_AGE_MS_MAX - KEY_AHEAD_MS_MAX;

  it('are found though their keys are as old as the gateway lets them be, and a clock’s error older', async () => {
    expect(await found(oldest)).toBe(true);
    expect(await found(oldest + 1)).toBe(true);
  });

  it('are not looked for among older keys: reading costs what was sent since, not what was sent that day', async () => {
    expect(await found(oldest - 1)).toBe(false);
  });

  it('are found though their keys are ahead of the clock', async () => {
    expect(await found(Date.parse(CUT) + KEY_AHEAD_MS_MAX)).toBe(true);
  });
});

test('a key may be ten minutes old and a minute ahead when it is first seen, as docs/api.md says', () => {
  expect([KEY_AGE_MS_MAX, KEY_AHEAD_MS_MAX]).toEqual([600_000, 60_000]);
});

test('a submission stays in the book for four hundred days from the time in its key', async () => {
  const row = await rowOf(await write(newBook(), { key: keyAt(Date.parse('2025-10-20T14:00:00.999Z'), 1) }));
  expect(row?.expiresAt).toEqual({ N: `${Date.parse('2025-10-20T14:00:00Z') / 1000 + 400 * 86_400}` });
});

test('a key is taken for good: what is written under it first stands', async () => {
  const first = await write(newBook());
  expect(await writeSubmission(table, { ...first, digest: 'f'.repeat(16), auction: 2 })).toBe(false);
  expect(await submissionsOf(table, first.product, 0, 'ann', 1, [MONDAY], '')).toEqual([first]);
});

describe('the roll orders of a shard', () => {
  const chunk = (account: string, last = true): RollChunk => ({
    orders: [{ ...order(`roll/${account}`, NOV, NOV + 1, 10, 4), account, rolls: true, partlyFilled: false }],
    through: account,
    last,
  });

  it('are those of one auction: neither of another, nor of one whose number begins alike', async () => {
    const product = newBook();
    for (const auction of [1, 10, 2]) await claimRollChunk(table, product, 0, auction, 0, chunk(`of${auction}`));
    expect((await rollOrders(table, product, 0, 1)).map(({ account }) => account)).toEqual(['of1']);
  });

  it('are read chunk after chunk, also from the tenth on', async () => {
    const product = newBook();
    const names = Array.from({ length: 12 }, (_, at) => `a${at}`);
    for (const [at, name] of names.entries()) await claimRollChunk(table, product, 0, 1, at, chunk(name, false));
    expect((await rollOrders(table, product, 0, 1)).map(({ account }) => account)).toEqual(names);
  });

  it('stand as they were first claimed: a second worker goes on from those', async () => {
    const product = newBook();
    expect(await claimRollChunk(table, product, 0, 1, 0, chunk('ann', false))).toEqual(chunk('ann', false));
    expect(await claimRollChunk(table, product, 0, 1, 0, chunk('bob', true))).toEqual(chunk('ann', false));
    expect(await rollOrders(table, product, 0, 1)).toEqual(chunk('ann').orders);
  });
});

describe('the seal of a row', () => {
  const item = async (submission: Submission): Promise<Item> => {
    const { pk, sk, ...attributes } = (await rowOf(submission))!;
    return { pk: pk!.S!, sk: sk!.S!, attributes };
  };

  it('is that of what is stored', async () => {
    const stored = await item(await write(newBook()));
    expect(stored.attributes.seal?.S).toBe(sealOf(stored));
  });

  it('is another under another key: a row that is moved to another account or day is found', async () => {
    const stored = await item(await write(newBook()));
    expect(sealOf({ ...stored, sk: stored.sk.replace('ann', 'bob') })).not.toBe(stored.attributes.seal?.S);
    expect(sealOf({ ...stored, pk: stored.pk.replace(MONDAY, '2025-10-21') })).not.toBe(stored.attributes.seal?.S);
  });

  it.each(['auction', 'sequence', 'digest', 'receivedAt', 'instructions', 'outcomes', 'expiresAt'])(
    'is another without its %s',
    async (name) => {
      const stored = await item(await write(newBook()));
      const { [name]: _, ...rest } = stored.attributes;
      expect(sealOf({ ...stored, attributes: rest })).not.toBe(stored.attributes.seal?.S);
    },
  );

  it.each<[name: string, changed: AttributeValue]>([
    ['auction', { N: '2' }],
    ['sequence', { S: '0' }],
    ['instructions', { B: new Uint8Array([1, 0]) }],
    ['outcomes', { B: new Uint8Array([1, 1, 1]) }],
    ['expiresAt', { N: '0' }],
  ])('is another with another %s', async (name, changed) => {
    const stored = await item(await write(newBook()));
    const attributes = { ...stored.attributes, [name]: changed };
    expect(sealOf({ ...stored, attributes })).not.toBe(stored.attributes.seal?.S);
  });

  it('does not depend on the order in which attributes come', async () => {
    const stored = await item(await write(newBook()));
    const turned = Object.fromEntries(Object.entries(stored.attributes).reverse());
    expect(sealOf({ ...stored, attributes: turned })).toBe(sealOf(stored));
  });
});
