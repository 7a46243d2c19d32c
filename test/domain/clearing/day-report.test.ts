import { describe, expect, test } from 'vitest';
import type { Locked, MonthResult } from '../../../lib/domain/auction/book.ts';
import type { ShardTotals, StatementTotals } from '../../../lib/domain/clearing/control-totals.ts';
import { dayReport } from '../../../lib/domain/clearing/day-report.ts';
import { type AuctionCleared, type ClearingEvent, NO_REFERENCES } from '../../../lib/domain/clearing/events.ts';
import { type ContractMonth, monthAfter } from '../../../lib/domain/contract/months.ts';
import { cents, lots, NO_CENTS, ticks } from '../../../lib/domain/contract/units.ts';
import { H100, month, on, PRODUCT } from '../../venue/h100.ts';

const [NOV, DEC, JAN] = [month('2025-11'), month('2025-12'), month('2026-01')];
/** The first of the five days on which December rolls into January. */
const FIRST = on('2025-11-07');
const OWN = { product: PRODUCT, parameters: H100 };

type Traded = [month: ContractMonth, price: number, volume: number][];
const results = (traded: Traded): Record<number, MonthResult> =>
  Object.fromEntries(
    traded.map(([each, price, volume]) => [
      each,
      {
        price: ticks(price),
        traded: volume > 0,
        volume: lots(volume),
        bid: null,
        offer: null,
        sealedBid: null,
        sealedOffer: null,
      },
    ]),
  );
const auction = (number: number, closing: boolean, traded: Traded, date = FIRST): AuctionCleared => ({
  kind: 'auction-cleared',
  product: PRODUCT,
  auction: number,
  slot: '',
  date,
  books: FIRST,
  closing,
  marks: {},
  months: results(traded),
  orders: 0,
  fills: NO_REFERENCES,
  carried: NO_REFERENCES,
  depth: '',
  surplus: '0',
});
const settled = (date = FIRST): ClearingEvent => ({
  kind: 'prices-settled',
  product: PRODUCT,
  date,
  auction: 2,
  previous: {},
  settled: { [NOV]: ticks(2400), [DEC]: ticks(2412), [JAN]: ticks(2437) },
  rollOpens: null,
  approvedBy: [],
});
const shard = (day: Partial<StatementTotals> = {}, long: Record<number, number> = {}): ShardTotals => ({
  accounts: 0,
  cents: NO_CENTS,
  lots: {},
  held: { long: Object.fromEntries(Object.entries(long).map(([each, held]) => [each, lots(held)])), net: {} },
  day: { collected: NO_CENTS, longsRolled: lots(0), shortsRolled: lots(0), longsLeft: lots(0), longsRollCost: NO_CENTS, ...day },
});
const CLEARED = auction(2, true, [
  [NOV, 2400, 0],
  [DEC, 2412, 7],
  [JAN, 2437, 4],
]);
const LOCKED: Locked = { side: 'offered', crowd: lots(9), kept: lots(4) };
const CLOSING = { ...CLEARED, months: { ...CLEARED.months, [JAN]: { ...CLEARED.months[JAN]!, locked: LOCKED } } };

test('a day in the window: what settled, traded, is open and has rolled, over all auctions and shards', () => {
  const events = [auction(1, false, [[DEC, 2409, 5]]), CLOSING, settled(), { kind: 'day-closed', product: PRODUCT, date: FIRST }];
  const totals = [
    shard(
      { collected: cents(5_025n), longsRolled: lots(3), longsLeft: lots(12), longsRollCost: cents(7_500n) },
      { [DEC]: 10, [JAN]: 3 },
    ),
    shard({ collected: cents(1n), shortsRolled: lots(2), longsLeft: lots(1) }, { [DEC]: 4 }),
  ];
  expect(dayReport(OWN, FIRST, events as ClearingEvent[], totals)).toEqual({
    auction: 2,
    settled: { 'H100-SXM-2025-11': '2.400', 'H100-SXM-2025-12': '2.412', 'H100-SXM-2026-01': '2.437' },
    locked: { 'H100-SXM-2026-01': 'limit-offered' },
    volume: { 'H100-SXM-2025-11': 0, 'H100-SXM-2025-12': 12, 'H100-SXM-2026-01': 4 },
    openInterest: { 'H100-SXM-2025-12': 14, 'H100-SXM-2026-01': 3 },
    near: 'H100-SXM-2025-12',
    next: 'H100-SXM-2026-01',
    roll: {
      near: 'H100-SXM-2025-12',
      next: 'H100-SXM-2026-01',
      // 2.437 less 2.412, of the closing auction.
      price: '0.025',
      longsRolled: 3,
      shortsRolled: 2,
      longsLeft: 13,
      longsRollCost: '75.00',
    },
    variation: { collected: '50.26', paid: '50.26' },
    expired: null,
    called: { accounts: 0, amount: '0.00' },
  });
});

describe('a day', () => {
  test('outside the window has no roll', () => {
    const date = on('2025-11-06');
    const report = dayReport(OWN, date, [auction(2, true, [[DEC, 2412, 7]], date), settled(date)], [shard()]);
    expect(report).toMatchObject({ roll: null, near: 'H100-SXM-2025-12', variation: { collected: '0.00' }, openInterest: {} });
  });

  test('on which a month expires names it with its final price and how many index values that is made of', () => {
    const expired: ClearingEvent = {
      kind: 'month-expired',
      product: PRODUCT,
      date: FIRST,
      month: NOV,
      mark: ticks(2400),
      finalPrice: ticks(2405),
      index: { '2025-11-27': '2404000', '2025-11-28': '2406000' },
      listed: monthAfter(JAN),
      listedAt: ticks(2437),
      approvedBy: [],
    };
    const report = dayReport(OWN, FIRST, [CLOSING, settled(), expired], [shard()]);
    expect(report.expired).toEqual({ contract: 'H100-SXM-2025-11', finalPrice: '2.405', indexValues: 2 });
  });

  test('has no report by the totals of an event that did not close it', () => {
    const { day: _, ...other } = shard();
    expect(() => dayReport(OWN, FIRST, [CLOSING, settled()], [shard(), other])).toThrow(
      'the control totals are not of the event that closed 2025-11-07',
    );
  });

  test.each<[string, ClearingEvent[]]>([
    ['closing auction', [auction(1, false, []), settled()]],
    ['settlement', [CLOSING]],
  ])('without its %s has no report', (_, events) => {
    expect(() => dayReport(OWN, FIRST, events, [shard()])).toThrow(
      'the log has no closing auction and settlement of H100-SXM on 2025-11-07',
    );
  });
});
