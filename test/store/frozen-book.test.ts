/** A book is read whole however large one shard of it is; the rows here are made, since only their number matters. */
import { expect, test } from 'vitest';
import type { Instruction } from '../../lib/domain/auction/orders.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import type { ContractMonth } from '../../lib/domain/contract/months.ts';
import { CASH } from '../../lib/domain/contract/months.ts';
import { lots, ticks } from '../../lib/domain/contract/units.ts';
import type { Auction } from '../../lib/store/auctions.ts';
import { readAuctionBook } from '../../lib/store/frozen-book.ts';
import { packInstructions, packOutcomes } from '../../lib/store/packing.ts';
import { type Attributes, B, N, type Rows, S } from '../../lib/store/table.ts';

const ORDERS_EACH = 500;
const SUBMISSIONS = 600;

test('three hundred thousand orders of one shard are read into the book', async () => {
  const instructions = Array.from({ length: ORDERS_EACH }, (_, at): Instruction => {
    const terms = {
      buy: 24_311 as ContractMonth,
      sell: CASH,
      limit: ticks(2400),
      lots: lots(1),
      timeInForce: 'auction' as const,
    };
    return { kind: 'new', order: { clientOrderId: `o${at}`, ...terms } };
  });
  const packed = {
    auction: N(1),
    sequence: S('1'),
    digest: S('0'),
    receivedAt: S('2025-10-20T14:00:00.000Z'),
    instructions: B(packInstructions(instructions)),
    outcomes: B(packOutcomes(instructions.map(() => 'accepted'))),
  };
  const rows: Rows = {
    get: async () => undefined,
    queryAll: async () => [],
    async *query(): AsyncGenerator<Attributes> {
      for (let at = 0; at < SUBMISSIONS; at++) yield { pk: S('BOOK'), sk: S(`account-${at}#key`), ...packed };
    },
  };
  const auction = { product: 'H100-SXM', auction: 1, closed: new Map([[0, ['2025-10-20']]]) } as unknown as Auction;
  const state = { lastAuction: 0, carried: {} } as unknown as ProductState;
  expect(await readAuctionBook(rows, auction, state, 1)).toHaveLength(ORDERS_EACH * SUBMISSIONS);
});
