/** The account of every accepted order: where its lots went, and what it says when they went nowhere. */
import { describe, expect, test } from 'vitest';
import type { BookOrder, Fill } from '../../lib/domain/auction/book.ts';
import type { Instruction, Order, Outcome, TimeInForce } from '../../lib/domain/auction/orders.ts';
import { CASH } from '../../lib/domain/contract/months.ts';
import { lots, ticks } from '../../lib/domain/contract/units.ts';
import { type AuctionRecord, accountForOrders } from '../../lib/simulation/order-ledger.ts';
import { month } from '../venue/h100.ts';

const DEC = month('2025-12');
const JAN = month('2026-01');
const order = (clientOrderId: string, size: number, timeInForce: TimeInForce = 'gtc'): Order => ({
  clientOrderId,
  buy: DEC,
  sell: CASH,
  limit: ticks(2350),
  lots: lots(size),
  timeInForce,
});
const enter = (name: string, size: number, timeInForce?: TimeInForce): Instruction => ({
  kind: 'new',
  order: order(name, size, timeInForce),
});
const fill = (clientOrderId: string, size: number): Fill => ({
  account: 'acme',
  clientOrderId,
  buy: DEC,
  sell: CASH,
  lots: lots(size),
  sender: 'desk-7',
  rolls: false,
});
const carry = (name: string, size: number, timeInForce?: TimeInForce): BookOrder => ({
  ...order(name, size, timeInForce),
  account: 'acme',
  sender: 'desk-7',
  rolls: false,
  partlyFilled: false,
});

function auction(number: number, said: Instruction[], after: Partial<AuctionRecord> = {}, outcomes?: Outcome[]): AuctionRecord {
  const submissions = [{ account: 'acme', instructions: said, outcomes: outcomes ?? said.map((): Outcome => 'accepted') }];
  return {
    auction: number,
    closing: false,
    listed: new Set([DEC, JAN]),
    submissions,
    rolls: [],
    fills: [],
    carried: [],
    ...after,
  };
}

describe('lots are accounted for as', () => {
  const ends = { accepted: 0, filled: 0, selfMatched: 0, cancelled: 0, replaced: 0, expired: 0, live: 0 };
  test.each<[string, AuctionRecord[], Partial<typeof ends>]>([
    ['filled', [auction(1, [enter('a', 10)], { fills: [fill('a', 10)] })], { accepted: 10, filled: 10 }],
    ['live', [auction(1, [enter('a', 10)], { carried: [carry('a', 10)] })], { accepted: 10, live: 10 }],
    [
      'filled in part and live',
      [auction(1, [enter('a', 10)], { fills: [fill('a', 4)], carried: [carry('a', 6)] })],
      { accepted: 10, filled: 4, live: 6 },
    ],
    [
      'cancelled',
      [auction(1, [enter('a', 10)], { carried: [carry('a', 10)] }), auction(2, [{ kind: 'cancel', clientOrderId: 'a' }])],
      { accepted: 10, cancelled: 10 },
    ],
    [
      'cancelled with all others',
      [
        auction(1, [enter('a', 10), enter('b', 5)], { carried: [carry('a', 10), carry('b', 5)] }),
        auction(2, [{ kind: 'cancel-all' }]),
      ],
      { accepted: 15, cancelled: 15 },
    ],
    [
      'replaced',
      [
        auction(1, [enter('a', 10)], { carried: [carry('a', 10)] }),
        auction(2, [{ kind: 'replace', replaces: 'a', order: order('b', 7) }], { carried: [carry('b', 7)] }),
      ],
      { accepted: 17, replaced: 10, live: 7 },
    ],
    ['expired after one auction', [auction(1, [enter('a', 10, 'auction')])], { accepted: 10, expired: 10 }],
    ['expired with the day', [auction(1, [enter('a', 10, 'day')], { closing: true })], { accepted: 10, expired: 10 }],
    ['expired with their month', [auction(1, [enter('a', 10)], { listed: new Set([JAN]) })], { accepted: 10, expired: 10 }],
    ['nothing when refused', [auction(1, [enter('a', 10)], {}, ['contract-not-listed'])], {}],
    [
      'cancelled where a deferred replacement finds that the order traded',
      [
        auction(1, [enter('a', 10)], { fills: [fill('a', 4)], carried: [carry('a', 6)] }),
        auction(2, [{ kind: 'replace', replaces: 'a', order: order('b', 10) }], {}, ['deferred']),
      ],
      { accepted: 10, filled: 4, cancelled: 6 },
    ],
  ])('%s', (_, auctions, expected) => {
    expect(accountForOrders(auctions)).toMatchObject({ lots: { ...ends, ...expected }, faults: [] });
  });
});

describe('it is noticed when', () => {
  test.each<[string, AuctionRecord[], string]>([
    ['an order is lost', [auction(1, [enter('a', 10)])], 'order a of acme after auction 1: gone without a reason'],
    [
      'an order fills beyond its lots',
      [auction(1, [enter('a', 10)], { fills: [fill('a', 11)], carried: [carry('a', 10)] })],
      '11 lots of 10',
    ],
    ['an order that was never sent fills', [auction(1, [], { fills: [fill('a', 1)] })], 'no such order was live'],
    [
      'a filled order is carried',
      [auction(1, [enter('a', 10)], { fills: [fill('a', 10)], carried: [carry('a', 10)] })],
      '10 lots carried of 0 left',
    ],
    [
      'an order is carried past its time',
      [auction(1, [enter('a', 10, 'auction')], { carried: [carry('a', 10, 'auction')] })],
      'carried past its time',
    ],
    ['an order appears from nowhere', [auction(1, [], { carried: [carry('a', 10)] })], 'is carried and was never accepted'],
    ['a name is live twice', [auction(1, [enter('a', 10), enter('a', 5)], { carried: [carry('a', 5)] })], 'two live orders a'],
    ['an outcome is missing', [auction(1, [enter('a', 10)], { carried: [carry('a', 10)] }, [])], '1 instructions and 0 outcomes'],
  ])('%s', (_, auctions, fault) => {
    expect(accountForOrders(auctions).faults.join('\n')).toContain(fault);
  });
});
