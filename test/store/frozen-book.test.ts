/** A book is read whole however large one shard of it is, and its hash is of all that it is made of. The rows are made. */

import { describe, expect, it, test } from 'vitest';
import type { Instruction } from '../../lib/domain/auction/orders.ts';
import { NO_REFERENCES } from '../../lib/domain/clearing/events.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import type { ContractMonth } from '../../lib/domain/contract/months.ts';
import { CASH } from '../../lib/domain/contract/months.ts';
import { lots, ticks } from '../../lib/domain/contract/units.ts';
import type { Auction } from '../../lib/store/auctions.ts';
import { readAuctionBook } from '../../lib/store/frozen-book.ts';
import { bookPartition } from '../../lib/store/keys.ts';
import { packInstructions, packOutcomes } from '../../lib/store/packing.ts';
import { type Attributes, B, N, type Rows, S } from '../../lib/store/table.ts';

const PRODUCT = 'H100-SXM';
const DATE = '2025-10-20';

interface Sent {
  readonly account: string;
  readonly key: string;
  readonly instructions: readonly Instruction[];
  readonly shard?: number;
  readonly sender?: string;
}

const buy = (clientOrderId: string, limit: number, size = 1): Instruction => ({
  kind: 'new',
  order: {
    clientOrderId,
    buy: 24_311 as ContractMonth,
    sell: CASH,
    limit: ticks(limit),
    lots: lots(size),
    timeInForce: 'auction',
  },
});

/** The book of what was sent, in the order in which it arrived. */
function read(sent: readonly Sent[], shards = 1) {
  const rowsOf = new Map<string, Attributes[]>();
  for (const [at, { account, key, instructions, sender = 'desk-7', shard = 0 }] of sent.entries()) {
    const partition = bookPartition(PRODUCT, shard, DATE);
    rowsOf.set(partition, rowsOf.get(partition) ?? []);
    rowsOf.get(partition)!.push({
      pk: S(partition),
      sk: S(`${account}#${key}`),
      auction: N(1),
      sequence: S(String(at)),
      sender: S(sender),
      digest: S('0'),
      receivedAt: S('2025-10-20T14:00:00.000Z'),
      instructions: B(packInstructions(instructions)),
      outcomes: B(packOutcomes(instructions.map(() => 'accepted'))),
    });
  }
  const rows: Rows = {
    get: async () => undefined,
    getMany: async () => [],
    queryAll: async () => [],
    async *query(): AsyncGenerator<Attributes> {},
    async *pages(partition): AsyncGenerator<Attributes[]> {
      yield rowsOf.get(partition) ?? [];
    },
  };
  const closed = new Map(Array.from({ length: shards }, (_, shard) => [shard, [DATE]]));
  const state = { lastAuction: 0, carried: NO_REFERENCES, stop: null } as unknown as ProductState;
  return readAuctionBook(rows, { product: PRODUCT, auction: 1, shards, closed } as unknown as Auction, state);
}

test('three hundred thousand orders of one shard are read into the book', async () => {
  const [each, submissions] = [500, 600];
  const instructions = Array.from({ length: each }, (_, at) => buy(`o${at}`, 2400));
  const sent = Array.from({ length: submissions }, (_, at): Sent => ({ account: `account-${at}`, key: 'key', instructions }));
  expect((await read(sent)).orders.count).toBe(each * submissions);
});

describe('the hash of a book', () => {
  const SENT: readonly Sent[] = [
    { account: 'ann', key: '019a01eb-7700-7000-8000-000000000001', instructions: [buy('a', 2400, 5), buy('b', 2401)] },
    { account: 'bob', key: '019a01eb-7700-7000-8000-000000000002', instructions: [buy('a', 2400, 5)] },
    { account: 'bob', key: '019a01eb-7700-7000-8000-000000000003', instructions: [buy('c', -7, 12)] },
  ];
  const [first, second, third] = SENT as [Sent, Sent, Sent];
  const hash = async (sent: readonly Sent[], shards = 1) => (await read(sent, shards)).hash;

  it('is this for ever, since every replay has to draw what the venue drew', async () => {
    expect(await hash(SENT)).toEqual([3_463_429_610, 1_520_446_238, 2_444_685_596, 3_982_678_153]);
  });

  it.each<[what: string, sent: readonly Sent[], shards?: number]>([
    ['submissions arrive in another order', [third, first, second]],
    [
      'orders stand in another order in their submission',
      [{ ...first, instructions: first.instructions.toReversed() }, second, third],
    ],
    ['another person has sent them', [{ ...first, sender: 'desk-8' }, second, third]],
    ['an account is in another shard', [first, { ...second, shard: 1 }, { ...third, shard: 1 }], 2],
  ])('is the same when %s', async (_, sent, shards) => {
    expect(await hash(sent, shards)).toEqual(await hash(SENT));
  });

  it.each<[what: string, sent: readonly Sent[]]>([
    ['a key', [first, second, { ...third, key: '019a01eb-7700-7000-8000-000000000004' }]],
    ['an account', [first, { ...second, account: 'cat' }, third]],
    ['an order’s name', [first, { ...second, instructions: [buy('d', 2400, 5)] }, third]],
    ['an order’s limit', [first, { ...second, instructions: [buy('a', 2399, 5)] }, third]],
    ['an order’s lots', [first, { ...second, instructions: [buy('a', 2400, 6)] }, third]],
    [
      'a submission that leaves nothing in the book',
      [...SENT, { account: 'ann', key: '019a01eb-7700-7000-8000-000000000005', instructions: [] }],
    ],
  ])('is another one by %s', async (_, sent) => {
    expect(await hash(sent)).not.toEqual(await hash(SENT));
  });
});
