/** Submissions as they are stored: what one costs, and which of them are read for whom. */
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { keyDate } from '../../lib/domain/auction/idempotency-key.ts';
import type { Instruction } from '../../lib/domain/auction/orders.ts';
import type { Intake } from '../../lib/store/auctions.ts';
import { submissionKey } from '../../lib/store/keys.ts';
import { type Submission, submissionsInto, submissionsSince, writeSubmission } from '../../lib/store/submissions.ts';
import { type Attributes, Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
import { month } from '../venue/h100.ts';
import { buy, order } from '../venue/orders.ts';

const DEC = month('2025-12');
let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine(2);
  table = new Table();
});
afterAll(() => engine.stop());

const TEN = Date.parse('2025-10-20T14:00:00Z');
let serial = 0;
async function store(product: string, account: string, auction: number, changes: Partial<Submission> = {}): Promise<string> {
  const key = numberedKey(TEN, ++serial);
  await writeSubmission(table, {
    product,
    shard: 1,
    account,
    sender: 'desk-7',
    decidedOn: 1,
    figures: [],
    key,
    digest: '0123456789abcdef',
    auction,
    sequence: `${serial}`,
    receivedAt: '2025-10-20T14:00:00.000Z',
    instructions: [buy('a', DEC, 2350, 1)],
    outcomes: ['accepted'],
    ...changes,
  });
  return changes.key ?? key;
}

describe('the stored item of a submission', () => {
  /** Names and values in bytes, as DynamoDB bills them. */
  const bytesOf = (item: Attributes): number =>
    Object.entries(item).reduce((sum, [name, { S, N, B }]) => sum + name.length + (B?.length ?? Buffer.byteLength(S ?? N!)), 0);

  const bytesOfOrders = async (count: number, nameLength: number): Promise<number> => {
    const name = (at: number): string => String(at).padStart(nameLength, 'x');
    const instructions = Array.from(
      { length: count },
      (_, at): Instruction => ({ kind: 'new', order: order(name(at), DEC, DEC + 1, -99_999, 1_000_000, 'gtc') }),
    );
    const [account, key] = ['a'.repeat(64), numberedKey(TEN, 1_000_000 + count)];
    const outcomes = instructions.map(() => 'accepted' as const);
    await store('H100-SXM', account, 1000, { key, sequence: '18870000000000000000', instructions, outcomes });
    return bytesOf((await table.get(submissionKey('H100-SXM', 1, keyDate(key), account, key)))!);
  };

  it('is one write unit for one order, however long its names are', async () => {
    expect(await bytesOfOrders(1, 36)).toBeLessThanOrEqual(1024);
  });

  it('is at most twenty write units for five hundred orders', async () => {
    expect(await bytesOfOrders(500, 20)).toBeLessThanOrEqual(20 * 1024);
  });
});

describe('the submissions since the last auction that cleared', () => {
  const DATE = '2025-10-20';
  const intake: Intake = {
    open: 4,
    openedAt: '2025-10-20T14:05:00.000Z',
    dates: [DATE],
    writers: [],
    stops: 0,
    passed: new Map([
      [2, [DATE]],
      [3, [DATE]],
    ]),
  };
  const keysOf = (auctions: readonly (readonly Submission[])[]): string[][] => auctions.map((list) => list.map(({ key }) => key));

  it("are an account's own, by auction, and no other account's however alike the names are", async () => {
    const at = { product: 'SINCE', shard: 1, account: 'ann' };
    const own = [];
    for (const auction of [1, 2, 3, 4, 4]) own.push(await store('SINCE', 'ann', auction));
    for (const account of ['an', 'ann2', 'ann-b', 'bob']) await store('SINCE', account, 4);
    const [first, second, third, ...open] = own;
    expect(keysOf(await submissionsSince(table, at, intake, 1))).toEqual([[second], [third], open]);
    expect(keysOf(await submissionsSince(table, at, intake, 3))).toEqual([open]);
    expect(keysOf(await submissionsSince(table, at, intake, 0))[0]).toEqual([]);
    expect(keysOf(await submissionsSince(table, at, { ...intake, passed: new Map([[1, [DATE]]]) }, 0))[0]).toEqual([first]);
    expect(await submissionsSince(table, at, intake, 4)).toEqual([]);
  });

  it('are looked for from the oldest key on that could still have come in', async () => {
    const at = { product: 'OLDEST', shard: 1, account: 'ann' };
    const opened = Date.parse(intake.openedAt);
    const [oldest, older] = [numberedKey(opened - 11 * 60_000, 1), numberedKey(opened - 11 * 60_000 - 1, 2)];
    for (const key of [oldest, older]) await store('OLDEST', 'ann', 4, { key });
    expect(keysOf(await submissionsSince(table, at, intake, 3))).toEqual([[oldest]]);
  });
});

test('a frozen book is read from the partitions of its dates, of one auction, over all accounts', async () => {
  const today = [await store('FROZEN', 'ann', 7), await store('FROZEN', 'bob', 7)];
  await store('FROZEN', 'ann', 8);
  const key = numberedKey(TEN - 86_400_000, 1);
  await store('FROZEN', 'ann', 7, { key });
  const keys = async (dates: string[]): Promise<string[]> =>
    (await submissionsInto(table, 'FROZEN', 1, 7, dates)).map((submission) => submission.key);
  expect(await keys(['2025-10-20'])).toEqual(today);
  expect((await keys(['2025-10-19', '2025-10-20'])).toSorted()).toEqual([key, ...today].toSorted());
  expect(await keys([])).toEqual([]);
});
